"""A gate asked in one call: what may be given, and what is refused before anything is trained."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import numpy as np
import pytest

from pytest_kerasch2.accuracy import gate, reference, training
from pytest_kerasch2.accuracy.decision import GateVerdict
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.data.preprocessing import PreparedData
from pytest_kerasch2.errors import BadReference, InvalidArgument, TrainingFailed
from tests.builders import synthetic_trainings
from tests.builders.synthetic_trainings import NEW, make_reference, run

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
SEEDS = make_reference()
IMAGE = np.zeros((1, 28, 28), dtype="float32")
LABEL = np.zeros(1, dtype="int64")
DIGITS = PreparedData("digits", IMAGE, LABEL, IMAGE, LABEL, "0" * 64)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return synthetic_trainings.write(make_reference(20), tmp_path / "reference.jsonl")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What a trainer of models was given, which only makes numbers up."""
    given: list[tuple[Any, ...]] = []

    def train(recipe: Recipe, data: Any, seed: int, build: Callable[[], Any]) -> TrainingRun:
        given.append((recipe, data, build))
        return run(seed)

    monkeypatch.setattr(training, "train", train)
    return given


def _never(seed: int) -> Any:
    raise AssertionError("nothing was to be trained")


def _model() -> Any:
    return "a model"


ABOUT = {"model": _model, "train": _never, "results": [run(1000)]}


@pytest.mark.parametrize("names", [names for count in (0, 2, 3) for names in itertools.combinations(ABOUT, count)])
def test_exactly_one_thing_is_asked_about(names: tuple[str, ...]) -> None:
    how: Any = {name: ABOUT[name] for name in names}

    with pytest.raises(InvalidArgument, match=r"takes exactly one of model=, train= and results=, got .*Give one"):
        gate.run_gate(SEEDS, **how)


def test_a_reference_is_named_by_its_file_too(path: Path) -> None:
    actual = [gate.run_gate(given, train=run).verdict for given in (path, str(path), make_reference(20))]

    assert actual == [GateVerdict.PASS] * 3


def _slightly_changed(one: TrainingRun) -> TrainingRun:
    return replace(one, seed=10**9 + one.seed, loss=tuple(1.001 * loss for loss in one.loss))


def test_a_shipped_reference_is_named() -> None:
    earlier = reference.load_bundled(reference.bundled_names()[0])

    decision = gate.run_gate(reference.bundled_names()[0], results=list(map(_slightly_changed, earlier.runs[:3])))

    assert decision.passed


@pytest.mark.parametrize("name", ["mnist", "nowhere.jsonl"])
def test_a_reference_that_is_not_there_is_said_with_those_that_are(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InvalidArgument) as caught:
        gate.run_gate(name, train=_never)

    assert "mnist-tensorflow-2.21" in str(caught.value)


def _tampered(lines: list[str]) -> None:
    lines[3] = lines[3].replace('"seed"', '"sead"')


def _cut_in_the_middle(lines: list[str]) -> None:
    lines[3] = lines[3][:30]


def _nan(lines: list[str]) -> None:
    lines[3] = json.dumps({**json.loads(lines[3]), "loss": [0.5, math.nan]})


def _other_schema(lines: list[str]) -> None:
    lines[0] = lines[0].replace('"schema": 1', '"schema": 2')


def _other_network(lines: list[str]) -> None:
    lines[0] = lines[0].replace("sequential-list", "resnet")


@pytest.mark.parametrize("change", [_tampered, _cut_in_the_middle, _nan, _other_schema, _other_network])
def test_a_damaged_reference_is_refused_before_any_training(path: Path, change: Callable[[list[str]], None]) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    change(lines)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    with pytest.raises(BadReference, match=r"reference\.jsonl.*Write it anew with kerasch2 calibrate"):
        gate.run_gate(path, train=_never)


def test_a_reference_whose_last_line_a_kill_cut_short_has_one_seed_less(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])

    assert gate.run_gate(path, train=run).passed


def test_a_reference_that_is_cut_down_to_too_few_seeds_is_refused(path: Path) -> None:
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:5]), encoding="utf-8")

    with pytest.raises(BadReference, match="A reference needs at least 5 seeds, and this one has "):
        gate.run_gate(path, train=_never)


@pytest.mark.parametrize("terms", [{"margin": 0.0}, {"margin": math.nan}, {"alpha": 0.6}, {"beta": 0.0}])
def test_terms_are_refused_before_any_training(terms: dict[str, float]) -> None:
    with pytest.raises(InvalidArgument, match=r"^(margin|alpha|beta) must be a .*number above 0.*, got "):
        gate.run_gate(SEEDS, train=_never, **terms)


def test_terms_are_kept() -> None:
    decision = gate.run_gate(SEEDS, train=_never, margin=0.0005, max_runs=3)

    assert (decision.margin, "cannot be told by 3 trainings" in decision.reason) == (0.0005, True)


def test_seeds_may_be_given() -> None:
    assert gate.run_gate(SEEDS, train=run, seeds=NEW).seeds == NEW[:2]


def test_each_training_is_told() -> None:
    results: list[int] = []

    gate.run_gate(SEEDS, train=run, seeds=NEW, on_run=lambda one, decision: results.append(one.seed))

    assert results == list(NEW[:2])


@pytest.mark.parametrize("train", ["my_training:train", 3, SimpleNamespace(fit=None)])
def test_a_training_that_is_no_function_is_refused(train: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        gate.run_gate(SEEDS, train=train)

    assert str(caught.value) == f"train must be a function of a seed, got {train!r}."


def test_a_training_that_returns_rubbish_says_what_to_return() -> None:
    with pytest.raises(InvalidArgument, match=r"The training returned no curve, but None\. Return the history of"):
        gate.run_gate(SEEDS, train=lambda seed: None)


def test_a_training_that_raises_is_an_error_of_ours() -> None:
    with pytest.raises(TrainingFailed, match="AssertionError: nothing was to be trained, in line"):
        gate.run_gate(SEEDS, train=_never)


def test_a_model_is_trained_as_the_reference_was(asked: list[tuple[Any, ...]]) -> None:
    decision = gate.run_gate(SEEDS, model=_model, data=DIGITS)

    assert decision.passed
    assert [(recipe, data, build()) for recipe, data, build in asked] == [
        (SEEDS.description.recipe, DIGITS, _model())
    ] * 2


def test_the_data_of_the_reference_are_asked_for_by_their_name(asked: list[tuple[Any, ...]]) -> None:
    named: list[str] = []

    gate.run_gate(SEEDS, model=_model, load_data=lambda name: named.append(name) or DIGITS)

    assert (named, asked[0][1]) == (["digits"], DIGITS)


def test_a_class_of_models_makes_them_too(asked: list[tuple[Any, ...]]) -> None:
    class Model:
        def fit(self) -> None: ...

    assert gate.run_gate(SEEDS, model=Model, data=DIGITS).passed


@pytest.mark.parametrize(
    "model", [SimpleNamespace(fit=None), type("Model", (), {"fit": 1, "__call__": 2})(), 3, "name"]
)
def test_a_model_itself_is_refused_for_what_makes_one(model: Any) -> None:
    """It would be trained on and on."""
    with pytest.raises(
        InvalidArgument, match=r"^model must be a function that makes a new model each time it is called, got "
    ):
        gate.run_gate(SEEDS, model=model, data=DIGITS)


def test_a_model_without_data_says_which_are_meant() -> None:
    with pytest.raises(
        InvalidArgument, match=r"no data to train the model on: the reference was trained on digits\. Give it"
    ):
        gate.run_gate(SEEDS, model=_model)


@pytest.mark.parametrize("data", [(IMAGE, LABEL), IMAGE, "digits", SimpleNamespace(digest="0" * 64)], ids=lambda _: "")
def test_data_that_are_not_prepared_are_refused(data: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^data must be a prepared data set, got a \w+\. Give what"):
        gate.run_gate(SEEDS, model=_model, data=data)


def test_other_data_than_those_of_the_reference_are_refused(asked: list[tuple[Any, ...]]) -> None:
    with pytest.raises(BadReference) as caught:
        gate.run_gate(SEEDS, model=_model, data=replace(DIGITS, name="mnist", digest="f" * 64))

    message = "The reference is of other data: digits 000000000000 there, mnist ffffffffffff here. Train on"
    assert (str(caught.value).startswith(message), asked) == (True, [])


def test_a_model_is_not_judged_by_somebodys_own_training() -> None:
    with pytest.raises(BadReference, match=r"is of the training mine:train, by which.*\. Give that function as"):
        gate.run_gate(synthetic_trainings.own("mine:train"), model=_model, data=DIGITS)
