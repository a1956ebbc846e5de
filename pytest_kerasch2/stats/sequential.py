"""A few new values against many old ones, looked at after each new one, with errors that hold at whatever look it ends.

The old values are a sample of what is usual; the new ones are taken to scatter as much as they do. Under the hypothesis
that nothing has changed, the distance of the two means over its standard error follows Student's distribution with
the degrees of freedom of the old sample, exactly so where the values are normal, and already for a single new value.

The error that may be made in all is spread over the looks, and the shares of all looks add up to one: whoever stops at
any look, for any reason, errs no more often than was agreed. The first look has a small share, enough for a gross
change, because the tails of a single value are the least normal: one odd seed among a hundred is no change. Look k
from the second on takes 1 / ((k - 1) k) of the rest. For the same reason several values must support each other: see
`supported`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

from pytest_kerasch2.stats import distributions

# What the first look takes of the agreed error.
FIRST = 1e-4


@dataclass(frozen=True)
class ReferenceSample:
    """The old values at one point.

    Attributes:
        mean: of the old values.
        deviation: their standard deviation, above zero.
        count: how many there are, two or more.
    """

    mean: float
    deviation: float
    count: int

    def error(self, looks: int) -> float:
        """Return the standard error of the distance between the mean of so many new values and that of the old ones."""
        return self.deviation * math.sqrt(1 / looks + 1 / self.count)


def reference_sample(values: Sequence[float], least: float) -> ReferenceSample:
    """Return the sample of some old values.

    Args:
        values: two or more.
        least: a deviation below this is that of rounding, and is taken for this.
    """
    mean = math.fsum(values) / len(values)
    squares = math.fsum((value - mean) ** 2 for value in values)
    return ReferenceSample(mean, max(math.sqrt(squares / (len(values) - 1)), least), len(values))


def share(look: int) -> float:
    """Return the share of the agreed error that may be made at a look, counted from 1."""
    return FIRST if look == 1 else (1 - FIRST) / ((look - 1) * look)


def p_value(sample: ReferenceSample, values: Sequence[float]) -> float:
    """Return the probability of a distance at least this large, in either direction, if nothing has changed."""
    distance = abs(math.fsum(values) / len(values) - sample.mean)
    return 2 * distributions.tail(distance / sample.error(len(values)), sample.count - 1)


def supported(sample: ReferenceSample, values: Sequence[float], error: float) -> bool:
    """Return whether new values lie off, in their direction, without the one that lies furthest off too.

    A change moves all of them; one odd value moves their mean alone. Normal values that lie off together are as
    improbable as the power of their number, so of k values, k - 1 must be as improbable as the whole may be to the
    power of (k - 1) / k. Of two values then each is improbable by itself, which rests on how often moderate distances
    occur, and no longer on the far tails, of which few old values tell little. Asking for this makes alarms rarer,
    never more frequent. A single value has nothing here to support it: see who asks.

    Args:
        sample: the old values.
        values: the new ones.
        error: that may be made at this look, both directions together.
    """
    count = len(values)
    if count == 1:
        return True
    side = 1 if math.fsum(values) / count > sample.mean else -1
    others = sorted(side * (value - sample.mean) for value in values)[:-1]
    distance = math.fsum(others) / len(others)
    p_value = distributions.tail(distance / sample.error(len(others)), sample.count - 1)
    return p_value <= _support(error, count)


def _support(error: float, count: int) -> float:
    return float((error / 2) ** ((count - 1) / count))


def half_width(sample: ReferenceSample, looks: int, error: float) -> float:
    """Return how far the mean of so many values may lie from the truth, but for one side's share of this error."""
    return distributions.quantile(error * share(looks), sample.count - 1) * sample.error(looks)


def smallest_detectable(sample: ReferenceSample, looks: int, alpha: float, beta: float) -> float:
    """Return the smallest change that so many values would show as an alarm, but for this rate of misses.

    Of several, half of the misses may be of the whole, and half of the support by the others, whichever is left out.
    """
    error = alpha * share(looks)
    if looks == 1:
        return _detectable(sample, 1, error / 2, beta)
    others = _detectable(sample, looks - 1, _support(error, looks), beta / 2 / looks)
    return max(_detectable(sample, looks, error / 2, beta / 2), others)


def _detectable(sample: ReferenceSample, looks: int, improbable: float, beta: float) -> float:
    # Student's for the misses too: the error in which a change is told is an estimate of the old values.
    quantiles = (distributions.quantile(rate, sample.count - 1) for rate in (improbable, beta))
    return sum(quantiles) * sample.error(looks)
