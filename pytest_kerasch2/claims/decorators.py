"""The decorators that stand above a check: its claim, known issues, faults, benign changes and fix."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, Callable, TypeVar

from pytest_kerasch2.claims.model import Check, Claim, KnownIssue, Workaround
from pytest_kerasch2.errors import InvalidArgument

Function = TypeVar("Function", bound=Callable[..., Any])
_ATTRIBUTE = "__kerasch2_check__"
_NOT_YET_NAMED = Claim("not.named", "", "", "prose")


def check_of(function: Callable[..., Any]) -> Check | None:
    """Return the check that the decorators above a function describe, or None for a function without a claim."""
    check = getattr(function, _ATTRIBUTE, None)
    return check if check is not None and check.claim is not _NOT_YET_NAMED else None


def _amended(function: Function, **changes: Any) -> Function:
    check = getattr(function, _ATTRIBUTE, Check(_NOT_YET_NAMED))
    setattr(function, _ATTRIBUTE, replace(check, **changes))
    return function


def _draft(function: Callable[..., Any]) -> Check:
    check: Check = getattr(function, _ATTRIBUTE, Check(_NOT_YET_NAMED))
    return check


def claim(id: str, statement: str, kind: str, *, section: str | None = None) -> Callable[[Function], Function]:
    """Name the claim that the decorated check decides. It stands on top of the other decorators.

    Args:
        id: `section.short-name`, unique over the suite.
        statement: the sentence that is true or not.
        kind: where the chapter says it: `code`, `output`, `prose`, `table` or `figure`.
        section: the heading under which it stands; by default the `SECTION` of the module, or else of its package.

    Raises:
        InvalidArgument: no section was named, and neither the module nor a package of it has a `SECTION`.
    """

    def decorate(function: Function) -> Function:
        return _amended(function, claim=Claim(id, statement, section or _section_of(function), kind))

    return decorate


def _section_of(function: Callable[..., Any]) -> str:
    """Return the `SECTION` that stands nearest: in the function's module, its package, or a package of that."""
    name = function.__module__
    while name:
        heading = getattr(sys.modules.get(name), "SECTION", None)
        if heading is not None:
            return str(heading)
        name = name.rpartition(".")[0]
    raise InvalidArgument(
        f"claim() needs a section, and {function.__module__} has no SECTION", "", "pass section=, or set SECTION"
    )


def extends(first: Callable[..., Any]) -> Callable[[Function], Function]:
    """Make the decorated check a further check of the claim that `first` decides."""
    check = check_of(first)
    if check is None:
        raise ValueError(f"{first.__name__} carries no claim, so nothing can generalise it")
    return lambda function: _amended(function, claim=check.claim)


def known_issue(
    *,
    cause: str,
    source: str,
    symptom: str,
    since: str | None = None,
    until: str | None = None,
    of: str = "tensorflow",
    only: tuple[str, ...] = (),
    backends: tuple[str, ...] = (),
    with_keras: str | None = None,
    workaround: Workaround | None = None,
) -> Callable[[Function], Function]:
    """Record why the claim is broken on some releases; see `KnownIssue` for the fields."""
    issue = KnownIssue(cause, source, symptom, since, until, of, only, backends, with_keras, workaround)
    return lambda function: _amended(function, known_issues=(issue, *_draft(function).known_issues))


def detects(*faults: Callable[..., Any]) -> Callable[[Function], Function]:
    """Name injected faults (context manager factories without arguments) that must turn the check broken."""
    return lambda function: _amended(function, faults=(*faults, *_draft(function).faults))


def tolerates(*benign_changes: Callable[..., Any]) -> Callable[[Function], Function]:
    """Name harmless changes (context manager factories without arguments) that must leave the check held."""
    return lambda function: _amended(function, benign_changes=(*benign_changes, *_draft(function).benign_changes))


def fixed_by(fix: Callable[..., Any]) -> Callable[[Function], Function]:
    """Name what would make a claim hold that is broken: with it the check must be held."""
    return lambda function: _amended(function, fix=fix)


def in_subprocess(*jobs: Any) -> Callable[[Function], Function]:
    """Name the jobs (`subprocesses.job.Job`) whose outcomes the check reads through the fixture `child`."""
    return lambda function: _amended(function, jobs=(*jobs, *_draft(function).jobs))


def pending(reason: str) -> Callable[[Function], Function]:
    """Register the claim with the reason why no check decides it."""
    return lambda function: _amended(function, pending=reason)


def trains(function: Function) -> Function:
    """Mark the check as one that needs ten epochs of training, which only a run that was asked to train has."""
    return _amended(function, trains=True)
