"""Layers that run code, or read and write elsewhere, as a configuration names them."""

from __future__ import annotations

import base64
import json
import marshal
import pickle
from pathlib import Path
from typing import Any, Callable

SHAPE = [None, 4]


def code(mark: Path) -> str:
    """Return the bytecode of a function that leaves a mark, as Keras stores it."""
    compiled_code = compile(f"lambda x: (open({str(mark)!r}, 'w').close(), x)[1]", "hostile", "eval").co_consts[0]
    return base64.b64encode(marshal.dumps(compiled_code)).decode()


def older_lambda(mark: Path) -> dict[str, Any]:
    """Return a Lambda layer as Keras 2 stores it."""
    more = {"function_type": "lambda", "module": "__main__", "output_shape": None, "output_shape_type": "raw"}
    function: dict[str, Any] = {
        "function": [code(mark), None, None],
        **more,
        "output_shape_module": None,
        "arguments": {},
    }
    return {"class_name": "Lambda", "config": {"name": "l", "trainable": True, "dtype": "float32", **function}}


def newer_lambda(mark: Path) -> dict[str, Any]:
    """Return a Lambda layer as Keras 3 stores it."""
    return plain_layer("Lambda", function=bytecode(mark), arguments={})


def bytecode(mark: Path) -> dict[str, Any]:
    """Return a function of its own code as Keras 3 stores it."""
    return {"class_name": "__lambda__", "config": {"code": code(mark), "defaults": None, "closure": None}}


def plain_layer(
    class_name: str, module: str = "keras.layers", registered_name: Any = None, **config: Any
) -> dict[str, Any]:
    """Return a layer as Keras 3 stores it."""
    config = {"name": "l", "trainable": True, "dtype": "float32", **config}
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered_name}


def _function(name: str, module: str, registered: str | None = None) -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": registered or name}


def _called(class_name: str, module: str, registered: Any = None, **config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered}


def _command(mark: Path) -> str:
    return f"touch {mark}"


class Pickled:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        """Take the file that is the mark."""
        self.mark = str(mark)

    def __reduce__(self) -> Any:
        """Return the call that unpickling makes."""
        return open, (self.mark, "w")


def _pickle(mark: Path) -> str:
    return base64.b64encode(pickle.dumps(Pickled(mark))).decode()


def _numpy(value: Any) -> dict[str, Any]:
    return {"class_name": "__numpy__", "config": {"value": value, "dtype": "str"}}


def _nested(layer: dict[str, Any]) -> dict[str, Any]:
    for _ in range(3):
        layer = _called("Sequential", "keras", name="m", layers=[first_layer(), layer])
    return layer


def first_layer() -> dict[str, Any]:
    """Return the layer that a model begins with."""
    return plain_layer("InputLayer", batch_shape=SHAPE, name="i")


def _writer(mark: Path) -> dict[str, Any]:
    calls = [["_CONSTANT_VALUE", -1, str(mark), {"contents": "x"}]]
    return {"class_name": "TFOpLambda", "inbound_nodes": calls, "config": {"name": "w", "function": "io.write_file"}}


LAYERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "Lambda of Keras 2": older_lambda,
    "Lambda of Keras 3": newer_lambda,
    "Lambda of the newer in the older's words": lambda mark: {**older_lambda(mark), "module": "keras.layers"},
    "Lambda under a registered name": lambda mark: {**newer_lambda(mark), "registered_name": "Dense"},
    "Dense under the registered name of Lambda": lambda mark: {
        **newer_lambda(mark), "class_name": "Dense", "registered_name": "Lambda",
    },
    "Lambda in nested models": lambda mark: _nested(older_lambda(mark)),
    "Lambda in nested models of Keras 3": lambda mark: _nested(newer_lambda(mark)),
    "Lambda that is repeated": lambda mark: plain_layer("TimeDistributed", layer=older_lambda(mark)),
    "Lambda that is wrapped": lambda mark: plain_layer("Bidirectional", layer=newer_lambda(mark)),
    "bytecode as an activation": lambda mark: plain_layer("Dense", units=4, activation=bytecode(mark)),
    "bytecode as an initializer": lambda mark: plain_layer("Dense", units=4, kernel_initializer=bytecode(mark)),
    "bytecode as a regularizer": lambda mark: plain_layer("Dense", units=4, kernel_regularizer=bytecode(mark)),
    "bytecode for a shape": lambda mark: {
        "class_name": "Lambda",
        "config": {**older_lambda(mark)["config"], "output_shape": [code(mark), None, None],
                   "output_shape_type": "lambda"},
    },
    "bytecode that splits texts": lambda mark: plain_layer("TextVectorization", standardize=bytecode(mark)),
    "a command by a Lambda": lambda mark: plain_layer(
        "Lambda", function=_function("system", "os"), arguments={"command": _command(mark)}
    ),
    "a command by a class": lambda mark: _called("Popen", "subprocess", args=["touch", str(mark)]),
    "a command by another name of the module": lambda mark: _called("system", "posix", command=_command(mark)),
    "Python's exec": lambda mark: _called("exec", "builtins", source=f"open({str(mark)!r}, 'w')"),
    "Python's eval as an activation": lambda _: plain_layer(
        "Dense", units=4, activation=_function("eval", "builtins")
    ),
    "Python's open": lambda mark: _called("open", "builtins", file=str(mark), mode="w"),
    "Python's open by the registered name": lambda mark: _called("Dense", "builtins", "open", file=str(mark), mode="w"),
    "the downloader": lambda mark: _called(
        "get_file", "keras.utils", fname=str(mark), origin=f"file://{__file__}", cache_dir=str(mark.parent)
    ),
    "the downloader as a function": lambda mark: plain_layer(
        "Lambda", function=_function("get_file", "keras.utils"),
        arguments={"fname": str(mark), "origin": f"file://{__file__}"},
    ),
    "the switch of the safe mode": lambda mark: _nested(
        _called("Sequential", "keras", name="m", layers=[
            _called("enable_unsafe_deserialization", "keras.config"), newer_lambda(mark),
        ])
    ),
    "the loader of models": lambda mark: _called(
        "load_model", "keras.models", filepath=str(mark.parent.parent / "0" / "model.h5"), safe_mode=False
    ),
    "the loader by its inner name": lambda mark: _called(
        "load_model", "keras.src.saving.saving_api", filepath=str(mark.parent.parent / "0" / "model.h5")
    ),
    "the reader of configurations": lambda mark: _called(
        "model_from_json", "keras.models", json_string=json.dumps(_nested(older_lambda(mark)))
    ),
    "the maker of anything": lambda mark: plain_layer(
        "Lambda", function=_function("deserialize", "keras.layers"), arguments={"config": older_lambda(mark)}
    ),
    "a SavedModel elsewhere": lambda mark: plain_layer("TFSMLayer", filepath=str(mark.parent)),
    "a SavedModel by the registered name": lambda mark: plain_layer(
        "Dense", registered_name="TFSMLayer", filepath=str(mark.parent)
    ),
    "a pickle of PyTorch": lambda mark: plain_layer("TorchModuleWrapper", module=_pickle(mark)),
    "a pickle of JAX": lambda mark: plain_layer("JaxLayer", call_fn=bytecode(mark)),
    "a bare call that writes": _writer,
    "a bare call of Python": lambda mark: {"class_name": "TFOpLambda", "config": {"function": "py_function"}},
    "a node that writes": lambda mark: plain_layer(
        "TensorFlowOpLayer", module="keras.src.engine.base_layer", node_def={"op": "WriteFile", "name": str(mark)}
    ),
    "a method that writes": lambda mark: plain_layer("ClassMethod", cls_symbol="io.TFRecordWriter", cls_name=str(mark)),
    "a vocabulary of another file": lambda _: plain_layer("StringLookup", vocabulary=__file__),
    "a vocabulary in an array": lambda _: plain_layer("StringLookup", vocabulary=_numpy(__file__)),
    "a vocabulary in bytes": lambda _: plain_layer(
        "TextVectorization", vocabulary={"class_name": "__bytes__", "config": {"value": __file__}}
    ),
    "a NUL in a class": lambda mark: {**older_lambda(mark), "class_name": "Lambda\0"},
    "a look-alike of Keras": lambda mark: {**newer_lambda(mark), "module": "keras_evil.layers"},
}  # fmt: skip
"""Each is made for the mark that it is to leave."""
