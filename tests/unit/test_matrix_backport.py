"""The copy of the plugin for CPython 3.6: what is rewritten, and that all of it can be read there."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

if sys.version_info < (3, 9):
    pytest.skip("the matrix is run by CPython 3.9 or newer", allow_module_level=True)

from matrix import backport, interpreters, paths
from matrix.errors import Absent

MODULES = sorted(paths.PLUGIN.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(paths.PLUGIN).as_posix())
def test_each_module_can_be_read_by_the_older_interpreter(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    copy = backport.rewritten(source)

    ast.parse(copy, feature_version=(3, 6))
    assert "import annotations" not in copy
    assert len(copy.splitlines()) == len(source.splitlines())


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("x: int | None = None\n", "x: 'int | None' = None\n"),
        (
            "def f(a: list[int], *b: A, c: B = 1) -> C: ...\n",
            "def f(a: 'list[int]', *b: 'A', c: 'B' = 1) -> 'C': ...\n",
        ),
        ("def f(é='ü', a: dict[str,\n  int] = {}): ...\n", "def f(é='ü', a: 'dict[str, int]' \\\n = {}): ...\n"),
        ("class A:\n    b: 'B'\n", "class A:\n    b: \"'B'\"\n"),
        ("from __future__ import annotations\n", "\n"),
        ("run(text=True)\n", "run(universal_newlines=True)\n"),
    ],
)
def test_annotations_become_texts_and_keep_their_lines(source: str, copy: str) -> None:
    assert backport.rewritten(source) == copy


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "plugin.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "pytest_kerasch2/__init__.py", '"""Ours."""\n\nfrom __future__ import annotations\n\nX: int = 1\n'
        )
        archive.writestr("pytest_kerasch2/room/data.json", "{}")
        archive.writestr("pytest_kerasch2-0.1.0.dist-info/entry_points.txt", "[pytest11]\n")
    return path


def test_a_copy_takes_the_place_of_what_was_there(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site-packages"
    for old in ("pytest_kerasch2/gone.py", "pytest_kerasch2-0.0.9.dist-info/METADATA", "pytest/kept.py"):
        (folder / old).parent.mkdir(parents=True)
        (folder / old).write_text("", encoding="utf-8")

    backport.unpack(wheel, folder)

    actual = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    package = {"__init__.py", "cpython36.py", "room/data.json"}
    assert actual == {
        "pytest/kept.py",
        "pytest_kerasch2-0.1.0.dist-info/entry_points.txt",
        *(f"pytest_kerasch2/{name}" for name in package),
    }


def test_a_copy_has_what_its_interpreter_lacks_before_all_else(wheel: Path, tmp_path: Path) -> None:
    backport.unpack(wheel, tmp_path)

    first = ast.parse((tmp_path / "pytest_kerasch2" / "__init__.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(first) == "Ours."
    assert ast.unparse(first.body[1]) == "from pytest_kerasch2 import cpython36"


@pytest.fixture
def older() -> Path:
    try:
        return interpreters.find("3.6")
    except Absent:
        pytest.skip("there is no CPython 3.6")


def test_the_older_interpreter_compiles_the_copy(older: Path, tmp_path: Path) -> None:
    for path in MODULES:
        copy = tmp_path / path.relative_to(paths.PLUGIN)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(backport.rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")

    subprocess.run([str(older), "-m", "compileall", "-q", str(tmp_path)], check=True, timeout=300)


# A stand-in for pytest 7.0, which does not say where its arguments come from.
LACKING = """
import sys, types
pytest = sys.modules["_pytest.config"] = types.ModuleType("_pytest.config")
pytest.Config = type("Config", (), {"option": types.SimpleNamespace(file_or_dir=["tests"])})
import contextlib, cpython36, gc, http.server
gc.freeze()
with contextlib.nullcontext(3) as entered:
    assert entered == 3
assert issubclass(http.server.ThreadingHTTPServer, http.server.HTTPServer)
config = pytest.Config()
assert config.args_source is config.ArgsSource.ARGS
config.option.file_or_dir = []
assert config.args_source is not config.ArgsSource.ARGS
"""


def test_the_older_interpreter_and_pytest_are_given_what_they_lack(older: Path) -> None:
    subprocess.run([str(older), "-c", LACKING], cwd=str(backport.SUPPORT.parent), check=True, timeout=60)
