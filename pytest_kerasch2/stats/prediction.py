"""Whether one more value can come from where some others came: a prediction interval of Student's kind.

The others are taken for a sample of a normal distribution, of which neither mean nor deviation is known. Under that the
distance of one more value from their mean, over its standard error, follows Student's distribution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

from pytest_kerasch2.stats import distributions


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


@dataclass(frozen=True)
class Sample:
    """Values of one kind.

    Attributes:
        mean: of them.
        deviation: their standard deviation, above zero.
        count: how many there are.
        freedom: the degrees of freedom of the deviation, which may be told by values of other kinds too.
    """

    mean: float
    deviation: float
    count: int
    freedom: int


def sample(own: Sequence[float], groups: Sequence[Sequence[float]], least: float) -> Sample:
    """Return what is known of values of one kind, whose scatter is told by those of other kinds too.

    Args:
        own: the values of the kind.
        groups: those of all kinds, each by itself, among them `own` or what `own` was put together of.
        least: a deviation below this is that of rounding, and is taken for this.
    """
    freedom = sum(len(group) - 1 for group in groups)
    together = math.sqrt(sum(map(_squares, groups)) / freedom)
    # One kind that scatters more than the others must not look better known than it is.
    alone = math.sqrt(_squares(own) / (len(own) - 1))
    return Sample(math.fsum(own) / len(own), max(together, alone, least), len(own), freedom)


def _squares(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values)


def predict(sample: Sample, value: tuple[float, float], error: float) -> Prediction:
    """Return whether a value comes from where the known ones came.

    Args:
        sample: the known ones.
        value: between which it lies: a rounded one is known no better.
        error: how often a value that does come from there may lie outside.
    """
    stats = distributions.stats()
    scatter = sample.deviation * math.sqrt(1 + 1 / sample.count)
    off = max(value[0] - sample.mean, sample.mean - value[1], 0.0)
    half_width = float(stats.t.isf(error / 2, sample.freedom)) * scatter
    probability = float(2 * stats.t.sf(off / scatter, sample.freedom))
    return Prediction(min(probability, 1.0), sample.mean - half_width, sample.mean + half_width, off / sample.deviation)


def mean_between(values: Sequence[float], error: float) -> tuple[float, float]:
    """Return between which the mean of all such values lies, but for an error on either side together."""
    stats = distributions.stats()
    count = len(values)
    mean = math.fsum(values) / count
    half_width = float(stats.t.isf(error / 2, count - 1)) * math.sqrt(_squares(values) / (count - 1) / count)
    return mean - half_width, mean + half_width
