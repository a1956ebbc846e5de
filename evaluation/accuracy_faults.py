"""The faults that are planted to see whether the accuracy gate catches them, one small function each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Callable

import numpy as np

from pytest_kerasch2 import models
from pytest_kerasch2.accuracy import training
from pytest_kerasch2.accuracy.gate import Train
from pytest_kerasch2.accuracy.runs import CURVES, TrainingRun
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.data.preprocessing import PreparedData
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import Network
from pytest_kerasch2.models.catalogue import LOSS

ADAMS_RATE = 0.001
HONEST = "honest"


@dataclass(frozen=True)
class Setup:
    """A training as the reference has it, unless a fault changes something.

    Attributes:
        data: the prepared data set.
        recipe: style, feed, epochs and batch size.
        network: dropout, width and activation.
        rate: the learning rate of Adam.
        lost: epochs that are not trained, of which the log repeats the last one that was.
    """

    data: PreparedData
    recipe: Recipe
    network: Network = Network()  # noqa: RUF009  # frozen, so safe to share
    rate: float = ADAMS_RATE
    lost: int = 0


@dataclass(frozen=True)
class Fault:
    """One planted fault: its name, what it is in words, and what it does to a training."""

    name: str
    description: str
    plant: Callable[[Setup], Setup]


def honest(setup: Setup) -> Setup:
    """Change nothing."""
    return setup


def dropout_off(setup: Setup) -> Setup:
    """Drop no units."""
    return replace(setup, network=replace(setup.network, dropout=0.0))


def dropout_half(setup: Setup) -> Setup:
    """Drop half of the units."""
    return replace(setup, network=replace(setup.network, dropout=0.5))


def half_width(setup: Setup) -> Setup:
    """Return the hidden layer half of its units."""
    return replace(setup, network=replace(setup.network, hidden=256))


def sigmoid(setup: Setup) -> Setup:
    """Take another activation."""
    return replace(setup, network=replace(setup.network, hidden_activation="sigmoid"))


def rate_up(setup: Setup) -> Setup:
    """Learn three times as fast."""
    return replace(setup, rate=3 * setup.rate)


def rate_down(setup: Setup) -> Setup:
    """Learn a third as fast."""
    return replace(setup, rate=setup.rate / 3)


def unscaled(setup: Setup) -> Setup:
    """Forget to divide the pixels by 255, before training and before the test."""
    data = setup.data
    return replace(setup, data=replace(data, x_train=data.x_train * 255, x_test=data.x_test * 255))


def wrong_labels(share: float) -> Callable[[Setup], Setup]:
    """Return a fault that puts another label on this share of the training images, the same ones in each training."""

    def plant(setup: Setup) -> Setup:
        labels = setup.data.y_train.copy()
        chance = np.random.default_rng(0)
        wrong = chance.choice(len(labels), round(share * len(labels)), replace=False)
        labels[wrong] = (labels[wrong] + chance.integers(1, setup.network.classes, len(wrong))) % setup.network.classes
        return replace(setup, data=replace(setup.data, y_train=labels))

    return plant


def half_the_data(setup: Setup) -> Setup:
    """Train on the first half of the images."""
    return _first(setup, len(setup.data.x_train) // 2)


def last_batch_lost(setup: Setup) -> Setup:
    """Leave out the images of the last batch: the incomplete one, where there is one."""
    images, size = len(setup.data.x_train), setup.recipe.batch_size
    return _first(setup, (images - 1) // size * size)


def _first(setup: Setup, count: int) -> Setup:
    data = setup.data
    return replace(setup, data=replace(data, x_train=data.x_train[:count], y_train=data.y_train[:count]))


def flipped(setup: Setup) -> Setup:
    """Turn the training images upside down, and not the test images."""
    return replace(setup, data=replace(setup.data, x_train=np.ascontiguousarray(setup.data.x_train[:, ::-1])))


def one_epoch_fewer(setup: Setup) -> Setup:
    """Stop one epoch early, and log its figures twice, so that nothing looks missing."""
    return replace(setup, lost=1)


def test_in_training(setup: Setup) -> Setup:
    """Train on the test images too."""
    data = setup.data
    images, labels = (data.x_train, data.x_test), (data.y_train, data.y_test)
    return replace(setup, data=replace(data, x_train=np.concatenate(images), y_train=np.concatenate(labels)))


FAULTS = (
    Fault("dropout-off", "no dropout", dropout_off),
    Fault("dropout-half", "dropout 0.5 instead of 0.2", dropout_half),
    Fault("half-width", "256 hidden units instead of 512", half_width),
    Fault("rate-up", "learning rate times 3", rate_up),
    Fault("rate-down", "learning rate divided by 3", rate_down),
    Fault("sigmoid", "sigmoid instead of ReLU", sigmoid),
    Fault("unscaled", "pixels from 0 to 255", unscaled),
    Fault("wrong-labels-1", "1 % of the training labels wrong", wrong_labels(0.01)),
    Fault("wrong-labels-5", "5 % of the training labels wrong", wrong_labels(0.05)),
    Fault("half-data", "half of the training images", half_the_data),
    Fault("last-batch", "the last batch lost", last_batch_lost),
    Fault("flipped", "training images upside down", flipped),
    Fault("epoch-fewer", "one epoch fewer, its figures logged twice", one_epoch_fewer),
    Fault("leak", "test images among the training images", test_in_training),
)
BY_NAME = {fault.name: fault for fault in (Fault(HONEST, "nothing changed", honest), *FAULTS)}


def train_of(setup: Setup) -> Train:
    """Return how a training with these settings goes, as the gate takes it."""
    recipe = replace(setup.recipe, epochs=setup.recipe.epochs - setup.lost)
    return lambda seed: _repeated(training.train(recipe, setup.data, seed, lambda: _model(setup)), setup.lost)


def _model(setup: Setup) -> Any:
    tf = api.tensorflow()
    model = models.style(setup.recipe.style).build(tf, setup.network)
    if setup.rate != ADAMS_RATE:
        optimizer = tf.keras.optimizers.Adam(setup.rate)
        # As many steps at once as an honest training takes, which compiles its model by itself.
        model.compile(optimizer, LOSS, metrics=["accuracy"], steps_per_execution=training.STEPS_AT_ONCE)
    return model


def _repeated(run: TrainingRun, lost: int) -> TrainingRun:
    return replace(run, **{name: getattr(run, name) + getattr(run, name)[-1:] * lost for name in CURVES})
