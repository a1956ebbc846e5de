"""How a gate goes on: which seeds it trains, when it stops, and what it judges."""

from __future__ import annotations

import itertools
import math
import sys
from dataclasses import replace
from typing import Any

import pytest

from pytest_kerasch2.accuracy import gate
from pytest_kerasch2.accuracy.decision import GateDecision, GateVerdict
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import GateSettings
from pytest_kerasch2.errors import BadReference, InvalidArgument, TrainingFailed
from tests.builders.synthetic_trainings import NEW, history, make_reference, run

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
SEEDS = make_reference()
# Three trainings cannot tell it, and ten can.
FINE = GateSettings(margin=0.006)


class Trainer:
    """Trains what is asked for, and remembers with which seeds."""

    def __init__(self, **off: float) -> None:
        self.off = off
        self.seeds: list[int] = []

    def __call__(self, seed: int) -> TrainingRun:
        self.seeds.append(seed)
        return run(seed, **self.off)


@pytest.fixture
def trainer() -> Trainer:
    return Trainer()


def test_it_trains_no_more_than_it_needs(trainer: Trainer) -> None:
    decision = gate.gate_training(SEEDS, trainer)

    assert (decision.verdict, decision.seeds, len(trainer.seeds)) == (GateVerdict.PASS, tuple(trainer.seeds), 2)


def test_a_gross_change_costs_one_training() -> None:
    trainer = Trainer(loss=20.0)

    assert (gate.gate_training(SEEDS, trainer).verdict, len(trainer.seeds)) == (GateVerdict.FAIL, 1)


def test_it_trains_no_more_than_it_may(trainer: Trainer) -> None:
    decision = gate.gate_training(SEEDS, trainer, replace(FINE, max_runs=6, margin=0.0057))

    assert (decision.verdict, len(decision.runs), len(trainer.seeds)) == (GateVerdict.UNDECIDED, 6, 6)


def test_it_decides_as_its_trainings_are_judged_afterwards(trainer: Trainer) -> None:
    decision = gate.gate_training(SEEDS, trainer, FINE)

    assert gate.gate_runs(SEEDS, decision.runs, FINE) == decision


def test_seeds_are_fresh_and_differ() -> None:
    trainer = Trainer()

    gate.gate_training(SEEDS, trainer, FINE)

    assert len(set(trainer.seeds)) == len(trainer.seeds) > 2
    assert not SEEDS.seeds & set(trainer.seeds)
    assert all(0 <= seed < 2**32 for seed in trainer.seeds)


def test_seeds_that_a_reference_has_already_are_passed_over() -> None:
    first = Trainer()
    gate.gate_training(SEEDS, first)
    taken = replace(SEEDS, runs=(*SEEDS.runs, run(first.seeds[0])))
    second = Trainer()

    gate.gate_training(taken, second)

    assert second.seeds[0] == first.seeds[1]


def test_a_verdict_can_be_repeated() -> None:
    assert gate.gate_training(SEEDS, Trainer()) == gate.gate_training(SEEDS, Trainer())


def test_who_allows_more_trainings_goes_on_with_the_same_ones() -> None:
    """Drawn anew, an unlucky gate could be asked until it passes."""
    short, long = Trainer(), Trainer()

    gate.gate_training(SEEDS, short, replace(FINE, max_runs=8))
    gate.gate_training(SEEDS, long, replace(FINE, max_runs=20))

    assert long.seeds[: len(short.seeds)] == short.seeds


def test_seeds_may_be_given(trainer: Trainer) -> None:
    gate.gate_training(SEEDS, trainer, seeds=iter(NEW))

    assert trainer.seeds == list(NEW[:2])


def test_of_endless_seeds_those_allowed_are_taken(trainer: Trainer) -> None:
    gate.gate_training(SEEDS, trainer, FINE, seeds=itertools.count(1000))

    assert trainer.seeds == list(range(1000, 1000 + len(trainer.seeds)))


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        ([], "seeds must not be empty. Give other seeds, or leave seeds= out."),
        ([7000, 7000], "seeds must differ from each other, got 7000, 7000. "),
        ([59, 1000, 3], "seeds must differ from those of the reference, which has 3, 59. Give other seeds"),
    ],
)
def test_seeds_that_tell_nothing_are_refused_before_any_training(
    trainer: Trainer, seeds: list[int], expected: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        gate.gate_training(SEEDS, trainer, seeds=seeds)

    assert (str(caught.value).startswith(expected), trainer.seeds) == (True, [])


def test_a_margin_out_of_reach_is_said_before_any_training(trainer: Trainer) -> None:
    decision = gate.gate_training(SEEDS, trainer, GateSettings(margin=0.0005))

    assert (decision.verdict, decision.runs, trainer.seeds) == (GateVerdict.UNDECIDED, (), [])
    assert decision.reason.startswith("undecided, before any training: 0.05 points cannot be told by 10 trainings")


def test_a_margin_out_of_reach_of_the_seeds_given_is_said_too(trainer: Trainer) -> None:
    decision = gate.gate_training(SEEDS, trainer, replace(FINE, margin=0.005), seeds=NEW[:3])

    assert (decision.reason, trainer.seeds) == (
        "undecided, before any training: 0.5 points cannot be told by 3 trainings, which tell 0.594 at best",
        [],
    )


def test_each_training_is_told_with_the_decision_so_far(trainer: Trainer) -> None:
    results: list[tuple[int, GateDecision]] = []

    actual = gate.gate_training(SEEDS, trainer, on_run=lambda one, decision: results.append((one.seed, decision)))

    assert [seed for seed, _ in results] == trainer.seeds
    assert [decision.verdict for _, decision in results] == [GateVerdict.UNDECIDED, GateVerdict.PASS]
    assert results[-1][1] == actual


def test_a_history_is_a_training_too() -> None:
    decision = gate.gate_training(SEEDS, lambda seed: history(run(seed)))

    assert (decision.verdict, len(set(decision.seeds))) == (GateVerdict.PASS, 2)


def test_a_gate_by_too_few_seeds_trains_nothing(trainer: Trainer) -> None:
    with pytest.raises(BadReference, match="at least 5 seeds"):
        gate.gate_training(make_reference(4), trainer)

    assert trainer.seeds == []


def test_a_training_of_fewer_epochs_ends_the_gate() -> None:
    with pytest.raises(InvalidArgument, match=r"epochs?, and the reference has"):
        gate.gate_training(SEEDS, lambda seed: run(seed, epochs=1))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("series", ["loss", "accuracy", "test_loss", "test_accuracy"])
def test_a_training_that_diverges_ends_the_gate(series: str, number: float) -> None:
    with pytest.raises(TrainingFailed, match=r"The training with seed \d+ diverged: .*\. Look at its data and"):
        gate.gate_training(SEEDS, lambda seed: replace(run(seed), **{series: (0.5, number)}))


def _raises(error: BaseException) -> Any:
    def train(seed: int) -> Any:
        raise error

    return train


def test_a_training_that_raises_is_an_error_of_ours_with_its_place_and_its_cause() -> None:
    error = ValueError("images\n  are missing")

    with pytest.raises(TrainingFailed) as caught:
        gate.gate_training(SEEDS, _raises(error), seeds=NEW)

    place = r"ValueError: images are missing, in line \d+ of test_accuracy_gate.py, with seed 1000"
    caught.match(rf"^The training function raised an error: {place}\. Train with that seed outside of a gate")
    assert caught.value.__cause__ is error


def test_of_a_long_error_the_beginning_is_told() -> None:
    with pytest.raises(TrainingFailed) as caught:
        gate.gate_training(SEEDS, _raises(ValueError("shape " * 1000)))

    assert len(str(caught.value)) < 600


def test_a_training_that_ends_the_process_does_not_end_it() -> None:
    """Its status would be taken for that of the gate."""
    with pytest.raises(TrainingFailed, match="SystemExit: 0"):
        gate.gate_training(SEEDS, lambda seed: sys.exit(0))


def test_whoever_stops_a_training_stops_the_gate() -> None:
    with pytest.raises(KeyboardInterrupt):
        gate.gate_training(SEEDS, _raises(KeyboardInterrupt()))


def test_an_error_of_ours_is_passed_on_as_it_is() -> None:
    error = InvalidArgument("A model does not tell its accuracy", "loss", "compile it with metrics=['accuracy']")

    with pytest.raises(InvalidArgument) as caught:
        gate.gate_training(SEEDS, _raises(error))

    assert caught.value is error


def test_finished_trainings_are_judged_without_any_other(trainer: Trainer) -> None:
    decision = gate.gate_runs(SEEDS, [run(seed) for seed in NEW])

    assert (decision.verdict, decision.seeds) == (GateVerdict.PASS, NEW[:2])


def test_a_reference_does_not_judge_itself() -> None:
    with pytest.raises(BadReference) as caught:
        gate.gate_runs(SEEDS, [*SEEDS.runs[:2], run(1000)])

    message = "The results are trainings of the reference itself: seeds 0, 1 are in both. Train with other"
    assert str(caught.value).startswith(message)


def test_nor_does_it_when_its_seeds_were_trained_again() -> None:
    with pytest.raises(BadReference, match="trainings of the reference itself"):
        gate.gate_runs(SEEDS, [replace(SEEDS.runs[5], seconds=77.0)])


def test_the_same_seeds_of_a_changed_training_are_judged() -> None:
    decision = gate.gate_runs(SEEDS, [run(seed, loss=20.0) for seed in range(3)])

    assert decision.verdict is GateVerdict.FAIL


def test_no_trainings_are_nothing_to_judge() -> None:
    with pytest.raises(InvalidArgument, match=r"no trainings to decide from\. Give"):
        gate.gate_runs(SEEDS, [])
