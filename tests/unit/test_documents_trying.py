"""Repairs that a run chooses: what is tried, what is kept, and how often a document runs for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Callable, Mapping

import pytest

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import diagnosing, reading, trying
from pytest_kerasch2.documents.diagnosing import Diagnosis
from pytest_kerasch2.documents.execution import BlockRun

NEWEST = Release("2.21.0", "3.15.1", "tensorflow")
HEAD = "import tensorflow as tf\nfrom tensorflow import keras\n"
SYMBOLIC = "A KerasTensor cannot be used as input to a TensorFlow function."


def failed(line: int, kind: str, message: str, **more: Any) -> BlockRun:
    """Return a block that failed on a line."""
    return BlockRun(1, error={"type": kind, "message": message, "line": line, "bases": [kind], **more})


def attempted(
    tmp_path: Path, code: str, first: BlockRun, rerun: Callable[[str], BlockRun]
) -> tuple[str, list[str], tuple[Any, ...]]:
    """Return the code of the last block, what was run, and its causes, where `rerun` says what comes of it."""
    document = tmp_path / "page.md"
    document.write_text(f"```py\n{HEAD}```\n\n```py\n{code}\n```\n", encoding="utf-8")
    diagnosis = diagnosing.diagnose(reading.read_document(document), NEWEST)
    number = diagnosis.document.blocks[-1].number
    head = diagnosis.document.blocks[0].number
    ran: list[str] = []

    def again(tried: Diagnosis) -> Mapping[int, BlockRun]:
        ran.append(tried.codes[number].rstrip("\n"))
        return {head: BlockRun(head), number: rerun(ran[-1])}

    new, _ = trying.tried(diagnosis, {head: BlockRun(head), number: first}, NEWEST, again)
    return new.codes.get(number, code).rstrip("\n"), ran, tuple(one.name for one in new.causes.get(number, ()))


@pytest.mark.parametrize(
    ("code", "first", "after"),
    [
        (
            "h = history.history\na = h['acc']\nb = h['val_acc']\nc = other['acc']",
            failed(2, "KeyError", "'acc'", keys=["binary_accuracy", "loss", "val_binary_accuracy", "val_loss"]),
            "h = history.history\na = h['binary_accuracy']\nb = h['val_binary_accuracy']\nc = other['acc']",
        ),
        (
            "a = history.history['val_mean_absolute_error']",
            failed(1, "KeyError", "'val_mean_absolute_error'", keys=["loss", "mae", "val_loss", "val_mae"]),
            "a = history.history['val_mae']",
        ),
        (
            "def own(y_true, y_pred):\n    return y_true - y_pred\nmodel.fit(x, y)",
            failed(3, "ValueError", "{{node compile_loss/own/sub}} with input shapes: [64], [64,10]."),
            "def own(y_true, y_pred):\n    y_true = tf.reshape(y_true, (-1, 1))\n    return y_true - y_pred\n"
            "model.fit(x, y)",
        ),
        (
            "model.fit(x, y, epochs=2, validation_data=(a, b))",
            failed(1, "ValueError", "Arguments `target` and `output` must have the same rank (ndim). Received: t"),
            "model.fit(x, y[:, None], epochs=2, validation_data=(a, b[:, None]))",
        ),
        (
            "block.compute_output_shape(input_shape=(None, 200, 7))",
            failed(1, "NotImplementedError", "Layer A does not have a `compute_output_shape` method implemented."),
            "block(tf.keras.Input(batch_shape=(None, 200, 7))).shape",
        ),
        (
            "y = tf.reduce_mean(tf.square(x), axis=1)",
            failed(1, "ValueError", SYMBOLIC),
            "y = tf.keras.layers.Lambda(lambda value: tf.reduce_mean(value, axis=1))"
            "(tf.keras.layers.Lambda(lambda value: tf.square(value))(x))",
        ),
        (
            "y = tf.matmul(a, b, transpose_b=True)",
            failed(1, "ValueError", SYMBOLIC),
            "y = tf.keras.layers.Lambda(lambda value: tf.matmul(value[0], value[1], transpose_b=True))([a, b])",
        ),
        (
            "o = tf.keras.Adam(lr=0.1)",
            failed(1, "AttributeError", "module 'keras._tf_keras.keras' has no attribute 'Adam'"),
            "o = tf.keras.optimizers.Adam(learning_rate=0.1)",
        ),
        (
            "o = tf.layers.Dense(3)(x)",
            failed(1, "AttributeError", "module 'tensorflow' has no attribute 'layers'"),
            "o = tf.keras.layers.Dense(3)(x)",
        ),
        (
            "def size(t):\n    return t.get_shape().as_list()",
            failed(2, "AttributeError", "'KerasTensor' object has no attribute 'get_shape'"),
            "def size(t):\n    return list(t.shape)",
        ),
        (
            "z = net(x, training)",
            failed(1, "ValueError", "Only input tensors may be passed as positional arguments. The"),
            "z = net(x, training=training)",
        ),
        (
            "print(opt.lr)",
            failed(1, "AttributeError", "'SGD' object has no attribute 'lr'"),
            "print(opt.learning_rate)",
        ),
    ],
)
def test_what_is_tried(tmp_path: Path, code: str, first: BlockRun, after: str) -> None:
    new, ran, causes = attempted(tmp_path, code, first, lambda _: BlockRun(1))

    assert (new, ran) == (after, [after])
    assert causes


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("a = h['acc']", failed(1, "KeyError", "'acc'", keys=["loss"])),
        ("a = h['mae'] + h['two\\nlines']", failed(1, "KeyError", "'mae'", keys=["loss", "mse"])),
        ("a = h['acc']", failed(1, "KeyError", "'acc'", keys=["binary_accuracy", "accuracy"])),
        ("y = f(x)", failed(1, "ValueError", SYMBOLIC)),
        ("o = tf.layers.dense(x, 3)", failed(1, "AttributeError", "module 'tensorflow' has no attribute 'layers'")),
        ("value = 3\ny = tf.square(value)", failed(2, "ValueError", SYMBOLIC)),
        ("y = tf.square(x)", failed(1, "ValueError", "something of mine")),
    ],
)
def test_nothing_is_tried_where_nothing_is_known(tmp_path: Path, code: str, first: BlockRun) -> None:
    new, ran, _ = attempted(tmp_path, code, first, lambda _: BlockRun(1))

    assert (new, ran) == (code, [])


def test_what_does_not_come_through_is_no_repair(tmp_path: Path) -> None:
    code = "y = tf.square(x)"

    new, ran, causes = attempted(
        tmp_path, code, failed(1, "ValueError", SYMBOLIC), lambda _: failed(1, "ValueError", SYMBOLIC)
    )

    assert (new, len(ran), causes) == (code, 1, ())


def test_a_later_failure_is_tried_too_but_at_most_three_times(tmp_path: Path) -> None:
    lines = [f"y{at} = tf.square(x)" for at in range(1, 9)]

    def rerun(code: str) -> BlockRun:
        return failed(code.count("Lambda") + 1, "ValueError", SYMBOLIC)

    new, ran, _ = attempted(tmp_path, "\n".join(lines), failed(1, "ValueError", SYMBOLIC), rerun)

    assert len(ran) == trying.MOST_TRIALS == 3
    assert new == "\n".join(lines)
    new, ran, _ = attempted(
        tmp_path, "\n".join(lines[:2]), failed(1, "ValueError", SYMBOLIC),
        lambda code: BlockRun(1) if code.count("Lambda") == 2 else rerun(code),
    )  # fmt: skip
    assert (len(ran), new.count("Lambda")) == (2, 2)


def test_a_repair_that_lets_another_block_fail_is_none(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(f"```py\n{HEAD}```\n\n```py\ny = tf.square(x)\n```\n\n```py\nprint(3)\n```\n", encoding="utf-8")
    diagnosis = diagnosing.diagnose(reading.read_document(document), NEWEST)
    one, two, three = (block.number for block in diagnosis.document.blocks)
    first = {one: BlockRun(one), two: failed(1, "ValueError", SYMBOLIC), three: BlockRun(three)}
    spoiled = {one: BlockRun(one), two: BlockRun(two), three: failed(1, "NameError", "name")}

    new, runs = trying.tried(diagnosis, first, NEWEST, lambda _: spoiled)

    assert (new, runs) == (diagnosis, first)


def test_a_history_tells_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_kerasch2.documents import block_run

    class History:
        def __init__(self, history: Any) -> None:
            self.history = history

    namespace = {"h": History({"loss": [1], "acc" * 200: [2], 3: [4]}), "other": History("x"), "n": 3}
    monkeypatch.setattr(block_run, "_module", type("Module", (), namespace))

    assert block_run._described(KeyError("acc"), 1)["keys"] == ["loss"]
    assert block_run._described(ValueError("acc"), 1)["keys"] == []


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (BlockRun(1, killed_by="deadline of 3 s"), True),
        (BlockRun(1, killed_by="memory limit of 5 MiB"), True),
        (BlockRun(1, not_run=True), True),
        (BlockRun(1, killed_by="exit status 1"), False),
        (BlockRun(1, error={"type": "ValueError", "message": ""}), False),
    ],
)
def test_what_a_limit_has_ended_is_cut_short_and_has_not_failed(run: BlockRun, expected: bool) -> None:
    assert (run.cut_short, run.ran) == (expected, False)
