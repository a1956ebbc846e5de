"""`kerasch2 check --against`: what differs between two releases, when it counts, why, and what is refused."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from pytest_kerasch2 import cli
from pytest_kerasch2.claims import schema
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import (
    comparing,
    difference_lines,
    execution,
    explaining,
    observing,
    other_release,
    reading,
    release_comparison,
)
from pytest_kerasch2.documents.block_findings import BlockFinding, Cause, Word
from pytest_kerasch2.documents.comparing import ReleaseDifference, SideRuns
from pytest_kerasch2.documents.document import DocumentBlock
from pytest_kerasch2.documents.execution import BlockRun
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import packages

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "check-a-document.md"
SCHEMA = Path(reading.__file__).parent / "check.schema.json"
THERE, HERE = Release("2.0.0", "2.2.4-tf", "tensorflow"), Release("2.21.0", "3.15.1", "tensorflow")


def ran(printed: str = "", **observed: Any) -> BlockRun:
    return BlockRun(1, value={"printed": printed, "observed": observed})


def number(value: float) -> dict[str, Any]:
    return {"kind": "float", "numbers": [value]}


def array(
    dtype: str = "float32", shape: tuple[int, ...] = (2,), numbers: tuple[float, ...] = (1.0, 2.0)
) -> dict[str, Any]:
    return {"kind": "array", "of": "array", "shape": list(shape), "dtype": dtype, "numbers": list(numbers)}


def optimizer(**settings: Any) -> dict[str, Any]:
    return {"kind": "optimizer", "class": "SGD", "settings": settings}


def compared(there: BlockRun, here: BlockRun, doubt: str = "") -> list[tuple[str, str, str]]:
    """Return name and path, kind and verdict of what differs between blocks that give the same whenever they run."""
    sides = [SideRuns(one, one, one) for one in (there, here)]
    return [(one.what, one.kind, one.verdict) for one in comparing.compare(sides[0], sides[1], doubt)]


@pytest.mark.parametrize(
    ("there", "here"),
    [
        (ran(x=number(0.001)), ran(x=number(0.0010000000474974513))),
        (ran(x=array()), ran(x=array(numbers=(1.0, 2.000001)))),
        (ran(x=optimizer(learning_rate=0.1, decay=0.0)), ran(x=optimizer(learning_rate=0.1, weight_decay=None))),
        (ran(x=optimizer(learning_rate=0.1, decay=0.5)), ran(x=optimizer(learning_rate=["InverseTimeDecay", {}]))),
        (ran("loss 0.7217 3ms"), ran("loss 0.7218 9ms")),
        (ran(x={"kind": "str", "text": "dense_1"}), ran(x={"kind": "str", "text": "dense"})),
        (ran(x={"kind": "unreadable"}), ran(x={"kind": "unreadable", "why": "E"})),
    ],
)
def test_what_is_the_same(there: BlockRun, here: BlockRun) -> None:
    assert [one for one in compared(there, here) if "learning_rate" not in one[0]] == []


@pytest.mark.parametrize(
    ("there", "here", "expected"),
    [
        (ran(x=number(0.5)), ran(x=number(0.001)), [("x", "number", "differs")]),
        (ran(x=array()), ran(x=array("float64")), [("x.dtype", "structure", "differs")]),
        (ran(x=array()), ran(x=array(shape=(1,), numbers=(1.0,))), [("x.shape", "structure", "differs")]),
        (ran(x=array()), ran(x=number(1.0)), [("x", "structure", "differs")]),
        (ran(x=optimizer(decay=0.5)), ran(x=optimizer()), [("x.settings.decay", "number", "differs")]),
        (
            ran(x={"kind": "list", "length": 1, "items": [{"kind": "str", "text": "kernel:0"}]}),
            ran(x={"kind": "list", "length": 1, "items": [{"kind": "str", "text": "kernel"}]}),
            [("x[0]", "text", "differs")],
        ),
        (
            ran(x={"kind": "model", "parameters": 3, "optimizer": optimizer(learning_rate=0.5)}),
            ran(x={"kind": "model", "parameters": 4, "optimizer": optimizer(learning_rate=0.1)}),
            [("x.parameters", "structure", "differs"), ("x.optimizer.settings.learning_rate", "number", "differs")],
        ),
        (
            ran(x={"kind": "dict", "length": 1, "keys": ["a"], "of": {"a": number(1.0)}}),
            ran(x={"kind": "dict", "length": 1, "keys": ["b"], "of": {"b": number(1.0)}}),
            [("x.keys", "structure", "differs")],
        ),
        (ran("float32"), ran("float64"), [("printed output", "printed", "differs")]),
        (ran("a table"), ran("another table"), [("printed output", "printed", "inconclusive")]),
        (ran("3"), ran("4"), [("printed output", "number", "differs")]),
    ],
)  # fmt: skip
def test_what_differs(there: BlockRun, here: BlockRun, expected: list[tuple[str, str, str]]) -> None:
    assert compared(there, here) == expected


def test_a_number_behind_a_shortened_training_is_inconclusive_and_a_shape_is_not() -> None:
    text = [{"kind": "str", "text": one} for one in ("accuracy", "compile_metrics")]
    there, here = ran(x=number(1.0), y=array(), z=text[0]), ran(x=number(2.0), y=array("float64"), z=text[1])

    assert compared(there, here, "why") == [
        ("x", "number", "inconclusive"),
        ("y.dtype", "structure", "differs"),
        ("z", "text", "differs"),
    ]


@pytest.mark.parametrize(
    ("there", "here", "expected"),
    [
        ((1.0,), (2.0,), ("number", "inconclusive")),
        ((1.0, 1.0), (2.0, 2.0), ("number", "differs")),
        ((1.0, 1.0, 1.0), (2.0, 2.0, 2.0), ("number", "differs")),
        ((1.0, 1.0, 3.0), (2.0, 2.0, 2.0), ("number", "inconclusive")),
        ((1.0, 1.0, 1.0), (2.0, 2.0, 3.0), ("number", "inconclusive")),
        ((1.0, 1.0), (2.0, 3.0), ("repeats", "differs")),
        ((1.0, 3.0), (2.0, 2.0), ("repeats", "differs")),
        ((1.0, 3.0), (2.0, 4.0), ("number", "inconclusive")),
    ],
)
def test_a_number_counts_by_what_repeated_runs_give(
    there: tuple[float, ...], here: tuple[float, ...], expected: tuple[str, str]
) -> None:
    sides = [SideRuns(*(ran(x=number(value)) for value in values)) for values in (there, here)]

    (one,) = comparing.compare(sides[0], sides[1])

    assert (one.kind, one.verdict) == expected


def test_a_block_that_runs_on_one_release_alone() -> None:
    failed = BlockRun(1, error={"type": "ValueError", "message": "no lr"})

    (one,) = comparing.compare(SideRuns(ran()), SideRuns(failed))

    assert (one.what, one.there, one.here) == ("the block", "runs", "fails: ValueError: no lr")
    assert comparing.compare(SideRuns(failed), SideRuns(failed)) == []


def difference(path: str = "numbers", kind: str = "number", there: str = "1", here: str = "2") -> ReleaseDifference:
    return ReleaseDifference("x", path, kind, there, here)


@pytest.mark.parametrize(
    ("one", "code", "cause", "expected"),
    [
        (difference("settings.learning_rate"), "SGD(lr=1)", "optimizer-lr", "optimizer-lr"),
        (difference("settings.momentum"), "SGD(lr=1)", "optimizer-lr", ""),
        (difference("settings.decay"), "SGD(decay=1)", "optimizer-decay", "optimizer-decay"),
        (difference(kind="repeats"), "set_seed(1)", "seed-of-initial-weights", "seed-of-initial-weights"),
        (difference("dtype", "structure", '"float32"', '"float64"'), "to_categorical(y)", "", "to-categorical-type"),
        (difference("dtype", "structure", '"float32"', '"float64"'), "np.ones(3)", "", ""),
        (difference("dtype", "structure", '"float32"', '"int32"'), "to_categorical(y)", "", ""),
        (difference(), "MeanSquaredError()(a, b)", "", "shapes-of-loss"),
        (difference(), "a + b", "", ""),
        (difference("[0].text", "text", "dense/kernel:#", "kernel"), "m.weights[0].name", "", "names-of-weights"),
        (difference("[1].text", "text", "mae", "compile_metrics"), "m.metrics_names", "metrics-names", "metrics-names"),
    ],
)  # fmt: skip
def test_what_differs_is_explained_by_a_known_change(
    one: ReleaseDifference, code: str, cause: str, expected: str
) -> None:
    causes = [Cause(cause, "warns", "", None, None, "https://example.com", "")] if cause else []

    (explained,) = explaining.explain([one], code, causes, THERE, HERE)

    assert explained.explained == expected


def test_between_releases_on_one_side_of_a_change_it_explains_nothing() -> None:
    newer = Release("2.20.0", "3.15.1", "tensorflow")

    assert explaining.explain([difference()], "MeanSquaredError()(a, b)", [], newer, HERE)[0].explained == ""
    assert explaining.text_of("shapes-of-loss") is not None
    assert explaining.text_of("optimizer-lr") is None


def test_the_guide_shows_how_differences_are_shown() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    (shown,) = re.findall(
        r"^<!-- checked by test_documents_against -->\n```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    )
    runs = ["the same in two runs", "another one in each of two runs"]
    differences = (
        ReleaseDifference("first", "numbers", "repeats", *runs, explained="seed-of-initial-weights"),
        ReleaseDifference(
            "slower", "settings.decay", "number", "0.5", "not there", explained="optimizer-decay", mended="removed"
        ),
        ReleaseDifference("error", "numbers", "number", "1.33333", "0", explained="shapes-of-loss"),
    )
    finding = BlockFinding(DocumentBlock(1, ()), Word.CHANGED, differences=differences)

    assert textwrap.dedent("\n".join(difference_lines.block_lines(finding))) == shown.rstrip("\n")


class Odd:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "constant"),
        (True, "constant"),
        (3, "int"),
        (2.5, "float"),
        (float("nan"), "float"),
        (10**400, "int"),
        ("a" * 10_000, "str"),
        ([1, "b"], "list"),
        (list(range(1000)), "list"),
        ({"a": 1}, "dict"),
        ({1, 2}, "set"),
        (len, "function"),
        (Path, "class"),
        (sys, "module"),
        (Path(), "object"),
    ],
)
def test_values_are_observed_within_bounds(value: Any, kind: str) -> None:
    observed = observing.observation(value)

    assert observed["kind"] == kind
    assert len(json.dumps(observed)) < 2000


def test_a_value_whose_attributes_raise_is_observed() -> None:
    assert observing.observation(Odd()) == {"kind": "object", "class": "Odd"}


def test_a_list_in_itself_has_an_end() -> None:
    endless: list[Any] = []
    endless.append(endless)

    assert len(json.dumps(observing.observation(endless))) < 2000


def test_arrays_are_observed() -> None:
    numpy = pytest.importorskip("numpy")

    observed = observing.observation(numpy.arange(4, dtype="float32").reshape(2, 2))

    assert (observed["shape"], observed["dtype"]) == ([2, 2], "float32")
    assert observed["numbers"] == [0.0, 1.0, 2.0, 3.0, 1.5, pytest.approx(1.118, abs=0.001), 0.0, 3.0]
    assert observing.observation(numpy.float32(0.5)) == {"kind": "float", "numbers": [0.5]}
    assert observing.observation(numpy.array(["a"]))["text"] == "a"


def test_names_that_a_block_only_uses_are_observed_where_they_can_change() -> None:
    base = type("Model", (), {"__module__": "keras.models"})
    model = type("Mine", (base,), {"layers": (), "built": False})()

    observed = observing.observe({"a": 1, "m": model, "_b": 2}, ["a", "_b", "absent"], ["m", "a"])

    assert {name: one["kind"] for name, one in observed.items()} == {"a": "int", "m": "model"}


@pytest.mark.parametrize(
    ("text", "requirements", "pythons"),
    [
        ("tensorflow==2.0.0", ["tensorflow==2.0.0", "h5py<3", "numpy<1.19", "protobuf<3.21", "numpy<2"], ["3.7"]),
        ("2.15", ["tensorflow==2.15.*", "numpy<2"], ["3.11", "3.10", "3.9"]),
        ("tf 2.21", ["tensorflow==2.21.*"], ["3.13", "3.12", "3.11", "3.10"]),
        ("keras==3.5", ["keras==3.5.*", "tensorflow>=2.16"], ["3.13", "3.12", "3.11", "3.10", "3.9"]),
    ],
)
def test_a_release_that_is_asked_for(text: str, requirements: list[str], pythons: list[str]) -> None:
    asked = other_release.parse(text)

    assert (asked.requirements, asked.pythons) == (requirements, pythons)


@pytest.mark.parametrize("text", ["1.15", "keras==2.3.0", "torch==2.0", "2", "--help", "2.0.0; rm"])
def test_what_is_no_release_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        other_release.parse(text)


def test_a_release_without_a_python_is_refused_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))

    with pytest.raises(InvalidArgument) as refused:
        other_release.check("2.0.0", None)

    assert "tensorflow 2.0.0 needs CPython 3.7" in str(refused.value)
    assert "none of them is on the path" in str(refused.value)
    assert "--against-python" in str(refused.value)


@pytest.mark.parametrize(("says", "is_taken"), [("CPython 3.7", True), ("CPython 3.8", False), ("PyPy 3.7", False)])
def test_a_python_of_pyenv_is_taken_if_it_is_what_it_is_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, says: str, is_taken: bool
) -> None:
    python = tmp_path / "versions" / "3.7.16" / "bin" / "python3.7"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\necho {says}\n", encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))

    if is_taken:
        assert other_release.interpreter_for(other_release.parse("2.0.0")) == python
    else:
        with pytest.raises(InvalidArgument):
            other_release.interpreter_for(other_release.parse("2.0.0"))


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--against", "2.15", "--read-only"), "by running"),
        (("--against", "1.15", "--run"), "not one of TensorFlow 2"),
        (("--against-python", "absent", "--run"), "cannot be run"),
        (("--against-python", "/bin/true", "--run"), "This is not an interpreter"),
    ],
)
def test_what_cannot_be_compared_with_is_refused_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], part: str
) -> None:
    if packages.installed() is None:
        pytest.skip("a framework has to be installed for a document to be run")
    path = tmp_path / "page.md"
    path.write_text(f"```py\nopen({str(tmp_path / 'made')!r}, 'w')\n```\n", encoding="utf-8")

    assert cli.main(["check", str(path), *options]) == 2

    assert part in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "made").exists()


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Return an interpreter in which a document can tell that it is another one."""
    if packages.installed() is None:
        pytest.skip("a framework has to be installed for a document to be run; it is not imported")
    path = tmp_path / "python"
    path.write_text(f'#!/bin/sh\nOTHER=1 exec {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def blocks_of(folder: Path, other: Path, *blocks: str, status: int) -> list[dict[str, Any]]:
    path, target = folder / "page.md", folder / "findings.json"
    path.write_text("\n".join(f"```py\n{block}\n```\n" for block in blocks), encoding="utf-8")
    assert cli.main(["check", str(path), "--run", "--against-python", str(other), "--json", str(target)]) == status
    data = json.loads(target.read_text(encoding="utf-8"))
    schema.require(data, SCHEMA)
    found: list[dict[str, Any]] = data["documents"][0]["blocks"]
    return found


def test_a_document_on_two_releases(tmp_path: Path, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = blocks_of(
        tmp_path, other,
        "import os, random\nx = 1 if 'OTHER' in os.environ else 1.0\ny = 3",
        "random.seed(1 if 'OTHER' in os.environ else 2)\nz = random.random()",
        "if 'OTHER' not in os.environ: raise ValueError('new')",
        "math.pi",
        "print(7 if 'OTHER' in os.environ else 8)",
        status=1,
    )  # fmt: skip

    found = [[(one["name"], one["kind"], one["verdict"]) for one in block["differences"]] for block in blocks]
    assert found == [
        [("x", "structure", "differs")],
        [("z", "number", "inconclusive")],
        [("", "outcome", "differs")],
        [("", "outcome", "differs")],
        [("printed output", "number", "differs")],
    ]
    assert [one["finding"] for one in blocks] == ["changed", "runs", "broken", "repaired", "changed"]
    assert blocks[3]["differences"][0]["mended"] == "removed"
    shown = " ".join(capsys.readouterr().out.split())
    assert "x differs (not explained) there: int here: float" in shown
    assert "run three times, once with other seeds on each release" in shown


def test_between_a_release_and_itself_nothing_differs(tmp_path: Path) -> None:
    if packages.installed() is None:
        pytest.skip("a framework has to be installed for a document to be run; it is not imported")

    blocks = blocks_of(
        tmp_path, Path(sys.executable), "import random, time\nx = random.random()\nrandom.seed(1)\ny = random.random()",
        "print(time.time(), x, y)", "z = [x, y, {'a': object()}]", status=0,
    )  # fmt: skip

    assert [one for block in blocks for one in block["differences"] if one["verdict"] == "differs"] == []


def test_how_a_release_is_called() -> None:
    assert release_comparison.label(Release("-", "3.5.0", "tensorflow")) == "Keras 3.5.0"


@pytest.mark.slow  # starts TensorFlow in processes of its own: what it binds can be seen on it alone
def test_what_a_model_is_on_tensorflow_itself(tmp_path: Path) -> None:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("it is observed on TensorFlow")
    code = (
        "import tensorflow as tf\n"
        "model = tf.keras.Sequential([tf.keras.layers.Dense(2)])\nmodel.build((None, 3))\n"
        "model.compile(tf.keras.optimizers.SGD(0.25), loss='mse')\n"
        "x = tf.constant([1.0, 2.0])\n"
        "history = model.fit(tf.ones((4, 3)), tf.ones((4, 2)), epochs=2, verbose=0)\n"
        "data = tf.data.Dataset.from_tensor_slices([1, 2])"
    )

    run = execution.run_blocks([(1, code)], execution.RunSettings(observe=True), lambda number: None)[1]

    observed = run.value["observed"]
    assert run.error is None
    assert (observed["model"]["kind"], observed["model"]["layers"], observed["model"]["parameters"]) == (
        "model", ["Dense"], 8,
    )  # fmt: skip
    assert observed["model"]["optimizer"]["settings"]["learning_rate"] == 0.25
    assert observed["model"]["settings"][0]["units"] == 2
    assert observed["model"]["weights"]["shapes"] == [[3, 2], [2]]
    assert (observed["x"]["of"], observed["x"]["dtype"], observed["x"]["numbers"][:2]) == (
        "tensor",
        "float32",
        [1.0, 2.0],
    )
    assert observed["history"]["keys"] == ["loss"]
    assert observed["data"]["kind"] == "dataset"
