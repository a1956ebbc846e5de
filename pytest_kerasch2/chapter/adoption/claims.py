"""Adoption and advantages: Keras within reach, one interface for all styles, blocks configured and combined."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_kerasch2 import models
from pytest_kerasch2.chapter.adoption import faults
from pytest_kerasch2.chapter.features.observations import SEVERAL_DEVICES
from pytest_kerasch2.checks import captured, common_faults
from pytest_kerasch2.checks.properties import examples
from pytest_kerasch2.claims.decorators import claim, detects, extends, in_subprocess, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.errors import Inconclusive
from pytest_kerasch2.framework import api

LOSS = "sparse_categorical_crossentropy"
SMALL = models.Network(pixels=(4, 4), hidden=8, classes=4, dropout=0.0)


def _numbers(*shape: int) -> Any:
    return np.random.RandomState(11).uniform(0.1, 1.0, shape).astype("float32")


@claim(
    "adoption.no-import-of-keras",
    "With tensorflow as the only import, all that it takes to build, train and ask a model is under tf.keras.",
    "prose",
)
@detects(faults.no_layers, faults.no_fit)
@tolerates(common_faults.other_seed)
def no_import_of_keras(tf: Any, record: Recorder) -> None:
    """Build, train and ask a model by names reached from the module `tensorflow` alone."""
    x, y = _numbers(8, 6), np.arange(8) % 4

    def script() -> Any:
        model = tf.keras.models.Sequential([tf.keras.layers.Dense(4, activation=tf.nn.softmax)])
        model.compile(tf.keras.optimizers.Adam(), LOSS, metrics=["accuracy"], run_eagerly=True)
        before = model.predict(x, verbose=0)
        history = model.fit(x, y, verbose=0).history
        return before, history, model.evaluate(x, y, verbose=0), model.predict(x, verbose=0)

    before, history, evaluation, answers = record.runs("a script that imports tensorflow alone", script)

    record.contains("what fit reports", expected="loss", actual=sorted(history))
    record.equal("numbers that evaluate gives, loss and accuracy", expected=2, actual=len(np.ravel(evaluation)))
    record.equal("shape of the predictions", expected=(8, 4), actual=answers.shape)
    record.differ("the predictions, before and after the training", one=before, other=answers)


@claim(
    "adoption.standalone-module",
    "Keras can be imported as a module of its own, keras, and builds a model without tensorflow being named.",
    "prose",
)
@in_subprocess(SEVERAL_DEVICES)
@detects(faults.hollow_keras)
@tolerates(faults.repeated_import)
def standalone_module(child: Any, record: Recorder) -> None:
    """Import keras first of all in a fresh interpreter, and build with it."""
    if child["standalone"] is None:
        raise Inconclusive(
            "The package keras is not installed, and this TensorFlow does not need it", "no package called keras",
            "pip install keras, in the version that belongs to this TensorFlow",
        )  # fmt: skip

    observed = captured.value(record, "import keras, and a model of it", child["standalone"])

    record.saw(f"keras imported by itself: version {observed['version']}")
    record.equal("parameters of its model, 6 * 4 + 4", expected=28, actual=observed["parameters"])


@claim(
    "adoption.one-interface",
    "Compile, fit, evaluate and predict mean the same however a model is written: equal weights give equal results.",
    "prose",
)
@detects(faults.swapped_evaluation, faults.sequential_does_not_learn)
@tolerates(common_faults.zero_weights)
def one_interface(tf: Any, record: Recorder) -> None:
    """Take the four styles through the same calls; compare the results with each other and with the formulas."""
    api.set_seed(5)
    # More than one batch, and a last one that is not full
    images, labels = _numbers(40, 4, 4), np.arange(40) % 4
    weights: Any = None
    reference: Any = None
    for style in models.STYLES:
        model = models.built(style.build(tf, SMALL), SMALL)
        weights = model.get_weights() if weights is None else weights
        model.set_weights(weights)
        history, evaluation, chances = _through_the_interface(tf, model, images, labels)
        loss, accuracy = (float(value) for value in evaluation)

        record.equal(f"{style.name}: epochs in what fit returns", expected=2, actual=len(history.history["loss"]))
        record.equal(f"{style.name}: shape of predict's answer", expected=(40, 4), actual=chances.shape)
        own_loss = float(-np.log(chances[np.arange(40), labels]).mean())
        record.close(f"{style.name}: evaluate's loss", expected=round(own_loss, 6), actual=round(loss, 6), within=2e-5)
        right = float((chances.argmax(axis=1) == labels).mean())
        record.close(f"{style.name}: evaluate's accuracy", expected=right, actual=accuracy, within=1e-6)
        reference = chances if reference is None else reference
        apart = float(np.abs(chances - reference).max())
        record.at_most(f"{style.name}: trained predictions, away from the first style's", limit=0.0, actual=apart)


def _through_the_interface(tf: Any, model: Any, images: Any, labels: Any) -> tuple[Any, Any, Any]:
    # Eagerly: eight traced graphs would take ten times as long, and the interface is the same
    model.compile(tf.keras.optimizers.SGD(0.1), LOSS, metrics=["accuracy"], **api.eagerly())
    history = model.fit(images, labels, batch_size=16, epochs=2, shuffle=False, verbose=0)
    evaluation = model.evaluate(images, labels, batch_size=40, verbose=0)
    return history, evaluation, model.predict(images, batch_size=16, verbose=0)


@claim(
    "adoption.composable",
    "Models are put together from blocks: a model is itself a block of another model and keeps its weights there.",
    "prose",
)
@detects(faults.weights_do_not_arrive, faults.miscounted)
@tolerates(common_faults.other_seed)
def composable(tf: Any, record: Recorder) -> None:
    """Use one small model twice inside another, beside a plain layer."""
    keras, layers = tf.keras, tf.keras.layers
    block = api.sequential((6,), [layers.Dense(5, activation="relu"), layers.Dense(3)])
    own = block.get_weights()
    head = layers.Dense(2)
    left, right = keras.Input(shape=(6,)), keras.Input(shape=(6,))
    whole = keras.Model(inputs=[left, right], outputs=head(layers.concatenate([block(left), block(right)])))
    x, z = _numbers(4, 6), _numbers(8, 6)[4:]

    before = whole.predict_on_batch([x, z])
    chained = api.array(
        api.call(head, np.concatenate([api.array(api.call(block, api.tensor(one))) for one in (x, z)], axis=-1))
    )

    kept = all(np.array_equal(one, other) for one, other in zip(own, block.get_weights()))
    record.true("the block keeps its weights when it becomes a block", holds=kept, found=kept)
    _trains_in(record, "a functional model", whole, block)
    record.equal("parameters of the block, 6 * 5 + 5 + 5 * 3 + 3", expected=53, actual=int(block.count_params()))
    total = int(whole.count_params())
    record.equal("parameters of the whole, the block's once and 6 * 2 + 2", expected=67, actual=total)
    apart = float(np.abs(np.asarray(before) - chained).max())
    record.at_most("the whole, away from its blocks called one after another", limit=1e-6, actual=round(apart, 6))
    block.set_weights([weights + 1 for weights in block.get_weights()])
    after = whole.predict_on_batch([x, z])
    record.differ("the whole after the block's weights were changed", one=before, other=after)
    if api.runs_eagerly():
        stack = api.sequential((6,), [block, layers.Dense(2)])
        _trains_in(record, "a Sequential model", stack, block)
        first = api.array(stack.layers[-1].kernel)
        within = api.array(block(api.tensor(x))) @ first
        apart = float(np.abs(api.array(stack(api.tensor(x))) - within).max())
        record.at_most("a Sequential model, away from its blocks called one after another", limit=1e-5, actual=apart)


def _trains_in(record: Recorder, where: str, outer: Any, block: Any) -> None:
    trained = {id(weight) for weight in outer.trainable_weights}
    there = sum(id(weight) in trained for weight in block.weights)
    record.equal(f"of the block's four weights, trained in {where}", expected=4, actual=there)


@claim(
    "adoption.configurable-blocks",
    "Blocks are configurable: each states its settings, and another one made from them has the same settings.",
    "prose",
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.3",
    cause="Until Keras 3.4 the settings that a layer states leave its activity_regularizer out.",
    source="https://github.com/keras-team/keras/blob/v3.4.1/keras/src/layers/layer.py",
    symptom=r"activity_regularizer of the layer made anew: \('NoneType', 0.0\), not",
)
@detects(faults.forgetful_dense)
@tolerates(common_faults.zero_weights)
def configurable_blocks(tf: Any, record: Recorder) -> None:
    """Take layers, and a model of them, through their settings and back."""
    layers = tf.keras.layers
    for kind, asked in _BLOCKS:
        block = getattr(layers, kind)(**asked)
        stated = block.get_config()
        again = type(block).from_config(stated).get_config()
        listed = {name: _hashable(stated.get(name, "not stated")) for name in asked}
        record.equal(f"{kind}: what was asked for", expected=asked, actual=listed)
        record.equal(f"{kind}: settings lost on the way", expected=[], actual=_lost(stated, again))
    _objects_arrive(tf, record)
    model = api.sequential((4,), [layers.Dense(3, activation="relu"), layers.Dropout(0.2)])
    copy = tf.keras.Sequential.from_config(model.get_config())
    record.equal("shapes of the weights of a model", expected=_shapes(model), actual=_shapes(copy))


# No setting is that of a layer of which nothing is asked.
_BLOCKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Dense", {"units": 7, "activation": "tanh", "use_bias": False}),
    ("Dropout", {"rate": 0.35}),
    ("Conv2D", {"filters": 3, "kernel_size": (2, 3), "strides": (2, 1), "padding": "same", "activation": "relu"}),
    ("Conv2D", {"filters": 3, "kernel_size": (2, 2), "dilation_rate": (2, 2), "use_bias": False}),
    ("MaxPooling2D", {"pool_size": (3, 2), "strides": (1, 2), "padding": "same"}),
    ("BatchNormalization", {"momentum": 0.8, "epsilon": 0.01, "center": False, "scale": False}),
    ("Activation", {"activation": "relu"}),
)


def _hashable(setting: Any) -> Any:
    return tuple(setting) if isinstance(setting, list) else setting


def _objects_arrive(tf: Any, record: Recorder) -> None:
    """Require initialisers, regularisers and constraints, which are objects, of the layer made from the settings."""
    keras = tf.keras
    objects = {
        "kernel_initializer": keras.initializers.Ones(),
        "bias_initializer": keras.initializers.Ones(),
        "kernel_regularizer": keras.regularizers.l2(0.25),
        "bias_regularizer": keras.regularizers.l2(0.5),
        "activity_regularizer": keras.regularizers.l2(0.125),
        "kernel_constraint": keras.constraints.NonNeg(),
        "bias_constraint": keras.constraints.NonNeg(),
    }
    layer = keras.layers.Dense(3, **objects)
    again = keras.layers.Dense.from_config(layer.get_config())
    for name, given in objects.items():
        there = getattr(again, name)
        asked, arrived = ((type(one).__name__, round(float(getattr(one, "l2", 0)), 6)) for one in (given, there))
        record.equal(f"Dense: {name} of the layer made anew", expected=asked, actual=arrived)


def _lost(stated: Any, again: Any) -> list[str]:
    return sorted(name for name in stated if again.get(name) != stated[name])


def _shapes(model: Any) -> list[tuple[int, ...]]:
    return [weights.shape for weights in model.get_weights()]


@extends(configurable_blocks)
@detects(faults.forgetful_dense)
@tolerates(common_faults.zero_weights)
def any_dense_is_configurable(tf: Any, record: Recorder) -> None:
    """Take dense layers of any settings through their settings and back."""
    from hypothesis import given
    from hypothesis import strategies as some

    @examples(30)
    @given(
        units=some.integers(1, 5000),
        activation=some.sampled_from(["relu", "softmax", "tanh", "sigmoid", "linear", None]),
        use_bias=some.booleans(),
        name=some.sampled_from(["d1", "hidden", "a_name", "dense_12"]),
    )
    def property_(units: int, activation: Any, use_bias: bool, name: str) -> None:
        case = Recorder()
        layer = tf.keras.layers.Dense(units, activation=activation, use_bias=use_bias, name=name)
        again = type(layer).from_config(layer.get_config())
        case.equal("units", expected=units, actual=again.units)
        case.equal("bias", expected=use_bias, actual=again.use_bias)
        case.equal("name", expected=name, actual=again.name)
        case.equal("activation", expected=layer.activation.__name__, actual=again.activation.__name__)

    record.always("a dense layer made from another's settings has these settings", 30, property_)
