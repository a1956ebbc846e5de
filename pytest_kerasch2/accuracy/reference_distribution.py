"""A reference made ready to be compared with: what is usual at each point, and the change that is to be told."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Sequence

from pytest_kerasch2.accuracy import copies, curve, metrics, populations
from pytest_kerasch2.accuracy.curve import Point, Scale
from pytest_kerasch2.accuracy.decision import amount
from pytest_kerasch2.accuracy.metrics import Metric
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.runs import CURVES, TrainingRun
from pytest_kerasch2.accuracy.settings import GateSettings
from pytest_kerasch2.errors import BadReference, InvalidArgument
from pytest_kerasch2.stats import distributions, sequential
from pytest_kerasch2.stats.sequential import ReferenceSample

# Fewer seeds leave the scatter itself unknown.
FEWEST = 5
FEWEST_TO_PASS = 2
# What the asked figure takes of the rate of false alarms; the rest of the curve has the other part.
ASKED = 0.5
# So often does an unchanged training pass after as few trainings as its margin is for, where none is asked for.
OFTEN = 0.95
# Means of two values of Student's distribution with three degrees of freedom reach so much further than their deviation
# tells, where one in two hundred may.
HEAVY = 1.4
# A margin that nobody chose is no wider: of a share, and of any other metric above zero as a part of its usual value.
WIDEST_SHARE = 0.2
WIDEST_PART = 1.0
SEED_REMEDY = "set every seed inside the training from its argument, and calibrate anew"
APART_REMEDY = "look at the seeds named, repair or leave out what makes them stay behind, and calibrate anew"


@dataclass(frozen=True)
class Unusable:
    """Why nothing can be decided by a reference, whatever the new trainings give.

    Attributes:
        why: in words, as part of a sentence.
        remedy: what to do.
        lasting: whether no margin and no number of trainings helps.
    """

    why: str
    remedy: str
    lasting: bool = True


@dataclass(frozen=True)
class ReferenceDistribution:
    """A reference made ready to be compared with.

    Attributes:
        scales: of each point.
        known: what is usual at each point, on its scale.
        asked: the point that the margin speaks of.
        terms: what was agreed.
        margin: the change of the metric that is to be told.
        metric: what the margin refers to.
        reference: what was made ready.
        apart: its seeds that lie apart from the others, which have no part in what is usual.
        worse: how many of them lie on the worse side.
        wider: by how many times the interval is wider than that of normal values, as of a metric with heavy tails.
        trouble: why nothing can be decided by it, or None.
    """

    scales: dict[Point, Scale]
    known: dict[Point, ReferenceSample]
    asked: Point
    terms: GateSettings
    margin: float
    metric: Metric = Metric("test_accuracy", metrics.HIGHER)  # noqa: RUF009  # frozen, so safe to share
    reference: Reference | None = None
    apart: tuple[int, ...] = ()
    worse: int = 0
    wider: float = 1.0
    trouble: Unusable | None = None

    @property
    def expected(self) -> float:
        """Return the usual value of the metric asked about."""
        return self.scales[self.asked].back(self.known[self.asked].mean)

    @property
    def resolution(self) -> float:
        """Return the margin by its former name."""
        return self.margin

    @property
    def side(self) -> int:
        """Return 1 where worse values of the metric lie higher on the scale, and -1 where they lie lower."""
        return 1 if self.metric.more_is_better == self.scales[self.asked].turns else -1

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the curves that are compared."""
        return tuple(dict.fromkeys(point.series for point in self.known if point.series != curve.EPOCHS))

    def only(self, names: Sequence[str]) -> ReferenceDistribution:
        """Return the same with fewer curves, as new trainings have them."""
        kept = [point for point in self.known if point.series in names or point.series == curve.EPOCHS]
        scales = {point: self.scales[point] for point in kept}
        return replace(self, scales=scales, known={point: self.known[point] for point in kept})

    def allowed(self, point: Point) -> float:
        """Return the part of the rate of false alarms that a point may use up."""
        if len(self.known) == 1:
            return self.terms.alarm
        others = (1 - ASKED) / (len(self.known) - 1)
        return self.terms.alarm * (ASKED if point == self.asked else others)

    def interval(self, runs: Sequence[TrainingRun]) -> tuple[float, float, float]:
        """Return the typical value of some runs, and between which it lies but for the rate of misses."""
        on = self.scales[self.asked]
        place = math.fsum(on.there(self.asked.of(run)) for run in runs) / len(runs)
        return (on.back(place), *self.around(place, self.reach(len(runs))))

    def reach(self, looks: int) -> float:
        """Return how far the mean of so many trainings may lie from the truth, but for the rate of misses."""
        return self.wider * sequential.half_width(self.known[self.asked], looks, self.terms.miss)

    def around(self, place: float, reach: float) -> tuple[float, float]:
        """Return the values so far below and above a place of the asked point's scale."""
        on = self.scales[self.asked]
        ends = on.back(place + reach), on.back(place - reach)
        return min(ends), max(ends)

    def tellable(self, looks: int) -> float:
        """Return the finest margin that so many trainings can pass, and that only where they lie on what is usual."""
        return self.change(self.reach(looks))

    def change(self, reach: float) -> float:
        """Return the larger change of the metric, up or down, that lies so far from what is usual on its scale."""
        low, high = self.around(self.known[self.asked].mean, reach)
        return max(self.expected - low, high - self.expected)

    def smallest(self, looks: int) -> float:
        """Return the smallest change for the worse that so many trainings show as an alarm, but for the rate of misses.

        Of one training it is one that shows after another epoch too.
        """
        known = self.known[self.asked]
        change = sequential.smallest_detectable(known, looks, self.allowed(self.asked), self.terms.miss)
        return abs(self.expected - self.scales[self.asked].back(known.mean + self.side * change))

    def amount(self, change: float) -> str:
        """Return a change of the metric in its units."""
        return amount(self.metric.name, change)


def distribution_of(reference: Reference, terms: GateSettings) -> ReferenceDistribution:
    """Make a reference ready.

    Raises:
        BadReference: it has too few seeds for its scatter to be known.
        InvalidArgument: the metric is not in its curves, or the margin tells nothing.
    """
    if len(reference.runs) < FEWEST:
        found = f"{len(reference.runs)} seeds"
        raise BadReference("A reference has too few seeds", found, f"calibrate {FEWEST} at least, better 60")
    metric = metrics.choose_metric(terms.metric, reference.names)
    asked = curve.metric_point(reference, metric)
    apart, worse = _apart(reference, asked, metric)
    main = replace(reference, runs=tuple(run for run in reference.runs if run.seed not in apart))
    trouble = _trouble(reference, apart, main)
    # What is undecided has a usual value too, by which it is shown.
    main = main if len(main.runs) >= FEWEST else reference
    counts = curve.image_counts(main)
    points = curve.points_of(reference, metric)
    of_series = {name: curve.scale_of_series(main, name, counts) for name in {point.series for point in points}}
    scales = {point: curve.scale_of(main, point, counts, of_series[point.series]) for point in points}
    known = {point: curve.reference_sample(main, point, scales[point]) for point in points}
    places = [scales[asked].there(asked.of(run)) for run in main.runs]
    # Part of it stands in the deviation already, but of the chapter's own curves.
    part = 1.0 if asked.series in CURVES else curve.HEAVY
    wider = HEAVY / part if populations.has_heavy_tails(places) else 1.0
    made = ReferenceDistribution(scales, known, asked, terms, 0.0, metric, reference, apart, worse, wider, trouble)
    return _with_margin(made, terms)


def _apart(reference: Reference, asked: Point, metric: Metric) -> tuple[tuple[int, ...], int]:
    """Return the seeds that lie apart in the metric asked about, and how many of them on the worse side."""
    on = curve.scale_of(reference, asked, curve.image_counts(reference))
    places = [on.there(asked.of(run)) for run in reference.runs]
    middle = sorted(places)[len(places) // 2]
    found = populations.find_outliers(places, on.least(middle))
    side = 1 if metric.more_is_better == on.turns else -1
    worse = sum(side * (places[at] - middle) > 0 for at in found)
    return tuple(sorted(reference.runs[at].seed for at in found)), worse


def _trouble(reference: Reference, apart: Sequence[int], main: Reference) -> Unusable | None:
    groups = copies.find_copies(reference.runs)
    if groups:
        said = copies.describe_copies(groups, len(reference.runs))
        return Unusable(f"the curve does not depend on the seed: in the reference {said}", SEED_REMEDY)
    if populations.too_many(len(apart), len(reference.runs)) or (apart and len(main.runs) < FEWEST):
        several = f"{len(apart)} of {len(reference.runs)} seeds of the reference lie apart from the others"
        return Unusable(f"{several}: {listed_seeds(apart)}", APART_REMEDY)
    return None


def listed_seeds(seeds: Sequence[int]) -> str:
    """Return some seeds in words."""
    told = ", ".join(map(str, seeds[:10]))
    more = f" and {len(seeds) - 10} more" if len(seeds) > 10 else ""
    return f"seed{'' if len(seeds) == 1 else 's'} {told}{more}"


def _with_margin(made: ReferenceDistribution, terms: GateSettings) -> ReferenceDistribution:
    wanted = terms.wanted
    if wanted is not None:
        _check_margin(made, wanted)
        return replace(made, margin=float(wanted))
    widest = _widest(made)
    usual = [_usual_margin(made, looks) for looks in range(FEWEST_TO_PASS, max(terms.most, FEWEST_TO_PASS) + 1)]
    chosen = next((margin for margin in usual if margin <= widest), None)
    if chosen is None and made.trouble is None:
        told = f"{len(usual) + 1} trainings tell no change of {made.asked.label} below {made.amount(min(usual))}"
        why = f"the seeds scatter so much that {told}, where {made.expected:.4g} is usual"
        made = replace(
            made, trouble=Unusable(why, "name a margin, allow more trainings, or calibrate more seeds", False)
        )
    return replace(made, margin=chosen or min(usual))


def _usual_margin(made: ReferenceDistribution, looks: int) -> float:
    """Return the margin with which an unchanged training nearly always passes after so many trainings."""
    stats = distributions.stats()
    known = made.known[made.asked]
    off = float(stats.norm.isf((1 - OFTEN) / 2)) * known.error(looks)
    return made.change(made.reach(looks) + off)


def _widest(made: ReferenceDistribution) -> float:
    """Return the widest margin that a gate chooses by itself."""
    on = made.scales[made.asked]
    if on.images or on.kind == "share":
        return WIDEST_SHARE
    return WIDEST_PART * made.expected if on.kind == "log" else math.inf


def _check_margin(made: ReferenceDistribution, margin: float) -> None:
    """Refuse a margin within which everything lies.

    Raises:
        InvalidArgument: even the worst possible value would pass.
    """
    on = made.scales[made.asked]
    bounded = on.images > 0 or on.kind == "share"
    room = made.expected if made.metric.more_is_better else 1 - made.expected
    if bounded and margin >= room:
        found = f"{margin:.4g}, where {made.asked.label} usually is {made.expected:.4g} and cannot be worse than "
        worst = "0" if made.metric.more_is_better else "1"
        raise InvalidArgument(
            "A margin within which everything lies tells nothing", found + worst, "name a smaller one"
        )
