"""Those code blocks that do not name TensorFlow, run as printed among names that Keras itself leaves."""

from __future__ import annotations

from typing import Any

from pytest_kerasch2.checks import captured
from pytest_kerasch2.claims.decorators import detects, fixed_by, known_issue
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.early import faults
from pytest_kerasch2.early.configuration import ENGINES, SOURCE
from pytest_kerasch2.early.facts import Facts
from pytest_kerasch2.early.facts import told_otherwise as told
from pytest_kerasch2.early.marks import decides

SETTINGS, TRAINING, SAVING = "printed.settings", "printed.training", "printed.saving"


def _ran(facts: Facts, record: Recorder, fact: str, block: str) -> Any:
    value = captured.value(record, "the block as printed", facts.value(fact, record)[block])
    record.saw("the block as printed: runs")
    return value


@decides("blocks.import-backend")
@detects(told("no keras package", SETTINGS, "import-backend", to={"error": "ImportError: no"}))
def import_backend(facts: Facts, record: Recorder) -> None:
    """Run the block."""
    record.equal("K is", expected="keras.backend", actual=_ran(facts, record, SETTINGS, "import-backend"))


@decides("blocks.constant-signature")
@detects(told("constants in double", SETTINGS, "constant-signature", to={"value": 6.0}))
def constant_signature(facts: Facts, record: Recorder) -> None:
    """Run the signature as a call."""
    record.equal("constant of 3.0", expected=3.0, actual=_ran(facts, record, SETTINGS, "constant-signature"))


@decides("blocks.training-numbers")
@detects(told("no break space", SETTINGS, "training-numbers", to={"error": "SyntaxError: invalid character"}))
def training_numbers(facts: Facts, record: Recorder) -> None:
    """Run the block."""
    record.equal("rounds and batch size", expected=[10, 32], actual=_ran(facts, record, SETTINGS, "training-numbers"))


@decides("blocks.set-floatx")
@known_issue(
    of="keras",
    backends=ENGINES,
    cause="no block imports `keras`: the chapter calls the module tensorflow.keras, which this block does not",
    source=f"{SOURCE}/backend/common.py",
    symptom="NameError: name 'keras' is not defined",
)
@fixed_by(told("keras imported", SETTINGS, "set-floatx", to={"value": "float16"}))
@detects(told("deaf set floatx", SETTINGS, "set-floatx", to={"value": "float32"}))
def set_floatx(facts: Facts, record: Recorder) -> None:
    """Run the block, with float16 for the precision."""
    record.equal("precision after it", expected="float16", actual=_ran(facts, record, SETTINGS, "set-floatx"))


def _trains(facts: Facts, record: Recorder, style: str) -> None:
    found = _ran(facts, record, TRAINING, style)
    record.equal("epochs printed, of two", expected=2, actual=found["epochs"])
    record.equal("the weights have moved", expected=True, actual=found["moved"])


def _evaluates(facts: Facts, record: Recorder, style: str) -> None:
    record.equal("scores", expected=2, actual=_ran(facts, record, TRAINING, style)["scores"])


@decides("blocks.fit")
@detects(faults.NOTHING_LEARNED, told("idle fit", TRAINING, "sequential-list", "value", "moved", to=False))
def fit(facts: Facts, record: Recorder) -> None:
    """Run the block on a model of the first way, for two epochs of drawn images."""
    _trains(facts, record, "sequential-list")


@decides("blocks.evaluate")
@detects(told("loss alone", TRAINING, "sequential-list", "value", "scores", to=1))
def evaluate(facts: Facts, record: Recorder) -> None:
    """Run the block on a model of the first way."""
    _evaluates(facts, record, "sequential-list")


@decides("blocks.second-fit")
@detects(faults.NOTHING_LEARNED, told("idle fit", TRAINING, "sequential-add", "value", "moved", to=False))
def second_fit(facts: Facts, record: Recorder) -> None:
    """Run the block on a model of the second way, for two epochs of drawn images."""
    _trains(facts, record, "sequential-add")


@decides("blocks.second-evaluate")
@detects(told("loss alone", TRAINING, "sequential-add", "value", "scores", to=1))
def second_evaluate(facts: Facts, record: Recorder) -> None:
    """Run the block on a model of the second way."""
    _evaluates(facts, record, "sequential-add")


@decides("blocks.save-model")
@detects(told("saves nothing", SAVING, "save-model", to={"value": []}))
def save_model(facts: Facts, record: Recorder) -> None:
    """Run the block on a model of the first way."""
    record.equal("files", expected=["model_name.h5"], actual=_ran(facts, record, SAVING, "save-model"))


@decides("blocks.save-weights")
@detects(told("saves nothing", SAVING, "save-weights", to={"value": ["model_name.h5"]}))
def save_weights(facts: Facts, record: Recorder) -> None:
    """Run the block on a model of the first way."""
    record.contains("files", expected="model_weights.h5", actual=_ran(facts, record, SAVING, "save-weights"))


@decides("blocks.load-weights")
@detects(told("weights left behind", SAVING, "same", to=False))
def load_weights(facts: Facts, record: Recorder) -> None:
    """Run the block on another model of the first way, beside the file that the block before it wrote."""
    _ran(facts, record, SAVING, "load-weights")
    record.equal("weights, bit for bit", expected=True, actual=facts.value(SAVING, record)["same"])
