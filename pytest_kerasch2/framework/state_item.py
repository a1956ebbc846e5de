"""One piece of process-wide state: how it is read, told, compared and put back."""

from __future__ import annotations

import operator
import zlib
from dataclasses import dataclass
from typing import Any, Callable

UNKNOWN = object()
"""The reading of what cannot be told now; it equals anything."""

_LONGEST = 160


@dataclass(frozen=True)
class Item:
    """One piece of state.

    Attributes:
        name: what a report calls it.
        read: gives a copy that later changes cannot reach, or ``UNKNOWN``.
        restore: puts a reading back; None where that cannot be done in a living process.
        same: tells whether two readings are the same state.
        tell: gives a reading as text.
        spent: using it up is no leak (random numbers drawn, names given); it is put back all the same.
    """

    name: str
    read: Callable[[], Any]
    restore: Callable[[Any], None] | None = None
    same: Callable[[Any, Any], bool] = operator.eq
    tell: Callable[[Any], str] = repr
    spent: bool = False


@dataclass(frozen=True)
class StateDifference:
    """One piece of state that is not as it was, told before and after; ``spent`` as in ``Item``."""

    name: str
    before: str
    after: str
    spent: bool = False

    def __str__(self) -> str:
        """Return it as one line for a report."""
        return f"{self.name}: {self.before} -> {self.after}"


def same_objects(before: dict[Any, Any], after: dict[Any, Any]) -> bool:
    """Return whether two mappings hold the very same objects; plain values are compared as values."""
    return before.keys() == after.keys() and all(_same(value, after[key]) for key, value in before.items())


def nothing_new(before: dict[Any, int], after: dict[Any, int]) -> bool:
    """Return whether nothing is in the second count that was not in the first: what ended by itself is no leak."""
    return all(before.get(key, 0) >= count for key, count in after.items())


def digest(state: Any) -> str:
    """Return a short name for a state too long to print."""
    return f"state {zlib.crc32(repr(state).encode()):08x}"


def compared(item: Item, before: Any, after: Any) -> StateDifference | None:
    """Return the difference between two readings of an item, or None."""
    if before is UNKNOWN or after is UNKNOWN or item.same(before, after):
        return None
    if isinstance(before, dict) and isinstance(after, dict):
        before, after = _apart(before, after), _apart(after, before)
    return StateDifference(item.name, _short(item.tell(before)), _short(item.tell(after)), item.spent)


def _same(before: Any, after: Any) -> bool:
    comparable = isinstance(before, (str, bytes, int, float, list, dict, type(None)))
    return before is after or (comparable and type(before) is type(after) and before == after)


def _apart(one: dict[Any, Any], other: dict[Any, Any]) -> dict[Any, Any]:
    return {key: value for key, value in one.items() if key not in other or not _same(value, other[key])}


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
