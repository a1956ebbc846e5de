"""Adoption and advantages: what Keras says to a user's mistakes.

A message is helpful here when it (1) is raised as an error where the mistake is made or first matters, (2) names
what is wrong, (3) with the value or shape that was given, and (4) says what was expected or what to do. Stack frames
quoted in a message count for nothing.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Callable

import numpy as np

from pytest_kerasch2.chapter.adoption import mistake_faults
from pytest_kerasch2.chapter.early_keras import CNTK, on_early_keras
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder, steady
from pytest_kerasch2.errors import ClaimBroken
from pytest_kerasch2.framework import api
from pytest_kerasch2.framework.devices import Device

_KERAS3 = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src"
_TF20 = "https://github.com/tensorflow/tensorflow/blob/v2.0.0/tensorflow/python/keras"
_WHOSE_SHAPES = "Shapes are compared deep inside the loss, whose message names two shapes and not whose they are."
_KERAS2 = "https://github.com/keras-team/keras/blob/v2.15.0/keras"
_REFUSED = (ValueError, TypeError, RuntimeError, IndexError, KeyError, AttributeError, AssertionError, ArithmeticError)


def _helpful(
    record: Recorder, tf: Any, mistake: str, call: Callable[[], Any], *, thing: str, given: str, expected: str
) -> None:
    """Require an error whose message has all that makes it helpful; the three are regular expressions."""
    try:
        call()
    except _refusals(tf) as error:
        kind, message = type(error).__name__, _without_markup(str(error))
    else:
        record.saw(f"{mistake}: accepted without an error")
        raise ClaimBroken(f"{mistake} is accepted without an error", "no error")
    record.saw(f"{mistake}: {kind}: {_core(message, (thing, given, expected))}")
    for what, pattern in (("what is wrong", thing), ("what was given", given), ("what was expected", expected)):
        if not re.search(pattern, message):
            record.saw(f"{mistake}: the message does not name {what} ({pattern})")
            raise ClaimBroken(f"The message about {mistake} does not name {what}", _core(message, (given,)))


def _refusals(tf: Any) -> tuple[Any, ...]:
    """Return the errors that are a refusal; those of JAX and of torch are Python's own, or made of them."""
    return (*_REFUSED, tf.errors.OpError) if api.runs_on_tensorflow() else _REFUSED


def _without_markup(message: str) -> str:
    """Return a message without colours and without the stack frames that are quoted in it."""
    message = re.sub(r"\x1b\[\d+m", "", message)
    # What follows the innermost frame is the message proper; before the frames stands nothing of the mistake
    framed = re.search(r"^in user code:", message.strip()) is not None
    if framed:
        message = re.split(r"\n\s+\w*(?:Error|Exception): ", message, maxsplit=1)[-1]
    quoted = r"\s*(>>>|File \"|Detected at|\[\[|in user code)"
    return "\n".join(line for line in message.splitlines() if not re.match(quoted, line))


def _core(message: str, patterns: tuple[str, ...]) -> str:
    """Return the lines of a message that say something to the point, or its first."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    telling = [line for line in lines if any(re.search(pattern, line) for pattern in patterns)]
    # The order in which a batch is drawn differs from run to run
    return re.sub(r"Label values: [\d ]+", "", steady(" / ".join((telling or lines)[:4])))


def _model(tf: Any, loss: str = "sparse_categorical_crossentropy") -> Any:
    model = api.sequential((784,), [tf.keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="sgd", loss=loss)
    return model


def _data(width: int = 784) -> tuple[Any, Any]:
    return np.zeros((8, width), dtype="float32"), np.arange(8)


@claim(
    "adoption.error-input-shape",
    "Data of the wrong width is refused with a message that names the width given and the width expected.",
    "prose",
)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_input_shape(tf: Any, record: Recorder) -> None:
    """Train a model of 784 inputs on rows of 100 numbers."""
    model, (x, y) = _model(tf), _data(100)
    _helpful(
        record, tf, "rows of 100 for 784 inputs", lambda: model.fit(x, y, verbose=0),
        thing="(?i)input", given=r"\(\w*,? ?100,?\)|\[\w*,? ?100\]", expected="784",
    )  # fmt: skip


@claim(
    "adoption.error-not-compiled",
    "Training a model that was not compiled is refused with a message that says to compile it.",
    "prose",
)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_not_compiled(tf: Any, record: Recorder) -> None:
    """Train a model that was never compiled, by either of the two ways."""
    model, (x, y) = tf.keras.Sequential([tf.keras.layers.Dense(10)]), _data()
    for way, call in (
        ("fit", lambda: model.fit(x, y, verbose=0)),
        ("train_on_batch", lambda: model.train_on_batch(x, y)),
    ):
        _helpful(
            record, tf, f"{way} before compile", call,
            thing=r"model|`\w+\(\)`", given="(?i)before (using|training)|must (call )?`?compile",
            expected="(?i)must.*compile",
        )  # fmt: skip


@claim(
    "adoption.error-label-shape",
    "Labels of the wrong shape are refused with a message that names them, their shape and the one expected.",
    "prose",
)
@known_issue(
    since="2.2",
    until="2.15",
    cause=_WHOSE_SHAPES,
    source=f"{_KERAS2}/backend.py",
    symptom=r"Shapes \(None, 1\) and \(None, 10\) are incompatible",
)
@known_issue(
    of="keras",
    since="2.16",
    until="2",
    cause=_WHOSE_SHAPES,
    source=f"{_KERAS2}/backend.py",
    symptom=r"Shapes \(None, 1\) and \(None, 10\) are incompatible",
)
@fixed_by(mistake_faults.says_labels)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_label_shape(tf: Any, record: Recorder) -> None:
    """Return whole-number labels, then rows of three, to a loss that wants a row of ten for each image."""
    model, (x, y) = _model(tf, loss="categorical_crossentropy"), _data()
    _helpful(
        record, tf, "labels (8,) for an output (8, 10)", lambda: model.fit(x, y, verbose=0),
        thing="(?i)target|label", given=r"\((None|8)(, ?1|,)\)|\(1,\)|Size\(\[8\]\)",
        expected=r"\((None|8|samples), ?(10|classes)\)|\(10,\)|Size\(\[8, 10\]\)",
    )  # fmt: skip
    narrow = np.zeros((8, 3), dtype="float32")
    _helpful(
        record, tf, "labels (8, 3) for an output (8, 10)", lambda: model.fit(x, narrow, verbose=0),
        thing="(?i)target|label", given=r"\((None|8), ?3\)|\(3,\)|Size\(\[8, 3\]\)",
        expected=r"\((None|8|samples), ?(10|classes)\)|\(10,\)|Size\(\[8, 10\]\)",
    )  # fmt: skip


@claim(
    "adoption.error-label-range",
    "A label that is none of the classes is refused with a message that names it and the range of labels.",
    "prose",
)
@on_early_keras(
    "backend/theano_backend.py",
    "The message is of an index into an array, and names no label.",
    "IndexError: index 10 is out of bounds",
    backends=("theano",),
)
@on_early_keras(
    CNTK,
    "On CNTK a label beyond the classes becomes a row of zeros, and the training goes on.",
    "the label 10 of ten classes: accepted without an error",
    backends=("cntk",),
)
@known_issue(
    of="keras",
    since="3.0",
    backends=("jax",),
    cause="On JAX such a label becomes a row of zeros, and counts nothing in the loss.",
    source=f"{_KERAS3}/backend/jax/nn.py",
    symptom="the label 10 of ten classes: accepted without an error",
)
@known_issue(
    of="keras",
    since="3.0",
    backends=("torch",),
    cause="torch refuses the label by itself, in a message that does not name the range.",
    source=f"{_KERAS3}/backend/torch/nn.py",
    symptom="Target 10 is out of bounds|Class values must be smaller than num_classes",
)
@fixed_by(mistake_faults.checked_labels)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_label_range(tf: Any, record: Recorder) -> None:
    """Train ten classes on labels up to 10 and from -1, on the CPU: a GPU gives not-a-number instead of an error."""
    x, y = _data()
    with Device("cpu", 0).placed():
        model = _model(tf)
        _helpful(
            record, tf, "the label 10 of ten classes", lambda: model.fit(x, y + 3, batch_size=8, verbose=0),
            thing="label", given=r"value of 10\b", expected=r"range of \[0, 10\)",
        )  # fmt: skip
        _helpful(
            record, tf, "the label -1 of ten classes", lambda: model.fit(x, y - 1, batch_size=8, verbose=0),
            thing="label", given=r"value of -1\b", expected=r"range of \[0, 10\)",
        )  # fmt: skip


@claim(
    "adoption.error-cardinality",
    "Images and labels of different number are refused with a message that names both and says what to do.",
    "prose",
)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_cardinality(tf: Any, record: Recorder) -> None:
    """Train on eight images and seven labels, and on seven and eight."""
    model, (x, y) = _model(tf), _data()
    advice = "should have the same|shares the same|[Mm]ake sure"
    _helpful(
        record, tf, "8 images and 7 labels", lambda: model.fit(x, y[:7], verbose=0),
        thing="sizes|samples", given=r"(?s)\b8\b.*\b7\b", expected=advice,
    )  # fmt: skip
    _helpful(
        record, tf, "7 images and 8 labels", lambda: model.fit(x[:7], y, verbose=0),
        thing="sizes|samples", given=r"(?s)\b7\b.*\b8\b", expected=advice,
    )  # fmt: skip


@claim(
    "adoption.error-rank",
    "Data with a dimension too few is refused with a message that names the number of dimensions given and expected.",
    "prose",
)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_rank(tf: Any, record: Recorder) -> None:
    """Return images without channels to a convolution, and one row of features to a dense layer."""
    images = np.zeros((8, 28, 28), dtype="float32")
    _helpful(
        record, tf, "images without channels", lambda: api.call(tf.keras.layers.Conv2D(2, 3), images),
        thing="conv2d", given="found ndim=3", expected="expected (min_)?ndim=4",
    )  # fmt: skip
    row = np.zeros(8, dtype="float32")
    _helpful(
        record, tf, "a row without its batch", lambda: api.call(tf.keras.layers.Dense(2), row),
        thing="dense", given="found ndim=1", expected="expected (min_)?ndim=2",
    )  # fmt: skip


@claim(
    "adoption.error-weights-shape",
    "Weights of the wrong shape are refused with a message that names the shape given and the shape expected.",
    "prose",
)
@on_early_keras(
    "backend/theano_backend.py",
    "A model's weights are handed to Theano, whose shared variables take arrays of any shape.",
    r"weights of \(3, 3\): accepted without an error",
    backends=("theano",),
)
@fixed_by(mistake_faults.checked_weights)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_weights_shape(tf: Any, record: Recorder) -> None:
    """Set weights of 3 by 3 where 784 by 10 belong, and such as have as many numbers, in another shape."""
    model = _model(tf)
    _helpful(
        record, tf, "weights of (3, 3)", lambda: model.set_weights([np.zeros((3, 3)), np.zeros(10)]),
        # CNTK speaks of the kernel, and writes shapes in its own way.
        thing="weight|kernel", given=r"\(3, 3\)|\[3 x 3\]", expected=r"\(784, 10\)|\[784 x 10\]",
    )  # fmt: skip
    _helpful(
        record, tf, "weights of (10, 784)", lambda: model.set_weights([np.zeros((10, 784)), np.zeros(10)]),
        thing="weight|kernel", given=r"\(10, 784\)|\[10 x 784\]", expected=r"\(784, 10\)|\[784 x 10\]",
    )  # fmt: skip


@claim(
    "adoption.error-not-a-layer",
    "Adding something that is no layer is refused with a message that names it and says that a layer is expected.",
    "prose",
)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_not_a_layer(tf: Any, record: Recorder) -> None:
    """Add the word `Dense` to a model, and the function `abs`."""
    for what, added, named in (("a word", "Dense", "Dense"), ("a function", abs, "function abs")):
        _helpful(
            record, tf, f"{what} added as a layer", partial(tf.keras.Sequential().add, added),
            thing="(?i)added", given=named, expected="instance of class Layer|instances of `keras.Layer`",
        )  # fmt: skip
