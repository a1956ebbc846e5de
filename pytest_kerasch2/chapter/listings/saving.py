"""The code blocks as printed, from saving to the data sets: does each run here?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_kerasch2 import models
from pytest_kerasch2.chapter.listings import faults, running
from pytest_kerasch2.chapter.saving import faults as saving_faults
from pytest_kerasch2.chapter.saving import small_models as small
from pytest_kerasch2.chapter.saving import workarounds as saving_workarounds
from pytest_kerasch2.checks.folder import inside
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.data import keras_loaders, synthetic

SAVING = "Saving and loading"


@claim("blocks.save-model", "The block that saves a model runs as printed.", section=SAVING, kind="code")
@detects(saving_faults.saves_nothing)
@tolerates(faults.windows_line_ends)
def save_model(tf: Any, scratch: Path, record: Recorder) -> None:
    """Run the block on a trained model of the first way."""
    network = small.trained(tf, "sequential-list", small.PRINTED)

    with inside(scratch):
        running.executed(record, "save-model", {"network": network})

    record.equal("files in the folder", expected=["model_name.h5"], actual=small.files(scratch))


@claim("blocks.load-model", "The block that loads the saved model runs as printed.", section=SAVING, kind="code")
@known_issue(
    of="keras",
    since="3.0",
    cause=small.ACTIVATIONS,
    source=small.SERIALIZATION,
    symptom="softmax_v2|gen_nn_ops",
    workaround=saving_workarounds.MODEL_H5,
)
@detects(saving_faults.weights_left_out)
@tolerates(faults.windows_line_ends)
@fixed_by(saving_faults.activations_known)
def load_model(tf: Any, scratch: Path, record: Recorder) -> None:
    """Run the block where a trained model of the first way was saved."""
    network = small.trained(tf, "sequential-list", small.PRINTED)

    with inside(scratch):
        network.save(small.MODEL_FILE)
        names = running.executed(record, "load-model", {})

    again = names["again"].get_weights()
    record.same_bits("the output weights", expected=network.get_weights()[2], actual=again[2])


@claim("blocks.save-weights", "The block that saves the weights runs as printed.", section=SAVING, kind="code")
@known_issue(
    of="keras",
    since="3.0",
    cause="save_weights of Keras 3 refuses every name that does not end in .weights.h5",
    source=small.SAVING_API,
    symptom=r"ValueError: The filename must end in",
    workaround=saving_workarounds.WEIGHTS,
)
@detects(saving_faults.saves_nothing)
@tolerates(faults.windows_line_ends)
@fixed_by(saving_faults.any_weights_name)
def save_weights(tf: Any, scratch: Path, record: Recorder) -> None:
    """Run the block on a model of the first way."""
    network = models.built(models.style("sequential-list").build(tf, small.PRINTED))

    with inside(scratch):
        running.executed(record, "save-weights", {"network": network})

    record.equal("files in the folder", expected=["model_weights.h5"], actual=small.files(scratch))


@claim(
    "blocks.load-weights",
    "The block that loads the weights runs as printed, on a file as the printed release writes it.",
    section=SAVING,
    kind="code",
)
@detects(saving_faults.weights_left_behind)
@tolerates(faults.windows_line_ends)
def load_weights(tf: Any, scratch: Path, record: Recorder) -> None:
    """Run the block on a model of the first way, where such a file lies."""
    network = models.built(models.style("sequential-list").build(tf, small.PRINTED))
    wanted = small.other_weights(network)
    small.write_early_weights(scratch / "model_weights.h5", network, wanted)

    with inside(scratch):
        running.executed(record, "load-weights", {"network": network})

    for index, (saved, loaded) in enumerate(zip(wanted, network.get_weights())):
        record.same_bits(f"array {index}", expected=saved, actual=loaded)


@claim("blocks.load-fashion", "The block that loads Fashion-MNIST runs as printed.", section="Data sets", kind="code")
@detects(faults.labels_before_images)
@tolerates(faults.windows_line_ends)
def load_fashion(tf: Any, scratch: Path, record: Recorder) -> None:
    """Run the block with Keras's own loader, which finds archives of the true shape on loopback."""
    synthetic.make(scratch, ["fashion_mnist"])

    with keras_loaders.genuine_loaders(tf, str(scratch), ["fashion_mnist"]):
        names = running.executed(record, "load-fashion", {"tf": tf})

    record.equal("training images", expected=(60000, 28, 28), actual=names["train_images"].shape)
    record.equal("test labels", expected=(10000,), actual=names["test_labels"].shape)
