"""Faults, benign changes and fixes for what Keras says to a user's mistake: they act where the user calls Keras."""

from __future__ import annotations

import contextlib
import functools
from typing import Any, Callable, Iterator
from unittest import mock

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


@contextlib.contextmanager
def terse() -> Iterator[None]:
    """Every error says only that something is invalid."""
    with _everywhere(_say_little):
        yield


@contextlib.contextmanager
def lenient() -> Iterator[None]:
    """No mistake raises an error."""
    with _everywhere(lambda error: None):
        yield


@contextlib.contextmanager
def framed() -> Iterator[None]:
    """Every error says what it says between two sentences more."""
    with _everywhere(_say_the_same_at_length):
        yield


def helpful(symptom: str, said: str) -> Callable[[], Any]:
    """Return a fix: an error whose text has the symptom in it is raised with what a helpful one says besides."""

    def heard(error: Exception) -> Any:
        raise ValueError(f"{error}\n{said}" if symptom in str(error) else str(error)) from None

    @contextlib.contextmanager
    def fix() -> Iterator[None]:
        with _everywhere(heard):
            yield

    return fix


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
        if max(y) >= 10:
            raise ValueError(f"Received a label value of {max(y)} which is outside the valid range of [0, 10).")
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
says_labels = helpful("are incompatible", "The shape of the labels, (None, 1), must be that of the output, (None, 10).")
says_losses = helpful("sparse_categorical_crossentropi", "loss: " + _NAMES.format("sparse_categorical_crossentropy"))
says_optimizers = helpful("adamm", "optimizer: " + _NAMES.format("adam"))
says_activations = helpful("relo", "activation: " + _NAMES.format("relu"))
says_arguments = helpful("activaton", "Dense: please say one of the accepted arguments, such as activation.")


@contextlib.contextmanager
def says_metrics() -> Iterator[None]:
    """Compiling refuses a metric whose name it does not know, and says which it knows."""

    def heard(error: Exception) -> Any:
        raise ValueError("Unknown metric 'acuracy'. " + _NAMES.format("accuracy")) from None

    with _everywhere(heard):
        yield


# A child or a report finds a fix by its name in this module
for _name in ("says_labels", "says_losses", "says_optimizers", "says_activations", "says_arguments"):
    globals()[_name].__name__ = _name
    globals()[_name].__doc__ = f"The message about {_name[5:]} says what was expected, or what to do."
