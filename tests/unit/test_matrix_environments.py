"""The environments of the matrix: what they are made with, what they leave out, and how they end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

if sys.version_info < (3, 9):
    pytest.skip("the matrix is run by CPython 3.9 or newer", allow_module_level=True)

from matrix import disk, environments, installer, paths, processes
from matrix.environments import Maker
from matrix.errors import Absent, NotBuilt, Unfinished
from matrix.processes import Processes
from tests.builders.fake_matrix import column


def test_the_cache_is_left_alone_while_there_is_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "MADE", tmp_path)
    monkeypatch.setattr(disk, "ROOM", 0)
    monkeypatch.setattr(installer, "uv", lambda: pytest.fail("uv is not needed"))

    disk.make_room()


def test_a_full_disk_gives_up_the_largest_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = tmp_path / "said.txt"
    program = tmp_path / "uv"
    program.write_text(f'#!/bin/sh\necho "$@" > {log}\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(paths, "MADE", tmp_path)
    monkeypatch.setattr(disk, "ROOM", float("inf"))
    monkeypatch.setattr(installer, "uv", lambda: str(program))

    disk.make_room()

    assert log.read_text(encoding="utf-8").startswith("cache clean --quiet tensorflow ")


def test_a_program_past_its_deadline_is_ended_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "GRACE", 1.0)
    command = ["sh", "-c", f"sleep 300 & echo $! > {tmp_path / 'child'}; wait"]

    with pytest.raises(Unfinished, match="did not end in time"):
        Processes().run(command, tmp_path / "log", environ=os.environ, folder=tmp_path, deadline=3.0)

    child = int((tmp_path / "child").read_text(encoding="utf-8"))
    assert any(_is_gone(child) or time.sleep(0.1) for _ in range(100))


def _is_gone(process: int) -> bool:
    # One that was killed stays a zombie until its new parent has looked at it.
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    ).stdout
    return not state.strip() or state.startswith("Z")


def test_the_users_own_settings_of_keras_do_not_reach_a_run() -> None:
    actual = environments.variables(column("2.15"), {"KERAS_BACKEND": "jax", "PYTHONPATH": "/x", "HOME": "/h"})

    assert ("KERAS_BACKEND" in actual, "PYTHONPATH" in actual, actual["HOME"]) == (False, False, "/h")


def test_a_missing_shared_library_leaves_a_column_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "WORK", tmp_path)
    old = replace(column("2.15"), libraries={"libold.so.1": "libnowhere.so.99"})

    with pytest.raises(Absent, match=r"A shared library is missing: libnowhere\.so\.99"):
        environments.variables(old, {})


def test_wheels_for_pip_are_wheels_for_uv() -> None:
    assert installer.wheels({"PIP_FIND_LINKS": "a b"}) == "a,b"


def test_own_wheels_go_before_the_index_of_torch() -> None:
    assert installer.to_torch("cpu", {"UV_FIND_LINKS": "wheels"}) == []


def test_without_wheels_uv_knows_where_torch_lies() -> None:
    assert installer.to_torch("cpu", {}) == ["--torch-backend", "cpu"]


def test_pins_that_are_missing_leave_a_column_absent() -> None:
    maker = Maker("2026-01-01", Path("x.whl"), "", Processes())

    with pytest.raises(Absent, match=r"no file nowhere\.txt.*python -m matrix pin nowhere"):
        maker.make(replace(column("2.15"), environment="nowhere"), Path("log"), {})


def test_a_plugin_that_does_not_build_is_no_fault_of_a_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installer, "uv", lambda: "false")

    with pytest.raises(NotBuilt, match="The plugin does not build"):
        environments.build_wheel(tmp_path, Processes(), tmp_path / "log")


def test_a_hint_is_not_what_was_wrong() -> None:
    assert environments.publishable("error: no such package\nhint: try again\n") == "error: no such package"
