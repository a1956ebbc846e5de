"""Saving and loading a Keras model: under which names, and in which styles."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import h5py
import pytest

from pytest_kerasch2 import models, serialization
from pytest_kerasch2.chapter.early_keras import on_early_keras
from pytest_kerasch2.chapter.saving import faults, fixes, workarounds
from pytest_kerasch2.chapter.saving import small_models as small
from pytest_kerasch2.checks import workflow
from pytest_kerasch2.checks.folder import inside
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder

# Of these Keras knows the architecture; that of a subclassed model is code.
OF_LAYERS = pytest.mark.parametrize("model_style", ["sequential-list", "sequential-add", "functional"], indirect=True)


@claim(
    "saving.current-folder",
    "A model saved under a name that begins with ./ lies in the current folder, as that one file.",
    "prose",
)
@detects(faults.saves_nothing, faults.saves_beside)
@tolerates(faults.saves_twice)
def current_folder(tf: Any, scratch: Path, record: Recorder) -> None:
    """Save from within an empty folder."""
    model = models.style("functional").compiled(tf, small.PRINTED)

    with inside(scratch):
        model.save(small.MODEL_FILE)

    record.equal("what the folder holds", expected=["model_name.h5"], actual=small.files(scratch))
    record.equal("that is a file", expected=True, actual=(scratch / "model_name.h5").is_file())


@claim(
    "saving.longer-path",
    "A model whose activations are given by name can be saved to, and loaded from, a longer path than a bare file "
    "name.",
    "prose",
)
@detects(faults.saves_beside, faults.weights_left_out)
@tolerates(faults.saves_twice)
def longer_path(tf: Any, scratch: Path, record: Recorder) -> None:
    """Save under a relative and under an absolute path of several folders."""
    model = models.style("functional").compiled(tf, small.WITH_STRINGS)
    (scratch / "a" / "b").mkdir(parents=True)

    with inside(scratch):
        for name, path in (("relative", "a/b/relative.h5"), ("absolute", str(scratch / "a" / "b" / "absolute.h5"))):
            record.runs(f"saving to the {name} path", partial(model.save, path))
            files = small.files(scratch / "a" / "b")
            record.contains(f"after saving to the {name} path", expected=f"{name}.h5", actual=files)
            loaded = record.runs(f"loading from the {name} path", partial(tf.keras.models.load_model, path))
            _same_weights(record, model, loaded)


@OF_LAYERS
@claim(
    "saving.model-file",
    "A trained Sequential or functional model, with its activations as printed, is saved under the printed name and "
    "loaded back with the same predictions.",
    "code",
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.2",
    backends=("tensorflow",),
    cause=small.ACTIVATIONS,
    source=small.SERIALIZATION,
    symptom="softmax_v2|Error when deserializing class 'Dense'",
    workaround=workarounds.LOADED_FROM_KERAS,
)
@known_issue(
    of="keras",
    since="3.3",
    until="3.15",
    backends=("tensorflow",),
    cause=small.ACTIVATIONS,
    source=small.SERIALIZATION,
    symptom="softmax_v2|Error when deserializing class 'Dense'",
    workaround=workarounds.LOADED,
)
@known_issue(
    of="keras",
    since="3.16",
    backends=("tensorflow",),
    cause=small.ACTIVATIONS,
    source=small.SERIALIZATION,
    symptom="softmax_v2|Error when deserializing class 'Dense'",
    workaround=workarounds.LOADED_BOTH,
)
@detects(faults.weights_left_out, faults.saves_nothing)
@tolerates(faults.saves_twice)
@fixed_by(faults.activations_known)
def model_file(tf: Any, model_style: Any, scratch: Path, record: Recorder) -> None:
    """Train a step, save, load and compare."""
    there_and_back(tf, model_style, small.MODEL_FILE, scratch, record)


@claim(
    "saving.model-file-subclass",
    "A trained subclassed model, with its activations as printed, is saved under the printed name and loaded back with "
    "the same predictions.",
    "code",
)
@on_early_keras(
    "engine/saving.py",
    "A subclassed model, whose architecture is code, cannot be written to an HDF5 file.",
    "saving to ./model_name.h5: NotImplementedError",
)
@known_issue(
    of="keras",
    until="2",
    cause="in Keras 2 a subclassed model, whose architecture is code, cannot be written to an HDF5 file",
    source="https://github.com/keras-team/keras/blob/v2.12.0/keras/saving/legacy/save.py",
    symptom="NotImplementedError: Saving the model to HDF5 format requires",
    workaround=workarounds.SUBCLASS_WEIGHTS,
)
@known_issue(
    of="keras",
    since="3.0",
    cause="Keras 3 writes a subclassed model to HDF5 without its layers, and the printed call cannot load it back",
    source=small.HDF5,
    symptom="Unknown layer: 'SubclassedModel'",
    workaround=workarounds.SUBCLASS_WEIGHTS,
)
@detects(faults.weights_left_out, faults.saves_nothing)
@tolerates(faults.saves_twice)
@fixed_by(fixes.subclass_by_weights)
def model_file_subclass(tf: Any, scratch: Path, record: Recorder) -> None:
    """Train a step, save, load and compare."""
    there_and_back(tf, models.style("subclass"), small.MODEL_FILE, scratch, record)


def there_and_back(tf: Any, model_style: Any, name: str, folder: Path, record: Recorder) -> None:
    """Train a model of a style for a step, save it under a name, load it and require the same predictions.

    The name is there already: it was saved before its training went on.
    """
    model = small.trained_style(tf, model_style, small.PRINTED)
    trained = model.get_weights()
    workflow.say_activations(record)

    with inside(folder):
        model.set_weights(small.other_weights(model))
        record.runs(f"saving to {name}", lambda: model.save(name))
        model.set_weights(trained)
        record.runs("saving it again", lambda: model.save(name))
        loaded = record.runs("loading it", lambda: tf.keras.models.load_model(name))

    record.same_bits("predictions", expected=small.predicted(model), actual=small.predicted(loaded))


@claim(
    "saving.weights-file",
    "The weights of each style are saved under the printed name and loaded into a model built alike, with the same "
    "predictions.",
    "code",
)
@known_issue(
    of="keras",
    since="3.0",
    cause="save_weights of Keras 3 refuses every name that does not end in .weights.h5",
    source=small.SAVING_API,
    symptom="ValueError: The filename must end in",
    workaround=workarounds.WEIGHTS,
)
@detects(faults.weights_left_behind)
@tolerates(faults.saves_twice)
@fixed_by(faults.any_weights_name)
def weights_file(tf: Any, model_style: Any, scratch: Path, record: Recorder) -> None:
    """Save the weights, load them into another model of the style and compare."""
    model, other = (models.built(model_style.build(tf, small.PRINTED)) for _ in range(2))
    model.set_weights(small.other_weights(model))

    with inside(scratch):
        record.runs("saving to ./model_weights.h5", lambda: model.save_weights(small.WEIGHTS_FILE))
        record.runs("loading them", lambda: other.load_weights(small.WEIGHTS_FILE))

    _same_weights(record, model, other)
    record.same_bits("predictions", expected=small.predicted(model), actual=small.predicted(other))


@claim(
    "saving.weights-only",
    "A file of weights of a trained model holds its weights and nothing of its training.",
    "prose",
)
@known_issue(
    of="keras",
    since="3.0",
    cause="a file that ends in .weights.h5, the only one that Keras 3 writes, also takes the state of the optimizer",
    source=small.SAVING_LIB,
    symptom="arrays of the optimizer: [1-9]",
    workaround=workarounds.WEIGHTS_ALONE,
)
@detects(faults.weights_left_empty)
@tolerates(faults.saves_twice)
@fixed_by(faults.saves_weights_uncompiled)
def weights_only(tf: Any, scratch: Path, record: Recorder) -> None:
    """Look into the file, under the printed name where the release takes it."""
    model = small.trained(tf, "functional")
    path = _saved_weights(tf, scratch, model)
    held = serialization.contents(path)

    record.equal("arrays of the layers", expected=4, actual=len(held.weights))
    with h5py.File(path, "r") as file:
        stored = [file[one.name][...] for one in held.weights]
    for index, array in enumerate(model.get_weights()):
        there = any(one.shape == array.shape and one.tobytes() == array.tobytes() for one in stored)
        record.equal(f"array {index} is in the file, bit for bit", expected=True, actual=there)
    record.equal("architecture", expected=None, actual=held.architecture)
    record.equal("training configuration", expected=None, actual=held.training_config)
    record.equal("arrays of the optimizer", expected=0, actual=len(held.optimizer_weights))


@claim("saving.weights-need-model", "Weights are loaded only into a model whose architecture has been built.", "prose")
@known_issue(
    of="keras",
    since="3.0",
    until="3.6",
    cause="up to Keras 3.6 a subclassed model that was not built takes a file of weights without a word, and no weight",
    source="https://github.com/keras-team/keras/pull/20530",
    symptom="into subclass that was not built: no error",
    workaround=workarounds.SUBCLASS_WEIGHTS,
)
@detects(faults.loads_without_a_word)
@tolerates(faults.saves_twice)
@fixed_by(fixes.refuses_unbuilt)
def weights_need_model(tf: Any, scratch: Path, record: Recorder) -> None:
    """Try to load a file of weights into models that have none yet, and without a model."""
    path = _saved_weights(tf, scratch)
    errors = (ValueError, TypeError, OSError)

    for style in ("sequential-list", "subclass"):
        model = models.style(style).build(tf, small.WITH_STRINGS)
        record.raises(f"into {style} that was not built", errors, partial(model.load_weights, path))
    record.raises("without a model", errors, lambda: tf.keras.models.load_model(path))
    record.runs("into one that was built", partial(small.uncompiled(tf).load_weights, path))


@claim("saving.weights-fit", "Weights are refused by a model of another architecture.", "prose")
@on_early_keras(
    "backend/theano_backend.py",
    "The arrays are handed to Theano, whose shared variables take arrays of any shape.",
    "into a wider model: no error",
    backends=("theano",),
)
@known_issue(
    of="keras",
    since="3.0",
    cause="a file that ends in .weights.h5 is loaded without a word into a model that lacks one of its layers",
    source=small.SAVING_LIB,
    symptom="with a layer less: no error",
    workaround=workarounds.WEIGHTS_ALONE,
)
@detects(faults.loads_without_a_word)
@tolerates(faults.saves_twice)
@fixed_by(faults.counts_the_arrays)
def weights_fit(tf: Any, scratch: Path, record: Recorder) -> None:
    """Try to load a file of weights into a wider model and into one that lacks a layer."""
    path = _saved_weights(tf, scratch)
    wider = models.style("functional").build(tf, models.Network(hidden=17).with_strings())
    image = tf.keras.Input(shape=(28, 28))
    shorter = tf.keras.Model(image, tf.keras.layers.Dense(16)(tf.keras.layers.Flatten()(image)))

    # The error about a shape may be the engine's own.
    record.raises("into a wider model", (ValueError, RuntimeError), lambda: wider.load_weights(path))
    record.raises("into a model with a layer less", (ValueError,), lambda: shorter.load_weights(path))
    record.runs("into a model of the same architecture", partial(small.uncompiled(tf).load_weights, path))


def _saved_weights(tf: Any, folder: Path, model: Any = None) -> str:
    """Return a file of weights under the printed name where the release takes it, else under the one that it wants."""
    model = small.uncompiled(tf) if model is None else model
    names = {one.name for one in serialization.available(tf)}
    path = str(folder / ("model_weights.h5" if "weights-h5" in names else "model_weights.weights.h5"))
    model.save_weights(path)
    return path


def _same_weights(record: Recorder, model: Any, other: Any) -> None:
    for index, (one, two) in enumerate(zip(model.get_weights(), other.get_weights())):
        record.same_bits(f"array {index}", expected=one, actual=two)
