"""Injected faults and benign changes around data types."""

from __future__ import annotations

import contextlib
import sys
from contextlib import contextmanager
from typing import Any, Iterator
from unittest import mock

from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.framework import api

NAMES = (
    "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "string", "bool",
    "complex64", "complex128", "qint8", "qint32", "quint8",
)  # fmt: skip


@contextmanager
def types_exchanged() -> Iterator[None]:
    """Each name of the table stands for the type of the next row."""
    tf = api.tensorflow()
    following = {name: getattr(tf, other) for name, other in zip(NAMES, (*NAMES[1:], NAMES[0]))}
    with contextlib.ExitStack() as patches:
        for name, other in following.items():
            patches.enter_context(mock.patch.object(tf, name, other))
        yield


@contextmanager
def types_looked_up() -> Iterator[None]:
    """Each name of the table stands for what TensorFlow finds under its text."""
    tf = api.tensorflow()
    with contextlib.ExitStack() as patches:
        for name in NAMES:
            patches.enter_context(mock.patch.object(tf, name, tf.as_dtype(name)))
        yield


@contextmanager
def inputs_of_float32() -> Iterator[None]:
    """An input takes whole numbers for floats."""

    def narrow(original: Any, *arguments: Any, dtype: Any = None, **named: Any) -> Any:
        return original(*arguments, dtype="float32" if str(dtype).startswith("int") else dtype, **named)

    with common_faults.wrapped(api.keras(), "Input", narrow):
        yield


@contextmanager
def inputs_of_any_type() -> Iterator[None]:
    """An input can be of a type that Keras 3 does not list."""

    def any_type(original: Any, *arguments: Any, dtype: Any = None, **named: Any) -> Any:
        try:
            return original(*arguments, dtype=dtype, **named)
        except ValueError:
            return api.tensorflow().TensorSpec(named["shape"], dtype)

    with common_faults.wrapped(api.keras(), "Input", any_type):
        yield


def _with_type(original: Any, layer: Any, **named: Any) -> None:
    original(layer, **named)
    layer.dtype = named.get("dtype")


def _of_own_type(original: Any, layer: Any, name: str, shape: Any, dtype: Any = None, **named: Any) -> Any:
    return original(layer, name, shape, dtype=dtype or layer.dtype, **named)


@contextmanager
def wide_numbers() -> Iterator[None]:
    """JAX makes numbers of 64 bits, too; and Keras 2.2 weights of the type of their layer."""
    if not api.runs_eagerly():
        layer = api.keras().layers.Layer
        noted = common_faults.wrapped_method(layer, "__init__", _with_type)
        with noted, common_faults.wrapped_method(layer, "add_weight", _of_own_type):
            yield
        return
    config: Any = sys.modules["jax"].config
    before = config.jax_enable_x64
    config.update("jax_enable_x64", True)
    try:
        yield
    finally:
        config.update("jax_enable_x64", before)


@contextmanager
def results_of_float32() -> Iterator[None]:
    """Dense layers hand on single precision, whatever they compute in."""
    dense = api.keras().layers.Dense
    original = dense.call

    # Keras reads which arguments `call` takes, and hands it all that it takes
    def call(self: Any, inputs: Any) -> Any:
        cast = api.keras().ops.cast if api.is_keras3() else api.backend_functions().cast
        return cast(original(self, inputs), "float32")

    with common_faults.replaced(dense, "call", call):
        yield
