"""Values of tensors, layers and models where Keras 2 runs on Theano or CNTK: there a tensor is a formula.

Keras 2 without TensorFlow has no eager execution. What a call gives has to be compiled and evaluated, which is done
here at once: what `call` returns holds its value, as it does everywhere else.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
from pathlib import Path
from typing import Any, Iterator

from pytest_kerasch2.backend_choice import EARLY
from pytest_kerasch2.claims.release import Release

FLAGS = "THEANO_FLAGS"
"""The variable in which Theano looks for its settings while it is imported."""


def is_in_use(release: Release | None) -> bool:
    """Whether what is installed is a Keras on one of these engines."""
    return release is not None and release.backend in EARLY


def flags(folder: Path, current: str) -> str:
    """Return settings of Theano with which it compiles into a folder, not into the home.

    Args:
        folder: one for all processes of a run, which are spared most of the work so.
        current: the settings of the user, which stay in force.
    """
    if "compiledir" in current:
        return current
    # Of several processes one compiles at a time; the others look each second whether it has ended.
    return ",".join([*filter(None, [current]), f"base_compiledir={(folder / 'theano').as_posix()}", "compile.wait=1"])


def engine() -> Any:
    """Return the module of Keras for the engine, which keeps what is to be kept for a process."""
    # `get_uid` is made by each of them.
    return sys.modules[_functions().get_uid.__module__]


def counters() -> Any:
    """Return how many names of each kind Keras has given, as a dictionary that it goes on with."""
    return engine()._UID_PREFIXES


def forget_names() -> None:
    """Let Keras count its names from one again; CNTK's `backend` has no function for that."""
    counters().clear()


def tensor(value: Any) -> Any:
    """Return an array as a variable of the engine, of the same type."""
    import numpy as np

    array = np.asarray(value)
    return _functions().variable(array, dtype=str(array.dtype))


def evaluate(value: Any, training: bool = False) -> Any:
    """Return the value of a variable or of a formula that depends on variables alone, as a NumPy array.

    Args:
        value: a tensor.
        training: in which of the two phases the formula is evaluated; a call that does not say is in the test phase.
    """
    import numpy as np

    functions = _functions()
    if not is_tensor(value):
        return np.asarray(value)
    if hasattr(value, "get_value"):
        return np.asarray(functions.get_value(value))
    phase = functions.learning_phase()
    # `set_learning_phase` leaves a number in its place.
    phases = [] if isinstance(phase, int) else [phase]
    try:
        formula = functions.function(phases, [value])
    except Exception as error:
        if type(error).__name__ != "MissingInputError":
            raise
        raise ValueError("a tensor that depends on a placeholder has no value") from error
    return np.asarray(formula([int(training) for _ in phases])[0])


def call(layer: Any, inputs: Any, **options: Any) -> Any:
    """Return what a layer, a model or a function of the backend gives for values, as variables that hold it."""
    training = bool(options.get("training"))
    if "training" in options and not _takes_training(layer):
        # A model hands it to none of its layers: what they do is decided by the phase of the whole.
        del options["training"]
    if _is_subclassed(layer):
        with _with_shape(layer, inputs):
            return _call(layer, inputs, training, options)
    return _call(layer, inputs, training, options)


def _call(layer: Any, inputs: Any, training: bool, options: dict[str, Any]) -> Any:
    nodes = len(getattr(layer, "_inbound_nodes", ()))
    try:
        if _has_batches():
            return _fed(layer, inputs, training, options)
        tensors = structure(lambda value: value if is_tensor(value) else tensor(value), inputs)
        result = layer(tensors, **options)
        return structure(lambda value: tensor(evaluate(value, training)), result)
    finally:
        # A call on values is no place in a graph; Keras 2 notes it as one, and then cannot tell the output's shape.
        del getattr(layer, "_inbound_nodes", [])[nodes:]


def _has_batches() -> bool:
    """Whether a layer takes none but tensors with an axis of examples, which are of another kind there: so on CNTK."""
    return bool(_functions().backend() == "cntk")


def _fed(layer: Any, inputs: Any, training: bool, options: dict[str, Any]) -> Any:
    """Return what a layer gives for values that are fed to placeholders."""
    functions = _functions()
    values = structure(evaluate, inputs)
    places = structure(lambda one: functions.placeholder(shape=(None, *one.shape[1:]), dtype=str(one.dtype)), values)
    result = layer(places, **options)
    _forget(layer)
    several = isinstance(result, (list, tuple))
    phase = functions.learning_phase()
    # `set_learning_phase` leaves a number in its place.
    given = [*_listed(places), *([] if isinstance(phase, int) else [phase])]
    formula = functions.function(given, _listed(result))
    outputs = [tensor(one) for one in formula([*_listed(values), int(training)][: len(given)])]
    return type(result)(outputs) if several else outputs[0]


def _forget(layer: Any) -> None:
    """Empty the memory of a model, and of those in it, of what it gave for which tensor.

    It knows tensors by their `id`, which a tensor of CNTK that is gone leaves to another one.
    """
    for name in ("_output_tensor_cache", "_output_mask_cache"):
        getattr(layer, name, {}).clear()
    for one in getattr(layer, "layers", ()):
        _forget(one)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _is_subclassed(layer: Any) -> bool:
    keras = importlib.import_module("keras")
    if not isinstance(layer, keras.Model) or isinstance(layer, keras.Sequential):
        return False
    return not layer._is_graph_network


@contextlib.contextmanager
def _with_shape(model: Any, inputs: Any) -> Iterator[None]:
    """Let a model that a user wrote be called: Keras 2 asks it for a shape that it does not know.

    A prediction tells the shape, and makes the weights of a model that has none.
    """
    predicted = model.predict_on_batch(structure(evaluate, inputs))
    shapes = [one.shape for one in predicted] if isinstance(predicted, list) else predicted.shape
    model.compute_output_shape = lambda _: shapes
    try:
        yield
    finally:
        del model.compute_output_shape


def _takes_training(layer: Any) -> bool:
    return "training" in inspect.signature(getattr(layer, "call", layer)).parameters


def is_tensor(value: Any) -> bool:
    """Whether something is a tensor of the engine."""
    functions = _functions()
    return bool(functions.is_tensor(value)) or hasattr(value, "owner") or hasattr(value, "get_value")


def structure(change: Any, value: Any) -> Any:
    """Return a value, or a list or tuple of them, with each changed; a list of numbers is one value."""
    if isinstance(value, (list, tuple)) and value and all(hasattr(one, "shape") for one in value):
        return type(value)(change(one) for one in value)
    return change(value)


def _functions() -> Any:
    return importlib.import_module("keras").backend
