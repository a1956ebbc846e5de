"""Injected faults and benign changes around `constant`, the backend's import and the printing of tensors."""

from __future__ import annotations

import functools
import re
import sys
import types
from contextlib import contextmanager
from typing import Any, Callable, ContextManager, Iterator
from unittest import mock

from pytest_kerasch2.chapter.configuration.faults import only_in_child
from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.framework import api


def _constant(change: Callable[..., Any]) -> ContextManager[None]:
    """Let `constant` hand its four arguments to `change(original, value, dtype, shape, name)`."""

    def changed(original: Any, value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
        return change(original, value, dtype, shape, name)

    return common_faults.wrapped(home_of_constant(), "constant", changed)


def home_of_constant() -> Any:
    """Return the backend.

    Raises:
        NotApplicable: it has no `constant`, for Keras runs without TensorFlow.
    """
    if not hasattr(api.backend_functions(), "constant"):
        api.require_tensorflow("The backend's `constant`")
    return api.backend_functions()


@contextmanager
def constant_transposed() -> Iterator[None]:
    """`constant` turns its values around."""
    import numpy

    def turned(make: Any, value: Any, *rest: Any) -> Any:
        array = numpy.asarray(value)
        # In the same shape: CNTK lays nothing out anew.
        return make(array.T[::-1].reshape(array.shape) if array.ndim else array, *rest)

    with _constant(turned):
        yield


constant_without_dtype = common_faults.fault(
    "`constant` makes single precision whatever is asked for.",
    _constant,
    lambda make, value, dtype, shape, name: make(value, "float32", shape, name),
)
constant_without_shape = common_faults.fault(
    "`constant` does not look at the shape.",
    _constant,
    lambda make, value, dtype, shape, name: make(value, dtype, None, name),
)
constant_without_name = common_faults.fault(
    "`constant` loses the name.", _constant, lambda make, value, dtype, shape, name: make(value, dtype, shape, None)
)
constant_named = common_faults.fault(
    "`constant` gives every constant another name than TensorFlow does.",
    _constant,
    lambda make, value, dtype, shape, name: make(value, dtype, shape, name or "constant"),
)


@contextmanager
def constant_of_array() -> Iterator[None]:
    """`constant` is given an array where it was given a list."""
    import numpy

    def from_array(make: Any, value: Any, dtype: Any, shape: Any, name: Any) -> Any:
        kind = getattr(dtype, "as_numpy_dtype", dtype) or api.backend_functions().floatx()
        return make(numpy.asarray(value, dtype=kind), dtype, shape, name)

    with _constant(from_array):
        yield


@contextmanager
def constant_with_other_arguments() -> Iterator[None]:
    """`constant` takes the shape before the type."""
    original = home_of_constant().constant

    def constant(value: Any, shape: Any = None, dtype: Any = None, name: Any = None) -> Any:
        return original(value, dtype=dtype, shape=shape, name=name)

    with common_faults.replaced(api.backend_functions(), "constant", constant):
        yield


@contextmanager
def constant_documented() -> Iterator[None]:
    """`constant` is wrapped, as decorators do, and is otherwise the same."""
    original = home_of_constant().constant

    @functools.wraps(original)
    def constant(*arguments: Any, **named: Any) -> Any:
        return original(*arguments, **named)

    with common_faults.replaced(api.backend_functions(), "constant", constant):
        yield


@contextmanager
def constant_lost() -> Iterator[None]:
    """The backend has no working `constant`."""

    def lost(*arguments: Any, **named: Any) -> Any:
        raise AttributeError("module 'backend' has no attribute 'constant'")

    with common_faults.replaced(home_of_constant(), "constant", lost):
        yield


@contextmanager
def constant_there() -> Iterator[None]:
    """The backend has a `constant` where Keras left it to TensorFlow's names; on CNTK it has one of every type."""
    import numpy

    def constant(value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
        array = numpy.asarray(value, dtype=dtype or api.backend_functions().floatx())
        if shape is None:
            return array
        return array.reshape(shape) if array.ndim else numpy.full(shape, array)

    # They are no part of the signature as it is printed
    constant.__annotations__.clear()
    if hasattr(api.backend_functions(), "constant") and api.release().backend != "cntk":
        yield
        return
    with mock.patch.object(api.backend_functions(), "constant", constant, create=True):
        yield


def operations() -> Any:
    """Return the module with the engine's operations: the backend, or `keras.ops` of Keras 3 without TensorFlow."""
    return api.keras().ops if api.is_keras3() and not api.runs_on_tensorflow() else api.backend_functions()


products_added = common_faults.fault(
    "The product of tensors comes out one too large.",
    lambda: common_faults.wrapped(operations(), "dot", lambda dot, one, other: dot(one, other) + 1),
)


# -- printing


def _printing(change: Callable[[str], str]) -> ContextManager[None]:
    # Some releases write __repr__ in the class of eager tensors, others in a parent of it
    kind = type(api.tensorflow().constant(0.0))
    owner = next(one for one in kind.__mro__ if "__repr__" in vars(one))
    return common_faults.wrapped_method(owner, "__repr__", lambda original, tensor: change(original(tensor)))


values_not_printed = common_faults.fault(
    "A tensor prints its shape and type only, as in a graph.",
    _printing,
    lambda text: re.sub(r", numpy=.*(?=>)", "", text, flags=re.DOTALL),
)
tensors_numbered = common_faults.fault(
    "A tensor prints its running number first, as in TensorFlow 2.0.",
    _printing,
    lambda text: text.replace("<tf.Tensor: shape", "<tf.Tensor: id=1, shape"),
)


def _numbered(number: int) -> Callable[[str], str]:
    return lambda text: re.sub(r"<tf\.Tensor: (id=\d+, )?shape", f"<tf.Tensor: id={number}, shape", text)


first_number_printed = common_faults.fault("Each tensor prints the running number 1.", _printing, _numbered(1))
numbered_from_seven = common_faults.fault("Each tensor prints the running number 7.", _printing, _numbered(7))


# -- the package keras, in a child


@only_in_child
def keras_alone_lost() -> Iterator[None]:
    """The package keras cannot be imported, though tensorflow.keras is there."""
    api.keras()
    # Keras 3 makes this import from its own `keras`, once
    if api.runs_on_tensorflow():
        exec("from tensorflow.keras import backend")
    # Under another name, because `from keras import backend` would else find `keras.backend` among the loaded modules
    with mock.patch.dict(sys.modules, {"keras": types.ModuleType("lost")}):
        yield


@only_in_child
def keras_alone_is_ours() -> Iterator[None]:
    """The package keras is tensorflow.keras under its own name."""
    alone = types.ModuleType("keras")
    alone.backend = api.backend_functions()  # type: ignore[attr-defined]
    with constant_there(), mock.patch.dict(sys.modules, {"keras": alone}):
        yield
