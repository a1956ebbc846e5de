"""Somebody's own training: found by its name, called with a seed, and held to what a curve is."""

from __future__ import annotations

import hashlib
import itertools
import math
import sys
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, Callable, Iterator

import pytest

from pytest_kerasch2.accuracy import user_training
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.user_training import UserTraining
from pytest_kerasch2.errors import InvalidArgument, TrainingFailed

CURVE = {"loss": [0.5, 0.25], "accuracy": [0.8, 0.9], "val_loss": [0.4, 0.3], "val_accuracy": [0.85, 0.9]}
READ = TrainingRun(7, (0.5, 0.25), (0.8, 0.9), (0.4, 0.3), (0.85, 0.9))
WORKS = f"def train(seed):\n    return {CURVE!r}\n"
Module = Callable[[str], str]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Module]:
    """A function that writes a module into the folder of the call and gives its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    results: list[str] = []
    numbers = itertools.count()

    def write(text: str) -> str:
        results.append(f"own_training_{next(numbers)}")
        (tmp_path / f"{results[-1]}.py").write_text(text, encoding="utf-8")
        return results[-1]

    yield write
    for name in results:
        sys.modules.pop(name, None)


def test_a_function_of_the_folder_is_trained(module: Module) -> None:
    actual = user_training.train(UserTraining(f"{module(WORKS)}:train", 2), 7)

    assert (actual.seed, actual.loss, actual.test_accuracy) == (7, READ.loss, READ.test_accuracy)


def test_the_time_is_measured(module: Module) -> None:
    name = module(f"import time\n{WORKS.replace('return', 'time.sleep(0.02); return')}")

    assert user_training.train(UserTraining(f"{name}:train", 2), 7).seconds >= 0.02


@pytest.mark.parametrize("name", ["train", "train:", ":train", ""])
def test_a_name_without_module_or_function_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        UserTraining(name, 2)

    assert str(caught.value) == f"training must be written as module:function, got {name!r}."


@pytest.mark.parametrize("epochs", [0, -1])
def test_a_training_without_epochs_is_refused(epochs: int) -> None:
    with pytest.raises(InvalidArgument, match="epochs must be a positive integer, got "):
        UserTraining("a:b", epochs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "AttributeError"),
        ("def train(:", "SyntaxError"),
        ("import no_such_module_at_all", "No module named 'no_such_module_at_all'"),
        ("raise ValueError('no data')", "ValueError('no data')"),
        # A script without a guard: its status would be taken for that of the gate.
        ("raise SystemExit(0)", "SystemExit(0)"),
    ],
)
def test_a_training_that_cannot_be_imported_is_refused(module: Module, text: str, expected: str) -> None:
    name = module(text)

    with pytest.raises(InvalidArgument) as caught:
        user_training.load_function(UserTraining(f"{name}:train", 2))

    message = str(caught.value)
    assert message.startswith(f"The training {name}:train cannot be imported: ")
    assert expected in message
    assert message.endswith("Name a function that can be imported from here.")


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidArgument, match=r"no_such_module:train cannot be imported: ModuleNotFoundError"):
        user_training.load_function(UserTraining("no_such_module:train", 2))


def test_what_cannot_be_called_is_refused(module: Module) -> None:
    name = module("train = 3\n")

    with pytest.raises(InvalidArgument, match=rf"The training {name}:train must be a function of a seed, got 3\."):
        user_training.load_function(UserTraining(f"{name}:train", 2))


def test_more_epochs_than_announced_are_refused(module: Module) -> None:
    message = r"returned 2 epochs, and epochs is 1\. Use --epochs=2, or leave"

    with pytest.raises(InvalidArgument, match=message):
        user_training.train(UserTraining(f"{module(WORKS)}:train", 1), 7)


@pytest.mark.parametrize("epochs", [None, 2, 10])
def test_a_training_may_stop_before_the_epochs_announced(module: Module, epochs: int | None) -> None:
    assert user_training.train(UserTraining(f"{module(WORKS)}:train", epochs), 7).epochs == 2


def test_a_training_that_raises_is_told_with_its_place(module: Module) -> None:
    name = module("def train(seed):\n    raise RuntimeError('out of memory')\n")

    with pytest.raises(TrainingFailed, match=rf"RuntimeError: out of memory, in line 2 of {name}.py, with seed 7"):
        user_training.train(UserTraining(f"{name}:train", 2), 7)


def test_a_training_that_takes_no_seed_is_told(module: Module) -> None:
    with pytest.raises(InvalidArgument, match="The training function must take a seed"):
        user_training.train(UserTraining(f"{module('def train(): pass')}:train", 2), 7)


@pytest.mark.parametrize(
    "given",
    [
        CURVE,
        MappingProxyType(CURVE),
        SimpleNamespace(history=CURVE),
        {"loss": [0.5, 0.25], "acc": [0.8, 0.9], "val_loss": [0.4, 0.3], "val_acc": [0.85, 0.9], "lr": [1, 1]},
        {"loss": [0.5, 0.25], "accuracy": [0.8, 0.9], "test_loss": [0.4, 0.3], "test_accuracy": [0.85, 0.9]},
        READ,
    ],
    ids=["history", "mapping", "History", "old names", "our names", "run"],
)
def test_a_curve_is_read_from(given: Any) -> None:
    assert user_training.run_of(given, 7) == READ


def test_numbers_of_any_kind_are_read() -> None:
    import numpy as np

    given = {name: np.array(values, dtype="float32") for name, values in CURVE.items()}

    assert user_training.run_of(given, 7) == READ


def test_a_run_keeps_its_own_seed() -> None:
    assert user_training.run_of(READ, 9).seed == 7


@pytest.mark.parametrize("given", [None, 3, "loss", [0.5, 0.25], object])
def test_what_is_no_curve_is_refused(given: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        user_training.run_of(given, 7)

    assert str(caught.value).startswith(f"The training returned no curve, but {given!r}. Return the history")


@pytest.mark.parametrize("lacking", list(CURVE))
def test_no_curve_is_required(lacking: str) -> None:
    actual = user_training.run_of({name: values for name, values in CURVE.items() if name != lacking}, 7)

    assert len(actual.curves) == 3


def test_an_empty_history_has_nothing() -> None:
    with pytest.raises(InvalidArgument, match="no curve of a metric, but nothing"):
        user_training.run_of({}, 7)


@pytest.mark.parametrize("values", [None, 0.5, "many", [None], ["a"], [[0.1, 0.2]], [10**400], {"a": 1}])
def test_a_series_that_holds_no_numbers_is_refused(values: Any) -> None:
    with pytest.raises(InvalidArgument, match="must hold numbers") as caught:
        user_training.run_of({**CURVE, "val_loss": values}, 7)

    assert f"The curve val_loss must hold numbers, got {repr(values)[:40]}" in str(caught.value)


@pytest.mark.parametrize("values", [[], [0.5], [0.5, 0.4, 0.3]])
def test_series_of_different_lengths_are_refused(values: Any) -> None:
    with pytest.raises(InvalidArgument, match="All curves of a training must have the same number of epochs"):
        user_training.run_of({**CURVE, "val_loss": values}, 7)


def test_a_curve_of_no_epochs_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="must have the same number of epochs"):
        user_training.run_of(dict.fromkeys(CURVE, ()), 7)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", list(CURVE))
def test_a_curve_that_is_not_finite_is_no_curve(name: str, number: float) -> None:
    with pytest.raises(TrainingFailed, match=r"The training with seed . diverged"):
        user_training.run_of({**CURVE, name: [0.5, number]}, 7)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("accuracy", [80.0, 90.0]),
        ("val_accuracy", [0.85, 1.5]),
        ("val_accuracy", [-0.1, 0.9]),
    ],
)
def test_accuracies_in_per_cent_are_refused(name: str, values: list[float]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        user_training.run_of({**CURVE, name: values}, 7)

    assert str(caught.value) == (
        f"{name} must lie from 0 to 1, got {tuple(values)} with seed 7. "
        "Give accuracies as shares, or use another name such as val_percent."
    )


def test_a_run_is_held_to_the_same() -> None:
    with pytest.raises(InvalidArgument, match="must lie from 0 to 1"):
        user_training.run_of(TrainingRun(7, (0.5,), (80.0,), (0.4,), (85.0,)), 7)


@pytest.mark.parametrize("values", [[0.0, 0.0], [1.0, 1.0], [1.00000001, 1.0]])
def test_the_ends_are_possible(values: list[float]) -> None:
    """A share of float32 may be larger than one by less than is told."""
    assert user_training.run_of({**CURVE, "accuracy": values}, 7).accuracy == tuple(map(round, values))


def test_a_training_is_known_by_its_file(module: Module, tmp_path: Path) -> None:
    name = module(WORKS)

    actual = user_training.digest(UserTraining(f"{name}:train", 2))

    assert actual == hashlib.sha256((tmp_path / f"{name}.py").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        "import functools\ndef given(data, seed): pass\ntrain = functools.partial(given, 3)\n",
        "class Train:\n    def __call__(self, seed): pass\ntrain = Train()\n",
    ],
    ids=["partial", "object"],
)
def test_what_is_called_and_is_no_function_is_known_by_its_file_too(module: Module, tmp_path: Path, text: str) -> None:
    name = module(text)

    assert user_training.digest(UserTraining(f"{name}:train", 2)) == hashlib.sha256(text.encode()).hexdigest()


def test_what_has_no_file_is_known_by_its_name() -> None:
    assert user_training.digest(UserTraining("time:sleep", 2)) == hashlib.sha256(b"time:sleep").hexdigest()
