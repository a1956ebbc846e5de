"""The code blocks as printed, from saving to the data sets: does each run here?"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np

from pytest_kerasch2 import models
from pytest_kerasch2.chapter.datasets import SECTION as DATASETS
from pytest_kerasch2.chapter.listings import faults, running
from pytest_kerasch2.chapter.saving import SECTION as SAVING
from pytest_kerasch2.chapter.saving import faults as saving_faults
from pytest_kerasch2.chapter.saving import small_models as small
from pytest_kerasch2.chapter.saving import workarounds as saving_workarounds
from pytest_kerasch2.checks.folder import inside
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.data import keras_loaders, synthetic

UNNAMED = "the block speaks of `model`, and no block of the chapter makes a name of that kind"
NAMES = "https://docs.python.org/3/library/exceptions.html#NameError"
NO_MODEL = "NameError: name 'model' is not defined"


@claim("blocks.save-model", "The block that saves a model runs as printed.", "code", section=SAVING)
@known_issue(of="keras", cause=UNNAMED, source=NAMES, symptom=NO_MODEL, workaround=saving_workarounds.MODEL_NAMED)
@detects(saving_faults.saves_nothing)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.model_made_before)
def save_model(tf: Any, scratch: Path, record: Recorder) -> None:
    """Run the block on a trained model of the first way."""
    model = small.trained(tf, "sequential-list", small.PRINTED)

    with inside(scratch):
        running.executed(record, "save-model", {"model": model})

    record.equal("files in the folder", expected=["model_name.h5"], actual=small.files(scratch))


@claim("blocks.load-model", "The block that loads the saved model runs as printed.", "code", section=SAVING)
@known_issue(
    of="keras",
    since="3.0",
    until="3.2",
    cause=small.ACTIVATIONS,
    source=small.SERIALIZATION,
    symptom="softmax_v2|gen_nn_ops",
    workaround=saving_workarounds.LOADED_FROM_KERAS,
)
@known_issue(
    of="keras",
    since="3.3",
    until="3.15",
    cause=small.ACTIVATIONS,
    source=small.SERIALIZATION,
    symptom="softmax_v2|gen_nn_ops",
    workaround=saving_workarounds.LOADED,
)
@known_issue(
    of="keras",
    since="3.16",
    cause=small.ACTIVATIONS,
    source=small.SERIALIZATION,
    symptom="softmax_v2|gen_nn_ops",
    workaround=saving_workarounds.LOADED_BOTH,
)
@detects(saving_faults.weights_left_out)
@tolerates(faults.windows_line_ends)
@fixed_by(saving_faults.activations_known)
def load_model(tf: Any, scratch: Path, record: Recorder) -> None:
    """Run the block where a trained model of the first way was saved."""
    model = small.trained(tf, "sequential-list", small.PRINTED)

    with inside(scratch):
        model.save(small.MODEL_FILE)
        names = running.executed(record, "load-model", {})

    record.true("that is a model", holds=isinstance(names["new_model"], tf.keras.Model), found="new_model")
    loaded = names["new_model"].get_weights()
    record.same_bits("the output weights", expected=model.get_weights()[2], actual=loaded[2])


@claim("blocks.save-weights", "The block that saves the weights runs as printed.", "code", section=SAVING)
@known_issue(
    of="keras",
    until="2",
    cause=UNNAMED,
    source=NAMES,
    symptom=NO_MODEL,
    workaround=saving_workarounds.WEIGHTS_NAMED,
)
@known_issue(
    of="keras",
    since="3.0",
    cause=f"{UNNAMED}; besides, save_weights of Keras 3 refuses every name that does not end in .weights.h5",
    source=small.SAVING_API,
    symptom=NO_MODEL,
    workaround=saving_workarounds.WEIGHTS_H5,
)
@detects(saving_faults.saves_nothing)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.model_made_before_and_any_weights_name)
def save_weights(tf: Any, scratch: Path, record: Recorder) -> None:
    """Run the block on a model of the first way."""
    model = models.built(models.style("sequential-list").build(tf, small.PRINTED))

    with inside(scratch):
        running.executed(record, "save-weights", {"model": model})

    record.equal("files in the folder", expected=["model_weights.h5"], actual=small.files(scratch))


@claim(
    "blocks.load-weights",
    "The block that loads the weights runs as printed, on a file as the printed release writes it.",
    "code",
    section=SAVING,
)
@known_issue(
    of="keras",
    until="2",
    cause=UNNAMED,
    source=NAMES,
    symptom=NO_MODEL,
    workaround=saving_workarounds.WEIGHTS_LOADED,
)
@known_issue(
    of="keras",
    since="3.0",
    cause=UNNAMED,
    source=NAMES,
    symptom=NO_MODEL,
    workaround=saving_workarounds.WEIGHTS_H5_LOADED,
)
@detects(saving_faults.weights_left_behind)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.model_made_before)
def load_weights(tf: Any, scratch: Path, record: Recorder) -> None:
    """Run the block on a model of the first way, where such a file lies."""
    model = models.built(models.style("sequential-list").build(tf, small.PRINTED))
    weights = small.other_weights(model)
    small.write_early_weights(scratch / "model_weights.h5", model, weights)

    with inside(scratch):
        running.executed(record, "load-weights", {"model": model})

    for index, (saved, loaded) in enumerate(zip(weights, model.get_weights())):
        record.same_bits(f"array {index}", expected=saved, actual=loaded)


@claim("blocks.load-fashion", "The block that loads Fashion-MNIST runs as printed.", "code", section=DATASETS)
@detects(faults.labels_before_images)
@tolerates(faults.windows_line_ends)
def load_fashion(tf: Any, scratch: Path, record: Recorder) -> None:
    """Run the block with Keras's own loader, which finds archives of the true shape on loopback."""
    paths = synthetic.make(scratch, ["fashion_mnist"])["fashion_mnist"]
    record.contains("data sets of this release", expected="fashion_mnist", actual=keras_loaders.names_in(tf))

    with keras_loaders.genuine_loaders(tf, str(scratch), ["fashion_mnist"]):
        names = running.executed(record, "load-fashion", {"tf": tf})

    record.equal("training images", expected=(60000, 28, 28), actual=names["x_train"].shape)
    record.equal("test labels", expected=(10000,), actual=names["y_test"].shape)
    for name, path, header in zip(("x_train", "y_train", "x_test", "y_test"), paths, (16, 8, 16, 8)):
        held = np.frombuffer(gzip.decompress(path.read_bytes())[header:], np.uint8)
        record.same_bits(f"{name}, as in its archive", expected=held, actual=names[name].ravel())
