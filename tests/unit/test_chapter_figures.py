"""Printed figures against curves that are there: no training."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import pytest

from pytest_kerasch2.accuracy import reference
from pytest_kerasch2.accuracy.curve import Point
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.chapter.printed_numbers import claims as printed_numbers_claims
from pytest_kerasch2.chapter.printed_numbers import decision, equivalence, trained
from pytest_kerasch2.chapter.printed_numbers.trained import STYLES, Curves
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.errors import ClaimBroken, Inconclusive, NotApplicable
from pytest_kerasch2.framework import api
from pytest_kerasch2.options import Settings
from pytest_kerasch2.stats import prediction
from pytest_kerasch2.stats.prediction import Prediction

# TensorFlow's own, of old releases.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture
def curves() -> Curves:
    return trained.stored()


def _changed(curves: Curves, change: Callable[[TrainingRun], TrainingRun], *names: str) -> Curves:
    by_style = {
        name: tuple(change(run) if name in (names or STYLES) else run for run in runs)
        for name, runs in curves.by_style.items()
    }
    return replace(curves, by_style=by_style)


def _less_accurate(points: float) -> Callable[[TrainingRun], TrainingRun]:
    return lambda run: replace(run, test_accuracy=(*run.test_accuracy[:-1], run.test_accuracy[-1] - points / 100))


def test_each_way_has_three_stored_seeds_of_its_own(curves: Curves) -> None:
    seeds = [run.seed for run in curves.runs]

    assert (len(seeds), len(set(seeds))) == (12, 12)


def test_a_figure_that_the_trainings_give_is_held(curves: Curves) -> None:
    record = Recorder()

    decision.one_of_them(record, curves, STYLES, Point("test_accuracy", 10), "0.9801")

    assert "0.9801 is printed: 12 trainings gave" in record.evidence[-1]


@pytest.mark.parametrize(
    ("series", "printed"), [("test_accuracy", "0.9901"), ("test_accuracy", "0.9681"), ("test_loss", "0.13")]
)
def test_a_figure_that_they_cannot_give_is_broken_whichever_way_it_lies(
    curves: Curves, series: str, printed: str
) -> None:
    with pytest.raises(ClaimBroken, match="standard deviations from their mean"):
        decision.one_of_them(Recorder(), curves, STYLES, Point(series, 10), printed)


def test_a_figure_with_few_digits_is_known_no_better(curves: Curves) -> None:
    # 0.1 stands for all from 0.05 to 0.15, and so for the 0.078 that is usual.
    decision.one_of_them(Recorder(), curves, STYLES, Point("test_loss", 10), "0.1")

    with pytest.raises(ClaimBroken):
        decision.one_of_them(Recorder(), curves, STYLES, Point("test_loss", 10), "0.1500")


# Family-wise one per cent over twelve figures is 0.00083 for one.
@pytest.mark.parametrize(("probability", "verdict"), [(0.0009, None), (0.0005, Inconclusive), (0.00005, ClaimBroken)])
def test_a_figure_is_broken_only_where_other_seeds_would_not_tell_it_otherwise(
    curves: Curves, monkeypatch: pytest.MonkeyPatch, probability: float, verdict: type[Exception] | None
) -> None:
    monkeypatch.setattr(prediction, "predict", lambda *_: Prediction(probability, 0.0, 1.0, 3.5))
    shown = contextlib.nullcontext() if verdict is None else pytest.raises(verdict, match=r"3\.5 standard deviations")

    with shown:
        decision.one_of_them(Recorder(), curves, STYLES, Point("test_loss", 10), "0.0915")


def test_a_figure_at_the_edge_does_not_hide_a_broken_one(curves: Curves, monkeypatch: pytest.MonkeyPatch) -> None:
    text = iter([Prediction(0.0005, 0.0, 1.0, 3.5), Prediction(0.0, 0.0, 1.0, 20.0)])
    monkeypatch.setattr(prediction, "predict", lambda *_: next(text))

    with pytest.raises(ClaimBroken, match=r"20\.0 standard deviations"):
        printed_numbers_claims.first_way(Recorder(), curves, dict.fromkeys(STYLES, "a"))


def test_98_of_100_is_what_the_mean_rounds_to(curves: Curves) -> None:
    decision.rounds_to(Recorder(), curves.runs, 98)

    with pytest.raises(ClaimBroken):
        decision.rounds_to(Recorder(), curves.runs, 97)


def test_a_mean_near_a_half_is_not_told(curves: Curves) -> None:
    shares = [run.test_accuracy[-1] for run in curves.runs]
    near = _changed(curves, _less_accurate(100 * sum(shares) / len(shares) - 97.5))

    with pytest.raises(Inconclusive):
        decision.rounds_to(Recorder(), near.runs, 98)


def test_a_way_that_ends_two_points_lower_is_not_nearly_the_same(curves: Curves) -> None:
    worse = _changed(curves, _less_accurate(2), "subclass")

    with pytest.raises(ClaimBroken, match="subclass ends nearly as"):
        decision.nearly_alike(Recorder(), worse, "subclass", STYLES[:3], same_bits=True)


def test_a_difference_that_is_not_known_well_enough_decides_nothing_by_itself(curves: Curves) -> None:
    unsure = _changed(curves, _less_accurate(0.4), "subclass")

    with pytest.raises(Inconclusive):
        decision.nearly_alike(Recorder(), unsure, "subclass", STYLES[:3], same_bits=False)


def test_a_subclass_without_dropout_is_not_nearly_the_same() -> None:
    printed = reference.load_bundled(trained.STORED)
    undropped = reference.read(Path(__file__).parents[2] / "evaluation/data/printed-without_dropout.jsonl")
    by_style = {
        "sequential-list": printed.runs,
        "subclass": [replace(run, seed=-1 - run.seed) for run in undropped.runs],
    }
    curves = Curves(by_style, printed.description.data, "stored")

    with pytest.raises(ClaimBroken):
        decision.nearly_alike(Recorder(), curves, "subclass", ["sequential-list"], same_bits=False)


def test_a_seed_of_two_ways_that_are_one_training_counts_once(curves: Curves) -> None:
    twice = replace(curves, by_style={**curves.by_style, "functional": curves.by_style["sequential-list"]})
    record = Recorder()

    decision.one_of_them(record, twice, ("sequential-list", "functional"), Point("test_accuracy", 10), "0.9801")

    assert "0.9801 is printed: 3 trainings gave" in record.evidence[-1]


def test_equal_bits_decide_where_the_interval_does_not(curves: Curves) -> None:
    record = Recorder()
    unsure = _changed(curves, _less_accurate(0.4), "subclass")

    decision.nearly_alike(record, unsure, "subclass", STYLES[:3], same_bits=True)

    assert "equal weights give equal bits" in record.evidence[-1]


def test_equal_bits_decide_without_training() -> None:
    record = Recorder()

    decision.nearly_alike(record, None, "functional", STYLES[:2], same_bits=True)

    assert "equal weights give equal bits" in record.evidence[-1]


def test_other_bits_decide_nothing_without_training() -> None:
    with pytest.raises(Inconclusive, match="--chapter-accuracy"):
        decision.nearly_alike(Recorder(), None, "subclass", STYLES[:3], same_bits=False)


@pytest.fixture(scope="module")
def bits() -> Any:
    return equivalence.digests(api.tensorflow())


@pytest.mark.slow  # trains each way for two epochs
@pytest.mark.parametrize("name", ["sequential-add", "functional"])
def test_equal_weights_order_and_dropping_give_equal_training(bits: Any, name: str) -> None:
    assert bits[name] == bits["sequential-list"]


@pytest.mark.slow  # trains each way for two epochs
def test_the_printed_subclass_drops_nothing_on_keras_3_and_trains_otherwise(bits: Any) -> None:
    assert (bits["subclass"] == bits["sequential-list"]) is not api.is_keras3()


def test_ways_that_train_alike_tell_their_figures_together() -> None:
    record = Recorder()

    group = equivalence.kin(record, {**dict.fromkeys(STYLES, "a"), "subclass": "b"}, "functional")

    assert (group, record.evidence) == (
        STYLES[:3],
        (
            "from equal weights, order and dropping, functional trains bit for bit"
            " as sequential-list, sequential-add do",
        ),
    )


def test_a_way_that_trains_as_no_other_does_tells_its_figures_alone() -> None:
    group = equivalence.kin(Recorder(), {**dict.fromkeys(STYLES, "a"), "subclass": "b"}, "subclass")

    assert group == ("subclass",)


def test_without_training_nothing_is_decided() -> None:
    with pytest.raises(Inconclusive, match="--chapter-accuracy"):
        trained.check_training_asked(Settings(chapter=True))


def test_without_its_libraries_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(Inconclusive, match=r"no joblib and no scipy.*pytest-kerasch2\[accuracy\]"):
        trained.check_libraries()


def test_progress_tells_what_is_left() -> None:
    lines: list[str] = []
    progress = trained.Progress(2, lines.append)

    progress.after("done")
    progress.after("done")

    assert [line.split(":")[0] for line in lines] == ["training 1 of 2", "training 2 of 2"]


def test_printed_times_are_no_verdict_and_stand_beside_those_of_this_machine() -> None:
    with pytest.raises(NotApplicable, match=r"fit takes 154 microseconds an image here, 2\.00 and 2\.48 times"):
        printed_numbers_claims.fit_time(equivalence.Times(fit=154.0, evaluate=20.0))
