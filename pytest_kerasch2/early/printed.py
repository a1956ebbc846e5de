"""Those code blocks that do not name TensorFlow, run as printed among names that Keras itself leaves."""

from __future__ import annotations

from typing import Any

from pytest_kerasch2.chapter import attempts
from pytest_kerasch2.claims.marks import caught, cured, deviation
from pytest_kerasch2.claims.witness import Witness
from pytest_kerasch2.early import faults
from pytest_kerasch2.early.configuration import ENGINES, SOURCE
from pytest_kerasch2.early.facts import Facts
from pytest_kerasch2.early.facts import told_otherwise as told
from pytest_kerasch2.early.marks import decides

SETTINGS, TRAINING, SAVING = "printed.settings", "printed.training", "printed.saving"


def _ran(facts: Facts, witness: Witness, fact: str, block: str) -> Any:
    value = attempts.value(witness, "the block as printed", facts.value(fact, witness)[block])
    witness.saw("the block as printed: runs")
    return value


@decides("blocks.import-backend")
@caught(told("no keras package", SETTINGS, "import-backend", to={"error": "ImportError: no"}))
def import_backend(facts: Facts, witness: Witness) -> None:
    """Run the block."""
    witness.equal("K is", expected="keras.backend", actual=_ran(facts, witness, SETTINGS, "import-backend"))


@decides("blocks.constant-signature")
@caught(told("constants in double", SETTINGS, "constant-signature", to={"value": 6.0}))
def constant_signature(facts: Facts, witness: Witness) -> None:
    """Run the signature as a call."""
    witness.equal("constant of 3.0", expected=3.0, actual=_ran(facts, witness, SETTINGS, "constant-signature"))


@decides("blocks.training-numbers")
@caught(told("no break space", SETTINGS, "training-numbers", to={"error": "SyntaxError: invalid character"}))
def training_numbers(facts: Facts, witness: Witness) -> None:
    """Run the block."""
    witness.equal("rounds and batch size", expected=[10, 32], actual=_ran(facts, witness, SETTINGS, "training-numbers"))


@decides("blocks.set-floatx")
@deviation(
    of="keras",
    backends=ENGINES,
    cause="no block imports `keras`: the chapter calls the module tensorflow.keras, which this block does not",
    source=f"{SOURCE}/backend/common.py",
    symptom="NameError: name 'keras' is not defined",
)
@cured(told("keras imported", SETTINGS, "set-floatx", to={"value": "float16"}))
@caught(told("deaf set floatx", SETTINGS, "set-floatx", to={"value": "float32"}))
def set_floatx(facts: Facts, witness: Witness) -> None:
    """Run the block, with float16 for the precision."""
    witness.equal("precision after it", expected="float16", actual=_ran(facts, witness, SETTINGS, "set-floatx"))


def _trains(facts: Facts, witness: Witness, style: str) -> None:
    found = _ran(facts, witness, TRAINING, style)
    witness.equal("epochs printed, of two", expected=2, actual=found["epochs"])
    witness.equal("the weights have moved", expected=True, actual=found["moved"])


def _evaluates(facts: Facts, witness: Witness, style: str) -> None:
    witness.equal("scores", expected=2, actual=_ran(facts, witness, TRAINING, style)["scores"])


@decides("blocks.fit")
@caught(faults.NOTHING_LEARNED, told("idle fit", TRAINING, "sequential-list", "value", "moved", to=False))
def fit(facts: Facts, witness: Witness) -> None:
    """Run the block on a model of the first way, for two epochs of drawn images."""
    _trains(facts, witness, "sequential-list")


@decides("blocks.evaluate")
@caught(told("loss alone", TRAINING, "sequential-list", "value", "scores", to=1))
def evaluate(facts: Facts, witness: Witness) -> None:
    """Run the block on a model of the first way."""
    _evaluates(facts, witness, "sequential-list")


@decides("blocks.second-fit")
@caught(faults.NOTHING_LEARNED, told("idle fit", TRAINING, "sequential-add", "value", "moved", to=False))
def second_fit(facts: Facts, witness: Witness) -> None:
    """Run the block on a model of the second way, for two epochs of drawn images."""
    _trains(facts, witness, "sequential-add")


@decides("blocks.second-evaluate")
@caught(told("loss alone", TRAINING, "sequential-add", "value", "scores", to=1))
def second_evaluate(facts: Facts, witness: Witness) -> None:
    """Run the block on a model of the second way."""
    _evaluates(facts, witness, "sequential-add")


@decides("blocks.save-model")
@caught(told("saves nothing", SAVING, "save-model", to={"value": []}))
def save_model(facts: Facts, witness: Witness) -> None:
    """Run the block on a model of the first way."""
    witness.equal("files", expected=["model_name.h5"], actual=_ran(facts, witness, SAVING, "save-model"))


@decides("blocks.save-weights")
@caught(told("saves nothing", SAVING, "save-weights", to={"value": ["model_name.h5"]}))
def save_weights(facts: Facts, witness: Witness) -> None:
    """Run the block on a model of the first way."""
    witness.contains("files", expected="model_weights.h5", actual=_ran(facts, witness, SAVING, "save-weights"))


@decides("blocks.load-weights")
@caught(told("weights left behind", SAVING, "same", to=False))
def load_weights(facts: Facts, witness: Witness) -> None:
    """Run the block on another model of the first way, beside the file that the block before it wrote."""
    _ran(facts, witness, SAVING, "load-weights")
    witness.equal("weights, bit for bit", expected=True, actual=facts.value(SAVING, witness)["same"])
