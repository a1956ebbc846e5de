"""Sources that give batches by themselves: `tf.data`, `PyDataset`, generators and data loaders."""

from __future__ import annotations

import functools
import itertools
import operator
import sys
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Iterator, Sequence, Tuple

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import nested_arrays

Batch = Tuple[Any, ...]
DATASET, SEQUENCE, LOADER, GENERATOR = "tf.data.Dataset", "PyDataset", "data loader", "generator"
# Batches that are looked at before anything is timed: the work check and steps outside of `fit` use these.
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
        given: what `fit` takes.
        kept: its first batches, those that are shaped like the very first.
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
            self, data=data, first_batches=tuple(batches), batches=len(batches), items=items, steps=None, is_counted=True
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
    return replace(_endless_source(GENERATOR, _resumed(first, data, ended), first), steps=GENERATOR_BATCHES, ended=ended,
                   batches=GENERATOR_BATCHES, items=GENERATOR_BATCHES * batch_size_of(first.batches[0]))  # fmt: skip


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
    return BatchSource(kind, data, first.same_shape, ENDLESS_EPOCH, ENDLESS_EPOCH * batch_size_of(first.batches[0]), steps=ENDLESS_EPOCH)


def _dataset(like: Any, batches: Sequence[Batch]) -> Any:
    """Return batches as a data set with the element specification of another, so that nothing is traced anew."""
    data = api_of(like).data.Dataset
    shaped = [_like(like, one) for one in batches]
    try:
        made = data.from_generator(lambda: iter(shaped), output_signature=like.element_spec)
        # Its length is known: see `_read_dataset`.
        return made.apply(api_of(like).data.experimental.assert_cardinality(len(shaped)))
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
