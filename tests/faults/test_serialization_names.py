"""Files whose names stand for something else than they seem to: refused, with and without a Keras at hand."""

from __future__ import annotations

import json
import sys
import types
from random import Random
from types import SimpleNamespace
from typing import Any

import h5py
import pytest

from pytest_kerasch2.errors import UnsafeFile
from pytest_kerasch2.serialization import Limits, architecture, inspect
from pytest_kerasch2.serialization.names import Names

pytestmark = pytest.mark.usefixtures("in_this_process")


def _file(path, layer):
    config = {"class_name": "Sequential", "config": {"name": "m", "layers": [layer]}}
    with h5py.File(str(path), "w") as file:
        file.attrs["model_config"] = json.dumps(config)
    return path


def _module(name, **content):
    module = types.ModuleType(name)
    module.__dict__.update(content)
    return module


def _class(name, *bases, module="keras.src.layers"):
    return type(name, bases, {"__module__": module})


@pytest.fixture
def keras(monkeypatch):
    """A stand-in with the parts of Keras that names are looked up in; its registry holds ``mine>Scale`` and others."""
    operation = _class("Operation", module="keras.src.ops")
    layer = _class("Layer", operation)
    reader = _class("TFSMLayer", layer)
    lookup = _class("StringLookup", layer)
    registry: dict[str, Any] = {
        "mine>Scale": _class("Scale", layer, module="mine"),
        "mine>Words": _class("Words", lookup, module="mine"),
        "mine>Reader": _class("Reader", reader, module="mine"),
        "mine>twice": lambda x: 2 * x,
    }
    relu = types.FunctionType((lambda x: x).__code__, {"__name__": "keras.src.activations"}, "relu")
    monkeypatch.setitem(sys.modules, "keras.src.ops.numpy", _module("x", Add=_class("Add", operation), os=json))
    progress, renamed = _class("Progbar", module="keras.src.utils"), reader
    return _module(
        "keras",
        Operation=operation,
        Model=layer,
        layers=_module("keras.layers", Layer=layer, Dense=_class("Dense", layer), Progress=progress, Nice=renamed),
        activations=_module("keras.activations", relu=relu, loads=json.loads),
        optimizers=SimpleNamespace(schedules=None),
        utils=SimpleNamespace(get_registered_object=registry.get, get_custom_objects=lambda: registry),
    )


def _function(name, module="builtins", **more):
    return {"class_name": "function", "config": name, "module": module, **more}


def _array(value):
    return {"class_name": "__numpy__", "config": {"value": value, "dtype": "str"}}


def _nested(layer):
    """Return a model whose layer is a model, and so on, with one layer in the innermost."""
    for name in ("Sequential", "Functional", "Sequential", "Model"):
        layer = {"class_name": name, "config": {"name": "m", "layers": [layer]}}
    return layer


HONEST = {
    "an operation": {"module": "keras.src.ops.numpy", "class_name": "Add", "config": {}, "registered_name": "Add"},
    "a layer": {"module": "keras.layers", "class_name": "Dense", "config": {"activation": _function("relu")}},
    "a registered layer": {"module": "mine", "class_name": "Scale", "config": {}, "registered_name": "mine>Scale"},
    "a registered layer of Keras 2": {"class_name": "mine>Scale", "config": {}},
    "a registered function": {"class_name": "Dense", "config": {"activation": _function("mine>twice")}},
    "a registered function, by its last name": {"class_name": "Dense", "config": {"activation": _function("twice")}},
    "a Lambda of a registered function": {"class_name": "Lambda", "config": {"function": _function("mine>twice")}},
    "a Lambda of a function of Keras": {"class_name": "Lambda", "config": {"function": _function("relu")}},
    "a slice": {"class_name": "__slice__", "config": {"start": None, "stop": 1, "step": None}},
    "a vocabulary in an array": {"class_name": "mine>Words", "config": {"vocabulary": _array(["a", "b"])}},
    "a vocabulary in a tuple": {
        "class_name": "mine>Words",
        "config": {"vocabulary": {"class_name": "__tuple__", "items": ["a"]}},
    },
    "a model in a model": _nested({"class_name": "Dense", "config": {"activation": "relu"}}),
    "a registered layer that has a vocabulary": {"class_name": "mine>Words", "config": {"vocabulary": ["a"]}},
    "a bare sum": {"class_name": "TFOpLambda", "config": {"function": "__operators__.add"}},
    "a bare sum of TensorFlow 2.0": {"class_name": "TensorFlowOpLayer", "config": {"node_def": {"op": "AddV2"}}},
}


@pytest.mark.parametrize("name", sorted(HONEST))
def test_what_keras_wrote_and_the_user_registered_passes(keras, name, tmp_path):
    inspect(_file(tmp_path / "m.h5", HONEST[name]), keras=keras)


HOSTILE = {
    "a class of another package": {"module": "posix", "class_name": "System", "config": {}},
    "the name of a builtin": {"module": "builtins", "class_name": "Harmless", "config": {}, "registered_name": "exec"},
    "a part of Keras that no model has": {"module": "keras.layers", "class_name": "Progress", "config": {}},
    "a reader of files under another name": {"module": "keras.layers", "class_name": "Nice", "config": {}},
    "a reader of files as the registered name": {
        "module": "keras.layers",
        "class_name": "Harmless",
        "registered_name": "TFSMLayer",
        "config": {"filepath": "/elsewhere"},
    },
    "a reader of files with the registered name of another": {
        "class_name": "TFSMLayer",
        "registered_name": "mine>Scale",
        "config": {"filepath": "/elsewhere"},
    },
    "a registered reader of files": {"class_name": "mine>Reader", "config": {"filepath": "/elsewhere"}},
    "a vocabulary file of a registered layer": {"class_name": "mine>Words", "config": {"vocabulary": "/etc/hostname"}},
    "a vocabulary in an array of one text": {
        "class_name": "mine>Words",
        "config": {"vocabulary": _array("/etc/hostname")},
    },
    "a vocabulary in an array of Keras's own": {
        "class_name": "StringLookup",
        "config": {"vocabulary": _array("/etc/hostname")},
    },
    "a vocabulary in bytes": {
        "class_name": "StringLookup",
        "config": {"vocabulary": {"class_name": "__bytes__", "config": {"value": "/etc/hostname"}}},
    },
    "a vocabulary that a function makes": {"class_name": "StringLookup", "config": {"vocabulary": _function("relu")}},
    "a vocabulary in a tuple that is none": {
        "class_name": "StringLookup",
        "config": {"vocabulary": {"class_name": "__tuple__", "items": "/etc/hostname"}},
    },
    "a Lambda in nested models": _nested({"class_name": "Lambda", "config": {"function": ["4wEA", None, None]}}),
    "a bare writer in nested models": _nested({"class_name": "TFOpLambda", "config": {"function": "io.write_file"}}),
    "a Lambda in the layer that another repeats": {
        "class_name": "TimeDistributed",
        "config": {"layer": {"class_name": "Lambda", "config": {"function": ["4wEA", None, None]}}},
    },
    "a loader as a class": {"module": "keras.models", "class_name": "load_model", "config": {"filepath": "x"}},
    "a loader of the older Keras": {"module": "tf_keras.models", "class_name": "load_model", "config": {}},
    "a loader by its inner name": {
        "module": "keras.src.saving.saving_api",
        "class_name": "function",
        "config": "load_model",
    },
    "a copier of models": {"class_name": "Dense", "config": {"activation": _function("clone_model", "keras.models")}},
    "a reader of configurations": _function("model_from_json", "keras.models"),
    "a NUL in a class": {"class_name": "Dense\0Lambda", "config": {}},
    "a NUL in a module": {"module": "keras.layers\0", "class_name": "Dense", "config": {}},
    "a NUL in a registered name": {"class_name": "Dense", "registered_name": "Dense\0", "config": {}},
    "a NUL in a function": _function("relu\0"),
    "a NUL in the name of a layer": {"class_name": "Dense", "config": {"name": "dense\0/secret"}},
    "a module of Keras that is no class": {"module": "keras.src.ops.numpy", "class_name": "os", "config": {}},
    "a function of a loader": {
        "config": {"activation": _function("load_model", "keras.models")},
        "class_name": "Dense",
    },
    "a function of Python": _function("nothing", registered_name="eval"),
    "a function that makes anything": _function("deserialize", "keras.layers"),
    "a function that makes any activation": _function("deserialize", "keras.activations"),
    "a private function": _function("_imported", "keras.activations"),
    "a function from elsewhere in a part of Keras": _function("loads", "keras.activations"),
    "a Lambda of an unknown function": {"class_name": "Lambda", "config": {"function": _function("strange")}},
    "a Lambda of bytecode": {"class_name": "Lambda", "config": {"function": ["4wEA", None, None]}},
    "a bare writer": {"class_name": "TFOpLambda", "config": {"function": "io.write_file"}},
    "a bare writer in an older version": {
        "class_name": "TFOpLambda",
        "config": {"function": "compat.v1.io.write_file"},
    },
    "a bare function of Python": {"class_name": "TFOpLambda", "config": {"function": "py_function"}},
    "a raw operation of its own": {"class_name": "TFOpLambda", "config": {"function": "raw_ops.ReadFile"}},
    "a bare call by the registered name": {
        "module": "keras.layers",
        "class_name": "Harmless",
        "registered_name": "TFOpLambda",
        "config": {"function": "io.write_file"},
    },
    "a method of a writer": {"class_name": "ClassMethod", "config": {"cls_symbol": "io.TFRecordWriter"}},
    "a node that reads beside a function that computes": {
        "class_name": "TensorFlowOpLayer",
        "config": {"function": "math.add", "node_def": {"op": "ReadFile"}},
    },
    "a call of nothing": {"class_name": "TFOpLambda", "config": {}},
    "a node that reads": {"class_name": "TensorFlowOpLayer", "config": {"node_def": {"op": "ReadFile"}}},
}


# Without a Keras there is no type to look at, and nothing that is registered.
BY_TYPE_ALONE = (
    "a function from elsewhere in a part of Keras",
    "a part of Keras that no model has",
    "a reader of files under another name",
    "a registered reader of files",
)


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_what_stands_for_something_else_is_refused(keras, name, tmp_path):
    with pytest.raises(UnsafeFile):
        inspect(_file(tmp_path / "m.h5", HOSTILE[name]), keras=keras)


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - set(BY_TYPE_ALONE)))
def test_what_stands_for_something_else_is_refused_by_its_name_alone(name, tmp_path, monkeypatch):
    monkeypatch.setattr("pytest_kerasch2.framework.api.loaded_keras", lambda: None)

    with pytest.raises(UnsafeFile):
        inspect(_file(tmp_path / "m.h5", HOSTILE[name]))


def test_a_name_of_the_callers_does_not_excuse_another_registered_name(keras, tmp_path):
    # Keras up to 3.8 looks for the registered name, does not find it, and imports the module.
    layer = {"module": "antigravity", "class_name": "Mine", "config": {}, "registered_name": "other>Thing"}

    with pytest.raises(UnsafeFile):
        inspect(_file(tmp_path / "m.h5", layer), allowed=("Mine",), keras=keras)


def test_a_name_without_its_package_is_enough(keras, tmp_path):
    layer = {"module": "mine.layers", "class_name": "Mine", "config": {}, "registered_name": "mine>Mine"}

    inspect(_file(tmp_path / "m.h5", layer), allowed=("Mine",), keras=keras)


def test_a_name_is_looked_up_without_importing(keras, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "this", raising=False)

    with pytest.raises(UnsafeFile):
        inspect(_file(tmp_path / "m.h5", {"module": "this", "class_name": "Zen", "config": {}}), keras=keras)

    assert "this" not in sys.modules


@pytest.mark.parametrize(
    ("layer", "helps"),
    [
        (
            {"module": "mine", "class_name": "Gone", "config": {}, "registered_name": "mine>Gone"},
            r"custom_objects=\{'mine>Gone': Gone\}",
        ),
        (_function("strange", "mine"), r"custom_objects=\{'strange': strange\}"),
        ({"class_name": "Lambda", "config": {"function": ["4wEA", None, None]}}, "trusted=True"),
        ({"class_name": "TFSMLayer", "config": {}}, "trusted=True"),
    ],
)
def test_a_refusal_says_what_helps(keras, layer, helps, tmp_path):
    with pytest.raises(UnsafeFile, match=helps):
        inspect(_file(tmp_path / "m.h5", layer), keras=keras)


# -- configurations put together at random

KEYS = ("class_name", "config", "module", "registered_name", "function", "node_def", "op", "cls_symbol", "vocabulary")
CLASSES = ("Lambda", "function", "Dense", "TFOpLambda", "TensorFlowOpLayer", "StringLookup", "__lambda__", "__slice__")
VALUES = (*CLASSES, "keras.layers", "keras.src.ops", "builtins", "os", "eval", "mine>X", "a.b", "\0", None, 1, 2.5)


def _at_random(random, depth=0):
    chosen = random.random() if depth < 4 else 1.0
    if chosen < 0.6:
        return {random.choice(KEYS): _at_random(random, depth + 1) for _ in range(random.randint(0, 5))}
    if chosen < 0.7:
        return [_at_random(random, depth + 1) for _ in range(random.randint(0, 3))]
    return random.choice(VALUES)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("beside", ["a Keras", "no Keras"])
def test_a_configuration_at_random_passes_or_is_refused(keras, seed, beside):
    random = Random(seed)
    names = Names(keras if beside == "a Keras" else None, {"X": 1})
    refused = 0

    for _ in range(1000):
        config = _at_random(random)
        try:
            architecture.check(config, "architecture", Limits(), names)
        except UnsafeFile:
            refused += 1

    assert 100 < refused < 900
