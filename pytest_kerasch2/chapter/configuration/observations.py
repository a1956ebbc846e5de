"""What the claims on the configuration file look at in children: a first use, an edited file, other engines."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from pytest_kerasch2 import backend_choice, folders
from pytest_kerasch2.chapter.configuration import source
from pytest_kerasch2.chapter.configuration.faults import is_third_generation
from pytest_kerasch2.checks.captured import attempt
from pytest_kerasch2.errors import Inconclusive
from pytest_kerasch2.framework import api
from pytest_kerasch2.subprocesses.job import Job

EDITED = {"floatx": "float64", "epsilon": 1e-3, "backend": "tensorflow", "image_data_format": "channels_first"}
# What a user may keep in the file beside what Keras knows.
NOTE = {"note": "mine"}
# Values of which each stands in a file of its own.
ALONE = (
    ("image_data_format", "channels_first"), ("image_data_format", "channels_last"), ("epsilon", 0.25),
    ("epsilon", 1e-9), ("floatx", "float16"), ("floatx", "float32"), ("floatx", "float64"),
)  # fmt: skip
ENGINES = ("theano", "cntk", "numpy")


def first_use() -> dict[str, Any]:
    """Return what a home without `.keras` holds before and after, and what the values are in a fresh process.

    Where Keras runs without TensorFlow, it is imported as `keras` instead.
    """
    package = "tensorflow.keras" if api.runs_on_tensorflow() else "keras"
    observed: dict[str, Any] = {"before": _files(), "package": package, "line": f"import {package.split('.')[0]}"}
    _printed(observed["line"])
    observed["imported"] = _files()
    functions = _printed(f"from {package} import backend as K")["K"]
    functions.floatx()
    observed["used"] = _files()
    file = _file()
    observed["text"] = file.read_text(encoding="utf-8") if file.is_file() else None
    observed["user_profile"] = Path(os.environ.get("USERPROFILE", "")) == Path.home()
    observed["alone"] = attempt(_backend_of_keras)
    observed["alone_constant"] = attempt(_constant_of_keras)
    return observed


def _files() -> Any:
    home = Path.home()
    return sorted(str(path.relative_to(home).as_posix()) for path in home.rglob("*") if path.is_file())


def _file() -> Path:
    return Path.home() / ".keras" / "keras.json"


def _printed(line: str) -> dict[str, Any]:
    """Return the names that a line of the chapter binds: how it is imported is what the claim is about."""
    names: dict[str, Any] = {}
    exec(line, names)
    return names


def _backend_of_keras() -> Any:
    backend = _printed("from keras import backend as K")["K"]
    functions = api.backend_functions()
    before = functions.epsilon()
    functions.set_epsilon(0.125)
    seen = backend.epsilon()
    functions.set_epsilon(before)
    return {"epsilon": seen}


def _constant_of_keras() -> Any:
    constant = _printed("from keras import backend as K\nconstant = K.constant")["constant"]
    return api.array(constant([[42, 24], [11, 99]], dtype="float16", shape=[2, 2])).tolist()


def edited_file() -> dict[str, Any]:
    """Return the values, and what layers make of them, where the file was edited before Keras is imported."""
    _write({**EDITED, **NOTE})
    keras, functions = api.keras(), api.backend_functions()
    zero, one = (api.tensor(np.full((1, 1), value, "float32")) for value in (0.0, 1.0))
    loss = source.percentage_error()
    return {
        "floatx": functions.floatx(),
        "epsilon": functions.epsilon(),
        "image_data_format": functions.image_data_format(),
        "backend": functions.backend(),
        "weights": weights_of_layers(keras.layers),
        "convolution": keras.layers.Conv2D(1, 1).data_format,
        "loss": float(api.array(loss(zero, one))),
        "kept": json.loads(_file().read_text(encoding="utf-8")),
        "alone": _read_alone(),
    }


def _read_alone() -> list[dict[str, Any]]:
    """Return what Keras makes of files with one key, and what each holds then; nothing where that is unknown."""
    files = []
    for key, value in ALONE:
        with folders.temporary("settings") as home:
            file = home / ".keras" / "keras.json"
            file.parent.mkdir()
            file.write_text(json.dumps({key: value}), encoding="utf-8")
            try:
                read = source.read_again(home)[key]
            except Inconclusive:
                return []
            files.append({"key": key, "value": value, "read": read, "kept": json.loads(file.read_text("utf-8"))})
    return files


def first_layer(precision: str) -> str:
    """Return what the weights of the first layer of a process are made of, once a precision is set."""
    layers = api.keras().layers
    api.backend_functions().set_floatx(precision)
    return weights_of_layers(layers)


def weights_of_layers(layers: Any) -> str:
    """Return the type of all weights of new layers of several kinds; the types, where there are several."""
    built = [(layers.Dense(2), (None, 3)), (layers.Embedding(3, 2), (None,)), (layers.Conv2D(1, 2), (None, 4, 4, 4))]
    for layer, shape in built:
        layer.build(shape)
    return ", ".join(sorted({str(api.dtype_name(weight.dtype)) for layer, _ in built for weight in layer.weights}))


def engines() -> dict[str, Any]:
    """Return, for each name in the file's `backend` and for the variable `KERAS_BACKEND`, what came of it.

    Each is `chosen`, the engine that Keras says it has, and `error`, why it cannot be imported with it, or None. The
    variable names the engine of this run, or beside TensorFlow the one that needs the least, which is `other`.
    """
    chosen = _chosen_by()
    own = os.environ.pop("KERAS_BACKEND", None) or "tensorflow"
    other = "numpy" if own == "tensorflow" else own
    choices = {name: chosen({**EDITED, "backend": name}) for name in ENGINES[:-1]}
    # The last name stands in a file without one of the keys.
    lacking = {key: value for key, value in EDITED.items() if key != "epsilon"}
    choices[ENGINES[-1]] = chosen({**lacking, "backend": ENGINES[-1]})
    choices["edited"] = {"name": "numpy"}
    if own in backend_choice.EARLY:
        # NumPy is no engine of Keras up to 2.3; that of this run is another than the one by default.
        choices["edited"] = {"name": own, **choices[own]}
        choices["unknown"] = chosen({**EDITED, "backend": "mxnet"})
    os.environ["KERAS_BACKEND"] = other
    choices["variable"] = {**chosen({**EDITED, "backend": "tensorflow"}), "other": other}
    if is_third_generation() and choices["variable"]["error"] is None:
        choices["variable"]["model"] = attempt(_model)
    return choices


def _write(values: dict[str, Any]) -> None:
    _file().parent.mkdir(exist_ok=True)
    _file().write_text(json.dumps(values), encoding="utf-8")


def _chosen_by() -> Any:
    if is_third_generation():
        return _engine_of_third_generation
    return _engine_of_second_generation if api.runs_on_tensorflow() else _engine_of_early_keras


def _engine_of_early_keras(values: dict[str, Any]) -> dict[str, Any]:
    """Import Keras up to 2.3 again; one that looks for an engine has chosen it, be the engine installed or not."""
    _write(values)
    for name in [name for name in sys.modules if name.split(".")[0] == "keras"]:
        del sys.modules[name]
    imported = attempt(lambda: _printed("import keras")["keras"].backend.backend())
    error, name = imported.get("error"), values["backend"]
    return {"chosen": name if f"No module named '{name}" in (error or "") else imported.get("value"), "error": error}


def _engine_of_second_generation(values: dict[str, Any]) -> dict[str, Any]:
    # The first name is in the file before the import, which can be made only once in a process
    _write(values)
    return {"chosen": str(api.backend_functions().backend()), "error": None}


def _engine_of_third_generation(values: dict[str, Any]) -> dict[str, Any]:
    # Without TensorFlow in the process Keras can be imported again and again
    _write(values)
    for name in [name for name in sys.modules if name.split(".")[0] == "keras"]:
        del sys.modules[name]
    imported = attempt(lambda: _printed("import keras")["keras"].__name__)
    # The part that reads the file stays loaded, also where the engine that it names cannot be
    settings = sys.modules.get("keras.src.backend.config")
    return {"chosen": None if settings is None else str(settings.backend()), "error": imported.get("error")}


def _model() -> Any:
    keras = _printed("import keras")["keras"]
    numpy = _printed("import numpy")["numpy"]
    model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="ones")])
    result = model(numpy.ones((1, 3)))
    values = keras.ops.convert_to_numpy(result).tolist()
    predicted = model.predict(numpy.ones((2, 3)), verbose=0).tolist()
    return {"type": f"{type(result).__module__}.{type(result).__name__}", "values": values, "predicted": predicted}


_AT_HOME = {"KERAS_HOME": None}
FIRST_USE = Job(f"{__name__}:first_use", environment=_AT_HOME, deadline=120.0)
EDIT = Job(f"{__name__}:edited_file", environment=_AT_HOME, deadline=120.0)
ENGINE = Job(f"{__name__}:engines", environment=_AT_HOME, deadline=120.0)
FIRST_LAYERS = tuple(
    Job(f"{__name__}:first_layer", (precision,), environment=_AT_HOME, deadline=120.0)
    for precision in ("float16", "float32", "float64")
)
