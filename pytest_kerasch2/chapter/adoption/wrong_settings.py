"""Adoption and advantages: what Keras says to wrong names and numbers; `adoption_errors` says what is helpful."""

from __future__ import annotations

from typing import Any

from pytest_kerasch2.chapter.adoption import mistake_faults
from pytest_kerasch2.chapter.adoption.error_messages import _KERAS2, _KERAS3, _TF20, _data, _helpful, _model
from pytest_kerasch2.chapter.early_keras import NO_HINT, on_early_keras
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder

_NO_HINT = "The message names the unknown name, and neither what is accepted nor what to do."
_ADVICE = r"(?i)please|must be|should be|one of|expected"


@claim(
    "adoption.error-unknown-loss",
    "An unknown loss is refused with a message that names it and says what is accepted or what to do.",
    "prose",
)
@on_early_keras(
    "utils/generic_utils.py",
    NO_HINT,
    "Unknown loss function",
)
@known_issue(until="2.4", cause=_NO_HINT, source=f"{_TF20}/utils/generic_utils.py", symptom="Unknown loss function")
@known_issue(
    of="keras", since="3.0", cause=_NO_HINT, source=f"{_KERAS3}/losses/__init__.py", symptom="interpret loss identifier"
)
@fixed_by(mistake_faults.says_losses)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_unknown_loss(tf: Any, record: Recorder) -> None:
    """Misspell the loss; Keras may find out when it compiles or when it trains."""
    x, y = _data()
    _helpful(
        record, tf, "an unknown loss",
        lambda: _model(tf, loss="sparse_categorical_crossentropi").fit(x, y, verbose=0),
        thing="loss", given="crossentropi\\b", expected=_ADVICE,
    )  # fmt: skip


@claim(
    "adoption.error-unknown-optimizer",
    "An unknown optimizer is refused with a message that names it and says what is accepted or what to do.",
    "prose",
)
@on_early_keras(
    "utils/generic_utils.py",
    NO_HINT,
    "Unknown optimizer",
)
@known_issue(until="2.4", cause=_NO_HINT, source=f"{_TF20}/utils/generic_utils.py", symptom="Unknown optimizer")
@known_issue(
    of="keras",
    since="3.0",
    cause=_NO_HINT,
    source=f"{_KERAS3}/optimizers/__init__.py",
    symptom="interpret optimizer identifier",
)
@fixed_by(mistake_faults.says_optimizers)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_unknown_optimizer(tf: Any, record: Recorder) -> None:
    """Misspell the optimizer."""
    model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
    _helpful(
        record, tf, "an unknown optimizer", lambda: model.compile(optimizer="adamm", loss="mse"),
        thing="optimizer", given="adamm", expected=_ADVICE,
    )  # fmt: skip


@claim(
    "adoption.error-unknown-metric",
    "An unknown metric is refused with a message that names it and says what is accepted or what to do.",
    "prose",
)
@on_early_keras(
    "utils/generic_utils.py",
    NO_HINT,
    "Unknown metric function",
)
@known_issue(until="2.4", cause=_NO_HINT, source=f"{_TF20}/utils/generic_utils.py", symptom="Unknown metric function")
@known_issue(
    of="keras",
    since="2.13",
    until="2",
    cause="An unknown name is taken for a function and called, and the message is about that call.",
    source=f"{_KERAS2}/metrics/base_metric.py",
    symptom="'str' object is not callable",
)
@known_issue(
    of="keras",
    since="3.0",
    cause=_NO_HINT,
    source=f"{_KERAS3}/metrics/__init__.py",
    symptom="interpret metric identifier",
)
@fixed_by(mistake_faults.says_metrics)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_unknown_metric(tf: Any, record: Recorder) -> None:
    """Misspell the metric; Keras may find out when it compiles or when it trains."""
    model, (x, y) = _model(tf), _data()

    def call() -> None:
        model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["acuracy"])
        model.fit(x, y, verbose=0)

    _helpful(record, tf, "an unknown metric", call, thing="metric", given="acuracy", expected=_ADVICE)


@claim(
    "adoption.error-unknown-activation",
    "An unknown activation is refused with a message that names it and says what is accepted or what to do.",
    "prose",
)
@on_early_keras(
    "utils/generic_utils.py",
    NO_HINT,
    "Unknown activation",
)
@known_issue(
    until="2.4", cause=_NO_HINT, source=f"{_TF20}/utils/generic_utils.py", symptom="Unknown activation function"
)
@known_issue(
    of="keras",
    since="2.13",
    until="2",
    cause=_NO_HINT,
    source=f"{_KERAS2}/activations.py",
    symptom="cannot be deserialized",
)
@known_issue(
    of="keras",
    since="3.0",
    cause=_NO_HINT,
    source=f"{_KERAS3}/activations/__init__.py",
    symptom="interpret activation function identifier",
)
@fixed_by(mistake_faults.says_activations)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_unknown_activation(tf: Any, record: Recorder) -> None:
    """Misspell the activation."""
    _helpful(
        record, tf, "an unknown activation", lambda: tf.keras.layers.Dense(10, activation="relo"),
        thing="activation", given="relo\\b", expected=_ADVICE,
    )  # fmt: skip


@claim(
    "adoption.error-unknown-argument",
    "A misspelt argument of a layer is refused with a message that names it, the layer and what is accepted.",
    "prose",
)
@on_early_keras(
    "engine/base_layer.py",
    "The message names the argument alone, neither the layer nor what it accepts.",
    "Keyword argument not understood",
)
@known_issue(
    of="keras",
    until="2",
    cause="The message names the argument alone, neither the layer nor what it accepts.",
    source=f"{_KERAS2}/utils/generic_utils.py",
    symptom="Keyword argument not understood",
)
@known_issue(
    of="keras",
    since="3.0",
    cause="The message names the layer and the argument, not what the layer accepts.",
    source=f"{_KERAS3}/layers/layer.py",
    symptom="Unrecognized keyword arguments",
)
@fixed_by(mistake_faults.says_arguments)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_unknown_argument(tf: Any, record: Recorder) -> None:
    """Misspell `activation`."""
    _helpful(
        record, tf, "a misspelt argument", lambda: tf.keras.layers.Dense(10, activaton="relu"),
        thing="Dense", given="activaton", expected=_ADVICE,
    )  # fmt: skip


@claim(
    "adoption.error-negative-units",
    "A negative number of units is refused with a message that names the argument, the number and what is expected.",
    "prose",
)
@on_early_keras(
    "layers/core.py",
    "The number is not checked; a shape is refused later, if at all, in words that name no argument.",
    "-5 units: (accepted|the message does not name what is wrong)",
)
@known_issue(
    until="2.5",
    cause="The number is not checked; a shape is refused later, in words that name no argument.",
    source=f"{_TF20}/layers/core.py",
    symptom="Dimension -5 must be >= 0",
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.12",
    cause="Keras 3 does not check the number before 3.13; what fails later names no argument.",
    source="https://github.com/keras-team/keras/blob/v3.12.0/keras/src/layers/core/dense.py",
    symptom="-5 units: the message does not name what is wrong",
)
@fixed_by(mistake_faults.checked_layers)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_negative_units(tf: Any, record: Recorder) -> None:
    """Ask for a layer of -5 units, and build it where that was accepted."""
    _helpful(
        record, tf, "-5 units", lambda: tf.keras.layers.Dense(-5).build((None, 3)),
        thing="units", given="-5", expected="positive integer",
    )  # fmt: skip


@claim(
    "adoption.error-broken-units",
    "Units that are no whole number are refused with a message that names argument, number and what is expected.",
    "prose",
)
@on_early_keras(
    "layers/core.py",
    "The number is not checked when the layer is made.",
    r"2\.5 units: accepted without an error",
)
@known_issue(
    of="keras",
    until="2",
    cause="The number is cut to a whole one without a word: 2.5 gives two units.",
    source=f"{_KERAS2}/layers/core/dense.py",
    symptom="2.5 units: accepted without an error",
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.12",
    cause="Keras 3 does not check the number before 3.13: a layer of 2.5 units can be made.",
    source="https://github.com/keras-team/keras/blob/v3.12.0/keras/src/layers/core/dense.py",
    symptom="2.5 units: accepted without an error",
)
@fixed_by(mistake_faults.checked_layers)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_broken_units(tf: Any, record: Recorder) -> None:
    """Ask for a layer of 2.5 units."""
    _helpful(
        record, tf, "2.5 units", lambda: tf.keras.layers.Dense(2.5),
        thing="units", given=r"2\.5", expected="positive integer",
    )  # fmt: skip


@claim(
    "adoption.error-dropout-rate",
    "A rate of dropout that is no share is refused with a message that names argument, number and what is expected.",
    "prose",
)
@on_early_keras(
    "layers/core.py",
    "The rate is cut to a share between 0 and 1 without a word.",
    "a rate of 20: accepted without an error",
)
@known_issue(
    until="2.5",
    cause="The rate is not checked when the layer is made.",
    source=f"{_TF20}/layers/core.py",
    symptom="a rate of 20: accepted without an error",
)
@fixed_by(mistake_faults.checked_layers)
@detects(mistake_faults.terse, mistake_faults.lenient)
@tolerates(mistake_faults.framed)
def error_dropout_rate(tf: Any, record: Recorder) -> None:
    """Ask for twenty, as if the rate were in percent, and for less than nothing."""
    _helpful(
        record, tf, "a rate of 20", lambda: tf.keras.layers.Dropout(20),
        thing="rate", given=r"\b20\b", expected="between 0 and 1",
    )  # fmt: skip
    _helpful(
        record, tf, "a rate of -0.5", lambda: tf.keras.layers.Dropout(-0.5),
        thing="rate", given=r"-0\.5\b", expected="between 0 and 1",
    )  # fmt: skip
