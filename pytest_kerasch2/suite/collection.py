"""How pytest finds the packaged checks: each module of a section, each function that carries a claim."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Callable, Iterable

import pytest

from pytest_kerasch2 import chapter
from pytest_kerasch2.chapter.check_list import modules
from pytest_kerasch2.claims.decorators import check_of
from pytest_kerasch2.claims.model import Check, Injection
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.errors import DuplicateClaim

FOLDER = Path(chapter.__file__).parent
PACKAGE = chapter.__name__


class ChapterModule(pytest.Module):
    """A module with claims. It is imported by its name, whatever the user's settings say of test modules."""

    def _getobj(self) -> Any:
        return importlib.import_module(f"{PACKAGE}.{_name_of(self.path)}")

    def istestfunction(self, obj: object, name: str) -> bool:
        """Take a function that carries a claim, whatever its name, and nothing else."""
        own = getattr(obj, "__module__", "") == f"{PACKAGE}.{_name_of(self.path)}"
        return callable(obj) and own and check_of(obj) is not None

    def istestclass(self, obj: object, name: str) -> bool:
        """Take no class."""
        return False


def is_of_the_chapter(path: Path) -> bool:
    """Return whether a file lies in the packaged chapter."""
    return FOLDER in path.parents


def has_claims(path: Path) -> bool:
    """Return whether a file is a module of the packaged chapter that holds claims."""
    return is_of_the_chapter(path) and path.suffix == ".py" and _name_of(path) in modules()


def _name_of(path: Path) -> str:
    return ".".join(path.relative_to(FOLDER).with_suffix("").parts)


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
            detail = f"{check.claim.id!r}: {other.statement!r} and {check.claim.statement!r}"
            raise DuplicateClaim("Two claims carry the same id", detail, "give one of them another id")


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
        issue = None if check.fix else check.known_issue(release(), parameters_of(item))
        key = (item.nodeid.split("[")[0], injection_id(injected))
        if key not in chosen or (issue is None and chosen[key].stash.get(_BROKEN, False)):
            item.stash[_BROKEN] = issue is not None
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
        fixed = [Injection(check.fix, harmful=False, is_fix=True)]
        return fixed + [Injection(one, harmful=True, beneath=check.fix) for one in check.faults]
    return [Injection(one, harmful=True) for one in check.faults] + [
        Injection(one, harmful=False) for one in check.benign_changes
    ]


def injection_id(injected: Injection) -> str:
    """Return the words under which a run with an injection is listed."""
    return f"{'detects' if injected.harmful else 'tolerates'} {injected.name}"
