"""Gates on other metrics than accuracy, and on trainings that stop by themselves."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any, Callable

import pytest

from pytest_kerasch2.accuracy import gate, reference, summary
from pytest_kerasch2.accuracy.curve import AT_BEST, AT_END, Point
from pytest_kerasch2.accuracy.decision import GateVerdict
from pytest_kerasch2.accuracy.reference import Reference, TrainingDescription
from pytest_kerasch2.accuracy.reference_distribution import distribution_of
from pytest_kerasch2.accuracy.runs import run_of
from pytest_kerasch2.accuracy.settings import GateSettings
from pytest_kerasch2.accuracy.user_training import UserTraining
from pytest_kerasch2.errors import InvalidArgument
from tests.builders.synthetic_trainings import ENVIRONMENT

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
SUBJECT = TrainingDescription(UserTraining("made:up"), {"name": "made:up", "sha256": "0" * 64}, ENVIRONMENT)
EPOCHS = 4
Train = Callable[..., "dict[str, list[float]]"]


def _each(value: Callable[[int], float]) -> list[float]:
    return [value(epoch) for epoch in range(1, EPOCHS + 1)]


def mse(seed: int, worse: float = 0.0) -> dict[str, list[float]]:
    drawn = random.Random(seed)
    return {
        "loss": _each(lambda epoch: math.exp(drawn.gauss(0, 0.05)) / epoch),
        "val_mse": _each(lambda epoch: math.exp(drawn.gauss(0, 0.05)) / epoch + worse),
    }


def auc(seed: int, worse: float = 0.0) -> dict[str, list[float]]:
    drawn = random.Random(seed)
    return {
        "val_auc": _each(lambda epoch: 1 - drawn.gammavariate(30, 0.01 / 30) - worse),
        "val_loss": mse(seed)["loss"],
    }


def perplexity(seed: int, worse: float = 0.0) -> dict[str, list[float]]:
    drawn = random.Random(seed)
    return {"val_perplexity": _each(lambda epoch: 30 * math.exp(drawn.gauss(0, 0.04)) + worse)}


def negative(seed: int, worse: float = 0.0) -> dict[str, list[float]]:
    drawn = random.Random(seed)
    return {"val_loss": _each(lambda epoch: -105 - epoch + drawn.gauss(0, 0.5) + worse)}


def tiny(seed: int, worse: float = 0.0) -> dict[str, list[float]]:
    return {"val_mse": [1e-11 * value + worse for value in mse(seed)["val_mse"]]}


def losses_alone(seed: int, worse: float = 0.0) -> dict[str, list[float]]:
    return {"loss": [value + worse for value in mse(seed)["loss"]]}


def gizmo(seed: int, worse: float = 0.0) -> dict[str, list[float]]:
    drawn = random.Random(seed)
    return {"val_gizmo": _each(lambda epoch: drawn.gauss(0, 1) - worse)}


TRAININGS = [mse, auc, perplexity, negative, tiny, losses_alone]


def _reference(train: Train, seeds: int = 40) -> Reference:
    return Reference(SUBJECT, tuple(run_of(train(seed), seed) for seed in range(seeds)))


@pytest.mark.parametrize("train", TRAININGS)
def test_what_is_unchanged_passes(train: Train) -> None:
    assert gate.run_gate(_reference(train), train=train, seeds=range(1000, 1010)).verdict is GateVerdict.PASS


@pytest.mark.parametrize("train", TRAININGS)
def test_what_is_worse_by_twice_the_margin_fails(train: Train) -> None:
    reference = _reference(train)
    worse = 2 * distribution_of(reference, GateSettings()).margin

    decision = gate.run_gate(reference, train=lambda seed: train(seed, worse), seeds=range(1000, 1010))

    assert decision.verdict is GateVerdict.FAIL
    assert "worse than chance makes it" in decision.reason


def test_a_direction_that_is_not_known_is_asked_for() -> None:
    with pytest.raises(InvalidArgument, match='Write metric="val_gizmo:higher"'):
        gate.run_gate(_reference(gizmo), train=gizmo)


@pytest.mark.parametrize(("way", "judged"), [("higher", "worse"), ("lower", "better")])
def test_a_direction_says_what_is_worse(way: str, judged: str) -> None:
    decision = gate.run_gate(_reference(gizmo), train=lambda seed: gizmo(seed, 9), metric=f"val_gizmo:{way}")

    assert (decision.verdict, decision.metric.direction, f"{judged} than chance" in decision.reason) == (
        GateVerdict.FAIL,
        way,
        True,
    )


def test_a_margin_is_in_the_units_of_the_metric() -> None:
    decision = gate.run_gate(_reference(perplexity), train=perplexity, margin=5.0, metric="val_perplexity:lower")

    assert (decision.verdict, decision.margin, decision.place) == (
        GateVerdict.PASS,
        5.0,
        "val_perplexity after the last epoch",
    )
    assert "the val_perplexity is within 5 of what is usual" in decision.reason


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"margin": 0}, "margin must be a finite number above 0, got 0."),
        ({"margin": "0.1"}, "margin must be a finite number above 0, got '0.1'."),
        ({"margin": True}, "margin must be a finite number above 0, got True."),
        ({"margin": math.nan}, "margin must be a finite number above 0, got nan."),
        ({"margin": 0.995}, "even the worst possible value would pass"),
        ({"metric": "val_aux"}, 'Write metric="val_auc"'),
        ({"max_runs": 2.5}, "max_runs must be a positive integer, got 2.5."),
        ({"max_runs": True}, "max_runs must be a positive integer, got True."),
        ({"alpha": "low"}, "alpha must be a number above 0 and below 0.5, got 'low'."),
        ({"seeds": ["a", "b"]}, "A seed must be an integer, got 'a'."),
        ({"seeds": 5}, "seeds must be a list of integers, got 5."),
    ],
    ids=str,
)
def test_an_argument_that_cannot_be_used_is_named(how: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        gate.run_gate(_reference(auc), train=auc, **how)

    assert message in str(caught.value)


def test_curves_that_the_new_trainings_lack_are_not_compared_and_that_is_noted() -> None:
    decision = gate.run_gate(_reference(auc), train=lambda seed: {"val_auc": auc(seed)["val_auc"]})

    assert decision.passed
    assert decision.notes == ("not compared, because the new trainings lack it: val_loss",)


def test_a_metric_that_the_new_trainings_lack_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"There is no curve of the metric 'val_auc': the curves are val_loss"):
        gate.run_gate(_reference(auc), train=lambda seed: {"val_loss": auc(seed)["val_loss"]})


def test_trainings_with_different_curves_are_refused() -> None:
    results = [auc(1000), {"val_auc": auc(1001)["val_auc"]}]

    with pytest.raises(InvalidArgument, match=r"Trainings have different curves: seed 1 lacks val_loss"):
        gate.run_gate(_reference(auc), results=results)


def test_metrics_that_keras_counted_on_are_the_same(tmp_path: Path) -> None:
    """A second training of one process has `auc_1` where the first had `auc`."""
    path = tmp_path / "a.jsonl"
    with reference.appending(path, SUBJECT):
        for seed in range(20):
            name = "val_auc" if seed == 0 else f"val_auc_{seed}"
            reference.append(path, run_of({name: auc(seed)["val_auc"]}, seed))

    decision = gate.run_gate(path, results=[{f"val_auc_{k}": auc(1000 + k)["val_auc"]} for k in (30, 31, 32)])

    assert (decision.verdict, decision.metric.name) == (GateVerdict.PASS, "val_auc")


def stopping(seed: int, worse: float = 0.0, sooner: int = 0) -> dict[str, list[float]]:
    drawn = random.Random(seed)
    epochs = drawn.randrange(8, 14) - sooner
    values = [math.exp(drawn.gauss(0, 0.03)) / epoch**0.3 + worse for epoch in range(1, epochs + 1)]
    return {"loss": [0.9 * value for value in values], "val_loss": values}


def test_trainings_that_stop_by_themselves_are_compared_at_their_ends_at_their_best_and_by_their_number() -> None:
    ready = distribution_of(_reference(stopping), GateSettings())

    by = "test_loss:lower"
    assert ready.metric_point == Point("test_loss", AT_BEST, by)
    assert {
        Point("test_loss", 8),
        Point("test_loss", AT_END),
        Point("loss", AT_BEST, by),
        Point("epochs", AT_END),
    } <= set(ready.samples)
    assert Point("test_loss", 9) not in ready.samples


@pytest.mark.parametrize(
    ("how", "verdict"), [({}, GateVerdict.PASS), ({"worse": 0.3}, GateVerdict.FAIL), ({"sooner": 6}, GateVerdict.FAIL)]
)
def test_they_are_judged(how: dict[str, Any], verdict: GateVerdict) -> None:
    decision = gate.run_gate(_reference(stopping), train=lambda seed: stopping(seed, **how), seeds=range(1000, 1010))

    assert decision.verdict is verdict, decision.evidence


def test_a_reference_file_keeps_the_length_of_each(tmp_path: Path) -> None:
    path, earlier = tmp_path / "a.jsonl", _reference(stopping)
    with reference.appending(path, SUBJECT):
        for run in earlier.runs:
            reference.append(path, run)

    assert reference.read(path) == earlier
    assert {len(json.loads(line)["curves"]["loss"]) for line in path.read_text().splitlines()[1:]} == set(
        earlier.lengths
    )


def test_another_number_of_epochs_than_all_of_the_reference_have_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"The training with seed 0 has 3 epochs, and the reference has 4\."):
        gate.run_gate(_reference(mse), results=[{name: one[:3] for name, one in mse(1000).items()}])


@pytest.mark.parametrize("train", [*TRAININGS, stopping])
def test_a_summary_shows_any_curve(train: Train) -> None:
    reference = _reference(train)
    decision = gate.run_gate(reference, results=[train(1000), train(1001)])

    page = summary.page(distribution_of(reference, GateSettings()), decision)

    assert all(name in page.lower() for name in ("epoch", "pass"))


@pytest.mark.parametrize("train", [*TRAININGS, stopping])
def test_a_picture_shows_any_curve(train: Train, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need pytest-kerasch2[plots]")
    from pytest_kerasch2.accuracy import plot

    reference = _reference(train)
    decision = gate.run_gate(reference, results=[train(1000), train(1001)])

    plot.write(distribution_of(reference, GateSettings()), decision, tmp_path / "a.svg")

    assert (tmp_path / "a.svg").stat().st_size > 1000


def test_a_metric_at_its_ceiling_has_no_seeds_that_lie_apart() -> None:
    ends = [1.0] * 27 + [0.99] * 11 + [0.98] * 2
    runs = tuple(run_of({"test_acc": [0.85 + seed % 7 / 100, end]}, seed) for seed, end in enumerate(ends))

    distribution = distribution_of(Reference(SUBJECT, runs), GateSettings())

    assert (distribution.unusable, distribution.outliers, distribution.margin > 0.01) == (None, (), True)
