"""The code blocks as printed, from saving to the data sets: does each run here?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import blocks_faults as faults
from pytest_kerasch2.chapter import blocks_running as running
from pytest_kerasch2.chapter import replacements_saving, saving_faults
from pytest_kerasch2.chapter import saving_small as small
from pytest_kerasch2.claims.marks import caught, claim, cured, deviation, unmoved
from pytest_kerasch2.claims.witness import Witness
from pytest_kerasch2.data import genuine, standins

SAVING = "Saving and loading"


@claim("blocks.save-model", "The block that saves a model runs as printed.", section=SAVING, kind="code")
@caught(saving_faults.saves_nothing)
@unmoved(faults.windows_line_ends)
def save_model(tf: Any, scratch: Path, witness: Witness) -> None:
    """Run the block on a trained model of the first way."""
    network = small.trained(tf, "sequential-list", small.PRINTED)

    with running.inside(scratch):
        running.executed(witness, "save-model", {"network": network})

    witness.equal("files in the folder", expected=["model_name.h5"], actual=small.files(scratch))


@claim("blocks.load-model", "The block that loads the saved model runs as printed.", section=SAVING, kind="code")
@deviation(
    of="keras",
    since="3.0",
    cause=small.ACTIVATIONS,
    source=small.SERIALIZATION,
    symptom="softmax_v2|gen_nn_ops",
    instead=replacements_saving.MODEL_H5,
)
@caught(saving_faults.weights_left_out)
@unmoved(faults.windows_line_ends)
@cured(saving_faults.activations_known)
def load_model(tf: Any, scratch: Path, witness: Witness) -> None:
    """Run the block where a trained model of the first way was saved."""
    network = small.trained(tf, "sequential-list", small.PRINTED)

    with running.inside(scratch):
        network.save(small.MODEL_FILE)
        names = running.executed(witness, "load-model", {})

    again = names["again"].get_weights()
    witness.same_bits("the output weights", expected=network.get_weights()[2], actual=again[2])


@claim("blocks.save-weights", "The block that saves the weights runs as printed.", section=SAVING, kind="code")
@deviation(
    of="keras",
    since="3.0",
    cause="save_weights of Keras 3 refuses every name that does not end in .weights.h5",
    source=small.SAVING_API,
    symptom=r"ValueError: The filename must end in",
    instead=replacements_saving.WEIGHTS,
)
@caught(saving_faults.saves_nothing)
@unmoved(faults.windows_line_ends)
@cured(saving_faults.any_weights_name)
def save_weights(tf: Any, scratch: Path, witness: Witness) -> None:
    """Run the block on a model of the first way."""
    network = models.built(models.style("sequential-list").build(tf, small.PRINTED))

    with running.inside(scratch):
        running.executed(witness, "save-weights", {"network": network})

    witness.equal("files in the folder", expected=["model_weights.h5"], actual=small.files(scratch))


@claim(
    "blocks.load-weights",
    "The block that loads the weights runs as printed, on a file as the printed release writes it.",
    section=SAVING,
    kind="code",
)
@caught(saving_faults.weights_left_behind)
@unmoved(faults.windows_line_ends)
def load_weights(tf: Any, scratch: Path, witness: Witness) -> None:
    """Run the block on a model of the first way, where such a file lies."""
    network = models.built(models.style("sequential-list").build(tf, small.PRINTED))
    wanted = small.other_weights(network)
    small.write_early_weights(scratch / "model_weights.h5", network, wanted)

    with running.inside(scratch):
        running.executed(witness, "load-weights", {"network": network})

    for index, (saved, loaded) in enumerate(zip(wanted, network.get_weights())):
        witness.same_bits(f"array {index}", expected=saved, actual=loaded)


@claim("blocks.load-fashion", "The block that loads Fashion-MNIST runs as printed.", section="Data sets", kind="code")
@caught(faults.labels_before_images)
@unmoved(faults.windows_line_ends)
def load_fashion(tf: Any, scratch: Path, witness: Witness) -> None:
    """Run the block with Keras's own loader, which finds archives of the true shape on loopback."""
    standins.make(scratch, ["fashion_mnist"])

    with genuine.genuine_loaders(tf, str(scratch), ["fashion_mnist"]):
        names = running.executed(witness, "load-fashion", {"tf": tf})

    witness.equal("training images", expected=(60000, 28, 28), actual=names["train_images"].shape)
    witness.equal("test labels", expected=(10000,), actual=names["test_labels"].shape)
