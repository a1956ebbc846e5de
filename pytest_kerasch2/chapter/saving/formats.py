"""Saving and loading a Keras model: the formats that followed the printed one, for each style."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_kerasch2 import models
from pytest_kerasch2.chapter.early_keras import on_early_keras
from pytest_kerasch2.chapter.saving import faults, fixes, workarounds
from pytest_kerasch2.chapter.saving import small_models as small
from pytest_kerasch2.chapter.saving.claims import OF_LAYERS, there_and_back
from pytest_kerasch2.checks import workflow
from pytest_kerasch2.checks.folder import inside
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import state

ARCHIVE = "./model_name.keras"


@OF_LAYERS
@claim(
    "saving.keras-file",
    "With the ending .keras in place of .h5, a trained Sequential or functional model is saved and loaded back by the "
    "same calls, with the same predictions.",
    "code",
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.15",
    backends=("tensorflow",),
    cause=small.ACTIVATIONS,
    source=small.SERIALIZATION,
    symptom="could not be deserialized properly|softmax_v2",
    workaround=workarounds.MODEL_KERAS,
)
@known_issue(
    of="keras",
    since="3.16",
    backends=("tensorflow",),
    cause=small.ACTIVATIONS,
    source=small.SERIALIZATION,
    symptom="could not be deserialized properly|softmax_v2",
    workaround=workarounds.MODEL_KERAS_BOTH,
)
@detects(faults.weights_left_out, faults.saves_nothing)
@tolerates(faults.saves_twice)
@fixed_by(faults.activations_known)
def keras_file(tf: Any, model_style: Any, scratch: Path, record: Recorder) -> None:
    """Train a step, save, load and compare."""
    there_and_back(tf, model_style, ARCHIVE, scratch, record)


@claim(
    "saving.keras-file-subclass",
    "With the ending .keras in place of .h5, a trained subclassed model is saved and loaded back by the same calls, "
    "with the same predictions.",
    "code",
)
@on_early_keras(
    "engine/saving.py",
    "A subclassed model, whose architecture is code, cannot be written to an HDF5 file.",
    "saving to ./model_name.keras: NotImplementedError",
)
@known_issue(
    until="2.12",
    cause="up to TensorFlow 2.12 the ending .keras means HDF5, to which a subclassed model cannot be written",
    source="https://github.com/keras-team/keras/blob/v2.12.0/keras/saving/legacy/save.py",
    symptom="NotImplementedError: Saving the model to HDF5 format requires",
    workaround=workarounds.SUBCLASS_WEIGHTS,
)
@known_issue(
    of="keras",
    since="2.13",
    cause="an archive names the class of a subclassed model, and the printed call does not tell the loader where it is",
    source=small.SAVING_LIB,
    symptom="Could not locate class 'SubclassedModel'",
    workaround=workarounds.SUBCLASS_WEIGHTS,
)
@detects(faults.weights_left_out, faults.saves_nothing)
@tolerates(faults.saves_twice)
@fixed_by(fixes.subclass_by_weights)
def keras_file_subclass(tf: Any, scratch: Path, record: Recorder) -> None:
    """Train a step, save, load and compare."""
    there_and_back(tf, models.style("subclass"), ARCHIVE, scratch, record)


@claim(
    "saving.weights-h5-file",
    "With the ending .weights.h5, the weights of each style are saved and loaded by the printed calls, with the same "
    "predictions.",
    "code",
)
@detects(faults.weights_left_behind)
@tolerates(faults.saves_twice)
def weights_h5_file(tf: Any, model_style: Any, scratch: Path, record: Recorder) -> None:
    """Save the weights, load them into another model of the style and compare."""
    model, other = (models.built(model_style.build(tf, small.PRINTED)) for _ in range(2))
    model.set_weights(small.other_weights(model))

    with inside(scratch):
        record.runs("saving to ./model.weights.h5", lambda: model.save_weights("./model.weights.h5"))
        record.runs("loading them", lambda: other.load_weights("./model.weights.h5"))

    for index, (one, two) in enumerate(zip(model.get_weights(), other.get_weights())):
        record.same_bits(f"array {index}", expected=one, actual=two)
    record.same_bits("predictions", expected=small.predicted(model), actual=small.predicted(other))


@claim(
    "saving.folder",
    "Without an ending, a model of each style is saved as a folder and loaded back by the same calls, with the same "
    "predictions.",
    "code",
)
@on_early_keras(
    "engine/saving.py",
    "Under every name Keras up to 2.3 writes one HDF5 file.",
    "is saved as a: file, not folder|NotImplementedError",
)
@known_issue(
    until="2.1",
    only=("subclass",),
    cause="up to TensorFlow 2.1 a subclassed model comes back from a folder for batches of the size that it was "
    "trained on alone",
    source="https://github.com/tensorflow/tensorflow/blob/v2.1.4/tensorflow/python/keras/saving/saved_model/save_impl.py",
    symptom="Could not find matching function to call loaded from the SavedModel",
    workaround=workarounds.SUBCLASS_WEIGHTS,
)
@known_issue(
    of="keras",
    since="3.0",
    cause="Keras 3 saves to names that end in .keras or .h5 alone; folders are written by export, and load_model "
    "does not read them",
    source=small.SAVING_API,
    symptom="ValueError: .*(Invalid filepath extension|must end in)",
    workaround=workarounds.EXPORT,
)
@detects(faults.weights_left_out)
@tolerates(faults.saves_twice)
@fixed_by(faults.folders_allowed)
def folder(tf: Any, model_style: Any, scratch: Path, record: Recorder) -> None:
    """Save, load and compare."""
    model = small.trained_style(tf, model_style, small.PRINTED)
    workflow.say_activations(record)

    # Writing a folder leaves the level of absl's log changed on some releases.
    with state.isolated(), inside(scratch):
        record.runs("saving to ./model_name", lambda: model.save("./model_name"))
        if not Path("./model_name").is_dir():
            record.equal("./model_name is saved as a", expected="folder", actual="file")
        loaded = record.runs("loading it", lambda: tf.keras.models.load_model("./model_name"))

    predictions = record.runs("predicting", lambda: small.predicted(loaded))
    record.same_bits("predictions", expected=small.predicted(model), actual=predictions)
