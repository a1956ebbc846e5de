"""The data of a benchmark: whatever `fit` accepts is brought to inputs, targets and weights, or to batches."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Mapping

import numpy as np

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import batch_sources, nested_arrays
from pytest_kerasch2.timing.batch_sources import BatchSource

PART_NAMES = ("x", "y", "sample_weight")
SPARSE = ("RaggedTensor", "SparseTensor")
ACCEPTED = "(x, y) or (x, y, sample_weight) of arrays, a tf.data.Dataset, a PyDataset, a generator or a prepared data set"


@dataclass(frozen=True)
class BenchmarkData:
    """What a model is fed with.

    Attributes:
        x, y, sample_weight: structures of arrays that are as long as each other; None where there are none.
        source: what gives batches by itself; then there are no arrays.
    """

    x: Any = None
    y: Any = None
    sample_weight: Any = None
    source: BatchSource | None = None

    @property
    def items(self) -> int:
        """Return how many inputs there are in an epoch."""
        return self.source.items if self.source else length(nested_arrays.values(self.x)[0])


def read_data(data: Any) -> BenchmarkData:
    """Return the feed of what a user has given as `data`.

    Raises:
        InvalidArgument: it is none of what `fit` accepts, is empty, ends early, or its parts are of unequal length.
    """
    if hasattr(data, "x_train") and hasattr(data, "y_train"):
        return _from_arrays((data.x_train, data.y_train))
    kind = batch_sources.source_kind(data)
    if kind:
        return BenchmarkData(source=batch_sources.read_source(data, kind))
    return _from_arrays(_parts(data))


def _parts(data: Any) -> tuple[Any, ...]:
    if isinstance(data, (tuple, list)) and not hasattr(data, "_fields"):
        if not 1 <= len(data) <= len(PART_NAMES):
            raise InvalidArgument(f"data must be {ACCEPTED}, got a {type(data).__name__} of {len(data)} parts")
        return tuple(data)
    if isinstance(data, Mapping) or hasattr(data, "shape"):
        return (data,)
    raise InvalidArgument(f"data must be {ACCEPTED}, got {type(data).__name__}")


def _from_arrays(parts: tuple[Any, ...]) -> BenchmarkData:
    values = [_sliceable(one, f"data: {name}") for name, one in zip(PART_NAMES, parts)]
    if values[0] is None:
        raise InvalidArgument(f"data must be {ACCEPTED}, got None for x")
    lengths = {path: length(leaf) for name, part in zip(PART_NAMES, values) for path, leaf in nested_arrays.leaves(part, name)}
    if len(set(lengths.values())) > 1:
        lengths_text = ", ".join(f"{path} has {count}" for path, count in lengths.items())
        raise InvalidArgument(f"data must hold arrays of equal length, but {lengths_text}")
    if 0 in lengths.values():
        raise InvalidArgument("data must hold at least one batch, but its arrays are empty")
    feed = BenchmarkData(*values)
    if (
        nested_arrays.is_structure(feed.y)
        and not nested_arrays.is_structure(feed.sample_weight)
        and feed.sample_weight is not None
    ):
        # Keras gives one array of weights to each output.
        return BenchmarkData(feed.x, feed.y, nested_arrays.mapped(lambda _: feed.sample_weight, feed.y))
    return feed


def _sliceable(value: Any, name: str) -> Any:
    """Return a structure whose leaves are arrays that can be cut.

    Raises:
        InvalidArgument: a part is empty, or nothing that `fit` accepts.
    """
    if value is None or (hasattr(value, "shape") and not hasattr(value, "to_numpy")):
        return _with_items(value, name)
    if hasattr(value, "to_numpy"):
        # A series of pandas is a column to Keras.
        array = value.to_numpy()
        return array[:, None] if array.ndim == 1 else array
    if nested_arrays.is_plain(value) and isinstance(value, (list, tuple)):
        return _written_out(value, name)
    if nested_arrays.is_structure(value) and not value:
        raise InvalidArgument(f"{name} must hold at least one array, got an empty {_kind(value)}")
    if isinstance(value, Mapping):
        return {key: _sliceable(one, f"{name}[{key!r}]") for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return nested_arrays.rebuilt(value, [_sliceable(one, f"{name}[{place}]") for place, one in enumerate(value)])
    raise InvalidArgument(f"{name} must be an array, or a list, tuple or mapping of arrays, got {type(value).__name__}")


def _kind(value: Any) -> str:
    return "mapping" if isinstance(value, Mapping) else type(value).__name__


def _with_items(value: Any, name: str) -> Any:
    if value is not None and not len(value.shape):
        raise InvalidArgument(f"{name} must have an item for each input, got a single number")
    return value


def _written_out(value: Any, name: str) -> Any:
    try:
        with warnings.catch_warnings():
            # Before NumPy 1.24, rows of unequal length are only warned of.
            warnings.simplefilter("error")
            return np.asarray(value)
    except (ValueError, Warning) as error:
        raise InvalidArgument(f"{name} must be a list of rows of equal length") from error


def length(leaf: Any) -> int:
    """Return how many items an array has."""
    first = leaf.shape[0]
    return int(leaf.nrows() if first is None else first)


def cut(value: Any, first: int, last: int) -> Any:
    """Return some items of each array of a structure."""
    return nested_arrays.mapped(lambda leaf: _cut(leaf, first, last), value)


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
    return nested_arrays.mapped(lambda leaf: api.array(leaf) if is_dense(leaf) else leaf, value)


def tensors(value: Any) -> Any:
    """Return a structure of tensors on the device, of the types that `fit` makes of arrays."""
    return nested_arrays.mapped(_tensor, value)


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
    for path, leaf in nested_arrays.leaves(value, name):
        if is_dense(leaf) and api.dtype_name(leaf.dtype).startswith(("float", "bfloat", "double")):
            array = api.array(leaf)
            bad = int(np.size(array) - np.isfinite(array.astype("float64")).sum())
            if bad:
                return f"{path} holds {bad} of {np.size(array)}"
    return ""


def bytes_of(value: Any) -> int:
    """Return how many bytes the arrays of a structure have; ragged and sparse ones count nothing."""
    return sum(int(getattr(leaf, "nbytes", 0)) for leaf in nested_arrays.values(value) if is_dense(leaf))


def repeated(value: Any, count: int) -> Any:
    """Return so many items of each array, which is repeated where it has fewer."""

    def one(leaf: Any) -> Any:
        array = api.array(leaf)
        return np.concatenate([array] * -(-count // len(array)))[:count]

    return nested_arrays.mapped(one, value)


def ordered(value: Any, order: Any) -> Any:
    """Return the items of each array in another order; ragged and sparse ones stay as they are."""
    return nested_arrays.mapped(lambda leaf: api.array(leaf)[order] if is_dense(leaf) else leaf, value)


def weights_of_classes(y: Any, weight_of: Mapping[int, float], weights: Any = None) -> Any:
    """Return the weight of each item by its class, as Keras does; with a weight of its own, their product."""
    (labels,) = nested_arrays.values(y)
    labels = api.array(labels)
    if labels.ndim > 1:
        labels = labels.argmax(-1) if labels.shape[-1] > 1 else labels[..., 0]
    values = np.vectorize(lambda one: float(weight_of.get(int(one), 1.0)), otypes=["float32"])(labels)
    return values if weights is None else values * api.array(weights).reshape(values.shape)
