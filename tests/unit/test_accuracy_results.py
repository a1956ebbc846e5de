"""A gate asked about trainings that are finished: which results are judged, and which are refused."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, Callable

import pytest

from pytest_kerasch2.accuracy import gate, user_training
from pytest_kerasch2.accuracy.decision import GateVerdict
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.errors import BadReference, InvalidArgument, TrainingFailed
from tests.builders import synthetic_trainings
from tests.builders.synthetic_trainings import DATA, NEW, history, make_reference, run

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
SEEDS = make_reference()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return synthetic_trainings.write(make_reference(20), tmp_path / "reference.jsonl")


@pytest.mark.parametrize(
    "results",
    [
        [run(seed) for seed in NEW],
        (run(seed) for seed in NEW),
        [history(run(seed)) for seed in NEW],
        [SimpleNamespace(history=history(run(seed))) for seed in NEW],
        make_reference(6, trained=lambda seed, epochs: run(1000 + seed)),
    ],
    ids=["runs", "generator", "mappings", "histories", "reference"],
)
def test_results_are_judged(results: Any) -> None:
    assert gate.run_gate(SEEDS, results=results).passed


@pytest.mark.parametrize(
    "results",
    [
        run(1000, loss=20.0),
        history(run(1000, loss=20.0)),
        MappingProxyType(history(run(1000, loss=20.0))),
        SimpleNamespace(history=history(run(1000, loss=20.0))),
    ],
    ids=["run", "dict", "mapping", "history"],
)
def test_a_single_result_is_judged(results: Any) -> None:
    assert (gate.run_gate(SEEDS, results=results).verdict, GateVerdict.FAIL) == (GateVerdict.FAIL, GateVerdict.FAIL)


def test_results_keep_their_seeds_and_the_others_are_numbered() -> None:
    shown = [history(run(2000)), run(1000), {**history(run(1001)), "seed": 1001}]

    decision = gate.run_gate(SEEDS, results=shown, margin=0.0001)

    assert decision.seeds == (0, 1000, 1001)


def test_plain_data_of_a_reference_do_not_judge_it_either() -> None:
    plain = make_reference(trained=lambda seed, epochs: user_training.run_of(history(run(seed)), seed))

    with pytest.raises(BadReference, match="trainings of the reference itself"):
        gate.run_gate(plain, results=[plain.runs[7].to_dict()])


@pytest.mark.parametrize("kind", [str, Path])
def test_results_are_another_file_of_calibrate(tmp_path: Path, kind: Callable[[Path], Any]) -> None:
    results = synthetic_trainings.write(
        make_reference(6, trained=lambda seed, epochs: run(1000 + seed)), tmp_path / "results.jsonl"
    )

    assert gate.run_gate(SEEDS, results=kind(results)).passed


def test_the_file_of_the_reference_does_not_judge_itself(path: Path) -> None:
    with pytest.raises(BadReference, match="trainings of the reference itself"):
        gate.run_gate(path, results=path)


def test_results_that_are_not_there_are_said() -> None:
    with pytest.raises(InvalidArgument, match="There is no reference "):
        gate.run_gate(SEEDS, results="nowhere.jsonl")


def _results(**about: Any) -> Reference:
    return make_reference(6, trained=lambda seed, epochs: run(1000 + seed, epochs), **about)


@pytest.mark.parametrize(
    ("results", "message"),
    [
        (_results(recipe=Recipe(epochs=2, batch_size=64)), "'batch_size': 32} in the reference, {'style': "),
        (_results(epochs=3), "'epochs': 3, 'batch_size': 32} in the results"),
        (synthetic_trainings.own("mine:train", 6), "{'training': 'mine:train', 'epochs': 2} in the results"),
    ],
)
def test_results_of_another_training_are_refused(results: Reference, message: str) -> None:
    with pytest.raises(BadReference, match="The results are of another training than the reference") as caught:
        gate.run_gate(SEEDS, results=results)

    assert message in str(caught.value)
    assert str(caught.value).endswith("Calibrate both alike.")


@pytest.mark.parametrize("change", [{"sha256": "1" * 64}, {"name": "mnist"}, {"test": 297}], ids=str)
def test_results_of_other_data_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadReference, match="The results are of other data than the reference"):
        gate.run_gate(SEEDS, results=_results(data={**DATA, **change}))


def test_a_changed_file_of_ones_own_training_is_what_the_gate_is_asked_about() -> None:
    reference = synthetic_trainings.own("mine:train")
    results = replace(reference, runs=tuple(run(seed) for seed in NEW))
    changed = replace(
        results, description=replace(reference.description, data={"name": "mine:train", "sha256": "2" * 64})
    )

    assert gate.run_gate(reference, results=changed).passed


@pytest.mark.parametrize("results", [[], make_reference(0), ()], ids=["list", "reference", "tuple"])
def test_no_results_are_nothing_to_decide_from(results: Any) -> None:
    with pytest.raises(InvalidArgument, match="no trainings to decide from"):
        gate.run_gate(SEEDS, results=results)


@pytest.mark.parametrize(
    "results", [3, [3], ["loss"], [None], object()], ids=["number", "numbers", "words", "none", "object"]
)
def test_results_that_are_no_curves_are_refused(results: Any) -> None:
    with pytest.raises(InvalidArgument, match="The training returned no curve"):
        gate.run_gate(SEEDS, results=results)


def test_results_that_diverged_are_told() -> None:
    with pytest.raises(TrainingFailed, match=r"The training with seed .* diverged"):
        gate.run_gate(SEEDS, results=[{**history(run(1000)), "val_loss": [0.5, math.nan]}])


def test_results_of_fewer_epochs_are_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"epochs?, and the reference has"):
        gate.run_gate(SEEDS, results=[run(1000, epochs=1)])


@pytest.mark.parametrize("beside", [{"data": DATA}, {"seeds": [7]}])
def test_what_is_for_training_is_refused_beside_results(beside: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match=f"cannot be combined with {next(iter(beside))}="):
        gate.run_gate(SEEDS, results=[run(seed) for seed in NEW], **beside)
