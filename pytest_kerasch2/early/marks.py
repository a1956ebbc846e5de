"""The decorator that names the claim of an early check by its id; all else is `claims.marks`."""

from __future__ import annotations

import functools
from typing import Any, Callable

from pytest_kerasch2.chapter import check_list
from pytest_kerasch2.claims.decorators import claim
from pytest_kerasch2.claims.model import Check


@functools.lru_cache(maxsize=None)
def packaged() -> dict[str, Check]:
    """Return the first check of each claim of the packaged suite, by the claim's id."""
    found: dict[str, Check] = {}
    for check in check_list.all_checks():
        found.setdefault(check.claim.id, check)
    return found


def decides(name: str) -> Callable[[Any], Any]:
    """Make the decorated function, `(facts, record) -> None`, decide a claim of the packaged suite.

    Raises:
        KeyError: the suite has no claim of that id.
    """
    known = packaged()[name].claim
    return claim(known.id, known.statement, known.kind, section=known.section)
