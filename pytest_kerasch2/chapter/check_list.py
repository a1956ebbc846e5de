"""The list of all checks: each module of each section, in the order of the chapter."""

from __future__ import annotations

import importlib
from types import ModuleType

from pytest_kerasch2 import chapter
from pytest_kerasch2.chapter import SECTIONS
from pytest_kerasch2.claims.decorators import check_of
from pytest_kerasch2.claims.model import Check

PACKAGE = chapter.__name__


def all_checks() -> list[Check]:
    """Return every check of the suite, section by section; imports the sections, and no framework."""
    return [check for section in SECTIONS for check in checks_in(section)]


def checks_in(section: str) -> list[Check]:
    """Return every check of one section, in the order of its modules."""
    checks = []
    for name in _modules_of(section):
        module = importlib.import_module(f"{PACKAGE}.{name}")
        own = [value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]
        checks += [check for check in map(check_of, filter(callable, own)) if check is not None]
    return checks


def headings() -> tuple[str, ...]:
    """Return the headings of the chapter in its order: those that the packages of the sections carry."""
    packages = [importlib.import_module(f"{PACKAGE}.{section}") for section in SECTIONS]
    return tuple(heading for package in packages for heading in _headings_of(package))


def _headings_of(package: ModuleType) -> tuple[str, ...]:
    if hasattr(package, "HEADINGS"):
        return tuple(package.HEADINGS)
    return (package.SECTION,) if hasattr(package, "SECTION") else ()


def modules() -> list[str]:
    """Return the modules that hold claims, by their names within the chapter: `saving.formats`."""
    return [name for section in SECTIONS for name in _modules_of(section)]


def _modules_of(section: str) -> list[str]:
    package = importlib.import_module(f"{PACKAGE}.{section}")
    return [f"{section}.{name}" for name in package.MODULES] if hasattr(package, "MODULES") else [section]
