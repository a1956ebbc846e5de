"""Adoption and advantages: what Keras says to wrong names and numbers; `adoption_errors` says what is helpful."""

from __future__ import annotations

from typing import Any

from pytest_kerasch2.chapter import saboteurs_mistakes as planted
from pytest_kerasch2.chapter.adoption_errors import _KERAS2, _KERAS3, _TF20, SECTION, _data, _helpful, _model
from pytest_kerasch2.claims.marks import caught, claim, cured, deviation, unmoved
from pytest_kerasch2.claims.witness import Witness

_NO_HINT = "The message names the unknown name, and neither what is accepted nor what to do."
_ADVICE = r"(?i)please|must be|should be|one of|expected"


@claim(
    "adoption.error-unknown-loss",
    "An unknown loss is refused with a message that names it and says what is accepted or what to do.",
    section=SECTION,
    kind="prose",
)
@deviation(until="2.4", cause=_NO_HINT, source=f"{_TF20}/utils/generic_utils.py", symptom="Unknown loss function")
@deviation(
    of="keras", since="3.0", cause=_NO_HINT, source=f"{_KERAS3}/losses/__init__.py", symptom="interpret loss identifier"
)
@cured(planted.says_losses)
@caught(planted.terse, planted.lenient)
@unmoved(planted.framed)
def error_unknown_loss(tf: Any, witness: Witness) -> None:
    """Misspell the loss; Keras may find out when it compiles or when it trains."""
    x, y = _data()
    _helpful(
        witness, tf, "an unknown loss",
        lambda: _model(tf, loss="sparse_categorical_crossentropi").fit(x, y, verbose=0),
        thing="loss", given="crossentropi\\b", wanted=_ADVICE,
    )  # fmt: skip


@claim(
    "adoption.error-unknown-optimizer",
    "An unknown optimizer is refused with a message that names it and says what is accepted or what to do.",
    section=SECTION,
    kind="prose",
)
@deviation(until="2.4", cause=_NO_HINT, source=f"{_TF20}/utils/generic_utils.py", symptom="Unknown optimizer")
@deviation(
    of="keras",
    since="3.0",
    cause=_NO_HINT,
    source=f"{_KERAS3}/optimizers/__init__.py",
    symptom="interpret optimizer identifier",
)
@cured(planted.says_optimizers)
@caught(planted.terse, planted.lenient)
@unmoved(planted.framed)
def error_unknown_optimizer(tf: Any, witness: Witness) -> None:
    """Misspell the optimizer."""
    model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
    _helpful(
        witness, tf, "an unknown optimizer", lambda: model.compile(optimizer="adamm", loss="mse"),
        thing="optimizer", given="adamm", wanted=_ADVICE,
    )  # fmt: skip


@claim(
    "adoption.error-unknown-metric",
    "An unknown metric is refused with a message that names it and says what is accepted or what to do.",
    section=SECTION,
    kind="prose",
)
@deviation(until="2.4", cause=_NO_HINT, source=f"{_TF20}/utils/generic_utils.py", symptom="Unknown metric function")
@deviation(
    of="keras",
    since="2.13",
    until="2",
    cause="An unknown name is taken for a function and called, and the message is about that call.",
    source=f"{_KERAS2}/metrics/base_metric.py",
    symptom="'str' object is not callable",
)
@deviation(
    of="keras",
    since="3.0",
    cause=_NO_HINT,
    source=f"{_KERAS3}/metrics/__init__.py",
    symptom="interpret metric identifier",
)
@cured(planted.says_metrics)
@caught(planted.terse, planted.lenient)
@unmoved(planted.framed)
def error_unknown_metric(tf: Any, witness: Witness) -> None:
    """Misspell the metric; Keras may find out when it compiles or when it trains."""
    model, (x, y) = _model(tf), _data()

    def call() -> None:
        model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["acuracy"])
        model.fit(x, y, verbose=0)

    _helpful(witness, tf, "an unknown metric", call, thing="metric", given="acuracy", wanted=_ADVICE)


@claim(
    "adoption.error-unknown-activation",
    "An unknown activation is refused with a message that names it and says what is accepted or what to do.",
    section=SECTION,
    kind="prose",
)
@deviation(until="2.4", cause=_NO_HINT, source=f"{_TF20}/utils/generic_utils.py", symptom="Unknown activation function")
@deviation(
    of="keras",
    since="2.13",
    until="2",
    cause=_NO_HINT,
    source=f"{_KERAS2}/activations.py",
    symptom="cannot be deserialized",
)
@deviation(
    of="keras",
    since="3.0",
    cause=_NO_HINT,
    source=f"{_KERAS3}/activations/__init__.py",
    symptom="interpret activation function identifier",
)
@cured(planted.says_activations)
@caught(planted.terse, planted.lenient)
@unmoved(planted.framed)
def error_unknown_activation(tf: Any, witness: Witness) -> None:
    """Misspell the activation."""
    _helpful(
        witness, tf, "an unknown activation", lambda: tf.keras.layers.Dense(10, activation="relo"),
        thing="activation", given="relo\\b", wanted=_ADVICE,
    )  # fmt: skip


@claim(
    "adoption.error-unknown-argument",
    "A misspelt argument of a layer is refused with a message that names it, the layer and what is accepted.",
    section=SECTION,
    kind="prose",
)
@deviation(
    of="keras",
    until="2",
    cause="The message names the argument alone, neither the layer nor what it accepts.",
    source=f"{_KERAS2}/utils/generic_utils.py",
    symptom="Keyword argument not understood",
)
@deviation(
    of="keras",
    since="3.0",
    cause="The message names the layer and the argument, not what the layer accepts.",
    source=f"{_KERAS3}/layers/layer.py",
    symptom="Unrecognized keyword arguments",
)
@cured(planted.says_arguments)
@caught(planted.terse, planted.lenient)
@unmoved(planted.framed)
def error_unknown_argument(tf: Any, witness: Witness) -> None:
    """Misspell `activation`."""
    _helpful(
        witness, tf, "a misspelt argument", lambda: tf.keras.layers.Dense(10, activaton="relu"),
        thing="Dense", given="activaton", wanted=_ADVICE,
    )  # fmt: skip


@claim(
    "adoption.error-negative-units",
    "A negative number of units is refused with a message that names the argument, the number and what is expected.",
    section=SECTION,
    kind="prose",
)
@deviation(
    until="2.5",
    cause="The number is not checked; a shape is refused later, in words that name no argument.",
    source=f"{_TF20}/layers/core.py",
    symptom="Dimension -5 must be >= 0",
)
@deviation(
    of="keras",
    since="3.0",
    until="3.12",
    cause="Keras 3 does not check the number before 3.13; what fails later names no argument.",
    source="https://github.com/keras-team/keras/blob/v3.12.0/keras/src/layers/core/dense.py",
    symptom="-5 units: the message does not name what is wrong",
)
@cured(planted.checked_layers)
@caught(planted.terse, planted.lenient)
@unmoved(planted.framed)
def error_negative_units(tf: Any, witness: Witness) -> None:
    """Ask for a layer of -5 units, and build it where that was accepted."""
    _helpful(
        witness, tf, "-5 units", lambda: tf.keras.layers.Dense(-5).build((None, 3)),
        thing="units", given="-5", wanted="positive integer",
    )  # fmt: skip


@claim(
    "adoption.error-broken-units",
    "Units that are no whole number are refused with a message that names argument, number and what is expected.",
    section=SECTION,
    kind="prose",
)
@deviation(
    of="keras",
    until="2",
    cause="The number is cut to a whole one without a word: 2.5 gives two units.",
    source=f"{_KERAS2}/layers/core/dense.py",
    symptom="2.5 units: accepted without an error",
)
@deviation(
    of="keras",
    since="3.0",
    until="3.12",
    cause="Keras 3 does not check the number before 3.13: a layer of 2.5 units can be made.",
    source="https://github.com/keras-team/keras/blob/v3.12.0/keras/src/layers/core/dense.py",
    symptom="2.5 units: accepted without an error",
)
@cured(planted.checked_layers)
@caught(planted.terse, planted.lenient)
@unmoved(planted.framed)
def error_broken_units(tf: Any, witness: Witness) -> None:
    """Ask for a layer of 2.5 units."""
    _helpful(
        witness, tf, "2.5 units", lambda: tf.keras.layers.Dense(2.5),
        thing="units", given=r"2\.5", wanted="positive integer",
    )  # fmt: skip


@claim(
    "adoption.error-dropout-rate",
    "A rate of dropout that is no share is refused with a message that names argument, number and what is expected.",
    section=SECTION,
    kind="prose",
)
@deviation(
    until="2.5",
    cause="The rate is not checked when the layer is made.",
    source=f"{_TF20}/layers/core.py",
    symptom="a rate of 20: accepted without an error",
)
@cured(planted.checked_layers)
@caught(planted.terse, planted.lenient)
@unmoved(planted.framed)
def error_dropout_rate(tf: Any, witness: Witness) -> None:
    """Ask for twenty, as if the rate were in percent."""
    _helpful(
        witness, tf, "a rate of 20", lambda: tf.keras.layers.Dropout(20),
        thing="rate", given=r"\b20\b", wanted="between 0 and 1",
    )  # fmt: skip
