"""The code blocks as printed, from the version to the first example: does each run here?"""

from __future__ import annotations

import contextlib
import io
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.chapter.backend import SECTION as BACKEND
from pytest_kerasch2.chapter.backend import claims as backend_claims
from pytest_kerasch2.chapter.backend import faults as backend_faults
from pytest_kerasch2.chapter.configuration import SECTION as CONFIGURATION
from pytest_kerasch2.chapter.early_keras import CNTK, on_early_keras
from pytest_kerasch2.chapter.features import SECTION as FEATURES
from pytest_kerasch2.chapter.listings import faults, running
from pytest_kerasch2.chapter.sequential import SECTION as FIRST_WAY
from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api, import_environment, state

LEFT_OUT = "from TensorFlow 2.13 on the generated API of tf.keras leaves out __version__"
NO_VERSION = "AttributeError: .*__version__"


@claim("blocks.version", "The block that prints the version of Keras runs as printed.", "code", section=FEATURES)
@known_issue(
    of="keras",
    since="2.13",
    until="2.15",
    cause=LEFT_OUT,
    source="https://github.com/tensorflow/tensorflow/issues/62398",
    symptom=NO_VERSION,
    workaround=chapter_workarounds.VERSION,
)
@known_issue(
    of="keras",
    since="2.16",
    until="2",
    cause=LEFT_OUT,
    source="https://github.com/tensorflow/tensorflow/issues/62398",
    symptom=NO_VERSION,
    workaround=chapter_workarounds.LEGACY_VERSION,
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.2",
    cause="the API of the first Keras 3 leaves out __version__, which returns with Keras 3.3",
    source="https://github.com/tensorflow/tensorflow/issues/62398",
    symptom=NO_VERSION,
    workaround=chapter_workarounds.VERSION,
)
@detects(faults.no_version)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.known_version)
def version(tf: Any, record: Recorder) -> None:
    """Run the block and read what it prints."""
    printed = io.StringIO()

    with contextlib.redirect_stdout(printed):
        running.executed(record, "version", {})

    record.matches("what it prints", pattern=r"^\d+\.\d+", actual=printed.getvalue().strip())


@claim(
    "blocks.set-floatx",
    "The block that sets the precision runs as printed, given one of the three precisions.",
    "code",
    section=CONFIGURATION,
)
@on_early_keras(
    "backend/common.py",
    "the block says `keras`, and no block of the chapter imports that name, only `tf`",
    "NameError: name 'keras' is not defined",
)
@known_issue(
    of="keras",
    cause="the block says `keras`, and no block of the chapter imports that name, only `tf`",
    source="https://www.tensorflow.org/api_docs/python/tf/keras/backend/set_floatx",
    symptom="NameError: name 'keras' is not defined",
    workaround=chapter_workarounds.FLOATX,
)
@detects(faults.deaf_set_floatx)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.keras_named)
def set_floatx(tf: Any, record: Recorder) -> None:
    """Run the block for each precision, and read the precision afterwards."""
    for precision in ("float16", "float32", "float64"):
        with state.isolated():
            running.executed(record, "set-floatx", {"tf": tf, "floatx": precision}, given=("floatx",))
            record.equal("the precision in force", expected=precision, actual=api.backend_functions().floatx())


@claim(
    "blocks.import-backend",
    "The block that imports the backend from the package keras runs as printed.",
    "code",
    section=BACKEND,
)
@known_issue(
    until="2.4",
    cause="up to TensorFlow 2.4 no package `keras` is installed along; the module is tensorflow.keras",
    source="https://github.com/tensorflow/tensorflow/blob/v2.4.4/tensorflow/tools/pip_package/setup.py",
    symptom="ModuleNotFoundError: No module named 'keras'",
    workaround=chapter_workarounds.BACKEND,
)
@detects(faults.no_keras_package)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.keras_package)
def import_backend(tf: Any, record: Recorder) -> None:
    """Run the block in a private home, because importing Keras may write there, and ask what was imported."""
    with import_environment.private_home(api.keras_home()):
        names = running.executed(record, "import-backend", {"tf": tf})

    record.equal(
        "the default precision it tells",
        expected="float32",
        actual=record.runs("K.floatx()", lambda: names["K"].floatx()),
    )


@claim(
    "blocks.constant-signature",
    "A constant can be made with the arguments and defaults that the printed signature names.",
    "code",
    section=BACKEND,
)
@backend_claims.no_constant
@on_early_keras(
    CNTK,
    "CNTK's constant multiplies the value by ones of the shape: two values in a shape of (2, 1) come out as (2, 2).",
    r"its values, given all four: float64 \(2, 2\)",
    backends=("cntk",),
)
@fixed_by(backend_faults.constant_there)
@detects(faults.constants_in_double)
@tolerates(faults.windows_line_ends)
def constant_signature(tf: Any, record: Recorder) -> None:
    """Run the signature as a call, given a value; leave out what has a default, and give all in the order printed."""
    names = {"K": common_faults.modules_named("backend")[0], "value": [1.5, 2.5]}

    constant = running.executed(record, "constant-signature", names, given=("K", "value"))["const"]

    record.equal("the type of the constant", expected="float32", actual=api.dtype_name(constant.dtype))
    # JAX has no numbers of 64 bits by default, and CNTK none of 16.
    other = "float16" if api.runs_eagerly() else "float64"
    make, value = names["K"].constant, [1.5, 2.5]
    calls = (
        ("the value alone", ((value,), "float32", (2,))),
        ("the type too", ((value, other), other, (2,))),
        ("all four", ((value, other, (2, 1), "two"), other, (2, 1))),
    )
    for what, (given, dtype, shape) in calls:
        constant = record.runs(f"given {what}", partial(make, *given))
        record.equal(f"its type, given {what}", expected=dtype, actual=api.dtype_name(constant.dtype))
        values = np.asarray(api.array(constant), dtype="float64")
        record.same_bits(f"its values, given {what}", expected=np.array(value).reshape(shape), actual=values)


@claim("blocks.constant", "The block that makes a constant runs as printed.", "code", section=BACKEND)
@detects(faults.constants_in_double)
@tolerates(faults.windows_line_ends)
def constant(tf: Any, record: Recorder) -> None:
    """Run the block; TensorFlow was imported as tf by the chapter's first block."""
    square = running.executed(record, "constant", {"tf": tf})["const"]

    record.equal("the type of the constant", expected="float16", actual=square.dtype.name)
    record.equal("its values", expected=[[42.0, 24.0], [11.0, 99.0]], actual=square.numpy().tolist())


@claim("blocks.load-mnist", "The block that loads MNIST runs as printed.", "code", section=FIRST_WAY)
@detects(faults.parts_swapped)
@tolerates(faults.windows_line_ends)
def load_mnist(tf: Any, mnist: Any, scratch: Path, record: Recorder) -> None:
    """Run the block with Keras's own loader, which finds the first real images on loopback."""
    with running.short_mnist(mnist, scratch):
        names = running.executed(record, "load-mnist", {"tf": tf})

    record.same_bits("training images", expected=mnist.x_train[: running.TRAIN], actual=names["train_x"])
    record.same_bits("test labels", expected=mnist.y_test[: running.TEST], actual=names["test_y"])


@claim(
    "blocks.training-numbers",
    "The block that sets the number of rounds and the size of a batch runs as printed.",
    "code",
    section=FIRST_WAY,
)
@detects(faults.no_break_space)
@tolerates(faults.windows_line_ends)
def training_numbers(tf: Any, record: Recorder) -> None:
    """Run the block."""
    names = running.executed(record, "training-numbers", {"tf": tf})

    record.equal("rounds and batch size", expected=(10, 32), actual=(names["epochs"], names["batch_size"]))


@claim("blocks.preparation", "The block that prepares the data runs as printed.", "code", section=FIRST_WAY)
@detects(faults.casts_to_half)
@tolerates(faults.windows_line_ends)
def preparation(tf: Any, mnist: Any, scratch: Path, record: Recorder) -> None:
    """Run the block on the first real images, as the block before it loads them."""
    with running.short_mnist(mnist, scratch):
        names = running.executed(record, "load-mnist", {"tf": tf})
    names = running.executed(record, "preparation", names)

    record.equal("the type of the images", expected="float32", actual=names["train_x"].dtype.name)
    record.equal("the type of the labels", expected="int64", actual=names["test_y"].dtype.name)
    record.equal("the brightest pixel", expected=1.0, actual=float(names["train_x"].numpy().max()))


@claim("blocks.first-model", "The block that builds the first model runs as printed.", "code", section=FIRST_WAY)
@detects(common_faults.one_unit_short)
@tolerates(faults.windows_line_ends)
def first_model(tf: Any, record: Recorder) -> None:
    """Run the block, and count the parameters."""
    network = running.executed(record, "first-model", {"tf": tf})["model1"]

    record.equal("its parameters", expected=running.TOTAL, actual=int(models.built(network).count_params()))


@claim("blocks.compile", "The block that compiles the first model runs as printed.", "code", section=FIRST_WAY)
@detects(faults.compiled_with_sgd)
@tolerates(faults.windows_line_ends)
def compile_block(tf: Any, record: Recorder) -> None:
    """Run the block on the model of the first way."""
    network = models.style("sequential-list").build(tf)

    running.executed(record, "compile", {"tf": tf, "model1": network})

    record.equal("the model's optimizer", expected="Adam", actual=type(network.optimizer).__name__)


@claim("blocks.fit", "The block that trains the first model runs as printed.", "code", section=FIRST_WAY)
@detects(faults.idle_fit)
@tolerates(faults.windows_line_ends)
def fit(tf: Any, mnist: Any, record: Recorder) -> None:
    """Run the block on few images for one round."""
    api.set_seed(3)
    network = models.built(models.style("sequential-list").compiled(tf))
    before = network.get_weights()

    running.executed(record, "fit", {**running.prepared(mnist), "model1": network})

    record.true("the weights were trained", holds=_moved(before, network.get_weights()), found=len(before))


@claim("blocks.evaluate", "The block that evaluates the first model runs as printed.", "code", section=FIRST_WAY)
@detects(faults.loss_alone)
@tolerates(faults.windows_line_ends)
def evaluate(tf: Any, mnist: Any, record: Recorder) -> None:
    """Run the block on few images."""
    network = models.style("sequential-list").compiled(tf)

    names = running.executed(record, "evaluate", {**running.prepared(mnist), "model1": network})

    record.equal("numbers that it gives", expected=2, actual=len(names["_"]))


def _moved(before: Any, after: Any) -> bool:
    return all(bool((one != other).any()) for one, other in zip(before, after))
