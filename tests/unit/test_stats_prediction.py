from __future__ import annotations

import random

import pytest

from pytest_kerasch2.stats import equivalence, prediction
from pytest_kerasch2.stats.prediction import Sample

KNOWN = Sample(mean=10.0, deviation=2.0, count=12, freedom=11)


def test_a_value_within_its_own_rounding_of_the_mean_is_not_off_at_all() -> None:
    result = prediction.predict(KNOWN, (9.5, 10.5), 0.01)

    assert (result.probability, result.deviations) == (1.0, 0.0)


def test_the_distance_is_that_from_the_nearer_end_of_the_rounding() -> None:
    result = prediction.predict(KNOWN, (14.0, 15.0), 0.01)

    assert result.deviations == pytest.approx(2.0)


def test_a_value_at_the_end_of_the_interval_is_as_improbable_as_was_agreed() -> None:
    high = prediction.predict(KNOWN, (10.0, 10.0), 0.01).high

    assert prediction.predict(KNOWN, (high, high), 0.01).probability == pytest.approx(0.01)


@pytest.mark.parametrize("error", [0.01, 0.1])
def test_one_more_value_is_refused_as_often_as_was_agreed(error: float) -> None:
    drawn = random.Random(4)
    refused, draws = 0, 2000
    for _ in range(draws):
        values = [drawn.gauss(3, 2) for _ in range(12)]
        more = drawn.gauss(3, 2)
        sample = prediction.sample(values, [values], 0.0)
        refused += prediction.predict(sample, (more, more), error).probability <= error

    # Four standard errors of a binomial count on either side.
    assert refused / draws == pytest.approx(error, abs=4 * (error * (1 - error) / draws) ** 0.5)


def test_the_scatter_of_one_kind_is_told_by_the_others_too() -> None:
    sample = prediction.sample([10.0, 12.0], [[10.0, 12.0], [0.0, 2.0], [5.0, 7.0]], 0.0)

    assert (sample.mean, sample.deviation, sample.count, sample.freedom) == (11.0, pytest.approx(2**0.5), 2, 3)


def test_a_kind_that_scatters_more_than_the_others_is_not_better_known_for_them() -> None:
    sample = prediction.sample([10.0, 20.0], [[10.0, 20.0], [0.0, 2.0], [5.0, 7.0]], 0.0)

    assert sample.deviation == pytest.approx(50**0.5)


def test_the_mean_of_all_is_missed_as_often_as_was_agreed() -> None:
    drawn = random.Random(5)
    missed, draws = 0, 2000
    for _ in range(draws):
        low, high = prediction.mean_between([drawn.gauss(3, 2) for _ in range(8)], 0.1)
        missed += not low <= 3 <= high

    assert missed / draws == pytest.approx(0.1, abs=4 * (0.1 * 0.9 / draws) ** 0.5)


def _groups(drawn: random.Random, shift: float) -> list[list[float]]:
    return [[drawn.gauss(shift if place == 0 else 0, 1) for _ in range(3)] for place in range(4)]


def test_groups_as_far_apart_as_the_margin_are_called_alike_no_more_often_than_agreed() -> None:
    drawn = random.Random(6)
    alike, draws = 0, 2000
    for _ in range(draws):
        groups = _groups(drawn, 3.0)
        alike += equivalence.difference(groups[0], groups[1], groups, 0.05).within(3.0)

    assert alike / draws <= 0.05 + 4 * (0.05 * 0.95 / draws) ** 0.5


def test_equal_groups_are_seldom_called_further_apart_than_the_margin() -> None:
    drawn = random.Random(7)
    beyond = 0
    for _ in range(500):
        groups = _groups(drawn, 0.0)
        beyond += equivalence.difference(groups[0], groups[1], groups, 0.01).beyond(1.0)

    assert beyond <= 2


def test_a_difference_is_signed() -> None:
    difference = equivalence.difference([3.0, 3.2], [1.0, 1.2], [[3.0, 3.2], [1.0, 1.2]], 0.05)

    assert difference.estimate == pytest.approx(2.0)


def test_no_difference_found_is_not_yet_equivalence() -> None:
    difference = equivalence.difference([0.0, 2.0], [0.0, 2.0], [[0.0, 2.0], [0.0, 2.0]], 0.01)

    assert (difference.estimate, difference.within(1.0), difference.beyond(1.0)) == (0.0, False, False)
