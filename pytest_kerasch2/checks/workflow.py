"""What the four ways are tried with: drawn images, captured print-outs, one whole workflow."""

from __future__ import annotations

import contextlib
import io
import os
import re
from dataclasses import dataclass
from typing import Any, Callable, Mapping
from unittest import mock

import numpy as np
import pytest

from pytest_kerasch2 import models
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

BATCH = 32
EPOCHS = 3
COUNT = 96
# So many images make 33 batches of 32, and another number of batches of any other size.
MANY = 1056
WORKFLOW = pytest.StashKey["Trial"]()
# How wide a terminal is taken to be.
COLUMNS = "100"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def say_activations(record: Recorder) -> None:
    """Keep as evidence that activations go by name where the printed functions are not here: they are TensorFlow's."""
    if not api.runs_on_tensorflow():
        record.saw("activations: given by name, for the functions that are printed are TensorFlow's")


def drawn(count: int = COUNT, seed: int = 5) -> tuple[Any, Any]:
    """Return images (count, 28, 28) float32 in 0..1 and labels (count,) int64 0..9 that a network can learn.

    Each class has a pattern of its own, blurred by noise. Nothing that is said of MNIST is decided with them.
    """
    random = np.random.RandomState(seed)
    patterns = random.uniform(0, 1, (10, 28, 28))
    labels = np.arange(count) % 10
    noise = random.uniform(0, 1, (count, 28, 28))
    return (0.6 * patterns[labels] + 0.4 * noise).astype("float32"), labels.astype("int64")


def printed(call: Callable[[], Any]) -> tuple[Any, str]:
    """Return what a call returns, and what it leaves on a terminal: without colours and overwritten lines."""
    paper = io.StringIO()
    # The user's own terminal may be so narrow that Keras 3 folds its tables.
    with contextlib.redirect_stdout(paper), mock.patch.dict(os.environ, {"COLUMNS": COLUMNS}):
        value = call()
    text = _COLOURS.sub("", paper.getvalue()).replace("\x08", "")
    lines = [line.rpartition("\r")[2] for line in text.split("\n")]
    if not api.runs_eagerly():
        # Away from a terminal Keras up to 2.3 gives each state that it would overwrite a line of its own.
        lines = [line for line in lines if " - ETA: " not in line]
    return value, "\n".join(lines)


def summary_of(model: Any) -> str:
    """Return what `summary()` prints."""
    return printed(model.summary)[1]


def summary_rows(text: str) -> list[tuple[str, int]]:
    """Return the rows of a summary as (text of the row, parameters in it), whatever lines and commas it has."""
    rows = []
    for line in text.splitlines():
        match = re.search(r"^\W*(\w+ \(\w+\).*?)(\d[\d,]*)\s*[│|]?\s*$", line)
        if match:
            rows.append((match.group(1), number(match.group(2))))
    return rows


def summary_total(text: str) -> int:
    """Return the number behind `Total params`, or -1 where there is none."""
    match = re.search(r"Total params: (\d[\d,]*)", text)
    return number(match.group(1)) if match else -1


def number(text: str) -> int:
    """Return the whole number that a text such as `401,920` stands for."""
    return int(text.replace(",", ""))


def cross_entropy(probabilities: Any, labels: Any) -> float:
    """Return the mean over the images of minus the logarithm of the probability given to the true class."""
    chosen = api.array(probabilities).astype("float64")[np.arange(len(labels)), labels]
    return float(np.mean(-np.log(np.clip(chosen, 1e-7, 1.0))))


def share_right(probabilities: Any, labels: Any) -> float:
    """Return the share of images whose most probable class is the true one."""
    return float(np.mean(np.argmax(api.array(probabilities), axis=-1) == labels))


def iterations(model: Any) -> int:
    """Return how many times the optimizer has adjusted the weights."""
    return int(api.array(model.optimizer.iterations))


@dataclass(frozen=True, eq=False)
class Trial:
    """One workflow as the chapter has it, on drawn images: build, compile, fit, evaluate, predict; then two more fits.

    Attributes:
        labels: the true classes of the images.
        loss_before: cross entropy before any training.
        history: what `fit` gave back, by name, one value for each epoch.
        fit_text: what it printed.
        steps: adjustments made by `fit` with the chapter's batch size.
        evaluated: what `evaluate` gave back.
        evaluate_text: what it printed.
        predicted: what `predict` gave back.
        default_steps: adjustments made by one epoch of `fit` without a batch size, on `MANY` images.
        whole_steps: adjustments made by one epoch of `fit` with all images as one batch.
    """

    labels: Any
    loss_before: float
    history: Mapping[str, list[float]]
    fit_text: str
    steps: int
    evaluated: Any
    evaluate_text: str
    predicted: Any
    default_steps: int
    whole_steps: int


def accuracy_name() -> str:
    """Return under which name Keras tells the accuracy that is asked for as `accuracy`.

    It shortened it up to 2.2; the Keras in TensorFlow never did.
    """
    return "acc" if not api.runs_eagerly() and api.release().keras.startswith("2.2.") else "accuracy"


def trial(tf: Any) -> Trial:
    """Return the outcome of the workflow, in the chapter's first way, with the same seed each time."""
    api.set_seed(11)
    images, labels = drawn()
    model = models.built(models.style("sequential-list").compiled(tf))
    before = cross_entropy(api.call(model, images), labels)
    history, fit_text = printed(lambda: model.fit(images, labels, batch_size=BATCH, epochs=EPOCHS))
    steps = iterations(model)
    evaluated, evaluate_text = printed(lambda: model.evaluate(images, labels))
    predicted = printed(lambda: model.predict(images))[0]
    many = np.tile(images, (MANY // COUNT, 1, 1)), np.tile(labels, MANY // COUNT)
    printed(lambda: model.fit(*many))
    default_steps = iterations(model) - steps
    printed(lambda: model.fit(images, labels, batch_size=len(images)))
    whole_steps = iterations(model) - steps - default_steps
    values = {name: [float(value) for value in series] for name, series in history.history.items()}
    return Trial(
        labels, before, values, fit_text, steps, evaluated, evaluate_text, predicted, default_steps, whole_steps
    )


def shared(request: pytest.FixtureRequest, injected: Any, tf: Any) -> Trial:
    """Return the workflow's outcome, computed once in a session, and anew where something is injected."""
    if injected is not None:
        return trial(tf)
    stash = request.config.stash
    if WORKFLOW not in stash:
        stash[WORKFLOW] = trial(tf)
    return stash[WORKFLOW]
