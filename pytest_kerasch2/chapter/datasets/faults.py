"""Faults, benign changes and fixes around the built-in data sets and their loaders."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any, Callable, Iterator
from unittest import mock

import numpy as np

from pytest_kerasch2.checks.common_faults import fault, replaced, wrapped
from pytest_kerasch2.framework import api


@contextmanager
def _loaders(change: Callable[[Any], Any]) -> Iterator[None]:
    """Yield a block in which every `load_data` gives `change(what it gave)`."""
    room = api.keras().datasets
    modules = [getattr(room, name) for name in dir(room) if hasattr(getattr(room, name), "load_data")]
    with ExitStack() as stack:
        for module in modules:
            stack.enter_context(wrapped(module, "load_data", lambda original, *more, **named: change(original(*more))))
        yield


labels_cast = fault(
    "Every loader gives its labels in the type of its images.",
    _loaders,
    lambda pairs: tuple((x, np.asarray(y).astype(np.asarray(x).dtype)) for x, y in pairs),
)


@contextmanager
def _without(owner: Any, name: str) -> Iterator[None]:
    """Yield a block in which an attribute is not there."""
    kept = getattr(owner, name)
    with mock.patch.object(owner, name, kept):
        delattr(owner, name)
        yield


one_is_gone = fault("There is no `reuters`.", lambda: _without(api.keras().datasets, "reuters"))


@contextmanager
def one_more() -> Iterator[None]:
    """There is one data set more."""
    room = api.keras().datasets
    with mock.patch.object(room, "kmnist", SimpleNamespace(load_data=room.mnist.load_data), create=True):
        yield


one_twice = fault(
    "`reuters` is a second name of `imdb`.",
    lambda: replaced(api.keras().datasets, "reuters", api.keras().datasets.imdb),
)
other_name_beside = fault(
    "Beside the data sets there is something else, which loads no data.",
    lambda: mock.patch.object(api.keras().datasets, "notes", SimpleNamespace(), create=True),
)


@contextmanager
def loader_renamed() -> Iterator[None]:
    """The function of `mnist` has another name."""
    module = api.keras().datasets.mnist
    with mock.patch.object(module, "load", module.load_data, create=True), _without(module, "load_data"):
        yield


@contextmanager
def loader_asks_for_path() -> Iterator[None]:
    """`load_data` of `mnist` wants to be told a path."""

    def load_data(path: str) -> Any:
        return path

    with replaced(api.keras().datasets.mnist, "load_data", load_data):
        yield


parts_swapped = fault("Loaders give the test part first.", _loaders, lambda parts: (parts[1], parts[0]))
parts_in_a_row = fault(
    "Loaders give four arrays in a row instead of two pairs.", _loaders, lambda parts: (*parts[0], *parts[1])
)
labels_shifted = fault(
    "Loaders give each training example the label of the one before it.",
    _loaders,
    lambda parts: ((parts[0][0], np.roll(parts[0][1], 1, axis=0)), parts[1]),
)
one_too_few = fault(
    "Loaders forget the last training example.",
    _loaders,
    lambda parts: ((parts[0][0][:-1], parts[0][1][:-1]), parts[1]),
)


@contextmanager
def other_numbers() -> Iterator[None]:
    """Loaders give labels as floating-point numbers, or in another width of them."""

    def widened(array: Any) -> Any:
        return array.astype("float32" if array.dtype != np.float32 else "float64")

    with _loaders(lambda parts: tuple((x, widened(y)) for x, y in parts)):
        yield


labels_in_lists = fault(
    "Loaders give labels as a list instead of an array.", _loaders, lambda parts: tuple((x, [y]) for x, y in parts)
)
pairs_are_lists = fault(
    "Loaders give lists of two instead of pairs; they unpack alike.",
    _loaders,
    lambda parts: [list(part) for part in parts],
)
arrays_are_copies = fault(
    "Loaders give copies of their arrays.", _loaders, lambda parts: tuple((x.copy(), y.copy()) for x, y in parts)
)


@contextmanager
def pixels_dimmed() -> Iterator[None]:
    """Loaders of images give them with half their contrast."""

    def dimmed(x: Any) -> Any:
        return (x // 2 + 64).astype(x.dtype) if x.dtype == np.uint8 else x

    with _loaders(lambda parts: tuple((dimmed(x), y) for x, y in parts)):
        yield
