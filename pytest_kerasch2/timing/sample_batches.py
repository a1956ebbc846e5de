"""A few batches of a subject's data, with which the work check runs the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterator

import numpy as np

from pytest_kerasch2.timing import benchmark_data, nested_arrays
from pytest_kerasch2.timing.batch_sources import SEQUENCE, Batch, Source
from pytest_kerasch2.timing.reference_runs import tried
from pytest_kerasch2.timing.workload import Workload, without_missing

__all__ = ["epochs", "last", "mixed", "tried"]


def last(subject: Workload, count: int, rolled: bool = False) -> Workload:
    """Return a subject with the last batches.

    Args:
        rolled: each input has the target of another, so that there is much to learn after any training; whoever kept
            what the first batches gave has nothing for these.
    """
    parts = (subject.x, subject.y, subject.sample_weight)
    if subject.source is None and all(map(benchmark_data.is_dense, nested_arrays.values(parts))):
        first = (subject.batches - count) * subject.batch_size
        batch = benchmark_data.dense(benchmark_data.cut(parts, first, first + count * subject.batch_size))
        return replace(subject, **dict(zip(benchmark_data.NAMES, _rolled(batch) if rolled else batch)))
    batches = [subject.batch(place) for place in range(subject.distinct_batches - count, subject.distinct_batches)]
    if rolled:
        batches = [_rolled(one) for one in batches]
    source = subject.source or Source(SEQUENCE, None, batches, len(batches), 0)
    return replace(subject, x=None, y=None, sample_weight=None, source=tried(lambda: source.replayed(batches)))


def _rolled(batch: Any) -> Any:
    """Return a batch whose targets, and their weights, belong to the input before."""
    return (batch[0], *(nested_arrays.mapped(_rolled_leaf, one) for one in batch[1:]))


def _rolled_leaf(leaf: Any) -> Any:
    return np.roll(benchmark_data.dense(leaf), 1, axis=0) if benchmark_data.is_dense(leaf) else leaf


def epochs(few: Workload, count: int, drawn: np.random.RandomState) -> Iterator[Batch]:
    """Return the batches of so many epochs, in an order that is drawn where Keras draws one."""
    for _ in range(count):
        yield from map(mixed(few, drawn).batch, range(few.batches))


def mixed(few: Workload, drawn: np.random.RandomState) -> Workload:
    """Return a subject with the same items in an order that is drawn; what is not an array keeps its own."""
    if few.source is not None:
        return few
    order = drawn.permutation(few.items)
    return replace(
        few, **dict(zip(benchmark_data.NAMES, benchmark_data.ordered((few.x, few.y, few.sample_weight), order)))
    )


def batches_of(few: Workload) -> list[Batch]:
    """Return all batches of an epoch."""
    return [without_missing(few.batch(place)) for place in range(few.batches)]
