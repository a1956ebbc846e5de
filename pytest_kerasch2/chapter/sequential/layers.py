"""Sequential model, first way: what the chapter says of each layer, in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_kerasch2.chapter.sequential import OVERVIEW
from pytest_kerasch2.chapter.sequential import faults as network
from pytest_kerasch2.checks import common_faults, workflow
from pytest_kerasch2.claims.decorators import claim, detects, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api
from pytest_kerasch2.models.network import printed_activation

UNITS, INPUTS, CLASSES = 512, 784, 10


@claim(
    "sequential.layers-in-order",
    "A Sequential model is a linear stack: its layers compute in the order in which they were given or added.",
    "prose",
    section=OVERVIEW,
)
@detects(network.layers_backwards)
@tolerates(network.other_weights)
def layers_in_order(tf: Any, record: Recorder) -> None:
    """Compare the model with its layers called by hand one after the other; two of them would fit in either order."""
    api.set_seed(3)
    layers = [tf.keras.layers.Flatten(), tf.keras.layers.Dense(6, activation="relu"), tf.keras.layers.Dense(6)]
    images = np.random.RandomState(3).uniform(-1, 1, (4, 2, 3)).astype("float32")
    listed = tf.keras.models.Sequential(layers)
    outputs = api.array(api.call(listed, images))

    record.true("the model keeps the layers given", holds=_same(listed.layers, layers), found=len(listed.layers))
    value = api.tensor(images)
    for layer in layers:
        value = api.call(layer, value)
    record.same_bits("outputs against the layers called in order", expected=api.array(value), actual=outputs)
    other = api.call(layers[1], api.call(layers[2], api.call(layers[0], images)))
    record.differ("another order would have given something else", one=api.array(other), other=outputs)
    _added_later(tf, record, images)


def _added_later(tf: Any, record: Recorder, images: Any) -> None:
    """Add the last layer to a model that has been called."""
    layers = [tf.keras.layers.Flatten(), tf.keras.layers.Dense(6, activation="relu"), tf.keras.layers.Dense(6)]
    model = api.sequential((2, 3), layers[:2])
    api.call(model, images)
    model.add(layers[2])
    value = api.array(api.call(model, images))
    record.true("the model keeps the layer added", holds=_same(model.layers, layers), found=len(model.layers))
    hidden = api.call(layers[1], api.call(layers[0], images))
    record.same_bits("outputs with a layer added later", expected=api.array(api.call(layers[2], hidden)), actual=value)


def _same(ones: Any, others: Any) -> bool:
    return len(ones) == len(others) and all(one is other for one, other in zip(ones, others))


@claim(
    "sequential-first.flatten", "`Flatten` makes a vector of 784 numbers of an image of 28 x 28, row by row.", "prose"
)
@detects(network.flattened_backwards)
@tolerates(network.other_weights)
def flatten(tf: Any, record: Recorder) -> None:
    """Flatten images whose pixels are all different."""
    for count in (3, 1, 70):
        images = np.arange(count * INPUTS, dtype="float32").reshape(count, 28, 28)
        flat = api.array(api.call(tf.keras.layers.Flatten(), images))

        record.equal(f"shape of {count}", expected=(count, INPUTS), actual=flat.shape)
        record.same_bits(f"pixels of {count}", expected=images.reshape(count, INPUTS), actual=flat)


@claim(
    "sequential-first.dense-connects-all",
    "In a Dense layer every neuron is connected to every neuron of the layer before.",
    "prose",
)
@detects(network.first_input_unconnected, common_faults.one_unit_short)
@tolerates(network.other_weights)
def dense_connects_all(tf: Any, record: Recorder) -> None:
    """Return one input at a time: each output answers with a weight of its own for that input."""
    for inputs, units in ((INPUTS, UNITS), (UNITS, CLASSES)):
        # Of many sizes: a weight near zero is a connection, too.
        weights = (10 ** np.random.RandomState(inputs).uniform(-4, 0.2, (inputs, units))).astype("float32")
        layer = tf.keras.layers.Dense(units)
        api.call(layer, np.zeros((1, inputs), dtype="float32"))
        what = f"connections of {inputs} to {units}"
        shape = tuple(layer.get_weights()[0].shape)
        record.equal(f"{what}, one weight each", expected=(inputs, units), actual=shape)
        layer.set_weights([weights, np.zeros(units, dtype="float32")])
        answers = api.array(api.call(layer, np.eye(inputs, dtype="float32")))
        record.all_true(f"{what} that carry their weight", mask=np.abs(answers - weights) < 1e-3 * weights)


@claim(
    "sequential-first.relu",
    "The hidden layer passes what its 512 neurons sum up through ReLU, which is not linear: max(0, x W + b).",
    "prose",
)
@detects(network.no_relu, common_faults.one_unit_short)
@tolerates(network.other_weights)
def relu(tf: Any, record: Recorder) -> None:
    """Compare the layer with arithmetic of 64 bits; a linear function of -v would be minus that of v."""
    api.set_seed(4)
    workflow.say_activations(record)
    random = np.random.RandomState(4)
    inputs = random.uniform(-1, 1, (8, INPUTS)).astype("float32")
    layer = tf.keras.layers.Dense(UNITS, activation=printed_activation(tf, "relu"))
    shape = tuple(api.array(api.call(layer, inputs)).shape)
    record.equal("shape", expected=(8, UNITS), actual=shape)
    # A new layer has no bias to speak of, and small sums.
    layer.set_weights([layer.get_weights()[0], random.uniform(-9, 9, UNITS).astype("float32")])
    outputs = api.array(api.call(layer, inputs))
    kernel, bias = (np.asarray(one, dtype="float64") for one in layer.get_weights())

    sums = inputs.astype("float64") @ kernel + bias
    record.all_true("outputs are max(0, x W + b)", mask=np.abs(outputs - np.maximum(0, sums)) < 1e-4)
    record.all_true("negative sums come out as 0", mask=outputs[sums < -1e-4] == 0)
    opposite = api.array(api.call(layer, -inputs))
    record.differ("outputs of -x are not minus those of x", one=-outputs, other=opposite)


def _dropped(tf: Any, seed: int) -> tuple[Any, Any, Any]:
    """Return a dropout layer of the chapter's rate, activations without a zero, and what training makes of them."""
    api.set_seed(seed)
    values = np.random.RandomState(seed).uniform(0.5, 1.5, (200, UNITS)).astype("float32")
    layer = tf.keras.layers.Dropout(0.2)
    return layer, values, api.array(api.call(layer, values, training=True))


@claim(
    "sequential-first.dropout-share",
    "In training Dropout(0.2) turns off a share of 0.2 of the neurons before it.",
    "prose",
)
@detects(network.nothing_dropped, network.half_dropped)
@tolerates(common_faults.other_seed)
def dropout_share(tf: Any, record: Recorder) -> None:
    """Count zeros among 102,400 activations; the bound is six standard deviations of the binomial distribution."""
    _, values, outputs = _dropped(tf, 6)
    bound = 6 * float(np.sqrt(0.2 * 0.8 / values.size))

    record.close(
        "share turned off", expected=0.2, actual=round(float(np.mean(outputs == 0)), 4), within=round(bound, 5)
    )
    kept = outputs != 0
    each = (outputs == 0).mean(axis=1)
    record.all_true("a share of each image's neurons, from 0.09 to 0.31", mask=(each > 0.09) & (each < 0.31))
    record.all_true("the rest is scaled by 1 / 0.8", mask=np.abs(outputs[kept] - values[kept] / 0.8) < 1e-5)


@claim(
    "sequential-first.dropout-random",
    "Dropout chooses at random: not the same neurons each time, and each neuron as often as any other.",
    "prose",
)
@detects(network.same_ones_dropped, network.nothing_dropped)
@tolerates(common_faults.other_seed)
def dropout_random(tf: Any, record: Recorder) -> None:
    """Drop twice from the same activations; then count for each neuron how often it was off in 200 images."""
    layer, values, first = _dropped(tf, 7)
    second = api.array(api.call(layer, values, training=True))

    record.differ("neurons turned off at the second call", one=first == 0, other=second == 0)
    often = (first == 0).sum(axis=0)
    # 200 images, 512 neurons: outside 6 standard deviations (34) of the mean (40) lies less than one neuron in 10**6.
    record.all_true("each neuron is off in 6 to 74 of 200 images", mask=(often >= 6) & (often <= 74))
    for what, axis in (("of 200 images, by neuron", 0), ("of 512 neurons, by image", 1)):
        _as_drawn(record, what, (first == 0).sum(axis=axis), first.shape[axis])


def _as_drawn(record: Recorder, what: str, often: Any, trials: int) -> None:
    """Require that counts differ from each other by as much as chance has it, neither more nor less."""
    ratio = float(np.var(often) / (trials * 0.2 * 0.8))
    # Six standard deviations of the variance of so many binomial numbers.
    bound = 6 * float(np.sqrt(2 / len(often)))
    record.close(
        f"variance of counts {what}, in that of chance", expected=1.0, actual=round(ratio, 3), within=round(bound, 3)
    )


@claim(
    "sequential-first.dropout-in-training-only",
    "Dropout acts in training alone: in evaluation and prediction every neuron takes part, unscaled.",
    "prose",
)
@detects(network.always_dropped)
@tolerates(common_faults.other_seed)
def dropout_in_training_only(tf: Any, record: Recorder) -> None:
    """Call the layer outside training, said and unsaid."""
    layer, values, trained = _dropped(tf, 8)

    record.differ("in training something changes", one=values, other=trained)
    record.same_bits("with training=False", expected=values, actual=api.array(api.call(layer, values, training=False)))
    record.same_bits("with nothing said", expected=values, actual=api.array(api.call(layer, values)))
    _in_a_model(tf, record)


def _in_a_model(tf: Any, record: Recorder) -> None:
    """Train, judge and use a model of such a layer at a learning rate of zero: all but training see all neurons."""
    values = np.random.RandomState(8).uniform(0.5, 1.5, (64, 6)).astype("float32")
    targets = np.zeros((64, 2), dtype="float32")
    model = api.sequential((6,), [tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(2)])
    model.compile(tf.keras.optimizers.SGD(0.0), loss="mean_squared_error", **api.eagerly())
    fitted = float(model.fit(values, targets, verbose=0).history["loss"][0])
    kernel, bias = model.get_weights()

    expected = values.astype("float64") @ kernel + bias
    rows = np.asarray(model.predict(values, verbose=0))
    record.all_true("`predict` sees every neuron", mask=np.abs(rows - expected) < 1e-4)
    loss = float(np.mean(expected**2))
    judged = float(np.ravel(model.evaluate(values, targets, verbose=0))[0])
    record.true("`evaluate` sees every neuron", holds=abs(judged / loss - 1) < 1e-3, found="another loss")
    record.true("`fit` does not", holds=abs(fitted / loss - 1) > 1e-3, found="the loss of all neurons")


@claim(
    "sequential-first.softmax",
    "Softmax gives each of the ten output units a probability: positive, summing to 1, exp(z) over the sum of exp(z).",
    "prose",
)
@detects(network.sigmoid_for_softmax)
@tolerates(network.other_weights)
def softmax(tf: Any, record: Recorder) -> None:
    """Compare the output layer with the formula in 64 bits."""
    api.set_seed(9)
    workflow.say_activations(record)
    inputs = np.random.RandomState(9).uniform(0, 1, (16, UNITS)).astype("float32")
    layer = tf.keras.layers.Dense(CLASSES, activation=printed_activation(tf, "softmax"))
    api.call(layer, inputs)
    # So that the sums are far apart, and too large for the power of any of them.
    layer.set_weights([4 * layer.get_weights()[0], np.full(CLASSES, 200, dtype="float32")])
    outputs = api.array(api.call(layer, inputs)).astype("float64")
    kernel, bias = (np.asarray(one, dtype="float64") for one in layer.get_weights())

    record.equal("shape", expected=(16, CLASSES), actual=outputs.shape)
    powers = np.exp(inputs.astype("float64") @ kernel + bias - 200)
    record.all_true("none is 0 or below", mask=outputs > 0)
    record.all_true("each row sums to 1", mask=np.abs(outputs.sum(axis=1) - 1) < 1e-5)
    expected = powers / powers.sum(axis=1, keepdims=True)
    record.all_true("outputs are exp over the sum of exp", mask=np.abs(outputs / expected - 1) < 5e-3)
