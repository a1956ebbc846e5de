"""The child's side of a comparison of releases: what the names of a block are bound to, as plain data.

It needs the standard library alone, of CPython 3.7 or newer, and imports no framework: it looks at what is there.
"""

from __future__ import annotations

import hashlib
import math
import re
import sys
from typing import Any, Iterable, Mapping

# What is kept of one block, of one value, and how deep.
MOST_NAMES = 40
MOST_ITEMS = 12
MOST_LAYERS = 200
MOST_TEXT = 400
DEEPEST = 4
FIRST_NUMBERS = 6
LARGEST_ARRAY = 2**28
_KERAS = ("keras", "tf_keras", "tensorflow")
_KINDS = {
    "Model": "model",
    "Optimizer": "optimizer",
    "OptimizerV2": "optimizer",
    "Layer": "layer",
    "History": "history",
    "DatasetV2": "dataset",
    "Dataset": "dataset",
}
# Of a configuration: how releases call and keep things, not what they do.
_LEFT_OUT = {"name", "module", "registered_name", "build_config", "compile_config", "batch_input_shape", "batch_shape",
             "shared_object_id", "inbound_nodes"}  # fmt: skip


def observe(namespace: Mapping[str, Any], bound: Iterable[str], used: Iterable[str]) -> dict[str, Any]:
    """Return what names are bound to.

    Args:
        namespace: of the document.
        bound: names that the block binds.
        used: names that it uses; of these, models, layers and optimizers alone may have become something else.
    """
    observed: dict[str, Any] = {}
    for name in bound:
        if name in namespace and not name.startswith("_") and len(observed) < MOST_NAMES:
            observed[name] = observation(namespace[name])
    for name in used:
        is_new = name in namespace and name not in observed and len(observed) < MOST_NAMES
        if is_new and _keras_kind(namespace[name]) in ("model", "optimizer", "layer"):
            observed[name] = observation(namespace[name])
    return observed


def observation(value: Any, depth: int = 0) -> dict[str, Any]:
    """Return what a value is, as plain data within bounds."""
    try:
        return _observation(value, depth)
    except Exception as error:
        return {"kind": "unreadable", "why": type(error).__name__}


def _observation(value: Any, depth: int) -> dict[str, Any]:
    simple = _simple(value)
    if simple is not None:
        return simple
    if type(value) in (list, tuple, set, frozenset):
        return _sequence(value, depth)
    if isinstance(value, dict):
        return _mapping(value, depth)
    array = _array(value)
    if array is not None:
        return array
    kind = _keras_kind(value)
    if kind in _READERS:
        return _READERS[kind](value)
    if isinstance(value, type):
        return {"kind": "class", "name": value.__name__}
    if callable(value) and type(value).__name__ in ("function", "builtin_function_or_method", "method"):
        return {"kind": "function"}
    return {"kind": "module"} if type(value).__name__ == "module" else {"kind": "object", "class": _class_name(value)}


def _class_name(value: Any) -> str:
    return type(value).__name__.lstrip("_")


def _simple(value: Any) -> dict[str, Any] | None:
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        value = value.item()
    if value is None or type(value) is bool:
        return {"kind": "constant", "text": str(value)}
    if type(value) in (int, float):
        number = float(value) if abs(value) < 2**1000 else math.inf
        return {"kind": type(value).__name__, "numbers": [_json_number(number)]}
    if type(value) in (str, bytes):
        return {"kind": type(value).__name__, "text": str(value)[:MOST_TEXT]}
    return None


def _json_number(number: float) -> float | str:
    """Return a number as JSON has it."""
    return number if math.isfinite(number) else str(number)


def _sequence(value: Any, depth: int) -> dict[str, Any]:
    kind = "list" if type(value) in (list, tuple) else "set"
    ordered = isinstance(value, (list, tuple))
    items = list(value)[:MOST_ITEMS] if ordered else sorted(map(str, value))[:MOST_ITEMS]
    numbers = len(value) > MOST_ITEMS and ordered and all(type(one) in (int, float) for one in value)
    if numbers:
        return {"kind": kind, "length": len(value), "numbers": _summary([float(one) for one in value])}
    inner = [observation(one, depth + 1) for one in items] if depth < DEEPEST else []
    return {"kind": kind, "length": len(value), "items": inner}


def _mapping(value: Any, depth: int) -> dict[str, Any]:
    keys = [key for key in value if isinstance(key, (str, int))][:MOST_ITEMS]
    inner = {str(key): observation(value[key], depth + 1) for key in keys} if depth < DEEPEST else {}
    return {"kind": "dict", "length": len(value), "keys": sorted(str(key)[:80] for key in value)[:50], "of": inner}


def _summary(numbers: list[float]) -> list[Any]:
    """Return the first numbers, and the mean, spread, least and greatest of all."""
    finite = [one for one in numbers if math.isfinite(one)]
    if not finite:
        return [str(one) for one in numbers[:FIRST_NUMBERS]]
    mean = math.fsum(finite) / len(finite)
    spread = math.sqrt(math.fsum((one - mean) ** 2 for one in finite) / len(finite))
    return [*map(_json_number, numbers[:FIRST_NUMBERS]), mean, spread, min(finite), max(finite)]


def _array(value: Any) -> dict[str, Any] | None:
    numpy: Any = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(value, numpy.ndarray):
        return {"kind": "array", "of": "array", **_contents(value, numpy)}
    root = type(value).__module__.split(".")[0]
    if root not in _KERAS or not hasattr(value, "dtype") or not hasattr(value, "shape"):
        return None
    kind = "variable" if "Variable" in type(value).__name__ else "tensor"
    if not hasattr(value, "numpy") or "KerasTensor" in type(value).__name__ or not hasattr(value, "__array__"):
        return {"kind": "symbolic", "shape": _shape(value.shape), "dtype": _dtype(value.dtype)}
    try:
        contents = numpy.asarray(value.numpy())
    except Exception:
        return {"kind": "symbolic", "shape": _shape(value.shape), "dtype": _dtype(value.dtype)}
    return {"kind": "array", "of": kind, **_contents(contents, numpy)}


def _shape(shape: Any) -> list[int | None]:
    return [None if one is None or getattr(one, "value", one) is None else int(one) for one in tuple(shape)]


def _dtype(dtype: Any) -> str:
    return str(getattr(dtype, "name", dtype))


def _contents(array: Any, numpy: Any) -> dict[str, Any]:
    record: dict[str, Any] = {"shape": list(array.shape), "dtype": re.sub(r"^[<>=|]", "", str(array.dtype))}
    if array.nbytes > LARGEST_ARRAY or not array.size:
        return record
    if array.dtype.kind in "biuf":
        record["digest"] = hashlib.sha256(numpy.ascontiguousarray(array).tobytes()).hexdigest()[:16]
        numbers = array.astype("float64").ravel()
        finite = numbers[numpy.isfinite(numbers)]
        first = [_json_number(float(one)) for one in numbers[:FIRST_NUMBERS]]
        more = [finite.mean(), finite.std(), finite.min(), finite.max()] if finite.size else []
        record["numbers"] = [*first, *map(float, more)]
    else:
        record["text"] = " ".join(map(str, array.ravel()[:MOST_ITEMS].tolist()))[:MOST_TEXT]
    return record


def _keras_kind(value: Any) -> str | None:
    """Return what a value is to Keras, by its bases; nothing of it is imported."""
    for base in type(value).__mro__:
        if base.__module__.split(".")[0] in _KERAS and base.__name__ in _KINDS:
            return _KINDS[base.__name__]
    return None


def _model(value: Any) -> dict[str, Any]:
    layers = [one for one in getattr(value, "layers", ()) if type(one).__name__ != "InputLayer"][:MOST_LAYERS]
    built = bool(getattr(value, "built", False)) and bool(getattr(value, "weights", ()))
    record: dict[str, Any] = {"kind": "model", "layers": [_class_name(one) for one in layers]}
    record["settings"] = [_settings(one) for one in layers]
    if built:
        record["parameters"] = int(value.count_params())
        record["weights"] = _weights(value)
    optimizer = getattr(value, "optimizer", None)
    if optimizer is not None and _keras_kind(optimizer) == "optimizer":
        record["optimizer"] = _optimizer(optimizer)
    return record


def _layer(value: Any) -> dict[str, Any]:
    record = {"kind": "layer", "class": _class_name(value), "settings": _settings(value)}
    if getattr(value, "built", False) and getattr(value, "weights", ()):
        record["weights"] = _weights(value)
    return record


def _weights(value: Any) -> dict[str, Any]:
    numpy: Any = sys.modules["numpy"]
    arrays = [numpy.asarray(one) for one in value.get_weights()]
    # Generators of dropout count as weights in Keras 3.
    kept = [one for one in arrays if one.dtype.kind == "f"][:MOST_LAYERS]
    numbers = [float(one) for array in kept for one in (array.ravel()[0], array.mean(dtype="float64"))]
    return {"shapes": [list(one.shape) for one in kept], "numbers": [_json_number(one) for one in numbers]}


def _optimizer(value: Any) -> dict[str, Any]:
    return {"kind": "optimizer", "class": _class_name(value), "settings": _settings(value)}


def _history(value: Any) -> dict[str, Any]:
    history = dict(value.history)
    numbers = [_json_number(float(one)) for key in sorted(history) for one in history[key][:FIRST_NUMBERS]]
    return {"kind": "history", "keys": sorted(history), "epochs": len(value.epoch), "numbers": numbers}


def _dataset(value: Any) -> dict[str, Any]:
    specification = re.sub(r",? ?name=None|\btf\.", "", str(getattr(value, "element_spec", "")))
    return {"kind": "dataset", "text": specification[:MOST_TEXT]}


_READERS = {"model": _model, "layer": _layer, "optimizer": _optimizer, "history": _history, "dataset": _dataset}


def _settings(value: Any) -> dict[str, Any]:
    """Return the configuration of a layer or an optimizer, in a form that all releases share."""
    configuration = value.get_config()
    return {str(key): _setting(one) for key, one in configuration.items() if key not in _LEFT_OUT}


def _setting(value: Any, depth: int = 0) -> Any:
    if isinstance(value, dict):
        if "class_name" in value:
            inner = value.get("config")
            if "Policy" in str(value["class_name"]) and isinstance(inner, dict):
                return inner.get("name")
            return [str(value["class_name"]), _setting(inner, depth + 1)]
        kept = {str(key): one for key, one in value.items() if key not in _LEFT_OUT}
        return {key: _setting(one, depth + 1) for key, one in sorted(kept.items())} if depth < DEEPEST else {}
    if isinstance(value, (list, tuple)):
        return [_setting(one, depth + 1) for one in value[:MOST_ITEMS]] if depth < DEEPEST else []
    if value is None or isinstance(value, (bool, str)):
        return value[:MOST_TEXT] if isinstance(value, str) else value
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, (int, float)) or hasattr(value, "item"):
        return _json_number(float(value))
    return getattr(value, "__name__", type(value).__name__)
