"""What Keras says to a user's mistakes; `chapter.adoption_errors` says what makes a message helpful."""

from __future__ import annotations

import re
from typing import Any, Callable

from pytest_kerasch2.claims.decorators import detects, fixed_by, known_issue
from pytest_kerasch2.claims.recorder import Recorder, steady
from pytest_kerasch2.early.configuration import ENGINES, SOURCE
from pytest_kerasch2.early.facts import Facts
from pytest_kerasch2.early.facts import told_otherwise as told
from pytest_kerasch2.early.marks import decides
from pytest_kerasch2.errors import ClaimBroken

MESSAGES = "mistakes.messages"
_ADVICE = r"(?i)please|must be|should be|one of|expected"
_NO_HINT = "The message names the unknown name, and neither what is accepted nor what to do."
Checker = Callable[[Facts, Recorder], None]


def _helpful(record: Recorder, mistake: str, answer: Any, *, thing: str, given: str, wanted: str) -> None:
    """Require an error whose message has all that makes it helpful; the three are regular expressions."""
    if answer["kind"] is None:
        record.saw(f"{mistake}: accepted without an error")
        raise ClaimBroken(f"{mistake} is accepted without an error", "no error")
    message = answer["text"]
    record.saw(f"{mistake}: {answer['kind']}: {message}")
    for what, pattern in (("what is wrong", thing), ("what was given", given), ("what was expected", wanted)):
        if not re.search(pattern, message):
            record.saw(f"{mistake}: the message does not name {what} ({pattern})")
            raise ClaimBroken(f"The message about {mistake} does not name {what}", steady(message))


def _both(name: str, fact: str = MESSAGES) -> tuple[Any, Any]:
    """Return the two faults that every such check must catch: a message of one word, and none."""
    place = (name,) if fact == MESSAGES else ()
    terse = told("terse", fact, *place, to={"kind": "ValueError", "text": "invalid"})
    return terse, told("lenient", fact, *place, to={"kind": None, "text": None})


def _says(name: str, text: str, fact: str = MESSAGES) -> Any:
    place = (name,) if fact == MESSAGES else ()
    return told("says what is wrong", fact, *place, to={"kind": "ValueError", "text": text})


def _judge(facts: Facts, record: Recorder, name: str, mistake: str, thing: str, given: str, wanted: str) -> None:
    answer = facts.value(MESSAGES, record)[name]
    _helpful(record, mistake, answer, thing=thing, given=given, wanted=wanted)


@decides("adoption.error-input-shape")
@detects(*_both("input-shape"))
def error_input_shape(facts: Facts, record: Recorder) -> None:
    """Train a model of 784 inputs on rows of 100 numbers."""
    _judge(facts, record, "input-shape", "rows of 100 for 784 inputs", "(?i)input", r"\(100,\)", "784")


@decides("adoption.error-not-compiled")
@detects(*_both("not-compiled"))
def error_not_compiled(facts: Facts, record: Recorder) -> None:
    """Train a model that was never compiled."""
    before = "(?i)before (using|training)|must compile"
    _judge(facts, record, "not-compiled", "fit before compile", "model", before, "(?i)must compile.*model.compile")


@decides("adoption.error-label-shape")
@detects(*_both("label-shape"))
def error_label_shape(facts: Facts, record: Recorder) -> None:
    """Return whole-number labels to a loss that wants a row of ten for each image."""
    _judge(facts, record, "label-shape", "labels (8,) for an output (8, 10)", "(?i)target|label", r"\(1,\)", r"\(10,\)")


@decides("adoption.error-label-range")
@known_issue(
    of="keras",
    backends=("cntk",),
    cause="On CNTK a label beyond the classes becomes a row of zeros, and the training goes on.",
    source="https://github.com/keras-team/keras/blob/2.2.4/keras/backend/cntk_backend.py",
    symptom="the label 10 of ten classes: accepted without an error",
)
@fixed_by(
    _says("", "Received a label value of 10 which is outside the valid range of [0, 10).", "mistakes.label_range")
)
@detects(*_both("", "mistakes.label_range"))
def error_label_range(facts: Facts, record: Recorder) -> None:
    """Train ten classes on labels up to 10."""
    _helpful(
        record, "the label 10 of ten classes", facts.value("mistakes.label_range", record),
        thing="label", given=r"value of 10\b", wanted=r"range of \[0, 10\)",
    )  # fmt: skip


@decides("adoption.error-cardinality")
@detects(*_both("cardinality"))
def error_cardinality(facts: Facts, record: Recorder) -> None:
    """Train on eight images and seven labels."""
    both = r"(?s)\b8\b.*\b7\b"
    _judge(facts, record, "cardinality", "8 images and 7 labels", "sizes|samples", both, "should have the same")


@decides("adoption.error-rank")
@detects(*_both("rank"))
def error_rank(facts: Facts, record: Recorder) -> None:
    """Return images without channels to a convolution."""
    _judge(facts, record, "rank", "images without channels", "conv2d", "found ndim=3", "expected (min_)?ndim=4")


@decides("adoption.error-weights-shape")
@detects(*_both("weights-shape"))
def error_weights_shape(facts: Facts, record: Recorder) -> None:
    """Set weights of 3 by 3 where 784 by 10 belong; CNTK calls them by the name of the variable."""
    given, wanted = r"\(3, 3\)|\[3 x 3\]", r"\(784, 10\)|\[784 x 10\]"
    _judge(facts, record, "weights-shape", "weights of (3, 3)", "weight|kernel", given, wanted)


@decides("adoption.error-not-a-layer")
@detects(*_both("not-a-layer"))
def error_not_a_layer(facts: Facts, record: Recorder) -> None:
    """Add the word `Dense` to a model."""
    _judge(facts, record, "not-a-layer", "a word added as a layer", "(?i)added", "Dense", "instance of class Layer")


def _unknown(name: str, source: str, symptom: str, text: str) -> Callable[[Any], Any]:
    """Return what stands above each check of an unknown name."""

    def mark(function: Any) -> Any:
        function = detects(*_both(f"unknown-{name}"))(function)
        function = fixed_by(_says(f"unknown-{name}", text))(function)
        function = known_issue(of="keras", backends=ENGINES, cause=_NO_HINT, source=source, symptom=symptom)(function)
        return decides(f"adoption.error-unknown-{name}")(function)

    return mark


@_unknown("loss", f"{SOURCE}/utils/generic_utils.py", "Unknown loss function", "The loss crossentropi must be one of")
def error_unknown_loss(facts: Facts, record: Recorder) -> None:
    """Misspell the loss."""
    _judge(facts, record, "unknown-loss", "an unknown loss", "loss", "crossentropi\\b", _ADVICE)


@_unknown("optimizer", f"{SOURCE}/utils/generic_utils.py", "Unknown optimizer", "The optimizer adamm must be one of")
def error_unknown_optimizer(facts: Facts, record: Recorder) -> None:
    """Misspell the optimizer."""
    _judge(facts, record, "unknown-optimizer", "an unknown optimizer", "optimizer", "adamm", _ADVICE)


@_unknown("metric", f"{SOURCE}/utils/generic_utils.py", "Unknown metric function", "The metric acuracy must be one of")
def error_unknown_metric(facts: Facts, record: Recorder) -> None:
    """Misspell the metric."""
    _judge(facts, record, "unknown-metric", "an unknown metric", "metric", "acuracy", _ADVICE)


@_unknown("activation", f"{SOURCE}/utils/generic_utils.py", "Unknown activation", "The activation relo must be one of")
def error_unknown_activation(facts: Facts, record: Recorder) -> None:
    """Misspell the activation."""
    _judge(facts, record, "unknown-activation", "an unknown activation", "activation", "relo\\b", _ADVICE)


@decides("adoption.error-unknown-argument")
@known_issue(
    of="keras",
    backends=ENGINES,
    cause="The message names the argument alone, neither the layer nor what it accepts.",
    source=f"{SOURCE}/engine/base_layer.py",
    symptom="Keyword argument not understood",
)
@fixed_by(_says("unknown-argument", "Dense does not take activaton; it must be one of units, activation"))
@detects(*_both("unknown-argument"))
def error_unknown_argument(facts: Facts, record: Recorder) -> None:
    """Misspell `activation`."""
    _judge(facts, record, "unknown-argument", "a misspelt argument", "Dense", "activaton", _ADVICE)


@decides("adoption.error-negative-units")
@known_issue(
    of="keras",
    backends=ENGINES,
    cause="The number is not checked; a shape is refused later, if at all, in words that name no argument.",
    source=f"{SOURCE}/layers/core.py",
    symptom=r"-5 units: (accepted|the message does not name what is wrong)",
)
@fixed_by(_says("negative-units", "units is -5, and must be a positive integer"))
@detects(*_both("negative-units"))
def error_negative_units(facts: Facts, record: Recorder) -> None:
    """Ask for a layer of -5 units, and build it where that was accepted."""
    _judge(facts, record, "negative-units", "-5 units", "units", "-5", "positive integer")


@decides("adoption.error-broken-units")
@known_issue(
    of="keras",
    backends=ENGINES,
    cause="The number is not checked when the layer is made.",
    source=f"{SOURCE}/layers/core.py",
    symptom="2.5 units: accepted without an error",
)
@fixed_by(_says("broken-units", "units is 2.5, and must be a positive integer"))
@detects(*_both("broken-units"))
def error_broken_units(facts: Facts, record: Recorder) -> None:
    """Ask for a layer of 2.5 units."""
    _judge(facts, record, "broken-units", "2.5 units", "units", r"2\.5", "positive integer")


@decides("adoption.error-dropout-rate")
@known_issue(
    of="keras",
    backends=ENGINES,
    cause="The rate is cut to a share between 0 and 1 without a word.",
    source=f"{SOURCE}/layers/core.py",
    symptom="a rate of 20: accepted without an error",
)
@fixed_by(_says("dropout-rate", "the rate is 20, and must lie between 0 and 1"))
@detects(*_both("dropout-rate"))
def error_dropout_rate(facts: Facts, record: Recorder) -> None:
    """Ask for twenty, as if the rate were in percent."""
    _judge(facts, record, "dropout-rate", "a rate of 20", "rate", r"\b20\b", "between 0 and 1")
