"""Precision, epsilon, image format and engine: defaults, getters and setters, and what they do."""

import contextlib
from typing import Any, Callable, Dict, Iterator

from .telling import attempt

FORMATS = ("channels_last", "channels_first")
PRECISIONS = ("float16", "float32", "float64")


def _backend() -> Any:
    from keras import backend

    return backend


@contextlib.contextmanager
def _kept() -> Iterator[Any]:
    """Put the three values back on exit."""
    backend = _backend()
    before = (backend.floatx(), backend.epsilon(), backend.image_data_format())
    try:
        yield backend
    finally:
        backend.set_floatx(before[0])
        backend.set_epsilon(before[1])
        backend.set_image_data_format(before[2])


def defaults() -> Dict[str, Any]:
    """Return the values as they are in a fresh home, and the names of those functions that the claims look for."""
    backend = _backend()
    return {
        "floatx": backend.floatx(),
        "epsilon": backend.epsilon(),
        "epsilon type": type(backend.epsilon()).__name__,
        "backend": backend.backend(),
        "set_backend": callable(getattr(backend, "set_backend", None)),
    }


def formats() -> Dict[str, Any]:
    """Return, for each format set, what the getter and a pooling layer say; and what came of three wrong ones."""
    import keras

    with _kept() as backend:
        read = []
        for name in FORMATS + FORMATS[:1]:
            backend.set_image_data_format(name)
            read.append([name, backend.image_data_format(), keras.layers.MaxPooling2D().data_format])
        wrong = ("channels_middle", "NHWC", "")
        return {"read": read, "wrong": {repr(one): _refusal(backend.set_image_data_format, one) for one in wrong}}


def precisions() -> Dict[str, Any]:
    """Return, for each precision set, what the getter and a new layer's weights say; and five wrong ones."""
    with _kept() as backend:
        read = []
        for name in (*PRECISIONS, "float32"):
            backend.set_floatx(name)
            read.append([name, backend.floatx(), attempt(_weights)])
        wrong = ("int32", "float128", "float", "string", "bfloat16")
        return {"read": read, "wrong": {repr(one): _refusal(backend.set_floatx, one) for one in wrong}}


def _weights() -> str:
    import keras

    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    return str(layer.get_weights()[0].dtype)


def _refusal(setter: Callable[[Any], Any], value: Any) -> str:
    try:
        setter(value)
    except (AssertionError, TypeError, ValueError) as error:
        return type(error).__name__
    return "accepted"


def epsilons() -> Dict[str, Any]:
    """Return what the getter says after each of some values was set, and the percentage error of a target of zero."""
    with _kept() as backend:
        losses = [_error_of_zero()]
        read = []
        for value in (1e-3, 0.25, 1e-12, 0.1 + 0.2):
            backend.set_epsilon(value)
            read.append([value, backend.epsilon()])
        for value in (1e-3, 0.0):
            backend.set_epsilon(value)
            losses.append(_error_of_zero())
        # JSON has no infinity.
        return {"read": read, "losses": [repr(loss) for loss in losses]}


def _error_of_zero() -> float:
    import keras
    import numpy

    backend = _backend()
    loss = keras.losses.mean_absolute_percentage_error(backend.constant([[0.0]]), backend.constant([[1.0]]))
    return float(numpy.ravel(backend.eval(loss))[0])
