"""`kerasch2 doctor`: what it finds, what it calls missing, and what it must not do."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2 import backend_choice, cli
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.doctor import backends, command, examining, importing, surroundings
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import packages


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KERAS_BACKEND", "KERAS_HOME", "TF_USE_LEGACY_KERAS", "KERASCH2_MIRROR"):
        monkeypatch.delenv(name, raising=False)


INSTALLED = packages.installed


def installed(monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    """Let these be the packages that are installed, and none be imported."""
    monkeypatch.setattr(backend_choice, "imported", lambda: None)
    monkeypatch.setattr(packages, "version_of", lambda name: versions.get(name.replace("-", "_")) or None)
    # Its default was bound when it was defined.
    monkeypatch.setattr(packages, "installed", lambda environ=None: INSTALLED(environ, packages.version_of))


EVERYTHING = dict.fromkeys((name.replace("-", "_") for name in surroundings.NAMES), "1.0")


def test_no_framework_is_needed_and_its_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, **{**EVERYTHING, "keras": "", "tf_keras": ""})

    examination = examining.examined()

    assert (examination.usable, examination.framework["state"], examination.backend["name"]) == (
        False,
        "missing",
        "none",
    )
    assert examination.missing[0].command == 'pip install "pytest-kerasch2[tensorflow]"'


def test_what_is_missing_of_the_extras_leaves_it_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, **{**EVERYTHING, "keras": "3.15.1", "tensorflow": "2.21.0", "scipy": "", "matplotlib": ""})

    examination = examining.examined(quick=True)

    commands = {one.what: one.command for one in examination.missing}
    assert (examination.usable, commands["scipy"]) == (True, 'pip install "pytest-kerasch2[accuracy]"')
    assert commands["matplotlib"] == 'pip install "pytest-kerasch2[plots]"'


def test_a_dependency_that_is_gone_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, **{**EVERYTHING, "keras": "3.15.1", "tensorflow": "2.21.0", "numpy": ""})

    examination = examining.examined(quick=True)

    assert (examination.usable, examination.missing[0].command) == (False, "pip install numpy")


def test_a_backend_that_is_not_installed_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, **{**EVERYTHING, "keras": "3.15.1", "jax": "", "torch": ""})
    monkeypatch.setenv("KERAS_BACKEND", "jax")

    examination = examining.examined(quick=True)

    assert (examination.usable, examination.missing[0].command) == (False, 'pip install "pytest-kerasch2[jax]"')


def test_a_backend_that_is_there_is_named_where_the_default_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, **{**EVERYTHING, "keras": "3.15.1", "torch": ""})

    examination = examining.examined(quick=True)

    assert (examination.usable, "set KERAS_BACKEND=jax" in examination.missing[0].command) == (False, True)


KERAS_3 = {"keras": "3.15.1", "tensorflow": "2.21.0"}


@pytest.mark.parametrize(
    ("versions", "environ", "configured", "name", "reason"),
    [
        ({}, {}, None, "none", "no Keras is installed"),
        ({"keras": "2.15.0", "tensorflow": "2.15.1"}, {"KERAS_BACKEND": "jax"}, None, "tensorflow", "Keras 2"),
        (KERAS_3, {}, None, "tensorflow", "is not set"),
        (KERAS_3, {"KERAS_BACKEND": "torch"}, "jax", "torch", "KERAS_BACKEND"),
        (KERAS_3, {"KERAS_BACKEND": "nonsense"}, None, "unknown", "not a backend"),
        (KERAS_3, {}, "jax", "jax", "keras.json"),
        (KERAS_3, {}, "{broken", "tensorflow", "is not set"),
        (
            {**KERAS_3, "tf_keras": "2.21.0"},
            {"TF_USE_LEGACY_KERAS": "1"},
            None,
            "tensorflow",
            "Keras 2.21.0 runs on TensorFlow alone",
        ),
        ({"keras": "3.15.1", "jax": "0.10"}, {"KERAS_BACKEND": "jax"}, None, "jax", "KERAS_BACKEND"),
    ],
)
def test_the_backend_is_told_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    versions: Any,
    environ: Any,
    configured: Any,
    name: str,
    reason: str,
) -> None:
    installed(monkeypatch, **versions)
    if configured is not None:
        text = configured if configured.startswith("{") else json.dumps({"backend": configured})
        (tmp_path / "keras.json").write_text(text, encoding="utf-8")

    actual = backends.chosen({**environ, "KERAS_HOME": str(tmp_path)})

    assert (actual["name"], reason in actual["reason"]) == (name, True)


def test_data_sets_are_found_where_they_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mnist.npz").write_bytes(b"not looked into")
    monkeypatch.setenv("KERASCH2_MIRROR", str(tmp_path))

    actual = surroundings.data()

    assert (actual["mnist"], actual["cifar10"]) == (str(tmp_path), None)


def test_a_data_set_of_which_a_file_is_missing_is_not_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "fashion-mnist").mkdir()
    (tmp_path / "fashion-mnist" / "train-images-idx3-ubyte.gz").write_bytes(b"")
    monkeypatch.setenv("KERASCH2_MIRROR", str(tmp_path))

    assert surroundings.data()["fashion_mnist"] is None


def test_a_folder_outside_of_a_repository_is_no_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    actual = surroundings.of_git()

    assert (actual["repository"], "not in a git repository" in actual["reason"]) == (None, True)


def test_a_missing_git_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "git" in [one.what for one in examining.examined(quick=True).missing]


@pytest.mark.skipif(sys.platform == "win32", reason="a current folder cannot be removed there")
def test_a_current_folder_that_is_gone_does_not_end_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert surroundings.of_git()["repository"] is None


@pytest.mark.parametrize("width", [20, 80, 500])
def test_no_line_is_wider_than_the_terminal_but_for_what_is_copied(width: int) -> None:
    lines = command.lines(examining.examined(quick=True), width)

    long = [line for line in lines if len(line) > max(width, 40)]
    assert [line for line in long if " " in line.strip()] == []


def test_nothing_is_written_to_the_home(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["doctor", "--quick"])

    assert list(Path.home().iterdir()) == []


def _hanging(*given: Any) -> dict[str, Any]:
    time.sleep(600)
    return {}


def _ended(*given: Any) -> dict[str, Any]:
    os.abort()


def job_of(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the child call a function of this module, where it would import the framework."""
    real = importing.Job

    def build(target: str, **how: Any) -> Any:
        return real(f"tests.unit.test_doctor:{name}", **how)

    monkeypatch.setattr(importing, "Job", build)


@pytest.mark.parametrize(("name", "error"), [("_hanging", "deadline of 1 s"), ("_ended", "SIGABRT")])
def test_a_framework_that_hangs_or_crashes_is_a_finding(monkeypatch: pytest.MonkeyPatch, name: str, error: str) -> None:
    if name == "_ended" and sys.platform == "win32":
        pytest.skip("there are no signals")
    monkeypatch.setattr(packages, "installed", lambda environ=None: Release("2.21.0", "3.15.1", "tensorflow"))
    job_of(monkeypatch, name)

    examination = examining.examined(deadline=1.0 if name == "_hanging" else 60.0)

    assert (examination.usable, examination.framework["state"], error in examination.framework["error"]) == (
        False,
        "broken",
        True,
    )


@pytest.mark.parametrize("deadline", [0.0, -1.0, float("nan")])
def test_a_deadline_that_is_no_time_is_refused(deadline: float) -> None:
    with pytest.raises(InvalidArgument, match="deadline"):
        examining.examined(deadline=deadline)


def test_the_exit_status_says_whether_it_is_usable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed(monkeypatch, **{**EVERYTHING, **KERAS_3})
    usable = cli.main(["doctor", "--quick"])
    installed(monkeypatch, **{**EVERYTHING, "keras": "", "tf_keras": ""})
    unusable = cli.main(["doctor"])

    assert (usable, unusable) == (0, 1)


def test_what_is_installed_is_imported_and_its_devices_are_listed() -> None:
    if packages.installed() is None:
        pytest.skip("there is no framework here")

    examination = examining.examined(deadline=500.0)

    assert (examination.usable, examination.framework["state"], "cpu:0" in (examination.devices or ())) == (
        True,
        "imported",
        True,
    )
    assert list(Path.home().iterdir()) == []
