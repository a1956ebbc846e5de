"""Whether two ways of doing a thing end nearly alike: shown by an interval, not by finding no difference.

Two one-sided tests (D. J. Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987): the ways are
equivalent when the interval of the difference of their means lies wholly within a margin named beforehand. Each side
may err as often as agreed. All groups are taken to scatter alike, so that each of them helps to tell by how much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

from pytest_kerasch2.stats import distributions


@dataclass(frozen=True)
class Difference:
    """The difference of two means.

    Attributes:
        estimate: that of the samples.
        low, high: between which that of all such values lies, but for the agreed error on either side.
    """

    estimate: float
    low: float
    high: float

    def within(self, margin: float) -> bool:
        """Return whether it is shown to be smaller than the margin."""
        return -margin < self.low and self.high < margin

    def beyond(self, margin: float) -> bool:
        """Return whether it is shown to be larger than the margin."""
        return self.low > margin or self.high < -margin


def difference(
    one: Sequence[float], other: Sequence[float], others: Sequence[Sequence[float]], error: float
) -> Difference:
    """Return the difference of the means of two groups.

    Args:
        one, other: values of the two; what is given is the mean of `one` less that of `other`.
        others: all groups by which the scatter is told, those two among them or not.
        error: on either side.
    """
    estimate = _mean(one) - _mean(other)
    half_width = _half_width(1 / len(one) + 1 / len(other), others, error)
    return Difference(estimate, estimate - half_width, estimate + half_width)


def mean(one: Sequence[float], others: Sequence[Sequence[float]], error: float) -> Difference:
    """Return the mean of a group, which is its difference from nothing; the arguments are those of `difference`."""
    estimate = _mean(one)
    half_width = _half_width(1 / len(one), others, error)
    return Difference(estimate, estimate - half_width, estimate + half_width)


def _half_width(parts: float, others: Sequence[Sequence[float]], error: float) -> float:
    squares = math.fsum(math.fsum((value - _mean(group)) ** 2 for value in group) for group in others)
    freedom = sum(len(group) - 1 for group in others)
    return float(distributions.stats().t.isf(error, freedom)) * math.sqrt(squares / freedom * parts)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
