"""One accuracy gate in earnest, in whatever process it is asked."""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass

from evaluation import accuracy_faults
from evaluation.accuracy_faults import BY_NAME, Setup
from evaluation.accuracy_record import Live
from pytest_kerasch2.accuracy import gate, reference
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.settings import GateSettings, Recipe
from pytest_kerasch2.data import preprocessing, sources
from pytest_kerasch2.data.preprocessing import PreparedData
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.framework import threads

TERMS = GateSettings()
# References have the seeds from 0 on, and the held-out seeds of MNIST lie below this too. The gates of MNIST that are
# kept are of those from a million on, which on the digits were seen when the rule for single trainings was made.
FIRST_SEED = 10_000_000
SEEDS_PER_FAULT = 100_000


@dataclass(frozen=True)
class Task:
    """One gate to be asked: the reference, the fault that is planted, and the number among those of the fault."""

    reference: str
    fault: str
    gate: int

    @property
    def seeds(self) -> range:
        """Return the seeds that it may train with, which no other gate has."""
        first = FIRST_SEED + list(BY_NAME).index(self.fault) * SEEDS_PER_FAULT + self.gate * TERMS.max_runs
        return range(first, first + TERMS.max_runs)


def judged(task: Task) -> Live:
    """Ask one gate in this process, which may be another than the one that wants it."""
    threads.limit()
    # A new model for each training is meant, and TensorFlow warns that it is slow.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    reference = reference_of(task.reference)
    assert isinstance(reference.description.recipe, Recipe)
    setup = Setup(_data(str(reference.description.data["name"])), reference.description.recipe)
    gate.check_same_data(reference, setup.data)
    train = accuracy_faults.train_of(BY_NAME[task.fault].plant(setup))
    try:
        decision = gate.gate_training(reference, train, TERMS, seeds=task.seeds)
    except KerasCh2Error as error:
        return Live(task.fault, task.gate, "error", str(error), ())
    return Live(task.fault, task.gate, decision.verdict.value, decision.reason, decision.runs)


@functools.lru_cache(maxsize=1)
def reference_of(named: str) -> Reference:
    """Return a reference by its name or from its file."""
    return reference.find_reference(named)


@functools.lru_cache(maxsize=1)
def _data(name: str) -> PreparedData:
    return preprocessing.prepared(sources.load(name))
