"""Whether one more value can come from where some others came: a prediction interval of Student's kind.

The others are taken for a sample of a normal distribution, of which neither mean nor deviation is known. Under that the
distance of one more value from their mean, over its standard error, follows Student's distribution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

from pytest_kerasch2.gates.sequential import Usual


@dataclass(frozen=True)
class Prediction:
    """What is said of one more value.

    Attributes:
        probability: of a value at least as far off as the one in question.
        low, high: between which one more value lies, but for the agreed error.
        deviations: how many standard deviations the one in question lies off the mean.
    """

    probability: float
    low: float
    high: float
    deviations: float


def predict(known: Usual, value: tuple[float, float], error: float) -> Prediction:
    """Tell whether a value comes from where the known ones came.

    Args:
        known: the known ones.
        value: between which it lies: a rounded one is known no better.
        error: how often a value that does come from there may lie outside.
    """
    from scipy import stats

    scatter = known.error(1)
    off = max(value[0] - known.mean, known.mean - value[1], 0.0)
    reach = float(stats.t.isf(error / 2, known.count - 1)) * scatter
    probability = float(2 * stats.t.sf(off / scatter, known.count - 1))
    return Prediction(min(probability, 1.0), known.mean - reach, known.mean + reach, off / known.deviation)


def mean_between(values: Sequence[float], error: float) -> tuple[float, float]:
    """Give between which the mean of all such values lies, but for an error on either side together."""
    from scipy import stats

    count = len(values)
    mean = math.fsum(values) / count
    squares = math.fsum((value - mean) ** 2 for value in values)
    reach = float(stats.t.isf(error / 2, count - 1)) * math.sqrt(squares / (count - 1) / count)
    return mean - reach, mean + reach
