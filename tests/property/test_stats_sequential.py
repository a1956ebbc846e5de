"""What holds of the gate's statistics whatever the values are."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pytest_kerasch2.stats import sequential
from pytest_kerasch2.stats.sequential import ReferenceSample

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")

# Hundredths, so that no rounding decides.
numbers = st.integers(-10_000, 10_000).map(lambda number: number / 100)
olds = st.lists(numbers, min_size=2, max_size=12).filter(lambda values: max(values) - min(values) >= 1)
news = st.lists(numbers, min_size=1, max_size=6)
rates = st.floats(0.001, 0.4)
looks = st.integers(1, 50)
knowns = st.builds(ReferenceSample, numbers, st.floats(0.01, 100), st.integers(2, 300))
# SciPy is imported by the first of them.
calmly = settings(deadline=None, max_examples=30)


def _usual(values: list[float]) -> ReferenceSample:
    return sequential.reference_sample(values, least=1e-9)


def _sides_are_clear(old: list[float], new: list[float]) -> bool:
    return abs(sum(new) / len(new) - sum(old) / len(old)) > 1e-6


@calmly
@given(old=olds, new=news, by=numbers)
def test_values_that_are_shifted_alike_surprise_alike(old: list[float], new: list[float], by: float) -> None:
    moved = sequential.p_value(_usual([one + by for one in old]), [one + by for one in new])

    assert moved == pytest.approx(sequential.p_value(_usual(old), new), rel=1e-6)


@calmly
@given(old=olds, new=news, by=st.sampled_from([0.125, 0.5, 2.0, 64.0]), turned=st.booleans())
def test_values_on_another_scale_or_turned_round_are_judged_alike(
    old: list[float], new: list[float], by: float, turned: bool
) -> None:
    assume(_sides_are_clear(old, new))
    factor = -by if turned else by
    one, two = _usual(old), _usual([factor * value for value in old])
    other = [factor * value for value in new]

    assert sequential.p_value(two, other) == sequential.p_value(one, new)
    assert sequential.supported(two, other, 0.01) == sequential.supported(one, new, 0.01)
    assert sequential.half_width(two, len(other), 0.01) == pytest.approx(
        by * sequential.half_width(one, len(new), 0.01)
    )
    assert sequential.smallest_detectable(two, 2, 0.01, 0.01) == pytest.approx(
        by * sequential.smallest_detectable(one, 2, 0.01, 0.01)
    )


@calmly
@given(old=olds, new=news, data=st.data())
def test_the_order_of_values_says_nothing(old: list[float], new: list[float], data: st.DataObject) -> None:
    mixed = data.draw(st.permutations(new))

    assert sequential.p_value(_usual(old[::-1]), mixed) == sequential.p_value(_usual(old), new)
    assert sequential.supported(_usual(old[::-1]), mixed, 0.01) == sequential.supported(_usual(old), new, 0.01)


@calmly
@given(sample=knowns, new=news, further=st.floats(0.01, 50))
def test_values_further_off_surprise_more(sample: ReferenceSample, new: list[float], further: float) -> None:
    side = 1 if sum(new) / len(new) >= sample.mean else -1

    moved = sequential.p_value(sample, [one + side * further for one in new])

    assert 0 <= moved <= sequential.p_value(sample, new) <= 1


@calmly
@given(sample=knowns, new=news)
def test_values_that_support_each_other_do_so_further_off(sample: ReferenceSample, new: list[float]) -> None:
    assume(abs(sum(new) / len(new) - sample.mean) > 1e-6)
    side = 1 if sum(new) / len(new) > sample.mean else -1
    moved = [one + side * 10.0 for one in new]

    assert sequential.supported(sample, moved, 0.01) >= sequential.supported(sample, new, 0.01)


@calmly
@given(sample=knowns, look=looks, rate=rates, more=st.integers(1, 300))
def test_more_old_values_never_reach_further(sample: ReferenceSample, look: int, rate: float, more: int) -> None:
    larger = ReferenceSample(sample.mean, sample.deviation, sample.count + more)

    assert sequential.half_width(larger, look, rate) < sequential.half_width(sample, look, rate)


@calmly
@given(sample=knowns, look=looks, more=st.integers(1, 50))
def test_more_new_values_never_have_the_larger_error(sample: ReferenceSample, look: int, more: int) -> None:
    assert sample.error(look + more) < sample.error(look)


@calmly
@given(sample=knowns, look=looks, rate=rates)
def test_who_may_err_more_often_reaches_less_far(sample: ReferenceSample, look: int, rate: float) -> None:
    assert sequential.half_width(sample, look, 1.1 * rate) < sequential.half_width(sample, look, rate)


@calmly
@given(sample=knowns, look=looks, alpha=rates, beta=rates)
def test_the_smallest_change_is_beyond_what_is_chance(
    sample: ReferenceSample, look: int, alpha: float, beta: float
) -> None:
    assert sequential.smallest_detectable(sample, look, alpha, beta) > sequential.half_width(sample, look, alpha / 2)


@given(first=st.integers(1, 10**6), others=st.integers(0, 100))
def test_no_looks_take_more_than_all(first: int, others: int) -> None:
    shares = [sequential.share(look) for look in range(first, first + others + 1)]

    assert (min(shares) > 0, math.fsum(shares) < 1) == (True, True)
