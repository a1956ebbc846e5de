"""A sequential test of whether a candidate takes longer than a baseline, from paired process starts.

Each start gives the logarithm of a ratio. These are taken as a normal sample with a few outliers, so that Student's
interval is one of their trimmed mean. The looks are planned, and share the error rate alpha: whoever stops at any look,
for any reason, errs no more often. The share of alpha that is spent at a look is the share of the starts made by then
(K. K. G. Lan and D. L. DeMets, Biometrika 70, 1983).
"""

from __future__ import annotations

import enum
import itertools
import math
import statistics
from dataclasses import dataclass
from typing import Sequence

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.stats import distributions

# Fewer starts do not show how much they scatter, and one outlier is a large part of them.
MIN_STARTS = 11
# The same for a single look that is not to find what is small.
MIN_STARTS_QUICK = 4
# How often a quick look may call a fit machine unfit.
UNFIT_ALPHA_QUICK = 0.01
# Of this many values, the outermost on each side is trimmed.
TRIM_ONE_OF = 10
# The growth of the number of starts from look to look, about.
GROWTH = 1.4
# The share of the starts that must agree with the verdict: one outlier must not decide alone.
MIN_AGREEING = 2 / 3
# How often a benchmark that differs by more than the margin may be called the same.
BETA = 0.05


class SpeedVerdict(enum.Enum):
    """The verdict on the speed of a benchmark."""

    SLOWER = "slower"
    SAME = "same"
    FASTER = "faster"
    NOT_SLOWER = "not slower"
    UNDECIDED = "undecided"
    UNFIT = "unfit"


@dataclass(frozen=True)
class ComparisonSettings:
    """The settings of a comparison, fixed before anything is measured.

    Attributes:
        alpha: how often any benchmark of a suite may be called slower that is not; likewise for faster, and for an
            unfit machine.
        margin: a ratio within this of one, either way round, is the same: 0.04 is from 1/1.04 to 1.04. It is
            smaller than the 5 % that a comparison should find, which are hardly ever called the same then.
        max_starts: process starts at most.
        quick_seconds: where it is not None, as many starts as there is time for in so many seconds, and one look.

    Raises:
        InvalidArgument: a rate, a margin or a number with which nothing could be decided.
    """

    alpha: float = 0.01
    margin: float = 0.04
    max_starts: int = 30
    quick_seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuse what nothing can be decided with."""
        if not 0 < self.alpha < 0.5:
            raise InvalidArgument(f"alpha must be above 0 and below 0.5, got {self.alpha!r}")
        if not 0 < self.margin < 1:
            raise InvalidArgument(f"margin must be above 0 and below 1, got {self.margin!r}")
        if self.quick_seconds is not None and not 0 < self.quick_seconds < math.inf:
            raise InvalidArgument(f"quick_seconds must be a positive number, got {self.quick_seconds!r}")
        if self.max_starts < MIN_STARTS:
            raise InvalidArgument(f"max_starts must be at least {MIN_STARTS}, got {self.max_starts!r}")


@dataclass(frozen=True)
class Interval:
    """An estimate of a ratio, and its interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Judgement:
    """The judgement of one benchmark.

    Attributes:
        ratio: of the time of the candidate to that of the baseline.
        repeat: of the baseline repeat to the baseline, which is 1 on a fit machine.
        starts: their number at the deciding look.
    """

    verdict: SpeedVerdict
    ratio: Interval
    repeat: Interval
    starts: int


def planned_looks(max_starts: int) -> list[int]:
    """Return after how many starts there is a look: the last, then about 1.4 times fewer each, not below 11."""
    counts = [max_starts]
    while round(counts[0] / GROWTH) >= MIN_STARTS:
        counts.insert(0, round(counts[0] / GROWTH))
    return counts


def alpha_shares(planned: Sequence[int]) -> list[float]:
    """Return the share of alpha that is spent at each look, by the number of starts."""
    spent = [count / planned[-1] for count in planned]
    return [after - before for before, after in zip([0.0, *spent], spent)]


def trimmed_mean_interval(values: Sequence[float], alpha: float) -> Interval:
    """Return the ratio whose logarithms these are, and between which it lies but for an error on both sides together.

    Of ten values, the outermost on each side is left out of their mean, of twenty two are, and so on: one process that
    had a bad time is not to make all others worthless. How much the mean scatters follows from all, with those drawn in
    to the next one: J. W. Tukey and D. H. McLaughlin, Sankhyā A 25, 1963.
    """
    ordered, trimmed = sorted(values), len(values) // TRIM_ONE_OF
    inner = ordered[trimmed : len(ordered) - trimmed]
    mean = math.fsum(inner) / len(inner)
    drawn_in = [*inner[:1] * trimmed, *inner, *inner[-1:] * trimmed]
    squares = statistics.variance(drawn_in) * (len(drawn_in) - 1)
    scatter = math.sqrt(squares / len(inner) / (len(inner) - 1))
    half_width = distributions.quantile(alpha / 2, len(inner) - 1) * scatter
    return Interval(math.exp(mean), math.exp(mean - half_width), math.exp(mean + half_width))


def pseudomedian(values: Sequence[float]) -> float:
    """Return the median of the means of all pairs of them, each with itself too.

    A few values that stand far out do not move it, and it scatters little more than the mean where there are none:
    J. L. Hodges and E. L. Lehmann, The Annals of Mathematical Statistics 34, 1963.
    """
    return statistics.median((one + other) / 2 for one, other in itertools.combinations_with_replacement(values, 2))


def judge(
    ratios: Sequence[float], repeats: Sequence[float], settings: ComparisonSettings, benchmarks: int
) -> Judgement | None:
    """Decide at the first look that can; undecided if none can, and None if there are too few starts for a look.

    Args:
        ratios: logarithms of the ratio of the candidate to the baseline, one for each start.
        repeats: those of the baseline repeat to the baseline, from the same starts.
        benchmarks: of the suite, which share the error.
    """
    if settings.quick_seconds is not None:
        return _judge_quickly(ratios, repeats, settings, benchmarks)
    judgement = None
    planned = planned_looks(settings.max_starts)
    for count, share in zip(planned, alpha_shares(planned)):
        if count > len(ratios):
            break
        judgement = _judge_at_look(ratios[:count], repeats[:count], settings, share, benchmarks)
        if judgement.verdict is not SpeedVerdict.UNDECIDED:
            return judgement
    return judgement


def _judge_quickly(
    ratios: Sequence[float], repeats: Sequence[float], settings: ComparisonSettings, benchmarks: int
) -> Judgement | None:
    """Decide by a single look, whose time does not depend on what was measured."""
    if len(ratios) < MIN_STARTS_QUICK:
        return None
    alpha = settings.alpha / benchmarks
    ratio = trimmed_mean_interval(ratios, 2 * alpha)
    repeat = trimmed_mean_interval(repeats, min(alpha, UNFIT_ALPHA_QUICK / benchmarks))
    verdict = SpeedVerdict.SLOWER if ratio.low > 1 else SpeedVerdict.NOT_SLOWER
    if not repeat.low <= 1 <= repeat.high:
        verdict = SpeedVerdict.UNFIT
    return Judgement(verdict, ratio, repeat, len(ratios))


def _judge_at_look(
    ratios: Sequence[float], repeats: Sequence[float], settings: ComparisonSettings, share: float, benchmarks: int
) -> Judgement:
    alpha = share * settings.alpha / benchmarks
    # Slower and faster may each be wrong so often; for an unfit machine it is one error on both sides.
    ratio, repeat = trimmed_mean_interval(ratios, 2 * alpha), trimmed_mean_interval(repeats, alpha)
    # It is decided for each benchmark by itself, and errs on one side: beyond the other margin it would be seen.
    equivalence = trimmed_mean_interval(ratios, 2 * share * BETA)

    def judged(verdict: SpeedVerdict) -> Judgement:
        return Judgement(verdict, ratio, repeat, len(ratios))

    def mostly(side: int) -> bool:
        return sum(side * one > 0 for one in ratios) >= MIN_AGREEING * len(ratios)

    if not repeat.low <= 1 <= repeat.high:
        return judged(SpeedVerdict.UNFIT)
    if 1 / (1 + settings.margin) < equivalence.low and equivalence.high < 1 + settings.margin:
        return judged(SpeedVerdict.SAME)
    if ratio.low > 1 and mostly(1):
        return judged(SpeedVerdict.SLOWER)
    if ratio.high < 1 and mostly(-1):
        return judged(SpeedVerdict.FASTER)
    return judged(SpeedVerdict.UNDECIDED)
