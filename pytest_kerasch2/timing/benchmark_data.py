"""The data of a benchmark: whatever `fit` accepts is brought to inputs, targets and weights, or to batches."""

from __future__ import annotations

import functools
import itertools
import operator
import sys
import warnings
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Iterator, Mapping, Sequence, Tuple

import numpy as np

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import nested_arrays

PART_NAMES = ("x", "y", "sample_weight")
ACCEPTED = (
    "(x, y) or (x, y, sample_weight) of arrays, a tf.data.Dataset, a PyDataset, a generator or a prepared data set"
)


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
        return self.source.items if self.source else nested_arrays.length(nested_arrays.values(self.x)[0])


def read_data(data: Any) -> BenchmarkData:
    """Return the feed of what a user has given as `data`.

    Raises:
        InvalidArgument: it is none of what `fit` accepts, is empty, ends early, or its parts are of unequal length.
    """
    if hasattr(data, "x_train") and hasattr(data, "y_train"):
        return _from_arrays((data.x_train, data.y_train))
    kind = source_kind(data)
    if kind:
        return BenchmarkData(source=read_source(data, kind))
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
    lengths = {
        path: nested_arrays.length(leaf)
        for name, part in zip(PART_NAMES, values)
        for path, leaf in nested_arrays.leaves(part, name)
    }
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
    if nested_arrays.is_nested_numbers(value) and isinstance(value, (list, tuple)):
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


def weights_of_classes(y: Any, weight_of: Mapping[int, float], weights: Any = None) -> Any:
    """Return the weight of each item by its class, as Keras does; with a weight of its own, their product."""
    (labels,) = nested_arrays.values(y)
    labels = api.array(labels)
    if labels.ndim > 1:
        labels = labels.argmax(-1) if labels.shape[-1] > 1 else labels[..., 0]
    values = np.vectorize(lambda one: float(weight_of.get(int(one), 1.0)), otypes=["float32"])(labels)
    return values if weights is None else values * api.array(weights).reshape(values.shape)


Batch = Tuple[Any, ...]
DATASET, SEQUENCE, LOADER, GENERATOR = "tf.data.Dataset", "PyDataset", "data loader", "generator"
# Batches that are read before anything is timed: the work check and steps outside of `fit` use these.
MAX_FIRST_BATCHES = 64
# Of a generator, which cannot be read twice, fewer.
GENERATOR_BATCHES = 16
MAX_BYTES = 64 * 2**20
# Of a number, about.
BYTES_PER_NUMBER = 4
# Longer epochs, and those without an end, are divided into epochs of so many steps.
MAX_EPOCH = 1024
ENDLESS_EPOCH = 64
# Base classes by which the frameworks themselves tell a source, and where they come from.
_BASES = {
    "DatasetV2": (DATASET, "tensorflow"),
    "PyDataset": (SEQUENCE, "keras"),
    "Sequence": (SEQUENCE, "keras"),
    "DataLoader": (LOADER, ""),
    "MapDataset": (LOADER, "grain"),
    "IterDataset": (LOADER, "grain"),
}


@dataclass(frozen=True)
class BatchSource:
    """What gives batches to `fit`.

    Attributes:
        kind: what it is, in words.
        data: what `fit` takes.
        first_batches: its first batches, those that are shaped like the very first.
        batches: of an epoch, as it is timed.
        items: inputs of an epoch.
        steps: of an epoch, where `fit` has to be given their number.
        ended: has an entry when a generator has come to its end.
        is_counted: False where Keras does not know how many batches an epoch has, and may update the weights once more.
    """

    kind: str
    data: Any
    first_batches: Sequence[Batch]
    batches: int
    items: int
    steps: int | None = None
    ended: list[int] = field(default_factory=list)
    is_counted: bool = True

    @property
    def batch_size(self) -> int:
        """Return how many inputs a batch has."""
        return batch_size_of(self.first_batches[0])

    def replayed(self, batches: Sequence[Batch]) -> BatchSource:
        """Return a source that gives some batches in their order, in the form in which this one gives its own."""
        data = _dataset(self.data, batches) if self.kind == DATASET else _sequence(batches)
        items = sum(map(batch_size_of, batches))
        return replace(
            self,
            data=data,
            first_batches=tuple(batches),
            batches=len(batches),
            items=items,
            steps=None,
            is_counted=True,
        )

    def check_not_ended(self) -> None:
        """Refuse a generator that has come to its end.

        Raises:
            InvalidArgument: it has.
        """
        if self.ended:
            raise InvalidArgument(
                f"data must be a generator that does not end, but it ended after {self.ended[0]} batches"
            )


def source_kind(data: Any) -> str:
    """Return what kind of source something is; an empty text where it is none."""
    for one in type(data).__mro__:
        kind, package = _BASES.get(one.__name__, ("", ""))
        if kind and package in one.__module__ and one.__module__ != "collections.abc":
            return kind
    return GENERATOR if hasattr(data, "__next__") and hasattr(data, "__iter__") else ""


def read_source(data: Any, kind: str) -> BatchSource:
    """Return a source, of which some batches have been read.

    Raises:
        InvalidArgument: it has no batches, or ends early.
    """
    return _READ[kind](data)


def batch_size_of(batch: Batch) -> int:
    """Return how many inputs a batch has."""
    return int(nested_arrays.values(batch)[0].shape[0])


def _read_dataset(data: Any) -> BatchSource:
    count = int(api_of(data).data.experimental.cardinality(data))
    endless, unknown = count == -1, count == -2
    first = _FirstBatches(iter(data), DATASET)
    if unknown:
        count = len(first.batches) + sum(1 for _ in itertools.islice(first.rest, MAX_EPOCH))
    if endless or count > MAX_EPOCH:
        return _endless_source(DATASET, data if endless else data.repeat(), first)
    if unknown:
        # At an end that it did not expect, Keras 3 updates the weights once more, with no batch.
        return BatchSource(DATASET, data.repeat(), first.same_shape, count, _items(first, count), steps=count)
    return BatchSource(DATASET, data, first.same_shape, count, _items(first, count))


def _read_sequence(data: Any) -> BatchSource:
    count = getattr(data, "num_batches", None)
    if count is None and (not hasattr(type(data), "num_batches") or _has_length(data)):
        count = len(data)
    places = range(count) if count is not None else itertools.count()
    first = _FirstBatches((data[place] for place in places), SEQUENCE)
    if count is None:
        return _endless_source(SEQUENCE, data, first)
    return BatchSource(SEQUENCE, data, first.same_shape, count, _items(first, count))


def _has_length(data: Any) -> bool:
    try:
        return len(data) >= 0
    except (TypeError, NotImplementedError):
        return False


def _read_loader(data: Any) -> BatchSource:
    first = _FirstBatches(iter(data), LOADER)
    if _has_length(data):
        return BatchSource(LOADER, data, first.same_shape, len(data), _items(first, len(data)))
    count = len(first.batches) + sum(1 for _ in itertools.islice(first.rest, MAX_EPOCH))
    return BatchSource(LOADER, data, first.same_shape, count, _items(first, count), is_counted=False)


def _read_generator(data: Any) -> BatchSource:
    first = _FirstBatches(iter(data), GENERATOR, GENERATOR_BATCHES)
    if len(first.batches) < GENERATOR_BATCHES and not first.stopped:
        problem = f"it ended after {len(first.batches)} batches"
        raise InvalidArgument(f"data must be a generator that does not end, but {problem}; give a data set instead")
    ended: list[int] = []
    items = GENERATOR_BATCHES * batch_size_of(first.batches[0])
    source = _endless_source(GENERATOR, _resumed(first, data, ended), first)
    return replace(source, steps=GENERATOR_BATCHES, ended=ended, batches=GENERATOR_BATCHES, items=items)


def _resumed(first: _FirstBatches, data: Iterator[Any], ended: list[int]) -> Iterator[Any]:
    """Return what was read of a generator, and then the rest of it."""
    count = 0
    for one in itertools.chain(first.raw, data):
        count += 1
        yield one
    ended.append(count)


class _FirstBatches:
    """The first batches of a source."""

    def __init__(self, batches: Iterator[Any], kind: str, most: int = MAX_FIRST_BATCHES) -> None:
        self.raw: list[Any] = []
        self.stopped, self.rest = False, batches
        size = 0
        while len(self.raw) < most and not self.stopped:
            one = next(batches, None)
            if one is None:
                break
            self.raw.append(one)
            size += sum(map(_bytes, nested_arrays.values(one)))
            self.stopped = size > MAX_BYTES and len(self.raw) > 1
        self.batches = [_unpacked(one) for one in self.raw]
        if not self.batches:
            raise InvalidArgument(f"data must give at least one batch, but this {kind} gives none")
        if not all(len(getattr(leaf, "shape", ())) for leaf in nested_arrays.values(self.batches[0])):
            raise InvalidArgument(f"data must give batches, but this {kind} gives single items: call its batch() first")

    @property
    def same_shape(self) -> tuple[Batch, ...]:
        """Return those that are shaped like the first."""
        return tuple(one for one in self.batches if _shapes(one) == _shapes(self.batches[0]))


def _unpacked(batch: Any) -> Batch:
    """Return inputs, targets and weights of a batch, as Keras tells them apart."""
    if isinstance(batch, list):
        batch = tuple(batch)
    if not isinstance(batch, tuple) or hasattr(batch, "_fields"):
        return (batch,)
    return tuple(batch)


def _shapes(batch: Batch) -> list[Any]:
    return [tuple(leaf.shape) for leaf in nested_arrays.values(batch)]


def _bytes(leaf: Any) -> int:
    size = functools.reduce(operator.mul, [int(side or 1) for side in leaf.shape], 1) if hasattr(leaf, "shape") else 0
    return BYTES_PER_NUMBER * size


def _items(first: _FirstBatches, count: int) -> int:
    """Return the inputs of an epoch: those that were seen, and as many in each other batch as in the first."""
    seen = [batch_size_of(one) for one in first.batches[:count]]
    return sum(seen) + (count - len(seen)) * seen[0]


def _endless_source(kind: str, data: Any, first: _FirstBatches) -> BatchSource:
    return BatchSource(
        kind,
        data,
        first.same_shape,
        ENDLESS_EPOCH,
        ENDLESS_EPOCH * batch_size_of(first.batches[0]),
        steps=ENDLESS_EPOCH,
    )


def _dataset(like: Any, batches: Sequence[Batch]) -> Any:
    """Return batches as a data set with the element specification of another, so that nothing is traced anew."""
    data = api_of(like).data.Dataset
    shaped = [_like(like, one) for one in batches]
    try:
        dataset = data.from_generator(lambda: iter(shaped), output_signature=like.element_spec)
        # It needs a known length: see `_read_dataset`.
        return dataset.apply(api_of(like).data.experimental.assert_cardinality(len(shaped)))
    except TypeError:
        # Before 2.4.
        whole = data.from_tensors(shaped[0])
        for one in shaped[1:]:
            whole = whole.concatenate(data.from_tensors(one))
        return whole


def _like(dataset: Any, batch: Batch) -> Any:
    return batch if isinstance(dataset.element_spec, tuple) else batch[0]


def _sequence(batches: Sequence[Batch]) -> Any:
    room = api.keras().utils
    base = getattr(room, "PyDataset", None) or room.Sequence

    class Replayed(base):  # type: ignore[misc, valid-type]
        """Yields some batches in their order."""

        def __len__(self) -> int:
            return len(batches)

        def __getitem__(self, place: int) -> Any:
            return batches[place]

    return Replayed()


def api_of(dataset: Any) -> Any:
    """Return the TensorFlow that made a data set; Keras may run on another backend."""
    return sys.modules["tensorflow"] if not api.runs_on_tensorflow() else api.tensorflow()


_READ: dict[str, Callable[[Any], BatchSource]] = {
    DATASET: _read_dataset,
    SEQUENCE: _read_sequence,
    LOADER: _read_loader,
    GENERATOR: _read_generator,
}
