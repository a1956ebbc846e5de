"""Faults, benign changes and fixes for what Keras says to a user's mistake: they act where the user calls Keras."""

from __future__ import annotations

import contextlib
import functools
from typing import Any, Callable, Iterator
from unittest import mock

from pytest_kerasch2.checks.common_faults import fault
from pytest_kerasch2.framework import api

Heard = Callable[[Exception], Any]
_LAYERS = ("Dense", "Conv2D", "Dropout")
_METHODS = ("fit", "compile", "set_weights")


def _listening(call: Callable[..., Any], heard: Heard) -> Callable[..., Any]:
    @functools.wraps(call)
    def instead(*arguments: Any, **named: Any) -> Any:
        try:
            return call(*arguments, **named)
        except Exception as error:
            return heard(error)

    return instead


@contextlib.contextmanager
def _everywhere(heard: Heard) -> Iterator[None]:
    """Let `heard` decide what becomes of an error wherever a user may meet one."""
    keras = api.keras()
    owners = [(keras.layers, name) for name in _LAYERS] + [(keras.layers.Layer, "__call__")]
    # Keras 3 gives Model most of these through a base of each backend; Sequential has some of its own
    owners += [(keras.Model, name) for name in (*_METHODS, "__call__")]
    owners += [(keras.Sequential, name) for name in (*_METHODS, "__call__", "add") if name in vars(keras.Sequential)]
    with contextlib.ExitStack() as patches:
        for owner, name in owners:
            patches.enter_context(mock.patch.object(owner, name, _listening(getattr(owner, name), heard)))
        yield


def _say_little(error: Exception) -> Any:
    raise ValueError("Invalid argument.") from None


def _say_the_same_at_length(error: Exception) -> Any:
    raise ValueError(f"Something that was asked for cannot be done.\n{error}\nNothing was changed.") from None


terse = fault("Every error says only that something is invalid.", _everywhere, _say_little)
lenient = fault("No mistake raises an error.", _everywhere, lambda error: None)
framed = fault("Every error says what it says between two sentences more.", _everywhere, _say_the_same_at_length)


@contextlib.contextmanager
def _helpful(symptom: str, advice: str) -> Iterator[None]:
    """Raise an error whose text has the symptom in it with what a helpful one says besides."""

    def heard(error: Exception) -> Any:
        raise ValueError(f"{error}\n{advice}" if symptom in str(error) else str(error)) from None

    with _everywhere(heard):
        yield


@contextlib.contextmanager
def checked_layers() -> Iterator[None]:
    """Layers check their settings when they are made."""
    layers = api.keras().layers
    dense, dropout = layers.Dense, layers.Dropout

    def checked_dense(units: Any, **named: Any) -> Any:
        if not (isinstance(units, int) and units > 0):
            raise ValueError(f"Dense expects a positive integer for `units`. Received: units={units}")
        return dense(units, **named)

    def checked_dropout(rate: Any, **named: Any) -> Any:
        if not 0 <= rate <= 1:
            raise ValueError(f"Dropout expects a `rate` between 0 and 1. Received: rate={rate}")
        return dropout(rate, **named)

    with mock.patch.object(layers, "Dense", checked_dense), mock.patch.object(layers, "Dropout", checked_dropout):
        yield


@contextlib.contextmanager
def checked_labels() -> Iterator[None]:
    """Training looks at the labels first: there are ten classes."""
    model = api.keras().Model
    fit = model.fit

    def checked(self: Any, x: Any, y: Any, **named: Any) -> Any:
        for label in y:
            if not 0 <= label < 10:
                raise ValueError(f"Received a label value of {label} which is outside the valid range of [0, 10).")
        return fit(self, x, y, **named)

    with mock.patch.object(model, "fit", checked):
        yield


@contextlib.contextmanager
def checked_weights() -> Iterator[None]:
    """Setting weights compares their shapes with those of the model first."""
    model = api.keras().Model
    set_weights = model.set_weights

    def checked(self: Any, weights: Any) -> None:
        for given, own in zip(weights, self.get_weights()):
            if given.shape != own.shape:
                raise ValueError(f"A weight of shape {own.shape} cannot take an array of shape {given.shape}.")
        set_weights(self, weights)

    with mock.patch.object(model, "set_weights", checked):
        yield


_NAMES = "Please say one of the accepted names, such as {}."
says_labels = fault(
    "The message about labels says what was expected, or what to do.",
    _helpful,
    "are incompatible",
    "The shape of the labels, (None, 1), must be that of the output, (None, 10).",
)
says_losses = fault(
    "The message about losses says what was expected, or what to do.",
    _helpful,
    "sparse_categorical_crossentropi",
    "loss: " + _NAMES.format("sparse_categorical_crossentropy"),
)
says_optimizers = fault(
    "The message about optimizers says what was expected, or what to do.",
    _helpful,
    "adamm",
    "optimizer: " + _NAMES.format("adam"),
)
says_activations = fault(
    "The message about activations says what was expected, or what to do.",
    _helpful,
    "relo",
    "activation: " + _NAMES.format("relu"),
)
says_arguments = fault(
    "The message about arguments says what was expected, or what to do.",
    _helpful,
    "activaton",
    "Dense: please say one of the accepted arguments, such as activation.",
)


@contextlib.contextmanager
def says_metrics() -> Iterator[None]:
    """Compiling refuses a metric whose name it does not know, and says which it knows."""

    def heard(error: Exception) -> Any:
        # Keras 2.13 and later take the name for a function.
        if not any(symptom in str(error) for symptom in ("acuracy", "'str' object is not callable")):
            raise error
        raise ValueError("Unknown metric 'acuracy'. " + _NAMES.format("accuracy")) from None

    with _everywhere(heard):
        yield
