"""The points of a learning curve, and the scale on which the seeds of one training scatter alike and evenly.

Losses are compared by their logarithms. So are accuracies, by the number of images that were not recognised and a few
more, for the logarithm of a small count has a long tail downwards. On these scales the seeds of a training lie about as
normally as the tests of a gate suppose; `evaluation/accuracy_rates.py` counts the alarms that are false.

Other metrics are compared by the logarithms of what they lack to 0 and to 1 where they are shares, by their logarithms
where all values are above zero and less is better, and else by themselves.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from typing import Any, Mapping, Sequence

from pytest_kerasch2.accuracy import metrics, populations
from pytest_kerasch2.accuracy.metrics import Metric
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.runs import CURVES, TrainingRun
from pytest_kerasch2.stats import sequential
from pytest_kerasch2.stats.sequential import ReferenceSample

# Images added to a count.
ADDED = 2.0
# Of so many images accuracies are taken to be shares where neither the training nor a difference says of how many.
NOMINAL = 10_000
# Two shares that differ by less are one, told with other digits.
ROUNDING = 2e-6
HALF_AN_IMAGE = 0.5
LEAST_LOSS = 1e-9
# A hundredth of a per cent: what float32 and the order of summing make of a loss.
LEAST_SCATTER = 1e-4
# The same of a value itself, which may be large beside its scatter.
LEAST_SHARE = 1e-6
TINY = 1e-12
# The exponential of more is no float. A band of a reference whose seeds agree on nothing may reach there.
LARGEST = 700.0
# Values further off are taken for this: their squares are still numbers.
FURTHEST = 1e100
# What is added to both ends of a share, in deviations of its values: an end has a place among logarithms.
SHARE_ADDED = 0.25
# Of the last epoch, the largest value is so many times the smallest: such values scatter by factors.
FACTORS = 2.0
# Of heavy tails, so many deviations are as rare as one of normal values: what raises alarms is far out.
HEAVY = 1.25
# Instead of an epoch, where trainings differ in length: the last one of each, and the one at which it was best.
AT_END = 0
AT_BEST = -1
# The series of the number of epochs itself.
EPOCHS = "epochs"
SERIES_NAMES = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "test_loss": "test loss",
    "test_accuracy": "test accuracy",
}


@dataclass(frozen=True, order=True)
class Point:
    """One point of a curve.

    Attributes:
        series: the name of a curve, or `EPOCHS`.
        epoch: counted from 1, or `AT_END` or `AT_BEST`.
        by: the metric whose best epoch is meant, as `name:direction`.
    """

    series: str
    epoch: int
    by: str = ""

    @property
    def is_accuracy(self) -> bool:
        """Whether its values are shares of images, as those of the chapter's accuracies."""
        return self.series in ("accuracy", "test_accuracy")

    @property
    def label(self) -> str:
        """Return its name in words."""
        if self.series == EPOCHS:
            return "number of epochs"
        where = {AT_END: "after the last epoch", AT_BEST: "at the best epoch"}
        name = SERIES_NAMES.get(self.series, self.series)
        return f"{name} {where.get(self.epoch, f'after epoch {self.epoch}')}"

    def of(self, run: TrainingRun) -> float:
        """Return the value of a run at this point; a training that has stopped keeps its last value."""
        if self.series == EPOCHS:
            return float(run.epochs)
        values = run.series(self.series)
        if self.epoch == AT_BEST:
            return float(values[_best(run, self.by)])
        return float(values[min(self.epoch, len(values)) - 1])


def _best(run: TrainingRun, by: str) -> int:
    name, _, way = by.rpartition(":")
    values = run.series(name)
    return values.index(max(values) if way == metrics.HIGHER else min(values))


@dataclass(frozen=True)
class Scale:
    """The scale of one point.

    Attributes:
        images: of how many an accuracy is a share; 0 for any other metric.
        kind: `log`, `share` or `linear`; of an accuracy always the first.
        added: of a share, what is added to both ends of it.
        floor: the least value that has a logarithm of its own.
        grain: between two neighbouring values there is no other, or 0.
    """

    images: int
    kind: str = "log"
    added: float = 0.0
    floor: float = LEAST_LOSS
    grain: float = 0.0

    @property
    def is_reversed(self) -> bool:
        """Whether a larger value lies lower on the scale."""
        return self.images > 0

    def transform(self, value: float) -> float:
        """Return where a value lies on the scale."""
        if self.images:
            return math.log((1 - value) * self.images + ADDED)
        if self.kind == "share":
            within = min(max(value, 0.0), 1.0)
            return math.log((within + self.added) / (1 - within + self.added))
        if self.kind == "linear":
            return min(max(value, -FURTHEST), FURTHEST)
        return math.log(max(value, self.floor))

    def inverse(self, place: float) -> float:
        """Return the value that lies there."""
        if self.kind == "linear":
            return min(max(place, -FURTHEST), FURTHEST)
        value = math.exp(min(place, LARGEST))
        if self.images:
            # A band may reach below no image at all, and beyond all of them.
            return 1 - min(max(value - ADDED, 0.0) / self.images, 1.0)
        if self.kind == "share":
            return min(max((value * (1 + self.added) - self.added) / (1 + value), 0.0), 1.0)
        return value

    def least_scatter(self, place: float) -> float:
        """Return the least scatter that can be told there: half an image more, or what rounding does."""
        if self.images:
            return math.log1p(HALF_AN_IMAGE / math.exp(place))
        if self.kind == "linear":
            return max(self.grain / 2, LEAST_SHARE * abs(place), TINY)
        value = self.inverse(place)
        # At an end of its range a value has no room on one side.
        sides = (abs(self.transform(value + off) - place) for off in (self.grain / 2, -self.grain / 2))
        return max(*sides, LEAST_SCATTER) if self.grain else LEAST_SCATTER


def scale_by_counts(point: Point, data: Mapping[str, Any]) -> Scale:
    """Return the scale of a point from what a reference says of its data."""
    if not point.is_accuracy:
        return Scale(0)
    return Scale(int(data.get("test" if point.series.startswith("test") else "train", NOMINAL)))


def image_counts(reference: Reference) -> dict[str, int]:
    """Return of how many images the accuracies of a reference are shares, for `train` and `test`.

    Where its first line does not say, as of somebody's own training, their grain does: no two different shares of n
    images are closer than 1 / n, and among many seeds there are some that are just so close.
    """
    data = reference.description.data
    return {
        part: int(data[part]) if part in data else _grain(reference, series)
        for part, series in (("train", "accuracy"), ("test", "test_accuracy"))
    }


def _grain(reference: Reference, series: str) -> int:
    values = sorted({value for run in reference.runs for value in getattr(run, series)})
    steps = [upper - lower for lower, upper in zip(values, values[1:]) if upper - lower > ROUNDING]
    return round(1 / min(steps)) if steps else NOMINAL


def scale_of(reference: Reference, point: Point, counts: Mapping[str, int], of_series: Scale | None = None) -> Scale:
    """Return the scale of a point of any metric, by its name and by the values of a reference.

    Args:
        reference: by whose values.
        point: of which metric, and where in the curve.
        counts: of how many images accuracies are shares.
        of_series: what `scale_of_series` returns, where it is known already.
    """
    scale = of_series or scale_of_series(reference, point.series, counts)
    if scale.kind != "share":
        return scale
    here = [point.of(run) for run in reference.runs]
    return replace(scale, added=max(SHARE_ADDED * statistics.pstdev(here), scale.grain / 2, ROUNDING))


def scale_of_series(reference: Reference, series: str, counts: Mapping[str, int]) -> Scale:
    """Return the scale that all points of a curve have in common."""
    if series == EPOCHS:
        return Scale(0, grain=1.0)
    if series in ("accuracy", "test_accuracy"):
        return scale_by_counts(Point(series, 1), counts)
    curves = [run.series(series) for run in reference.runs]
    values = [value for one in curves for value in one]
    least, grain = min(values), _coarse(values)
    if metrics.is_share(series) and least >= 0 and max(values) <= 1:
        return Scale(0, "share", grain=grain)
    ends = [one[-1] for one in curves]
    if least > 0 and (_is_lower(series) or max(ends) > FACTORS * min(ends)):
        return Scale(0, floor=min(LEAST_LOSS, least / 1000), grain=grain)
    if least >= 0 and series in ("loss", "test_loss"):
        return Scale(0)
    return Scale(0, "linear", grain=grain)


def _is_lower(series: str) -> bool:
    return metrics.direction(series) == metrics.LOWER


def _coarse(values: Sequence[float]) -> float:
    """Return the smallest step between values of which few differ, as of a small test set; 0 where many do."""
    different = sorted(set(values))
    if len(different) < 2 or 2 * len(different) > len(values):
        return 0.0
    return min(upper - lower for lower, upper in zip(different, different[1:]))


def points_of_epochs(epochs: int, names: Sequence[str] = CURVES) -> tuple[Point, ...]:
    """Return all points of curves of so many epochs."""
    return tuple(Point(series, epoch) for series in names for epoch in range(1, epochs + 1))


def points_of(reference: Reference, metric: Metric) -> tuple[Point, ...]:
    """Return all points at which trainings are compared with a reference.

    Where its trainings differ in length, they are compared at the epochs that all of them have, at the last and at the
    best epoch of each, and by their numbers of epochs.
    """
    lengths, names = reference.lengths, reference.names
    if len(lengths) == 1:
        return points_of_epochs(lengths[0], names)
    by = f"{metric.name}:{metric.direction}"
    ends = tuple(Point(name, AT_END) for name in names)
    bests = tuple(Point(name, AT_BEST, by) for name in names)
    return (*points_of_epochs(lengths[0], names), *ends, *bests, Point(EPOCHS, AT_END))


def metric_point(reference: Reference, metric: Metric) -> Point:
    """Return the point that a margin refers to: the last epoch, or the best one where trainings differ in length."""
    lengths = reference.lengths
    if len(lengths) == 1:
        return Point(metric.name, lengths[0])
    return Point(metric.name, AT_BEST, f"{metric.name}:{metric.direction}")


def reference_sample(reference: Reference, point: Point, scale: Scale) -> ReferenceSample:
    """Return the values of a reference at a point, on its scale."""
    places = [scale.transform(point.of(run)) for run in reference.runs]
    sample = sequential.reference_sample(places, scale.least_scatter(math.fsum(places) / len(places)))
    # The rates of the chapter's own curves were measured without this.
    if point.series not in CURVES and populations.has_heavy_tails(places):
        return replace(sample, deviation=HEAVY * sample.deviation)
    return sample
