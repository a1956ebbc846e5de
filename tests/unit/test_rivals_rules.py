"""The rules of the rivals as we restate them, against the rivals themselves on random samples."""

from __future__ import annotations

import math
import random
from typing import Any, Iterator

import pytest

from evaluation import rivals_rules
from evaluation.rivals_rules import RULES

SIZES = (6, 10, 11, 16, 21, 26, 31, 45, 60, 120)


def _samples() -> Iterator[tuple[list[float], list[float]]]:
    """Yield pairs of samples from far apart to alike, so that each rule says yes and no many times."""
    drawn = random.Random(0)
    for size in SIZES:
        for _ in range(60):
            shift, scatter = drawn.uniform(0.9, 1.25), drawn.uniform(0.001, 0.2)
            before, after = ([math.exp(drawn.gauss(0, scatter)) for _ in range(size)] for _ in range(2))
            yield before, [shift * one for one in after]


def _agreed(ours: str, theirs: Any) -> set[bool]:
    decisions = [(RULES[ours](before, after), theirs(before, after)) for before, after in _samples()]
    assert [ours for ours, _ in decisions] == [theirs for _, theirs in decisions]
    return {ours for ours, _ in decisions}


@pytest.mark.parametrize(("field", "statistic"), [("mean", lambda one: math.fsum(one) / len(one)), ("min", min)])
def test_a_percentage_is_that_of_pytest_benchmark(field: str, statistic: Any) -> None:
    other_sample = pytest.importorskip("pytest_benchmark.utils").parse_compare_fail(f"{field}:5%")

    def theirs(before: list[float], after: list[float]) -> bool:
        return bool(other_sample.fails({field: statistic(after)}, {field: statistic(before)}))

    assert _agreed(f"pytest-benchmark {field}:5%", theirs) == {True, False}


def test_the_t_test_is_that_of_pyperf() -> None:
    pyperf = pytest.importorskip("pyperf._utils")

    def theirs(before: list[float], after: list[float]) -> bool:
        return bool(pyperf.is_significant(before, after)[0]) and sum(after) > sum(before)

    assert _agreed("pyperf", theirs) == {True, False}


def test_the_critical_values_are_those_of_pyperf() -> None:
    pyperf = pytest.importorskip("pyperf._utils")

    assert [rivals_rules.critical(one) for one in range(2, 300)] == [
        pyperf.tdist95conf_level(one) for one in range(2, 300)
    ]


@pytest.mark.parametrize("factor", rivals_rules.FACTORS)
def test_the_comparison_of_ranks_is_that_of_asv(factor: float) -> None:
    compare = pytest.importorskip("asv.commands.compare")
    of = pytest.importorskip("asv_runner.statistics").compute_stats

    def theirs(before: list[float], after: list[float]) -> bool:
        (one, sample), (other, other_sample) = of(before, 1), of(after, 1)
        return bool(compare._is_result_better(one, other, (sample, before), (other_sample, after), factor))

    assert _agreed(f"asv {factor:g}", theirs) == {True, False}
