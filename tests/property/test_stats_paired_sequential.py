from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.stats import paired_sequential
from pytest_kerasch2.stats.paired_sequential import ComparisonSettings, SpeedVerdict

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
SETTINGS = ComparisonSettings()


def _drawn(seed: int, ratio: float, scatter: float, count: int = SETTINGS.max_starts) -> list[float]:
    drawn = random.Random(seed)
    return [math.log(ratio) + drawn.gauss(0, scatter) for _ in range(count)]


def _verdicts(ratio: float, scatter: float, times: int, null: float = 1.0, **settings: float) -> list[SpeedVerdict]:
    result = []
    for seed in range(times):
        judged = paired_sequential.judge(
            _drawn(seed, ratio, scatter),
            _drawn(seed + times, null, scatter),
            ComparisonSettings(**settings),
            benchmarks=1,
        )
        assert judged is not None
        result.append(judged.verdict)
    return result


@pytest.mark.parametrize(("most", "looks"), [(11, [11]), (15, [11, 15]), (17, [12, 17]), (30, [11, 15, 21, 30])])
def test_there_are_few_looks_and_one_at_the_end(most: int, looks: list[int]) -> None:
    assert paired_sequential.planned_looks(most) == looks


def test_alpha_is_spent_by_the_share_of_new_starts() -> None:
    assert paired_sequential.alpha_shares([8, 12, 16]) == pytest.approx([0.5, 0.25, 0.25])


@pytest.mark.parametrize("side", [1, -1])
def test_a_difference_of_the_margin_is_seldom_called_the_same(side: int) -> None:
    result = _verdicts((1 + SETTINGS.margin) ** side, 0.02, 1000)

    # It may be in 5 of 100; 2 of 100 more are three standard deviations.
    assert result.count(SpeedVerdict.SAME) <= 70


def test_one_outlier_does_not_decide() -> None:
    # On the mean all are slower, and by the interval too; but for four of eleven it is the other way.
    ratios = [0.1, 0.12, 0.11, 0.1, 0.1, 0.1, 0.1, -0.001, -0.001, -0.001, -0.001]
    nulls = [0.001, -0.001] * 5 + [0.0]

    result = paired_sequential.judge(ratios, nulls, ComparisonSettings(alpha=0.3, max_starts=11), benchmarks=1)

    assert result is not None
    assert (result.ratio.low > 1, result.verdict) == (True, SpeedVerdict.UNDECIDED)


def test_size_of_trimmed_outliers_does_not_matter() -> None:
    inner = _drawn(1, 1.1, 0.02, 9)
    spans = [paired_sequential.trimmed_mean_interval([-far, *inner, far], 0.05) for far in (1.0, 100.0)]

    # With them, it would be anywhere between 0.01 and 100.
    assert spans[0] == spans[1]
    assert 1.05 < spans[0].low < spans[0].high < 1.15


def test_the_interval_is_that_of_a_trimmed_mean() -> None:
    values = np.array([0.3, -0.2, 0.11, 0.09, 0.12, 0.07, 0.1, 0.13, 0.08, 0.1])
    from scipy import stats

    result = paired_sequential.trimmed_mean_interval(values.tolist(), 0.05)

    drawn_in = stats.mstats.winsorize(values, (0.1, 0.1))
    reach = stats.t.isf(0.025, 7) * math.sqrt(9 * drawn_in.var(ddof=1) / (8 * 7))
    mean = stats.trim_mean(values, 0.1)
    assert [result.estimate, result.low, result.high] == pytest.approx(np.exp([mean, mean - reach, mean + reach]))


def test_no_trimming_below_ten_values() -> None:
    values = _drawn(1, 1.1, 0.02, 9)
    from scipy import stats

    result = paired_sequential.trimmed_mean_interval(values, 0.05)

    interval = stats.t.interval(0.95, 8, np.mean(values), stats.sem(values))
    assert [result.low, result.high] == pytest.approx(np.exp(interval))


def test_equal_sides_are_seldom_called_different() -> None:
    result = _verdicts(1.0, 0.02, 2000, alpha=0.05)

    # Slower, faster and unfit may each be told in 5 of 100; 2 of 100 more in all are two standard deviations.
    assert (
        1 - sum(one in (SpeedVerdict.SAME, SpeedVerdict.UNDECIDED) for one in result) / len(result) <= 3 * 0.05 + 0.02
    )


@pytest.mark.parametrize(
    ("ratio", "verdict"), [(1.1, SpeedVerdict.SLOWER), (0.9, SpeedVerdict.FASTER), (1.0, SpeedVerdict.SAME)]
)
def test_a_clear_difference_is_decided(ratio: float, verdict: SpeedVerdict) -> None:
    result = _verdicts(ratio, 0.005, 200)

    assert result.count(verdict) >= 190


def test_no_verdict_on_speed_if_the_baseline_repeat_differs() -> None:
    assert _verdicts(1.1, 0.005, 100, null=1.1).count(SpeedVerdict.UNFIT) >= 95


def test_a_difference_within_the_scatter_stays_undecided() -> None:
    assert _verdicts(1.05, 0.3, 100).count(SpeedVerdict.UNDECIDED) >= 95


@given(st.lists(st.floats(-1, 1), min_size=0, max_size=paired_sequential.MIN_STARTS - 1))
def test_too_few_starts_give_no_judgement(values: list[float]) -> None:
    assert paired_sequential.judge(values, values, SETTINGS, benchmarks=3) is None


@given(seed=st.integers(0, 1000), more=st.integers(1, 5))
def test_what_was_decided_stays_decided(seed: int, more: int) -> None:
    ratios, nulls = _drawn(seed, 1.1, 0.02), _drawn(seed + 1, 1.0, 0.02)
    whole = paired_sequential.judge(ratios, nulls, SETTINGS, benchmarks=1)
    part = paired_sequential.judge(ratios[:-more], nulls[:-more], SETTINGS, benchmarks=1)

    assert part is not None
    assert part.verdict is SpeedVerdict.UNDECIDED or part == whole


@given(seed=st.integers(0, 1000))
def test_swapped_sides_swap_the_verdict(seed: int) -> None:
    ratios = _drawn(seed, 1.1, 0.02)
    nulls = [0.001 * (-1) ** place for place in range(len(ratios))]
    there = paired_sequential.judge(ratios, nulls, SETTINGS, benchmarks=1)
    back = paired_sequential.judge([-one for one in ratios], nulls, SETTINGS, benchmarks=1)

    assert there is not None
    assert back is not None
    assert there.ratio.estimate == pytest.approx(1 / back.ratio.estimate) or there.starts != back.starts
    assert (there.verdict, back.verdict) in (
        (SpeedVerdict.SLOWER, SpeedVerdict.FASTER),
        (SpeedVerdict.FASTER, SpeedVerdict.SLOWER),
        (SpeedVerdict.SAME, SpeedVerdict.SAME),
        (SpeedVerdict.UNDECIDED, SpeedVerdict.UNDECIDED),
    )


@pytest.mark.parametrize(
    "wrong", [{"alpha": 0.0}, {"alpha": 0.7}, {"margin": 0.0}, {"margin": 2.0}, {"max_starts": 10}]
)
def test_unusable_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidArgument):
        ComparisonSettings(**wrong)
