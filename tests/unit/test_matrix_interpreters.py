"""Interpreters: found on the path, in pyenv and among uv's, or said to be missing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

if sys.version_info < (3, 9):
    pytest.skip("the matrix is run by CPython 3.9 or newer", allow_module_level=True)

from matrix import interpreters
from matrix.errors import Absent


def _program(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any interpreter, whose path is `bin`."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def test_a_missing_interpreter_is_said(machine: Path) -> None:
    with pytest.raises(
        Absent, match=r"no CPython 3\.6.*on the path, in pyenv or among those of uv.*uv python install 3\.6"
    ):
        interpreters.find("3.6")


def test_one_on_the_path_is_found(machine: Path) -> None:
    program = _program(machine / "bin" / "python3.6", "echo CPython 3.6")

    assert interpreters.find("3.6") == program


def test_a_shim_that_refuses_to_start_is_passed_over(machine: Path) -> None:
    _program(machine / "bin" / "python3.6", "exit 127")
    kept = _program(machine / "pyenv" / "versions" / "3.6.15" / "bin" / "python3.6", "echo CPython 3.6")

    assert interpreters.find("3.6") == kept


def test_another_python_of_that_version_is_passed_over(machine: Path) -> None:
    _program(machine / "bin" / "python3.6", "echo PyPy 3.6")

    with pytest.raises(Absent):
        interpreters.find("3.6")


def test_the_newest_of_pyenv_is_taken(machine: Path) -> None:
    for patch in ("3.6.9", "3.6.15", "3.6.1"):
        _program(machine / "pyenv" / "versions" / patch / "bin" / "python3.6", "echo CPython 3.6")

    assert interpreters.find("3.6").parts[-3] == "3.6.15"


def test_the_root_is_the_one_that_pyenv_says(machine: Path) -> None:
    kept = _program(machine / "other" / "versions" / "3.6.15" / "bin" / "python3.6", "echo CPython 3.6")
    _program(machine / "bin" / "pyenv", f"echo {machine / 'other'}")

    assert interpreters.find("3.6") == kept


def test_version_3_1_is_not_3_10(machine: Path) -> None:
    _program(machine / "pyenv" / "versions" / "3.10.13" / "bin" / "python3.10", "echo CPython 3.10")

    with pytest.raises(Absent):
        interpreters.find("3.1")


def test_one_of_uv_is_found_without_a_download(machine: Path) -> None:
    kept = _program(machine / "uvs" / "python3.6", "echo CPython 3.6")
    _program(machine / "bin" / "uv", f'case "$*" in *--no-python-downloads*) echo {kept};; esac')

    assert interpreters.find("3.6") == kept


def test_a_real_interpreter_answers_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    version = "{}.{}".format(*sys.version_info[:2])
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")

    assert interpreters.find(version).exists()
