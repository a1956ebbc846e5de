"""A home whose `keras.json` was edited before Keras is imported."""

import json
import os
import sys
from pathlib import Path
from typing import Any, Dict

from .first_use import FILE
from .telling import attempt

EDITED = {"floatx": "float64", "epsilon": 1e-3, "backend": "tensorflow", "image_data_format": "channels_first"}
PRINTED = {"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow", "image_data_format": "channels_last"}
REFUSED = (
    ("image_data_format", "channels_middle"),
    ("floatx", "int32"),
    ("floatx", "bfloat16"),
    ("epsilon", 1),
    ("epsilon", "1e-07"),
)


def values() -> Dict[str, Any]:
    """Return the values in force, and what layers make of them; the variable KERAS_BACKEND chooses the engine."""
    _write(EDITED)
    import keras
    import numpy

    functions = keras.backend
    dense, convolution = keras.layers.Dense(2), keras.layers.Conv2D(1, 1)
    dense.build((None, 3))
    loss = keras.losses.mean_absolute_percentage_error(functions.constant([[0.0]]), functions.constant([[1.0]]))
    return {
        "floatx": functions.floatx(),
        "epsilon": functions.epsilon(),
        "image_data_format": functions.image_data_format(),
        "weights": str(dense.get_weights()[0].dtype),
        "convolution": convolution.data_format,
        "loss": float(numpy.ravel(functions.eval(loss))[0]),
        "kept": json.loads(_path().read_text(encoding="utf-8")),
    }


def engines() -> Dict[str, Any]:
    """Return, for each name in the file's `backend`, the engine that Keras then has, or why it has none."""
    del os.environ["KERAS_BACKEND"]
    return {name: _imported_with({"backend": name}) for name in ("theano", "cntk", "tensorflow", "mxnet")}


def refused() -> Dict[str, Any]:
    """Return, for the printed file and for each file with a value that is not allowed, what came of the import."""
    found = [["the printed file", _imported_with({})]]
    for key, value in REFUSED:
        found.append([f"{key} {value!r} in the file", _imported_with({key: value})])
    return {"files": found}


def _imported_with(changes: Dict[str, Any]) -> Dict[str, Any]:
    _write({**PRINTED, **changes})
    for name in [name for name in sys.modules if name.split(".")[0] == "keras"]:
        del sys.modules[name]
    return attempt(lambda: __import__("keras").backend.backend())


def _path() -> Path:
    return Path.home() / FILE


def _write(content: Dict[str, Any]) -> None:
    _path().parent.mkdir(exist_ok=True)
    _path().write_text(json.dumps(content), encoding="utf-8")
