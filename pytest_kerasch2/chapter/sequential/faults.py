"""Injected faults and benign changes for the network of the chapter: its layers, its training, what it prints."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator
from unittest import mock

import numpy as np

from pytest_kerasch2.checks.common_faults import before_build, fault, wrapped_method
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


other_weights = fault("Dense layers begin with weights drawn in another way.", before_build, "Dense", _begin_otherwise)
no_relu = fault(
    "Hidden layers of 512 units come without their activation.",
    before_build,
    "Dense",
    _activation(lambda units: units == 512, "linear"),
)
elu_for_d1 = fault(
    "The layer called d1, which two of the four ways have, gets another activation.", before_build, "Dense", _named_d1
)
d1_without_bias = fault(
    "The layer called d1, which two of the four ways have, comes without a bias.", before_build, "Dense", _without_bias
)
sigmoid_for_softmax = fault(
    "Layers of ten units squash each output by itself.",
    before_build,
    "Dense",
    _activation(lambda units: units == 10, "sigmoid"),
)


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
    # CNTK counts axes without that of the examples.
    back = api.backend_functions().reverse if api.release().backend == "cntk" else back
    with call_as("Flatten", lambda original, layer, inputs: back(original(layer, inputs), 1)):
        yield


def _blind(original: Any, layer: Any, inputs: Any) -> Any:
    seen = np.ones(int(api.shape(inputs)[-1] or 0), dtype="float32")
    seen[0] = 0
    return original(layer, inputs * api.tensor(seen))


first_input_unconnected = fault("`Dense` layers do not see their first input.", call_as, "Dense", _blind)


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


nothing_dropped = fault(
    "`Dropout` lets everything through.", dropout_as, lambda original, layer, inputs, training: inputs
)


def _half(original: Any, layer: Any, inputs: Any, training: Any) -> Any:
    with mock.patch.object(layer, "rate", 0.5):
        return original(layer, inputs, training=training)


half_dropped = fault("`Dropout` drops half, whatever it was asked for.", dropout_as, _half)


def _always(original: Any, layer: Any, inputs: Any, training: Any) -> Any:
    if api.release().backend == "cntk":
        # Its own dropout drops in a step of training alone, whatever it is told.
        units = int(api.shape(inputs)[-1] or 0)
        return inputs * api.tensor((np.arange(units) % 5 > 0).astype("float32"))
    return original(layer, inputs, training=True)


always_dropped = fault("`Dropout` drops at inference too.", dropout_as, _always)


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

    def call(original: Any, layer: Any, inputs: Any, flag: Any) -> Any:
        return original(layer, inputs, training=bool(training) or flag)

    with wrapped_method(api.keras().Model, "train_step", step), dropout_as(call):
        yield


def _every_fifth(original: Any, layer: Any, inputs: Any, training: Any) -> Any:
    kept = api.tensor((np.arange(int(api.shape(inputs)[-1] or 0)) % 5 != 0).astype("float32"))
    if not api.runs_eagerly():
        return api.backend_functions().in_train_phase(inputs * kept / 0.8, inputs, training=training)
    return inputs * kept / 0.8 if training else inputs


same_ones_dropped = fault("`Dropout` drops the same units each time.", dropout_as, _every_fifth)


def _backwards(original: Any, model: Any, inputs: Any, *_: Any, **__: Any) -> Any:
    first, *rest = model.layers
    value = first(inputs)
    for layer in reversed(rest):
        value = layer(value)
    return value


layers_backwards = fault(
    "`Sequential` runs its layers, after the first, last to first.",
    lambda: wrapped_method(api.keras().Sequential, "call", _backwards),
)


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


epoch_short = fault("`fit` stops one epoch early.", argument, "fit", epochs=lambda epochs: max(1, (epochs or 1) - 1))
default_batch_of_33 = fault(
    "`fit` makes batches of 33 where no size is given.", argument, "fit", batch_size=lambda size: size or 33
)
batches_of_at_most_32 = fault(
    "`fit` presents no more than 32 images at once.", argument, "fit", batch_size=lambda size: min(size or 32, 32)
)


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


metrics_forgotten = fault("`compile` forgets the metrics.", argument, "compile", metrics=lambda _: None)
evaluated_in_reverse = fault(
    "`evaluate` gives its values in the other order.", result, "evaluate", lambda values: list(values)[::-1]
)
evaluated_silently = fault("`evaluate` prints nothing.", argument, "evaluate", verbose=lambda _: 0)
fitted_silently = fault("`fit` prints nothing.", argument, "fit", verbose=lambda _: 0)
one_prediction_lost = fault("`predict` loses the last image.", result, "predict", lambda rows: rows[:-1])
probabilities_doubled = fault("`predict` gives twice the probabilities.", result, "predict", lambda rows: rows * 2)


@contextmanager
def bar_as(update: Callable[..., Any]) -> Iterator[None]:
    """Let the progress bar draw `update(original, bar, current, values, ...)`."""
    with wrapped_method(api.keras().utils.Progbar, "update", update):
        yield


def _without_accuracy(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    kept = [pair for pair in values or [] if pair[0] not in ("accuracy", "acc")]
    return original(bar, current, kept, **named)


accuracy_unprinted = fault("The progress bar leaves the accuracy out.", bar_as, _without_accuracy)


def _one_more(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    with mock.patch.object(bar, "target", None if bar.target is None else bar.target + 1):
        return original(bar, current, values, **named)


target_one_more = fault("The progress bar expects one more than there is.", bar_as, _one_more)
