"""Blind faults of the section that types the chapter into one session: what its code blocks use fails, or differs."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import Any, Callable, Iterator
from unittest import mock

from evaluation.blind_faults import blind
from pytest_kerasch2.checks.common_faults import fault, modules_named, wrapped, wrapped_method
from pytest_kerasch2.framework import api

_BOTH = ("session.as-printed", "session.with-workarounds")


def _no_suffix_h5(original: Any, self: Any, filepath: Any, *arguments: Any, **named: Any) -> Any:
    if str(filepath).endswith(".h5"):
        raise ValueError("The filename must not end in `.h5`.")
    return original(self, filepath, *arguments, **named)


def _no_shape(original: Any, value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    if shape is not None:
        raise TypeError("constant() got an unexpected keyword argument 'shape'")
    return original(value, dtype=dtype, name=name)


def _refused(*arguments: Any, **named: Any) -> Any:
    raise NotImplementedError("not in this release")


weights_refuse_h5 = blind(*_BOTH)(
    fault(
        "load_weights refuses a file of HDF5.", lambda: wrapped_method(api.keras().Model, "load_weights", _no_suffix_h5)
    )
)
constant_refuses_shape = blind(*_BOTH)(
    fault("K.constant refuses a shape.", lambda: wrapped(api.backend_functions(), "constant", _no_shape))
)
no_evaluation_of_test_data = blind(*_BOTH)(
    fault(
        "evaluate fails on a model of the functional API.",
        lambda: wrapped_method(api.keras().Model, "evaluate", _not_functional),
    )
)


def _not_functional(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
    if type(self).__name__ in ("Functional", "Model"):
        raise RuntimeError("You must compile your model before using it.")
    return original(self, *arguments, **named)


@contextmanager
def _no_name(room: str, name: str) -> Iterator[None]:
    """Take a name away from a module of Keras that a code block imports it from."""
    taken = []
    for module in modules_named(room):
        for one in (module, getattr(module, "_tfmw_wrapped_module", None)):
            if one is not None and name in vars(one):
                taken.append((one, vars(one)[name]))
                delattr(one, name)
    try:
        yield
    finally:
        for one, value in taken:
            setattr(one, name, value)


load_model_not_to_import = blind("session.names-made", *_BOTH)(
    fault("load_model cannot be imported from tensorflow.keras.models.", _no_name, "models", "load_model")
)
models_not_to_import = blind("session.names-made", *_BOTH)(
    fault(
        "tensorflow.keras.models cannot be imported as a module.",
        mock.patch.dict,
        sys.modules,
        {"tensorflow.keras.models": None},
    )
)
fashion_is_gone = blind(*_BOTH)(fault("tf.keras.datasets has no fashion_mnist.", _no_name, "datasets", "fashion_mnist"))


# --- the data of the two set-ups


@contextmanager
def _mnist(change: Callable[[int, Any], Any]) -> Iterator[None]:
    """Change what mnist.load_data gives, by how often it was asked: `change(times, data)`."""
    times = [0]

    def load(original: Any, *arguments: Any, **named: Any) -> Any:
        times[0] += 1
        return change(times[0], original(*arguments, **named))

    with wrapped(api.keras().datasets.mnist, "load_data", load):
        yield


def _swapped(times: int, data: Any) -> Any:
    return data if times == 1 else (data[1], data[0])


def _darker(times: int, data: Any) -> Any:
    (x, y), (test_x, test_y) = data
    return data if times == 1 else ((x // 2, y), (test_x // 2, test_y))


def _other_labels(times: int, data: Any) -> Any:
    (x, y), test = data
    return data if times == 1 else ((x, y[::-1]), test)


second_loading_swapped = blind("session.same-set-up")(
    fault("The second time, mnist gives the test data for training.", _mnist, _swapped)
)
second_loading_other_labels = blind("session.same-set-up")(
    fault("The second time, mnist gives the training labels in another order.", _mnist, _other_labels)
)
second_loading_darker = blind("session.same-set-up")(
    fault("The second time, mnist gives images half as bright.", _mnist, _darker)
)


@blind("session.same-set-up")
@contextmanager
def cast_rounds() -> Iterator[None]:
    """tf.cast to float32 goes through half precision."""

    def cast(original: Any, x: Any, dtype: Any, *arguments: Any, **named: Any) -> Any:
        tensorflow = api.tensorflow()
        first = original(x, tensorflow.float16) if dtype is tensorflow.float32 else x
        return original(first, dtype, *arguments, **named)

    with wrapped(api.tensorflow(), "cast", cast):
        yield


# --- the line that counts the images


@contextmanager
def _numpy_of_tensors(change: Callable[..., Any]) -> Iterator[None]:
    kind = type(api.tensorflow().constant(1))
    owner = next(one for one in kind.__mro__ if "numpy" in vars(one))
    with wrapped_method(owner, "numpy", change):
        yield


numpy_has_no_length = blind("session.subclass-images")(
    fault(
        "The method numpy() of a tensor gives an iterator, which has no length.",
        _numpy_of_tensors,
        lambda original, self: iter(original(self)) if self.shape.rank else original(self),
    )
)


@blind("session.subclass-images")
@contextmanager
def cast_gives_arrays() -> Iterator[None]:
    """tf.cast gives arrays of NumPy, which have no method numpy()."""
    with wrapped(api.tensorflow(), "cast", lambda original, *given, **named: api.array(original(*given, **named))):
        yield


numpy_is_gone = blind("session.subclass-images")(fault("Tensors have no method numpy().", _numpy_of_tensors, _refused))
