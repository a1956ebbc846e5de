"""Injected faults and benign changes that several sections use: context managers around patched pieces of Keras.

A fault is injected in the library under test, or in our own rooms, never in a check.
"""

from __future__ import annotations

import functools
import sys
from contextlib import contextmanager
from typing import Any, Callable, Iterator
from unittest import mock

from pytest_kerasch2.framework import api


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Replace an attribute for a while."""
    with mock.patch.object(owner, name, value):
        yield


@contextmanager
def wrapped(owner: Any, name: str, wrap: Callable[..., Any]) -> Iterator[None]:
    """Replace a function by `wrap(original, *its arguments)` for a while."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def instead(*arguments: Any, **named: Any) -> Any:
        return wrap(original, *arguments, **named)

    with mock.patch.object(owner, name, instead):
        yield


@contextmanager
def wrapped_method(owner: Any, name: str, wrap: Callable[..., Any]) -> Iterator[None]:
    """Replace a method by `wrap(original, self, *its arguments)` for a while."""
    original = getattr(owner, name)

    # Keras reads the name of the first argument, so it has to be there.
    @functools.wraps(original)
    def instead(self: Any, *arguments: Any, **named: Any) -> Any:
        return wrap(original, self, *arguments, **named)

    with mock.patch.object(owner, name, instead):
        yield


@contextmanager
def before_build(kind: str, change: Callable[[Any], None]) -> Iterator[None]:
    """Let layers of a kind (`Dense`) be changed just before they make their weights.

    Their `build` is patched rather than their `__init__`, whose signature Keras 3 reads to describe the layer.
    """

    def changed(original: Any, layer: Any, *shape: Any, **named: Any) -> Any:
        change(layer)
        return original(layer, *shape, **named)

    with wrapped_method(getattr(api.keras().layers, kind), "build", changed):
        yield


def _shorten(layer: Any) -> None:
    layer.units = 511 if layer.units == 512 else layer.units


def _drop_bias(layer: Any) -> None:
    layer.use_bias = False


def _begin_at_zero(layer: Any) -> None:
    layer.kernel_initializer = api.keras().initializers.get("zeros")


@contextmanager
def one_unit_short() -> Iterator[None]:
    """Dense layers of 512 units get 511."""
    with before_build("Dense", _shorten):
        yield


@contextmanager
def no_bias() -> Iterator[None]:
    """Dense layers come without a bias."""
    with before_build("Dense", _drop_bias):
        yield


@contextmanager
def zero_weights() -> Iterator[None]:
    """Dense layers begin with weights of zero: as good as any others for counting."""
    with before_build("Dense", _begin_at_zero):
        yield


@contextmanager
def other_seed() -> Iterator[None]:
    """Random numbers begin at another seed."""
    api.set_seed(20_000)
    yield


def modules_named(name: str) -> list[Any]:
    """Return the modules that go by a name of `tf.keras` (`models`), the one that a reader's import finds first.

    Releases differ in whether `from tensorflow.keras import models`, `from tensorflow.keras.models import ...` and
    `tf.keras.models` speak of one module or of several with the same functions in them. Without TensorFlow it is one.
    """
    if not api.runs_on_tensorflow():
        return [getattr(api.keras(), name)]
    names: dict[str, Any] = {}
    exec(f"from tensorflow.keras import {name} as found\nimport tensorflow.keras.{name}", names)
    known = (names["found"], sys.modules.get(f"tensorflow.keras.{name}"), getattr(api.keras(), name))
    return list({id(one): one for one in known if one is not None}.values())
