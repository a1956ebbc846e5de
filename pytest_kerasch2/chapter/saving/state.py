"""Saving and loading a Keras model: what the file holds, what comes back, and whether training continues."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from pytest_kerasch2 import serialization
from pytest_kerasch2.chapter.saving import faults, fixes, workarounds
from pytest_kerasch2.chapter.saving import small_models as small
from pytest_kerasch2.checks import workflow
from pytest_kerasch2.checks.common_faults import other_seed
from pytest_kerasch2.claims.decorators import claim, detects, extends, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import Network

EARLY = "https://github.com/tensorflow/tensorflow/blob/v2.1.4/tensorflow/python/keras/saving/hdf5_format.py"
NO_STATE = (
    "up to TensorFlow 2.1 the optimizer's state is not loaded for a Sequential model whose input is not declared, "
    "which is how the chapter builds it"
)
BUILT_FOR_NOTHING = (
    "Keras 3 builds the loaded optimizer for the model's own variables, of which there are none, instead of those of "
    "its layers: the state in the file is not taken, and the model cannot be trained"
)
# In the words of the optimizers of TensorFlow and torch, and of those of JAX; Keras 3.7 to 3.12 fails while it puts the
# first of them together, because it wants to print the values of a variable within a graph.
UNKNOWN = (
    "ValueError: Unknown variable|the optimizer was built with 0 variables"
    r"|from the file: NotImplementedError: numpy\(\) is only available when eager"
)
# So often the loss of the same weights is taken with other units dropped. Two losses lie apart by more than twice the
# range of those in two of ten thousand cases.
DRAWS = 16
# Rounded, so that the evidence of two runs is the same.
DIGITS = 4
STYLES = pytest.mark.parametrize("style", ["sequential-list", "functional"])


@claim(
    "saving.holds-architecture",
    "The saved file holds the model's architecture: each layer with what makes it up.",
    "prose",
)
@detects(faults.architecture_left_out, faults.wider_in_file)
@tolerates(faults.remark_in_file)
def holds_architecture(tf: Any, scratch: Path, record: Recorder) -> None:
    """Walk the file."""
    held = _saved(tf, scratch)
    workflow.say_activations(record)

    record.true("the architecture is there", holds=held.architecture is not None, found=held.architecture is not None)
    layers = [(one["class_name"], one["config"]) for one in held.architecture["config"]["layers"]]
    kinds = ["InputLayer", "Flatten", "Dense", "Dropout", "Dense"]
    record.equal("its layers", expected=kinds, actual=[kind for kind, _ in layers])
    hidden, output = (config for kind, config in layers if kind == "Dense")
    record.equal("units of its dense layers", expected=[16, 10], actual=[hidden["units"], output["units"]])
    record.equal("activation of the hidden layer", expected="relu", actual=hidden["activation"])
    # Keras 3 describes what it does not know by name as a function, under the name that TensorFlow gives it.
    named = output["activation"]
    named = named["config"] if isinstance(named, dict) else named
    record.contains("activation of the output layer", expected=named, actual=["softmax", "softmax_v2"])
    record.equal("its dropout", expected=0.2, actual=layers[3][1]["rate"])


@extends(holds_architecture)
@detects(faults.wider_in_file)
@tolerates(faults.remark_in_file)
def holds_settings(tf: Any, scratch: Path, record: Recorder) -> None:
    """Look for settings other than the default ones, those of layers that the chapter does not print among them."""
    of_keras, path = tf.keras.layers, scratch / small.MODEL_FILE
    first = tf.keras.Input(shape=(6,))
    flow = of_keras.Dense(3, activation="tanh", use_bias=False, kernel_initializer="ones", name="one")(first)
    flow = of_keras.Dropout(0.45, name="two")(flow)
    frozen = {"kernel_regularizer": "l2", "bias_initializer": "ones", "trainable": False}
    flow = of_keras.Dense(2, activation="sigmoid", name="three", **frozen)(flow)
    tf.keras.Model(first, flow).save(str(path))

    listed = serialization.contents(path).architecture["config"]["layers"]
    layers = {one["config"]["name"]: one["config"] for one in listed}
    expected = [("one", "units", 3), ("one", "activation", "tanh"), ("one", "use_bias", False)]
    expected += [("one", "trainable", True), ("two", "rate", 0.45), ("three", "units", 2)]
    expected += [("three", "activation", "sigmoid"), ("three", "use_bias", True), ("three", "trainable", False)]
    for name, setting, value in expected:
        record.equal(f"{setting} of layer {name}", expected=value, actual=layers[name].get(setting))
    kinds = [("one", "kernel_initializer", "Ones"), ("one", "bias_initializer", "Zeros")]
    kinds += [("three", "bias_initializer", "Ones"), ("three", "kernel_initializer", "GlorotUniform|VarianceScaling")]
    kinds += [("three", "kernel_regularizer", "L2|L1L2")]
    for name, setting, pattern in kinds:
        described = layers[name].get(setting) or {}
        record.matches(f"{setting} of layer {name}", pattern=pattern, actual=str(described.get("class_name")))


@claim("saving.holds-weights", "The saved file holds the model's weights, bit for bit.", "prose")
@detects(faults.one_array_zero)
@tolerates(faults.remark_in_file)
def holds_weights(tf: Any, scratch: Path, record: Recorder) -> None:
    """Read the arrays out of the file by their names and compare them with the model's."""
    model = small.trained(tf, "functional", small.PRINTED)
    held = _saved(tf, scratch, model)

    stored = _arrays(scratch, held.weights)
    for layer in ("d1", "d2"):
        for part, array in zip(("kernel", "bias"), model.get_layer(layer).get_weights()):
            # model_weights/<layer>/<a scope that may carry a number>/<part>
            arrays = [stored[name] for name in stored if name.split("/")[1] == layer and f"/{part}" in name]
            record.equal(f"arrays that are the {part} of {layer}", expected=1, actual=len(arrays))
            record.same_bits(f"{part} of {layer}", expected=array, actual=arrays[0])
    record.equal("arrays in all", expected=4, actual=len(stored))


@claim("saving.holds-loss", "The saved file holds the loss of the training.", "prose")
@detects(faults.another_loss)
@tolerates(faults.remark_in_file)
def holds_loss(tf: Any, scratch: Path, record: Recorder) -> None:
    """Walk the file."""
    config = _saved(tf, scratch).training_config

    record.equal("the loss", expected="sparse_categorical_crossentropy", actual=config["loss"])


@claim(
    "saving.holds-optimizer", "The saved file holds the optimizer of the training with its hyper-parameters.", "prose"
)
@detects(faults.hyperparameter_left_out)
@tolerates(faults.remark_in_file)
def holds_optimizer(tf: Any, scratch: Path, record: Recorder) -> None:
    """Walk the file of a model whose optimizer has other hyper-parameters than the default ones."""
    config = _saved(tf, scratch).training_config["optimizer_config"]

    record.equal("the optimizer", expected="Adam", actual=config["class_name"].rpartition(">")[2])
    _same_settings(tf, record, config["config"])


@claim(
    "saving.holds-optimizer-state",
    "The saved file holds the state of the optimizer: its step count and its running means, bit for bit.",
    "prose",
)
@detects(faults.optimizer_state_left_out, faults.moments_from_zero)
@tolerates(faults.remark_in_file)
def holds_optimizer_state(tf: Any, scratch: Path, record: Recorder) -> None:
    """Compare the optimizer's arrays in the file with those in memory; the two keep them in different orders."""
    model = small.trained(tf, "functional", small.PRINTED, steps=small.STEPS)
    held = _saved(tf, scratch, model)

    stored = sorted(_comparable(array) for array in _arrays(scratch, held.optimizer_weights).values())
    live = sorted(_comparable(array) for array in serialization.optimizer_state(model))
    # The learning rate is one of the optimizer's variables on some releases, and its file may leave it out.
    missing = [one for one in live if one not in stored and one[0] != ()]
    # Keras up to 2.3 writes an array of one number for each weight besides.
    shapes = {array.shape for array in model.get_weights()}
    of_weights = [one for one in stored if one[0] in shapes]
    record.equal("arrays of the optimizer with an axis", expected=8, actual=len(of_weights))
    record.equal("arrays of it that the file lacks", expected=0, actual=len(missing))
    # CNTK has no whole numbers, and its Keras keeps no other number without an axis.
    kind = "float" if api.release().backend == "cntk" else "int"
    steps = [one for one in stored if one[0] == () and kind in one[1]]
    record.equal("step count", expected=[small.STEPS], actual=[int(np.frombuffer(one[2], one[1])[0]) for one in steps])


@claim(
    "saving.equal-predictions",
    "A model whose activations are given by name, loaded from its file, predicts what the saved one predicts, bit for "
    "bit.",
    "prose",
)
@detects(faults.weights_left_out)
@tolerates(faults.remark_in_file)
def equal_predictions(tf: Any, scratch: Path, record: Recorder) -> None:
    """Compare the probabilities and the weights."""
    model = small.trained(tf, "functional")
    _saved(tf, scratch, model)

    loaded = tf.keras.models.load_model(str(scratch / small.MODEL_FILE))

    record.same_bits("predictions", expected=small.predicted(model), actual=small.predicted(loaded))
    for index, (saved, restored) in enumerate(zip(model.get_weights(), loaded.get_weights())):
        record.same_bits(f"array {index}", expected=saved, actual=restored)


@claim(
    "saving.loaded-compiled",
    "A compiled model whose activations are given by name is loaded compiled with the saved configuration: loss, "
    "optimizer and metrics.",
    "prose",
)
@known_issue(
    since="2.3",
    until="2.3",
    cause="TensorFlow 2.3 chooses the accuracy of a loaded model before it sees a label, and takes the wrong kind.",
    source="https://github.com/tensorflow/tensorflow/issues/42045",
    symptom=r"loss and accuracy of the loaded model: \[.*, 0\.0\], not",
    workaround=workarounds.COMPILED_AGAIN,
)
@fixed_by(fixes.compiled_again)
@detects(faults.loads_uncompiled, faults.hyperparameter_left_out, faults.another_loss)
@tolerates(faults.remark_in_file)
def loaded_compiled(tf: Any, scratch: Path, record: Recorder) -> None:
    """Evaluate both models, which takes loss and metrics, and compare the optimizers."""
    model = small.trained(tf, "functional", optimizer=_chosen(tf))
    _saved(tf, scratch, model)
    images, labels = small.data(1)

    loaded = record.runs("loading", partial(tf.keras.models.load_model, str(scratch / small.MODEL_FILE)))

    optimizer: Any = getattr(loaded, "optimizer", None)
    record.equal("the optimizer", expected="Adam", actual=type(optimizer).__name__)
    _same_settings(tf, record, optimizer.get_config())
    loaded.run_eagerly = True
    evaluations = (partial(each.evaluate, images, labels, verbose=0) for each in (model, loaded))
    scores = [[float(one) for one in np.ravel(record.runs("evaluating", each))] for each in evaluations]
    record.equal("loss and accuracy of the loaded model", expected=scores[0], actual=scores[1])
    record.equal("numbers that evaluating gives", expected=2, actual=len(scores[1]))


@claim(
    "saving.uncompiled-stays",
    "A model whose activations are given by name, and which was never compiled, is not loaded compiled.",
    "prose",
)
@detects(faults.loads_compiled_anyway)
@tolerates(faults.saves_twice)
def uncompiled_stays(tf: Any, scratch: Path, record: Recorder) -> None:
    """Save a model that was never compiled, and try to evaluate the loaded one."""
    model = small.uncompiled(tf)
    model.save(str(scratch / small.MODEL_FILE))
    images, labels = small.data(1)

    loaded = tf.keras.models.load_model(str(scratch / small.MODEL_FILE))

    record.equal("the optimizer", expected=None, actual=getattr(loaded, "optimizer", None))
    # On torch a model that was not compiled lacks what evaluating looks for
    errors = (RuntimeError, ValueError, AttributeError)
    record.raises("evaluating", errors, lambda: loaded.evaluate(images, labels, verbose=0))


@STYLES
@claim(
    "saving.optimizer-state-loaded",
    "The optimizer of a loaded model, whose activations are given by name, has the state that was saved.",
    "prose",
)
@known_issue(
    until="2.1",
    only=("sequential-list",),
    cause=NO_STATE,
    source=EARLY,
    symptom="optimizer: 0, not 9",
    workaround=workarounds.INPUT_DECLARED,
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.15",
    backends=("tensorflow",),
    cause=BUILT_FOR_NOTHING,
    source=small.HDF5,
    symptom="variables of the loaded optimizer: 2,",
    workaround=workarounds.STATE_IN_KERAS,
)
@known_issue(
    of="keras",
    since="3.16",
    backends=("tensorflow",),
    cause=BUILT_FOR_NOTHING,
    source=small.HDF5,
    symptom="variables of the loaded optimizer: 2,",
    workaround=workarounds.STATE_IN_KERAS_BOTH,
)
@known_issue(
    of="keras",
    since="3.0",
    backends=("jax", "torch"),
    cause=BUILT_FOR_NOTHING,
    source=small.HDF5,
    symptom="variables of the loaded optimizer: 2,",
    workaround=workarounds.STATE_IN_KERAS_BY_NAME,
)
@detects(faults.moments_from_zero, faults.loads_uncompiled)
@tolerates(faults.remark_in_file)
@fixed_by(fixes.optimizer_put_back)
def optimizer_state_loaded(tf: Any, style: str, scratch: Path, record: Recorder) -> None:
    """Compare the optimizers' variables bit for bit."""
    model = small.trained(tf, style, steps=small.STEPS)
    _saved(tf, scratch, model)

    loaded = tf.keras.models.load_model(str(scratch / small.MODEL_FILE))

    expected, actual = (serialization.optimizer_state(one) for one in (model, loaded))
    record.equal("variables of the loaded optimizer", expected=len(expected), actual=len(actual))
    for index, (saved, restored) in enumerate(zip(expected, actual)):
        record.same_bits(f"variable {index}", expected=saved, actual=restored)


@STYLES
@claim(
    "saving.continues-without-dropout",
    "Without dropout, and with activations given by name, training continued from the file equals training never "
    "interrupted, bit for bit.",
    "prose",
)
@known_issue(
    until="2.1",
    only=("sequential-list",),
    cause=NO_STATE,
    source=EARLY,
    symptom="array 0 after training",
    workaround=workarounds.INPUT_DECLARED,
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.15",
    backends=("tensorflow",),
    cause=BUILT_FOR_NOTHING,
    source=small.HDF5,
    symptom=UNKNOWN,
    workaround=workarounds.STATE_IN_KERAS,
)
@known_issue(
    of="keras",
    since="3.16",
    backends=("tensorflow",),
    cause=BUILT_FOR_NOTHING,
    source=small.HDF5,
    symptom=UNKNOWN,
    workaround=workarounds.STATE_IN_KERAS_BOTH,
)
@known_issue(
    of="keras",
    since="3.0",
    backends=("jax", "torch"),
    cause=BUILT_FOR_NOTHING,
    source=small.HDF5,
    symptom=UNKNOWN,
    workaround=workarounds.STATE_IN_KERAS_BY_NAME,
)
@detects(faults.moments_from_zero, faults.one_array_zero)
@tolerates(faults.remark_in_file)
@fixed_by(fixes.optimizer_put_back)
def continues_without_dropout(tf: Any, style: str, scratch: Path, record: Recorder) -> None:
    """Train two steps, save, train two more in memory and from the file; both as they are compiled, in a graph."""
    network = Network(hidden=16, dropout=0.0).with_strings()
    model = small.trained(tf, style, network, steps=small.STEPS, eagerly=False, optimizer=_chosen(tf))
    loaded = _loaded(tf, scratch, record, model)

    for each, what in ((model, "in memory"), (loaded, "from the file")):
        _trained_on(each, what, _second_half(), record)

    for index, (one, two) in enumerate(zip(model.get_weights(), loaded.get_weights())):
        record.same_bits(f"array {index} after training on", expected=one, actual=two)


@claim(
    "saving.continues-with-dropout",
    "With the printed dropout of 0.2, and activations given by name, training goes on from the file where it was: the "
    "optimizer counts its steps on, the weights move, and the loss is that of training never interrupted, but for what "
    "dropout scatters.",
    "prose",
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.15",
    backends=("tensorflow",),
    cause=BUILT_FOR_NOTHING,
    source=small.HDF5,
    symptom=UNKNOWN,
    workaround=workarounds.STATE_IN_KERAS,
)
@known_issue(
    of="keras",
    since="3.16",
    backends=("tensorflow",),
    cause=BUILT_FOR_NOTHING,
    source=small.HDF5,
    symptom=UNKNOWN,
    workaround=workarounds.STATE_IN_KERAS_BOTH,
)
@known_issue(
    of="keras",
    since="3.0",
    backends=("jax", "torch"),
    cause=BUILT_FOR_NOTHING,
    source=small.HDF5,
    symptom=UNKNOWN,
    workaround=workarounds.STATE_IN_KERAS_BY_NAME,
)
@detects(faults.steps_from_zero, faults.one_array_zero, faults.no_step_taken, faults.learns_too_fast)
@tolerates(faults.remark_in_file, other_seed)
@fixed_by(fixes.optimizer_put_back)
def continues_with_dropout(tf: Any, scratch: Path, record: Recorder) -> None:
    """Train two steps, save, train two more in memory and from the file, each with other units dropped."""
    model = small.trained(tf, "functional", small.WITH_STRINGS, steps=small.STEPS, optimizer=_chosen(tf))
    loaded = _loaded(tf, scratch, record, model)
    rest = _second_half()
    record.equal("steps that the loaded optimizer counts", expected=small.STEPS, actual=_steps(loaded))
    rates = [[layer.rate for layer in one.layers if hasattr(layer, "rate")] for one in (model, loaded)]
    record.equal("rates of its dropout", expected=rates[0], actual=rates[1])
    scatter = _scatter(model, *rest)

    before = loaded.get_weights()
    losses = [_trained_on(each, what, rest, record) for each, what in ((model, "in memory"), (loaded, "from the file"))]

    record.equal("steps of the optimizer after training on", expected=2 * small.STEPS, actual=_steps(loaded))
    for index, (one, two) in enumerate(zip(before, loaded.get_weights())):
        record.differ(f"array {index} after training on", one=one, other=two)
    apart = round(abs(losses[0] - losses[1]), DIGITS)
    record.at_most("the two losses lie apart by", limit=round(2 * scatter, DIGITS), actual=apart)


def _loaded(tf: Any, folder: Path, record: Recorder, model: Any) -> Any:
    """Return a model loaded from the file of another, for the second time, with the same weights each time."""
    model.save(str(folder / small.MODEL_FILE))
    for when in ("when loaded", "when loaded again"):
        loaded = tf.keras.models.load_model(str(folder / small.MODEL_FILE))
        for index, (one, two) in enumerate(zip(model.get_weights(), loaded.get_weights())):
            record.same_bits(f"array {index} {when}", expected=one, actual=two)
    return loaded


def _second_half() -> tuple[Any, Any]:
    images, labels = small.data(2 * small.STEPS)
    return images[32 * small.STEPS :], labels[32 * small.STEPS :]


def _trained_on(model: Any, what: str, data: tuple[Any, Any], record: Recorder) -> float:
    """Return the mean loss that the steps report, each of which drops units."""
    fit = partial(model.fit, *data, batch_size=32, shuffle=False, verbose=0)
    return float(record.runs(f"training on {what}", fit).history["loss"][0])


def _steps(model: Any) -> int:
    """Return how many steps an optimizer has counted; none where it has no variables."""
    state = serialization.optimizer_state(model)
    return int(state[0]) if state else 0


def _scatter(model: Any, images: Any, labels: Any) -> float:
    """Return between what bounds the loss lies, by which units are dropped: the same weights, seen several times."""
    losses = []
    for _ in range(DRAWS):
        chances = api.array(api.call(model, images, training=True))
        losses.append(-float(np.log(chances[np.arange(len(labels)), labels]).mean()))
    return max(losses) - min(losses)


def _chosen(tf: Any) -> Any:
    """Return an optimizer whose hyper-parameters are not the default ones."""
    return tf.keras.optimizers.Adam(beta_1=0.8, beta_2=0.99, epsilon=1e-3, **{_rate_name(tf): 0.0025})


def _rate_name(tf: Any) -> str:
    """Return what the learning rate is called; Keras 2.2 without TensorFlow knows its short name alone."""
    if api.runs_eagerly() or "learning_rate" in tf.keras.optimizers.Adam().get_config():
        return "learning_rate"
    return "lr"


def _same_settings(tf: Any, record: Recorder, config: Any) -> None:
    for name, expected in ((_rate_name(tf), 0.0025), ("beta_1", 0.8), ("beta_2", 0.99), ("epsilon", 1e-3)):
        # Some releases keep them as float32.
        record.close(name, expected=expected, actual=config[name], within=1e-7)


def _saved(tf: Any, folder: Path, model: Any = None) -> Any:
    """Return what the file of a model holds; by default the printed one, with an optimizer that has other settings."""
    model = small.trained(tf, "functional", small.PRINTED, optimizer=_chosen(tf)) if model is None else model
    path = folder / small.MODEL_FILE
    model.save(str(path))
    return serialization.contents(path)


def _arrays(folder: Path, stored: Any) -> dict[str, Any]:
    with h5py.File(str(folder / small.MODEL_FILE), "r") as file:
        return {one.name: file[one.name][...] for one in stored}


def _comparable(array: Any) -> tuple[Any, str, bytes]:
    return array.shape, str(array.dtype), array.tobytes()
