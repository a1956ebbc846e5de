from __future__ import annotations

import numpy as np
import pytest

from pytest_kerasch2.stats.bootstrap import ratio_of_medians

SCATTERED = (0.8, 0.9, 1.0, 1.1, 1.3)


def test_what_does_not_scatter_has_a_ratio_alone() -> None:
    interval = ratio_of_medians([[3.0] * 5], [[2.0] * 5], 0.05)

    assert (interval.low, interval.estimate, interval.high) == (pytest.approx(1.5),) * 3


def test_the_ratio_is_that_of_the_medians_and_of_several_groups_of_their_mean() -> None:
    interval = ratio_of_medians([SCATTERED, [4.0, 4.0, 400.0]], [[1.0, 1.0]], 0.05)

    assert interval.estimate == pytest.approx(2.0)


def test_the_same_values_give_the_same_interval() -> None:
    assert ratio_of_medians([SCATTERED], [SCATTERED], 0.05) == ratio_of_medians([SCATTERED], [SCATTERED], 0.05)


def test_a_smaller_error_makes_it_wider() -> None:
    narrow, wide = (ratio_of_medians([SCATTERED * 3], [SCATTERED * 3], error) for error in (0.3, 0.01))

    assert wide.low < narrow.low < 1 < narrow.high < wide.high


def test_it_covers_the_ratio_of_few_and_skewed_values_too() -> None:
    random = np.random.RandomState(0)
    # Times as a shared machine gives them: most alike, some much too long.
    trials = [1 + 0.05 * random.gamma(0.5, 2, size=(2, 7)) for _ in range(200)]

    held = [one.low <= 1 <= one.high for one in (ratio_of_medians([a], [b], 0.05) for a, b in trials)]

    # Of 95 in 100 so few are seen by chance once in ten thousand times; the values are always these.
    assert sum(held) >= 178
