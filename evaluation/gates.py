"""One simulated gate: draws a reference and new trainings, and returns what the gate says of them."""

from __future__ import annotations

from typing import NamedTuple, Sequence

from evaluation.curves import Generator, History
from evaluation.kinds import Kind
from evaluation.scenarios import Scenario
from pytest_kerasch2.accuracy import deciding
from pytest_kerasch2.accuracy.own import Own, run_of
from pytest_kerasch2.accuracy.reference import Reference, Subject
from pytest_kerasch2.accuracy.terms import Terms
from pytest_kerasch2.accuracy.training import Run
from pytest_kerasch2.errors import KerasCh2Error

# Seeds of new trainings begin here, those of a reference at 0.
FIRST_NEW = 1000


class Outcome(NamedTuple):
    """What a gate said.

    Attributes:
        verdict: of the gate, or `refused` where it raised one of our errors.
        trainings: how many it looked at.
        reason: why.
    """

    verdict: str
    trainings: int
    reason: str


def gate(kind: Kind, scenario: Scenario, random: Generator) -> Outcome:
    """Draw and decide one gate."""
    try:
        old = scenario.old(kind, random)
        made = deciding.yardstick(reference_of(old), terms_of(kind, scenario))
        new = scenario.new(kind, random, old, made.resolution)
        decision = deciding.decide(made, runs_of(new, FIRST_NEW))
    except KerasCh2Error as error:
        return Outcome("refused", 0, str(error))
    return Outcome(decision.verdict.value, len(decision.runs), decision.reason)


def terms_of(kind: Kind, scenario: Scenario) -> Terms:
    """Return the terms of a gate on this kind of training."""
    return Terms(resolution=kind.margin if scenario.fixed else None)


def reference_of(histories: Sequence[History]) -> Reference:
    """Return a reference of these trainings."""
    epochs = max(len(values) for history in histories for values in history.values())
    subject = Subject(Own("evaluation:train", epochs), {"name": "evaluation:train", "sha256": "0"}, {})
    return Reference(subject, runs_of(histories, 0))


def runs_of(histories: Sequence[History], first: int) -> tuple[Run, ...]:
    """Return the runs of some histories, with seeds from `first` on."""
    return tuple(run_of(history, seed) for seed, history in enumerate(histories, first))
