"""A reference made ready to be compared with: its values at each point of the curve, and the margin."""

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
MIN_SEEDS = 5
MIN_RUNS_TO_PASS = 2
# The part of alpha that the point of the metric has; the other points of the curve share the rest.
METRIC_SHARE = 0.5
# How often an unchanged training passes after as few trainings as its margin is for, where no margin is given.
PASS_RATE = 0.95
# Means of two values of Student's distribution with three degrees of freedom reach so much further than their deviation
# tells, where one in two hundred may.
HEAVY = 1.4
# A margin that nobody chose is no wider: of a share, and of any other metric above zero as a part of its usual value.
WIDEST_SHARE = 0.2
WIDEST_PART = 1.0
SEED_REMEDY = "set every seed inside the training from its argument, and calibrate anew"
OUTLIER_REMEDY = "look at the seeds named, repair or leave out what makes them stay behind, and calibrate anew"


@dataclass(frozen=True)
class Unusable:
    """Why nothing can be decided by a reference, whatever the new trainings give.

    Attributes:
        reason: in words, as part of a sentence.
        remedy: what to do.
        is_permanent: whether no margin and no number of trainings helps.
    """

    reason: str
    remedy: str
    is_permanent: bool = True


@dataclass(frozen=True)
class ReferenceDistribution:
    """A reference made ready to be compared with.

    Attributes:
        scales: of each point.
        samples: the values of the reference at each point, on its scale.
        metric_point: the point that the margin refers to.
        settings: what was agreed.
        margin: the change of the metric that matters.
        metric: what the margin refers to.
        reference: what was made ready.
        outliers: its seeds that lie apart from the others, which have no part in the samples.
        worse_outliers: how many of them lie on the worse side.
        widening: by how many times the interval is wider than that of normal values, as of a metric with heavy tails.
        unusable: why nothing can be decided by it, or None.
    """

    scales: dict[Point, Scale]
    samples: dict[Point, ReferenceSample]
    metric_point: Point
    settings: GateSettings
    margin: float
    metric: Metric = Metric("test_accuracy", metrics.HIGHER)  # noqa: RUF009  # frozen, so safe to share
    reference: Reference | None = None
    outliers: tuple[int, ...] = ()
    worse_outliers: int = 0
    widening: float = 1.0
    unusable: Unusable | None = None

    @property
    def metric_scale(self) -> Scale:
        """Return the scale of the point that the margin refers to."""
        return self.scales[self.metric_point]

    @property
    def metric_sample(self) -> ReferenceSample:
        """Return the values of the reference at the point that the margin refers to."""
        return self.samples[self.metric_point]

    @property
    def expected(self) -> float:
        """Return the value of the metric by the reference."""
        return self.metric_scale.inverse(self.metric_sample.mean)

    @property
    def seeds(self) -> int:
        """Return how many seeds the reference has, its outliers among them."""
        return self.metric_sample.count + len(self.outliers)

    @property
    def worse_side(self) -> int:
        """Return 1 where worse values of the metric lie higher on the scale, and -1 where they lie lower."""
        return 1 if self.metric.more_is_better == self.metric_scale.is_reversed else -1

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the curves that are compared."""
        return tuple(dict.fromkeys(point.series for point in self.samples if point.series != curve.EPOCHS))

    def restricted_to(self, names: Sequence[str]) -> ReferenceDistribution:
        """Return the same with fewer curves, as new trainings have them."""
        kept = [point for point in self.samples if point.series in names or point.series == curve.EPOCHS]
        scales = {point: self.scales[point] for point in kept}
        return replace(self, scales=scales, samples={point: self.samples[point] for point in kept})

    def alpha_of(self, point: Point) -> float:
        """Return the part of alpha that a point may use up."""
        if len(self.samples) == 1:
            return self.settings.alpha
        of_others = (1 - METRIC_SHARE) / (len(self.samples) - 1)
        return self.settings.alpha * (METRIC_SHARE if point == self.metric_point else of_others)

    def interval(self, runs: Sequence[TrainingRun]) -> tuple[float, float, float]:
        """Return the typical value of some runs, and the ends of its interval."""
        scale = self.metric_scale
        place = math.fsum(scale.transform(self.metric_point.of(run)) for run in runs) / len(runs)
        return (scale.inverse(place), *self.values_around(place, self.half_width(len(runs))))

    def half_width(self, looks: int) -> float:
        """Return how far the mean of so many trainings may lie from the truth, but for the rate beta."""
        return self.widening * sequential.half_width(self.metric_sample, looks, self.settings.beta)

    def values_around(self, place: float, half_width: float) -> tuple[float, float]:
        """Return the values so far below and above a place of the metric's scale."""
        ends = self.metric_scale.inverse(place + half_width), self.metric_scale.inverse(place - half_width)
        return min(ends), max(ends)

    def finest_margin(self, looks: int) -> float:
        """Return the finest margin that so many trainings can pass, and that only where they lie on the expectation."""
        return self.change_at(self.half_width(looks))

    def change_at(self, distance: float) -> float:
        """Return the larger change of the metric, up or down, at a distance from the expectation on its scale."""
        low, high = self.values_around(self.metric_sample.mean, distance)
        return max(self.expected - low, high - self.expected)

    def smallest(self, looks: int) -> float:
        """Return the smallest change for the worse that so many trainings show as an alarm, but for the rate beta.

        Of one training it is one that shows after another epoch too.
        """
        sample, alpha = self.metric_sample, self.alpha_of(self.metric_point)
        change = sequential.smallest_detectable(sample, looks, alpha, self.settings.beta)
        return abs(self.expected - self.metric_scale.inverse(sample.mean + self.worse_side * change))

    def amount(self, change: float) -> str:
        """Return a change of the metric in its units."""
        return amount(self.metric.name, change)


def distribution_of(reference: Reference, settings: GateSettings) -> ReferenceDistribution:
    """Make a reference ready to be compared with.

    Raises:
        BadReference: it has too few seeds for its scatter to be known.
        InvalidArgument: the metric is not in its curves, or everything lies within the margin.
    """
    if len(reference.runs) < MIN_SEEDS:
        happened = f"A reference needs at least {MIN_SEEDS} seeds, and this one has {len(reference.runs)}"
        raise BadReference(happened, remedy="calibrate more of them, better 60")
    metric = metrics.choose_metric(settings.metric, reference.names)
    metric_point = curve.metric_point(reference, metric)
    outliers, worse = _outliers(reference, metric_point, metric)
    main = replace(reference, runs=tuple(run for run in reference.runs if run.seed not in outliers))
    unusable = _unusable(reference, outliers, main)
    # What is undecided has an expected value too, by which it is shown.
    main = main if len(main.runs) >= MIN_SEEDS else reference
    counts = curve.image_counts(main)
    points = curve.points_of(reference, metric)
    of_series = {name: curve.scale_of_series(main, name, counts) for name in {point.series for point in points}}
    scales = {point: curve.scale_of(main, point, counts, of_series[point.series]) for point in points}
    samples = {point: curve.reference_sample(main, point, scales[point]) for point in points}
    places = [scales[metric_point].transform(metric_point.of(run)) for run in main.runs]
    # Part of it stands in the deviation already, but of the chapter's own curves.
    part = 1.0 if metric_point.series in CURVES else curve.HEAVY
    widening = HEAVY / part if populations.has_heavy_tails(places) else 1.0
    distribution = ReferenceDistribution(
        scales, samples, metric_point, settings, 0.0, metric, reference, outliers, worse, widening, unusable
    )
    return _with_margin(distribution)


def _outliers(reference: Reference, point: Point, metric: Metric) -> tuple[tuple[int, ...], int]:
    """Return the seeds that lie apart at the metric's point, and how many of them on the worse side."""
    scale = curve.scale_of(reference, point, curve.image_counts(reference))
    places = [scale.transform(point.of(run)) for run in reference.runs]
    middle = sorted(places)[len(places) // 2]
    positions = populations.find_outliers(places, scale.least_scatter(middle))
    side = 1 if metric.more_is_better == scale.is_reversed else -1
    worse = sum(side * (places[at] - middle) > 0 for at in positions)
    return tuple(sorted(reference.runs[at].seed for at in positions)), worse


def _unusable(reference: Reference, outliers: Sequence[int], main: Reference) -> Unusable | None:
    count = len(reference.runs)
    groups = copies.find_copies(reference.runs)
    if groups:
        copied = copies.describe_copies(groups, count)
        return Unusable(f"the curve does not depend on the seed: in the reference {copied}", SEED_REMEDY)
    if populations.too_many(len(outliers), count) or (outliers and len(main.runs) < MIN_SEEDS):
        several = f"{len(outliers)} of {count} seeds of the reference lie apart from the others"
        return Unusable(f"{several}: {listed_seeds(outliers)}", OUTLIER_REMEDY)
    return None


def listed_seeds(seeds: Sequence[int]) -> str:
    """Return some seeds in words."""
    listed = ", ".join(map(str, seeds[:10]))
    more = f" and {len(seeds) - 10} more" if len(seeds) > 10 else ""
    return f"seed{'' if len(seeds) == 1 else 's'} {listed}{more}"


def _with_margin(distribution: ReferenceDistribution) -> ReferenceDistribution:
    given, max_runs = distribution.settings.margin, distribution.settings.max_runs
    if given is not None:
        _check_margin(distribution, given)
        return replace(distribution, margin=float(given))
    widest = _widest_margin(distribution)
    looks = range(MIN_RUNS_TO_PASS, max(max_runs, MIN_RUNS_TO_PASS) + 1)
    margins = [_default_margin(distribution, look) for look in looks]
    margin = next((one for one in margins if one <= widest), None)
    if margin is None and distribution.unusable is None:
        smallest = f"{distribution.metric_point.label} below {distribution.amount(min(margins))}"
        shown = f"{len(margins) + 1} trainings tell no change of {smallest}"
        reason = f"the seeds scatter so much that {shown}, where {distribution.expected:.4g} is usual"
        unusable = Unusable(reason, "name a margin, allow more trainings, or calibrate more seeds", False)
        distribution = replace(distribution, unusable=unusable)
    return replace(distribution, margin=margin or min(margins))


def _default_margin(distribution: ReferenceDistribution, looks: int) -> float:
    """Return the margin with which an unchanged training nearly always passes after so many trainings."""
    stats = distributions.stats()
    deviations = float(stats.norm.isf((1 - PASS_RATE) / 2))
    by_chance = deviations * distribution.metric_sample.error(looks)
    return distribution.change_at(distribution.half_width(looks) + by_chance)


def _widest_margin(distribution: ReferenceDistribution) -> float:
    """Return the widest margin that a gate chooses by itself."""
    scale = distribution.metric_scale
    if scale.images or scale.kind == "share":
        return WIDEST_SHARE
    return WIDEST_PART * distribution.expected if scale.kind == "log" else math.inf


def _check_margin(distribution: ReferenceDistribution, margin: float) -> None:
    """Check that not even the worst possible value lies within a margin.

    Raises:
        InvalidArgument: it does.
    """
    scale, expected = distribution.metric_scale, distribution.expected
    is_bounded = scale.images > 0 or scale.kind == "share"
    more_is_better = distribution.metric.more_is_better
    room = expected if more_is_better else 1 - expected
    if is_bounded and margin >= room:
        happened = f"margin is {margin:.4g}, so that even the worst possible value would pass"
        label = distribution.metric_point.label
        worst = f"{label} usually is {expected:.4g} and cannot be worse than {0 if more_is_better else 1}"
        raise InvalidArgument(happened, worst, "give a smaller one")
