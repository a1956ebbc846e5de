"""Faults of training, injected into stored curves: to train for each of them would take hours."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Callable, ContextManager, Iterator
from unittest import mock

from pytest_kerasch2.accuracy import reference
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.chapter.printed_numbers import trained
from pytest_kerasch2.chapter.printed_numbers.trained import SEEDS_EACH, STYLES, Curves
from pytest_kerasch2.checks.common_faults import fault

# What the figures of training are multiplied by where nothing is dropped, after the first and after the tenth epoch:
# the losses, and the shares of images not recognised. Measured: `evaluation/printed_variants.py`.
WITHOUT_DROPOUT = {0: (0.91, 0.90), 9: (0.46, 0.47)}


def _changed(change: Callable[[str, TrainingRun], TrainingRun]) -> ContextManager[Any]:
    """Plant a change into every stored curve; what lies beneath it is changed too."""
    original = trained.stored

    def changed() -> Curves:
        curves = original()
        by_style = {name: tuple(change(name, run) for run in runs) for name, runs in curves.by_style.items()}
        return replace(curves, by_style=by_style)

    return mock.patch.object(trained, "stored", changed)


learns_slower = fault(
    "Each epoch ends with half as much loss of training again.",
    _changed,
    lambda name, run: replace(run, loss=tuple(1.5 * loss for loss in run.loss)),
)
forgets_what_it_learned = fault(
    "The last epoch undoes a part of what was learned: twice the test loss, two points of accuracy less.",
    _changed,
    lambda name, run: _worse(run),
)
second_way_ends_worse = fault(
    "The second way alone ends with two points of test accuracy less.",
    _changed,
    lambda name, run: _worse(run) if name == STYLES[1] else run,
)


def _worse(run: TrainingRun) -> TrainingRun:
    loss = (*run.test_loss[:-1], 2 * run.test_loss[-1])
    return replace(run, test_loss=loss, test_accuracy=(*run.test_accuracy[:-1], run.test_accuracy[-1] - 0.02))


@contextmanager
def other_seeds() -> Iterator[None]:
    """Other seeds of the same training."""
    last = len(STYLES) * SEEDS_EACH
    bundled = reference.load_bundled(trained.STORED)
    with mock.patch.object(reference, "load_bundled", return_value=replace(bundled, runs=bundled.runs[last:])):
        yield


without_dropout = fault(
    "The network is trained without its Dropout layer, as far as its figures of training show that.",
    _changed,
    lambda name, run: _undropped(run),
)


def _undropped(run: TrainingRun) -> TrainingRun:
    loss, accuracy = list(run.loss), list(run.accuracy)
    for epoch, (of_loss, of_missed) in WITHOUT_DROPOUT.items():
        loss[epoch] *= of_loss
        accuracy[epoch] = 1 - (1 - accuracy[epoch]) * of_missed
    return replace(run, loss=tuple(loss), accuracy=tuple(accuracy))
