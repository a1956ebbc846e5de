"""Seeds that lie apart from the others, as those of a network that never began to learn.

A few of them are set aside: what is usual is what the others do, and a new training that lies apart is counted, but has
no part in the mean. Where they are many, a reference has two populations, and nothing can be decided by it.
"""

from __future__ import annotations

import itertools
import math
import statistics
from typing import Sequence

from pytest_kerasch2.stats import distributions

# Between a group and the others there is a gap of so many deviations of the others.
GAP = 6.0
# Of few values, gaps are wider by chance and the deviation is less well known.
FEW, POWER = 7.5, 4
# A share of a reference that may lie apart; with one seed in ten apart there are two populations.
RARE = 0.075
# The excess kurtosis of a sample of normal values has a deviation of the root of 24 / their number; so many are rare.
KURTOSIS = 2.5
# From so many values on, one population is hardly ever parted in two with a smaller share of its squares inside: none
# of 20,000 samples of normal values and of Student's with 3 degrees of freedom, and one in 500 of evenly spread ones.
WITHIN = ((40, 0.13), (20, 0.09))
# A new training lies apart where it is so many deviations off.
OFF = 8.0
# By 7 trainings none of which lies apart it is shown, but for 1 %, that less than every second one does.
HALF = 0.5


def find_outliers(places: Sequence[float], least: float) -> frozenset[int]:
    """Return the positions of the values that a gap parts from most of the others.

    Args:
        places: of one metric, on the scale of the comparison.
        least: a deviation below this is that of rounding.
    """
    if len(places) < 3:
        return frozenset()
    order = sorted(range(len(places)), key=lambda at: places[at])
    values = [places[at] for at in order]
    outside = _outside(values, least) or _smaller_half(values, least)
    return frozenset(
        order[at] for at in (outside if too_many(len(outside), len(values)) else _overlapping(values, least) or outside)
    )


def _outside(values: Sequence[float], least: float) -> list[int]:
    """Return what lies beyond the first gap on each side, seen from the middle."""
    middle = len(values) // 2
    gap = _gap(len(values)) * max(_scatter(values), 2 * least)
    below = next((at for at in range(middle, 0, -1) if values[at] - values[at - 1] > gap), 0)
    above = next((at for at in range(middle, len(values) - 1) if values[at + 1] - values[at] > gap), len(values) - 1)
    return [*range(below), *range(above + 1, len(values))]


def _gap(values: int) -> float:
    return GAP * (1 + (FEW / values) ** POWER)


def _scatter(values: Sequence[float]) -> float:
    """Return a deviation that a few values far off do not change."""
    median = statistics.median(values)
    absolute = 1.4826 * statistics.median(abs(value - median) for value in values)
    quarter = len(values) // 4
    inner = (values[-1 - quarter] - values[quarter]) / 1.349
    return max(absolute, inner) if absolute else inner


def _smaller_half(values: Sequence[float], least: float) -> list[int]:
    """Return the smaller of two groups with a gap between them, each of two values at least."""
    steps = [upper - lower for lower, upper in zip(values, values[1:])]
    cut = max(range(len(steps)), key=lambda at: steps[at]) + 1
    if min(cut, len(values) - cut) < 2:
        return []
    squares = sum(statistics.pvariance(part) * len(part) for part in (values[:cut], values[cut:]))
    within = math.sqrt(squares / (len(values) - 2))
    if steps[cut - 1] <= _gap(len(values)) * max(within, 2 * least):
        return []
    return list(range(cut)) if cut <= len(values) - cut else list(range(cut, len(values)))


def has_heavy_tails(places: Sequence[float]) -> bool:
    """Whether values have heavier tails than normal ones, of which about one sample in a hundred looks so."""
    mean = math.fsum(places) / len(places)
    squares = [(place - mean) ** 2 for place in places]
    variance = math.fsum(squares) / len(places)
    if variance == 0:
        return False
    excess = math.fsum((square / variance) ** 2 for square in squares) / len(places) - 3
    return excess > KURTOSIS * math.sqrt(24 / len(places))


def _overlapping(values: Sequence[float], least: float) -> list[int]:
    """Return the smaller of two groups that nothing parts, within which values scatter far less than in all."""
    count = len(values)
    share = next((share for fewest, share in WITHIN if count >= fewest), None)
    mean = math.fsum(values) / count
    total = math.fsum((value - mean) ** 2 for value in values)
    if share is None or not total:
        return []
    least_group = int(RARE * count) + 1
    sums = list(itertools.accumulate(value - mean for value in values))
    between = {
        cut: sums[cut - 1] ** 2 * (1 / cut + 1 / (count - cut)) for cut in range(least_group, count - least_group + 1)
    }
    cut = max(between, key=lambda at: between[at])
    if max(total - between[cut], count * (2 * least) ** 2) >= share * total:
        return []
    return list(range(cut)) if 2 * cut <= count else list(range(cut, count))


def too_many(count: int, of: int) -> bool:
    """Whether so many seeds apart are a population of their own."""
    return count > RARE * of


def outlier_p_value(outliers: int, of: int, new: int, trainings: int) -> float:
    """Return the largest probability that so few of a reference and so many new trainings lie apart, at one rate.

    Args:
        outliers, of: how many of how many trainings of a reference lie apart.
        new, trainings: how many of how many new ones do.
    """
    binom = distributions.stats().binom
    rates = [(at + 0.5) / 400 for at in range(400)]
    return float(max(binom.cdf(outliers, of, rates) * binom.sf(new - 1, trainings, rates)))


def outliers_are_rare(new: int, trainings: int, miss: float) -> bool:
    """Whether so few of the new trainings lie apart that less than half of all do, but for the rate of misses."""
    return float(distributions.stats().binom.cdf(new, trainings, HALF)) <= miss
