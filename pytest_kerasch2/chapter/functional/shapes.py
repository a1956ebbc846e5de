"""Functional API: the architectures that it allows beyond the linear stack."""

from __future__ import annotations

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


@claim("functional.residual-connections", "A model can have residual connections, past one or more layers.", "prose")
@detects(residual_lost)
@tolerates(network.other_weights)
def residual_connections(tf: Any, record: Recorder) -> None:
    """Add the input to what a layer makes of it, and compare with arithmetic on the weights."""
    api.set_seed(27)
    start = tf.keras.Input(shape=(4,))
    inner = tf.keras.layers.Dense(4)
    model = tf.keras.Model(inputs=start, outputs=tf.keras.layers.Add()([start, inner(start)]))
    values = _numbers((5, 4), 6)
    kernel, bias = inner.get_weights()

    record.equal("parameters", expected=4 * 4 + 4, actual=int(model.count_params()))
    outputs = api.array(api.call(model, values))
    record.all_true("outputs are input plus layer", mask=np.abs(outputs - (values + values @ kernel + bias)) < 1e-5)
