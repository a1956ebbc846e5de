"""Decisions on curves that nobody trained, one of each kind, for tests of how a decision is shown."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from pytest_kerasch2.accuracy import sequential_test
from pytest_kerasch2.accuracy.decision import GateDecision
from pytest_kerasch2.accuracy.reference import Reference, TrainingDescription
from pytest_kerasch2.accuracy.reference_distribution import ReferenceDistribution, distribution_of
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import GateSettings
from pytest_kerasch2.accuracy.user_training import UserTraining
from tests.builders.synthetic_trainings import ENVIRONMENT

EPOCHS = 3
IMAGES = 1000
DATA = {"name": "made", "sha256": "0" * 64, "train": IMAGES, "test": IMAGES}


def curve_of(seed: int, epochs: int = EPOCHS, scatter: float = 0.05, **times: float) -> TrainingRun:
    """Return a curve whose seeds scatter by so much; its losses and numbers of errors are multiplied where told so."""
    drawn = random.Random(seed)

    def series(name: str, first: float) -> list[float]:
        return [first * times.get(name, 1) * 0.9**epoch * drawn.lognormvariate(0, scatter) for epoch in range(epochs)]

    return TrainingRun(
        seed,
        tuple(series("loss", 0.5)),
        tuple(1 - round(IMAGES * one) / IMAGES for one in series("accuracy", 0.2)),
        tuple(series("test_loss", 0.4)),
        tuple(1 - round(IMAGES * one) / IMAGES for one in series("test_accuracy", 0.1)),
    )


def reference_of(seeds: int = 30, epochs: int = EPOCHS, scatter: float = 0.05) -> Reference:
    """Return a reference of so many seeds."""
    runs = tuple(curve_of(seed, epochs, scatter) for seed in range(seeds))
    return Reference(TrainingDescription(UserTraining("made:up", epochs), DATA, ENVIRONMENT), runs)


def decided(
    *runs: TrainingRun, reference: Reference | None = None, **terms: Any
) -> tuple[ReferenceDistribution, GateDecision]:
    """Return what was compared with, and what was decided by it; without runs, what is decided before any training."""
    distribution = distribution_of(reference or reference_of(), GateSettings(**terms))
    decision = (
        sequential_test.decide(distribution, runs) if runs else sequential_test.decide_before_training(distribution)
    )
    assert decision is not None
    return distribution, decision


def passed() -> tuple[ReferenceDistribution, GateDecision]:
    return decided(curve_of(101), curve_of(102), margin=0.03)


def failed() -> tuple[ReferenceDistribution, GateDecision]:
    """Return one that fails by its training loss alone."""
    return decided(curve_of(101, loss=0.5), curve_of(102, loss=0.5))


def undecided() -> tuple[ReferenceDistribution, GateDecision]:
    return decided(curve_of(101), curve_of(102), margin=0.003)


def untrained() -> tuple[ReferenceDistribution, GateDecision]:
    return decided(margin=0.0001)


def strayed() -> tuple[ReferenceDistribution, GateDecision]:
    """Return one that passes though one of its trainings lies far off at one point."""
    odd = curve_of(102)
    return decided(curve_of(101), replace(odd, test_loss=(2.0, *odd.test_loss[1:])), margin=0.03)
