"""Where new trainings stand at each point of the curve: what the picture and the summary of a decision show."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pytest_kerasch2.accuracy.curve import AT_BEST, AT_END, Point
from pytest_kerasch2.accuracy.decision import Decision, Verdict
from pytest_kerasch2.accuracy.sequential_test import Yardstick
from pytest_kerasch2.stats import sequential

# A sign beside the colour, so that a verdict reads without colours too.
SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNDECIDED: "?"}


@dataclass(frozen=True)
class Standing:
    """How one point of the curve came out.

    Attributes:
        point: which.
        usual: the value that is usual there.
        low, high: between which the typical value of so many trainings lies by chance.
        each: what each new training gave.
        found: the typical value of them; None where nothing was trained.
        off: how far that lies above what is usual, or below it if negative; 1 is the edge of chance. None likewise.
        changed: whether it is an alarm of the gate.
    """

    point: Point
    usual: float
    low: float
    high: float
    each: tuple[float, ...]
    found: float | None
    off: float | None
    changed: bool

    @property
    def stray(self) -> bool:
        """Return whether it lies beyond chance by a single training, which the others do not bear out."""
        return self.off is not None and abs(self.off) > 1 and not self.changed


def looks(made: Yardstick, decision: Decision) -> int:
    """Return of how many trainings the chance is shown: of those that were looked at, or of as many as are allowed."""
    return len(decision.runs) or made.terms.most


def shared(made: Yardstick, decision: Decision) -> tuple[str, ...]:
    """Return the names of the curves that reference and new trainings have."""
    return tuple(name for name in made.names if all(run.series(name) for run in decision.runs))


def standings(made: Yardstick, decision: Decision) -> dict[str, tuple[Standing, ...]]:
    """Return the points of each epoch in their order, by their series; see `ends` for the others."""
    grouped: dict[str, list[Standing]] = {}
    for point in sorted((one for one in made.known if one.epoch > 0), key=lambda one: one.epoch):
        grouped.setdefault(point.series, []).append(_standing(made, decision, point))
    return {series: tuple(grouped[series]) for series in made.names}


def ends(made: Yardstick, decision: Decision) -> tuple[Standing, ...]:
    """Return the points at the last and at the best epoch of each training, where trainings differ in length."""
    points = [point for point in made.known if point.epoch in (AT_END, AT_BEST)]
    return tuple(_standing(made, decision, point) for point in points)


def _standing(made: Yardstick, decision: Decision, point: Point) -> Standing:
    on, known = made.scales[point], made.known[point]
    reach = sequential.reach(known, looks(made, decision), made.allowed(point) / 2)
    low, high = sorted((on.back(known.mean - reach), on.back(known.mean + reach)))
    places = [on.there(point.of(run)) for run in decision.runs]
    found = off = None
    if places:
        mean = math.fsum(places) / len(places)
        found = on.back(mean)
        # The scale of an accuracy counts what was not recognised: up there is down.
        off = (mean - known.mean) / reach * (-1 if on.turns else 1)
    changed = any(alarm.point == point for alarm in decision.alarms)
    # There and back, so that a loss of zero has a place among logarithms.
    return Standing(point, on.back(known.mean), low, high, tuple(map(on.back, places)), found, off, changed)


def headline(decision: Decision) -> tuple[str, str]:
    """Return the verdict with its sign, and why."""
    verdict, _, why = decision.reason.partition(": ")
    return f"{SIGNS[decision.verdict]} Accuracy gate: {verdict}", why


def chance(made: Yardstick, decision: Decision) -> str:
    """Say what the band of chance is."""
    number = looks(made, decision)
    trainings = "1 training" if number == 1 else f"the mean of {number} trainings"
    rate = f"{100 * made.terms.alarm:.3g} % of false alarms"
    return f"where {trainings} would lie by chance, with {rate} over all points and looks"
