"""Running a code block as a reader would: the text compiled and executed, among the names left by earlier blocks."""

from __future__ import annotations

import ast
import contextlib
import re
from pathlib import Path
from typing import Any, Dict, Iterator, Sequence

from pytest_kerasch2.chapter import block_texts
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.data import keras_loaders, registry, synthetic
from pytest_kerasch2.framework import api

Names = Dict[str, Any]
TRAIN, TEST = 128, 64
TOTAL = 407_050


def executed(record: Recorder, block: str, names: Names, given: Sequence[str] = ()) -> Names:
    """Return the names after a block, and require that it compiles and runs.

    Args:
        record: of the check.
        block: which of `block_texts.TEXTS`.
        names: what stands before it. Of these it finds what an earlier block of the chapter makes, and nothing else.
        given: those that it finds besides, because the chapter asks the reader to fill them in.

    Returns:
        The names; `_` is the value of the last line, if that is an expression.

    Raises:
        ClaimBroken: it does not.
        NotApplicable: it compiles and names TensorFlow, which is not here.
    """
    text = block_texts.text(block)
    there = {"__name__", "tf", *given, *block_texts.defined_before(block)}
    names = {name: value for name, value in names.items() if name in there}

    def run() -> None:
        if not api.runs_eagerly() and re.search(r"\b(tf|tensorflow)\b", text):
            api.require_tensorflow("The block")
        code = compiled(text)
        if re.search(r"\b(tf|tensorflow)\b", text):
            api.require_tensorflow("The block")
        exec(code, names)

    record.runs("the block as printed", run)
    return names


def compiled(text: str, place: str = "<block>") -> Any:
    """Return the code of a block, which leaves the value of a last expression in `_`, as a session does.

    Args:
        text: the block.
        place: what tracebacks call its file.

    Raises:
        SyntaxError: Python does not take the block.
    """
    tree = ast.parse(text, place)
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        target = ast.copy_location(ast.Name("_", ast.Store()), last)
        tree.body[-1] = ast.copy_location(ast.Assign([target], last.value), last)
    return compile(ast.fix_missing_locations(tree), place, "exec")


def raw(mnist: Any) -> Names:
    """Return what loading the data leaves behind, shortened: real images of bytes and their labels."""
    return {
        "tf": api.tensorflow(),
        "train_x": mnist.x_train[:TRAIN],
        "train_y": mnist.y_train[:TRAIN],
        "test_x": mnist.x_test[:TEST],
        "test_y": mnist.y_test[:TEST],
    }


def prepared(mnist: Any) -> Names:
    """Return what the first example leaves behind before its model: tensors, and one round instead of ten."""
    names = raw(mnist)
    for part in ("train", "test"):
        names[f"{part}_x"] = api.feedable((names[f"{part}_x"] / 255.0).astype("float32"))
        names[f"{part}_y"] = api.feedable(names[f"{part}_y"].astype("int64"))
    return {**names, "epochs": 1, "batch_size": 32}


def scaled(mnist: Any) -> Names:
    """Return what the set-up of the functional example leaves behind: NumPy arrays, images of float64."""
    names = raw(mnist)
    for part in ("train", "test"):
        names[f"{part}_x"] = names[f"{part}_x"] / 255.0
    return {**names, "epochs": 1}


@contextlib.contextmanager
def short_mnist(mnist: Any, folder: Path) -> Iterator[None]:
    """Let Keras's own `load_data` find an archive of the first real images on loopback: less to read, same code."""
    record = registry.record_of("mnist")
    arrays = [
        ("x_train", mnist.x_train[:TRAIN]),
        ("y_train", mnist.y_train[:TRAIN]),
        ("x_test", mnist.x_test[:TEST]),
        ("y_test", mnist.y_test[:TEST]),
    ]
    synthetic.pack_npz(synthetic.paths_of(record, folder)[0], arrays)
    with keras_loaders.genuine_loaders(api.tensorflow(), str(folder), ["mnist"]):
        yield
