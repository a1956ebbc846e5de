"""Saving and loading a Keras model: the formats that followed the printed one, for each style."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import replacements_saving, trials
from pytest_kerasch2.chapter import saving_faults as faults
from pytest_kerasch2.chapter import saving_small as small
from pytest_kerasch2.chapter.blocks_running import inside
from pytest_kerasch2.chapter.saving import GRAPHS, SECTION
from pytest_kerasch2.claims.marks import caught, claim, cured, deviation, unmoved
from pytest_kerasch2.claims.witness import Witness
from pytest_kerasch2.framework import state

SUBCLASS = ("subclass",)


@claim(
    "saving.keras-file",
    "With the ending .keras in place of .h5, a trained model of each style is saved and loaded back by the same calls, "
    "with the same predictions.",
    section=SECTION,
    kind="code",
)
@deviation(
    until="2.12",
    only=SUBCLASS,
    cause="up to TensorFlow 2.12 the ending .keras means HDF5, to which a subclassed model cannot be written",
    source="https://github.com/keras-team/keras/blob/v2.12.0/keras/saving/legacy/save.py",
    symptom="NotImplementedError: Saving the model to HDF5 format requires",
    instead=replacements_saving.SUBCLASS_WEIGHTS,
)
@deviation(
    of="keras",
    since="2.13",
    only=SUBCLASS,
    cause="an archive names the class of a subclassed model, and the printed call does not tell the loader where it is",
    source=small.SAVING_LIB,
    symptom="Could not locate class 'SubclassedModel'",
    instead=replacements_saving.SUBCLASS_WEIGHTS,
)
@deviation(
    of="keras",
    since="3.0",
    only=GRAPHS,
    backends=("tensorflow",),
    cause=small.ACTIVATIONS,
    source=small.SERIALIZATION,
    symptom="could not be deserialized properly|softmax_v2",
    instead=replacements_saving.MODEL_KERAS,
)
@caught(faults.weights_left_out)
@unmoved(faults.saves_twice)
@cured(faults.activations_known)
def keras_file(tf: Any, model_style: Any, scratch: Path, witness: Witness) -> None:
    """Train a step, save, load and compare."""
    model = small.trained_style(tf, model_style, small.PRINTED)
    trials.say_activations(witness)

    with inside(scratch):
        witness.runs("saving to ./model_name.keras", lambda: model.save("./model_name.keras"))
        loaded = witness.runs("loading it", lambda: tf.keras.models.load_model("./model_name.keras"))

    witness.same_bits("predictions", expected=small.predicted(model), actual=small.predicted(loaded))


@claim(
    "saving.weights-h5-file",
    "With the ending .weights.h5, the weights of each style are saved and loaded by the printed calls, with the same "
    "predictions.",
    section=SECTION,
    kind="code",
)
@caught(faults.weights_left_behind)
@unmoved(faults.saves_twice)
def weights_h5_file(tf: Any, model_style: Any, scratch: Path, witness: Witness) -> None:
    """Save the weights, load them into another model of the style and compare."""
    model, other = (models.built(model_style.build(tf, small.PRINTED)) for _ in range(2))
    model.set_weights(small.other_weights(model))

    with inside(scratch):
        witness.runs("saving to ./model.weights.h5", lambda: model.save_weights("./model.weights.h5"))
        witness.runs("loading them", lambda: other.load_weights("./model.weights.h5"))

    for index, (one, two) in enumerate(zip(model.get_weights(), other.get_weights())):
        witness.same_bits(f"array {index}", expected=one, actual=two)
    witness.same_bits("predictions", expected=small.predicted(model), actual=small.predicted(other))


@claim(
    "saving.folder",
    "Without an ending, a model of each style is saved as a folder and loaded back by the same calls, with the same "
    "predictions.",
    section=SECTION,
    kind="code",
)
@deviation(
    until="2.1",
    only=SUBCLASS,
    cause="up to TensorFlow 2.1 a subclassed model comes back from a folder for batches of the size that it was "
    "trained on alone",
    source="https://github.com/tensorflow/tensorflow/blob/v2.1.4/tensorflow/python/keras/saving/saved_model/save_impl.py",
    symptom="Could not find matching function to call loaded from the SavedModel",
    instead=replacements_saving.SUBCLASS_WEIGHTS,
)
@deviation(
    of="keras",
    since="3.0",
    cause="Keras 3 saves to names that end in .keras or .h5 alone; folders are written by export, and load_model "
    "does not read them",
    source=small.SAVING_API,
    symptom="ValueError: .*(Invalid filepath extension|must end in)",
    instead=replacements_saving.EXPORT,
)
@caught(faults.weights_left_out)
@unmoved(faults.saves_twice)
@cured(faults.folders_allowed)
def folder(tf: Any, model_style: Any, scratch: Path, witness: Witness) -> None:
    """Save, load and compare."""
    model = small.trained_style(tf, model_style, small.PRINTED)
    trials.say_activations(witness)

    # Writing a folder leaves the level of absl's log changed on some releases.
    with state.isolated(), inside(scratch):
        witness.runs("saving to ./model_name", lambda: model.save("./model_name"))
        loaded = witness.runs("loading it", lambda: tf.keras.models.load_model("./model_name"))

    found = witness.runs("predicting", lambda: small.predicted(loaded))
    witness.same_bits("predictions", expected=small.predicted(model), actual=found)
