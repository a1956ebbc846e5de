"""What must not count as evidence: the same curve again, under whatever seed and by whatever way it got there."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, Callable

import pytest

from pytest_kerasch2.accuracy import calibration, copies, gate, sequential_test
from pytest_kerasch2.accuracy.decision import GateVerdict
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.reference_distribution import distribution_of
from pytest_kerasch2.accuracy.runs import TrainingRun, run_of
from pytest_kerasch2.accuracy.settings import GateSettings
from pytest_kerasch2.errors import BadReference, InvalidArgument
from tests.builders.synthetic_trainings import NEW, history, make_reference, run

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
SEEDS = make_reference()
COPY = history(run(5000))


def _copies_of(which: Callable[[int], int], seeds: int = 20) -> Reference:
    """A reference whose seed gives the curve of another."""
    return make_reference(seeds, trained=lambda seed, epochs: replace(run(which(seed), epochs), seed=seed))


def _rounded(given: TrainingRun, noise: float) -> TrainingRun:
    drawn = random.Random(given.seed)
    return replace(given, loss=tuple(loss * (1 + noise * drawn.uniform(-1, 1)) for loss in given.loss))


WAYS = {
    "all": lambda seed: 7,
    "two in turn": lambda seed: seed % 2,
    "three in turn": lambda seed: seed % 3,
    "half": lambda seed: 7 if seed < 10 else seed,
    "a pair": lambda seed: max(seed, 1),
}


@pytest.mark.parametrize("which", WAYS.values(), ids=WAYS)
def test_a_reference_of_copies_decides_nothing(which: Callable[[int], int]) -> None:
    decision = gate.gate_training(_copies_of(which), run)

    assert (decision.verdict, decision.runs, "does not depend on the seed" in decision.reason) == (
        GateVerdict.UNDECIDED,
        (),
        True,
    )


@pytest.mark.parametrize("which", WAYS.values(), ids=WAYS)
def test_nor_do_finished_results_by_it(which: Callable[[int], int]) -> None:
    assert gate.run_gate(_copies_of(which), results=[run(seed) for seed in NEW]).verdict is GateVerdict.UNDECIDED


def test_a_training_that_ignores_its_seed_is_found_by_its_second_copy() -> None:
    trained: list[int] = []

    def train(seed: int) -> Any:
        trained.append(seed)
        return COPY

    decision = gate.gate_training(SEEDS, train)

    assert (decision.verdict, len(trained), "seed" in decision.reason) == (GateVerdict.UNDECIDED, 2, True)


def test_copies_do_not_fail_either() -> None:
    decision = gate.gate_training(SEEDS, lambda seed: replace(run(5000, test_accuracy=-3.5), seed=seed))

    assert decision.verdict is GateVerdict.UNDECIDED


@pytest.mark.parametrize(
    "results",
    [[COPY] * 4, [COPY, history(run(5001)), COPY], [history(run(5000 + k % 2)) for k in range(6)]],
    ids=["all", "first and last", "in turn"],
)
def test_results_that_are_copies_decide_nothing(results: Any) -> None:
    assert gate.run_gate(SEEDS, results=results).verdict is GateVerdict.UNDECIDED


def test_a_curve_of_the_reference_under_another_seed_decides_nothing() -> None:
    decision = gate.run_gate(SEEDS, results=[history(run(seed)) for seed in (3, 4, 5)])

    assert decision.verdict is GateVerdict.UNDECIDED
    assert "of the reference" in decision.reason


def test_the_reference_itself_is_refused() -> None:
    with pytest.raises(BadReference, match="trainings of the reference itself"):
        gate.run_gate(SEEDS, results=SEEDS)


def test_a_seed_twice_among_results_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"results hold a seed twice: 1000, 1000"):
        gate.run_gate(SEEDS, results=[run(1000), run(1000)])


def test_what_differs_by_rounding_alone_is_a_copy() -> None:
    assert (
        gate.gate_training(SEEDS, lambda seed: _rounded(replace(run(5000), seed=seed), 1e-6)).verdict
        is GateVerdict.UNDECIDED
    )


def test_what_differs_by_more_than_rounding_is_not() -> None:
    two = [_rounded(replace(run(5000), seed=seed), 1e-3) for seed in NEW[:2]]

    assert copies.find_copies(two, SEEDS.runs) == []


def test_honest_seeds_are_no_copies() -> None:
    assert copies.find_copies(make_reference(200).runs) == []


def test_a_coarse_metric_alone_may_agree_by_chance() -> None:
    """Of twenty test images, many seeds recognise as many."""
    drawn = random.Random(3)
    runs = [run_of({"val_accuracy": [sum(drawn.random() < 0.9 for _ in range(20)) / 20]}, seed) for seed in range(30)]

    assert copies.find_copies(runs) == []


def test_a_coarse_metric_beside_a_loss_does_not() -> None:
    drawn = random.Random(3)
    once = [{"val_accuracy": [drawn.randrange(20) / 20], "val_loss": [drawn.random()]} for _ in range(10)]
    runs = [run_of(once[seed % 10], seed) for seed in range(20)]

    assert sum(map(len, copies.find_copies(runs))) == 20


def test_curves_that_came_to_their_end_may_all_be_alike() -> None:
    ended = [TrainingRun(seed, (0.0,), (1.0,), (0.0,), (1.0,)) for seed in range(10)]

    assert copies.find_copies(ended) == []


def test_a_calibration_says_that_it_wrote_copies() -> None:
    suits, lines = calibration.check_suitability(_copies_of(lambda seed: 7))

    assert (suits, "does not depend on the seed" in lines[-1]) == (False, True)


@pytest.mark.parametrize("seeds", [2, 4])
def test_a_calibration_of_few_seeds_says_it_too(seeds: int) -> None:
    assert [
        calibration.check_suitability(_copies_of(lambda seed: 7, seeds))[0],
        calibration.check_suitability(make_reference(seeds))[0],
    ] == [False, True]


def test_gates_of_copies_never_decide() -> None:
    ready = distribution_of(SEEDS, GateSettings())

    actual = {
        sequential_test.decide(ready, [replace(run(seed), seed=k) for k in range(10)]).verdict
        for seed in range(6000, 6100)
    }

    assert actual == {GateVerdict.UNDECIDED}
