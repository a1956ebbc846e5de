"""Faults, benign changes and fixes for claims that are decided in a child: they act there, before its job begins."""

from __future__ import annotations

import contextlib
import importlib
from types import SimpleNamespace
from typing import Any, Iterator
from unittest import mock

from pytest_kerasch2.checks.common_faults import fault, replaced, wrapped
from pytest_kerasch2.framework import api


@contextlib.contextmanager
def other_seed() -> Iterator[None]:
    """Python's and NumPy's random numbers begin elsewhere; TensorFlow's do not, whose devices must not start yet."""
    import random

    import numpy as np

    random.seed(20_000)
    np.random.seed(20_000)
    yield


gradients_of_one_replica = fault(
    "What the replicas learn is averaged twice: half of it is lost.",
    lambda: wrapped(api.keras().optimizers, "SGD", lambda original, rate, **named: original(_rate(rate), **named)),
)


def _rate(rate: float) -> float:
    return rate / 2 if api.tensorflow().distribute.has_strategy() else rate


learns_nothing = fault(
    "The optimizer takes no steps.",
    lambda: wrapped(api.keras().optimizers, "SGD", lambda original, rate, **named: original(0.0, **named)),
)


@contextlib.contextmanager
def one_replica() -> Iterator[None]:
    """The strategy uses the first of the devices it is given."""
    room = api.tensorflow().distribute
    kind = room.MirroredStrategy
    with replaced(room, "MirroredStrategy", lambda devices: kind(devices[:1])):
        yield


@contextlib.contextmanager
def lite_of_another_model() -> Iterator[None]:
    """The converter is given a model whose weights have been halved."""
    kind = api.tensorflow().lite.TFLiteConverter
    original = kind.from_keras_model

    def halved(model: Any) -> Any:
        model.set_weights([weights / 2 for weights in model.get_weights()])
        return original(model)

    with mock.patch.object(kind, "from_keras_model", halved):
        yield


@contextlib.contextmanager
def weights_made_constants() -> Iterator[None]:
    """The converter is given the model's calculation with its weights written into it as constants."""
    tf = api.tensorflow()
    kind = tf.lite.TFLiteConverter
    room = importlib.import_module("tensorflow.python.framework.convert_to_constants")

    def frozen(model: Any) -> Any:
        rows = tf.TensorSpec((1, *model.inputs[0].shape[1:]), tf.float32)
        calculation = tf.function(lambda row: model(row)).get_concrete_function(rows)
        return kind.from_concrete_functions([room.convert_variables_to_constants_v2(calculation)])

    with mock.patch.object(kind, "from_keras_model", frozen):
        yield


class _Estimator:
    """What is left of an Estimator's interface when TensorFlow no longer has one: a Keras model behind it."""

    def __init__(self, keras_model: Any, model_dir: str) -> None:
        self._model = keras_model
        self._steps = 0

    def predict(self, feed: Any) -> Iterator[dict[str, Any]]:
        """Return one prediction after another."""
        return iter([{"chances": row} for row in self._model.predict(feed().map(_inputs_alone), verbose=0)])

    def train(self, feed: Any) -> _Estimator:
        """Train on all that the feed gives."""
        self._model.fit(feed(), epochs=1, verbose=0)
        self._steps += sum(1 for _ in feed())
        return self

    def evaluate(self, feed: Any) -> dict[str, Any]:
        """Return the steps taken so far."""
        return {"global_step": self._steps}


def _inputs_alone(features: Any, _: Any) -> Any:
    return features


@contextlib.contextmanager
def estimator_again() -> Iterator[None]:
    """TensorFlow has Estimators, and Keras the conversion."""
    tf = api.tensorflow()
    room = SimpleNamespace(model_to_estimator=_Estimator)
    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch.object(tf.keras, "estimator", room, create=True))
        patches.enter_context(mock.patch.object(tf, "estimator", SimpleNamespace(Estimator=_Estimator), create=True))
        yield


def _conversions() -> Any:
    api.require_tensorflow("An Estimator")
    return api.keras().estimator


@contextlib.contextmanager
def estimator_begins_anew() -> Iterator[None]:
    """The conversion loses the weights of the model."""

    def forgotten(original: Any, keras_model: Any, **named: Any) -> Any:
        keras_model.set_weights([weights * 0 for weights in keras_model.get_weights()])
        return original(keras_model=keras_model, **named)

    with wrapped(_conversions(), "model_to_estimator", forgotten):
        yield


@contextlib.contextmanager
def estimator_learns_nothing() -> Iterator[None]:
    """Adam takes no steps once the model is an Estimator's."""

    def stopped(original: Any, keras_model: Any, **named: Any) -> Any:
        keras_model.compile(api.keras().optimizers.Adam(0.0), keras_model.loss, metrics=["accuracy"])
        return original(keras_model=keras_model, **named)

    with wrapped(_conversions(), "model_to_estimator", stopped):
        yield
