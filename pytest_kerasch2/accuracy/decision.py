"""What a gate decided, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from pytest_kerasch2.accuracy.curve import Point
from pytest_kerasch2.accuracy.metrics import HIGHER, Metric
from pytest_kerasch2.accuracy.metrics import direction as direction_of
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.errors import GateFailed, GateUndecided

# Lines of evidence in the message of an error.
MAX_LINES = 6


class GateVerdict(str, Enum):
    """The answer of a gate."""

    PASS = "pass"  # no password
    FAIL = "fail"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Alarm:
    """A point of the curve that is not as it is in the reference.

    Attributes:
        point: which.
        expected: the value of the reference.
        low, high: between which the typical value of so many trainings lies by chance.
        actual: the typical value of the new trainings.
        p_value: the probability of a distance at least this large if nothing has changed.
        alpha: the probability below which it is an alarm.
        direction: which values are better, `higher` or `lower`; empty where the name of the curve says it, or nothing.
    """

    point: Point
    expected: float
    low: float
    high: float
    actual: float
    p_value: float
    alpha: float
    direction: str = ""

    def __str__(self) -> str:
        """Return it as one line."""
        judged = f"{self._judged} than chance makes it"
        band = f"usual is {self.expected:.4g}, and from {self.low:.4g} to {self.high:.4g} would be chance"
        return f"{self.point.label} is {self.actual:.4g}, {judged}: {band} (p = {self.p_value:.1g})"

    @property
    def _judged(self) -> str:
        is_above = self.actual > self.expected
        direction = self.direction or direction_of(self.point.series)
        if direction is None:
            return "higher" if is_above else "lower"
        return "better" if is_above == (direction == HIGHER) else "worse"


@dataclass(frozen=True)
class GateDecision:
    """What a gate decided.

    Attributes:
        verdict: pass, fail or undecided.
        reason: why, in one sentence.
        expected: the value of the metric by the reference.
        estimate: that of the new trainings; None where nothing was trained.
        interval: the interval of the estimate, which misses the truth at the rate `beta` on either side; None likewise.
        margin: the change of the metric that matters.
        smallest: the smallest change for the worse that so many trainings show as an alarm, but for the rate `beta`.
        alarms: the points of the curve at which something has changed, the least probable first.
        runs: the new trainings that were looked at.
        metric: what the margin refers to.
        place: where in the curve, in words.
        beta: how often a training that has changed by the margin passes.
        notes: what else a reader has to know, a line each.
        remedy: what helps where it is undecided for a special reason.
        is_final: whether more trainings would not change it.
    """

    verdict: GateVerdict
    reason: str
    expected: float
    estimate: float | None
    interval: tuple[float, float] | None
    margin: float
    smallest: float
    alarms: tuple[Alarm, ...] = ()
    runs: tuple[TrainingRun, ...] = ()
    metric: Metric = Metric("test_accuracy", HIGHER)  # noqa: RUF009  # frozen, so safe to share
    place: str = "test accuracy after the last epoch"
    beta: float = 0.01
    notes: tuple[str, ...] = ()
    remedy: str = ""
    is_final: bool = False

    @property
    def passed(self) -> bool:
        """Whether the verdict is pass."""
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
            digits = ".4f" if self.metric.name == "test_accuracy" else ".5g"
            values = f"{self.estimate:{digits}}, from {low:{digits}} to {high:{digits}}"
            lines.append(f"{self.place}: {values}; usual is {self.expected:{digits}}")
            lines.append(f"trainings: {len(self.runs)}, with the seeds {', '.join(map(str, self.seeds))}")
        return (*lines, self.protection, *self.notes, *map(str, self.alarms))

    @property
    def protection(self) -> str:
        """Return what a verdict protects against, in one line: the margin, and the smallest drop that is an alarm."""
        worse = "drop" if self.metric.more_is_better else "rise"
        margin, smallest = (amount(self.metric.name, one) for one in (self.margin, self.smallest))
        if self.smallest <= self.margin:
            return f"margin {margin}: a {worse} of {smallest} or more fails, but for {100 * self.beta:.3g} %"
        passes = f"a {worse} of that size passes in at most {100 * self.beta:.3g} % of gates"
        return f"margin {margin}: {passes}, and one of {smallest} or more fails"

    def require(self) -> GateDecision:
        """Return the decision itself where it is pass.

        Raises:
            GateFailed: something has changed.
            GateUndecided: the allowed trainings do not decide.
        """
        # Of a test that requires it, pytest shows the line of the test and not these.
        __tracebackhide__ = True
        # The reason names the first alarm already, and of forty nobody reads all.
        lines = [line for line in self.evidence[1:] if line not in self.reason]
        more = len(lines) - MAX_LINES
        evidence = "; ".join(lines[:MAX_LINES] + ([f"and {more} more points"] if more > 0 else []))
        if self.verdict is GateVerdict.FAIL:
            remedy = "look at the points named, or calibrate anew if the change is meant"
            raise GateFailed(self.reason, evidence, remedy)
        if self.verdict is GateVerdict.UNDECIDED:
            remedy = self.remedy or "allow more trainings or a larger margin, or calibrate more seeds"
            raise GateUndecided(self.reason, evidence, remedy)
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "verdict": self.verdict.value,
            "evidence": list(self.evidence),
            "expected": self.expected,
            "estimate": self.estimate,
            "interval": None if self.interval is None else list(self.interval),
            "metric": self.metric.name,
            "direction": self.metric.direction,
            "margin": self.margin,
            "smallest": self.smallest,
            "alarms": [
                {"series": one.point.series, "epoch": one.point.epoch, "expected": one.expected, "actual": one.actual}
                for one in self.alarms
            ],
            "runs": [run.to_dict() for run in self.runs],
        }


def amount(metric: str, change: float) -> str:
    """Return a change of a metric in its own units; of an accuracy in percentage points."""
    return f"{100 * change:.2f} points" if metric in ("accuracy", "test_accuracy") else f"{change:.3g}"
