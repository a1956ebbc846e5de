"""Nested structures of arrays: mappings, lists and tuples of them, as `fit` takes them for inputs and targets."""

from __future__ import annotations

import numbers
from typing import Any, Callable, Iterator, Mapping

import numpy as np

from pytest_kerasch2.framework import api

SPARSE = ("RaggedTensor", "SparseTensor")


def is_structure(value: Any) -> bool:
    """Whether a value holds others: a mapping, a list or a tuple."""
    return isinstance(value, (Mapping, list, tuple))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Return each value that is no structure, with its place in words, such as ``x['a']``; None is left out."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from leaves(one, f"{path}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for place, one in enumerate(value):
            yield from leaves(one, f"{path}[{place}]")
    elif value is not None:
        yield path, value


def values(value: Any) -> list[Any]:
    """Return the leaves without their places."""
    return [one for _, one in leaves(value)]


def mapped(function: Callable[..., Any], value: Any, *others: Any) -> Any:
    """Return the same structure with what a function makes of each leaf.

    Args:
        others: structures like the first; the function takes a leaf of each.
    """
    if isinstance(value, Mapping):
        return {key: mapped(function, one, *(other[key] for other in others)) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        values = [mapped(function, one, *rest) for one, *rest in zip(value, *others)]
        return rebuilt(value, values)
    return None if value is None else function(value, *others)


def rebuilt(like: Any, values: list[Any]) -> Any:
    """Return a list, a tuple or a named tuple with other values."""
    return type(like)(*values) if hasattr(like, "_fields") else type(like)(values)


def is_nested_numbers(value: Any) -> bool:
    """Whether a value is a number or a text, or a list of such lists: an array that is written out."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(is_nested_numbers, value))
    return isinstance(value, (numbers.Number, str, bytes))


def length(leaf: Any) -> int:
    """Return how many items an array has."""
    first = leaf.shape[0]
    return int(leaf.nrows() if first is None else first)


def cut(value: Any, first: int, last: int) -> Any:
    """Return some items of each array of a structure."""
    return mapped(lambda leaf: _cut(leaf, first, last), value)


def _cut(leaf: Any, first: int, last: int) -> Any:
    if type(leaf).__name__ != "SparseTensor":
        return leaf[first:last]
    shape = [int(side) for side in leaf.shape]
    begin, size = [first, *(0 for _ in shape[1:])], [last - first, *shape[1:]]
    return api.tensorflow().sparse.slice(leaf, begin, size)


def is_dense(leaf: Any) -> bool:
    """Whether a leaf is, or can be made, an array of NumPy that `fit` takes: no ragged or sparse tensor, and no texts.

    Of texts NumPy makes objects, which `fit` does not take.
    """
    kind = type(leaf)
    texts = api.dtype_name(getattr(leaf, "dtype", "")) == "string"
    return not texts and kind.__module__.partition(".")[0] != "scipy" and kind.__name__ not in SPARSE


def dense(value: Any) -> Any:
    """Return a structure of NumPy arrays, but for ragged and sparse tensors."""
    return mapped(lambda leaf: api.array(leaf) if is_dense(leaf) else leaf, value)


def tensors(value: Any) -> Any:
    """Return a structure of tensors on the device, of the types that `fit` makes of arrays."""
    return mapped(_tensor, value)


def _tensor(leaf: Any) -> Any:
    if not is_dense(leaf):
        if hasattr(leaf, "tocoo"):
            return _from_scipy(leaf)
        return leaf
    array = api.array(leaf) if not isinstance(leaf, np.ndarray) else leaf
    if array.dtype == np.float64:
        # To Keras numbers are of its own float type, unless they come as tensors.
        array = array.astype(api.backend_functions().floatx() if hasattr(leaf, "__array_interface__") else array.dtype)
    return api.tensor(array)


def _from_scipy(leaf: Any) -> Any:
    matrix = leaf.tocoo()
    if not api.runs_on_tensorflow():
        return api.tensor(matrix.toarray())
    indices = np.stack([matrix.row, matrix.col], 1).astype("int64")
    return api.tensorflow().sparse.reorder(api.tensorflow().SparseTensor(indices, matrix.data, matrix.shape))


def not_finite(value: Any, name: str) -> str:
    """Return where a structure holds what is not a number; an empty text where it does not."""
    for path, leaf in leaves(value, name):
        if is_dense(leaf) and api.dtype_name(leaf.dtype).startswith(("float", "bfloat", "double")):
            array = api.array(leaf)
            bad = int(np.size(array) - np.isfinite(array.astype("float64")).sum())
            if bad:
                return f"{path} holds {bad} of {np.size(array)}"
    return ""


def bytes_of(value: Any) -> int:
    """Return how many bytes the arrays of a structure have; ragged and sparse ones count nothing."""
    return sum(int(getattr(leaf, "nbytes", 0)) for leaf in values(value) if is_dense(leaf))


def repeated(value: Any, count: int) -> Any:
    """Return so many items of each array, which is repeated where it has fewer."""

    def one(leaf: Any) -> Any:
        array = api.array(leaf)
        return np.concatenate([array] * -(-count // len(array)))[:count]

    return mapped(one, value)


def ordered(value: Any, order: Any) -> Any:
    """Return the items of each array in another order; ragged and sparse ones stay as they are."""
    return mapped(lambda leaf: api.array(leaf)[order] if is_dense(leaf) else leaf, value)
