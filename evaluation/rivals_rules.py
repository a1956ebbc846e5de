"""By what rule each rival tells that something has become slower, restated for times that were measured elsewhere.

- pytest-benchmark 5.3 (`utils.PercentageRegressionCheck`): the mean, or the least, of all rounds is over 5 % larger;
- pyperf 2.11 (`_utils.is_significant`): a two-sided t-test at 5 % of all values of all processes, as many on each side,
  taken for independent, with critical values from a printed table; any difference will do;
- asv 0.6 (`commands.compare._is_result_better`, `_stats.is_different`): Mann and Whitney's test of all samples below
  0.002, and medians that differ by more than a factor, which is 1.1 unless it is told otherwise. With less than six
  samples a side it asks instead for intervals that do not meet, which is not restated here.
"""

from __future__ import annotations

import functools
import statistics
from typing import Callable, Mapping, Sequence

from pytest_kerasch2.stats import distributions

Rule = Callable[[Sequence[float], Sequence[float]], bool]
PERCENT = 5
FACTORS = (1.1, 1.05)
PYPERF_ERROR = 0.05
# Degrees of freedom that the printed table has above 30, which it takes for those down to the one before.
PRINTED = (40, 50, 60, 80, 100)
INFINITE = 200
ASV_ERROR = 0.002
# From this many samples on a side, asv takes the distribution for normal.
MANY = 20
FEWEST = 6


def percentage(statistic: Callable[[Sequence[float]], float], before: Sequence[float], after: Sequence[float]) -> bool:
    """Return whether a statistic has grown by more than 5 %."""
    return statistic(after) / statistic(before) * 100 - 100 > PERCENT


def t_test(before: Sequence[float], after: Sequence[float]) -> bool:
    """Return whether pyperf finds a significant difference, and the second values are the larger ones."""
    assert len(before) == len(after), "pyperf compares as many values on each side"
    difference = statistics.fmean(after) - statistics.fmean(before)
    error = (statistics.variance(before) + statistics.variance(after)) / len(before)
    return difference > 0 and difference / error**0.5 >= critical(2 * len(before) - 2)


@functools.lru_cache(maxsize=None)
def critical(freedom: int) -> float:
    """Return what the printed table has for so many degrees of freedom."""
    if freedom >= INFINITE:
        return 1.96
    printed = max((one for one in PRINTED if one <= freedom), default=min(freedom, 30))
    return round(distributions.quantile(PYPERF_ERROR / 2, printed), 3)


def mann_whitney(factor: float, before: Sequence[float], after: Sequence[float]) -> bool:
    """Return whether asv says that the second samples have got worse by more than the factor.

    Args:
        before, after: six samples or more, none twice.
    """
    assert min(len(before), len(after)) >= FEWEST, "asv tests fewer samples by their intervals"
    if not statistics.median(before) < statistics.median(after) / factor:
        return False
    method = "asymptotic" if max(len(before), len(after)) > MANY else "exact"
    test = distributions.stats().mannwhitneyu(before, after, use_continuity=False, method=method)
    return bool(test.pvalue < ASV_ERROR)


RULES: Mapping[str, Rule] = {
    "pytest-benchmark mean:5%": functools.partial(percentage, statistics.fmean),
    "pytest-benchmark min:5%": functools.partial(percentage, min),
    "pyperf": t_test,
    **{f"asv {factor:g}": functools.partial(mann_whitney, factor) for factor in FACTORS},
}
OURS = "kerasch2 compare"
