"""Faults and benign changes for the claims about interface and building blocks."""

from __future__ import annotations

import importlib
import importlib.util
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Callable, Iterator
from unittest import mock

from pytest_kerasch2.checks.common_faults import fault, replaced, wrapped_method
from pytest_kerasch2.framework import api


@contextmanager
def _method(name: str, wrap: Callable[..., Any]) -> Iterator[None]:
    """Wrap a method of all models; Sequential may have one of its own."""
    keras = api.keras()
    with wrapped_method(keras.Model, name, wrap):
        if name in vars(keras.Sequential):
            with wrapped_method(keras.Sequential, name, wrap):
                yield
        else:
            yield


no_layers = fault(
    "The package tf.keras comes without its layers.", lambda: replaced(api.keras(), "layers", SimpleNamespace())
)
no_fit = fault("Models cannot be trained.", _method, "fit", lambda original, model, *arguments, **named: None)


@contextmanager
def hollow_keras() -> Iterator[None]:
    """The package keras can be imported and has no models in it."""
    if importlib.util.find_spec("keras") is None:
        yield
        return
    with mock.patch.object(importlib.import_module("keras"), "Sequential", None):
        yield


@contextmanager
def repeated_import() -> Iterator[None]:
    """The package keras has been imported before."""
    if importlib.util.find_spec("keras") is not None:
        importlib.import_module("keras")
    yield


swapped_evaluation = fault(
    "What evaluate gives stands in the wrong order.",
    _method,
    "evaluate",
    lambda original, model, *arguments, **named: original(model, *arguments, **named)[::-1],
)


def _learns_nothing(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
    before = model.get_weights()
    history = original(model, *arguments, **named)
    if isinstance(model, api.keras().Sequential):
        model.set_weights(before)
    return history


sequential_does_not_learn = fault(
    "Training leaves a Sequential model as it was, and trains the others.", _method, "fit", _learns_nothing
)
weights_do_not_arrive = fault(
    "Setting the weights of a Sequential model does nothing.",
    lambda: wrapped_method(api.keras().Sequential, "set_weights", lambda original, model, weights: None),
)
miscounted = fault(
    "The weights of a model that lies in another are counted twice.",
    lambda: wrapped_method(api.keras().Model, "count_params", _counted_twice),
)


def _counted_twice(original: Any, model: Any) -> Any:
    inner = [layer for layer in model.layers if isinstance(layer, api.keras().Model)]
    return original(model) + sum(layer.count_params() for layer in inner)


forgetful_dense = fault(
    "A Dense layer states one unit too many and its bias not at all.",
    lambda: wrapped_method(api.keras().layers.Dense, "get_config", _misstated),
)


def _misstated(original: Any, layer: Any) -> Any:
    stated = dict(original(layer))
    stated["units"] += 1
    stated["use_bias"] = True
    return stated


@contextmanager
def frozen_additions() -> Iterator[None]:
    """Weights that a layer adds are never trained."""

    def added(original: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        return original(layer, *arguments, **{**named, "trainable": False})

    with wrapped_method(api.keras().layers.Layer, "add_weight", added):
        yield


@contextmanager
def uncounted_additions() -> Iterator[None]:
    """Layers that Keras does not know are counted without their weights."""

    def counted(original: Any, layer: Any) -> Any:
        return original(layer) if "keras" in type(layer).__module__.split(".") else 0

    with wrapped_method(api.keras().layers.Layer, "count_params", counted):
        yield


@contextmanager
def callbacks_ignored() -> Iterator[None]:
    """Training forgets the callbacks it was given."""

    def without(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        return original(model, *arguments, **{**named, "callbacks": None})

    with _method("fit", without):
        yield


@contextmanager
def own_loss_ignored() -> Iterator[None]:
    """Compiling takes a loss of the user's for the squared error."""

    def with_other(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        named["loss"] = "mse" if callable(named.get("loss")) else named.get("loss")
        return original(model, *arguments, **named)

    with _method("compile", with_other):
        yield
