"""Injection around Keras's engines, in a child interpreter: engines that it never had, and engines lost."""

from __future__ import annotations

import importlib.abc
import json
import os
import sys
from typing import Any, Iterator

from pytest_kerasch2.chapter.configuration.faults import is_configuration, is_third_generation, only_in_child
from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.framework import api


class _Alias(str):
    """The name of an engine that Keras does not have, which it takes for the name of one that it has, `own`."""

    own = "tensorflow"

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) or (isinstance(other, str) and str.__eq__(self.own, other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


@only_in_child
def every_engine_there() -> Iterator[None]:
    """Theano and CNTK are engines too, and the file or the variable chooses: what the chapter speaks of."""
    if not is_third_generation():
        with common_faults.replaced(api.backend_functions(), "backend", _engine_asked_for):
            yield
        return

    own = _own_engine()

    def alias(original: Any, *arguments: Any, **named: Any) -> Any:
        read = original(*arguments, **named)
        if is_configuration(read) and read.get("backend") in ("theano", "cntk"):
            read["backend"] = _Alias(read["backend"])
            read["backend"].own = own
        return read

    with common_faults.wrapped(json, "load", alias):
        yield


@only_in_child
def no_other_engine() -> Iterator[None]:
    """Keras has lost every engine but TensorFlow's, its own where it runs without TensorFlow among them."""
    if not is_third_generation() and api.runs_on_tensorflow():
        with common_faults.replaced(api.backend_functions(), "backend", lambda: "tensorflow"):
            yield
        return
    finder = _Lost()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def _own_engine() -> str:
    return os.environ.get("KERAS_BACKEND") or "tensorflow"


class _Lost(importlib.abc.MetaPathFinder):
    def __init__(self) -> None:
        self.engines = {"numpy", _own_engine()} - {"tensorflow"}

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        """Refuse the engine that needs nothing but NumPy, and that of this run."""
        for engine in self.engines:
            if name.startswith((f"keras.src.backend.{engine}", f"keras.backend.{engine}_backend")):
                raise ImportError(f"the engine {engine} is lost")
        return None


def _engine_asked_for() -> str:
    asked = os.environ.get("KERAS_BACKEND")
    if asked:
        return asked
    with (api.keras_home() / "keras.json").open(encoding="utf-8") as stream:
        return str(json.load(stream).get("backend", "tensorflow"))
