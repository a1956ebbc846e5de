"""Where the library under test is patched by blind faults of several sections, release by release."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.abc
import importlib.machinery
import inspect
import re
import sys
from contextlib import contextmanager
from typing import Any, Callable, Iterator
from unittest import mock

from pytest_kerasch2.checks.common_faults import modules_named, replaced, wrapped_method
from pytest_kerasch2.framework import api

_BY_USER = ("fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch", "set_weights")


@contextmanager
def without(owner: Any, name: str) -> Iterator[None]:
    """Delete an attribute of a module for a while."""
    value = getattr(owner, name)
    delattr(owner, name)
    try:
        yield
    finally:
        setattr(owner, name, value)


@contextmanager
def without_method(owner: type, name: str) -> Iterator[None]:
    """Let objects of a class have no such method for a while, inherited or not."""

    def absent(self: Any) -> Any:
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    with mock.patch.object(owner, name, property(absent), create=True):
        yield


def twins(name: str) -> list[Any]:
    """Return the modules by which readers reach `keras.NAME`: of tf.keras, of TensorFlow, of a Keras of its own."""
    found = modules_named(name)
    for parent in ("keras", "tensorflow.keras"):
        with contextlib.suppress(ImportError, AttributeError):
            importlib.import_module(parent)
            found.append(getattr(sys.modules[parent], name))
    return list({id(one): one for one in found}.values())


@contextmanager
def everywhere(modules: list[Any], name: str, wrap: Callable[..., Any]) -> Iterator[None]:
    """Replace a function, in its own module as well, by `wrap(original, *arguments)`."""
    with contextlib.ExitStack() as stack:
        homes = [sys.modules.get(getattr(getattr(one, name, None), "__module__", "")) for one in modules]
        for module in {id(one): one for one in (*modules, *homes) if hasattr(one, name)}.values():
            stack.enter_context(replaced(module, name, _instead(getattr(module, name), wrap)))
        yield


def _instead(original: Any, wrap: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def instead(*arguments: Any, **named: Any) -> Any:
        return wrap(original, *arguments, **named)

    return instead


class _AfterImport(importlib.abc.MetaPathFinder):
    """Change a module each time that it is imported."""

    def __init__(self, name: str, change: Callable[[Any], None]) -> None:
        self._name, self._change = name, change

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        """Return where the module is found, with a loader that changes it."""
        spec = importlib.machinery.PathFinder.find_spec(name, path) if name == self._name else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_and_change(module: Any) -> None:
            load(module)
            self._change(module)

        spec.loader.exec_module = load_and_change  # type: ignore[method-assign]
        return spec


@contextmanager
def after_import(name: str, change: Callable[[Any], None]) -> Iterator[None]:
    """Let a module be changed each time that it is imported: the child that asks for engines imports Keras anew."""
    finder = _AfterImport(name, change)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def retold(error: BaseException, text: str) -> BaseException:
    """Return the same error with another text."""
    if hasattr(error, "node_def"):
        return type(error)(error.node_def, error.op, text)  # type: ignore[attr-defined]
    return type(error)(text)


@contextmanager
def telling(edit: Callable[[str], str]) -> Iterator[None]:
    """Let the messages of errors that models and layers raise read otherwise."""

    def call(original: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return original(layer, *arguments, **named)
        except Exception as error:
            text = edit(str(error))
            if text == str(error):
                raise
            raise retold(error, text) from None

    with contextlib.ExitStack() as stack:
        stack.enter_context(wrapped_method(api.keras().layers.Layer, "__call__", call))
        for name in _BY_USER:
            stack.enter_context(wrapped_method(api.keras().Model, name, call))
        stack.enter_context(wrapped_method(api.keras().layers.Layer, "set_weights", call))
        yield


def silent_on(*patterns: str) -> Callable[[str], str]:
    """Return an edit that leaves out of a message what patterns match."""

    def edit(text: str) -> str:
        for pattern in patterns:
            text = re.sub(pattern, "", text, flags=re.IGNORECASE | re.DOTALL)
        return text

    return edit


@contextmanager
def stand_in(kind: str, prepare: Any = None, edit: Any = None) -> Iterator[None]:
    """Put a subclass in the place of a kind of layer: its arguments are prepared, the text of its errors edited."""
    base = getattr(api.keras().layers, kind)
    instead = _subclass(base, prepare, edit) if isinstance(base, type) else _maker(base, prepare, edit)
    with contextlib.ExitStack() as stack:
        for module in twins("layers"):
            if getattr(module, kind, None) is base:
                stack.enter_context(replaced(module, kind, instead))
        yield


def _maker(make: Any, prepare: Any, edit: Any) -> Any:
    """Return a function that makes layers, for one that stands in the place of their class already."""

    def instead(*arguments: Any, **named: Any) -> Any:
        if prepare is not None:
            arguments, named = prepare(inspect.unwrap(make), arguments, named)
        try:
            return make(*arguments, **named)
        except Exception as error:
            if edit is None:
                raise
            raise retold(error, edit(str(error))) from None

    return instead


def _subclass(base: Any, prepare: Any, edit: Any) -> Any:
    class Instead(base):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **named: Any) -> None:
            if prepare is not None:
                arguments, named = prepare(base, arguments, named)
            try:
                super().__init__(*arguments, **named)
            except Exception as error:
                if edit is None:
                    raise
                raise retold(error, edit(str(error))) from None

    Instead.__name__, Instead.__qualname__, Instead.__module__ = base.__name__, base.__qualname__, base.__module__
    return Instead


@contextmanager
def looked_up(room: str, lookup: Callable[..., Any]) -> Iterator[None]:
    """Let `keras.ROOM.get(identifier)` be `lookup(original, identifier)`."""
    with everywhere(twins(room), "get", lookup):
        yield


def is_keras_own(thing: Any) -> bool:
    """Return whether a function, a class or an object comes with Keras rather than from a user."""
    module = getattr(thing, "__module__", None) or type(thing).__module__
    return str(module).split(".")[0] in ("keras", "tf_keras", "tensorflow", "tensorflow_core", "builtins")


@contextmanager
def loading(name: str, change: Callable[..., Any]) -> Iterator[None]:
    """Let `load_data` of a data set give `change(x_train, y_train, x_test, y_test)`, which returns four arrays."""

    def load(original: Any, *arguments: Any, **named: Any) -> Any:
        (x_train, y_train), (x_test, y_test) = original(*arguments, **named)
        x_train, y_train, x_test, y_test = change(x_train, y_train, x_test, y_test)
        return (x_train, y_train), (x_test, y_test)

    with everywhere(data_sets(name), "load_data", load):
        yield


def data_sets(name: str) -> list[Any]:
    """Return the modules that go by the name of a data set."""
    found = [getattr(one, name) for one in twins("datasets") if hasattr(one, name)]
    with contextlib.suppress(ImportError):
        found.append(importlib.import_module(f"tensorflow.keras.datasets.{name}"))
    return list({id(one): one for one in found}.values())
