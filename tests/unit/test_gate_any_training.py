"""The examples of docs/how-to/gate-any-training.md: each is calibrated, passes, and fails with its fault.

Those whose framework is not installed are skipped with the reason, and only read: see `tox run -e tests-frameworks`.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from typing import Iterator
from unittest import mock

import pytest

from pytest_kerasch2 import cli
from pytest_kerasch2.framework import threads
from tests.builders.once import import_once
from tests.unit.gate_examples import BLOCK, PAGE, Example, examples

import_once()

pytest.importorskip("scipy.stats", reason="distributions are SciPy's, of the extra `accuracy`")
pytest.importorskip("joblib", reason="trainings are spread by joblib, of the extra `accuracy`")
EXAMPLES = examples(PAGE.read_text(encoding="utf-8"))
BY_NAME = {example.module: example for example in EXAMPLES}
every_example = pytest.mark.parametrize("name", list(BY_NAME))


@pytest.fixture
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.Pytester]:
    """An empty folder, from which a module is imported anew in each run."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.setattr(sys, "path", [str(pytester.path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    # The framework of the tests' own process has begun to compute.
    monkeypatch.setattr(threads, "limit", lambda: None)
    yield pytester
    for name in BY_NAME:
        sys.modules.pop(name, None)


def _skip_without(example: Example) -> None:
    for package in example.needs:
        pytest.importorskip(package, reason=f"{package} is not installed, which this example trains with")
    if "keras" in example.needs:
        import keras

        if not hasattr(keras.utils, "set_random_seed"):
            pytest.skip("this Keras has no set_random_seed, which came with 2.7")


def _write(folder: pytest.Pytester, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder.path / name).write_text(text, encoding="utf-8")


def _outcome(folder: pytest.Pytester, example: Example) -> pytest.RunResult:
    sys.modules.pop(example.module, None)
    return folder.runpytest("-p", "no:randomly", "-p", "no:cacheprovider", list(example.files)[1])


@pytest.mark.slow
@pytest.mark.timeout(1800)
@every_example
def test_an_example_passes_and_fails_with_its_fault(name: str, folder: pytest.Pytester) -> None:
    example = BY_NAME[name]
    _skip_without(example)
    _write(folder, example.files)
    assert cli.main(list(example.command)) == 0

    unchanged = _outcome(folder, example)
    _write(folder, {f"{name}.py": example.faulty})
    faulty = _outcome(folder, example)

    unchanged.assert_outcomes(passed=1)
    faulty.assert_outcomes(failed=1)
    faulty.stdout.fnmatch_lines(["*GateFailed*"])


def test_the_gate_is_asked_from_the_shell(folder: pytest.Pytester) -> None:
    example = BY_NAME["letters"]
    (asked,) = re.findall(r"```sh\nkerasch2 (gate .*)\n```", PAGE.read_text(encoding="utf-8"))
    _write(folder, example.files)
    assert cli.main([*example.command]) == 0

    assert cli.main(asked.split()) == 0


def test_finished_trainings_are_gated_without_another_one(folder: pytest.Pytester) -> None:
    example = BY_NAME["letters"]
    files = {one["name"]: one["text"] for one in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))}
    _write(folder, {**example.files, "test_finished.py": files["test_finished.py"]})
    assert cli.main([*example.command]) == 0
    exec(compile(files["train_elsewhere.py"], "train_elsewhere.py", "exec"), {})

    result = folder.runpytest("-p", "no:randomly", "-p", "no:cacheprovider", "test_finished.py")

    result.assert_outcomes(passed=1)


def test_the_page_has_an_example_of_each_kind() -> None:
    assert [example.module for example in EXAMPLES] == [
        "regression",
        "tumours",
        "letters",
        "stopped",
        "torch_training",
        "jax_training",
    ]


@every_example
def test_an_example_is_a_function_of_a_seed(name: str) -> None:
    example = BY_NAME[name]
    compile(example.training, name, "exec")
    (train,) = (node for node in ast.parse(example.training).body if getattr(node, "name", "") == "train")

    assert isinstance(train, ast.FunctionDef)
    assert [argument.arg for argument in train.args.args] == ["seed"]
    assert "seed" in {node.id for node in ast.walk(train) if isinstance(node, ast.Name)}


@every_example
def test_the_test_of_an_example_asks_for_what_it_has(name: str) -> None:
    example = BY_NAME[name]
    asked = list(example.files.values())[1]
    metric = re.search(r'metric="(\w+):(higher|lower)"', asked)

    assert example.command[:4] == ("calibrate", f"{name}.jsonl", "--training", f"{name}:train")
    assert f'"{name}.jsonl"' in asked
    assert f"from {name} import train" in asked
    assert metric
    # Keras makes the name of its metric itself.
    assert f'"{metric[1]}"' in example.training or "model.fit" in example.training


@every_example
def test_the_fault_of_an_example_changes_one_line(name: str) -> None:
    example = BY_NAME[name]
    pairs = zip(example.training.splitlines(), example.faulty.splitlines())

    assert sum(before != after for before, after in pairs) == 1


@every_example
def test_an_example_is_importable_without_its_framework(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    example = BY_NAME[name]
    stand_ins = {package: mock.MagicMock() for package in ("keras", "torch", "jax", "jax.numpy") if not _here(package)}
    stand_ins = {one: stand_in for one, stand_in in stand_ins.items() if one.split(".")[0] in example.needs}
    if not stand_ins:
        pytest.skip("its packages are installed, and it is run")
    module: dict[str, object] = {}

    # One by one: `mock.patch.dict` would forget all that is imported in between.
    for package, stand_in in stand_ins.items():
        monkeypatch.setitem(sys.modules, package, stand_in)
    exec(compile(example.training, name, "exec"), module)

    assert callable(module["train"])


def _here(package: str) -> bool:
    return importlib.util.find_spec(package.split(".")[0]) is not None


def test_a_page_without_a_fault_to_plant_is_an_error() -> None:
    text = "\n## One\n\n```python\n# one.py\n```\n\n```sh\nkerasch2 calibrate one.jsonl\n```\n"

    with pytest.raises(ValueError, match="a fault to plant, is missing"):
        examples(text)
