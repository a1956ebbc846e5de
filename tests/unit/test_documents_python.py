"""`kerasch2 check --python`: the document runs in another interpreter, which needs nothing of ours."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
if os.name != "posix":
    pytest.skip("the stand-ins are shell scripts", allow_module_level=True)
from pytest_kerasch2 import cli

BLOCK = "import os\nassert os.environ['STAND_IN'] == 'yes'\nopen('x', 'w').close()"


def interpreter(folder: Path, *lines: str, name: str = "python") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def stand_in(folder: Path, name: str = "python", **versions: str) -> Path:
    """Make an interpreter that has no packages but for the metadata of these, and tells by a variable that it is it."""
    for package, version in versions.items():
        about = folder / "fakes" / f"{package}-{version}.dist-info"
        about.mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        (about / "METADATA").write_text(text, encoding="utf-8")
    fakes = f'export STAND_IN=yes PYTHONPATH="$PYTHONPATH:{folder / "fakes"}"'
    return interpreter(folder, fakes, f'exec {sys.executable} -S "$@"', name=name)


def check(folder: Path, python: Path | str, *words: str, block: str = BLOCK) -> tuple[int, dict[str, Any]]:
    path, target = folder / "page.md", folder / "findings.json"
    path.write_text(f"```py\n{block}\n```\n", encoding="utf-8")
    status = cli.main(["check", str(path), "--python", str(python), "--json", str(target), *words])
    return status, json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}


def test_a_document_runs_there_and_the_release_is_the_one_that_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, data = check(tmp_path, stand_in(tmp_path, tensorflow="2.0.4"), "--run")

    assert (status, [one["finding"] for one in data["documents"][0]["blocks"]]) == (0, ["runs"])
    assert data["release"] == {"tensorflow": "2.0.4", "keras": "2.2.4-tf", "backend": "tensorflow"}
    assert capsys.readouterr().out.startswith("The documents are checked for TensorFlow 2.0.4, Keras 2.2.4-tf, which")


def test_what_is_installed_here_is_not_there(tmp_path: Path) -> None:
    python = stand_in(tmp_path, tensorflow="2.15.1", keras="2.15.0")

    _, data = check(tmp_path, python, "--run", block="import libcst")

    assert data["documents"][0]["blocks"][0]["needs"] == ["the package libcst, which is not installed"]


def test_an_environment_is_taken_for_its_interpreter(tmp_path: Path) -> None:
    stand_in(tmp_path, "environment/bin/python", keras="3.5.0")

    status, data = check(tmp_path, tmp_path / "environment", "--read-only", block="x = 1")

    assert (status, data["release"]["tensorflow"], data["release"]["keras"]) == (0, "-", "3.5.0")


@pytest.mark.parametrize(
    ("lines", "versions", "part"),
    [
        (("echo hello",), {}, "This is not an interpreter: {python}: it does not run Python."),
        (("echo python 2.7.18",), {}, "This interpreter is too old: {python}: CPython 2.7.18."),
        (("echo python 3.6.15",), {}, "This interpreter is too old: {python}: CPython 3.6.15."),
        ((), {}, "There is no TensorFlow and no Keras: {python}."),
        ((), {"tensorflow": "1.15.0"}, "The release is too old: {python}: TensorFlow 1.15.0."),
        ((), {"keras": "2.2.5"}, "The release is too old: {python}: Keras 2.2.5."),
        (
            (f'[ "$1" = -E ] && exec {sys.executable} "$@"', "exit 9"), {},
            "The interpreter does not say which release it has: {python}: exit status 9.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_run_a_document_is_refused_in_words(
    tmp_path: Path, lines: tuple[str, ...], versions: dict[str, str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    python = interpreter(tmp_path, *lines) if lines else stand_in(tmp_path, **versions)

    status, data = check(tmp_path, python, "--run")

    shown = " ".join(capsys.readouterr().err.split())
    assert (status, data) == (2, {})
    assert part.format(python=python) in shown
    assert shown.endswith("of CPython 3.7 or newer with TensorFlow 2 or Keras 3.")


@pytest.mark.parametrize("place", ["absent", "page.md", ".", "no-such-interpreter"])
def test_a_path_without_an_interpreter(tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _ = check(tmp_path, tmp_path / place if place != "no-such-interpreter" else place, "--read-only")

    assert status == 2
    assert capsys.readouterr().err.startswith(
        ("kerasch2 check: There is no interpreter here", "kerasch2 check: This is not an interpreter")
    )


def test_a_release_cannot_be_named_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _ = check(tmp_path, sys.executable, "--read-only", "--release", "2.16")

    assert (status, "--python and --release" in capsys.readouterr().err) == (2, True)


@pytest.mark.skipif(sys.version_info < (3, 10), reason="CPython lists its modules from 3.10 on")
def test_the_side_of_the_other_interpreter_needs_the_standard_library_alone() -> None:
    from tests.meta.sources import PACKAGE, imports

    own = ("block_run", "interpreter_facts", "observing")
    allowed = {"pytest_kerasch2.framework", "pytest_kerasch2.subprocesses"}
    allowed |= {f"pytest_kerasch2.documents.{name}" for name in own}
    files = [PACKAGE / "documents" / f"{name}.py" for name in own]
    outside = {name for file in files for name in imports(file) if not name.startswith(tuple(allowed))}
    # The package of the modules themselves, which holds nothing.
    outside -= {"pytest_kerasch2.documents"}

    assert {name.split(".")[0] for name in outside} <= set(sys.stdlib_module_names) | {"__future__"}
