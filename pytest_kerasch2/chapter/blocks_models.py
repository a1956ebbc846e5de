"""The code blocks as printed, from the second way to the data pipeline: does each run here?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import blocks_faults as faults
from pytest_kerasch2.chapter import blocks_running as running
from pytest_kerasch2.chapter import replacements, replacements_pipeline, saboteurs
from pytest_kerasch2.claims.marks import caught, claim, cured, deviation, unmoved
from pytest_kerasch2.claims.witness import Witness
from pytest_kerasch2.framework import api

SECOND_WAY = "Sequential model, second way"
FUNCTIONAL = "Functional API"
SUBCLASS = "Subclassing the model"
PIPELINES = "Data pipelines"
ADAM = "https://www.tensorflow.org/api_docs/python/tf/keras/optimizers/Adam"
LEXICAL = "https://docs.python.org/3/reference/lexical_analysis.html#indentation"


@claim(
    "blocks.second-model",
    "The block that builds and compiles the second model runs as printed.",
    section=SECOND_WAY,
    kind="code",
)
@deviation(
    cause="the optimizer is tf.keras.optimizers.Adam; no release has had it as tf.keras.Adam",
    source=ADAM,
    symptom="AttributeError: .*'Adam'",
    instead=replacements.ADAM,
)
@caught(saboteurs.one_unit_short)
@unmoved(faults.windows_line_ends)
@cured(faults.adam_in_keras)
def second_model(tf: Any, witness: Witness) -> None:
    """Run the block, and count the parameters."""
    network = running.executed(witness, "second-model", {"tf": tf})["network"]

    witness.equal("its parameters", expected=running.TOTAL, actual=int(models.built(network).count_params()))


@claim("blocks.second-fit", "The block that trains the second model runs as printed.", section=SECOND_WAY, kind="code")
@caught(faults.idle_fit)
@unmoved(faults.windows_line_ends)
def second_fit(tf: Any, mnist: Any, witness: Witness) -> None:
    """Run the block on few images for one round, with a model that was compiled as meant."""
    api.set_seed(3)
    network = models.built(models.style("sequential-add").compiled(tf))
    before = network.get_weights()[0]

    running.executed(witness, "fit", {**running.prepared(mnist), "network": network})

    witness.differ("the first weights after training", one=before, other=network.get_weights()[0])


@claim(
    "blocks.second-evaluate",
    "The block that evaluates the second model runs as printed.",
    section=SECOND_WAY,
    kind="code",
)
@caught(faults.loss_alone)
@unmoved(faults.windows_line_ends)
def second_evaluate(tf: Any, mnist: Any, witness: Witness) -> None:
    """Run the block on few images."""
    network = models.style("sequential-add").compiled(tf)
    names = {**running.prepared(mnist), "network": network}

    names = running.executed(witness, "evaluate", names)

    witness.equal("numbers that it gives", expected=2, actual=len(names["scores"]))


@claim(
    "blocks.functional-data",
    "The block that sets up the data for the functional model runs as printed.",
    section=FUNCTIONAL,
    kind="code",
)
@caught(faults.parts_swapped)
@unmoved(faults.windows_line_ends)
def functional_data(tf: Any, mnist: Any, scratch: Path, witness: Witness) -> None:
    """Run the block with Keras's own loader, which finds the first real images on loopback."""
    with running.short_mnist(mnist, scratch):
        names = running.executed(witness, "functional-data", {})

    witness.equal("training images", expected=(running.TRAIN, 28, 28), actual=names["train_images"].shape)
    witness.equal("the brightest pixel", expected=1.0, actual=float(names["test_images"].max()))


@claim(
    "blocks.functional-model",
    "The block that builds the functional model runs as printed.",
    section=FUNCTIONAL,
    kind="code",
)
@deviation(
    cause="tf.layers belongs to the API of TensorFlow 1 and is in no release of TensorFlow 2; the layer is "
    "tf.keras.layers.Dense",
    source="https://www.tensorflow.org/api_docs/python/tf/keras/layers/Dense",
    symptom="AttributeError: .*'layers'",
    instead=replacements.HIDDEN_LAYER,
)
@caught(saboteurs.one_unit_short)
@unmoved(faults.windows_line_ends)
@cured(faults.layers_in_tensorflow)
def functional_model(tf: Any, witness: Witness) -> None:
    """Run the block, and count the parameters."""
    network = running.executed(witness, "functional-model", {"tf": tf})["network"]

    witness.equal("its parameters", expected=running.TOTAL, actual=int(network.count_params()))


@claim(
    "blocks.functional-training",
    "The block that compiles, trains and evaluates the functional model runs as printed.",
    section=FUNCTIONAL,
    kind="code",
)
@caught(faults.idle_fit, faults.loss_alone)
@unmoved(faults.windows_line_ends)
def functional_training(tf: Any, mnist: Any, witness: Witness) -> None:
    """Run the block on few images for one round, with a model that was built as meant."""
    api.set_seed(3)
    network = models.style("functional").build(tf)
    before = network.get_weights()[0]

    names = running.executed(witness, "functional-training", {**running.scaled(mnist), "network": network})

    witness.differ("the first weights after training", one=before, other=network.get_weights()[0])
    witness.equal("numbers that evaluating gives", expected=2, actual=len(names["scores"]))


@claim(
    "blocks.subclass-definition",
    "The block that defines the subclassed model runs as printed.",
    section=SUBCLASS,
    kind="code",
)
@deviation(
    of="keras",
    cause="the lines of the constructor are indented by two and by three blanks, which Python does not take",
    source=LEXICAL,
    symptom="IndentationError",
    instead=replacements.SUBCLASS,
)
@caught(saboteurs.one_unit_short)
@unmoved(faults.windows_line_ends)
@cured(faults.indentation_meant)
def subclass_definition(tf: Any, witness: Witness) -> None:
    """Run a class of the same indentation, and count the parameters of its model."""
    network = running.executed(witness, "subclass-definition", {"tf": tf, "__name__": "reader"})["network"]

    witness.equal("its parameters", expected=running.TOTAL, actual=int(models.built(network).count_params()))


@claim(
    "blocks.subclass-training",
    "The block that compiles, trains and evaluates the subclassed model runs as printed.",
    section=SUBCLASS,
    kind="code",
)
@deviation(
    of="keras",
    cause="the last line begins with a blank, which Python does not take; below that, tf.keras.Adam does not exist",
    source=LEXICAL,
    symptom="IndentationError: unexpected indent",
    instead=replacements.SUBCLASS_TRAINING,
)
@caught(faults.idle_fit)
@unmoved(faults.windows_line_ends)
@cured(faults.indentation_and_adam_meant)
def subclass_training(tf: Any, mnist: Any, witness: Witness) -> None:
    """Run the block on few images for one round, with the class as it was meant and the images as tensors."""
    network_class = models.subclass.model_class(tf, models.Network())
    made = []

    def network() -> Any:
        api.set_seed(3)
        made.append(models.built(network_class()))
        made.append(made[0].get_weights()[0])
        return made[0]

    running.executed(witness, "subclass-training", {**running.prepared(mnist), "Network": network})

    witness.differ("the first weights after training", one=made[1], other=made[0].get_weights()[0])


@claim(
    "blocks.training-pipeline",
    "The block that makes the training data set runs as printed.",
    section=PIPELINES,
    kind="code",
)
@caught(faults.no_flip, faults.repeats_nothing)
@unmoved(faults.windows_line_ends)
def training_pipeline(tf: Any, mnist: Any, witness: Witness) -> None:
    """Run the block, and take more batches than the images make."""
    names = running.executed(witness, "training-pipeline", running.scaled(mnist))

    shapes = [tuple(images.shape) for images, _ in names["batches"].take(running.TRAIN // 32 + 1)]
    witness.equal("five batches of the four", expected=[(32, 28, 28)] * 5, actual=shapes)


@claim(
    "blocks.test-pipeline", "The block that makes the test data set runs as printed.", section=PIPELINES, kind="code"
)
@caught(faults.repeats_nothing)
@unmoved(faults.windows_line_ends)
def pipeline_of_test(tf: Any, mnist: Any, witness: Witness) -> None:
    """Run the block, and take a batch."""
    names = running.scaled(mnist)
    batches = tf.data.Dataset.from_tensor_slices((names["train_images"], names["train_labels"])).batch(32)

    names = running.executed(witness, "test-pipeline", {**names, "per_batch": 32, "batches": batches})

    shapes = [tuple(images.shape) for images, _ in names["test_batches"].take(1)]
    witness.equal("its first batch", expected=[(32, 28, 28)], actual=shapes)


@claim(
    "blocks.pipeline-training",
    "The block that compiles and trains a model on the data set runs as printed.",
    section=PIPELINES,
    kind="code",
)
@deviation(
    cause="the block compiles `model5` and trains `model`, and no block of the chapter defines either",
    source="https://docs.python.org/3/library/exceptions.html#NameError",
    symptom="NameError: name 'model5' is not defined",
    instead=replacements_pipeline.COMPILE_AND_FIT,
)
@caught(faults.compiled_with_sgd)
@unmoved(faults.windows_line_ends)
@cured(faults.model_named)
def pipeline_training(tf: Any, mnist: Any, witness: Witness) -> None:
    """Run the block on few images for one round."""
    names = {**running.scaled(mnist), "per_batch": 32}
    batches = tf.data.Dataset.from_tensor_slices((names["train_images"], names["train_labels"])).batch(32).repeat()

    names = running.executed(witness, "pipeline-training", {**names, "batches": batches})

    witness.equal("optimizer steps", expected=running.TRAIN // 32, actual=int(names["adam"].iterations))
