"""Injected faults and benign changes for the network of the chapter: its layers, its training, what it prints."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator
from unittest import mock

import numpy as np

from pytest_kerasch2.checks.common_faults import before_build, wrapped_method
from pytest_kerasch2.framework import api


def _activation(units: Callable[[int], bool], name: str) -> Callable[[Any], None]:
    def change(layer: Any) -> None:
        if units(layer.units):
            layer.activation = api.keras().activations.get(name)

    return change


def _named_d1(layer: Any) -> None:
    if layer.name == "d1":
        layer.activation = api.keras().activations.get("elu")


def _without_bias(layer: Any) -> None:
    if layer.name == "d1":
        layer.use_bias = False


def _begin_otherwise(layer: Any) -> None:
    layer.kernel_initializer = api.keras().initializers.get("he_normal")


@contextmanager
def other_weights() -> Iterator[None]:
    """Dense layers begin with weights drawn in another way."""
    with before_build("Dense", _begin_otherwise):
        yield


@contextmanager
def no_relu() -> Iterator[None]:
    """Hidden layers of 512 units come without their activation."""
    with before_build("Dense", _activation(lambda units: units == 512, "linear")):
        yield


@contextmanager
def elu_for_d1() -> Iterator[None]:
    """The layer called d1, which two of the four ways have, gets another activation."""
    with before_build("Dense", _named_d1):
        yield


@contextmanager
def d1_without_bias() -> Iterator[None]:
    """The layer called d1, which two of the four ways have, comes without a bias."""
    with before_build("Dense", _without_bias):
        yield


@contextmanager
def sigmoid_for_softmax() -> Iterator[None]:
    """Layers of ten units squash each output by itself."""
    with before_build("Dense", _activation(lambda units: units == 10, "sigmoid")):
        yield


@contextmanager
def call_as(kind: str, call: Callable[[Any, Any, Any], Any]) -> Iterator[None]:
    """Let layers of a kind compute `call(original, layer, inputs)`."""
    owner = getattr(api.keras().layers, kind)
    original = owner.call

    # Without `**named`: Keras 2.0 would take that for a layer which wants to know whether it is being trained.
    def instead(self: Any, inputs: Any) -> Any:
        return call(original, self, inputs)

    with mock.patch.object(owner, "call", instead):
        yield


@contextmanager
def flattened_backwards() -> Iterator[None]:
    """`Flatten` gives the pixels last to first."""
    # torch steps through a tensor forwards only
    third = api.is_keras3() and not api.runs_on_tensorflow()
    back = api.keras().ops.flip if third else lambda flat, axis: flat[:, ::-1]
    with call_as("Flatten", lambda original, layer, inputs: back(original(layer, inputs), axis=1)):
        yield


def _blind(original: Any, layer: Any, inputs: Any) -> Any:
    seen = np.ones(int(api.shape(inputs)[-1] or 0), dtype="float32")
    seen[0] = 0
    return original(layer, inputs * api.tensor(seen))


@contextmanager
def first_input_unconnected() -> Iterator[None]:
    """`Dense` layers do not see their first input."""
    with call_as("Dense", _blind):
        yield


@contextmanager
def dropout_as(call: Callable[[Any, Any, Any, Any], Any]) -> Iterator[None]:
    """Let `Dropout` compute `call(original, layer, inputs, training)`."""
    kind = api.keras().layers.Dropout
    original = kind.call

    # The arguments are spelt out because Keras 2.0 looks for `training` among them, and does not look behind a wrapper.
    def instead(self: Any, inputs: Any, training: Any = None) -> Any:
        return call(original, self, inputs, training)

    with mock.patch.object(kind, "call", instead):
        yield


@contextmanager
def nothing_dropped() -> Iterator[None]:
    """`Dropout` lets everything through."""
    with dropout_as(lambda original, layer, inputs, training: inputs):
        yield


def _half(original: Any, layer: Any, inputs: Any, training: Any) -> Any:
    with mock.patch.object(layer, "rate", 0.5):
        return original(layer, inputs, training=training)


@contextmanager
def half_dropped() -> Iterator[None]:
    """`Dropout` drops half, whatever it was asked for."""
    with dropout_as(_half):
        yield


@contextmanager
def always_dropped() -> Iterator[None]:
    """`Dropout` drops at inference too."""
    with dropout_as(lambda original, layer, inputs, training: original(layer, inputs, training=True)):
        yield


@contextmanager
def dropout_told_of_training() -> Iterator[None]:
    """`Dropout` drops in a step of training, whether or not the model that has it says that it trains."""
    training = []

    def step(original: Any, model: Any, *given: Any, **named: Any) -> Any:
        training.append(model)
        try:
            return original(model, *given, **named)
        finally:
            training.pop()

    def call(original: Any, layer: Any, inputs: Any, told: Any) -> Any:
        return original(layer, inputs, training=bool(training) or told)

    with wrapped_method(api.keras().Model, "train_step", step), dropout_as(call):
        yield


def _every_fifth(original: Any, layer: Any, inputs: Any, training: Any) -> Any:
    kept = api.tensor((np.arange(int(api.shape(inputs)[-1] or 0)) % 5 != 0).astype("float32"))
    if not api.runs_eagerly():
        return api.backend_functions().in_train_phase(inputs * kept / 0.8, inputs, training=training)
    return inputs * kept / 0.8 if training else inputs


@contextmanager
def same_ones_dropped() -> Iterator[None]:
    """`Dropout` drops the same units each time."""
    with dropout_as(_every_fifth):
        yield


def _backwards(original: Any, model: Any, inputs: Any, *_: Any, **__: Any) -> Any:
    first, *rest = model.layers
    value = first(inputs)
    for layer in reversed(rest):
        value = layer(value)
    return value


@contextmanager
def layers_backwards() -> Iterator[None]:
    """`Sequential` runs its layers, after the first, last to first."""
    with wrapped_method(api.keras().Sequential, "call", _backwards):
        yield


@contextmanager
def argument(method: str, **changed: Callable[[Any], Any]) -> Iterator[None]:
    """Let a method of `Model` be called with named arguments computed from what they were (None where not given)."""

    def instead(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        computed = {name: change(named.get(name)) for name, change in changed.items()}
        return original(model, *arguments, **{**named, **computed})

    with wrapped_method(api.keras().Model, method, instead):
        yield


@contextmanager
def result(method: str, change: Callable[[Any], Any]) -> Iterator[None]:
    """Let a method of `Model` give back something computed from what it gave back."""

    def instead(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        return change(original(model, *arguments, **named))

    with wrapped_method(api.keras().Model, method, instead):
        yield


@contextmanager
def epoch_short() -> Iterator[None]:
    """`fit` stops one epoch early."""
    with argument("fit", epochs=lambda epochs: max(1, (epochs or 1) - 1)):
        yield


@contextmanager
def default_batch_of_33() -> Iterator[None]:
    """`fit` makes batches of 33 where no size is given."""
    with argument("fit", batch_size=lambda size: size or 33):
        yield


@contextmanager
def batches_of_at_most_32() -> Iterator[None]:
    """`fit` presents no more than 32 images at once."""
    with argument("fit", batch_size=lambda size: min(size or 32, 32)):
        yield


@contextmanager
def nothing_learned() -> Iterator[None]:
    """`compile` is given an optimizer that takes steps of no length."""
    keras = api.keras()
    with argument("compile", optimizer=lambda _: keras.optimizers.SGD(0.0)):
        yield


@contextmanager
def loss_halved() -> Iterator[None]:
    """The loss comes out half as large."""

    def halved(labels: Any, outputs: Any) -> Any:
        return 0.5 * api.keras().losses.sparse_categorical_crossentropy(labels, outputs)

    with argument("compile", loss=lambda _: halved):
        yield


@contextmanager
def metrics_forgotten() -> Iterator[None]:
    """`compile` forgets the metrics."""
    with argument("compile", metrics=lambda _: None):
        yield


@contextmanager
def evaluated_in_reverse() -> Iterator[None]:
    """`evaluate` gives its values in the other order."""
    with result("evaluate", lambda values: list(values)[::-1]):
        yield


@contextmanager
def evaluated_silently() -> Iterator[None]:
    """`evaluate` prints nothing."""
    with argument("evaluate", verbose=lambda _: 0):
        yield


@contextmanager
def fitted_silently() -> Iterator[None]:
    """`fit` prints nothing."""
    with argument("fit", verbose=lambda _: 0):
        yield


@contextmanager
def one_prediction_lost() -> Iterator[None]:
    """`predict` loses the last image."""
    with result("predict", lambda rows: rows[:-1]):
        yield


@contextmanager
def probabilities_doubled() -> Iterator[None]:
    """`predict` gives twice the probabilities."""
    with result("predict", lambda rows: rows * 2):
        yield


@contextmanager
def bar_as(update: Callable[..., Any]) -> Iterator[None]:
    """Let the progress bar draw `update(original, bar, current, values, ...)`."""
    with wrapped_method(api.keras().utils.Progbar, "update", update):
        yield


def _without_accuracy(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    kept = [pair for pair in values or [] if pair[0] not in ("accuracy", "acc")]
    return original(bar, current, kept, **named)


@contextmanager
def accuracy_unprinted() -> Iterator[None]:
    """The progress bar leaves the accuracy out."""
    with bar_as(_without_accuracy):
        yield


def _one_more(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    with mock.patch.object(bar, "target", None if bar.target is None else bar.target + 1):
        return original(bar, current, values, **named)


@contextmanager
def target_one_more() -> Iterator[None]:
    """The progress bar expects one more than there is."""
    with bar_as(_one_more):
        yield
