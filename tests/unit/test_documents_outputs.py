"""What a document prints as output beside what came: words, each number by its kind, and what says nothing."""

from __future__ import annotations

import json
import re
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
from pytest_kerasch2.documents import dependence, output_lines, printed_outputs, printed_text, reading, releases
from pytest_kerasch2.documents.block_findings import BlockFinding, Word
from pytest_kerasch2.documents.document import DocumentBlock, StoredOutput
from pytest_kerasch2.documents.printed_outputs import OutputComparison, Printed

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "check-a-document.md"
SCHEMA = Path(reading.__file__).parent / "check.schema.json"
KERAS_2_BAR = "48/48 [==============================] - 1s 20ms/step - loss: 0.5 - accuracy: 0.75\n"
KERAS_3_BARS = (
    "\x1b[1m 1/48\x1b[0m \x1b[32m\x1b[0m\x1b[37m━━━━\x1b[0m \x1b[1m2s\x1b[0m 9ms/step - accuracy: 0.1 - loss: 0.9\n"
    "\x1b[1m48/48\x1b[0m \x1b[32m━━━━\x1b[0m \x1b[1m1s\x1b[0m 9ms/step - accuracy: 0.75 - loss: 0.5\n"
)
KERAS_2_TABLE = """Model: "sequential_3"
_________________________________________________________________
Layer (type)                 Output Shape              Param #
=================================================================
flatten (Flatten)            (None, 784)               0
_________________________________________________________________
dense (Dense)                (None, 300)               235500
=================================================================
Total params: 235,500
Trainable params: 235,500
Non-trainable params: 0
_________________________________________________________________
"""
KERAS_3_TABLE = """\x1b[1mModel: "sequential"\x1b[0m
┏━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┓
┃ Layer (type)         ┃ Output Shape      ┃    Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━┩
│ flatten (Flatten)    │ (None, 784)       │          0 │
├──────────────────────┼───────────────────┼────────────┤
│ dense (Dense)        │ (None, 300)       │    235,500 │
└──────────────────────┴───────────────────┴────────────┘
 Total params: 235,500 (919.92 KB)
 Trainable params: 235,500 (919.92 KB)
 Non-trainable params: 0 (0.00 B)
"""


def compared(document: str, *came: str, reason: str = "", kind: str = "fence") -> OutputComparison:
    (one,) = printed_outputs.compare([StoredOutput(kind, document)], [Printed(text) for text in came], reason)
    return one


@pytest.mark.parametrize(
    ("document", "came"),
    [
        ("x\n", "x"),
        ("0.25", "0.25000001"),
        ("loss 0.7217", "loss 0.7218"),
        ("1e-3", "0.001"),
        ("(60000, 28, 28)", "(60000, 28, 28)\n"),
        ("[1. 2.]", "[1.  2. ]"),
        ("<keras.engine.sequential.Sequential at 0x7f2b3c0d>", "<Sequential name=sequential_1, built=True>"),
        ("<tensorflow.python.keras.callbacks.History at 0x7f2b>", "<keras.src.callbacks.history.History at 0x1234>"),
        ("<tf.Tensor: id=12, shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>",
         "<tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>"),
        ("0.5", "np.float64(0.5)"),
        ("True", "np.True_"),
        ("array([ True, False], dtype=bool)", "array([ True, False])"),
        ("it took 3 ms", "it took 27 s"),
        ("2.0.0", "2.21.0"),
        ("/tmp/abc/model.h5", "/var/folders/x/model.h5"),
        ("2019-10-05 10:00", "2026-01-01 23:59"),
        ("dense_3", "dense"),
        ("a", "2020-01-01 12:00:00.123: I tensorflow/core: cpu\na"),
        ("a", "page.py:3: UserWarning: do not\n  warnings.warn(text)\na"),
        ("old\rnew", "new"),
        (KERAS_2_BAR, KERAS_3_BARS),
        (KERAS_2_TABLE, KERAS_3_TABLE),
        ("-1.11022302e-16", "6.31439345e-16"),
        ("3", "1\n2\n3\n4"),
    ],
)  # fmt: skip
def test_the_same(document: str, came: str) -> None:
    assert compared(document, came).verdict == "same"


@pytest.mark.parametrize(
    ("document", "came", "kind"),
    [
        ("(60000, 28, 28)", "(60000, 28, 29)", "shape"),
        ("shape=(2,)", "shape=(3,)", "shape"),
        ("length 10", "length 11", "count"),
        ("0.5", "0.6", "measured"),
        ("loss 0.7217", "loss 0.7237", "measured"),
        ("array([1, 2])", "array([1, 3])", "count"),
        (KERAS_2_TABLE, KERAS_3_TABLE.replace("235,500", "235,800"), "shape"),
    ],
)
def test_other_numbers(document: str, came: str, kind: str) -> None:
    one = compared(document, came)

    assert (one.verdict, one.exact, {each.kind for each in one.numbers}) == ("numbers_differ", True, {kind})


@pytest.mark.parametrize(
    ("document", "came", "exact"),
    [
        ("dtype=float32", "dtype=float64", True),
        ("[True False]", "[True True]", True),
        ("['loss', 'accuracy']", "['loss', 'compile_metrics']", False),
        ("Ankle boot", "Coat", False),
        ("dtype=float32", "another dtype=float64", False),
    ],
)
def test_another_text_is_a_finding_only_where_it_can_be_nothing_else(document: str, came: str, exact: bool) -> None:
    one = compared(document, came)

    assert (one.verdict, one.exact) == ("text_differs", exact)


@pytest.mark.parametrize("document", ["loss 0.25 in 3", "loss 0.25 in 4", "loss 0.5 in 3"])
def test_behind_a_shortened_training_shapes_alone_are_judged(document: str) -> None:
    one = compared(document, "loss 0.75 in 4", reason="since the training was shortened")

    assert (one.verdict, one.reason, one.exact) == ("not_judged", "since the training was shortened", False)
    assert compared("(3, 4) 0.5", "(3, 5) 0.75", reason="since the training was shortened").verdict == "numbers_differ"
    assert not compared("float32", "float64", reason="since the training was shortened").exact
    stored = [StoredOutput("fence", "(3, 4)")]
    assert printed_outputs.compare(stored, [Printed("(3, 5)")], "why", shapes=False)[0].verdict == "not_judged"


def test_what_differs_from_run_to_run_is_not_judged() -> None:
    one = compared("0.25 and 7", "0.5 and 8", "0.75 and 9")

    assert (one.verdict, one.reason) == (
        "not_judged",
        "it differs from run to run: 0.5 and 0.75 in 2 runs with different seeds",
    )
    assert compared("0.25", "0.5", "0.5").verdict == "numbers_differ"
    assert not compared("float32", "float64", "float64 2").exact


@pytest.mark.parametrize(
    ("document", "came", "reason"),
    [
        ("2.3e-314", "1.7e+308", "by chance"),
        ("[1. -1.]", "[-1. 1.]", "signs alone"),
        ("a\n...\nz", "a b c", "leaves a part"),
        ("a", "", "nothing of that kind"),
    ],
)
def test_what_says_nothing(document: str, came: str, reason: str) -> None:
    one = compared(document, came)

    assert (one.verdict, reason in one.reason, one.exact) == ("not_judged", True, False)


def test_a_block_that_did_not_run_and_one_that_prints_too_much() -> None:
    stored = [StoredOutput("fence", "1")]

    assert printed_outputs.compare(stored, [])[0].reason == "the block did not run"
    assert printed_outputs.compare(stored, [Printed("1", cut=True)])[0].reason == "more was printed than is kept"


def test_a_mark_that_a_text_has_itself_is_no_number() -> None:
    assert printed_text.comparable("a # b").words != printed_text.comparable("a 1 b").words


def test_what_depends_on_a_block_is_followed_by_names() -> None:
    codes = [
        (1, "import np"),
        (2, "m = np.fit()"),
        (3, "s = m.score()"),
        (4, "t = np.x()"),
        (5, "m = 1"),
        (6, "m"),
        (7, "s"),
    ]

    assert dependence.downstream(codes, {2: "why"}) == {2: "why", 3: "why", 7: "why"}


def test_the_guide_shows_how_outputs_are_shown() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    (shown,) = re.findall(
        r"^<!-- checked by test_documents_outputs -->\n```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    )
    outputs = (compared("1.3333334", "0.0"), compared("dtype('float32')", "dtype('float64')"))
    finding = BlockFinding(DocumentBlock(1, ()), Word.CHANGED, outputs=outputs)

    assert textwrap.dedent("\n".join(output_lines.block_lines(finding))) == shown.rstrip("\n")


def test_a_follower_uses_what_a_failed_block_makes_or_imports() -> None:
    codes = [(1, "import np"), (2, "x = np.a()"), (3, "y = 1"), (4, "y")]

    assert dependence.followers(codes, {1: "why", 2: "why"}) == {2}
    assert dependence.followers(codes, {3: "why"}) == {4}


# From here on the documents are run.


@pytest.fixture
def _a_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "named", lambda text: Release("2.21.0", "3.15.1", "tensorflow"))


def run(path: Path, status: int, *options: str) -> list[dict[str, Any]]:
    target = path.parent / "findings.json"
    assert cli.main(["check", str(path), "--run", "--json", str(target), *options]) == status
    data = json.loads(target.read_text(encoding="utf-8"))
    schema.require(data, SCHEMA)
    blocks: list[dict[str, Any]] = data["documents"][0]["blocks"]
    return blocks


def verdicts(blocks: list[dict[str, Any]]) -> list[list[str]]:
    return [[one["verdict"] for one in block["outputs"]] for block in blocks]


@pytest.mark.usefixtures("_a_release")
def test_a_fence_of_printed_output_belongs_to_the_block_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.md"
    path.write_text(
        "```py\nprint((3, 4))\nprint('b')\n```\n\n```text\n(3, 5)\n```\n\n```text\nb\n```\n\n```py\nx = 1\n```\n",
        encoding="utf-8",
    )

    blocks = run(path, 1)

    assert verdicts(blocks) == [["numbers_differ", "same"], [], [], []]
    assert [one["finding"] for one in blocks] == ["changed", "not_code", "not_code", "runs"]
    shown = capsys.readouterr().out
    assert "has other numbers: 4 instead of 5 (shape)" in shown
    assert "printed outputs: 1 same, 1 with other numbers" in shown


@pytest.mark.usefixtures("_a_release")
def test_each_answer_of_a_console_session(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(
        "```py\n>>> x = [1,\n...      2]\n>>> x\n[1, 2]\n>>> math.floor(2.5)\n3\n>>> 'a'\n'a'\n```\n", encoding="utf-8"
    )

    (block,) = run(path, 1)

    assert block["finding"] == "repaired"
    assert verdicts([block]) == [["same", "numbers_differ", "same"]]


@pytest.mark.usefixtures("_a_release")
def test_the_outputs_of_cells(tmp_path: Path) -> None:
    def cell(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
        return {"cell_type": "code", "source": source, "outputs": list(outputs)}

    def written(text: str, name: str = "stdout") -> dict[str, Any]:
        return {"output_type": "stream", "name": name, "text": [text]}

    value = {"output_type": "execute_result", "data": {"text/plain": ["3"], "image/png": "abcd"}}
    picture = {"output_type": "display_data", "data": {"text/plain": "<Figure>"}}
    error = {"output_type": "error", "ename": "ValueError"}
    cells = [
        cell("print('a')\n1 + 2", written("a\n"), value),
        cell("print('a')\n1 + 3;", written("a\n"), written("log", "stderr"), picture),
        cell("1 / 0", error),
        cell("import random\nrandom.seed(3)\nprint(random.random())", written("0.5\n")),
        cell("print('x' * 200000)", written("x\n")),
    ]
    path = tmp_path / "one.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")

    blocks = run(path, 1)

    assert verdicts(blocks) == [["same", "same"], ["same"], ["not_judged"], ["not_judged"], ["not_judged"]]
    assert [one["outputs"][-1]["reason"].split(":")[0] for one in blocks[2:]] == [
        "the document shows an error there",
        "it differs from run to run",
        "more was printed than is kept",
    ]
