"""What a gate decided, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from pytest_kerasch2.accuracy.curve import Point
from pytest_kerasch2.accuracy.training import Run
from pytest_kerasch2.errors import GateFailed, GateUndecided

WORDS = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "test_loss": "test loss",
    "test_accuracy": "test accuracy",
}


# Lines of evidence in the message of an error.
TOLD = 6


class Verdict(str, Enum):
    """What a gate can say."""

    PASS = "pass"  # no password
    FAIL = "fail"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Alarm:
    """A point of the curve that is not as it is in the reference.

    Attributes:
        point: which.
        expected: what is usual there.
        low, high: between which it lies with so many seeds unless something has changed.
        found: the typical value of the new trainings.
        probability: of a distance like this one if nothing has changed.
        allowed: the probability below which it is an alarm.
    """

    point: Point
    expected: float
    low: float
    high: float
    found: float
    probability: float
    allowed: float

    def __str__(self) -> str:
        """Say it in one line."""
        name = f"{WORDS[self.point.series]} after epoch {self.point.epoch}"
        better = (self.found > self.expected) == self.point.is_accuracy
        judged = "better than it can be" if better else "worse than chance makes it"
        band = f"usual is {self.expected:.4g}, and from {self.low:.4g} to {self.high:.4g} would be chance"
        return f"{name} is {self.found:.4g}, {judged}: {band} (p = {self.probability:.1g})"


@dataclass(frozen=True)
class Decision:
    """What a gate decided.

    Attributes:
        verdict: pass, fail or undecided.
        reason: why, in one sentence.
        expected: the usual test accuracy after the last epoch, by the reference.
        estimate: that of the new trainings; None where nothing was trained.
        interval: between which the new one lies, but for the agreed rate of misses on either side; None likewise.
        resolution: the change of test accuracy that was to be told.
        smallest: the smallest drop of test accuracy that so many trainings show, but for the rate of misses.
        alarms: the points of the curve at which something has changed, the least probable first.
        runs: the new trainings that were looked at.
    """

    verdict: Verdict
    reason: str
    expected: float
    estimate: float | None
    interval: tuple[float, float] | None
    resolution: float
    smallest: float
    alarms: tuple[Alarm, ...] = ()
    runs: tuple[Run, ...] = ()

    @property
    def passed(self) -> bool:
        """Tell whether the verdict is pass."""
        return self.verdict is Verdict.PASS

    @property
    def seeds(self) -> tuple[int, ...]:
        """Give the seeds that were looked at."""
        return tuple(run.seed for run in self.runs)

    @property
    def evidence(self) -> tuple[str, ...]:
        """Give all that it rests on, a line each."""
        lines = [self.reason]
        if self.estimate is not None and self.interval is not None:
            low, high = self.interval
            found = f"{self.estimate:.4f}, from {low:.4f} to {high:.4f}; usual is {self.expected:.4f}"
            lines.append(f"test accuracy after the last epoch: {found}")
            lines.append(f"trainings: {len(self.runs)}, with the seeds {', '.join(map(str, self.seeds))}")
        told = f"{100 * self.resolution:.2f} points were to be told; the smallest drop that would have been an alarm"
        lines.append(f"{told}: {100 * self.smallest:.2f} points")
        return (*lines, *map(str, self.alarms))

    def require(self) -> Decision:
        """Give the decision itself where it is pass.

        Raises:
            GateFailed: something has changed.
            GateUndecided: the trainings allowed do not tell.
        """
        # Of a test that requires it, pytest shows the line of the test and not these.
        __tracebackhide__ = True
        # The reason names the first alarm already, and of forty nobody reads all.
        others = [line for line in self.evidence[1:] if line not in self.reason]
        more = len(others) - TOLD
        found = "; ".join(others[:TOLD] + ([f"and {more} more points"] if more > 0 else []))
        if self.verdict is Verdict.FAIL:
            raise GateFailed(self.reason, found, "look at the points named, or calibrate anew if the change is meant")
        if self.verdict is Verdict.UNDECIDED:
            remedy = "allow more trainings or a coarser resolution, or calibrate more seeds"
            raise GateUndecided(self.reason, found, remedy)
        return self

    @property
    def plain(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "verdict": self.verdict.value,
            "evidence": list(self.evidence),
            "expected": self.expected,
            "estimate": self.estimate,
            "interval": None if self.interval is None else list(self.interval),
            "resolution": self.resolution,
            "smallest": self.smallest,
            "alarms": [
                {"series": one.point.series, "epoch": one.point.epoch, "expected": one.expected, "found": one.found}
                for one in self.alarms
            ],
            "runs": [run.plain for run in self.runs],
        }
