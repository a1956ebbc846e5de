"""Trying something in a child interpreter: what came of it, as plain data that a check in the parent judges."""

from __future__ import annotations

from typing import Any, Callable, Dict

from pytest_kerasch2.claims.recorder import Recorder, described
from pytest_kerasch2.errors import ClaimBroken, NotApplicable

Attempt = Dict[str, Any]


def attempt(call: Callable[[], Any]) -> Attempt:
    """Return `{"value": ...}`, or `{"error": "Type: first line"}` where the call raises.

    Where it speaks of what this environment cannot have, its three parts are `{"not_applicable": [...]}`.
    """
    try:
        return {"value": call()}
    except NotApplicable as error:
        return {"not_applicable": [error.happened, error.found, error.remedy]}
    except Exception as error:
        return {"error": described(error)}


def value(recorder: Recorder, what: str, tried: Attempt) -> Any:
    """Return the value of an attempt that was made in a child.

    Raises:
        ClaimBroken: it raised there.
        NotApplicable: it speaks of what this environment cannot have.
    """
    if "not_applicable" in tried:
        raise NotApplicable(*tried["not_applicable"])
    if "error" in tried:
        recorder.saw(f"{what}: {tried['error']}")
        raise ClaimBroken(f"{what} does not run", str(tried["error"]))
    return tried["value"]
