"""The settings of a gate, and those of the chapter's own training."""

from __future__ import annotations

import math
import numbers
from dataclasses import asdict, dataclass
from typing import Any, Mapping

from pytest_kerasch2 import models
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.suggestions import did_you_mean

FEEDS = ("arrays", "pipeline-as-printed", "pipeline-as-meant")
MARGIN_REMEDY = "give the change that matters in the units of the metric, such as 0.005"
RATE_REMEDY = "use a rate such as 0.01"


@dataclass(frozen=True)
class GateSettings:
    """What is agreed with a gate before it looks.

    Attributes:
        margin: the change of the metric that matters, in the units of the metric, or None for what about two trainings
            can show.
        alpha: how often the gate may fail a training in which nothing has changed.
        beta: how often it may pass one whose metric has changed by the margin or more.
        max_runs: the largest number of trainings.
        metric: the metric that the margin refers to, as `NAME` or `NAME:higher|lower`, or None for the default.

    Raises:
        InvalidArgument: a margin, a rate or a number with which nothing could be decided.
    """

    margin: float | None = None
    alpha: float = 0.01
    beta: float = 0.01
    max_runs: int = 10
    metric: str | None = None

    def __post_init__(self) -> None:
        """Check that something can be decided with these settings."""
        if self.margin is not None and not (_is_number(self.margin) and 0 < self.margin < math.inf):
            raise InvalidArgument(f"margin must be a finite number above 0, got {self.margin!r}", remedy=MARGIN_REMEDY)
        for name in ("alpha", "beta"):
            rate = getattr(self, name)
            if not _is_number(rate) or not 0 < rate < 0.5:
                happened = f"{name} must be a number above 0 and below 0.5, got {rate!r}"
                raise InvalidArgument(happened, remedy=RATE_REMEDY)
        if isinstance(self.max_runs, bool) or not isinstance(self.max_runs, numbers.Integral) or self.max_runs < 1:
            happened = f"max_runs must be a positive integer, got {self.max_runs!r}"
            raise InvalidArgument(happened, remedy="allow at least two trainings, without which no gate passes")


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


@dataclass(frozen=True)
class Recipe:
    """How one training of the chapter's network goes.

    Attributes:
        style: the way in which the network is written, as `models.STYLES` names it.
        feed: how the images reach it: as `arrays`, or by one of the chapter's pipelines.
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
        """Check that this can be trained."""
        models.style(self.style)
        if self.feed not in FEEDS:
            near = did_you_mean(self.feed, FEEDS, before="; ")
            raise InvalidArgument(f"There is no feed {self.feed!r}", remedy=f"use one of {', '.join(FEEDS)}{near}")
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise InvalidArgument(f"{name} must be a positive integer, got {getattr(self, name)}")

    def to_dict(self) -> dict[str, Any]:
        """Return what a file says of it."""
        return asdict(self)


def read_recipe(fields: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a file describes.

    Raises:
        InvalidArgument: it has other fields than a `Recipe`.
    """
    try:
        return Recipe(**fields)
    except TypeError as error:
        raise InvalidArgument("The recipe of a training has unknown fields", str(error), "calibrate anew") from error
