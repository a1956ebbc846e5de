"""Trainings that were never trained: curves made up from their seeds, which scatter as those of a training do."""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path
from typing import Any, Callable

from pytest_kerasch2.accuracy import reference
from pytest_kerasch2.accuracy.reference import Reference, TrainingDescription
from pytest_kerasch2.accuracy.runs import CURVES, TrainingRun
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.accuracy.user_training import UserTraining

EPOCHS = 2
IMAGES = 10_000
# On the scale of logarithms: a test accuracy of about 0.93 then scatters by 0.2 percentage points.
SCATTER = 0.03
DATA = {"name": "digits", "sha256": "0" * 64, "train": IMAGES, "test": IMAGES}
ENVIRONMENT = {
    "plugin": "0.1.0",
    "tensorflow": "2.21.0",
    "keras": "3.15.1",
    "backend": "tensorflow",
    "python": "3.13.0",
    "numpy": "2.3.1",
    "platform": "Linux-x86_64",
    "device": "cpu:0",
    "threads": 1,
}
# Not those that a calibration begins with, nor any that a gate would draw.
NEW = tuple(range(1000, 1010))
# Scatters by its seed alone, and needs no Keras.
TRAINING = """
import os
import random

ACCURACY = {accuracy}

def train(seed):
    drawn = random.Random(seed)
    more = [drawn.gauss(0, 0.002) for _ in range(4)]
    with open("trained.txt", "a") as stream:
        stream.write(f"{{seed}}\\n")
    {stops}
    return {{
        "loss": [0.5 + more[0], 0.3 + more[0]], "accuracy": [0.8 + more[1], 0.9 + more[1]],
        "val_loss": [0.4 + more[2], 0.3 + more[2]], "val_accuracy": [0.85 + more[3], ACCURACY + more[3]],
    }}
"""


def run(seed: int, epochs: int = EPOCHS, **off: float) -> TrainingRun:
    """Return the curve of a seed.

    Args:
        off: by how many known issues the losses or accuracies of a series lie higher than usual.
    """
    drawn = random.Random(7919 * seed)
    curves: dict[str, tuple[float, ...]] = {}
    for series in CURVES:
        side = -1 if series.endswith("accuracy") else 1
        places = [
            math.log(0.2 / epoch) + SCATTER * (drawn.gauss(0, 1) + side * off.get(series, 0.0))
            for epoch in range(1, epochs + 1)
        ]
        values = [math.exp(place) for place in places]
        if series.endswith("accuracy"):
            values = [1 - round(value * IMAGES) / IMAGES for value in values]
        curves[series] = tuple(values)
    return TrainingRun(seed, **curves)


def make_reference(
    seeds: int = 60, epochs: int = EPOCHS, trained: Callable[..., TrainingRun] = run, **about: Any
) -> Reference:
    """Return a reference of so many seeds, from 0 on."""
    recipe = about.pop("recipe", Recipe(epochs=epochs))
    subject = TrainingDescription(recipe, about.pop("data", DATA), ENVIRONMENT)
    return Reference(subject, tuple(trained(seed, epochs) for seed in range(seeds)))


def own(training: str, seeds: int = 60) -> Reference:
    """Return a reference of somebody's own training."""
    return make_reference(seeds, recipe=UserTraining(training, EPOCHS), data={"name": training, "sha256": "1" * 64})


def history(given: TrainingRun) -> dict[str, list[float]]:
    """Return a run as Keras's `fit` would."""
    names = {"test_loss": "val_loss", "test_accuracy": "val_accuracy"}
    return {names.get(series, series): list(getattr(given, series)) for series in CURVES}


def write(given: Reference, path: Path) -> Path:
    """Write a reference as `kerasch2 calibrate` does."""
    with reference.appending(path, given.description):
        for one in given.runs:
            reference.append(path, one)
    return path


def write_training(accuracy: float = 0.9, stops: str = "pass") -> None:
    """Write a training as a module `my_training` of this folder, which is imported anew.

    Args:
        accuracy: that it reaches.
        stops: a statement of each training.
    """
    sys.modules.pop("my_training", None)
    Path("my_training.py").write_text(TRAINING.format(accuracy=accuracy, stops=stops), encoding="utf-8")
