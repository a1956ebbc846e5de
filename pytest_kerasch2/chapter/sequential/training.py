"""Sequential model: the workflow, what compile attaches, what fit does and gives back."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from pytest_kerasch2 import models
from pytest_kerasch2.chapter.sequential import OVERVIEW
from pytest_kerasch2.chapter.sequential import faults as network
from pytest_kerasch2.checks.common_faults import fault
from pytest_kerasch2.checks.workflow import (
    BATCH,
    COUNT,
    EPOCHS,
    MANY,
    Trial,
    accuracy_name,
    cross_entropy,
    drawn,
    iterations,
    share_right,
    shared,
    small,
)
from pytest_kerasch2.claims.decorators import claim, detects, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api


@pytest.fixture
def workflow(request: pytest.FixtureRequest, injected: Any, tf: Any) -> Trial:
    """The chapter's workflow on drawn images; what it gave and printed."""
    return shared(request, injected, tf)


history_without_accuracy = fault(
    "The history that `fit` gives back keeps the loss alone.",
    network.result,
    "fit",
    lambda kept: kept.history.pop(accuracy_name()) and kept,
)


@claim(
    "sequential.workflow",
    "The workflow is to build, compile, fit, evaluate and predict, in this order.",
    "prose",
    section=OVERVIEW,
)
@detects(network.nothing_learned, network.one_prediction_lost)
@tolerates(network.other_weights)
def whole_workflow(tf: Any, workflow: Trial, record: Recorder) -> None:
    """Go through it once; at its end the predictions fit the images better than before."""
    record.equal("epochs fitted", expected=EPOCHS, actual=len(workflow.history["loss"]))
    record.equal("values from evaluate", expected=2, actual=int(np.size(workflow.evaluated)))
    record.equal("images predicted", expected=COUNT, actual=len(workflow.predicted))
    after = cross_entropy(workflow.predicted, workflow.labels)
    # Two ways to compute the same weights' loss differ in their last digits.
    lower = workflow.loss_before - after > 0.01
    record.true("cross entropy after the workflow is below that before", holds=lower, found=after)
    judged = float(np.ravel(workflow.evaluated)[0])
    record.true(
        "predicted is by the weights that were evaluated", holds=abs(judged - after) < 1e-3, found="another loss"
    )
    model = models.style("sequential-list").build(tf, models.Network(hidden=8))
    # Keras has raised one or the other of these.
    record.raises(
        "fit before compile", (RuntimeError, ValueError, AttributeError), lambda: model.fit(*drawn(8), verbose=0)
    )


@claim(
    "sequential.compile-attaches",
    "Compiling attaches the optimizer and the loss function to the model, and the metrics it is to be judged by.",
    "prose",
    section=OVERVIEW,
)
@detects(network.nothing_learned, network.loss_halved, network.metrics_forgotten)
@tolerates(network.other_weights)
def compile_attaches(tf: Any, record: Recorder) -> None:
    """Compile as printed and look at what the model then has; the metric shows in one evaluation."""
    images, labels = drawn(32)
    optimizer = tf.keras.optimizers.Adam()
    model = models.style("sequential-list").build(tf, models.Network(hidden=8))
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])

    record.true(
        "the model's optimizer is the one given", holds=model.optimizer is optimizer, found=_kind(model.optimizer)
    )
    record.equal("the model's loss", expected="sparse_categorical_crossentropy", actual=_name(model.loss))
    judged = np.ravel(model.evaluate(images, labels, verbose=0))
    record.equal("values of an evaluation", expected=2, actual=len(judged))
    if api.release().backend != "cntk":
        # CNTK takes no loss that leaves the targets out.
        _compiled_again(tf, model, record)


def _compiled_again(tf: Any, model: Any, record: Recorder) -> None:
    """Compile once more, with a loss that is the same whatever the outputs, and with two metrics."""
    images, labels = drawn(32)
    # TensorFlow 2.0 takes 'accuracy' for another where the loss is a function of one's own.
    metrics = ["sparse_categorical_accuracy", "sparse_categorical_crossentropy"]
    model.compile(tf.keras.optimizers.SGD(1.0), loss=_constant, metrics=metrics, **api.eagerly())
    before = model.get_weights()
    fitted = float(model.fit(images, labels, verbose=0).history["loss"][0])
    judged = [round(float(value), 4) for value in np.ravel(model.evaluate(images, labels, verbose=0))]
    rows = api.call(model, images)

    record.equal("the loss of a function of one's own", expected=(2.0, 2.0), actual=(round(fitted, 4), judged[0]))
    still = all(np.array_equal(one, other) for one, other in zip(before, model.get_weights()))
    record.true("it leaves the weights where they are", holds=still, found="other weights")
    record.equal("values with two metrics", expected=3, actual=len(judged))
    for name, value, expected in zip(metrics, judged[1:], (share_right(rows, labels), cross_entropy(rows, labels))):
        record.true(f"{name}, by hand", holds=abs(value - expected) < 2e-3, found="another value")


def _constant(labels: Any, outputs: Any) -> Any:
    return 2.0 + 0.0 * outputs


def _kind(thing: Any) -> str:
    return type(thing).__name__


def _name(loss: Any) -> str:
    return loss if isinstance(loss, str) else str(getattr(loss, "__name__", _kind(loss)))


@claim(
    "sequential.batches-or-at-once",
    "The data can be presented to the model in batches, or all at once.",
    "prose",
    section=OVERVIEW,
)
@detects(network.batches_of_at_most_32)
@tolerates(network.other_weights)
def batches_or_at_once(tf: Any, workflow: Trial, record: Recorder) -> None:
    """Count the adjustments made by an epoch with batches, and by one with all images as one batch."""
    record.equal(f"steps for {COUNT} images in batches of {BATCH}", expected=9, actual=workflow.steps)
    record.equal(f"steps for {COUNT} images in one batch", expected=1, actual=workflow.whole_steps)
    record.equal("steps for 40 images in batches of 32", expected=2, actual=_steps(tf, 40, batch_size=32))


def _steps(tf: Any, count: int, **settings: Any) -> int:
    """Return how many adjustments `fit` makes of a small model, with images that are tensors as in the chapter."""
    model = small(tf)
    images, labels = drawn(count)
    model.fit(api.feedable(images), api.feedable(labels), verbose=0, **settings)
    return iterations(model)


@claim("sequential-first.batch-default", "32 is the batch size that `fit` takes where none is given.", "code")
@detects(network.default_batch_of_33)
@tolerates(network.other_weights)
def batch_default(tf: Any, workflow: Trial, record: Recorder) -> None:
    """Count the adjustments of one epoch without a batch size: 33 for 1056 images mean 32 in a batch."""
    default = inspect.signature(tf.keras.Model.fit).parameters["batch_size"].default
    record.saw(f"the signature itself says batch_size={default!r}")
    record.equal(f"steps for {MANY} images", expected=33, actual=workflow.default_steps)
    record.equal("steps for 130 images that are tensors", expected=5, actual=_steps(tf, 130))


@claim("sequential-first.epochs", "`epochs` is how many times the data is presented to the model.", "prose")
@detects(network.epoch_short)
@tolerates(network.other_weights)
def epochs(tf: Any, workflow: Trial, record: Recorder) -> None:
    """Count the adjustments that three epochs make, and the epochs that `fit` reports."""
    record.equal(f"steps for {COUNT} images", expected=EPOCHS * COUNT // BATCH, actual=workflow.steps)
    record.equal("epochs with a loss", expected=EPOCHS, actual=len(workflow.history["loss"]))
    for count in (1, 11):
        record.equal(f"steps of {count} epochs of one batch", expected=count, actual=_steps(tf, 8, epochs=count))


@claim("sequential-first.loss-falls", "The optimizer adjusts the weights so that the loss gets smaller.", "prose")
@detects(network.nothing_learned)
@tolerates(network.other_weights)
def loss_falls(tf: Any, workflow: Trial, record: Recorder) -> None:
    """Compare the cross entropy of the images before training, in the last epoch, and after it."""
    last = workflow.history["loss"][-1]
    after = cross_entropy(workflow.predicted, workflow.labels)
    record.true(
        "the last epoch's loss is below that before training", holds=last < workflow.loss_before, found=_short(last)
    )
    record.true("so is the loss after it", holds=after < 0.8 * workflow.loss_before, found=_short(after))
    images, labels = drawn(40)
    for optimizer in (tf.keras.optimizers.SGD(0.005), tf.keras.optimizers.Adam()):
        model = small(tf, optimizer)
        losses = [cross_entropy(api.call(model, images), labels)]
        for _ in range(2):
            model.fit(images, labels, batch_size=40, epochs=3, verbose=0)
            losses.append(cross_entropy(api.call(model, images), labels))
        falls = losses[2] < losses[1] < losses[0]
        record.true(f"it falls by {_kind(optimizer)}, and further by training again", holds=falls, found="no fall")


def _short(value: float) -> float:
    return round(float(value), 3)


@claim("sequential-first.fit-history", "`fit` tells loss and accuracy for each epoch.", "output")
@detects(history_without_accuracy, network.metrics_forgotten)
@tolerates(network.other_weights)
def fit_history(tf: Any, workflow: Trial, record: Recorder) -> None:
    """Look into the history that it gives back."""
    accuracy = accuracy_name()
    record.equal("names", expected=[accuracy, "loss"], actual=sorted(workflow.history))
    for name, values in sorted(workflow.history.items()):
        record.equal(f"values of {name}", expected=EPOCHS, actual=len(values))
    shares = workflow.history[accuracy]
    record.all_true(
        "each accuracy is a share of the images", mask=[abs(s * COUNT - round(s * COUNT)) < 1e-3 for s in shares]
    )
    _figures_of_epochs(tf, record)


def _figures_of_epochs(tf: Any, record: Recorder) -> None:
    """Train with all images as one batch: what is told of an epoch is what the model made of them before it."""
    images, labels = drawn(40)
    model, again = small(tf), small(tf)
    history = model.fit(images, labels, batch_size=40, epochs=3, verbose=0).history
    expected = []
    for _ in range(3):
        rows = api.call(again, images)
        expected.append((cross_entropy(rows, labels), share_right(rows, labels)))
        again.fit(images, labels, batch_size=40, verbose=0)
    actual = list(zip(history["loss"], history[accuracy_name()]))
    record.equal("epochs told", expected=3, actual=len(actual))
    record.all_true("loss and accuracy of each are those by hand", mask=np.abs(np.array(actual) - expected) < 1e-3)
