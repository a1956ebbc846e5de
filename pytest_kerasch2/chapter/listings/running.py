"""Running a code block as a reader would: the text compiled and executed, among the names left by earlier blocks."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any, Dict, Iterator

from pytest_kerasch2.chapter.listings import texts
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.data import keras_loaders, registry, synthetic
from pytest_kerasch2.framework import api

Names = Dict[str, Any]
TRAIN, TEST = 128, 64
TOTAL = 407_050


def executed(record: Recorder, block: str, names: Names) -> Names:
    """Return the names after a block, and require that it compiles and runs.

    Raises:
        ClaimBroken: it does not.
        NotApplicable: it compiles and names TensorFlow, which is not here.
    """
    text = texts.text(block)

    def run() -> None:
        if not api.runs_eagerly() and re.search(r"\b(tf|tensorflow)\b", text):
            api.require_tensorflow("The block")
        code = compile(text, "<block>", "exec")
        if re.search(r"\b(tf|tensorflow)\b", text):
            api.require_tensorflow("The block")
        exec(code, names)

    record.runs("the block as printed", run)
    return names


def raw(mnist: Any) -> Names:
    """Return what loading the data leaves behind, shortened: real images of bytes and their labels."""
    return {
        "tf": api.tensorflow(),
        "train_images": mnist.x_train[:TRAIN],
        "train_labels": mnist.y_train[:TRAIN],
        "test_images": mnist.x_test[:TEST],
        "test_labels": mnist.y_test[:TEST],
    }


def prepared(mnist: Any) -> Names:
    """Return what the first example leaves behind before its model: tensors, and one round instead of ten."""
    names = raw(mnist)
    for part in ("train", "test"):
        names[f"{part}_images"] = _handed((names[f"{part}_images"] / 255.0).astype("float32"))
        names[f"{part}_labels"] = _handed(names[f"{part}_labels"].astype("int64"))
    return {**names, "rounds": 1, "per_batch": 32}


def _handed(array: Any) -> Any:
    # What `fit` is given: tensors as in the chapter, or arrays where a tensor is a formula.
    return api.tensor(array) if api.runs_eagerly() else array


def scaled(mnist: Any) -> Names:
    """Return what the set-up of the functional example leaves behind: NumPy arrays, images of float64."""
    names = raw(mnist)
    for part in ("train", "test"):
        names[f"{part}_images"] = names[f"{part}_images"] / 255.0
    return {**names, "rounds": 1}


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
