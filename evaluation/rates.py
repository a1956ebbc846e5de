"""Rates of errors with their intervals, and whether a promise is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Sequence

from pytest_kerasch2.stats import distributions

CONFIDENCE = 0.95
VERDICTS = ("pass", "fail", "undecided", "refused")


def interval(count: int, of: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact interval of a rate, by C. J. Clopper and E. S. Pearson, Biometrika 26, 1934."""
    beta = distributions.stats().beta
    outside = (1 - confidence) / 2
    low = float(beta.ppf(outside, count, of - count + 1)) if count else 0.0
    high = float(beta.isf(outside, count + 1, of - count)) if count < of else 1.0
    return low, high


@dataclass(frozen=True)
class Tally:
    """What many gates of one situation said.

    Attributes:
        counts: how many gave each of VERDICTS.
        trainings: how many trainings each took, in any order; those that were refused have none.
        reasons: one reason for each verdict that occurred.
    """

    counts: Mapping[str, int]
    trainings: Sequence[int]
    reasons: Mapping[str, str]

    @property
    def gates(self) -> int:
        """Return how many there were."""
        return sum(self.counts.values())

    def of(self, verdicts: Iterable[str]) -> int:
        """Return how many gave one of these."""
        return sum(self.counts[verdict] for verdict in verdicts)


def tally(lines: Iterable[Mapping[str, Any]]) -> Tally:
    """Return the sum of what the lines of a journal say."""
    counts, trainings, reasons = dict.fromkeys(VERDICTS, 0), [], {}
    for line in lines:
        for verdict, count in line["counts"].items():
            counts[verdict] += count
        trainings += line["trainings"]
        reasons.update({verdict: why for verdict, why in line["reasons"].items() if verdict not in reasons})
    return Tally(counts, trainings, reasons)


@dataclass(frozen=True)
class Promise:
    """A rate of errors that may not be exceeded.

    Attributes:
        forbidden: verdicts that are errors.
        at_most: the share of gates that may give one of them.
    """

    forbidden: tuple[str, ...]
    at_most: float

    def errors(self, actual: Tally) -> int:
        """Return how many errors there are."""
        return actual.of(self.forbidden)

    def kept(self, actual: Tally) -> bool:
        """Whether the measured rate is no larger than the promised one; never where nothing was measured."""
        return actual.gates > 0 and self.errors(actual) <= self.at_most * actual.gates


def percent(share: float) -> str:
    """Return a share in per cent, without digits that say nothing."""
    return f"{100 * share:.3g} %"


def with_interval(count: int, of: int) -> str:
    """Return a rate and its interval as text."""
    low, high = interval(count, of)
    return f"{percent(count / of)} ({100 * low:.2g} to {100 * high:.2g})"
