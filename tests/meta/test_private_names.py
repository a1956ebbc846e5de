"""Private names of other projects that our code uses: each is known, has a reason, and is still there."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path
from typing import Iterator

import pytest

from tests.meta.sources import PACKAGE, modules

READS_SOURCE = pytest.mark.skipif(sys.version_info < (3, 8), reason="source is read by CPython 3.8 or newer")
# By the module that has it. Where each is used, a comment says why there is no public way.
NEEDED = {
    "pytest": {
        "_arg2fixturedefs": "_pytest.python",
        "_calls": "_pytest.python",
        "_idlist": "_pytest.python",
        "_fixtureinfo": "_pytest.python",
        "_groups": "_pytest.config.argparsing",
        "_anonymous": "_pytest.config.argparsing",
        "_parser": "_pytest.config",
        "_get_wrapped_function": "_pytest.fixtures",
    },
    "pytest_benchmark": {
        "_benchmarksession": "pytest_benchmark.plugin",
        "_make_stats": "pytest_benchmark.fixture",
        "_mode": "pytest_benchmark.fixture",
    },
}
# Of frameworks: where state has no public name, each for some of the releases that are verified. The suite runs there.
OF_FRAMEWORKS = {
    "_DUMMY_EAGER_GRAPH",
    "_GRAPH_LEARNING_PHASES",
    "_LEARNING_PHASE",
    "_UID_PREFIXES",
    "_KERAS_DIR",
    "_SEED_GENERATOR",
    "_create_hypers",
    "_create_slots",
    "_dynamic",
    "_global_policy",
    "_initialized",
    "_is_graph_network",
    "_rng",
    "_seed",
    "_values",
    "_visible_device_list",
}
OF_PYTHON = {"_exit", "_getframe", "_fields", "_asdict", "_replace", "_make", "_name_"}
PRIVATE_MODULES = {"_pytest.fixtures", "_pytest.junitxml", "joblib._parallel_backends", "joblib._dask", "_thread"}


def _used(path: Path) -> Iterator[str]:
    """Return the private attributes that a module uses and that are not its own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {one.name for one in ast.walk(tree) if isinstance(one, (ast.FunctionDef, ast.ClassDef))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            ours = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not ours and node.attr not in own and not _is_of_self(node):
                yield node.attr


def _is_of_self(node: ast.Attribute) -> bool:
    """Whether it is of something that the same object holds privately, which is ours."""
    return isinstance(node.value, ast.Attribute) and node.value.attr.startswith("_")


@READS_SOURCE
def test_no_other_private_attribute_is_used() -> None:
    actual = {name for path in modules() for name in _used(path)}
    earlier = {name for names in NEEDED.values() for name in names} | OF_FRAMEWORKS | OF_PYTHON

    assert actual - earlier == set()


@READS_SOURCE
def test_no_other_private_module_is_imported() -> None:
    actual = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            actual.update(name for name in names if any(part.startswith("_") for part in name.split(".")))

    assert actual - PRIVATE_MODULES - {"__future__"} == set()


@pytest.mark.parametrize(
    ("project", "name", "module"),
    [(project, name, module) for project, names in NEEDED.items() for name, module in names.items()],
)
def test_a_private_name_is_still_there(project: str, name: str, module: str) -> None:
    """What fails here has gone from the library: see where it is used, and whether there is a public way now."""
    pytest.importorskip(project)
    if (name, pytest.version_tuple < (8, 4)) == ("_get_wrapped_function", True):
        pytest.skip("a fixture is a function around another one here, and the code takes the other way")

    source = Path(str(importlib.import_module(module).__file__)).read_text(encoding="utf-8")

    assert name in source


@READS_SOURCE
def test_control_a_private_attribute_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("def f(config):\n    return config._secret + self._own\n", encoding="utf-8")

    assert list(_used(tmp_path / "one.py")) == ["_secret"]


def test_the_code_is_there() -> None:
    assert PACKAGE.is_dir()
