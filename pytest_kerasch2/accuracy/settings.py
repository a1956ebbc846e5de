"""What is agreed with a gate before it looks: error rates, the change that matters, how many trainings it may take."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass

from pytest_kerasch2.errors import InvalidArgument


@dataclass(frozen=True)
class Terms:
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
