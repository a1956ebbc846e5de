"""Sequential model: the workflow on drawn images, by the packaged checks, which look at its outcome alone."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pytest_kerasch2.chapter import sequential_evaluating as evaluating
from pytest_kerasch2.chapter import sequential_printing as printing
from pytest_kerasch2.chapter import sequential_training as training
from pytest_kerasch2.chapter.trials import Trial
from pytest_kerasch2.claims.marks import caught, cured, deviation
from pytest_kerasch2.claims.witness import Witness
from pytest_kerasch2.early import faults
from pytest_kerasch2.early.facts import Facts
from pytest_kerasch2.early.facts import told_otherwise as told
from pytest_kerasch2.early.marks import decides

WORKFLOW, COMPILED, LOSSES, ALIKE = "training.workflow", "training.compiled", "training.losses", "training.alike"
RENAMED = "https://github.com/keras-team/keras/releases/tag/2.3.0"
EPOCHS = 3


def _workflow(facts: Facts, witness: Witness) -> Trial:
    """Give the outcome as the packaged checks want it; what Keras 2.2 calls `acc` goes by its later name."""
    found = facts.value(WORKFLOW, witness)
    history = {{"acc": "accuracy"}.get(name, name): values for name, values in found["history"].items()}
    labels, predicted = np.array(found["labels"]), np.array(found["predicted"])
    more: dict[str, Any] = {name: _last_states(found[name]) for name in ("fit_text", "evaluate_text")}
    for name in ("loss_before", "steps", "evaluated", "default_steps", "whole_steps"):
        more[name] = found[name]
    return Trial(labels=labels, history=history, predicted=predicted, **more)


def _last_states(text: str) -> str:
    """Give a print-out without the states that a terminal overwrites: away from one each has a line of its own."""
    return "\n".join(line for line in text.splitlines() if "ETA" not in line)


def _fit_text(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


def _accuracy_unprinted(text: str) -> str:
    return "\n".join(line.split(" - acc")[0] for line in text.splitlines())


def _doubled(found: Any) -> Any:
    return {**found, "history": {name: [2 * one for one in ones] for name, ones in found["history"].items()}}


NOTHING_LEARNED = told("nothing learned", WORKFLOW, "loss_before", to=0.001)
ONE_LOST = told("one prediction lost", WORKFLOW, "predicted", to=lambda rows: rows[:-1])
SILENT = told("fitted silently", WORKFLOW, "fit_text", to="")
FORGOTTEN = told("metrics forgotten", WORKFLOW, "evaluated", to=lambda pair: pair[:1])
REVERSED = told("evaluated in reverse", WORKFLOW, "evaluated", to=lambda pair: pair[::-1])
HALVED = told("loss halved", WORKFLOW, "evaluated", 0, to=lambda loss: loss / 2)


@decides("sequential.workflow")
@caught(faults.NOTHING_LEARNED, NOTHING_LEARNED, ONE_LOST)
def whole_workflow(facts: Facts, witness: Witness) -> None:
    """Go through it once; at its end the predictions fit the images better than before."""
    training.whole_workflow(_workflow(facts, witness), witness)


@decides("sequential.compile-attaches")
@caught(told("another optimizer", COMPILED, "the optimizer given", to=False), told("none", COMPILED, "values", to=1))
def compile_attaches(facts: Facts, witness: Witness) -> None:
    """Compile as printed and look at what the model then has; the metric shows in one evaluation."""
    found = facts.value(COMPILED, witness)
    witness.true("the model's optimizer is the one given", holds=found["the optimizer given"], found=found["optimizer"])
    witness.equal("the model's loss", expected="sparse_categorical_crossentropy", actual=found["loss"])
    witness.equal("values of an evaluation", expected=2, actual=found["values"])


@decides("sequential.batches-or-at-once")
@caught(told("batches of at most 32", WORKFLOW, "whole_steps", to=3))
def batches_or_at_once(facts: Facts, witness: Witness) -> None:
    """Count the adjustments made by an epoch with batches, and by one with all images as one batch."""
    training.batches_or_at_once(_workflow(facts, witness), witness)


@decides("sequential.evaluate-establishes")
@caught(FORGOTTEN, HALVED)
def evaluate_establishes(facts: Facts, witness: Witness) -> None:
    """Compare what evaluate gives, in whatever order, with what the predictions say."""
    evaluating.evaluate_establishes(_workflow(facts, witness), witness)


@decides("sequential.predict-new-data")
@caught(
    ONE_LOST, told("probabilities doubled", WORKFLOW, "predicted", to=lambda rows: [[2 * p for p in r] for r in rows])
)
def predict_rows(facts: Facts, witness: Witness) -> None:
    """Look at shape, signs and sums of what predict gives."""
    evaluating.predict_rows(_workflow(facts, witness), witness)


@decides("sequential-first.batch-default")
@caught(told("default batch of 33", WORKFLOW, "default_steps", to=32))
def batch_default(facts: Facts, witness: Witness) -> None:
    """Count the adjustments of one epoch without a batch size: 33 for 1056 images mean 32 in a batch."""
    found = facts.value(WORKFLOW, witness)
    witness.saw(f"the signature itself says batch_size={found['default_batch']}")
    witness.equal("steps for 1056 images", expected=33, actual=found["default_steps"])


@decides("sequential-first.epochs")
@caught(told("epoch short", WORKFLOW, "steps", to=6))
def epochs(facts: Facts, witness: Witness) -> None:
    """Count the adjustments that three epochs make, and the epochs that `fit` reports."""
    training.epochs(_workflow(facts, witness), witness)


@decides("sequential-first.loss-falls")
@caught(faults.NOTHING_LEARNED, NOTHING_LEARNED)
def loss_falls(facts: Facts, witness: Witness) -> None:
    """Compare the cross entropy of the images before training, in the last epoch, and after it."""
    training.loss_falls(_workflow(facts, witness), witness)


@decides("sequential-first.fit-history")
@caught(told("history without accuracy", WORKFLOW, "history", to=lambda all_: {"loss": all_["loss"]}))
def fit_history(facts: Facts, witness: Witness) -> None:
    """Look into the history that it gives back, where Keras 2.2 calls the accuracy `acc`."""
    names = sorted(facts.value(WORKFLOW, witness)["history"])
    witness.saw(f"names in the history: {', '.join(names)}")
    training.fit_history(_workflow(facts, witness), witness)


@decides("sequential-first.fit-prints")
@caught(
    told("epochs from zero", WORKFLOW, "fit_text", to=_fit_text("Epoch 1/", "Epoch 0/")),
    told("accuracy unprinted", WORKFLOW, "fit_text", to=_accuracy_unprinted),
    SILENT,
)
def fit_prints(facts: Facts, witness: Witness) -> None:
    """Read the print-out."""
    printing.fit_prints(_workflow(facts, witness), witness)


@decides("sequential-first.printed-figures")
@caught(told("figures doubled", WORKFLOW, to=_doubled))
def printed_figures(facts: Facts, witness: Witness) -> None:
    """Compare what is printed with what `fit` gives back; the last printed place may be rounded."""
    printing.printed_figures(_workflow(facts, witness), witness)


@decides("sequential-first.metric-called-acc")
@deviation(
    of="keras",
    since="2.3",
    backends=("theano", "cntk"),
    cause="Keras 2.3 keeps the name given to compile, `accuracy`; up to 2.2 it printed `acc`.",
    source=RENAMED,
    symptom=r"names printed: .*accuracy",
)
@cured(told("printed as acc", WORKFLOW, "fit_text", to=_fit_text("accuracy:", "acc:")))
@caught(told("accuracy unprinted", WORKFLOW, "fit_text", to=_accuracy_unprinted))
def metric_called_acc(facts: Facts, witness: Witness) -> None:
    """Read the names in the print-out."""
    printing.metric_called_acc(_workflow(facts, witness), witness)


@decides("sequential-first.loss-printed-first")
@caught(told("loss dropped", WORKFLOW, "fit_text", to=lambda text: text.replace("loss:", "lost")))
def loss_comes_first(facts: Facts, witness: Witness) -> None:
    """Read the order in the print-out; the accuracy counts under its short name too."""
    workflow = _workflow(facts, witness)
    text = workflow.fit_text.replace("acc:", "accuracy:")
    printing.loss_comes_first(Trial(**{**vars(workflow), "fit_text": text}), witness)


@decides("sequential-first.fit-counts-images")
@caught(told("target one more", WORKFLOW, "fit_text", to=_fit_text("96/96", "96/97")))
def fit_counts_images(facts: Facts, witness: Witness) -> None:
    """Read the last count in the print-out of 96 images."""
    printing.fit_counts_images(_workflow(facts, witness), witness)


@decides("sequential-first.evaluate-counts-images")
@caught(told("target one more", WORKFLOW, "evaluate_text", to=_fit_text("96/96", "96/97")))
def evaluate_counts_images(facts: Facts, witness: Witness) -> None:
    """Read the last count in the print-out of 96 images."""
    printing.evaluate_counts_images(_workflow(facts, witness), witness)


@decides("sequential-first.time-per-image")
@caught(SILENT, told("another unit", WORKFLOW, "fit_text", to=_fit_text("/step", "/sample")))
def time_per_image(facts: Facts, witness: Witness) -> None:
    """Read the unit of the time, and how many of it make an epoch of 96 images."""
    printing.time_per_image(_workflow(facts, witness), witness)


@decides("sequential-first.evaluate-returns")
@caught(faults.EVALUATED_IN_REVERSE, REVERSED, told("a pair", WORKFLOW, "evaluated_kind", to="tuple"))
def evaluate_returns(facts: Facts, witness: Witness) -> None:
    """Compare both values with arithmetic on the predictions."""
    kind = facts.value(WORKFLOW, witness)["evaluated_kind"]
    witness.equal("evaluate gives back a", expected="list", actual=kind)
    evaluating.evaluate_returns(_workflow(facts, witness), witness)


@decides("sequential-first.evaluate-prints")
@caught(told("evaluated silently", WORKFLOW, "evaluate_text", to=""))
def evaluate_prints(facts: Facts, witness: Witness) -> None:
    """Read the print-out."""
    evaluating.evaluate_prints(_workflow(facts, witness), witness)


@decides("sequential-first.loss-measures")
@caught(HALVED, told("even loss", LOSSES, "wrong", to=1.0))
def loss_measures(facts: Facts, witness: Witness) -> None:
    """Compare evaluate's loss with the formula, and look at the loss of perfect, even and wrong outputs."""
    workflow = _workflow(facts, witness)
    chosen = workflow.predicted[np.arange(len(workflow.predicted)), workflow.labels[: len(workflow.predicted)]]
    near = abs(float(-np.log(chosen).mean()) - workflow.evaluated[0]) < 2e-4
    witness.true("evaluate's loss is that of the formula", holds=near, found=near)
    found = facts.value(LOSSES, witness)
    witness.close("loss of the perfect output", expected=0.0, actual=round(found["perfect"], 6), within=1e-5)
    witness.close("loss of three even chances", expected=1.09861, actual=round(found["even"], 5), within=1e-4)
    witness.true("a wrong output costs more", holds=found["wrong"] > found["even"], found=round(found["wrong"], 4))


@decides("sequential-first.accuracy-counts")
@caught(FORGOTTEN, told("miscounts", LOSSES, "98 of 100", to=0.97))
def accuracy_counts(facts: Facts, witness: Witness) -> None:
    """Count the images recognised; then let Keras count 98 of 100."""
    workflow = _workflow(facts, witness)
    rows = workflow.predicted
    right = float((rows.argmax(axis=1) == workflow.labels[: len(rows)]).mean())
    near = abs(right - workflow.evaluated[-1]) < 1e-6
    witness.true("the accuracy is the share of images recognised", holds=near, found=near)
    counted = round(facts.value(LOSSES, witness)["98 of 100"], 6)
    witness.close("accuracy of 98 right in 100", expected=0.98, actual=counted, within=1e-6)


@decides("sequential-second.same-training")
@caught(
    told("string relu differs", ALIKE, "sequential-add", "losses", 1, to=9.0),
    told("nothing moves", ALIKE, "sequential-add", "moved", to=False),
    told("elsewhere", ALIKE, "sequential-add", "apart", to=0.01),
)
def same_training(facts: Facts, witness: Witness) -> None:
    """Train both from equal weights on equal batches, with nothing dropped: the weights stay equal."""
    found = facts.value(ALIKE, witness)
    first, second = found["sequential-list"], found["sequential-add"]
    witness.equal("the training moves the weights", expected=True, actual=second["moved"])
    for step in range(2):
        near = abs(first["losses"][step] - second["losses"][step]) <= 2e-4
        witness.true(f"losses of step {step + 1} are equal", holds=near, found=near)
    near = second["apart"] <= 1e-4
    witness.true("weights after it differ by at most 0.0001", holds=near, found=near)
