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
KEPT = 64
# Of a generator, which cannot be read twice, fewer.
OF_GENERATOR = 16
LARGEST = 64 * 2**20
# Of a number, about.
BYTES = 4
# Longer epochs, and those without an end, are divided into epochs of so many steps.
LONGEST = 1024
STEPS = 64
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
class Source:
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
    given: Any
    kept: Sequence[Batch]
    batches: int
    items: int
    steps: int | None = None
    ended: list[int] = field(default_factory=list)
    is_counted: bool = True

    @property
    def batch_size(self) -> int:
        """Return how many inputs a batch has."""
        return size_of_batch(self.kept[0])

    def replayed(self, batches: Sequence[Batch]) -> Source:
        """Return a source that gives some batches in their order, in the form in which this one gives its own."""
        made = _dataset(self.given, batches) if self.kind == DATASET else _sequence(batches)
        items = sum(map(size_of_batch, batches))
        return replace(
            self, given=made, kept=tuple(batches), batches=len(batches), items=items, steps=None, is_counted=True
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


def kind_of(data: Any) -> str:
    """Return what kind of source something is; an empty text where it is none."""
    for one in type(data).__mro__:
        kind, package = _BASES.get(one.__name__, ("", ""))
        if kind and package in one.__module__ and one.__module__ != "collections.abc":
            return kind
    return GENERATOR if hasattr(data, "__next__") and hasattr(data, "__iter__") else ""


def read(data: Any, kind: str) -> Source:
    """Return a source, of which some batches have been read.

    Raises:
        InvalidArgument: it has no batches, or ends early.
    """
    return _READ[kind](data)


def size_of_batch(batch: Batch) -> int:
    """Return how many inputs a batch has."""
    return int(nested_arrays.values(batch)[0].shape[0])


def _read_dataset(data: Any) -> Source:
    known = int(api_of(data).data.experimental.cardinality(data))
    endless, unknown = known == -1, known == -2
    read = _Read(iter(data), DATASET)
    if unknown:
        known = len(read.kept) + sum(1 for _ in itertools.islice(read.rest, LONGEST))
    if endless or known > LONGEST:
        return _in_parts(DATASET, data if endless else data.repeat(), read)
    if unknown:
        # At an end that it did not expect, Keras 3 updates the weights once more, with no batch.
        return Source(DATASET, data.repeat(), read.alike, known, _items(read, known), steps=known)
    return Source(DATASET, data, read.alike, known, _items(read, known))


def _read_sequence(data: Any) -> Source:
    known = getattr(data, "num_batches", None)
    if known is None and (not hasattr(type(data), "num_batches") or _has_length(data)):
        known = len(data)
    places = range(known) if known is not None else itertools.count()
    read = _Read((data[place] for place in places), SEQUENCE)
    if known is None:
        return _in_parts(SEQUENCE, data, read)
    return Source(SEQUENCE, data, read.alike, known, _items(read, known))


def _has_length(data: Any) -> bool:
    try:
        return len(data) >= 0
    except (TypeError, NotImplementedError):
        return False


def _read_loader(data: Any) -> Source:
    read = _Read(iter(data), LOADER)
    if _has_length(data):
        return Source(LOADER, data, read.alike, len(data), _items(read, len(data)))
    known = len(read.kept) + sum(1 for _ in itertools.islice(read.rest, LONGEST))
    return Source(LOADER, data, read.alike, known, _items(read, known), is_counted=False)


def _read_generator(data: Any) -> Source:
    read = _Read(iter(data), GENERATOR, OF_GENERATOR)
    if len(read.kept) < OF_GENERATOR and not read.stopped:
        found = f"it ended after {len(read.kept)} batches"
        raise InvalidArgument(f"data must be a generator that does not end, but {found}; give a data set instead")
    ended: list[int] = []
    return replace(_in_parts(GENERATOR, _resumed(read, data, ended), read), steps=OF_GENERATOR, ended=ended,
                   batches=OF_GENERATOR, items=OF_GENERATOR * size_of_batch(read.kept[0]))  # fmt: skip


def _resumed(read: _Read, data: Iterator[Any], ended: list[int]) -> Iterator[Any]:
    """Return what was read of a generator, and then the rest of it."""
    count = 0
    for one in itertools.chain(read.raw, data):
        count += 1
        yield one
    ended.append(count)


class _Read:
    """The first batches of a source."""

    def __init__(self, batches: Iterator[Any], kind: str, most: int = KEPT) -> None:
        self.raw: list[Any] = []
        self.stopped, self.rest = False, batches
        size = 0
        while len(self.raw) < most and not self.stopped:
            one = next(batches, None)
            if one is None:
                break
            self.raw.append(one)
            size += sum(map(_bytes, nested_arrays.values(one)))
            self.stopped = size > LARGEST and len(self.raw) > 1
        self.kept = [_unpacked(one) for one in self.raw]
        if not self.kept:
            raise InvalidArgument(f"data must give at least one batch, but this {kind} gives none")
        if not all(len(getattr(leaf, "shape", ())) for leaf in nested_arrays.values(self.kept[0])):
            raise InvalidArgument(f"data must give batches, but this {kind} gives single items: call its batch() first")

    @property
    def alike(self) -> tuple[Batch, ...]:
        """Return those that are shaped like the first."""
        return tuple(one for one in self.kept if _shapes(one) == _shapes(self.kept[0]))


def _unpacked(given: Any) -> Batch:
    """Return inputs, targets and weights of a batch, as Keras tells them apart."""
    if isinstance(given, list):
        given = tuple(given)
    if not isinstance(given, tuple) or hasattr(given, "_fields"):
        return (given,)
    return tuple(given)


def _shapes(batch: Batch) -> list[Any]:
    return [tuple(leaf.shape) for leaf in nested_arrays.values(batch)]


def _bytes(leaf: Any) -> int:
    size = functools.reduce(operator.mul, [int(side or 1) for side in leaf.shape], 1) if hasattr(leaf, "shape") else 0
    return BYTES * size


def _items(read: _Read, known: int) -> int:
    """Return the inputs of an epoch: those that were seen, and as many in each other batch as in the first."""
    seen = [size_of_batch(one) for one in read.kept[:known]]
    return sum(seen) + (known - len(seen)) * seen[0]


def _in_parts(kind: str, given: Any, read: _Read) -> Source:
    return Source(kind, given, read.alike, STEPS, STEPS * size_of_batch(read.kept[0]), steps=STEPS)


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


_READ: dict[str, Callable[[Any], Source]] = {
    DATASET: _read_dataset,
    SEQUENCE: _read_sequence,
    LOADER: _read_loader,
    GENERATOR: _read_generator,
}
