"""The decorators that stand above a check: its claim, deviations, saboteurs, harmless variations and cure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, TypeVar

from pytest_kerasch2.claims.model import Check, Claim, Deviation, Replacement

Function = TypeVar("Function", bound=Callable[..., Any])
_ATTRIBUTE = "__kerasch2_check__"
_NOT_YET_NAMED = Claim("not.named", "", "", "prose")


def check_of(function: Callable[..., Any]) -> Check | None:
    """Give the check that the decorators above a function describe, or None for a function without a claim."""
    check = getattr(function, _ATTRIBUTE, None)
    return check if check is not None and check.claim is not _NOT_YET_NAMED else None


def _amended(function: Function, **changes: Any) -> Function:
    check = getattr(function, _ATTRIBUTE, Check(_NOT_YET_NAMED))
    setattr(function, _ATTRIBUTE, replace(check, **changes))
    return function


def _draft(function: Callable[..., Any]) -> Check:
    check: Check = getattr(function, _ATTRIBUTE, Check(_NOT_YET_NAMED))
    return check


def claim(id: str, statement: str, *, section: str, kind: str) -> Callable[[Function], Function]:
    """Name the claim that the decorated check decides. It stands on top of the other decorators."""
    named = Claim(id, statement, section, kind)
    return lambda function: _amended(function, claim=named)


def generalises(first: Callable[..., Any]) -> Callable[[Function], Function]:
    """Make the decorated check a further check of the claim that `first` decides."""
    check = check_of(first)
    if check is None:
        raise ValueError(f"{first.__name__} carries no claim, so nothing can generalise it")
    return lambda function: _amended(function, claim=check.claim)


def deviation(
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
    instead: Replacement | None = None,
) -> Callable[[Function], Function]:
    """Record why the claim is broken on some releases; see `Deviation` for the fields."""
    known = Deviation(cause, source, symptom, since, until, of, only, backends, with_keras, instead)
    return lambda function: _amended(function, deviations=(known, *_draft(function).deviations))


def caught(*saboteurs: Callable[..., Any]) -> Callable[[Function], Function]:
    """Name planted faults (context manager factories without arguments) that must turn the check broken."""
    return lambda function: _amended(function, saboteurs=(*saboteurs, *_draft(function).saboteurs))


def unmoved(*variations: Callable[..., Any]) -> Callable[[Function], Function]:
    """Name harmless changes (context manager factories without arguments) that must leave the check held."""
    return lambda function: _amended(function, variations=(*variations, *_draft(function).variations))


def cured(cure: Callable[..., Any]) -> Callable[[Function], Function]:
    """Name what would make a claim hold that is broken: with it the check must be held."""
    return lambda function: _amended(function, cure=cure)


def in_child(*jobs: Any) -> Callable[[Function], Function]:
    """Name the jobs (`framework.child.Job`) whose outcomes the check reads through the fixture `child`."""
    return lambda function: _amended(function, jobs=(*jobs, *_draft(function).jobs))


def pending(reason: str) -> Callable[[Function], Function]:
    """Say that the claim is registered, and why no check decides it."""
    return lambda function: _amended(function, pending=reason)


def trains(function: Function) -> Function:
    """Say that the check needs ten epochs of training, which only a run that was asked to train has."""
    return _amended(function, trains=True)
