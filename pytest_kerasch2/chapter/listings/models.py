"""The code blocks as printed, from the second way to the data pipeline: does each run here?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.chapter.functional import SECTION as FUNCTIONAL
from pytest_kerasch2.chapter.listings import faults, running
from pytest_kerasch2.chapter.pipelines import SECTION as PIPELINES
from pytest_kerasch2.chapter.pipelines import workarounds as pipelines_workarounds
from pytest_kerasch2.chapter.sequential import SECOND_WAY
from pytest_kerasch2.chapter.subclassing import SECTION as SUBCLASSING
from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

ADAM = "https://www.tensorflow.org/api_docs/python/tf/keras/optimizers/Adam"
LEXICAL = "https://docs.python.org/3/reference/lexical_analysis.html#indentation"


@claim(
    "blocks.second-model",
    "The block that builds and compiles the second model runs as printed.",
    "code",
    section=SECOND_WAY,
)
@known_issue(
    cause="the optimizer is tf.keras.optimizers.Adam; no release has had it as tf.keras.Adam",
    source=ADAM,
    symptom="AttributeError: .*'Adam'",
    workaround=chapter_workarounds.ADAM,
)
@detects(common_faults.one_unit_short)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.adam_in_keras)
def second_model(tf: Any, record: Recorder) -> None:
    """Run the block, and count the parameters."""
    network = running.executed(record, "second-model", {"tf": tf})["model2"]

    record.equal("its parameters", expected=running.TOTAL, actual=int(models.built(network).count_params()))


@claim("blocks.second-fit", "The block that trains the second model runs as printed.", "code", section=SECOND_WAY)
@detects(faults.idle_fit)
@tolerates(faults.windows_line_ends)
def second_fit(tf: Any, mnist: Any, record: Recorder) -> None:
    """Run the block on few images for one round, with a model that was compiled as meant."""
    api.set_seed(3)
    network = models.built(models.style("sequential-add").compiled(tf))
    before, names = network.get_weights()[0], running.prepared(mnist)

    # As in the chapter, where another model was trained in the same session.
    running.executed(record, "fit", {**names, "model1": models.style("sequential-list").compiled(tf)})
    running.executed(record, "second-fit", {**names, "model2": network})

    record.differ("the first weights after training", one=before, other=network.get_weights()[0])


@claim(
    "blocks.second-evaluate", "The block that evaluates the second model runs as printed.", "code", section=SECOND_WAY
)
@detects(faults.loss_alone)
@tolerates(faults.windows_line_ends)
def second_evaluate(tf: Any, mnist: Any, record: Recorder) -> None:
    """Run the block on few images."""
    network = models.style("sequential-add").compiled(tf)
    names = running.prepared(mnist)
    # As in the chapter, where another model was evaluated in the same session.
    running.executed(record, "evaluate", {**names, "model1": models.style("sequential-list").compiled(tf)})
    names = running.executed(record, "second-evaluate", {**names, "model2": network})

    record.equal("numbers that it gives", expected=2, actual=len(names["_"]))


@claim(
    "blocks.functional-data",
    "The block that sets up the data for the functional model runs as printed.",
    "code",
    section=FUNCTIONAL,
)
@detects(faults.parts_swapped)
@tolerates(faults.windows_line_ends)
def functional_data(tf: Any, mnist: Any, scratch: Path, record: Recorder) -> None:
    """Run the block with Keras's own loader, which finds the first real images on loopback."""
    with running.short_mnist(mnist, scratch):
        # As in the chapter, where the data were loaded before in the same session.
        running.executed(record, "load-mnist", {"tf": tf})
        names = running.executed(record, "functional-data", {})

    record.equal("training images", expected=(running.TRAIN, 28, 28), actual=names["train_x"].shape)
    record.equal("the brightest pixel", expected=1.0, actual=float(names["test_x"].max()))


@claim(
    "blocks.functional-model", "The block that builds the functional model runs as printed.", "code", section=FUNCTIONAL
)
@known_issue(
    cause="tf.layers belongs to the API of TensorFlow 1 and is in no release of TensorFlow 2; the layer is "
    "tf.keras.layers.Dense",
    source="https://www.tensorflow.org/api_docs/python/tf/keras/layers/Dense",
    symptom="AttributeError: .*'layers'",
    workaround=chapter_workarounds.HIDDEN_LAYER,
)
@detects(common_faults.one_unit_short)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.layers_in_tensorflow)
def functional_model(tf: Any, record: Recorder) -> None:
    """Run the block, and count the parameters."""
    network = running.executed(record, "functional-model", {"tf": tf})["model3"]

    record.equal("its parameters", expected=running.TOTAL, actual=int(network.count_params()))


@claim(
    "blocks.functional-training",
    "The block that compiles, trains and evaluates the functional model runs as printed.",
    "code",
    section=FUNCTIONAL,
)
@detects(faults.idle_fit, faults.loss_alone)
@tolerates(faults.windows_line_ends)
def functional_training(tf: Any, mnist: Any, record: Recorder) -> None:
    """Run the block on few images for one round, with a model that was built as meant."""
    api.set_seed(3)
    network = models.style("functional").build(tf)
    before = network.get_weights()[0]

    names = running.executed(record, "functional-training", {**running.scaled(mnist), "model3": network})

    record.differ("the first weights after training", one=before, other=network.get_weights()[0])
    record.equal("numbers that evaluating gives", expected=2, actual=len(names["_"]))


@claim(
    "blocks.subclass-definition",
    "The block that defines the subclassed model runs as printed.",
    "code",
    section=SUBCLASSING,
)
@known_issue(
    of="keras",
    cause="the lines of the constructor are indented by two and by three blanks, which Python does not take",
    source=LEXICAL,
    symptom="IndentationError",
    workaround=chapter_workarounds.SUBCLASS,
)
@detects(common_faults.one_unit_short)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.indentation_meant)
def subclass_definition(tf: Any, record: Recorder) -> None:
    """Run a class of the same indentation, and count the parameters of its model."""
    network = running.executed(record, "subclass-definition", {"tf": tf, "__name__": "reader"})["model4"]

    record.equal("its parameters", expected=running.TOTAL, actual=int(models.built(network).count_params()))


@claim(
    "blocks.subclass-training",
    "The block that compiles, trains and evaluates the subclassed model runs as printed.",
    "code",
    section=SUBCLASSING,
)
@known_issue(
    of="keras",
    cause="the last line begins with a blank, which Python does not take; below that, tf.keras.Adam does not exist",
    source=LEXICAL,
    symptom="IndentationError: unexpected indent",
    workaround=chapter_workarounds.SUBCLASS_TRAINING,
)
@detects(faults.idle_fit)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.indentation_and_adam_meant)
def subclass_training(tf: Any, mnist: Any, record: Recorder) -> None:
    """Run the block on few images for one round, with the class as it was meant and the images as tensors."""
    network_class = models.subclass.model_class(tf, models.Network())
    kept = []

    def network() -> Any:
        api.set_seed(3)
        kept.append(models.built(network_class()))
        kept.append(kept[0].get_weights()[0])
        return kept[0]

    running.executed(record, "subclass-training", {**running.prepared(mnist), "MyModel": network})

    record.differ("the first weights after training", one=kept[1], other=kept[0].get_weights()[0])


@claim(
    "blocks.training-pipeline", "The block that makes the training data set runs as printed.", "code", section=PIPELINES
)
@detects(faults.no_flip, faults.repeats_nothing)
@tolerates(faults.windows_line_ends)
def training_pipeline(tf: Any, mnist: Any, record: Recorder) -> None:
    """Run the block on arrays, and on tensors as in the first example, and take more batches than the images make."""
    for kind, given in (("arrays", running.scaled(mnist)), ("tensors", running.prepared(mnist))):
        names = running.executed(record, "training-pipeline", given)

        shapes = [tuple(images.shape) for images, _ in names["train_dataset"].take(running.TRAIN // 32 + 1)]
        record.equal(f"five batches of the four, of {kind}", expected=[(32, 28, 28)] * 5, actual=shapes)


@claim("blocks.test-pipeline", "The block that makes the test data set runs as printed.", "code", section=PIPELINES)
@detects(faults.repeats_nothing)
@tolerates(faults.windows_line_ends)
def pipeline_of_test(tf: Any, mnist: Any, record: Recorder) -> None:
    """Run the block on arrays and on tensors, after the one that makes the training data set, and take a batch."""
    for kind, given in (("arrays", running.scaled(mnist)), ("tensors", running.prepared(mnist))):
        names = {**running.executed(record, "training-pipeline", given), "batch_size": 32}
        names = running.executed(record, "test-pipeline", names)

        shapes = [tuple(images.shape) for images, _ in names["test_dataset"].take(1)]
        record.equal(f"its first batch, of {kind}", expected=[(32, 28, 28)], actual=shapes)


@claim(
    "blocks.pipeline-training",
    "The block that compiles and trains a model on the data set runs as printed.",
    "code",
    section=PIPELINES,
)
@known_issue(
    cause="the block compiles `model5` and trains `model`, and no block of the chapter defines either",
    source="https://docs.python.org/3/library/exceptions.html#NameError",
    symptom="NameError: name 'model5' is not defined",
    workaround=pipelines_workarounds.COMPILE_AND_FIT,
)
@detects(faults.compiled_with_sgd)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.model_named)
def pipeline_training(tf: Any, mnist: Any, record: Recorder) -> None:
    """Run the block on few images for one round, tensors as in the first example: it asks for their number."""
    names = running.prepared(mnist)
    batches = tf.data.Dataset.from_tensor_slices((names["train_x"], names["train_y"])).batch(32).repeat()

    names = running.executed(record, "pipeline-training", {**names, "train_dataset": batches})

    record.equal("optimizer steps", expected=running.TRAIN // 32, actual=int(names["optimiser"].iterations))
