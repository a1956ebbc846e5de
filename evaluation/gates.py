"""Simulated gates: draw a reference and new trainings, and return what the gate says of them."""

from __future__ import annotations

from typing import NamedTuple, Sequence

from evaluation.curves import Generator, History
from evaluation.kinds import Kind
from evaluation.scenarios import Old, Scenario
from pytest_kerasch2.accuracy import sequential_test
from pytest_kerasch2.accuracy.decision import GateDecision, GateVerdict
from pytest_kerasch2.accuracy.reference import Reference, TrainingDescription
from pytest_kerasch2.accuracy.reference_distribution import ReferenceDistribution, distribution_of
from pytest_kerasch2.accuracy.runs import TrainingRun, run_of
from pytest_kerasch2.accuracy.settings import GateSettings
from pytest_kerasch2.accuracy.user_training import UserTraining
from pytest_kerasch2.errors import KerasCh2Error

# Seeds of new trainings begin here, those of a reference at 0.
FIRST_NEW = 1000
FEWEST = 2


class Outcome(NamedTuple):
    """What a gate said.

    Attributes:
        verdict: of the gate, or `refused` where it raised one of our errors.
        trainings: how many it looked at.
        reason: why.
        margin: that it used.
    """

    verdict: str
    trainings: int
    reason: str
    margin: float = 0.0


class Bench:
    """A drawn reference, of which gates of several situations can be asked."""

    def __init__(self, kind: Kind, old: Old, random: Generator) -> None:
        """Draw it."""
        self.kind = kind
        self.histories = old(kind, random)
        self._reference = reference_of(self.histories)
        self._ready: dict[float | None, ReferenceDistribution | KerasCh2Error] = {}

    def ask(self, scenario: Scenario, random: Generator) -> Outcome:
        """Draw new trainings and decide."""
        distribution = self._made(self.kind.margin if scenario.fixed else None)
        try:
            if isinstance(distribution, KerasCh2Error):
                raise distribution
            decision = asked(distribution, scenario.new(self.kind, random, self.histories, distribution.margin))
        except KerasCh2Error as error:
            return Outcome("refused", 0, str(error))
        return Outcome(decision.verdict.value, len(decision.runs), decision.reason, decision.margin)

    def _made(self, margin: float | None) -> ReferenceDistribution | KerasCh2Error:
        if margin not in self._ready:
            try:
                terms = GateSettings(metric=self.kind.metric, margin=margin)
                self._ready[margin] = distribution_of(self._reference, terms)
            except KerasCh2Error as error:
                self._ready[margin] = error
        return self._ready[margin]


def asked(distribution: ReferenceDistribution, new: Sequence[History]) -> GateDecision:
    """Ask of the fewest trainings that can pass, and where these do not decide, of all.

    Of trainings that are no copies it is the verdict of a gate that looks after each one, and takes less time.
    """
    for count in (FEWEST, len(new)):
        decision = sequential_test.decide(distribution, runs_of(new[:count], FIRST_NEW))
        if decision.verdict is not GateVerdict.UNDECIDED or decision.is_final:
            break
    return decision


def gate(kind: Kind, scenario: Scenario, random: Generator) -> Outcome:
    """Draw and decide one gate with a reference of its own."""
    return Bench(kind, scenario.old, random).ask(scenario, random)


def reference_of(histories: Sequence[History]) -> Reference:
    """Return a reference of these trainings."""
    epochs = max(len(values) for history in histories for values in history.values())
    subject = TrainingDescription(
        UserTraining("evaluation:train", epochs), {"name": "evaluation:train", "sha256": "0"}, {}
    )
    return Reference(subject, runs_of(histories, 0))


def runs_of(histories: Sequence[History], first: int) -> tuple[TrainingRun, ...]:
    """Return the runs of some histories, with seeds from `first` on."""
    return tuple(run_of(history, seed) for seed, history in enumerate(histories, first))
