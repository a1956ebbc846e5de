"""Sequential model: the workflow on drawn images, by the packaged checks, which look at its outcome alone."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pytest_kerasch2.chapter.sequential import evaluating, printing, training
from pytest_kerasch2.checks.workflow import Trial
from pytest_kerasch2.claims.decorators import detects, fixed_by, known_issue
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.early import faults
from pytest_kerasch2.early.facts import Facts
from pytest_kerasch2.early.facts import told_otherwise as told
from pytest_kerasch2.early.marks import decides

WORKFLOW, COMPILED, LOSSES, ALIKE = "training.workflow", "training.compiled", "training.losses", "training.alike"
RENAMED = "https://github.com/keras-team/keras/releases/tag/2.3.0"
EPOCHS = 3


def _workflow(facts: Facts, record: Recorder) -> Trial:
    """Return the outcome as the packaged checks want it; what Keras 2.2 calls `acc` goes by its later name."""
    found = facts.value(WORKFLOW, record)
    history = {{"acc": "accuracy"}.get(name, name): values for name, values in found["history"].items()}
    labels, predicted = np.array(found["labels"]), np.array(found["predicted"])
    more: dict[str, Any] = {name: _last_states(found[name]) for name in ("fit_text", "evaluate_text")}
    for name in ("loss_before", "steps", "evaluated", "default_steps", "whole_steps"):
        more[name] = found[name]
    return Trial(labels=labels, history=history, predicted=predicted, **more)


def _last_states(text: str) -> str:
    """Return a print-out without the states that a terminal overwrites: away from one each has a line of its own."""
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
@detects(faults.NOTHING_LEARNED, NOTHING_LEARNED, ONE_LOST)
def whole_workflow(facts: Facts, record: Recorder) -> None:
    """Go through it once; at its end the predictions fit the images better than before."""
    training.whole_workflow(_workflow(facts, record), record)


@decides("sequential.compile-attaches")
@detects(told("another optimizer", COMPILED, "the optimizer given", to=False), told("none", COMPILED, "values", to=1))
def compile_attaches(facts: Facts, record: Recorder) -> None:
    """Compile as printed and look at what the model then has; the metric shows in one evaluation."""
    found = facts.value(COMPILED, record)
    record.true("the model's optimizer is the one given", holds=found["the optimizer given"], found=found["optimizer"])
    record.equal("the model's loss", expected="sparse_categorical_crossentropy", actual=found["loss"])
    record.equal("values of an evaluation", expected=2, actual=found["values"])


@decides("sequential.batches-or-at-once")
@detects(told("batches of at most 32", WORKFLOW, "whole_steps", to=3))
def batches_or_at_once(facts: Facts, record: Recorder) -> None:
    """Count the adjustments made by an epoch with batches, and by one with all images as one batch."""
    training.batches_or_at_once(_workflow(facts, record), record)


@decides("sequential.evaluate-establishes")
@detects(FORGOTTEN, HALVED)
def evaluate_establishes(facts: Facts, record: Recorder) -> None:
    """Compare what evaluate gives, in whatever order, with what the predictions say."""
    evaluating.evaluate_establishes(_workflow(facts, record), record)


@decides("sequential.predict-new-data")
@detects(
    ONE_LOST, told("probabilities doubled", WORKFLOW, "predicted", to=lambda rows: [[2 * p for p in r] for r in rows])
)
def predict_rows(facts: Facts, record: Recorder) -> None:
    """Look at shape, signs and sums of what predict gives."""
    evaluating.predict_rows(_workflow(facts, record), record)


@decides("sequential-first.batch-default")
@detects(told("default batch of 33", WORKFLOW, "default_steps", to=32))
def batch_default(facts: Facts, record: Recorder) -> None:
    """Count the adjustments of one epoch without a batch size: 33 for 1056 images mean 32 in a batch."""
    found = facts.value(WORKFLOW, record)
    record.saw(f"the signature itself says batch_size={found['default_batch']}")
    record.equal("steps for 1056 images", expected=33, actual=found["default_steps"])


@decides("sequential-first.epochs")
@detects(told("epoch short", WORKFLOW, "steps", to=6))
def epochs(facts: Facts, record: Recorder) -> None:
    """Count the adjustments that three epochs make, and the epochs that `fit` reports."""
    training.epochs(_workflow(facts, record), record)


@decides("sequential-first.loss-falls")
@detects(faults.NOTHING_LEARNED, NOTHING_LEARNED)
def loss_falls(facts: Facts, record: Recorder) -> None:
    """Compare the cross entropy of the images before training, in the last epoch, and after it."""
    training.loss_falls(_workflow(facts, record), record)


@decides("sequential-first.fit-history")
@detects(told("history without accuracy", WORKFLOW, "history", to=lambda all_: {"loss": all_["loss"]}))
def fit_history(facts: Facts, record: Recorder) -> None:
    """Look into the history that it gives back, where Keras 2.2 calls the accuracy `acc`."""
    names = sorted(facts.value(WORKFLOW, record)["history"])
    record.saw(f"names in the history: {', '.join(names)}")
    training.fit_history(_workflow(facts, record), record)


@decides("sequential-first.fit-prints")
@detects(
    told("epochs from zero", WORKFLOW, "fit_text", to=_fit_text("Epoch 1/", "Epoch 0/")),
    told("accuracy unprinted", WORKFLOW, "fit_text", to=_accuracy_unprinted),
    SILENT,
)
def fit_prints(facts: Facts, record: Recorder) -> None:
    """Read the print-out."""
    printing.fit_prints(_workflow(facts, record), record)


@decides("sequential-first.printed-figures")
@detects(told("figures doubled", WORKFLOW, to=_doubled))
def printed_figures(facts: Facts, record: Recorder) -> None:
    """Compare what is printed with what `fit` gives back; the last printed place may be rounded."""
    printing.printed_figures(_workflow(facts, record), record)


@decides("sequential-first.metric-called-acc")
@known_issue(
    of="keras",
    since="2.3",
    backends=("cntk",),
    cause="Keras 2.3 keeps the name given to compile, `accuracy`; up to 2.2 it printed `acc`.",
    source=RENAMED,
    symptom=r"names printed: .*accuracy",
)
@fixed_by(told("printed as acc", WORKFLOW, "fit_text", to=_fit_text("accuracy:", "acc:")))
@detects(told("accuracy unprinted", WORKFLOW, "fit_text", to=_accuracy_unprinted))
def metric_called_acc(facts: Facts, record: Recorder) -> None:
    """Read the names in the print-out."""
    printing.metric_called_acc(_workflow(facts, record), record)


@decides("sequential-first.loss-printed-first")
@detects(told("loss dropped", WORKFLOW, "fit_text", to=lambda text: text.replace("loss:", "lost")))
def loss_comes_first(facts: Facts, record: Recorder) -> None:
    """Read the order in the print-out; the accuracy counts under its short name too."""
    workflow = _workflow(facts, record)
    text = workflow.fit_text.replace("acc:", "accuracy:")
    printing.loss_comes_first(Trial(**{**vars(workflow), "fit_text": text}), record)


@decides("sequential-first.fit-bar")
@detects(SILENT, told("bar narrower", WORKFLOW, "fit_text", to=_fit_text("[=====", "[=")))
def fit_bar(facts: Facts, record: Recorder) -> None:
    """Read what is drawn once an epoch is over."""
    printing.fit_bar(_workflow(facts, record), record)


@decides("sequential-first.fit-counts-images")
@detects(told("target one more", WORKFLOW, "fit_text", to=_fit_text("96/96", "96/97")))
def fit_counts_images(facts: Facts, record: Recorder) -> None:
    """Read the last count in the print-out of 96 images."""
    printing.fit_counts_images(_workflow(facts, record), record)


@decides("sequential-first.evaluate-counts-images")
@detects(told("target one more", WORKFLOW, "evaluate_text", to=_fit_text("96/96", "96/97")))
def evaluate_counts_images(facts: Facts, record: Recorder) -> None:
    """Read the last count in the print-out of 96 images."""
    printing.evaluate_counts_images(_workflow(facts, record), record)


@decides("sequential-first.time-per-image")
@detects(SILENT, told("another unit", WORKFLOW, "fit_text", to=_fit_text("/step", "/sample")))
def time_per_image(facts: Facts, record: Recorder) -> None:
    """Read the unit of the time, and how many of it make an epoch of 96 images."""
    printing.time_per_image(_workflow(facts, record), record)


@decides("sequential-first.evaluate-returns")
@detects(faults.EVALUATED_IN_REVERSE, REVERSED, told("a pair", WORKFLOW, "evaluated_kind", to="tuple"))
def evaluate_returns(facts: Facts, record: Recorder) -> None:
    """Compare both values with arithmetic on the predictions."""
    kind = facts.value(WORKFLOW, record)["evaluated_kind"]
    record.equal("evaluate gives back a", expected="list", actual=kind)
    evaluating.evaluate_returns(_workflow(facts, record), record)


@decides("sequential-first.evaluate-prints")
@detects(told("evaluated silently", WORKFLOW, "evaluate_text", to=""))
def evaluate_prints(facts: Facts, record: Recorder) -> None:
    """Read the print-out."""
    evaluating.evaluate_prints(_workflow(facts, record), record)


@decides("sequential-first.loss-measures")
@detects(HALVED, told("even loss", LOSSES, "wrong", to=1.0))
def loss_measures(facts: Facts, record: Recorder) -> None:
    """Compare evaluate's loss with the formula, and look at the loss of perfect, even and wrong outputs."""
    workflow = _workflow(facts, record)
    chosen = workflow.predicted[np.arange(len(workflow.predicted)), workflow.labels[: len(workflow.predicted)]]
    near = abs(float(-np.log(chosen).mean()) - workflow.evaluated[0]) < 2e-4
    record.true("evaluate's loss is that of the formula", holds=near, found=near)
    found = facts.value(LOSSES, record)
    record.close("loss of the perfect output", expected=0.0, actual=round(found["perfect"], 6), within=1e-5)
    record.close("loss of three even chances", expected=1.09861, actual=round(found["even"], 5), within=1e-4)
    record.true("a wrong output costs more", holds=found["wrong"] > found["even"], found=round(found["wrong"], 4))


@decides("sequential-first.accuracy-counts")
@detects(FORGOTTEN, told("miscounts", LOSSES, "98 of 100", to=0.97))
def accuracy_counts(facts: Facts, record: Recorder) -> None:
    """Count the images recognised; then let Keras count 98 of 100."""
    workflow = _workflow(facts, record)
    rows = workflow.predicted
    right = float((rows.argmax(axis=1) == workflow.labels[: len(rows)]).mean())
    near = abs(right - workflow.evaluated[-1]) < 1e-6
    record.true("the accuracy is the share of images recognised", holds=near, found=near)
    counted = round(facts.value(LOSSES, record)["98 of 100"], 6)
    record.close("accuracy of 98 right in 100", expected=0.98, actual=counted, within=1e-6)


@decides("sequential-second.same-training")
@detects(
    told("string relu differs", ALIKE, "sequential-add", "losses", 1, to=9.0),
    told("nothing moves", ALIKE, "sequential-add", "moved", to=False),
    told("elsewhere", ALIKE, "sequential-add", "apart", to=0.01),
)
def same_training(facts: Facts, record: Recorder) -> None:
    """Train both from equal weights on equal batches, with nothing dropped: the weights stay equal."""
    found = facts.value(ALIKE, record)
    first, second = found["sequential-list"], found["sequential-add"]
    record.equal("the training moves the weights", expected=True, actual=second["moved"])
    for step in range(2):
        near = abs(first["losses"][step] - second["losses"][step]) <= 2e-4
        record.true(f"losses of step {step + 1} are equal", holds=near, found=near)
    near = second["apart"] <= 1e-4
    record.true("weights after it differ by at most 0.0001", holds=near, found=near)
