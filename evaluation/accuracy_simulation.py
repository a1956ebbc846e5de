"""Many gates drawn from finished trainings: how often each verdict comes, and what the rivals say of the same draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Callable, Iterable, Sequence

import numpy as np

from evaluation.accuracy_rivals import Rivals, last
from pytest_kerasch2.accuracy import sequential_test
from pytest_kerasch2.accuracy.decision import GateDecision, GateVerdict
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.reference_distribution import ReferenceDistribution, distribution_of
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import GateSettings
from pytest_kerasch2.stats import distributions

# Of the interval of a rate.
CONFIDENCE = 0.95
# Of the seeds of a reference, what makes the reference where it is judged by its own others.
KEPT = 2 / 3


@dataclass(frozen=True)
class Gates:
    """Simulated gates.

    Attributes:
        decisions: what was decided.
        rates: how often the rivals raised an alarm on the same trainings, by the names of these rivals.
    """

    decisions: tuple[GateDecision, ...]
    rates: dict[str, float]

    @property
    def means(self) -> list[float]:
        """Return the mean test accuracy of the trainings of each."""
        return [float(np.mean(last(decision.runs))) for decision in self.decisions]

    @property
    def plain(self) -> dict[str, Any]:
        """Return what a file says of them."""
        items = [decision.verdict for decision in self.decisions]
        looks = [len(decision.runs) for decision in self.decisions]
        counts = {verdict.value: items.count(verdict) for verdict in GateVerdict}
        first: dict[str, int] = {}
        for decision in self.decisions:
            for alarm in decision.alarms[:1]:
                name = f"{alarm.point.series} {alarm.point.epoch}"
                first[name] = first.get(name, 0) + 1
        return {
            "gates": len(items),
            **counts,
            "failing": interval(counts["fail"], len(items)),
            "trainings": {"median": float(np.median(looks)), "90 %": float(np.quantile(looks, 0.9))},
            "first alarms": dict(sorted(first.items(), key=lambda item: -item[1])),
            "rivals": self.rates,
        }


def interval(count: int, of: int, confidence: float = CONFIDENCE) -> list[float]:
    """Return between which a rate lies by the exact interval of Clopper and Pearson."""
    beta = distributions.stats().beta
    outside = (1 - confidence) / 2
    low = float(beta.ppf(outside, count, of - count + 1)) if count else 0.0
    high = float(beta.isf(outside, count + 1, of - count)) if count < of else 1.0
    return [low, high]


def draws(pool: Sequence[TrainingRun], gates: int, max_runs: int, seed: int) -> list[list[TrainingRun]]:
    """Return the trainings of so many gates: no gate trains a seed twice, but many have some in common."""
    chance = np.random.default_rng(seed)
    return [[pool[place] for place in chance.permutation(len(pool))[:max_runs]] for _ in range(gates)]


def dropped(run: TrainingRun, drop: float) -> TrainingRun:
    """Return a run whose test accuracy after the last epoch is lower, and nothing else."""
    changed = min(max(run.test_accuracy[-1] - drop, 0.0), 1.0)
    return replace(run, test_accuracy=(*run.test_accuracy[:-1], changed))


def simulated(
    distribution: ReferenceDistribution, drawn: Iterable[Sequence[TrainingRun]], others: Rivals, drop: float = 0.0
) -> Gates:
    """Ask a gate of each draw, and the rivals of as many of its trainings as the gate took."""
    decisions = []
    asked: dict[str, Callable[[Sequence[float]], bool]] = {
        "fixed": others.fixed,
        "rcp": others.rcp,
        "sigmas": others.sigmas,
    }
    alarms = dict.fromkeys(asked, 0)
    for runs in drawn:
        decision = sequential_test.decide(distribution, [dropped(run, drop) if drop else run for run in runs])
        decisions.append(decision)
        result = last(decision.runs)
        for name, rival in asked.items():
            alarms[name] += rival(result)
    return Gates(tuple(decisions), {name: count / len(decisions) for name, count in alarms.items()})


def cross_validated(
    reference: Reference, terms: GateSettings, splits: int, gates: int, *, seed: int, drop: float = 0.0
) -> list[float]:
    """Return for each split of a reference how often a part of its seeds fails the rest."""
    chance = np.random.default_rng(seed)
    rates = []
    for split in range(splits):
        order = chance.permutation(len(reference.runs))
        border = round(KEPT * len(order))
        kept, judging = ([reference.runs[place] for place in part] for part in (order[:border], order[border:]))
        distribution = distribution_of(replace(reference, runs=tuple(kept)), terms)
        changed = [dropped(run, drop) if drop else run for run in judging]
        decisions = [
            sequential_test.decide(distribution, runs) for runs in draws(changed, gates, terms.max_runs, seed + split)
        ]
        rates.append(sum(one.verdict is GateVerdict.FAIL for one in decisions) / gates)
    return rates
