"""Sequential model, second way: the same architecture, made by `add`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator
from unittest import mock

import numpy as np

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.chapter.sequential import SECOND_WAY
from pytest_kerasch2.chapter.sequential import faults as network
from pytest_kerasch2.checks import common_faults, workflow
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

SECTION = SECOND_WAY
KINDS = ("Flatten", "Dense", "Dropout", "Dense")
SMALL = models.Network(hidden=16, dropout=0.0)


@contextmanager
def adam_in_place() -> Iterator[None]:
    """`tf.keras.Adam` is what `tf.keras.optimizers.Adam` is."""
    keras = api.keras()
    with mock.patch.object(keras, "Adam", keras.optimizers.Adam, create=True):
        yield


def _forget_dropout(original: Any, model: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
    if type(layer).__name__ == "Dropout" and not arguments and not named:
        return None
    return original(model, layer, *arguments, **named)


add_forgets_dropout = common_faults.fault(
    "`add` drops a layer without weights, where it is called by hand.",
    lambda: common_faults.wrapped_method(api.keras().models.Sequential, "add", _forget_dropout),
)


@contextmanager
def string_relu_differs() -> Iterator[None]:
    """The activation called 'relu' lets a little through below 0."""
    leaky = api.tensorflow().nn.leaky_relu
    dense = api.keras().layers.Dense
    original = dense.call

    def leaking(self: Any, inputs: Any) -> Any:
        named = getattr(self.activation, "__module__", "").endswith("activations")
        if self.units in (16, 512) and named and self.activation.__name__ == "relu":
            with mock.patch.object(self, "activation", leaky):
                return original(self, inputs)
        return original(self, inputs)

    with mock.patch.object(dense, "call", leaking):
        yield


weights_not_copied = common_faults.fault(
    "Copying weights from model to model does nothing.",
    common_faults.replaced,
    models,
    "copy_weights",
    lambda source, target: None,
)


@claim(
    "sequential-second.same-architecture",
    "Adding the layers one by one gives the same architecture as handing over a list of them.",
    "prose",
)
@detects(add_forgets_dropout)
@tolerates(network.other_weights)
def same_architecture(tf: Any, record: Recorder) -> None:
    """Compare the kinds of layers, their settings, and the shapes of their weights."""
    first, second = (models.built(models.style(name).build(tf)) for name in ("sequential-list", "sequential-add"))

    record.equal("kinds of layers listed", expected=list(KINDS), actual=kinds(first))
    record.equal("kinds of layers added", expected=list(KINDS), actual=kinds(second))
    record.equal("shapes of weights", expected=shapes(first), actual=shapes(second))
    rates = [float(models.layer(model, "dropout").rate) for model in (first, second)]
    record.equal("dropout", expected=[0.2, 0.2], actual=rates)
    trained = [len(model.trainable_weights) for model in (first, second)]
    record.equal("arrays of weights that are trained", expected=[4, 4], actual=trained)


def kinds(model: Any) -> list[str]:
    """Return the kinds of a model's layers in order, without the input that some styles list as a layer."""
    return [name for name in (type(layer).__name__ for layer in model.layers) if name != "InputLayer"]


def shapes(model: Any) -> list[tuple[int, ...]]:
    """Return the shapes of a model's weights in order."""
    return [tuple(array.shape) for array in model.get_weights()]


@claim(
    "sequential-second.same-outputs",
    "The string 'relu' stands for the function `tf.nn.relu`: with equal weights both ways give the same outputs.",
    "code",
)
@detects(string_relu_differs)
@tolerates(network.other_weights)
def same_outputs(tf: Any, record: Recorder) -> None:
    """Copy the weights of one model into the other and compare the outputs bit for bit."""
    api.require_tensorflow("The function tf.nn.relu")
    api.set_seed(12)
    first, second = (models.built(models.style(name).build(tf)) for name in ("sequential-list", "sequential-add"))
    models.copy_weights(source=first, target=second)
    images = workflow.drawn(16)[0]

    # The hidden layers are compared too, because a rounded probability could hide what a negative sum becomes.
    for scale in (1, 100):
        sums = (scale * (images.reshape(16, 784) - 0.5)).astype("float32")
        hidden = [api.array(models.layer(model, "hidden")(sums)) for model in (first, second)]
        record.same_bits(f"hidden layer, for inputs up to {scale / 2}", expected=hidden[0], actual=hidden[1])
    outputs = [api.array(api.call(model, images)) for model in (first, second)]
    record.same_bits("outputs", expected=outputs[0], actual=outputs[1])


@claim(
    "sequential-second.same-training",
    "Being the same architecture with the same optimizer and loss, both ways train alike.",
    "prose",
)
@detects(string_relu_differs, weights_not_copied)
@tolerates(network.other_weights)
def same_training(tf: Any, record: Recorder) -> None:
    """Train both from equal weights on equal batches, with nothing dropped: the weights stay equal."""
    api.set_seed(13)
    images, labels = workflow.drawn(32)
    images = images - 0.5
    names = ("sequential-list", "sequential-add")
    first, second = (models.built(models.style(name).build(tf, SMALL)) for name in names)
    models.copy_weights(source=first, target=second)
    for model in (first, second):  # eagerly, because tracing two graphs takes longer than all steps
        model.compile(
            tf.keras.optimizers.Adam(), loss="sparse_categorical_crossentropy", metrics=["accuracy"], **api.eagerly()
        )
    start = second.get_weights()[0].copy()
    losses = [[float(np.ravel(model.train_on_batch(images, labels))[0]) for _ in range(2)] for model in (first, second)]

    record.differ("the training moves the weights", one=start, other=second.get_weights()[0])
    for step in range(2):
        expected, actual = (round(series[step], 4) for series in losses)
        record.close(f"loss of step {step + 1}", expected=expected, actual=actual, within=2e-4)
    distance = max(float(np.max(np.abs(a - b))) for a, b in zip(first.get_weights(), second.get_weights()))
    record.true("weights after it differ by at most 0.0001", holds=distance <= 1e-4, found=distance <= 1e-4)
    start = second.get_weights()
    for model in (first, second):
        model.fit(images, labels, batch_size=16, epochs=2, shuffle=False, verbose=0)
    distance = max(float(np.max(np.abs(a - b))) for a, b in zip(first.get_weights(), second.get_weights()))
    record.true("nor by more after two epochs of fit", holds=distance <= 2e-4, found=distance <= 2e-4)
    moved = [not np.array_equal(a, b) for a, b in zip(start, second.get_weights())]
    record.equal("arrays of weights that fit moves", expected=4, actual=sum(moved))


@claim(
    "sequential-second.adam-as-printed",
    "The optimizer is found as `tf.keras.Adam`, as this way and the subclassed model print it.",
    "code",
)
@known_issue(
    of="keras",
    cause="Adam has always been in `tf.keras.optimizers`; the name printed here has never existed.",
    source="https://github.com/tensorflow/tensorflow/blob/v2.0.0/tensorflow/tools/api/golden/v2/tensorflow.keras.pbtxt",
    symptom=r"AttributeError: .*'Adam'",
    workaround=chapter_workarounds.ADAM,
)
@fixed_by(adam_in_place)
@detects(network.metrics_forgotten, network.nothing_learned)
@tolerates(network.other_weights)
def adam_as_printed(tf: Any, record: Recorder) -> None:
    """Compile as printed."""
    api.require_eager("`tf.keras.Adam`")
    model = models.style("sequential-add").build(tf, SMALL)

    optimizer = record.runs("tf.keras.Adam()", lambda: tf.keras.Adam())
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])

    record.true(
        "the model is compiled with it", holds=model.optimizer is optimizer, found=type(model.optimizer).__name__
    )
    kind = type(optimizer).__name__
    record.true("it is the Adam of the optimizers", holds=isinstance(optimizer, tf.keras.optimizers.Adam), found=kind)
    images, labels = workflow.drawn(16)
    judged = np.ravel(model.evaluate(images, labels, verbose=0))
    record.equal("values of an evaluation", expected=2, actual=len(judged))
