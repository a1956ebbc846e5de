"""Injected faults and benign changes that several sections use: context managers around patched pieces of Keras.

A fault is injected in the library under test, or in our own rooms, never in a check.
"""

from __future__ import annotations

import functools
import inspect
import sys
from contextlib import contextmanager
from typing import Any, Callable, ContextManager, Iterator
from unittest import mock

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import api


class _Fault:
    """A fault without a function of its own; it has what else a function would have: a module, a name, a text."""

    def __init__(self, module: str, description: str, context: Callable[[], ContextManager[Any]]) -> None:
        """Stand in a module, under the name that the module gives it."""
        self.__module__ = module
        self.__doc__ = description
        self._context = context

    @property
    def __name__(self) -> str:
        """Return the name under which the module has it, by which reports and child interpreters find it.

        Raises:
            InvalidArgument: the module has no such name.
        """
        for name, value in vars(sys.modules[self.__module__]).items():
            if value is self:
                return name
        raise InvalidArgument("A fault has no name", f"{self.__doc__!r}", "assign it to a name of its module")

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Inject it for a while."""
        with self._context():
            yield


def fault(description: str, context: Callable[..., ContextManager[Any]], *arguments: Any, **named: Any) -> _Fault:
    """Return a fault, or a benign change, that is `context(*arguments, **named)`; assign it to a name of the module.

    What has to ask Keras first is a function: ``lambda: replaced(api.keras(), "layers", None)``.
    """
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    module = frame.f_back.f_globals["__name__"]
    return _Fault(module, description, functools.partial(context, *arguments, **named))


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


one_unit_short = fault("Dense layers of 512 units get 511.", before_build, "Dense", _shorten)
no_bias = fault("Dense layers come without a bias.", before_build, "Dense", _drop_bias)
zero_weights = fault(
    "Dense layers begin with weights of zero: as good as any others for counting.",
    before_build,
    "Dense",
    _begin_at_zero,
)


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
    candidates = (names["found"], sys.modules.get(f"tensorflow.keras.{name}"), getattr(api.keras(), name))
    return list({id(one): one for one in candidates if one is not None}.values())
