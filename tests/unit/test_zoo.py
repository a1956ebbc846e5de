"""The zoo of honest models is large and varied, its runner continues where it stopped, and a sample is not refused."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from evaluation import zoo
from evaluation.zoo_entry import UNUSABLE, ZOO, honest
from pytest_kerasch2.errors import InvalidMeasurement, NotApplicable
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import modes

# TensorFlow's own, of old releases.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
SAMPLE = [
    ("linear regression", "fit"),
    ("tagger by sgd", "train_on_batch"),
    ("mapping of inputs", "fit"),
    ("losses by name", "evaluate"),
    ("weighted regression", "train_on_batch"),
    ("class weights", "fit"),
    ("random targets", "train_on_batch"),
    ("without an error", "train_on_batch"),
    ("gradient accumulation", "fit"),
    ("never compiled", "predict"),
    ("model without layers", "fit"),
    ("product of arrays", "step"),
]


def test_there_are_many_models_of_many_subjects() -> None:
    assert (len(ZOO) >= 120, len({one.subject for one in ZOO.values()}) >= 15) == (True, True)


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="linear regression"):
        honest("regression", name="linear regression")(lambda k, drawn: None)


def test_each_model_is_timed_in_modes_that_there_are() -> None:
    mode_names = {one.name for one in modes.MODES} | {"step"}

    assert {mode for one in ZOO.values() for mode in one.modes} <= mode_names


def test_each_mode_is_asked_for() -> None:
    # The chapter's pipeline takes its own images alone.
    assert {one.name for one in modes.MODES} - {mode for one in ZOO.values() for mode in one.modes} == {"pipeline"}


def test_three_seeds_in_one_round_are_three_measurements_of_each_model() -> None:
    planned = list(zoo.trials(ZOO, [], [], [0, 1, 2], 1))

    assert len(planned) == 3 * len(ZOO) >= 360


def test_rounds_and_seeds_take_turns_with_the_modes() -> None:
    result = {mode for _, mode, _ in zoo.trials(ZOO, ["two layers"], [], [0, 1, 2], 2)}

    assert len(result) == 4


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (InvalidMeasurement("Refused"), zoo.REFUSED),
        (NotApplicable("Not here"), zoo.NOT_HERE),
        (KeyError("x"), zoo.ERROR),
    ],
)
def test_what_is_raised_is_an_outcome(error: Exception, ended: str) -> None:
    def measure() -> Any:
        raise error

    assert zoo.outcome(measure)["outcome"] == ended


def _kept(path: Path, monkeypatch: pytest.MonkeyPatch, results: list[str]) -> int:
    monkeypatch.setattr(zoo, "versions", lambda: {"keras": "3"})
    ended = iter(results)

    def measure(name: str) -> dict[str, Any]:
        outcome = next(ended)
        return {"outcome": outcome, "message": "", "good": outcome == zoo.TIMED}

    return zoo.run([("a",), ("b",)], measure, path, lambda name: {"model": name})


def test_a_run_appends_its_results_and_counts_the_bad_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = _kept(tmp_path / "new" / "kept.jsonl", monkeypatch, [zoo.TIMED, zoo.REFUSED])

    assert (bad, [one["model"] for one in zoo.read(tmp_path / "new" / "kept.jsonl")]) == (1, ["a", "b"])


def test_a_run_continues_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_text(json.dumps({"model": "a", "keras": "3", "outcome": zoo.TIMED}) + '\n{"model": "b', encoding="utf-8")

    _kept(path, monkeypatch, [zoo.TIMED])

    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_what_was_refused_is_done_again_once_the_benchmark_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept.jsonl"
    rows = [{"model": name, "keras": "3", "good": False, "core": of} for name, of in (("a", "old"), ("b", zoo.core()))]
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")

    _kept(path, monkeypatch, [zoo.TIMED])

    assert [one["model"] for one in zoo.read(path)] == ["a", "b", "a"]


def test_results_of_another_release_are_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_text(json.dumps({"model": "a", "keras": "2"}) + "\n", encoding="utf-8")

    _kept(path, monkeypatch, [zoo.TIMED, zoo.TIMED])

    assert len(zoo.read(path)) == 3


@pytest.mark.parametrize(
    ("name", "mode"), [*SAMPLE[:3], *(pytest.param(*one, marks=pytest.mark.slow) for one in SAMPLE[3:])]
)
def test_a_sample_is_timed(name: str, mode: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = zoo.measured(ZOO[name], mode, seed=0)

    assert result["outcome"] in {zoo.TIMED, zoo.NOT_CHECKED, zoo.NOT_HERE}, result["message"]


@pytest.mark.parametrize("name", ["inputs and targets of unequal length", "seconds below zero", "empty mapping"])
def test_what_cannot_be_timed_is_refused_by_name(name: str) -> None:
    one = UNUSABLE[name]

    result = zoo.measured(one, one.modes[0], seed=0)

    assert (result["outcome"], one.named in result["message"]) == (zoo.REFUSED, True)


def test_a_model_that_this_keras_does_not_have_is_no_failure() -> None:
    missing = honest("regression", name="needs more", needs=("optimizers.NoSuchThing",))(lambda k, drawn: None)
    try:
        result = zoo.measured(ZOO["needs more"], "fit", seed=0)
    finally:
        del ZOO["needs more"]

    assert (result["outcome"], missing(None, None), api.is_loaded()) == (zoo.NOT_HERE, None, True)
