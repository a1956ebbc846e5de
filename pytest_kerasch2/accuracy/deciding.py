"""Decides from new trainings whether something has changed against a reference: pass, fail or undecided.

Every point of the learning curve may raise an alarm. Half of the agreed rate of false alarms goes to the test accuracy
after the last epoch, and the other points share the other half evenly. A gate passes once the interval of that test
accuracy lies within the resolution of what is usual, and nothing has raised an alarm; but never after one training,
because the rest of the curve tells little by then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

from pytest_kerasch2.accuracy import curve
from pytest_kerasch2.accuracy.curve import Point, Scale
from pytest_kerasch2.accuracy.decision import Alarm, Decision, Verdict
from pytest_kerasch2.accuracy.reference import CURVES, Reference
from pytest_kerasch2.accuracy.terms import Terms
from pytest_kerasch2.accuracy.training import Run
from pytest_kerasch2.errors import BadReference, BadSetting
from pytest_kerasch2.gates import distributions, sequential
from pytest_kerasch2.gates.sequential import Usual

# Fewer seeds leave the scatter itself unknown.
FEWEST = 5
FEWEST_TO_PASS = 2
# Of one training, which no other can support, other epochs must: a fault shows after more than one, and an odd end of
# one epoch is no change.
EPOCHS_OF_ONE = 2
# What the asked figure takes of the rate of false alarms; the rest of the curve has the other part.
ASKED = 0.5
# So often does an unchanged training pass after two trainings, where no resolution is asked for.
OFTEN = 0.95


@dataclass(frozen=True)
class Yardstick:
    """A reference made ready to be compared with.

    Attributes:
        scales: of each point.
        known: what is usual at each point, on its scale.
        asked: the point that the resolution speaks of.
        terms: what was agreed; the resolution is always given.
    """

    scales: dict[Point, Scale]
    known: dict[Point, Usual]
    asked: Point
    terms: Terms

    @property
    def expected(self) -> float:
        """Give the usual test accuracy after the last epoch."""
        return self.scales[self.asked].back(self.known[self.asked].mean)

    @property
    def resolution(self) -> float:
        """Give the change of test accuracy that is to be told."""
        assert self.terms.resolution is not None
        return self.terms.resolution

    def allowed(self, point: Point) -> float:
        """Give the part of the rate of false alarms that a point may use up."""
        others = (1 - ASKED) / (len(self.known) - 1)
        return self.terms.alarm * (ASKED if point == self.asked else others)

    def interval(self, runs: Sequence[Run]) -> tuple[float, float, float]:
        """Give the typical test accuracy of some runs, and between which it lies but for the rate of misses."""
        on, known = self.scales[self.asked], self.known[self.asked]
        place = math.fsum(on.there(self.asked.of(run)) for run in runs) / len(runs)
        return (on.back(place), *self.around(place, sequential.reach(known, len(runs), self.terms.miss)))

    def around(self, place: float, reach: float) -> tuple[float, float]:
        """Give the accuracies so far below and above a place of the asked point's scale."""
        on = self.scales[self.asked]
        return on.back(place + reach), on.back(place - reach)

    def tellable(self, looks: int) -> float:
        """Give the finest resolution that so many trainings can pass, and that only where they lie on what is usual."""
        return self.change(sequential.reach(self.known[self.asked], looks, self.terms.miss))

    def change(self, reach: float) -> float:
        """Give the larger change of accuracy, up or down, that lies so far from what is usual on its scale."""
        low, high = self.around(self.known[self.asked].mean, reach)
        return max(self.expected - low, high - self.expected)

    def smallest(self, looks: int) -> float:
        """Give the smallest drop that so many trainings show as an alarm, but for the rate of misses.

        Of one training it is one that shows after another epoch too.
        """
        known = self.known[self.asked]
        change = sequential.smallest(known, looks, self.allowed(self.asked), self.terms.miss)
        return self.expected - self.scales[self.asked].back(known.mean + change)


def yardstick(reference: Reference, terms: Terms) -> Yardstick:
    """Make a reference ready.

    Raises:
        BadReference: it has too few seeds for its scatter to be known.
    """
    if len(reference.runs) < FEWEST:
        found = f"{len(reference.runs)} seeds"
        raise BadReference("A reference has too few seeds", found, f"calibrate {FEWEST} at least, better 60")
    epochs = reference.subject.recipe.epochs
    points = curve.points(epochs)
    counted = curve.counted(reference)
    scales = {point: curve.scale(point, counted) for point in points}
    known = {point: curve.usual(reference, point, scales[point]) for point in points}
    asked = curve.last(epochs)
    made = Yardstick(scales, known, asked, terms)
    if terms.resolution is not None:
        return made
    return Yardstick(scales, known, asked, Terms(_usual_resolution(made), terms.alarm, terms.miss, terms.most))


def _usual_resolution(made: Yardstick) -> float:
    """Give the resolution with which an unchanged training nearly always passes after two trainings."""
    stats = distributions.stats()
    known = made.known[made.asked]
    off = float(stats.norm.isf((1 - OFTEN) / 2)) * known.error(FEWEST_TO_PASS)
    return made.change(sequential.reach(known, FEWEST_TO_PASS, made.terms.miss) + off)


def unreachable(made: Yardstick) -> Decision | None:
    """Give the decision where the asked resolution cannot be had within the trainings allowed; None where it can."""
    looks = range(FEWEST_TO_PASS, made.terms.most + 1)
    # Not at the last look alone: by a reference of few seeds, later ones tell less than the first that may pass.
    if any(made.tellable(look) < made.resolution for look in looks):
        return None
    if not looks:
        why = f"no gate passes by fewer than {FEWEST_TO_PASS} trainings, and {made.terms.most} is allowed"
    else:
        asked = f"{100 * made.resolution:.3g} points cannot be told by {made.terms.most} trainings"
        why = f"{asked}, which tell {100 * min(map(made.tellable, looks)):.3g} at best"
    return _decision(made, (), Verdict.UNDECIDED, f"undecided, before any training: {why}")


def decide(made: Yardstick, runs: Sequence[Run]) -> Decision:
    """Decide at the first look that can.

    Args:
        made: the reference made ready.
        runs: the new trainings in their order, one or more.

    Raises:
        BadSetting: there are none, or a curve has another length than the reference.
    """
    if not runs:
        raise BadSetting("There is nothing to decide from", "no trainings", "give at least one")
    for run in runs:
        refuse_other_length(made, run)
    for looks in range(1, len(runs) + 1):
        decision = _look(made, runs[:looks])
        if decision.verdict is not Verdict.UNDECIDED:
            return decision
    return decision


def refuse_other_length(made: Yardstick, run: Run) -> None:
    """Refuse a curve of more or fewer epochs than the reference has.

    Raises:
        BadSetting: saying how many.
    """
    epochs = made.asked.epoch
    lengths = {len(getattr(run, series)) for series in CURVES}
    if lengths != {epochs}:
        found = f"{' and '.join(map(str, sorted(lengths)))} with seed {run.seed}, {epochs} in the reference"
        raise BadSetting("A training has another number of epochs", found, f"train for {epochs}, or calibrate anew")


def _look(made: Yardstick, runs: Sequence[Run]) -> Decision:
    alarms = _alarms(made, runs)
    if alarms:
        several = "1 place" if len(alarms) == 1 else f"{len(alarms)} places"
        return _decision(made, runs, Verdict.FAIL, f"fail: {several} of the curve changed, first {alarms[0]}", alarms)
    _, low, high = made.interval(runs)
    enough = len(runs) >= FEWEST_TO_PASS
    if enough and made.expected - made.resolution < low and high < made.expected + made.resolution:
        within = f"{100 * made.resolution:.2f} points of what is usual"
        return _decision(
            made, runs, Verdict.PASS, f"pass: the test accuracy is within {within}, and no place of the curve changed"
        )
    if not enough:
        reason = f"undecided after 1 training: no gate passes by fewer than {FEWEST_TO_PASS}"
    else:
        finest = f"{len(runs)} trainings tell {100 * made.tellable(len(runs)):.2f} points at best"
        reason = f"undecided after {len(runs)} trainings: {finest}"
    return _decision(made, runs, Verdict.UNDECIDED, reason)


def _alarms(made: Yardstick, runs: Sequence[Run]) -> tuple[Alarm, ...]:
    found = []
    for point, known in made.known.items():
        on = made.scales[point]
        places = [on.there(point.of(run)) for run in runs]
        allowed = made.allowed(point) * sequential.share(len(runs))
        probability = sequential.surprise(known, places)
        if probability <= allowed and sequential.supported(known, places, allowed):
            reach = sequential.reach(known, len(runs), made.allowed(point) / 2)
            edges = sorted((on.back(known.mean - reach), on.back(known.mean + reach)))
            typical = on.back(math.fsum(places) / len(places))
            found.append(Alarm(point, on.back(known.mean), edges[0], edges[1], typical, probability, allowed))
    if len(runs) == 1 and len({one.point.epoch for one in found}) < EPOCHS_OF_ONE:
        return ()
    return tuple(sorted(found, key=lambda one: one.probability))


def _decision(
    made: Yardstick, runs: Sequence[Run], verdict: Verdict, reason: str, alarms: tuple[Alarm, ...] = ()
) -> Decision:
    estimate, low, high = made.interval(runs) if runs else (None, 0.0, 0.0)
    return Decision(
        verdict,
        reason,
        made.expected,
        estimate,
        (low, high) if runs else None,
        made.resolution,
        made.smallest(len(runs) or made.terms.most),
        alarms,
        tuple(runs),
    )
