"""Functional API: the architectures that it allows beyond the linear stack."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from pytest_kerasch2.chapter.sequential import faults as network
from pytest_kerasch2.checks.common_faults import fault
from pytest_kerasch2.claims.decorators import claim, detects, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

halves_swapped = fault(
    "`Concatenate` joins from the last to the first.",
    network.call_as,
    "Concatenate",
    lambda original, layer, inputs: original(layer, list(inputs)[::-1]),
)
residual_lost = fault(
    "`Add` gives its last input alone.", network.call_as, "Add", lambda original, layer, inputs: inputs[-1]
)


def _negative(original: Any, layer: Any, inputs: Any) -> Any:
    outputs = original(layer, inputs)
    return -outputs if layer.units == 4 else outputs


dense_negated = fault(
    "Dense layers of 4 units give the negative of what they should.", network.call_as, "Dense", _negative
)


@claim("functional.several-inputs", "A model can have several inputs.", "prose")
@detects(halves_swapped)
@tolerates(network.other_weights)
def several_inputs(tf: Any, record: Recorder) -> None:
    """Join two inputs and compare with arithmetic on the weights."""
    api.set_seed(24)
    left, right = tf.keras.Input(shape=(3,)), tf.keras.Input(shape=(2,))
    joined = tf.keras.layers.Concatenate()([left, right])
    model = tf.keras.Model(inputs=[left, right], outputs=tf.keras.layers.Dense(4)(joined))
    a, b = _numbers((5, 3), 1), _numbers((5, 2), 2)

    record.equal("inputs", expected=2, actual=len(model.inputs))
    record.equal("parameters", expected=(3 + 2) * 4 + 4, actual=int(model.count_params()))
    kernel, bias = model.get_weights()
    outputs = api.array(api.call(model, [a, b]))
    record.all_true("outputs", mask=np.abs(outputs - (np.concatenate([a, b], axis=1) @ kernel + bias)) < 1e-5)
    for widths in ((3, 3), (2, 3, 2)):
        inputs = [tf.keras.Input(shape=(width,)) for width in widths]
        layer = tf.keras.layers.Dense(4)
        model = tf.keras.Model(inputs=inputs, outputs=layer(tf.keras.layers.Concatenate()(inputs)))
        values = [_numbers((5, width), 10 + place) for place, width in enumerate(widths)]
        kernel, bias = model.get_weights()
        expected = np.concatenate(values, axis=1) @ kernel + bias
        called = record.runs(f"calling it on inputs of {widths}", partial(api.call, model, values))
        for what, outputs in (("called", api.array(called)), ("predicted", model.predict(values, verbose=0))):
            record.all_true(f"outputs for inputs of {widths}, {what}", mask=np.abs(outputs - expected) < 1e-5)


def _numbers(shape: tuple[int, ...], seed: int) -> Any:
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("float32")


@claim("functional.several-outputs", "A model can have several outputs.", "prose")
@detects(dense_negated)
@tolerates(network.other_weights)
def several_outputs(tf: Any, record: Recorder) -> None:
    """Read two layers off one input and compare each with arithmetic on its weights."""
    api.set_seed(25)
    start = tf.keras.Input(shape=(3,))
    heads = [tf.keras.layers.Dense(4), tf.keras.layers.Dense(2)]
    model = tf.keras.Model(inputs=start, outputs=[head(start) for head in heads])
    values = _numbers((5, 3), 3)
    outputs = [api.array(one) for one in api.call(model, values)]

    record.equal("shapes", expected=[(5, 4), (5, 2)], actual=[one.shape for one in outputs])
    record.equal("parameters", expected=(3 * 4 + 4) + (3 * 2 + 2), actual=int(model.count_params()))
    for head, output in zip(heads, outputs):
        kernel, bias = head.get_weights()
        record.all_true(f"output of {head.units} units", mask=np.abs(output - (values @ kernel + bias)) < 1e-5)
    _three_outputs(tf, record, values)


def _three_outputs(tf: Any, record: Recorder, values: Any) -> None:
    """Read three layers of one width off an input: each has an output, and a loss that it is trained by."""
    start = tf.keras.Input(shape=(3,))
    heads = [tf.keras.layers.Dense(2) for _ in range(3)]
    model = tf.keras.Model(inputs=start, outputs=[head(start) for head in heads])
    weights = [head.get_weights() for head in heads]
    for what, outputs in (("called", api.call(model, values)), ("predicted", model.predict(values, verbose=0))):
        record.equal(f"outputs, {what}", expected=3, actual=len(outputs))
        for place, (output, (kernel, bias)) in enumerate(zip(outputs, weights)):
            near = np.abs(api.array(output) - (values @ kernel + bias)) < 1e-5
            record.all_true(f"output {place} of three, {what}", mask=near)
    model.compile(tf.keras.optimizers.SGD(0.1), loss="mean_squared_error", **api.eagerly())
    model.fit(values, [_numbers((5, 2), 20 + place) for place in range(3)], batch_size=5, verbose=0)
    moved = [not np.array_equal(head.get_weights()[0], kernel) for head, (kernel, _) in zip(heads, weights)]
    record.equal("outputs that are trained", expected=3, actual=sum(moved))


@claim("functional.shared-layers", "A layer can be shared: called in two places, it has its weights once.", "prose")
@detects(halves_swapped)
@tolerates(network.other_weights)
def shared_layers(tf: Any, record: Recorder) -> None:
    """Call one layer on two inputs; equal inputs then give equal halves, and the weights count once."""
    api.set_seed(26)
    shared = tf.keras.layers.Dense(4)
    left, right = tf.keras.Input(shape=(3,)), tf.keras.Input(shape=(3,))
    joined = tf.keras.layers.Concatenate()([shared(left), shared(right)])
    model = tf.keras.Model(inputs=[left, right], outputs=joined)
    a, b = _numbers((5, 3), 4), _numbers((5, 3), 5)

    record.equal("parameters", expected=3 * 4 + 4, actual=int(model.count_params()))
    same = api.array(api.call(model, [a, a]))
    record.same_bits("halves for equal inputs", expected=same[:, :4], actual=same[:, 4:])
    kernel, bias = shared.get_weights()
    outputs = api.array(api.call(model, [a, b]))
    expected = np.concatenate([a @ kernel + bias, b @ kernel + bias], axis=1)
    record.all_true("outputs for different ones", mask=np.abs(outputs - expected) < 1e-5)
    targets = _numbers((5, 8), 7)
    slope = 2 * (expected - targets) / targets.size
    step = 0.5 * (a.T @ slope[:, :4] + b.T @ slope[:, 4:])
    record.all_true(
        "both places train them", mask=np.abs(_trained(tf, model, [a, b], targets) - (kernel - step)) < 1e-5
    )


def _trained(tf: Any, model: Any, values: Any, targets: Any) -> Any:
    """Return the first weights of a model after one step downhill on the squared error."""
    model.compile(tf.keras.optimizers.SGD(0.5), loss="mean_squared_error", **api.eagerly())
    model.fit(values, targets, batch_size=len(targets), verbose=0)
    return model.get_weights()[0]


@claim("functional.residual-connections", "A model can have residual connections, past one or more layers.", "prose")
@detects(residual_lost)
@tolerates(network.other_weights)
def residual_connections(tf: Any, record: Recorder) -> None:
    """Add the input to what a layer makes of it, and compare with arithmetic on the weights; then past two layers."""
    api.set_seed(27)
    start = tf.keras.Input(shape=(4,))
    inner = tf.keras.layers.Dense(4)
    model = tf.keras.Model(inputs=start, outputs=tf.keras.layers.Add()([start, inner(start)]))
    values = _numbers((5, 4), 6)
    kernel, bias = inner.get_weights()

    record.equal("parameters", expected=4 * 4 + 4, actual=int(model.count_params()))
    outputs = api.array(api.call(model, values))
    record.all_true("outputs are input plus layer", mask=np.abs(outputs - (values + values @ kernel + bias)) < 1e-5)
    _past_two_layers(tf, record, values)


def _past_two_layers(tf: Any, record: Recorder, values: Any) -> None:
    """Connect past two layers what a layer gives; that one is trained by both ways."""
    start = tf.keras.Input(shape=(4,))
    first, second, third = (tf.keras.layers.Dense(4) for _ in range(3))
    hidden = first(start)
    model = tf.keras.Model(inputs=start, outputs=tf.keras.layers.Add()([hidden, third(second(hidden)), start]))
    (k1, b1), (k2, b2), (k3, b3) = (layer.get_weights() for layer in (first, second, third))
    between = values @ k1 + b1
    expected = between + (between @ k2 + b2) @ k3 + b3 + values

    outputs = api.array(api.call(model, values))
    record.all_true("outputs are the sum of all three", mask=np.abs(outputs - expected) < 1e-5)
    targets = _numbers((5, 4), 8)
    slope = 2 * (expected - targets) / targets.size
    step = 0.5 * values.T @ (slope + slope @ k3.T @ k2.T)
    trained = _trained(tf, model, values, targets)
    record.all_true("the layer before them is trained by both ways", mask=np.abs(trained - (k1 - step)) < 1e-5)
