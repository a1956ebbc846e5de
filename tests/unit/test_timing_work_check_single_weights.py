"""The work check sees a weight that moves little, and runs that lack the chance of the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_kerasch2.timing import work_check
from pytest_kerasch2.timing.work_check import RunResult

LARGE, SMALL = 1000, 10


def _runs(count: int, *, large: float = 1.0, small: float = 1.0, chance: float = 0.0, seed: int = 0) -> list[RunResult]:
    """Return runs in which one weight moves far, and another a thousandth of that."""
    drawn, always = np.random.RandomState(seed), np.random.RandomState(99)
    far, near = always.normal(size=LARGE), 1e-3 * always.normal(size=SMALL)

    def run() -> Any:
        parts = [large * far + chance * drawn.normal(size=LARGE), small * near]
        return RunResult(np.concatenate(parts), 0.5, (LARGE, SMALL))

    return [run() for _ in range(count)]


def _wrong(references: list[RunResult], result: list[RunResult]) -> set[str]:
    most = work_check.limits_of(references)
    return {name for name, share in work_check.deviations_of(references, result).items() if share > most[name]}


def test_honest_runs_are_not_off() -> None:
    assert _wrong(_runs(6), _runs(2)) == set()


def test_a_small_weight_that_is_not_trained_is_seen() -> None:
    assert _wrong(_runs(6), _runs(2, small=0.0)) == {"weights"}


def test_what_chance_does_to_a_weight_is_allowed() -> None:
    assert _wrong(_runs(6, chance=0.3), _runs(2, chance=0.3, seed=1)) == set()


def test_runs_without_the_chance_of_the_reference_are_seen() -> None:
    assert work_check.excess_similarity(_runs(6, chance=0.3), _runs(2, seed=1)) > work_check.MAX_ALIKE


def test_runs_with_the_chance_of_the_reference_are_as_far_apart() -> None:
    assert work_check.excess_similarity(_runs(6, chance=0.3), _runs(2, chance=0.3, seed=1)) < 0.1


def test_runs_need_no_chance_where_the_reference_has_none() -> None:
    assert work_check.excess_similarity(_runs(6), _runs(2)) == 0.0


def test_a_weight_that_chance_alone_moves_does_not_count() -> None:
    drawn = np.random.RandomState(0)
    noise = [np.concatenate([np.ones(LARGE), drawn.normal(size=SMALL)]) for _ in range(8)]
    runs = [RunResult(way, 0.5, (LARGE, SMALL)) for way in noise]

    assert work_check.deviations_of(runs[:6], runs[6:])["weights"] == pytest.approx(0.0)


def test_runs_whose_weights_are_not_known_are_one_part() -> None:
    runs = [RunResult(one.path, one.loss) for one in _runs(8)]

    assert _wrong(runs[:6], runs[6:]) == set()
