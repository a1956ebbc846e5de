"""The data of the real trainings: those that scikit-learn ships, split once and for all, with faults applied."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Iterator

import numpy as np

from evaluation.trainings.faults import Fault

Array = Any
# Of the split into training and test examples, which is the same for every seed.
SPLIT = 0
TESTED = 0.25
# Of these features of the tumours alone, which leave something to be learned.
FEATURES = 5
FARTHEST = 4.0


@dataclass(frozen=True)
class Examples:
    """Inputs and targets, for training and for testing."""

    inputs: Array
    targets: Array
    test_inputs: Array
    test_targets: Array

    def batches(self, random: np.random.RandomState, size: int, fault: Fault) -> Iterator[tuple[Array, Array]]:
        """Return the batches of one epoch."""
        count = len(self.inputs)
        order = random.permutation(count) if fault.shuffled else np.argsort(self.targets, kind="stable")
        for start in range(0, count, size):
            chosen = order[start : start + size]
            yield self.inputs[chosen], self.targets[chosen]


@functools.lru_cache(maxsize=None)
def examples(name: str, fault: Fault) -> Examples:
    """Return the examples of a data set, with a fault applied to those for training."""
    inputs, targets = _raw(name)
    order = np.random.RandomState(SPLIT).permutation(len(inputs))
    tested = round(TESTED * len(order))
    train, test = order[tested:], order[:tested]
    kept = train[: round(fault.data * len(train))]
    scaled = _scaled(inputs, train) if fault.normalized else inputs
    result = Examples(scaled[kept], _exchanged(targets[kept], fault.noise), scaled[test], targets[test])
    return Examples(
        *(np.asarray(part) for part in (result.inputs, result.targets, result.test_inputs, result.test_targets))
    )


def _raw(name: str) -> tuple[Array, Array]:
    from sklearn import datasets

    if name == "diabetes":
        inputs, targets = datasets.load_diabetes(return_X_y=True, scaled=False)
        return inputs.astype("float32"), targets.astype("float32")
    if name == "tumours":
        inputs, targets = datasets.load_breast_cancer(return_X_y=True)
        return inputs[:, :FEATURES].astype("float32"), targets.astype("float32")
    inputs, targets = datasets.load_digits(return_X_y=True)
    return inputs.astype("float32"), targets.astype("int64")


def _scaled(inputs: Array, train: Array) -> Array:
    seen = inputs[train]
    # A pixel that is nearly always empty would lie hundreds of deviations off where it is not.
    return np.clip((inputs - seen.mean(axis=0)) / (seen.std(axis=0) + 1e-3), -FARTHEST, FARTHEST)


def _exchanged(targets: Array, share: float) -> Array:
    random = np.random.RandomState(SPLIT)
    chosen = random.permutation(len(targets))[: round(share * len(targets))]
    values = np.array(targets)
    values[chosen] = targets[random.permutation(chosen)]
    return values
