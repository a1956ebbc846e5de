"""Between which the ratio of two medians lies, told by drawing what was measured anew, with replacement.

Nothing is said of how times are distributed, which for those of a shared machine nobody knows: a few are much too long.
B. Efron, The Annals of Statistics 7, 1979; the interval is that between percentiles.
"""

from __future__ import annotations

import math
from typing import Any, Sequence

import numpy as np

from pytest_kerasch2.stats.paired_sequential import Interval

DRAWS = 2000
# The same values give the same interval.
SEED = 0


def ratio_of_medians(one: Sequence[Sequence[float]], other: Sequence[Sequence[float]], alpha: float) -> Interval:
    """Return the ratio of the first to the second, and between which it lies but for an error on both sides together.

    Each is the median of its values, or of several groups of them the geometric mean of the medians. Values are drawn
    within their group, as if they were independent. Blocks of one process are not: what disturbs one disturbs the next.
    So the interval is of these runs, and of what else could have been measured in the same minutes; how much another
    start of the processes differs, it does not know.

    Args:
        one, other: groups of values above zero.
        error: how often the ratio may lie outside.
    """
    random = np.random.RandomState(SEED)
    drawn = _drawn(one, random) - _drawn(other, random)
    low, high = np.percentile(drawn, [50 * alpha, 100 - 50 * alpha])
    estimate = _log_median(one) - _log_median(other)
    # Of medians drawn anew many are alike, and so an end can come to lie upon what was found.
    return Interval(math.exp(estimate), math.exp(min(low, estimate)), math.exp(max(high, estimate)))


def median_of(values: Sequence[float], alpha: float) -> Interval:
    """Return the ratio whose logarithms these are, their median, and between which it lies; drawn as above.

    Args:
        values: logarithms of ratios, each of two things that were measured one beside the other.
        error: how often the ratio may lie outside.
    """
    random = np.random.RandomState(SEED)
    drawn = np.median(random.choice(np.asarray(values), (DRAWS, len(values))), axis=1)
    low, high = np.percentile(drawn, [50 * alpha, 100 - 50 * alpha])
    estimate = float(np.median(values))
    return Interval(math.exp(estimate), math.exp(min(low, estimate)), math.exp(max(high, estimate)))


def _log_median(groups: Sequence[Sequence[float]]) -> float:
    return float(np.mean([np.median(np.log(values)) for values in groups]))


def _drawn(groups: Sequence[Sequence[float]], random: Any) -> Any:
    medians = [np.median(random.choice(np.log(values), (DRAWS, len(values))), axis=1) for values in groups]
    return np.mean(medians, axis=0)
