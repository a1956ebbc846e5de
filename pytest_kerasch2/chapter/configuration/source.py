"""Keras's own code that reads and writes `keras.json`, run again in a namespace of its own.

Keras does this once, while it is imported. Running the very statements again, over copies of its variables, shows what
they make of a file without a fresh interpreter for each file, and without changing what is in force in this one.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import os
import sys
import types
from pathlib import Path
from typing import Any, Iterator
from unittest import mock

from pytest_kerasch2.errors import Inconclusive
from pytest_kerasch2.framework import api

VALUES = ("floatx", "epsilon", "image_data_format")
# The variables and the environment that the statements go by, first and last in the file
_MARKS = ("KERAS_HOME", "_config_path")


def settings_module() -> Any:
    """Return the module of Keras that keeps the precision, epsilon and the image format."""
    return sys.modules[inspect.unwrap(api.backend_functions().image_data_format).__module__]


def read_again(home: Path) -> dict[str, Any]:
    """Return `floatx`, `epsilon`, `image_data_format` as Keras reads `home/.keras/keras.json`, written if absent.

    Raises:
        Inconclusive: this release reads its file in another way than any known one.
        Exception: whatever Keras raises for a file that it refuses.
    """
    reader, statements = _statements()
    namespace = {**vars(reader), **_copies()}
    with _home(home):
        exec(statements, namespace)
    return {name: namespace[name]() for name in VALUES}


def percentage_error() -> Any:
    """Return the mean absolute percentage error; Keras 2.2 without TensorFlow has it as a function alone."""
    losses = api.keras().losses
    kind = getattr(losses, "MeanAbsolutePercentageError", None)
    return losses.mean_absolute_percentage_error if kind is None else kind()


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Put precision, epsilon and image format back on exit, through Keras's own variables."""
    module = settings_module()
    names = ("_FLOATX", "_EPSILON", "_IMAGE_DATA_FORMAT")
    before = {name: getattr(module, name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


def _copies() -> dict[str, Any]:
    """Return Keras's getters and setters over variables of their own."""
    module = settings_module()
    own = dict(vars(module))
    for name in [*VALUES, *(f"set_{value}" for value in VALUES)]:
        own[name] = types.FunctionType(inspect.unwrap(own[name]).__code__, own)
    return {name: own[name] for name in own if name in VALUES or name.startswith(("set_", "_FLOATX", "_BACKEND"))}


@functools.lru_cache(maxsize=None)
def _statements() -> Any:
    for neighbour in ("image_data_format", "constant"):
        function = getattr(api.backend_functions(), neighbour, None)
        module = None if function is None else sys.modules[inspect.unwrap(function).__module__]
        if hasattr(module, "_config_path"):
            return module, _compiled(module)
    # Keras up to 2.3 reads it where it loads its engine, between the setters and the engine's functions.
    for name in ("keras.backend.load_backend", "keras.backend"):
        loader = sys.modules.get(name)
        if hasattr(loader, "_config_path"):
            return loader, _compiled(loader)
    raise Inconclusive(
        "How Keras reads keras.json could not be found", "no variable _config_path beside the setters or `constant`",
        "look where this release reads its file, and name the module in `configuration_source`",
    )  # fmt: skip


def _compiled(module: Any) -> Any:
    tree = ast.parse(inspect.getsource(module))
    places = [at for at, node in enumerate(tree.body) if isinstance(node, ast.If) and _mentions(node)]
    body = tree.body[min(places) : max(places) + 1]
    return compile(ast.Module(body=body, **_MORE), str(module.__file__), "exec")


# Python 3.8 added a field to the root of a tree
_MORE: dict[str, Any] = {"type_ignores": []} if sys.version_info >= (3, 8) else {}


def _mentions(node: ast.If) -> bool:
    return any(mark in ast.dump(node.test) for mark in _MARKS)


@contextlib.contextmanager
def _home(home: Path) -> Iterator[None]:
    with mock.patch.dict(os.environ, HOME=str(home), USERPROFILE=str(home)):
        os.environ.pop("KERAS_HOME", None)
        yield
