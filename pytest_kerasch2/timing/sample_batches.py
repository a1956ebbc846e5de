"""A few batches of a subject's data, with which the work check runs the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterator

import numpy as np

from pytest_kerasch2.timing import benchmark_data, nested_arrays
from pytest_kerasch2.timing.batch_sources import SEQUENCE, Batch, BatchSource
from pytest_kerasch2.timing.reference_runs import attempt
from pytest_kerasch2.timing.workload import Workload, without_missing

__all__ = ["attempt", "epochs", "last_batches", "shuffled"]


def last_batches(workload: Workload, count: int, rolled: bool = False) -> Workload:
    """Return a subject with the last batches.

    Args:
        rolled: each input has the target of another, so that there is much to learn after any training; whoever kept
            what the first batches gave has nothing for these.
    """
    parts = (workload.x, workload.y, workload.sample_weight)
    if workload.source is None and all(map(benchmark_data.is_dense, nested_arrays.values(parts))):
        first = (workload.batches - count) * workload.batch_size
        batch = benchmark_data.dense(benchmark_data.cut(parts, first, first + count * workload.batch_size))
        return replace(workload, **dict(zip(benchmark_data.PART_NAMES, _roll_batch(batch) if rolled else batch)))
    batches = [workload.batch(place) for place in range(workload.distinct_batches - count, workload.distinct_batches)]
    if rolled:
        batches = [_roll_batch(one) for one in batches]
    source = workload.source or BatchSource(SEQUENCE, None, batches, len(batches), 0)
    return replace(workload, x=None, y=None, sample_weight=None, source=attempt(lambda: source.replayed(batches)))


def _roll_batch(batch: Any) -> Any:
    """Return a batch whose targets, and their weights, belong to the input before."""
    return (batch[0], *(nested_arrays.mapped(_roll, one) for one in batch[1:]))


def _roll(leaf: Any) -> Any:
    return np.roll(benchmark_data.dense(leaf), 1, axis=0) if benchmark_data.is_dense(leaf) else leaf


def epochs(few: Workload, count: int, rng: np.random.RandomState) -> Iterator[Batch]:
    """Return the batches of so many epochs, in an order that is drawn where Keras draws one."""
    for _ in range(count):
        yield from map(shuffled(few, rng).batch, range(few.batches))


def shuffled(few: Workload, rng: np.random.RandomState) -> Workload:
    """Return a subject with the same items in an order that is drawn; what is not an array keeps its own."""
    if few.source is not None:
        return few
    order = rng.permutation(few.items)
    return replace(
        few, **dict(zip(benchmark_data.PART_NAMES, benchmark_data.ordered((few.x, few.y, few.sample_weight), order)))
    )


def batches_of(few: Workload) -> list[Batch]:
    """Return all batches of an epoch."""
    return [without_missing(few.batch(place)) for place in range(few.batches)]
