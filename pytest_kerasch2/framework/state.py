"""Process-wide state of Keras and of the interpreter: read, compare, restore.

What was in force before a check is put back after it, and what the check changed is reported by name. Random states
and layer name counters are *spent* by any check that builds a model; they are put back too, and are no leak.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Iterator, Mapping

from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.framework import api, backend_state, early_state, interpreter_state, keras_state, tensorflow_state
from pytest_kerasch2.framework.state_item import UNKNOWN, Item, StateDifference, compared

__all__ = ["StateDifference", "StateSnapshot", "differences", "isolated", "leaks", "read", "restore"]

_log = logging.getLogger(__name__)
# Importing TensorFlow sets these for good (seen on 2.0, 2.15 and 2.21); no check can be blamed for them
_CHANGED_BY_IMPORT = ("environment variables", "warning filters", "loggers", "sys.path", "open files", "open threads")


@dataclass(frozen=True)
class StateSnapshot:
    """The state at one moment: readings by name, and whether TensorFlow or Keras was loaded then."""

    readings: Mapping[str, Any] = field(repr=False)
    loaded: bool


def read() -> StateSnapshot:
    """Return the state now. Imports nothing: as long as no Keras is loaded, it is the interpreter's state alone."""
    loaded, items = _items()
    return StateSnapshot(MappingProxyType({item.name: item.read() for item in items}), loaded)


def differences(before: StateSnapshot, after: StateSnapshot) -> tuple[StateDifference, ...]:
    """Return what changed between two moments; what was read at one of them only is left out."""
    return tuple(difference for _, difference in _compared(before, after))


def leaks(before: StateSnapshot, after: StateSnapshot) -> tuple[StateDifference, ...]:
    """Return the differences that a check must answer for: all but what is merely spent."""
    return tuple(difference for difference in differences(before, after) if not difference.spent)


def restore(before: StateSnapshot) -> tuple[StateDifference, ...]:
    """Put the state back, and give what could not be."""
    for item, _ in _compared(before, read()):
        if item.restore is not None:
            with contextlib.suppress(RuntimeError, ValueError):  # what stays different is given back below
                item.restore(before.readings[item.name])
    return differences(before, read())


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    """Put back on exit whatever the block changes, also when it raises."""
    before = read()
    try:
        yield
    finally:
        restore(before)


def _compared(before: StateSnapshot, after: StateSnapshot) -> Iterator[tuple[Item, StateDifference]]:
    imported = before.loaded != after.loaded
    for item in _items()[1]:
        if imported and item.name in _CHANGED_BY_IMPORT:
            continue
        readings = (snapshot.readings.get(item.name, UNKNOWN) for snapshot in (before, after))
        difference = compared(item, *readings)
        if difference is not None:
            yield item, difference


def _items() -> tuple[bool, tuple[Item, ...]]:
    loaded = api.is_loaded()
    return loaded, interpreter_state.ITEMS + (_framework_items() if loaded else ())


@functools.lru_cache(maxsize=None)
def _framework_items() -> tuple[Item, ...]:
    result: tuple[Item, ...] = ()
    for room in (keras_state, tensorflow_state, backend_state, early_state):
        try:
            result += room.items()
        except KerasCh2Error:  # a package that claims the name and is no TensorFlow: said where it is asked for
            continue
        except (AttributeError, KeyError) as error:
            _log.warning("state of this release cannot be watched in %s: %r", room.__name__, error)
    return result
