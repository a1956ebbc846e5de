"""Sequential model: the workflow, and what compile, fit, evaluate and predict do, give back and print."""

from __future__ import annotations

import inspect
import re
from contextlib import contextmanager
from typing import Any, Iterator
from unittest import mock

import numpy as np
import pytest

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import saboteurs_network as network
from pytest_kerasch2.chapter import trials
from pytest_kerasch2.chapter.trials import BATCH, COUNT, EPOCHS, Trial
from pytest_kerasch2.claims.marks import caught, claim, cured, deviation, unmoved
from pytest_kerasch2.claims.witness import Witness
from pytest_kerasch2.framework import api

OVERVIEW = "Sequential model"
SECTION = "Sequential model, first way"
WORKFLOW = pytest.StashKey[Trial]()
TF22_BAR = "https://github.com/tensorflow/tensorflow/issues/40575"


@pytest.fixture
def workflow(request: pytest.FixtureRequest, planted: Any, tf: Any) -> Trial:
    """The chapter's workflow on drawn images, run once in a session, and anew where something is planted."""
    if planted is not None:
        return trials.trial(tf)
    stash = request.config.stash
    if WORKFLOW not in stash:
        stash[WORKFLOW] = trials.trial(tf)
    return stash[WORKFLOW]


# -- faults and cures that belong to one claim


@contextmanager
def history_without_accuracy() -> Iterator[None]:
    """The history that `fit` gives back keeps the loss alone."""
    with network.result("fit", lambda kept: kept.history.pop("accuracy") and kept):
        yield


@contextmanager
def epochs_from_zero() -> Iterator[None]:
    """The epoch line counts from 0."""

    def earlier(original: Any, logger: Any, epoch: int, logs: Any = None) -> Any:
        return original(logger, epoch - 1, logs)

    with network.wrapped_method(api.keras().callbacks.ProgbarLogger, "on_epoch_begin", earlier):
        yield


def _as_acc(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    renamed = [("acc" if name == "accuracy" else name, value) for name, value in values or []]
    return original(bar, current, renamed, **named)


@contextmanager
def printed_as_acc() -> Iterator[None]:
    """The progress bar calls the accuracy `acc`."""
    with network.bar_as(_as_acc):
        yield


def _in_images(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    """Draw a bar of batches as one of images; a bar of images stays, but for the name of its unit."""
    if getattr(bar, "unit_name", "step") == "sample" or bar.target is None or bar.target > COUNT // BATCH:
        with mock.patch.object(bar, "unit_name", "step", create=True):
            return original(bar, current, values, **named)
    with mock.patch.object(bar, "target", bar.target * BATCH):
        return original(bar, current * BATCH, values, **named)


@contextmanager
def counted_in_images() -> Iterator[None]:
    """The progress bar counts images and calls each a step."""
    with network.bar_as(_in_images):
        yield


def _loss_first(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    return original(bar, current, sorted(values or [], key=lambda pair: pair[0] != "loss"), **named)


@contextmanager
def loss_printed_first() -> Iterator[None]:
    """The progress bar shows the loss before all else."""
    with network.bar_as(_loss_first):
        yield


def _loss_last(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    return original(bar, current, sorted(values or [], key=lambda pair: pair[0] == "loss"), **named)


@contextmanager
def loss_dropped() -> Iterator[None]:
    """The progress bar leaves the loss out."""

    def without(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
        return original(bar, current, [pair for pair in values or [] if pair[0] != "loss"], **named)

    with network.bar_as(without):
        yield


# -- the workflow


@claim(
    "sequential.workflow",
    "The workflow is to build, compile, fit, evaluate and predict, in this order.",
    section=OVERVIEW,
    kind="prose",
)
@caught(network.nothing_learned, network.one_prediction_lost)
@unmoved(network.other_weights)
def whole_workflow(workflow: Trial, witness: Witness) -> None:
    """Go through it once; at its end the predictions fit the images better than before."""
    witness.equal("epochs fitted", expected=EPOCHS, actual=len(workflow.history["loss"]))
    witness.equal("values from evaluate", expected=2, actual=int(np.size(workflow.evaluated)))
    witness.equal("images predicted", expected=COUNT, actual=len(workflow.predicted))
    after = trials.cross_entropy(workflow.predicted, workflow.labels)
    witness.true("cross entropy after the workflow is below that before", holds=after < workflow.loss_before, found=after)


@claim(
    "sequential.compile-attaches",
    "Compiling attaches the optimizer and the loss function to the model, and the metrics it is to be judged by.",
    section=OVERVIEW,
    kind="prose",
)
@caught(network.nothing_learned, network.loss_halved, network.metrics_forgotten)
@unmoved(network.other_weights)
def compile_attaches(tf: Any, witness: Witness) -> None:
    """Compile as printed and look at what the model then has; the metric shows in one evaluation."""
    images, labels = trials.drawn(32)
    optimizer = tf.keras.optimizers.Adam()
    model = models.style("sequential-list").build(tf, models.Network(hidden=8))
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])

    witness.true("the model's optimizer is the one given", holds=model.optimizer is optimizer, found=_kind(model.optimizer))
    witness.equal("the model's loss", expected="sparse_categorical_crossentropy", actual=_name(model.loss))
    judged = np.ravel(model.evaluate(images, labels, verbose=0))
    witness.equal("values of an evaluation", expected=2, actual=len(judged))


def _kind(thing: Any) -> str:
    return type(thing).__name__


def _name(loss: Any) -> str:
    return loss if isinstance(loss, str) else str(getattr(loss, "__name__", _kind(loss)))


@claim(
    "sequential.batches-or-at-once",
    "The data can be presented to the model in batches, or all at once.",
    section=OVERVIEW,
    kind="prose",
)
@caught(network.batches_of_at_most_32)
@unmoved(network.other_weights)
def batches_or_at_once(workflow: Trial, witness: Witness) -> None:
    """Count the adjustments made by an epoch with batches, and by one with all images as one batch."""
    witness.equal(f"steps for {COUNT} images in batches of {BATCH}", expected=9, actual=workflow.steps)
    witness.equal(f"steps for {COUNT} images in one batch", expected=1, actual=workflow.whole_steps)


# -- fit


@claim(
    "sequential-first.batch-default",
    "32 is the batch size that `fit` takes where none is given.",
    section=SECTION,
    kind="code",
)
@caught(network.default_batch_of_48)
@unmoved(network.other_weights)
def batch_default(tf: Any, workflow: Trial, witness: Witness) -> None:
    """Count the adjustments of one epoch without a batch size: 3 for 96 images mean 32 to 47 in a batch."""
    default = inspect.signature(tf.keras.Model.fit).parameters["batch_size"].default
    witness.saw(f"the signature itself says batch_size={default!r}")
    witness.equal(f"steps for {COUNT} images", expected=COUNT // 32, actual=workflow.default_steps)


@claim(
    "sequential-first.epochs",
    "`epochs` is how many times the data is presented to the model.",
    section=SECTION,
    kind="prose",
)
@caught(network.epoch_short)
@unmoved(network.other_weights)
def epochs(workflow: Trial, witness: Witness) -> None:
    """Count the adjustments that three epochs make, and the epochs that `fit` reports."""
    witness.equal(f"steps for {COUNT} images", expected=EPOCHS * COUNT // BATCH, actual=workflow.steps)
    witness.equal("epochs with a loss", expected=EPOCHS, actual=len(workflow.history["loss"]))


@claim(
    "sequential-first.loss-falls",
    "The optimizer adjusts the weights so that the loss gets smaller.",
    section=SECTION,
    kind="prose",
)
@caught(network.nothing_learned)
@unmoved(network.other_weights)
def loss_falls(workflow: Trial, witness: Witness) -> None:
    """Compare the cross entropy of the images before training, in the last epoch, and after it."""
    last = workflow.history["loss"][-1]
    after = trials.cross_entropy(workflow.predicted, workflow.labels)
    witness.true("the last epoch's loss is below that before training", holds=last < workflow.loss_before, found=_short(last))
    witness.true("so is the loss after it", holds=after < 0.8 * workflow.loss_before, found=_short(after))


def _short(value: float) -> float:
    return round(float(value), 3)


@claim(
    "sequential-first.fit-history",
    "`fit` tells loss and accuracy for each epoch.",
    section=SECTION,
    kind="output",
)
@caught(history_without_accuracy, network.metrics_forgotten)
@unmoved(network.other_weights)
def fit_history(workflow: Trial, witness: Witness) -> None:
    """Look into the history that it gives back."""
    witness.equal("names", expected=["accuracy", "loss"], actual=sorted(workflow.history))
    for name, values in sorted(workflow.history.items()):
        witness.equal(f"values of {name}", expected=EPOCHS, actual=len(values))
    shares = workflow.history["accuracy"]
    witness.all_true("each accuracy is a share of the images", mask=[abs(s * COUNT - round(s * COUNT)) < 1e-3 for s in shares])


@claim(
    "sequential-first.fit-prints",
    "`fit` prints for each epoch its number of all, the time it took, the loss and the accuracy.",
    section=SECTION,
    kind="output",
)
@caught(epochs_from_zero, network.accuracy_unprinted, network.fitted_silently)
@unmoved(network.other_weights)
def fit_prints(workflow: Trial, witness: Witness) -> None:
    """Read the print-out; the figures are those of the history."""
    epochs = re.findall(r"Epoch (\d+)/(\d+)", workflow.fit_text)
    witness.equal("epochs announced", expected=[(str(n), str(EPOCHS)) for n in (1, 2, 3)], actual=epochs)
    lines = _lines_of_epochs(workflow.fit_text)
    witness.equal("lines with a time", expected=EPOCHS, actual=sum(bool(re.search(r"\d+m?s ", line)) for line in lines))
    for name in ("loss", "accuracy"):
        figures = [f"{value:.4f}" for value in workflow.history[name]]
        seen = [found.group(1) for line in lines for found in [re.search(rf"\b{name[:3]}\w*: ([\d.]+)", line)] if found]
        witness.true(f"{name} of each epoch as in the history", holds=_near(seen, figures), found=seen)


def _lines_of_epochs(text: str) -> list[str]:
    """Give the last state of each epoch's progress line."""
    return [line for line in text.splitlines() if re.search(r"(\d+)/\1 .*/(step|sample)", line)]


def _near(seen: list[str], wanted: list[str]) -> bool:
    # The printed figure is rounded; the last place may differ by one.
    return len(seen) == len(wanted) and all(abs(float(a) - float(b)) < 2e-4 for a, b in zip(seen, wanted))


@claim(
    "sequential-first.metric-called-acc",
    "The accuracy asked for as 'accuracy' is printed under the name `acc`.",
    section=SECTION,
    kind="output",
)
@deviation(
    cause="TensorFlow 2 keeps the name given to compile, `accuracy`; `acc` was TensorFlow 1's.",
    source="https://github.com/tensorflow/tensorflow/blob/v2.0.0/tensorflow/python/keras/engine/training_utils.py",
    symptom=r"names printed: .*accuracy",
)
@cured(printed_as_acc)
@caught(network.accuracy_unprinted)
def metric_called_acc(workflow: Trial, witness: Witness) -> None:
    """Read the names in the print-out."""
    names = sorted(set(re.findall(r"- (\w+): [\d.]+", workflow.fit_text)))
    witness.equal("names printed", expected=["acc", "loss"], actual=names)


@claim(
    "sequential-first.loss-printed-first",
    "The loss is printed before the accuracy.",
    section=SECTION,
    kind="output",
)
@deviation(
    since="3.0",
    of="keras",
    cause="Keras 3 sorts what it prints by name, so that the accuracy comes first.",
    source="https://github.com/keras-team/keras/blob/v3.0.0/keras/trainers/trainer.py",
    symptom=r"order printed: .*accuracy.*loss",
)
@cured(loss_printed_first)
@caught(loss_dropped)
@unmoved(network.other_weights)
def loss_comes_first(workflow: Trial, witness: Witness) -> None:
    """Read the order in the print-out."""
    line = (_lines_of_epochs(workflow.fit_text) or [""])[-1]
    names = re.findall(r"- (\w+): [\d.]+", line)
    witness.equal("order printed", expected=["loss", "accuracy"], actual=names)


@claim(
    "sequential-first.progress-in-images",
    "The progress that `fit` and `evaluate` print counts images: 60000/60000 and 10000/10000.",
    section=SECTION,
    kind="output",
)
@deviation(
    since="2.2",
    cause="From TensorFlow 2.2 on the progress bar counts batches: 1875/1875 and 313/313.",
    source=TF22_BAR,
    symptom=r"3/3",
)
@cured(counted_in_images)
@caught(network.target_one_short)
@unmoved(network.other_weights)
def progress_in_images(workflow: Trial, witness: Witness) -> None:
    """Read the counts in the print-outs of 96 images."""
    for name, text in (("fit", workflow.fit_text), ("evaluate", workflow.evaluate_text)):
        counts = sorted(set(re.findall(r"(\d+/\d+) \[?[=━]", text)))
        witness.equal(f"last count of {name}", expected=[f"{COUNT}/{COUNT}"], actual=counts)


@claim(
    "sequential-first.time-per-image",
    "The time is printed per step, and a step is one image: 77us/step.",
    section=SECTION,
    kind="output",
)
@deviation(
    until="2.1",
    cause="TensorFlow 2.0 and 2.1 say `sample` where the chapter's alpha said `step`.",
    source="https://github.com/tensorflow/tensorflow/blob/v2.0.0/tensorflow/python/keras/utils/generic_utils.py",
    symptom=r"unit of time: .*sample",
)
@deviation(
    since="2.2",
    cause="From TensorFlow 2.2 on a step is a batch: the time printed is that of 32 images.",
    source=TF22_BAR,
    symptom=r"steps counted: 3",
)
@cured(counted_in_images)
@caught(network.fitted_silently)
def time_per_image(workflow: Trial, witness: Witness) -> None:
    """Read the unit of the time, and how many of it make an epoch of 96 images."""
    units = sorted(set(re.findall(r"\d(?:us|ms|s)/(\w+)", workflow.fit_text)))
    witness.equal("unit of time", expected=["step"], actual=units)
    counts = sorted({int(count) for count in re.findall(r"(\d+)/\d+ \[?[=━]", workflow.fit_text)})
    witness.equal("steps counted", expected=[COUNT], actual=counts)
