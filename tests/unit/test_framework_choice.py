"""The backend is found in the order in which Keras looks, and a message names what to set."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_kerasch2 import backend_choice
from pytest_kerasch2.backend_choice import Choice
from pytest_kerasch2.errors import FrameworkMissing, InvalidArgument
from pytest_kerasch2.framework import advice
from pytest_kerasch2.subprocesses import runner
from pytest_kerasch2.subprocesses.job import Job, value_of

IMPORTED = SimpleNamespace(__version__="3.15.1", config=SimpleNamespace(backend=lambda: "torch"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home, in a process that has imported no Keras and sets nothing."""
    for name in ("KERAS_BACKEND", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    return tmp_path


def write(folder: Path, content: Any) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "keras.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def test_where_nothing_is_said_it_is_tensorflow(home: Path) -> None:
    chosen = backend_choice.choice()

    assert (chosen.name, chosen.stated) == ("tensorflow", False)
    assert list(home.iterdir()) == []


def test_the_file_in_the_home_decides(home: Path) -> None:
    file = write(home / ".keras", {"backend": "jax"})

    assert backend_choice.choice() == Choice("jax", f'"backend": "jax" in {file}')


def test_the_file_in_keras_home_decides_over_that_in_the_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home / ".keras", {"backend": "jax"})
    write(home / "other", {"backend": "torch"})
    monkeypatch.setenv("KERAS_HOME", str(home / "other"))

    assert backend_choice.choice().name == "torch"


def test_a_changed_file_is_read_again(home: Path) -> None:
    write(home / ".keras", {"backend": "jax"})
    before = backend_choice.choice().name
    write(home / ".keras", {"backend": "torch"})

    assert (before, backend_choice.choice().name) == ("jax", "torch")


def test_the_variable_decides_over_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home / ".keras", {"backend": "jax"})
    monkeypatch.setenv("KERAS_BACKEND", "torch")

    assert backend_choice.choice() == Choice("torch", "KERAS_BACKEND=torch")


def test_an_imported_keras_decides_over_the_variable(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setitem(sys.modules, "keras", IMPORTED)

    assert backend_choice.choice().name == "torch"


def test_an_imported_keras_of_the_time_of_theano_decides_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keras = SimpleNamespace(__version__="2.3.1", backend=SimpleNamespace(backend=lambda: "another, by a fault"))
    monkeypatch.setitem(sys.modules, "keras", keras)
    monkeypatch.setitem(sys.modules, "keras.backend.theano_backend", SimpleNamespace())

    assert backend_choice.choice().name == "theano"


@pytest.mark.parametrize(
    "keras",
    [
        SimpleNamespace(__version__="2.2.4-tf", backend=SimpleNamespace(backend=lambda: "tensorflow")),
        SimpleNamespace(__version__="2.15.0", config=SimpleNamespace(backend=lambda: "x")),
        SimpleNamespace(__version__="3.15.1"),  # an import that failed half-way
        None,
    ],
)
def test_what_is_no_keras_3_decides_nothing(home: Path, monkeypatch: pytest.MonkeyPatch, keras: Any) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setitem(sys.modules, "keras", keras)

    assert backend_choice.choice().name == "jax"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"backend": 3}', '{"backend": ""}', "[" * 100000])
def test_a_damaged_file_says_nothing(home: Path, content: str) -> None:
    write(home / ".keras", content)

    assert backend_choice.choice() == Choice("tensorflow", backend_choice.choice().source, stated=False)


def test_other_variables_than_those_of_the_process_can_be_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", IMPORTED)
    write(home / ".keras", {"backend": "jax"})

    assert [backend_choice.choice(one).name for one in ({}, {"HOME": str(home)})] == ["tensorflow", "jax"]


DEFAULT = Choice("tensorflow", "KERAS_BACKEND is not set, and no keras.json names a backend", stated=False)


@pytest.mark.parametrize(
    ("present", "to_do"),
    [
        (["jax"], "set KERAS_BACKEND=jax"),
        (["jax", "torch"], "set KERAS_BACKEND=jax or KERAS_BACKEND=torch"),
        ([], "install jax or torch and set KERAS_BACKEND"),
    ],
)
def test_without_tensorflow_the_backends_that_are_there_are_named(present: list[str], to_do: str) -> None:
    error = advice.without_tensorflow(DEFAULT, "3.15.1", present)

    assert isinstance(error, FrameworkMissing)
    assert "Keras 3.15.1" in error.found
    assert to_do in error.remedy


def test_without_any_keras_tensorflow_is_to_be_installed() -> None:
    assert advice.without_tensorflow(DEFAULT, None, ["jax"]).happened == "TensorFlow is not installed"


@pytest.mark.parametrize(
    ("name", "kind", "happened"),
    [
        ("jx", InvalidArgument, "Keras has no backend called 'jx'"),
        ("numpy", InvalidArgument, "Keras cannot train on numpy"),
        ("openvino", InvalidArgument, "Keras cannot train on openvino"),
        ("torch", FrameworkMissing, "Keras is to run on torch, which is not installed"),
    ],
)
def test_a_backend_that_cannot_be_used_is_named_with_its_source_and_another(
    name: str, kind: type, happened: str
) -> None:
    error = advice.unusable(Choice(name, f"KERAS_BACKEND={name}"), ["jax"])

    assert type(error) is kind
    assert (error.happened, error.found) == (happened, f"KERAS_BACKEND={name}")
    assert "set KERAS_BACKEND to jax" in error.remedy


@pytest.mark.parametrize(("keras", "usable"), [("2.3.1", True), ("2.4.3", False), ("3.15.1", False), (None, False)])
def test_theano_is_a_backend_of_keras_up_to_2_3(keras: str | None, usable: bool) -> None:
    error = advice.unusable(Choice("theano", "KERAS_BACKEND=theano"), ["theano"], keras)

    assert (error is None) is usable


def test_a_missing_theano_is_installed_by_its_own_name() -> None:
    error = advice.unusable(Choice("theano", "KERAS_BACKEND=theano"), [], "2.3.1")

    assert error is not None
    assert "pip install theano" in error.remedy


def test_a_backend_that_is_installed_can_be_used() -> None:
    assert advice.unusable(Choice("jax", "KERAS_BACKEND=jax"), ["jax"]) is None


def test_a_child_is_told_the_backend_that_its_own_home_does_not_name(home: Path) -> None:
    write(home / ".keras", {"backend": "jax"})

    assert value_of(runner.run(Job("os:getenv", (backend_choice.VARIABLE,)))) == "jax"


def test_a_child_is_told_nothing_where_nothing_is_said(home: Path) -> None:
    assert value_of(runner.run(Job("os:getenv", (backend_choice.VARIABLE,)))) is None


def test_a_child_runs_on_the_backend_that_is_imported(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setitem(sys.modules, "keras", IMPORTED)

    assert value_of(runner.run(Job("os:getenv", (backend_choice.VARIABLE,)))) == "torch"
