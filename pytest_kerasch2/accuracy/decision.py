"""What a gate decided, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from pytest_kerasch2.accuracy.curve import Point
from pytest_kerasch2.accuracy.metrics import Metric, direction
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.errors import GateFailed, GateUndecided

# Lines of evidence in the message of an error.
TOLD = 6


class GateVerdict(str, Enum):
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
        way: which values are better, `higher` or `lower`; empty where the name of the curve says it or nobody does.
    """

    point: Point
    expected: float
    low: float
    high: float
    found: float
    probability: float
    allowed: float
    way: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        judged = f"{self._judged} than chance makes it"
        band = f"usual is {self.expected:.4g}, and from {self.low:.4g} to {self.high:.4g} would be chance"
        return f"{self.point.label} is {self.found:.4g}, {judged}: {band} (p = {self.probability:.1g})"

    @property
    def _judged(self) -> str:
        above = self.found > self.expected
        way = self.way or direction(self.point.series)
        if way is None:
            return "higher" if above else "lower"
        return "better" if above == (way == "higher") else "worse"


@dataclass(frozen=True)
class GateDecision:
    """What a gate decided.

    Attributes:
        verdict: pass, fail or undecided.
        reason: why, in one sentence.
        expected: what is usual for the metric asked about, by the reference.
        estimate: that of the new trainings; None where nothing was trained.
        interval: between which the new one lies, but for the agreed rate of misses on either side; None likewise.
        resolution: the margin, which is the change of the metric that was to be told.
        smallest: the smallest change for the worse that so many trainings show as an alarm, but for the rate of misses.
        alarms: the points of the curve at which something has changed, the least probable first.
        runs: the new trainings that were looked at.
        metric: what the margin refers to.
        place: where in the curve, in words.
        miss: how often a training that has changed by the margin passes.
        notes: what else a reader has to know, a line each.
        remedy: what helps where it is undecided for a special reason.
        ended: whether more trainings would not change it.
    """

    verdict: GateVerdict
    reason: str
    expected: float
    estimate: float | None
    interval: tuple[float, float] | None
    resolution: float
    smallest: float
    alarms: tuple[Alarm, ...] = ()
    runs: tuple[TrainingRun, ...] = ()
    metric: Metric = Metric("test_accuracy", "higher")  # noqa: RUF009  # frozen, so safe to share
    place: str = "test accuracy after the last epoch"
    miss: float = 0.01
    notes: tuple[str, ...] = ()
    remedy: str = ""
    ended: bool = False

    @property
    def margin(self) -> float:
        """Return the change of the metric that was to be told."""
        return self.resolution

    @property
    def passed(self) -> bool:
        """Return whether the verdict is pass."""
        return self.verdict is GateVerdict.PASS

    @property
    def seeds(self) -> tuple[int, ...]:
        """Return the seeds that were looked at."""
        return tuple(run.seed for run in self.runs)

    @property
    def evidence(self) -> tuple[str, ...]:
        """Return all that it rests on, a line each."""
        lines = [self.reason]
        if self.estimate is not None and self.interval is not None:
            low, high = self.interval
            four = ".4f" if self.metric.name == "test_accuracy" else ".5g"
            found = f"{self.estimate:{four}}, from {low:{four}} to {high:{four}}; usual is {self.expected:{four}}"
            lines.append(f"{self.place}: {found}")
            lines.append(f"trainings: {len(self.runs)}, with the seeds {', '.join(map(str, self.seeds))}")
        return (*lines, self.protection, *self.notes, *map(str, self.alarms))

    @property
    def protection(self) -> str:
        """Return what a verdict protects against, in one line: the margin, and the smallest drop that is an alarm."""
        worse = "drop" if self.metric.more_is_better else "rise"
        margin, smallest = (amount(self.metric.name, one) for one in (self.resolution, self.smallest))
        if self.smallest <= self.resolution:
            return f"margin {margin}: a {worse} of {smallest} or more fails, but for {100 * self.miss:.3g} %"
        passes = f"a {worse} of that size passes in at most {100 * self.miss:.3g} % of gates"
        return f"margin {margin}: {passes}, and one of {smallest} or more fails"

    def require(self) -> GateDecision:
        """Return the decision itself where it is pass.

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
        if self.verdict is GateVerdict.FAIL:
            raise GateFailed(self.reason, found, "look at the points named, or calibrate anew if the change is meant")
        if self.verdict is GateVerdict.UNDECIDED:
            remedy = self.remedy or "allow more trainings or a larger margin, or calibrate more seeds"
            raise GateUndecided(self.reason, found, remedy)
        return self

    @property
    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "verdict": self.verdict.value,
            "evidence": list(self.evidence),
            "expected": self.expected,
            "estimate": self.estimate,
            "interval": None if self.interval is None else list(self.interval),
            "metric": self.metric.name,
            "direction": self.metric.direction,
            "margin": self.resolution,
            "resolution": self.resolution,
            "smallest": self.smallest,
            "alarms": [
                {"series": one.point.series, "epoch": one.point.epoch, "expected": one.expected, "found": one.found}
                for one in self.alarms
            ],
            "runs": [run.plain for run in self.runs],
        }


def amount(metric: str, change: float) -> str:
    """Return a change of a metric in its own units; of an accuracy in percentage points."""
    return f"{100 * change:.2f} points" if metric in ("accuracy", "test_accuracy") else f"{change:.3g}"
