"""The points of a learning curve, and the scale on which the seeds of one training scatter alike and evenly.

Losses are compared by their logarithms. So are accuracies, by the number of images that were not recognised and a few
more, for the logarithm of a small count has a long tail downwards. On these scales the seeds of a training lie about as
normally as the tests of a gate suppose; `benchmarks/accuracy_rates.py` counts the alarms that are false.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Mapping

from pytest_kerasch2.accuracy.reference import CURVES, Reference
from pytest_kerasch2.accuracy.training import Run
from pytest_kerasch2.gates import sequential
from pytest_kerasch2.gates.sequential import Usual

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
# The exponential of more is no float. A band of a reference whose seeds agree on nothing may reach there.
LARGEST = 700.0


@dataclass(frozen=True, order=True)
class Point:
    """One point of a curve.

    Attributes:
        series: one of `reference.CURVES`.
        epoch: counted from 1.
    """

    series: str
    epoch: int

    @property
    def is_accuracy(self) -> bool:
        """Tell whether its values are shares of images rather than losses."""
        return self.series.endswith("accuracy")

    def of(self, run: Run) -> float:
        """Give the value of a run at this point."""
        return float(getattr(run, self.series)[self.epoch - 1])


@dataclass(frozen=True)
class Scale:
    """The scale of one point: logarithms.

    Attributes:
        images: of how many an accuracy is a share; 0 for a loss.
    """

    images: int

    def there(self, value: float) -> float:
        """Give where a loss or an accuracy lies on the scale."""
        if self.images:
            return math.log((1 - value) * self.images + ADDED)
        return math.log(max(value, LEAST_LOSS))

    def back(self, place: float) -> float:
        """Give the loss or the accuracy that lies there."""
        value = math.exp(min(place, LARGEST))
        if self.images:
            # A band may reach below no image at all, and beyond all of them.
            return 1 - min(max(value - ADDED, 0.0) / self.images, 1.0)
        return value

    def least(self, place: float) -> float:
        """Give the least scatter that can be told there: half an image more, or what rounding does."""
        if self.images:
            return math.log1p(HALF_AN_IMAGE / math.exp(place))
        return LEAST_SCATTER


def scale(point: Point, data: Mapping[str, Any]) -> Scale:
    """Give the scale of a point from what a reference says of its data."""
    if not point.is_accuracy:
        return Scale(0)
    return Scale(int(data.get("test" if point.series.startswith("test") else "train", NOMINAL)))


def counted(reference: Reference) -> dict[str, int]:
    """Give of how many images the accuracies of a reference are shares, for `train` and `test`.

    Where its first line does not say, as of somebody's own training, their grain does: no two different shares of n
    images are closer than 1 / n, and among many seeds there are some that are just so close.
    """
    data = reference.subject.data
    return {
        part: int(data[part]) if part in data else _grain(reference, series)
        for part, series in (("train", "accuracy"), ("test", "test_accuracy"))
    }


def _grain(reference: Reference, series: str) -> int:
    values = sorted({value for run in reference.runs for value in getattr(run, series)})
    steps = [upper - lower for lower, upper in zip(values, values[1:]) if upper - lower > ROUNDING]
    return round(1 / min(steps)) if steps else NOMINAL


def points(epochs: int) -> tuple[Point, ...]:
    """Give all points of a curve of so many epochs."""
    return tuple(Point(series, epoch) for series in CURVES for epoch in range(1, epochs + 1))


def last(epochs: int) -> Point:
    """Give the point that a gate is asked about: the test accuracy after the last epoch."""
    return Point("test_accuracy", epochs)


def usual(reference: Reference, point: Point, on: Scale) -> Usual:
    """Give what is usual at a point, on its scale."""
    places = [on.there(point.of(run)) for run in reference.runs]
    return sequential.usual(places, on.least(math.fsum(places) / len(places)))
