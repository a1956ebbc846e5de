"""Saving and loading."""

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
from pytest_kerasch2.errors import ClaimBroken

SERIALISING = f"{SOURCE}/engine/saving.py"
FILES, WEIGHTS, ALONE, HELD, LOADED = (
    f"saving.{name}" for name in ("files", "weights_files", "weights_alone", "held", "loaded")
)
OF_LAYERS = ("sequential-list", "sequential-add", "functional")
STYLES = (*OF_LAYERS, "subclass")
_HELD = {"saved": {"value": None}, "folder": False, "same": {"value": True}}
_NO_CLASS = "A subclassed model, whose architecture is code, cannot be written to an HDF5 file."
_LEFT_OUT = told("weights left out", "saving.loaded", "predictions", to=False)


@decides("saving.current-folder")
@detects(told("saves nothing", "saving.names", "files", to=[]), told("beside", "saving.names", "files", to=["a", "b"]))
def current_folder(facts: Facts, record: Recorder) -> None:
    """Save from within an empty folder."""
    record.equal(
        "what the folder holds", expected=["model_name.h5"], actual=facts.value("saving.names", record)["files"]
    )


@decides("saving.longer-path")
@detects(
    faults.WEIGHTS_LEFT_OUT,
    told("saves beside", "saving.names", "relative", "files", to=[]),
    told("weights left out", "saving.names", "absolute", "same", to={"value": False}),
)
def longer_path(facts: Facts, record: Recorder) -> None:
    """Save under a relative and under an absolute path of several folders."""
    found = facts.value("saving.names", record)
    for name in ("relative", "absolute"):
        record.contains(f"after saving to the {name} path", expected=f"{name}.h5", actual=found[name]["files"])
        same = captured.value(record, f"loading from the {name} path", found[name]["same"])
        record.equal("weights are the same, bit for bit", expected=True, actual=same)


def _there_and_back(facts: Facts, record: Recorder, ending: str, styles: tuple[str, ...]) -> None:
    for style in styles:
        found = facts.value(FILES, record)[ending][style]
        captured.value(record, f"saving {style}", found["saved"])
        if ending == "folder":
            kind = "folder" if found["folder"] else "file"
            record.equal(f"{style} is saved as a", expected="folder", actual=kind)
        same = captured.value(record, f"loading {style}", found["same"])
        record.equal(f"{style}: the same predictions, bit for bit", expected=True, actual=same)


@decides("saving.model-file")
@detects(
    told("weights left out", FILES, "h5", "sequential-add", "same", to={"value": False}),
    told("not loaded", FILES, "h5", "functional", "same", to={"error": "ValueError: no"}),
)
def model_file(facts: Facts, record: Recorder) -> None:
    """Train a step, save, load and compare."""
    _there_and_back(facts, record, "h5", OF_LAYERS)


@decides("saving.model-file-subclass")
@known_issue(
    of="keras", backends=ENGINES, cause=_NO_CLASS, source=SERIALISING, symptom="saving subclass: NotImplementedError"
)
@fixed_by(told("classes written", FILES, "h5", "subclass", to=_HELD))
@detects(told("weights left out", FILES, "h5", "subclass", to={**_HELD, "same": {"value": False}}))
def model_file_subclass(facts: Facts, record: Recorder) -> None:
    """Train a step, save, load and compare."""
    _there_and_back(facts, record, "h5", ("subclass",))


@decides("saving.keras-file")
@detects(told("weights left out", FILES, "keras", "functional", "same", to={"value": False}))
def keras_file(facts: Facts, record: Recorder) -> None:
    """Train a step, save, load and compare."""
    _there_and_back(facts, record, "keras", OF_LAYERS)


@decides("saving.keras-file-subclass")
@known_issue(
    of="keras", backends=ENGINES, cause=_NO_CLASS, source=SERIALISING, symptom="saving subclass: NotImplementedError"
)
@fixed_by(told("classes written", FILES, "keras", "subclass", to=_HELD))
@detects(told("weights left out", FILES, "keras", "subclass", to={**_HELD, "same": {"value": False}}))
def keras_file_subclass(facts: Facts, record: Recorder) -> None:
    """Train a step, save, load and compare."""
    _there_and_back(facts, record, "keras", ("subclass",))


@decides("saving.folder")
@known_issue(
    of="keras",
    backends=ENGINES,
    cause="Under every name Keras up to 2.3 writes one HDF5 file.",
    source=SERIALISING,
    symptom="is saved as a: file, not folder",
)
@fixed_by(told("folders written", FILES, "folder", to=lambda all_: {name: {**_HELD, "folder": True} for name in all_}))
@detects(
    told("weights left out", FILES, "folder", "functional", to={**_HELD, "folder": True, "same": {"value": False}})
)
def folder(facts: Facts, record: Recorder) -> None:
    """Save, load and compare."""
    _there_and_back(facts, record, "folder", STYLES)


def _weights(facts: Facts, record: Recorder, name: str) -> None:
    for style in STYLES:
        found = captured.value(record, f"{style}, there and back", facts.value(WEIGHTS, record)[name][style])
        record.equal(f"{style}: weights, bit for bit", expected=True, actual=found["weights"])
        record.equal(f"{style}: predictions, bit for bit", expected=True, actual=found["predictions"])


@decides("saving.weights-file")
@detects(told("weights left behind", WEIGHTS, "./model_weights.h5", "subclass", "value", "weights", to=False))
def weights_file(facts: Facts, record: Recorder) -> None:
    """Save the weights, load them into another model of the style and compare."""
    _weights(facts, record, "./model_weights.h5")


@decides("saving.weights-h5-file")
@detects(told("weights left behind", WEIGHTS, "./model.weights.h5", "functional", to={"error": "ValueError: no"}))
def weights_h5_file(facts: Facts, record: Recorder) -> None:
    """Save the weights, load them into another model of the style and compare."""
    _weights(facts, record, "./model.weights.h5")


@decides("saving.weights-only")
@detects(
    told("weights left empty", ALONE, "held", "arrays", to=0), told("more", ALONE, "held", "others", to=["training"])
)
def weights_only(facts: Facts, record: Recorder) -> None:
    """Look into the file."""
    found = facts.value(ALONE, record)["held"]
    record.equal("arrays of the layers", expected=4, actual=found["arrays"])
    record.equal("what else it holds", expected=[], actual=found["others"])


def _refused(facts: Facts, record: Recorder, names: tuple[str, ...]) -> None:
    for name in names:
        answer = facts.value(ALONE, record)[name]
        record.saw(f"into {name}: {answer['kind'] or 'no error'}: {answer['text'] or ''}")
        if answer["kind"] is None:
            raise ClaimBroken(f"Loading weights into {name} raises nothing", "no error")


_ACCEPTED = {"kind": None, "text": None}


@decides("saving.weights-need-model")
@detects(
    *(told("loads without a word", ALONE, name, to=_ACCEPTED) for name in ("sequential-list", "subclass", "no model"))
)
def weights_need_model(facts: Facts, record: Recorder) -> None:
    """Try to load a file of weights into models that have none yet, and without a model."""
    _refused(facts, record, ("sequential-list", "subclass", "no model"))


@decides("saving.weights-fit")
@detects(told("loads without a word", ALONE, "shorter", to=_ACCEPTED))
def weights_fit(facts: Facts, record: Recorder) -> None:
    """Try to load a file of weights into a wider model and into one that lacks a layer."""
    _refused(facts, record, ("shorter", "wider"))


# -- what the file holds


@decides("saving.holds-architecture")
@detects(told("wider in file", HELD, "dense", 0, to=[17, "relu"]), told("left out", HELD, "layers", to=[]))
def holds_architecture(facts: Facts, record: Recorder) -> None:
    """Walk the file."""
    found = facts.value(HELD, record)
    kinds = ["InputLayer", "Flatten", "Dense", "Dropout", "Dense"]
    record.equal("its layers", expected=kinds, actual=found["layers"])
    record.equal("its dense layers", expected=[[16, "relu"], [10, "softmax"]], actual=found["dense"])
    record.equal("its dropout", expected=[0.2], actual=found["rate"])


@decides("saving.holds-weights")
@detects(told("one array zero", HELD, "weights same", to=False), told("one more", HELD, "arrays", to=5))
def holds_weights(facts: Facts, record: Recorder) -> None:
    """Read the arrays out of the file by their names and compare them with the model's."""
    found = facts.value(HELD, record)
    record.equal("kernels and biases of d1 and d2, bit for bit", expected=True, actual=found["weights same"])
    record.equal("arrays in all", expected=4, actual=found["arrays"])


@decides("saving.holds-loss")
@detects(told("another loss", HELD, "loss", to="mse"))
def holds_loss(facts: Facts, record: Recorder) -> None:
    """Walk the file."""
    record.equal("the loss", expected="sparse_categorical_crossentropy", actual=facts.value(HELD, record)["loss"])


def _same_settings(record: Recorder, config: Any) -> None:
    # Keras 2.2 says lr where 2.3 says learning_rate.
    rate = config.get("learning_rate", config.get("lr"))
    for name, wanted, given in (("learning rate", 0.0025, rate), ("beta_1", 0.8, config.get("beta_1"))):
        record.true(f"{name} is kept", holds=given is not None, found=given)
        record.close(name, expected=wanted, actual=given, within=1e-7)


@decides("saving.holds-optimizer")
@detects(told("hyperparameter left out", HELD, "optimizer", "config", to={}))
def holds_optimizer(facts: Facts, record: Recorder) -> None:
    """Walk the file of a model whose optimizer has other hyper-parameters than the default ones."""
    config = facts.value(HELD, record)["optimizer"]
    record.equal("the optimizer", expected="Adam", actual=config["class_name"])
    _same_settings(record, config["config"])


@decides("saving.holds-optimizer-state")
@detects(
    told("optimizer state left out", HELD, "state", "missing", to=8),
    told("moments from zero", HELD, "state", "of the weights' shapes", to=0),
    told("steps lost", HELD, "numbers without an axis", to=[0.0]),
)
def holds_optimizer_state(facts: Facts, record: Recorder) -> None:
    """Compare the optimizer's arrays in the file with those in memory."""
    found = facts.value(HELD, record)
    record.equal("arrays that the file lacks", expected=0, actual=found["state"]["missing"])
    running = found["state"]["of the weights' shapes"]
    record.equal("running means, two for each of four weights", expected=8, actual=running)
    record.contains("step count", expected=2.0, actual=found["numbers without an axis"])


# -- what comes back


@decides("saving.equal-predictions")
@detects(faults.WEIGHTS_LEFT_OUT, _LEFT_OUT, told("other weights", LOADED, "weights", to=False))
def equal_predictions(facts: Facts, record: Recorder) -> None:
    """Compare the probabilities and the weights."""
    found = facts.value(LOADED, record)
    record.equal("predictions, bit for bit", expected=True, actual=found["predictions"])
    record.equal("weights, bit for bit", expected=True, actual=found["weights"])


@decides("saving.loaded-compiled")
@detects(
    faults.WEIGHTS_LEFT_OUT,
    told("loads uncompiled", LOADED, "optimizer", to="NoneType"),
    told("another loss", LOADED, "scores", 1, 0, to=9.0),
    told("metrics forgotten", LOADED, "scores", to=[[1.0], [1.0]]),
    told("hyperparameter left out", LOADED, "settings", "beta_1", to=0.9),
)
def loaded_compiled(facts: Facts, record: Recorder) -> None:
    """Evaluate both models, which takes loss and metrics, and compare the optimizers."""
    found = facts.value(LOADED, record)
    record.equal("the optimizer", expected="Adam", actual=found["optimizer"])
    _same_settings(record, found["settings"])
    same = found["scores"][0] == found["scores"][1]
    record.true("loss and accuracy of the loaded model are the saved one's", holds=same, found=same)
    record.equal("numbers that evaluating gives", expected=2, actual=len(found["scores"][1]))


@decides("saving.uncompiled-stays")
@detects(
    told("loads compiled anyway", LOADED, "uncompiled", "optimizer", to="RMSprop"),
    told("evaluates anyway", LOADED, "uncompiled", "evaluating", to=_ACCEPTED),
)
def uncompiled_stays(facts: Facts, record: Recorder) -> None:
    """Save a model that was never compiled, and try to evaluate the loaded one."""
    found = facts.value(LOADED, record)["uncompiled"]
    record.equal("the optimizer", expected="NoneType", actual=found["optimizer"])
    refused = found["evaluating"]["kind"]
    record.contains("evaluating", expected=refused, actual=("RuntimeError", "ValueError"))


@decides("saving.optimizer-state-loaded")
@detects(
    told("moments from zero", "saving.states", "functional", "same", to=False),
    told("loads uncompiled", "saving.states", "sequential-list", "loaded", to=0),
)
def optimizer_state_loaded(facts: Facts, record: Recorder) -> None:
    """Compare the optimizers' variables bit for bit."""
    for style, found in facts.value("saving.states", record).items():
        record.equal(f"{style}: variables of the loaded optimizer", expected=found["saved"], actual=found["loaded"])
        record.equal(f"{style}: equal, bit for bit", expected=True, actual=found["same"])


def _trained_on(facts: Facts, record: Recorder, case: str) -> Any:
    found = captured.value(record, f"{case}, continued", facts.value("saving.continued", record)[case])
    record.equal(f"{case}: loaded weights, bit for bit", expected=True, actual=found["loaded same"])
    return found


@decides("saving.continues-without-dropout")
@detects(told("moments from zero", "saving.continued", "functional 0.0", "value", "same after", 0, to=False))
def continues_without_dropout(facts: Facts, record: Recorder) -> None:
    """Train two steps, save, train two more in memory and from the file."""
    for style in ("sequential-list", "functional"):
        found = _trained_on(facts, record, f"{style} 0.0")
        record.equal(f"{style}: arrays equal after training on", expected=[True] * 4, actual=found["same after"])


@decides("saving.continues-with-dropout")
@detects(
    told("steps from zero", "saving.states", "functional", "same", to=False),
    told("loads uncompiled", "saving.states", "functional", "loaded", to=0),
    told("one array zero", "saving.continued", "functional 0.2", "value", "loaded same", to=False),
    told("not trained", "saving.continued", "functional 0.2", to={"error": "RuntimeError: not compiled"}),
    told("learns too fast", "saving.continued", "functional 0.2", "value", "apart", to=2.0),
)
def continues_with_dropout(facts: Facts, record: Recorder) -> None:
    """Train two steps, save, train two more in memory and from the file, each with other units dropped."""
    state = facts.value("saving.states", record)["functional"]
    record.equal("variables of the loaded optimizer", expected=state["saved"], actual=state["loaded"])
    record.equal("its count of steps and its running means, bit for bit", expected=True, actual=state["same"])
    found = _trained_on(facts, record, "functional 0.2")
    # Two steps of Adam move a weight by about twice its rate of 0.001, and two models may go either way.
    record.at_most("weights lie apart after training on by", limit=0.004, actual=round(found["apart"], 4))
