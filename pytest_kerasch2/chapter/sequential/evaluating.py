"""Sequential model, first way: what evaluate and predict give back and print."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from pytest_kerasch2.chapter.sequential import OVERVIEW
from pytest_kerasch2.chapter.sequential import faults as network
from pytest_kerasch2.checks.workflow import COUNT, Trial, cross_entropy, drawn, printed, share_right, shared, small
from pytest_kerasch2.claims.decorators import claim, detects, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api


@pytest.fixture
def workflow(request: pytest.FixtureRequest, injected: Any, tf: Any) -> Trial:
    """The chapter's workflow on drawn images; what it gave and printed."""
    return shared(request, injected, tf)


@claim(
    "sequential.evaluate-establishes",
    "Evaluating establishes the model's accuracy, its loss and other metrics.",
    "prose",
    section=OVERVIEW,
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.1",
    cause="Until Keras 3.2 the loss is the mean over batches, in which a smaller last one counts as much as any.",
    source="https://github.com/keras-team/keras/blob/v3.0.0/keras/backend/tensorflow/trainer.py",
    symptom="loss and metrics for 40 images, by hand: 2 of 3, not all",
)
@detects(network.metrics_forgotten, network.loss_halved)
@tolerates(network.other_weights)
def evaluate_establishes(tf: Any, workflow: Trial, record: Recorder) -> None:
    """Compare what evaluate gives, in whatever order, with what the predictions say."""
    given = sorted(round(float(value), 4) for value in np.ravel(workflow.evaluated))
    expected = sorted(round(value, 4) for value in _by_hand(workflow))

    record.equal("values", expected=2, actual=len(given))
    for name, want, got in zip(("the lesser", "the greater"), expected, given):
        record.close(f"{name} of loss and accuracy", expected=want, actual=got, within=2e-4)
    model = small(tf, metrics=("accuracy", "sparse_categorical_crossentropy"))
    for what, count, seed in (("40 images", 40, 5), ("20 others, after them", 20, 6)):
        images, labels = drawn(count, seed)
        rows = api.call(model, images)
        loss = cross_entropy(rows, labels)
        judged = np.ravel(model.evaluate(images, labels, verbose=0)).astype("float64")
        record.equal(f"values for {what}, of two metrics", expected=3, actual=len(judged))
        near = np.abs(judged - [loss, share_right(rows, labels), loss]) < 1e-3
        record.all_true(f"loss and metrics for {what}, by hand", mask=near)


def _sharp(tf: Any) -> tuple[Any, Any, Any]:
    """Return a small model whose probabilities are far apart, images, and what it makes of them."""
    model = small(tf)
    # Of whole batches: `sequential.evaluate-establishes` decides what a smaller one counts.
    images = drawn(64)[0]
    model.set_weights([3 * array for array in model.get_weights()])
    return model, images, api.array(api.call(model, images))


def _by_hand(workflow: Trial) -> tuple[float, float]:
    """Return loss and accuracy by arithmetic on the predictions (or on what is left of them)."""
    rows = workflow.predicted
    labels = workflow.labels[: len(rows)]
    return cross_entropy(rows, labels), share_right(rows, labels)


@claim("sequential-first.evaluate-returns", "`evaluate` gives back the loss first and the accuracy second.", "output")
@detects(network.evaluated_in_reverse)
@tolerates(network.other_weights)
def evaluate_returns(tf: Any, workflow: Trial, record: Recorder) -> None:
    """Compare both values with arithmetic on the predictions."""
    loss, accuracy = _by_hand(workflow)

    record.true(
        "a list of two numbers", holds=isinstance(workflow.evaluated, list), found=type(workflow.evaluated).__name__
    )
    record.equal("values", expected=2, actual=len(workflow.evaluated))
    record.close(
        "the first, against the loss", expected=round(loss, 4), actual=round(workflow.evaluated[0], 4), within=2e-4
    )
    record.close("the second, against the accuracy", expected=accuracy, actual=workflow.evaluated[1], within=1e-6)
    model, images, rows = _sharp(tf)
    for what, labels in (("best", rows.argmax(axis=1)), ("worst", rows.argmin(axis=1))):
        judged = model.evaluate(images, labels, verbose=0)
        near = np.abs(np.array(judged) - [cross_entropy(rows, labels), share_right(rows, labels)]) < 1e-3
        record.all_true(f"loss and accuracy of the {what} labels, in this order", mask=near)


@claim(
    "sequential-first.loss-measures",
    "The loss measures the difference between the wanted and the actual output: it is the cross entropy of the two.",
    "prose",
)
@detects(network.loss_halved)
@tolerates(network.other_weights)
def loss_measures(tf: Any, workflow: Trial, record: Recorder) -> None:
    """Compare evaluate's loss with the formula, and look at the loss of perfect, even and wrong outputs."""
    first = float(np.ravel(workflow.evaluated)[0])
    expected = _by_hand(workflow)[0]
    record.close(
        "evaluate's loss, against the formula", expected=round(expected, 4), actual=round(first, 4), within=2e-4
    )

    model, images, rows = _sharp(tf)
    for place, which in (("most", -1), ("fifth", 5), ("least", 0)):
        labels = np.argsort(rows, axis=1)[:, which]
        expected = cross_entropy(rows, labels)
        first = float(np.ravel(model.evaluate(images, labels, verbose=0))[0])
        near = abs(first - expected) < 1e-3 * (1 + expected)
        record.true(
            f"evaluate's loss for the {place} probable labels, by the formula", holds=near, found="another loss"
        )

    loss = tf.keras.losses.sparse_categorical_crossentropy
    outputs = np.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.1, 0.8, 0.1]], dtype="float32")
    costs = api.array(loss(api.tensor(np.zeros(3, dtype="int64")), api.tensor(outputs)))
    perfect, even, wrong = costs.astype("float64")
    record.close("loss of the perfect output", expected=0.0, actual=round(float(perfect), 6), within=1e-5)
    record.close(
        "loss of three even chances", expected=round(float(np.log(3)), 5), actual=round(float(even), 5), within=1e-4
    )
    record.true("a wrong output costs more", holds=wrong > even, found=round(float(wrong), 4))


@claim(
    "sequential-first.accuracy-counts",
    "The accuracy is the share of images that the model recognises: 0.98 means 98 of 100.",
    "prose",
)
@detects(network.metrics_forgotten, network.evaluated_in_reverse)
@tolerates(network.other_weights)
def accuracy_counts(tf: Any, workflow: Trial, record: Recorder) -> None:
    """Count the images recognised; then count 98 of 100 with the metric itself."""
    right = round(share_right(workflow.predicted, workflow.labels[: len(workflow.predicted)]) * COUNT)
    last = float(np.ravel(workflow.evaluated)[-1])
    record.close(f"accuracy, against {right} of {COUNT} recognised", expected=right / COUNT, actual=last, within=1e-6)

    model, images, rows = _sharp(tf)
    for what, labels in (
        ("drawn", drawn(64)[1]),
        ("second best", np.argsort(rows, axis=1)[:, -2]),
        ("zero", np.zeros(64, "int64")),
    ):
        last = float(np.ravel(model.evaluate(images, labels, verbose=0))[-1])
        record.close(f"accuracy for {what} labels", expected=share_right(rows, labels), actual=last, within=1e-6)
    even = small(tf)
    rows = api.array(api.call(even, images))
    last = float(np.ravel(even.evaluate(images, rows.argmax(axis=1), verbose=0))[-1])
    record.close("accuracy where all is right and nothing sure", expected=1.0, actual=last, within=1e-6)

    labels = np.arange(100) % 10
    outputs = np.eye(10, dtype="float32")[np.where(np.arange(100) < 98, labels, (labels + 1) % 10)]
    counted = round(_accuracy(tf, labels, outputs), 6)
    record.close("accuracy of 98 right in 100", expected=0.98, actual=counted, within=1e-6)


def _accuracy(tf: Any, labels: Any, outputs: Any) -> float:
    """Return the accuracy by the metric that goes by that name here."""
    metrics = tf.keras.metrics
    if not api.runs_eagerly():
        # There a metric's state changes in a training function alone; this is what it takes the mean of.
        each = metrics.sparse_categorical_accuracy(api.tensor(labels), api.tensor(outputs))
        return float(np.mean(api.array(each)))
    metric = metrics.SparseCategoricalAccuracy()
    metric.update_state(labels, outputs)
    return float(api.array(metric.result()))


@claim("sequential-first.evaluate-prints", "`evaluate` prints a line with the time that a step takes.", "output")
@detects(network.evaluated_silently)
@tolerates(network.other_weights)
def evaluate_prints(tf: Any, workflow: Trial, record: Recorder) -> None:
    """Read the print-out."""
    model = small(tf)
    texts = [workflow.evaluate_text, *(printed(lambda: model.evaluate(*drawn(40)))[1] for _ in range(2))]
    for what, text in zip(("", ", of another model", ", of that once more"), texts):
        units = sorted(set(re.findall(r"\d(?:us|ms|s)/(step|sample)", text)))
        record.equal(f"lines with a time per step or sample{what}", expected=1, actual=len(units))


@claim(
    "sequential.predict-new-data",
    "A trained model predicts: one row of ten probabilities for each image.",
    "prose",
    section=OVERVIEW,
)
@detects(network.one_prediction_lost, network.probabilities_doubled, network.sigmoid_for_softmax)
@tolerates(network.other_weights)
def predict_rows(tf: Any, workflow: Trial, record: Recorder) -> None:
    """Look at shape, signs and sums of what predict gives."""
    rows = np.asarray(workflow.predicted, dtype="float64")

    record.equal("shape", expected=(COUNT, 10), actual=rows.shape)
    record.all_true("none is below 0 or above 1", mask=(rows >= 0) & (rows <= 1))
    record.all_true("each row sums to 1", mask=np.abs(rows.sum(axis=1) - 1) < 1e-5)
    model = small(tf)
    for count in (1, 40, 96):
        images = drawn(count)[0]
        expected = api.array(api.call(model, images))
        actual = np.asarray(model.predict(images, verbose=0))
        record.equal(f"shape for {count} images", expected=(count, 10), actual=actual.shape)
        record.all_true(f"each of {count} rows is that of its image", mask=np.abs(actual - expected) < 1e-5)
