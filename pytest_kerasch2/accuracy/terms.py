"""What is agreed with a gate before it looks: error rates, the change that matters, how many trainings it may take."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_kerasch2.errors import BadSetting


@dataclass(frozen=True)
class Terms:
    """The terms of one gate.

    Attributes:
        resolution: the change of test accuracy that matters, as a share (0.005 is half a percentage point), or None for
            what about two trainings can tell.
        alarm: how often it may fail a training in which nothing has changed.
        miss: how often it may pass one whose test accuracy has changed by the resolution or more.
        most: trainings at most.

    Raises:
        BadSetting: a resolution, a rate or a number with which nothing could be decided.
    """

    resolution: float | None = None
    alarm: float = 0.01
    miss: float = 0.01
    most: int = 10

    def __post_init__(self) -> None:
        """Refuse what nothing can be decided with."""
        if self.resolution is not None and not 0 < self.resolution < 1:
            remedy = "say the change of test accuracy that matters, such as 0.005"
            raise BadSetting("A gate cannot have this resolution", repr(self.resolution), remedy)
        for name, rate in (("false alarms", self.alarm), ("misses", self.miss)):
            if not 0 < rate < 0.5:
                raise BadSetting(f"A gate cannot have this rate of {name}", repr(rate), "say one such as 0.01")
        if self.most < 1:
            raise BadSetting("A gate without trainings decides nothing", repr(self.most), "allow at least one")
