"""Sequential model, first way: what fit and evaluate print."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from contextlib import contextmanager
from typing import Any, Iterator
from unittest import mock

import pytest

from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.chapter.early_keras import on_early_keras
from pytest_kerasch2.chapter.sequential import faults as network
from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.checks.workflow import BATCH, COUNT, EPOCHS, Trial, accuracy_name, shared
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

KERAS3_BAR = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/utils/progbar.py"
TF22_BAR = "https://github.com/tensorflow/tensorflow/issues/40575"
# The bar of Keras 3, with its colours.
_HEAVY = re.compile(r"(\x1b\[\d+m|━)*━(\x1b\[\d+m|━)*")


@pytest.fixture
def workflow(request: pytest.FixtureRequest, injected: Any, tf: Any) -> Trial:
    """The chapter's workflow on drawn images; what it gave and printed."""
    return shared(request, injected, tf)


@contextmanager
def epochs_from_zero() -> Iterator[None]:
    """The epoch line counts from 0."""

    def earlier(original: Any, logger: Any, epoch: int, logs: Any = None) -> Any:
        return original(logger, epoch - 1, logs)

    with common_faults.wrapped_method(api.keras().callbacks.ProgbarLogger, "on_epoch_begin", earlier):
        yield


def _as_acc(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    renamed = [("acc" if name == "accuracy" else name, value) for name, value in values or []]
    return original(bar, current, renamed, **named)


printed_as_acc = common_faults.fault("The progress bar calls the accuracy `acc`.", network.bar_as, _as_acc)


def _in_images(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    """Draw a bar of batches as one of images; a bar of images stays, but for the name of its unit."""
    if bar.target == 1 and current > 1:  # the bar of `evaluate` in 2.0
        with mock.patch.object(bar, "target", COUNT):
            return original(bar, current, values, **named)
    if getattr(bar, "unit_name", "step") == "sample" or bar.target is None or bar.target > COUNT // BATCH:
        with mock.patch.object(bar, "unit_name", "step", create=True):
            return original(bar, current, values, **named)
    with mock.patch.object(bar, "target", bar.target * BATCH):
        return original(bar, current * BATCH, values, **named)


counted_in_images = common_faults.fault(
    "The progress bar counts images and calls each a step.", network.bar_as, _in_images
)


def _once(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    for name, _ in values or []:
        bar._values.pop(name, None)
    return original(bar, current, values, **named)


averaged_once = common_faults.fault(
    "The progress bar forgets earlier values when it is given new ones.", network.bar_as, _once
)


def _doubled(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    return original(bar, current, [(name, value * 2) for name, value in values or []], **named)


figures_doubled = common_faults.fault("The progress bar shows twice the values.", network.bar_as, _doubled)


def _loss_first(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    return original(bar, current, sorted(values or [], key=lambda pair: pair[0] != "loss"), **named)


loss_printed_first = common_faults.fault(
    "The progress bar shows the loss before all else.", network.bar_as, _loss_first
)


@contextmanager
def loss_dropped() -> Iterator[None]:
    """The progress bar leaves the loss out."""

    def without(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
        return original(bar, current, [pair for pair in values or [] if pair[0] != "loss"], **named)

    with network.bar_as(without):
        yield


@claim(
    "sequential-first.fit-prints",
    "`fit` prints for each epoch its number of all, the time it took, the loss and the accuracy.",
    "output",
)
@detects(epochs_from_zero, network.accuracy_unprinted, network.fitted_silently)
@tolerates(network.other_weights)
def fit_prints(workflow: Trial, record: Recorder) -> None:
    """Read the print-out."""
    epochs = re.findall(r"Epoch (\d+)/(\d+)", workflow.fit_text)
    record.equal("epochs announced", expected=[(str(n), str(EPOCHS)) for n in (1, 2, 3)], actual=epochs)
    lines = _lines_of_epochs(workflow.fit_text)
    record.equal("lines with a time", expected=EPOCHS, actual=sum(bool(re.search(r"\d+m?s ", line)) for line in lines))
    times = [int(seconds) for line in lines for seconds in re.findall(r"(\d+)s \d", line)]
    record.true(
        "no time is longer than fit took", holds=max(times, default=0) <= workflow.fit_seconds + 1, found="longer"
    )
    for name in ("loss", "accuracy"):
        record.equal(f"lines with the {name}", expected=EPOCHS, actual=len(_figures(lines, name)))


def _figures(lines: list[str], name: str) -> list[float]:
    """Return what the lines say of loss or accuracy, under its name or the beginning of it."""
    matches = [re.search(rf"\b{name[:3]}\w*: ([\d.]+)", line) for line in lines]
    return [float(one.group(1)) for one in matches if one is not None]


@claim(
    "sequential-first.printed-figures",
    "The loss and accuracy printed at the end of an epoch are those of the epoch.",
    "output",
)
@known_issue(
    since="2.4",
    until="2.4",
    cause="TensorFlow 2.4 makes its progress bar before it knows the metrics, and averages running averages again.",
    source="https://github.com/tensorflow/tensorflow/issues/48033",
    symptom=r"loss printed: .* not within 0.0002 of",
)
@known_issue(
    since="3.0",
    until="3.10",
    of="keras",
    cause="Early Keras 3 averages the running averages a second time before it prints them.",
    source="https://github.com/keras-team/keras/issues/20212",
    symptom=r"loss printed: .* not within 0.0002 of",
)
@fixed_by(averaged_once)
@detects(figures_doubled)
@tolerates(network.other_weights)
def printed_figures(workflow: Trial, record: Recorder) -> None:
    """Compare what is printed with what `fit` gives back; the last printed place may be rounded."""
    lines = _lines_of_epochs(workflow.fit_text)
    for name in ("loss", accuracy_name()):
        expected = [round(value, 4) for value in workflow.history[name]]
        seen = _figures(lines, name)
        near = len(seen) == len(expected) and all(abs(a - b) < 2e-4 for a, b in zip(seen, expected))
        actual = f"{seen}, {'' if near else 'not '}within 0.0002 of {expected}"
        record.true(f"{name} printed", holds=near, found=actual)


def _lines_of_epochs(text: str) -> list[str]:
    """Return the last state of each epoch's progress line."""
    return [line for line in text.splitlines() if re.search(r"(\d+)/\1 .*/(step|sample)", line)]


@claim(
    "sequential-first.metric-called-acc",
    "The accuracy asked for as 'accuracy' is printed under the name `acc`.",
    "output",
)
@on_early_keras(
    "https://github.com/keras-team/keras/releases/tag/2.3.0",
    "Keras 2.3 keeps the name given to compile, `accuracy`; up to 2.2 it printed `acc`.",
    "accuracy",
    since="2.3",
)
@known_issue(
    of="keras",
    backends=("tensorflow", "jax", "torch"),
    cause="TensorFlow 2 keeps the name given to compile, `accuracy`; `acc` was TensorFlow 1's.",
    source="https://github.com/tensorflow/tensorflow/blob/v2.0.0/tensorflow/python/keras/engine/training_utils.py",
    symptom=r"names printed: .*accuracy",
    workaround=chapter_workarounds.ACCURACY,
)
@fixed_by(printed_as_acc)
@detects(network.accuracy_unprinted)
@tolerates(network.other_weights)
def metric_called_acc(workflow: Trial, record: Recorder) -> None:
    """Read the names in the print-out."""
    names = sorted(set(re.findall(r"- (\w+): [\d.]+", workflow.fit_text)))
    record.equal("names printed", expected=["acc", "loss"], actual=names)


@claim("sequential-first.loss-printed-first", "The loss is printed before the accuracy.", "output")
@known_issue(
    since="3.0",
    of="keras",
    cause="Keras 3 sorts what it prints by name, so that the accuracy comes first.",
    source="https://github.com/keras-team/keras/blob/v3.0.0/keras/trainers/trainer.py",
    symptom=r"order printed: .*accuracy.*loss",
)
@fixed_by(loss_printed_first)
@detects(loss_dropped)
@tolerates(network.other_weights)
def loss_comes_first(workflow: Trial, record: Recorder) -> None:
    """Read the order in the print-out."""
    line = (_lines_of_epochs(workflow.fit_text) or [""])[-1]
    names = re.findall(r"- (\w+): [\d.]+", line)
    record.equal("order printed", expected=["loss", accuracy_name()], actual=names)


def _of_equal_signs(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    """Draw the bar of Keras 3, whose width is 20 where none is given, as one of equal signs in brackets."""
    width = 30 if bar.width == 20 else bar.width
    with mock.patch.object(bar, "width", width), contextlib.redirect_stdout(io.StringIO()) as paper:
        original(bar, current, values, **named)
    sys.stdout.write(_HEAVY.sub(lambda drawn: f"[{'=' * drawn.group().count('━')}]", paper.getvalue()))


bar_of_equal_signs = common_faults.fault("The progress bar is drawn of equal signs.", network.bar_as, _of_equal_signs)


def _narrower(original: Any, bar: Any, current: Any, values: Any = None, **named: Any) -> Any:
    with mock.patch.object(bar, "width", 12):
        return original(bar, current, values, **named)


bar_narrower = common_faults.fault("The progress bar is 12 signs wide.", network.bar_as, _narrower)


@claim("sequential-first.fit-bar", "The bar that `fit` prints is one of 30 equal signs in brackets.", "output")
@known_issue(
    since="3.0",
    of="keras",
    cause="Keras 3 draws a bar of 20 heavy lines, without brackets.",
    source=KERAS3_BAR,
    symptom=r"bars printed: \['━{20}'\]",
)
@fixed_by(bar_of_equal_signs)
@detects(bar_narrower, network.fitted_silently)
@tolerates(network.other_weights)
def fit_bar(workflow: Trial, record: Recorder) -> None:
    """Read what is drawn once an epoch is over."""
    bars = [re.search(r"\d/\d+ (\S+)", line) for line in _lines_of_epochs(workflow.fit_text)]
    drawn = sorted({bar.group(1) for bar in bars if bar is not None})
    record.equal("bars printed", expected=[f"[{'=' * 30}]"], actual=drawn)


@claim("sequential-first.fit-counts-images", "The progress that `fit` prints counts images: 60000/60000.", "output")
@known_issue(
    since="2.2",
    cause="From TensorFlow 2.2 on the progress bar counts batches: 1875/1875 and 313/313.",
    source=TF22_BAR,
    symptom=r"3/3",
)
@known_issue(
    of="keras",
    since="3.0",
    cause="The progress bar of Keras 3 counts batches, on each backend: 1875/1875 and 313/313.",
    source=KERAS3_BAR,
    symptom=r"3/3",
)
@fixed_by(counted_in_images)
@detects(network.target_one_more)
@tolerates(network.other_weights)
def fit_counts_images(workflow: Trial, record: Recorder) -> None:
    """Read the last count in the print-out of 96 images."""
    record.equal("last count of an epoch", expected=[f"{COUNT}/{COUNT}"], actual=_counts(workflow.fit_text))


def _counts(text: str) -> list[str]:
    """Return what stands before the bars."""
    return sorted(set(re.findall(r"(\d+/\d+) \[?[=━]", text)))


@claim(
    "sequential-first.evaluate-counts-images",
    "The progress that `evaluate` prints counts images: 10000/10000.",
    "output",
)
@known_issue(
    until="2.0",
    cause="TensorFlow 2.0 prints 10000/1 with a bar of as many signs, a mistake mended in 2.1.",
    source="https://github.com/tensorflow/tensorflow/issues/32286",
    symptom=r"96/1'",
)
@known_issue(
    since="2.2",
    cause="From TensorFlow 2.2 on the progress bar counts batches: 1875/1875 and 313/313.",
    source=TF22_BAR,
    symptom=r"3/3",
)
@known_issue(
    of="keras",
    since="3.0",
    cause="The progress bar of Keras 3 counts batches, on each backend: 1875/1875 and 313/313.",
    source=KERAS3_BAR,
    symptom=r"3/3",
)
@fixed_by(counted_in_images)
@detects(network.target_one_more)
@tolerates(network.other_weights)
def evaluate_counts_images(workflow: Trial, record: Recorder) -> None:
    """Read the last count in the print-out of 96 images."""
    record.equal("last count", expected=[f"{COUNT}/{COUNT}"], actual=_counts(workflow.evaluate_text))


@claim("sequential-first.time-per-image", "The time is printed per step, and a step is one image: 77us/step.", "output")
@known_issue(
    until="2.1",
    cause="TensorFlow 2.0 and 2.1 say `sample` where the chapter's alpha said `step`.",
    source="https://github.com/tensorflow/tensorflow/blob/v2.0.0/tensorflow/python/keras/utils/generic_utils.py",
    symptom=r"unit of time: .*sample",
)
@known_issue(
    since="2.2",
    cause="From TensorFlow 2.2 on a step is a batch: the time printed is that of 32 images.",
    source=TF22_BAR,
    symptom=r"steps counted: \[3\]",
)
@known_issue(
    of="keras",
    since="3.0",
    cause="A step of Keras 3 is a batch, on each backend: the time printed is that of 32 images.",
    source=KERAS3_BAR,
    symptom=r"steps counted: \[3\]",
)
@fixed_by(counted_in_images)
@detects(network.fitted_silently)
@tolerates(network.other_weights)
def time_per_image(workflow: Trial, record: Recorder) -> None:
    """Read the unit of the time, and how many of it make an epoch of 96 images."""
    units = sorted(set(re.findall(r"\d(?:us|ms|s)/(\w+)", workflow.fit_text)))
    record.equal("unit of time", expected=["step"], actual=units)
    counts = sorted({int(count) for count in re.findall(r"(\d+)/\d+ \[?[=━]", workflow.fit_text)})
    record.equal("steps counted", expected=[COUNT], actual=counts)
    units_of = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
    lines = _lines_of_epochs(workflow.fit_text)
    times = [float(time) * units_of[unit] for line in lines for time, unit in re.findall(r"(\d+)(us|ms|s)/step", line)]
    # Printed is the time in whole units, of which half may be rounded.
    near = COUNT * sum(times) <= 1.5 * workflow.fit_seconds + 0.1
    record.true("so many of that time are no longer than fit took", holds=near, found="longer")
