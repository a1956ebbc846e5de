"""Two populations of seeds that overlap: no gap parts them, and still they are not one."""

from __future__ import annotations

import random

import pytest

from pytest_kerasch2.accuracy import populations
from pytest_kerasch2.accuracy.reference import Reference, bundled_names, find_reference

LEAST = 1e-3


def _values(seed: int, count: int = 60, further: float = 0.0, share: float = 0.0) -> list[float]:
    drawn = random.Random(seed)
    return [drawn.gauss(0, 1) + further * (place < share * count) for place in range(count)]


# Of a fifth, 21 of 2,000 such references are not seen; of more, none.
@pytest.mark.parametrize(("share", "missed"), [(0.2, 2), (0.3, 0), (0.5, 0)])
def test_two_plateaus_are_two_populations(share: float, missed: int) -> None:
    actual = [populations.find_outliers(_values(seed, further=8.0, share=share), LEAST) for seed in range(40)]

    assert sum(not populations.too_many(len(apart), 60) for apart in actual) <= missed


def test_the_smaller_one_is_named() -> None:
    assert populations.find_outliers(_values(1, further=8.0, share=0.3), LEAST) == frozenset(range(18))


@pytest.mark.parametrize("count", [20, 40, 60, 200])
def test_one_population_is_one(count: int) -> None:
    assert not any(populations.find_outliers(_values(seed, count), LEAST) for seed in range(300))


def test_a_metric_of_two_neighbouring_values_is_one_population() -> None:
    values = [0.5 * (place % 3 == 0) for place in range(60)]

    assert populations.find_outliers(values, least=0.25) == frozenset()


@pytest.mark.parametrize("name", bundled_names())
def test_what_is_shipped_is_one_population(name: str) -> None:
    reference: Reference = find_reference(name)

    assert not populations.find_outliers([run.test_accuracy[-1] for run in reference.runs], LEAST)
