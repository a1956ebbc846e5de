"""Reading a model's configuration for things that would run code or reach outside, before Keras acts on it.

Up to TensorFlow 2.15, and with Keras below 3.11.3, loading an HDF5 file runs what its configuration names:
CVE-2024-3660, CVE-2025-1550, CVE-2025-8747, CVE-2025-9905, CVE-2025-9906, CVE-2025-12058, CVE-2026-1462.
"""

from __future__ import annotations

import builtins
import json
from typing import Any, Iterator

from ..errors import DataDamaged, UnsafeFile
from .limits import Limits

REMEDY = "load it only if you know who made it, and then in a process of its own"

MODEL_PARTS = frozenset(
    (
        "activations",
        "constraints",
        "dtype_policies",
        "engine",
        "initializers",
        "layers",
        "losses",
        "metrics",
        "mixed_precision",
        "models",
        "optimizers",
        "optimizer_v2",
        "random",
        "regularizers",
    )
)
"""The parts of Keras that the configuration of a model has business with; downloaders and switches live elsewhere."""

REACHING = frozenset(["FlaxLayer", "JaxLayer", "TFSMLayer", "TensorFlowOpLayer", "TorchModuleWrapper"])
"""Layers whose configuration names files, pickles or raw operations."""

OPERATIONS = ("math.", "nn.", "__operators__.", "linalg.", "cast", "concat", "expand_dims", "reshape", "squeeze")
"""What the layers made from bare TensorFlow calls may call; reading and writing files are such calls too."""

WRAPPERS = frozenset(
    ("function", "slice", "__tensor__", "__numpy__", "__tuple__", "__keras_tensor__", "__ellipsis__", "__typespec__")
)
"""Names in lower case that stand for kinds of values, where a class is expected otherwise."""


def parse(text: str, what: str, limits: Limits) -> Any:
    """Give the value of a JSON text.

    Raises:
        UnsafeFile: the text is larger or deeper than any honest configuration.
        DataDamaged: it is no JSON object.
    """
    if len(text) > limits.text_bytes:
        raise UnsafeFile(f"The {what} is too large", f"{len(text)} bytes, at most {limits.text_bytes}", REMEDY)
    try:
        value = json.loads(text)
    except RecursionError:
        raise UnsafeFile(f"The {what} is nested too deeply", f"{len(text)} bytes", REMEDY) from None
    except ValueError as error:
        raise DataDamaged(f"The {what} is no JSON", str(error), "save the model again") from None
    if not isinstance(value, dict):
        raise DataDamaged(f"The {what} is no JSON object", type(value).__name__, "save the model again")
    return value


def check(config: Any, what: str, limits: Limits, allowed: tuple[str, ...] = ()) -> None:
    """Raise if a configuration names anything but the parts that models are made of.

    Args:
        config: the parsed JSON.
        what: how an error calls it.
        limits: how large and how deep it may be.
        allowed: names of the caller's own classes and functions.

    Raises:
        UnsafeFile: with what was found.
    """
    for node in _objects(config, what, limits):
        name = node.get("class_name")
        if isinstance(name, str):
            _check_class(node, name, what, allowed)
        _check_bytecode(node, what, allowed)


def _objects(config: Any, what: str, limits: Limits) -> Iterator[Any]:
    waiting = [(config, 0)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > limits.depth or seen > limits.nodes:
            raise UnsafeFile(f"The {what} is nested too deeply or too large", f"depth {depth}, {seen} values", REMEDY)
        if isinstance(value, dict):
            yield value
            waiting.extend((inner, depth + 1) for inner in value.values())
        elif isinstance(value, list):
            waiting.extend((inner, depth + 1) for inner in value)


def _check_class(node: Any, name: str, what: str, allowed: tuple[str, ...]) -> None:
    if name in allowed or node.get("registered_name") in allowed:
        return
    config = node.get("config")
    if name == "Lambda":
        _check_lambda(config, what, allowed)
    elif name in REACHING or name == "__lambda__":
        raise UnsafeFile(f"The {what} holds a part that can run code or read files", f"class {name!r}", REMEDY)
    elif name in ("TFOpLambda", "SlicingOpLambda"):
        _check_operation(config, what)
    elif isinstance(config, dict) and isinstance(config.get("vocabulary"), str):
        # CVE-2025-12058: a vocabulary given as text is the path of a file to read.
        raise UnsafeFile(f"The {what} names a file to read", repr(config["vocabulary"])[:80], REMEDY)
    elif name == "function":
        _check_function(node, what, allowed)
    else:
        _check_module(node, name, what)


def _check_lambda(config: Any, what: str, allowed: tuple[str, ...]) -> None:
    function = config.get("function") if isinstance(config, dict) else None
    if isinstance(function, str) and function in allowed:
        return
    raise UnsafeFile(f"The {what} holds a Lambda layer", f"function {str(function)[:60]!r}", REMEDY)


def _check_operation(config: Any, what: str) -> None:
    function = config.get("function") if isinstance(config, dict) else None
    if not (isinstance(function, str) and function.startswith(OPERATIONS)):
        raise UnsafeFile(f"The {what} calls a bare operation", f"{str(function)[:60]!r}", REMEDY)


def _check_function(node: Any, what: str, allowed: tuple[str, ...]) -> None:
    function, module = node.get("config"), node.get("module")
    if isinstance(function, str) and function in allowed:
        return
    # Keras 3 writes a function that it does not know as one of "builtins", among them tf.nn.softmax ("softmax_v2").
    known = module in (None, "builtins") or _is_model_part(module)
    if not isinstance(function, str) or not known or function in dir(builtins):
        raise UnsafeFile(f"The {what} names a function", f"{module!r}: {str(function)[:60]!r}", REMEDY)


def _check_module(node: Any, name: str, what: str) -> None:
    module = node.get("module")
    proper = name in WRAPPERS or name.rpartition(">")[2][:1].isupper()
    if not proper or not (module in (None, "builtins") or _is_model_part(module)):
        raise UnsafeFile(f"The {what} names something that is no part of a model", f"{module!r}: {name[:60]!r}", REMEDY)
    if module == "builtins" and name in dir(builtins) and name not in WRAPPERS:
        raise UnsafeFile(f"The {what} names something of Python itself", f"{module!r}: {name[:60]!r}", REMEDY)


def _is_model_part(module: Any) -> bool:
    if not isinstance(module, str):
        return False
    parts = module.split(".")
    if parts[:2] in (["tensorflow", "keras"], ["tensorflow", "python"], ["tf_keras", "src"], ["keras", "src"]):
        parts = parts[1:]
    if parts[0] not in ("keras", "tf_keras", "src", "python"):
        return False
    rest = [part for part in parts[1:] if part != "keras"]
    return not rest or rest[0] in MODEL_PARTS


def _check_bytecode(node: Any, what: str, allowed: tuple[str, ...]) -> None:
    kinds = [kind for kind in ("function_type", "output_shape_type", "mask_type") if node.get(kind) == "lambda"]
    if kinds:
        raise UnsafeFile(f"The {what} holds bytecode", ", ".join(kinds), REMEDY)
    function = node.get("function")
    if isinstance(function, list) and function and function[0] not in allowed and isinstance(function[0], str):
        raise UnsafeFile(f"The {what} holds bytecode", f"{len(function[0])} characters under 'function'", REMEDY)
