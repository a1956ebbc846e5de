"""The settings of a gate, and those of the chapter's own training."""

from __future__ import annotations

import math
import numbers
from dataclasses import asdict, dataclass
from typing import Any, Mapping

from pytest_kerasch2 import models
from pytest_kerasch2.errors import InvalidArgument

FEEDS = ("arrays", "pipeline-as-printed", "pipeline-as-meant")


@dataclass(frozen=True)
class GateSettings:
    """The terms of one gate.

    Attributes:
        resolution: the margin by its former name, which is a share (0.005 is half a percentage point).
        alarm: how often it may fail a training in which nothing has changed.
        miss: how often it may pass one whose metric has changed by the margin or more.
        most: trainings at most.
        margin: the change of the metric that matters, in the units of the metric, or None for what about two trainings
            can tell.
        metric: the metric that the margin refers to, as `NAME` or `NAME:higher|lower`, or None for the default.

    Raises:
        InvalidArgument: a margin, a rate or a number with which nothing could be decided.
    """

    resolution: float | None = None
    alarm: float = 0.01
    miss: float = 0.01
    most: int = 10
    margin: float | None = None
    metric: str | None = None

    def __post_init__(self) -> None:
        """Refuse what nothing can be decided with."""
        _check_number("resolution", self.resolution, "say the change of test accuracy that matters, such as 0.005")
        _check_number("margin", self.margin, "say the change that matters in the units of the metric, such as 0.005")
        if self.resolution is not None and self.margin is not None:
            found = f"resolution={self.resolution} and margin={self.margin}"
            raise InvalidArgument("`resolution` is the former name of `margin`", found, "give margin alone")
        if self.resolution is not None and not 0 < self.resolution < 1:
            remedy = "say the change of test accuracy that matters, such as 0.005"
            raise InvalidArgument("A gate cannot have this resolution", repr(self.resolution), remedy)
        if self.margin is not None and not 0 < self.margin < math.inf:
            remedy = "say the change that matters in the units of the metric, such as 0.005"
            raise InvalidArgument("A gate cannot have this margin", repr(self.margin), remedy)
        for argument, name, rate in (("alarm", "false alarms", self.alarm), ("miss", "misses", self.miss)):
            _check_number(argument, rate, "say a rate such as 0.01")
            if not 0 < rate < 0.5:
                raise InvalidArgument(f"A gate cannot have this rate of {name}", repr(rate), "say one such as 0.01")
        if isinstance(self.most, bool) or not isinstance(self.most, numbers.Integral):
            raise InvalidArgument(
                "`most` must be a whole number", repr(self.most), "say how many trainings are allowed"
            )
        if self.most < 1:
            raise InvalidArgument("A gate without trainings decides nothing", repr(self.most), "allow at least one")

    @property
    def wanted(self) -> float | None:
        """Return the margin by whichever of its names it was given."""
        return self.resolution if self.margin is None else self.margin


def _check_number(name: str, value: object, remedy: str) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, numbers.Real)):
        raise InvalidArgument(f"`{name}` must be a number", repr(value), remedy)


@dataclass(frozen=True)
class Recipe:
    """How one training goes.

    Attributes:
        style: the way in which the network is written, as `models.STYLES` names it.
        feed: how the images get there: as `arrays`, or by one of the chapter's pipelines.
        epochs: rounds over the training data.
        batch_size: images per step.

    Raises:
        InvalidArgument: there is no such style or feed, or a number is below one.
    """

    style: str = "sequential-list"
    feed: str = "arrays"
    epochs: int = 10
    batch_size: int = 32

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        models.style(self.style)
        if self.feed not in FEEDS:
            raise InvalidArgument("There is no such feed", repr(self.feed), f"say one of {', '.join(FEEDS)}")
        if min(self.epochs, self.batch_size) < 1:
            found = f"{self.epochs} epochs of batches of {self.batch_size}"
            raise InvalidArgument("A number of the training is below one", found, "give whole numbers from 1 up")

    @property
    def plain(self) -> dict[str, Any]:
        """Return what a file says of it."""
        return asdict(self)


def read_recipe(plain: Mapping[str, Any]) -> Recipe:
    """Return the recipe of which a file speaks.

    Raises:
        InvalidArgument: it is not as `Recipe` has it.
    """
    try:
        return Recipe(**plain)
    except TypeError as error:
        raise InvalidArgument("A training is described otherwise than here", str(error), "calibrate anew") from error
