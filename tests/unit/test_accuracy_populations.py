"""Seeds that stay behind: named where they are many, set aside where they are few, and never the reason of a pass."""

from __future__ import annotations

import random
from typing import Any, Iterable

import pytest

from pytest_kerasch2.accuracy import calibration, populations, sequential_test
from pytest_kerasch2.accuracy.decision import GateDecision, GateVerdict
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.reference_distribution import distribution_of
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import GateSettings
from tests.builders.synthetic_trainings import make_reference, run

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
EPOCHS = 3


def _stuck(seed: int, epochs: int = EPOCHS) -> TrainingRun:
    drawn = random.Random(seed)
    losses = tuple(2.3 + drawn.uniform(0, 1e-3) for _ in range(epochs))
    return TrainingRun(seed, losses, (0.1,) * epochs, losses, (0.1,) * epochs)


def _reference(stuck: Iterable[int], seeds: int = 60) -> Reference:
    behind = set(stuck)
    return make_reference(seeds, EPOCHS, lambda seed, epochs: (_stuck if seed in behind else run)(seed, epochs))


def _decide(by: Reference, new: str, **terms: Any) -> GateDecision:
    """Decide from trainings that are written as `+` where they learn and `-` where they do not."""
    runs = [(run if sign == "+" else _stuck)(1000 + place, EPOCHS) for place, sign in enumerate(new)]
    return sequential_test.decide(distribution_of(by, GateSettings(**terms)), runs)


@pytest.mark.parametrize("stuck", [range(6), range(20), range(30), range(0, 60, 2), range(40)], ids=len)
@pytest.mark.parametrize("new", ["+" * 10, "+-" * 5, "-" * 10])
def test_a_reference_of_two_populations_decides_nothing_and_names_them(stuck: range, new: str) -> None:
    decision = _decide(_reference(stuck), new)

    assert (decision.verdict, "seeds of the reference lie apart" in decision.reason) == (GateVerdict.UNDECIDED, True)


def test_the_seeds_apart_are_named() -> None:
    decision = sequential_test.decide_before_training(
        distribution_of(_reference([3, 17, 18, 30, 44, 59]), GateSettings())
    )

    assert decision is not None
    assert "seeds 3, 17, 18, 30, 44, 59" in decision.reason


@pytest.mark.parametrize("stuck", [[7], [7, 8], [7, 8, 9]], ids=len)
def test_a_few_are_set_aside_and_leave_the_margin_as_it_is(stuck: list[int]) -> None:
    clean, few = (distribution_of(_reference(some), GateSettings()) for some in ([], stuck))

    assert few.outliers == tuple(stuck)
    assert few.margin == pytest.approx(clean.margin, rel=0.1)


def test_with_a_few_in_the_reference_a_pass_needs_as_many_trainings_as_show_them_rare() -> None:
    decision = _decide(_reference([7]), "+" * 10)

    assert (decision.verdict, len(decision.runs)) == (GateVerdict.PASS, 7)


@pytest.mark.parametrize("stuck", [[], [7], [7, 8, 9]], ids=len)
@pytest.mark.parametrize("new", ["-+" * 5, "+-" * 5, "--" * 5, "+----+++++"])
def test_where_every_second_one_stays_behind_it_does_not_pass(stuck: list[int], new: str) -> None:
    assert _decide(_reference(stuck), new).verdict is not GateVerdict.PASS


@pytest.mark.parametrize("stuck", [[], [7]], ids=len)
def test_where_all_stay_behind_it_fails(stuck: list[int]) -> None:
    assert _decide(_reference(stuck), "-" * 10).verdict is GateVerdict.FAIL


@pytest.mark.parametrize("stuck", [[], [7], [7, 8, 9]], ids=len)
@pytest.mark.parametrize("place", range(10))
def test_a_single_one_among_ten_is_no_change(stuck: list[int], place: int) -> None:
    signs = ["+"] * 10
    signs[place] = "-"

    assert _decide(_reference(stuck), "".join(signs)).verdict is not GateVerdict.FAIL


def test_one_that_stays_behind_is_no_change_by_itself() -> None:
    decision = _decide(_reference([]), "-")

    assert (decision.verdict, "apart" in decision.reason) == (GateVerdict.UNDECIDED, True)


def test_too_few_trainings_for_a_reference_with_seeds_apart_are_said_before_any() -> None:
    decision = sequential_test.decide_before_training(distribution_of(_reference([7]), GateSettings(max_runs=5)))

    assert decision is not None
    assert "1 of 60 seeds of the reference lie apart (seed 7)" in decision.reason


def test_a_verdict_notes_what_was_set_aside() -> None:
    decision = _decide(_reference([7]), "+" * 10)

    assert "1 of 60 seeds of the reference lies apart: seed 7" in decision.evidence


@pytest.mark.parametrize(("stuck", "suits"), [([], True), ([7], True), (range(6), False)])
def test_a_calibration_says_it(stuck: Iterable[int], suits: bool) -> None:
    actual, lines = calibration.check_suitability(_reference(stuck))

    assert (actual, any("apart" in line for line in lines)) == (suits, bool(list(stuck)))


@pytest.mark.parametrize("rate", [0.02, 0.05])
def test_false_alarms_keep_to_their_rate_with_rare_seeds_that_stay_behind(rate: float) -> None:
    """With one percent of false alarms more than six of 200 gates fail once in a hundred times."""
    fails = 0
    for gates in range(200):
        drawn = random.Random(gates)
        base = 1000 * gates
        signs = ["-" if drawn.random() < rate else "+" for _ in range(70)]
        runs = [(run if sign == "+" else _stuck)(base + place, EPOCHS) for place, sign in enumerate(signs)]
        by = Reference(make_reference(0).description, tuple(runs[:60]))
        fails += sequential_test.decide(distribution_of(by, GateSettings()), runs[60:]).verdict is GateVerdict.FAIL

    assert fails <= 6


@pytest.mark.parametrize("seeds", [5, 8, 20, 60, 200])
def test_of_one_population_hardly_any_value_lies_apart(seeds: int) -> None:
    flagged = 0
    for sample in range(300):
        drawn = random.Random(sample)
        flagged += bool(populations.find_outliers([drawn.gauss(0, 1) for _ in range(seeds)], 1e-4))

    assert flagged <= 3


def test_heavy_tails_are_told_from_normal_ones() -> None:
    drawn = random.Random(1)
    normal = [[drawn.gauss(0, 1) for _ in range(60)] for _ in range(200)]
    # A few values lie far off on both sides.
    heavy = [[value * (6 if place % 20 == 0 else 1) for place, value in enumerate(one)] for one in normal]

    lines = [sum(map(populations.has_heavy_tails, samples)) for samples in (normal, heavy)]

    assert lines[0] <= 6
    assert lines[1] >= 150


def test_of_a_metric_with_heavy_tails_the_margin_is_wider() -> None:
    plain = make_reference(60, EPOCHS)
    odd = make_reference(
        60, EPOCHS, lambda seed, epochs: run(seed, epochs, test_accuracy=5.0 * (-1) ** seed * (seed % 20 == 0))
    )

    margins = [distribution_of(by, GateSettings()).margin for by in (plain, odd)]

    assert margins[1] > 1.4 * margins[0]
