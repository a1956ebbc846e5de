"""Changes of the chapter's training that might give the figures it prints: each a training for `kerasch2 calibrate`.

    kerasch2 calibrate without-dropout.jsonl --training evaluation.printed_variants:without_dropout --seeds 12

`python -m evaluation.printed_figures FILE...` then tells which of the printed figures each of them can give. MNIST is
looked for where the variable KERASCH2_MIRROR says, and fetched otherwise.
"""

from __future__ import annotations

import functools
import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from pytest_kerasch2 import models
from pytest_kerasch2.accuracy import training
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.data import preprocessing, sources
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import Network

CHAPTERS = Recipe()


def without_dropout(seed: int) -> TrainingRun:
    """Train without the layer that drops a fifth of the hidden units."""
    return _trained(seed, Network(dropout=0.0))


def dropout_of_a_twentieth(seed: int) -> TrainingRun:
    """Train with a layer that drops a twentieth."""
    return _trained(seed, Network(dropout=0.05))


def dropout_of_a_tenth(seed: int) -> TrainingRun:
    """Train with a layer that drops a tenth."""
    return _trained(seed, Network(dropout=0.1))


def batches_of_64(seed: int) -> TrainingRun:
    """Train by 64 images a step, without dropout."""
    return _trained(seed, Network(dropout=0.0), replace(CHAPTERS, batch_size=64))


def twice_as_wide(seed: int) -> TrainingRun:
    """Train 1024 hidden units, with dropout."""
    return _trained(seed, Network(hidden=1024))


def one_order(seed: int) -> TrainingRun:
    """Train as printed, and leave the order to Keras: with a seed, Keras 3 gives all epochs one on TensorFlow."""

    def fed(tf: Any, recipe: Recipe, data: Any, seed: int) -> dict[str, Any]:
        return {"x": data.x_train, "y": data.y_train, "batch_size": recipe.batch_size}

    with mock.patch.object(training, "_fed", fed):
        return training.train(CHAPTERS, _mnist(), seed)


def _trained(seed: int, network: Network, recipe: Recipe = CHAPTERS) -> TrainingRun:
    def build() -> Any:
        return models.style(recipe.style).build(api.tensorflow(), network)

    return training.train(recipe, _mnist(), seed, build)


@functools.lru_cache(maxsize=1)
def _mnist() -> Any:
    mirror = os.environ.get("KERASCH2_MIRROR")
    return preprocessing.prepared(sources.load("mnist", mirror=Path(mirror) if mirror else None))
