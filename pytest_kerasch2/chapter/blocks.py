"""The code blocks as printed, from the version to the first example: does each run here?"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import backend, replacements, saboteurs, saboteurs_backend
from pytest_kerasch2.chapter import blocks_faults as faults
from pytest_kerasch2.chapter import blocks_running as running
from pytest_kerasch2.claims.marks import caught, claim, cured, deviation, unmoved
from pytest_kerasch2.claims.witness import Witness
from pytest_kerasch2.framework import api, quiet, state

FIRST_WAY = "Sequential model, first way"
LEFT_OUT = "from TensorFlow 2.13 on the generated API of tf.keras leaves out __version__"
NO_VERSION = "AttributeError: .*__version__"


@claim("blocks.version", "The block that prints the version of Keras runs as printed.", section="Features", kind="code")
@deviation(
    of="keras",
    since="2.13",
    until="2.15",
    cause=LEFT_OUT,
    source="https://github.com/tensorflow/tensorflow/issues/62398",
    symptom=NO_VERSION,
    instead=replacements.VERSION,
)
@deviation(
    of="keras",
    since="2.16",
    until="2",
    cause=LEFT_OUT,
    source="https://github.com/tensorflow/tensorflow/issues/62398",
    symptom=NO_VERSION,
    instead=replacements.LEGACY_VERSION,
)
@deviation(
    of="keras",
    since="3.0",
    until="3.2",
    cause="the API of the first Keras 3 leaves out __version__, which returns with Keras 3.3",
    source="https://github.com/tensorflow/tensorflow/issues/62398",
    symptom=NO_VERSION,
    instead=replacements.VERSION,
)
@caught(faults.no_version)
@unmoved(faults.windows_line_ends)
@cured(faults.known_version)
def version(tf: Any, witness: Witness) -> None:
    """Run the block and read what it prints."""
    printed = io.StringIO()

    with contextlib.redirect_stdout(printed):
        running.executed(witness, "version", {})

    witness.matches("what it prints", pattern=r"^\d+\.\d+", actual=printed.getvalue().strip())


@claim(
    "blocks.set-floatx",
    "The block that sets the precision runs as printed, given one of the three precisions.",
    section="Configuration file",
    kind="code",
)
@deviation(
    of="keras",
    cause="no block imports `keras`: the chapter calls the module tensorflow.keras, which this block does not",
    source="https://www.tensorflow.org/api_docs/python/tf/keras/backend/set_floatx",
    symptom="NameError: name 'keras' is not defined",
    instead=replacements.FLOATX,
)
@caught(faults.deaf_set_floatx)
@unmoved(faults.windows_line_ends)
@cured(faults.keras_named)
def set_floatx(tf: Any, witness: Witness) -> None:
    """Run the block for each precision, and read the precision afterwards."""
    for precision in ("float16", "float32", "float64"):
        with state.isolated():
            running.executed(witness, "set-floatx", {"tf": tf, "precision": precision})
            witness.equal("the precision in force", expected=precision, actual=api.backend_functions().floatx())


@claim(
    "blocks.import-backend",
    "The block that imports the backend from the package keras runs as printed.",
    section="Backend",
    kind="code",
)
@deviation(
    until="2.4",
    cause="up to TensorFlow 2.4 no package `keras` is installed along; the module is tensorflow.keras",
    source="https://github.com/tensorflow/tensorflow/blob/v2.4.4/tensorflow/tools/pip_package/setup.py",
    symptom="ModuleNotFoundError: No module named 'keras'",
    instead=replacements.BACKEND,
)
@caught(faults.no_keras_package)
@unmoved(faults.windows_line_ends)
@cured(faults.keras_package)
def import_backend(tf: Any, witness: Witness) -> None:
    """Run the block in a private home, because importing Keras may write there, and ask what was imported."""
    with quiet.private_home(api.keras_home()):
        names = running.executed(witness, "import-backend", {"tf": tf})

    witness.equal("the default precision it tells", expected="float32", actual=names["K"].floatx())


@claim(
    "blocks.constant-signature",
    "A constant can be made with the arguments and defaults that the printed signature names.",
    section="Backend",
    kind="code",
)
@backend.no_constant
@cured(saboteurs_backend.constant_there)
@caught(faults.constants_in_double)
@unmoved(faults.windows_line_ends)
def constant_signature(tf: Any, witness: Witness) -> None:
    """Run the signature as a call, given a value."""
    names = {"K": faults.rooms("backend")[0], "value": [1.5, 2.5]}

    made = running.executed(witness, "constant-signature", names)["made"]

    witness.equal("the type of the constant", expected="float32", actual=api.dtype_name(made.dtype))


@claim("blocks.constant", "The block that makes a constant runs as printed.", section="Backend", kind="code")
@caught(faults.constants_in_double)
@unmoved(faults.windows_line_ends)
def constant(tf: Any, witness: Witness) -> None:
    """Run the block; TensorFlow was imported as tf by the chapter's first block."""
    square = running.executed(witness, "constant", {"tf": tf})["square"]

    witness.equal("the type of the constant", expected="float16", actual=square.dtype.name)
    witness.equal("its values", expected=[[42.0, 24.0], [11.0, 99.0]], actual=square.numpy().tolist())


@claim("blocks.load-mnist", "The block that loads MNIST runs as printed.", section=FIRST_WAY, kind="code")
@caught(faults.parts_swapped)
@unmoved(faults.windows_line_ends)
def load_mnist(tf: Any, mnist: Any, scratch: Path, witness: Witness) -> None:
    """Run the block with Keras's own loader, which finds the first real images on loopback."""
    with running.short_mnist(mnist, scratch):
        names = running.executed(witness, "load-mnist", {"tf": tf})

    witness.same_bits("training images", expected=mnist.x_train[: running.TRAIN], actual=names["train_images"])
    witness.same_bits("test labels", expected=mnist.y_test[: running.TEST], actual=names["test_labels"])


@claim(
    "blocks.training-numbers",
    "The block that sets the number of rounds and the size of a batch runs as printed.",
    section=FIRST_WAY,
    kind="code",
)
@caught(faults.no_break_space)
@unmoved(faults.windows_line_ends)
def training_numbers(tf: Any, witness: Witness) -> None:
    """Run the block."""
    names = running.executed(witness, "training-numbers", {"tf": tf})

    witness.equal("rounds and batch size", expected=(10, 32), actual=(names["rounds"], names["per_batch"]))


@claim("blocks.preparation", "The block that prepares the data runs as printed.", section=FIRST_WAY, kind="code")
@caught(faults.casts_to_half)
@unmoved(faults.windows_line_ends)
def preparation(tf: Any, mnist: Any, witness: Witness) -> None:
    """Run the block on the first real images."""
    names = running.executed(witness, "preparation", running.raw(mnist))

    witness.equal("the type of the images", expected="float32", actual=names["train_images"].dtype.name)
    witness.equal("the type of the labels", expected="int64", actual=names["test_labels"].dtype.name)
    witness.equal("the brightest pixel", expected=1.0, actual=float(names["train_images"].numpy().max()))


@claim("blocks.first-model", "The block that builds the first model runs as printed.", section=FIRST_WAY, kind="code")
@caught(saboteurs.one_unit_short)
@unmoved(faults.windows_line_ends)
def first_model(tf: Any, witness: Witness) -> None:
    """Run the block, and count the parameters."""
    network = running.executed(witness, "first-model", {"tf": tf})["network"]

    witness.equal("its parameters", expected=running.TOTAL, actual=int(models.built(network).count_params()))


@claim("blocks.compile", "The block that compiles the first model runs as printed.", section=FIRST_WAY, kind="code")
@caught(faults.compiled_with_sgd)
@unmoved(faults.windows_line_ends)
def compile_block(tf: Any, witness: Witness) -> None:
    """Run the block on the model of the first way."""
    network = models.style("sequential-list").build(tf)

    running.executed(witness, "compile", {"tf": tf, "network": network})

    witness.equal("the model's optimizer", expected="Adam", actual=type(network.optimizer).__name__)


@claim("blocks.fit", "The block that trains the first model runs as printed.", section=FIRST_WAY, kind="code")
@caught(faults.idle_fit)
@unmoved(faults.windows_line_ends)
def fit(tf: Any, mnist: Any, witness: Witness) -> None:
    """Run the block on few images for one round."""
    api.set_seed(3)
    network = models.built(models.style("sequential-list").compiled(tf))
    before = network.get_weights()

    running.executed(witness, "fit", {**running.prepared(mnist), "network": network})

    witness.true("the weights were trained", holds=_moved(before, network.get_weights()), found=len(before))


@claim("blocks.evaluate", "The block that evaluates the first model runs as printed.", section=FIRST_WAY, kind="code")
@caught(faults.loss_alone)
@unmoved(faults.windows_line_ends)
def evaluate(tf: Any, mnist: Any, witness: Witness) -> None:
    """Run the block on few images."""
    network = models.style("sequential-list").compiled(tf)

    names = running.executed(witness, "evaluate", {**running.prepared(mnist), "network": network})

    witness.equal("numbers that it gives", expected=2, actual=len(names["scores"]))


def _moved(before: Any, after: Any) -> bool:
    return all(bool((one != other).any()) for one, other in zip(before, after))
