"""How pytest finds the packaged checks: each module of a section, each function that carries a claim."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Callable, Iterable

import pytest

from pytest_kerasch2.chapter.judging import Injection
from pytest_kerasch2.claims.decorators import check_of
from pytest_kerasch2.claims.model import Check
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.errors import DuplicateClaim

FOLDER = Path(__file__).parent
PACKAGE = "pytest_kerasch2.chapter"
# The sections in the chapter's order; each is a module beside this one.
SECTIONS = (
    "adoption",
    "adoption_custom",
    "adoption_errors",
    "adoption_settings",
    "features",
    "features_execution",
    "features_deployment",
    "configuration",
    "configuration_file",
    "backend",
    "backend_printed",
    "dtypes",
    "network_data",
    "sequential_first",
    "sequential_layers",
    "sequential_training",
    "sequential_printing",
    "sequential_evaluating",
    "sequential_second",
    "functional",
    "functional_shapes",
    "subclassing",
    "pipelines",
    "pipelines_flip",
    "pipelines_fit",
    "saving",
    "saving_formats",
    "saving_state",
    "saving_generated",
    "datasets",
    "blocks",
    "blocks_models",
    "blocks_saving",
    "figures",
)


class ChapterModule(pytest.Module):
    """A section of the chapter. It is imported by its name, whatever the user's settings say of test modules."""

    def _getobj(self) -> Any:
        return importlib.import_module(f"{PACKAGE}.{self.path.stem}")

    def istestfunction(self, obj: object, name: str) -> bool:
        """Take a function that carries a claim, whatever its name, and nothing else."""
        return callable(obj) and check_of(obj) is not None and getattr(obj, "__module__", "").endswith(self.path.stem)

    def istestclass(self, obj: object, name: str) -> bool:
        """Take no class."""
        return False


def all_checks() -> list[Check]:
    """Return every check of the suite, section by section; imports the sections, and no framework."""
    return [check for section in SECTIONS for check in checks_in(section)]


def checks_in(section: str) -> list[Check]:
    """Return every check of one section, by the name of its module."""
    module = importlib.import_module(f"{PACKAGE}.{section}")
    own = [value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]
    return [check for check in map(check_of, filter(callable, own)) if check is not None]


def is_section(path: Path) -> bool:
    """Return whether a file is a section of the packaged chapter."""
    return path.parent == FOLDER and path.stem in SECTIONS and path.suffix == ".py"


def check_of_item(item: pytest.Item) -> Check | None:
    """Return the check that a collected item runs, or None for somebody else's test."""
    return check_of(item.obj) if isinstance(getattr(item, "parent", None), ChapterModule) else None  # type: ignore[attr-defined]


def parameters_of(item: pytest.Item) -> str:
    """Return the id of an item's parameters without what is injected: `functional`; empty where there are none."""
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return ""
    # Of these parts pytest shows only all together, in which a name may hold the same sign.
    return "-".join(str(part) for part in callspec._idlist if not str(part).startswith(("detects ", "tolerates ")))


def by_claim_id(items: Iterable[pytest.Item]) -> list[Check]:
    """Let `-k` find each check by the id of its claim, and give the checks."""
    checks = []
    for item in items:
        check = check_of_item(item)
        if check is not None:
            item.extra_keyword_matches.add(check.claim.id)
            checks.append(check)
    return checks


def check_unique_ids(checks: Iterable[Check]) -> None:
    """Require that no two claims carry the same id.

    Raises:
        DuplicateClaim: naming the id and both statements.
    """
    first: dict[str, Any] = {}
    for check in checks:
        other = first.setdefault(check.claim.id, check.claim)
        if other is not check.claim:
            found = f"{check.claim.id!r}: {other.statement!r} and {check.claim.statement!r}"
            raise DuplicateClaim("Two claims carry the same id", found, "give one of them another id")


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the items with those last that wait for a child interpreter, so that it works while the others run."""
    return sorted(items, key=_waits_for_a_child)


def _waits_for_a_child(item: pytest.Item) -> bool:
    check = check_of_item(item)
    return check is not None and bool(check.jobs)


def injection_of(item: pytest.Item) -> Injection | None:
    """Return what is injected around an item, or None."""
    callspec = getattr(item, "callspec", None)
    return None if callspec is None else callspec.params.get("injected")


def one_each(items: list[pytest.Item], release: Callable[[], Release]) -> list[pytest.Item]:
    """Return one item for each check and each thing injected: the first of its parameters for which the claim can hold.

    A fault in what all parameters share need not be found once for each of them.
    """
    chosen: dict[Any, pytest.Item] = {}
    for item in items:
        check, injected = check_of_item(item), injection_of(item)
        if check is None or injected is None:
            chosen[item] = item
            continue
        known = None if check.fix else check.known_issue(release(), parameters_of(item))
        key = (item.nodeid.split("[")[0], injection_id(injected))
        if key not in chosen or (known is None and chosen[key].stash.get(_BROKEN, False)):
            item.stash[_BROKEN] = known is not None
            chosen[key] = item
    return list(chosen.values())


# Whether the claim is recorded as broken for these parameters, and nothing is known that would make it hold.
_BROKEN = pytest.StashKey[bool]()


def injections_of(check: Check, release: Release) -> list[Injection]:
    """Return all that is to be injected around a check on this release, each with its own run.

    Where the claim is broken here, its fix is a benign change, and lies beneath every fault.
    """
    # A known issue may be limited to one parameter of the check; the fix then lies beneath all of them.
    broken_here = any(one.speaks_of(release) for one in check.known_issues)
    if check.fix is not None and broken_here:
        fixed = [Injection(check.fix, harmful=False, is_cure=True)]
        return fixed + [Injection(one, harmful=True, beneath=check.fix) for one in check.faults]
    return [Injection(one, harmful=True) for one in check.faults] + [
        Injection(one, harmful=False) for one in check.benign_changes
    ]


def injection_id(injected: Injection) -> str:
    """Return the words under which a injected run is listed."""
    return f"{'detects' if injected.harmful else 'tolerates'} {injected.name}"
