"""Reading a model's configuration for things that would run code or reach outside, before Keras acts on it.

Up to TensorFlow 2.15, and with Keras below 3.11.3, loading an HDF5 file runs what its configuration names:
CVE-2024-3660, CVE-2025-1550, CVE-2025-8747, CVE-2025-9905, CVE-2025-9906, CVE-2025-12058, CVE-2026-1462.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator

from pytest_kerasch2.errors import DataDamaged, UnsafeFile
from pytest_kerasch2.json_files import BadJson, JsonLimits, LargeJson, parse_json
from pytest_kerasch2.serialization import names as class_names
from pytest_kerasch2.serialization.limits import Limits
from pytest_kerasch2.serialization.names import Names
from pytest_kerasch2.serialization.operations import NODES, TENSORS, computes

REMEDY = "load it only if you know who made it, and then in a process of its own"
TRUST = "if you made the file yourself, load it with trusted=True; custom_objects do not help here"
OPERATIONS: dict[str, Callable[[Any], bool]] = {
    "function": computes,
    "cls_symbol": TENSORS.__contains__,
    "op": NODES.__contains__,
}
"""Where a bare call says what it calls, and which names compute."""
NAMING = ("class_name", "registered_name", "module", "name")
"""Where a configuration says by which name something is looked up, in Keras or in the file."""
HELD = ("__tuple__", "__numpy__", "__tensor__")
"""Kinds of values that may hold a list."""
LAMBDA_CODE = ("function_type", "output_shape_type", "mask_type")


def parse(text: str | bytes, what: str, limits: Limits) -> Any:
    """Return the value of a JSON text.

    Raises:
        UnsafeFile: the text is larger or deeper than any honest configuration.
        DataDamaged: it is no JSON object.
    """
    bounds = JsonLimits(size=limits.text_bytes, values=limits.nodes, depth=limits.depth)
    try:
        # Keras writes infinity and NaN, which are not JSON, as Python does.
        value = parse_json(text, bounds, on_constant=float)
    except LargeJson as error:
        raise UnsafeFile(f"The {what} is nested too deeply or too large", str(error), REMEDY) from None
    except BadJson as error:
        raise DataDamaged(f"The {what} is not JSON", str(error), "save the model again") from None
    if not isinstance(value, dict):
        raise DataDamaged(f"The {what} is not a JSON object", type(value).__name__, "save the model again")
    return value


def check(config: Any, what: str, limits: Limits, names: Names) -> None:
    """Raise if a configuration names anything but the parts that models are made of and what is the caller's own.

    Args:
        config: the parsed JSON.
        what: how an error calls it.
        limits: how large and how deep it may be.
        names: what the names in it stand for.

    Raises:
        UnsafeFile: with what was found.
    """
    for node in objects(config, what, limits):
        _check_characters(node, what)
        name = node.get("class_name")
        if isinstance(name, str):
            _check_class(node, name, what, names)
        _check_bytecode(node, what, names)


def objects(config: Any, what: str, limits: Limits) -> Iterator[Any]:
    """Yield every JSON object of a configuration.

    Raises:
        UnsafeFile: it is nested too deeply, or too large.
    """
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


def key_of(node: Any) -> str:
    """Return the name that Keras looks a class up by: the registered one where the file has it."""
    registered = node.get("registered_name")
    return registered if isinstance(registered, str) else str(node["class_name"])


def last_of(name: str) -> str:
    """Return a registered name without its package."""
    return name.rpartition(">")[2]


def _check_characters(node: Any, what: str) -> None:
    # What ends at such a character for one reader goes on for another.
    for key in (*NAMING, "config", "vocabulary"):
        value = node.get(key)
        if isinstance(value, str) and "\0" in value:
            raise UnsafeFile(f"The {what} has a name with a NUL in it", f"{key!r}: {value!r}"[:120], REMEDY)


def _check_class(node: Any, name: str, what: str, names: Names) -> None:
    config = node.get("config")
    own = names.is_own(key_of(node)) or last_of(key_of(node)) in names.custom
    kinds = _kinds(node, name, names)
    if "Lambda" in kinds and name not in names.custom:
        _check_lambda(config, what, names)
    elif (kinds & class_names.REACHING or "__lambda__" in kinds) and name not in names.custom:
        raise UnsafeFile(f"The {what} holds a part that can run code or read files", f"class {name!r}", TRUST)
    elif kinds & class_names.BARE_CALLS:
        _check_operation(config, what)
    elif (kinds & class_names.VOCABULARY_READERS or not own) and not _is_listed(_vocabulary(config)):
        # CVE-2025-12058: a vocabulary given as text is the path of a file to read.
        raise UnsafeFile(f"The {what} names a file to read", repr(_vocabulary(config))[:80], TRUST)
    elif name == "function":
        _check_function(node, what, names)
    elif not own:
        _check_module(node, name, what, names)


def _kinds(node: Any, name: str, names: Names) -> frozenset[str]:
    """Return all names that a class may turn out to have, whichever of its names a release goes by."""
    spelled = [name, key_of(node)]
    values = [names.own(key_of(node)), *(names.look_up(node.get("module"), one) for one in spelled)]
    tails = {last_of(one).rpartition(".")[2] for one in spelled}
    return frozenset(tails).union(*(class_names.lineage(value) for value in values))


def _vocabulary(config: Any) -> Any:
    return config.get("vocabulary") if isinstance(config, dict) else None


def _is_listed(value: Any) -> bool:
    """Whether a vocabulary is none, or a list: not a text, nor an object that Keras could make one from."""
    if isinstance(value, dict) and value.get("class_name") in HELD:
        value = value.get("config", value)
        value = value.get("items", value.get("value")) if isinstance(value, dict) else value
        return isinstance(value, list)
    return value is None or isinstance(value, list)


def _check_lambda(config: Any, what: str, names: Names) -> None:
    function = config.get("function") if isinstance(config, dict) else None
    if isinstance(function, dict) and function.get("class_name") == "function":
        _check_function(function, what, names)
        module, function = function.get("module"), function.get("config")
        if names.function(module, str(function)) is not None:
            return
    if isinstance(function, str):
        if not is_own_function(function, names):
            layer = f"a Lambda layer with the function {function[:60]!r}"
            raise UnsafeFile(f"The {what} names a function that is not known here", layer, yours(function))
        return
    raise UnsafeFile(f"The {what} holds a Lambda layer with code of its own", f"{str(function)[:60]!r}", TRUST)


def _check_operation(config: Any, what: str) -> None:
    called = config if isinstance(config, dict) else {}
    node = called.get("node_def", {})
    names = {**called, "op": node.get("op") if isinstance(node, dict) else node}
    operations = {key: names[key] for key in OPERATIONS if names.get(key) is not None}
    refused = [name for key, name in operations.items() if not (isinstance(name, str) and OPERATIONS[key](name))]
    if refused or not operations:
        raise UnsafeFile(f"The {what} calls a bare operation", f"{str(refused or called)[:60]!r}", TRUST)


def is_own_function(name: Any, names: Names) -> bool:
    """Whether a function is the caller's own, by its full name or, as Keras up to 3.6 saves it, by its last part."""
    if not isinstance(name, str):
        return False
    return names.is_own(name) or last_of(name) in names.custom or names.registered_as(name) is not None


def _check_function(node: Any, what: str, names: Names) -> None:
    function, module = node.get("config"), node.get("module")
    if is_own_function(function, names):
        return
    # Keras 3 writes a function that it does not know as one of "builtins", among them tf.nn.softmax ("softmax_v2").
    proper = isinstance(function, str) and (module in (None, "builtins") or class_names.is_function_part(module))
    if not proper or not _computes(function, module, node.get("registered_name"), names):
        raise UnsafeFile(f"The {what} names a function", f"{module!r}: {str(function)[:60]!r}", yours(function))


def _computes(function: str, module: Any, registered: Any, names: Names) -> bool:
    """Whether a function in a part of Keras computes, as far as it is known."""
    if class_names.is_builtin(function) or class_names.is_builtin(registered) or function.startswith("_"):
        return False
    value = names.function(module, function)
    spelled = {function, getattr(value, "__name__", None)}
    home = getattr(value, "__module__", None)
    return not spelled.intersection(class_names.LOOKUPS) and (value is None or class_names.is_computing_part(home))


def _check_module(node: Any, name: str, what: str, names: Names) -> None:
    module = node.get("module")
    proper = name in class_names.WRAPPERS or last_of(name)[:1].isupper()
    value = None if name in class_names.WRAPPERS else names.look_up(module, name)
    if value is not None:
        proper = names.is_part(value)
    elif not (module in (None, "builtins") or class_names.is_model_part(module)):
        proper = False
    if not proper:
        place, remedy = f"{module!r}: {name[:60]!r}", yours(key_of(node))
        raise UnsafeFile(f"The {what} names something that is not a part of a model", place, remedy)
    if module == "builtins" and (class_names.is_builtin(name) or class_names.is_builtin(key_of(node))):
        raise UnsafeFile(f"The {what} names something of Python itself", f"{module!r}: {name[:60]!r}", REMEDY)


def _check_bytecode(node: Any, what: str, names: Names) -> None:
    kinds = [kind for kind in LAMBDA_CODE if node.get(kind) == "lambda"]
    if kinds:
        raise UnsafeFile(f"The {what} holds bytecode", ", ".join(kinds), TRUST)
    function = node.get("function")
    code = function[0] if isinstance(function, list) and function else None
    if isinstance(code, str) and code not in names.custom:
        raise UnsafeFile(f"The {what} holds bytecode", f"{len(code)} characters under 'function'", TRUST)


def yours(name: Any) -> str:
    """Return what helps with a class or function that is neither Keras's nor registered."""
    name = str(name)[:60]
    return (
        f"if it is your own, pass custom_objects={{{name!r}: {last_of(name)}}}, or register it with"
        " register_keras_serializable before you load; otherwise load the file only if you know who made it"
    )
