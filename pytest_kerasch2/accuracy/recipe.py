"""One way to train the chapter's network, as plain data: the chapter's own unless told otherwise."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Mapping

from pytest_kerasch2 import models
from pytest_kerasch2.errors import InvalidArgument

FEEDS = ("arrays", "pipeline-as-printed", "pipeline-as-meant")


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


def read(plain: Mapping[str, Any]) -> Recipe:
    """Return the recipe of which a file speaks.

    Raises:
        InvalidArgument: it is not as `Recipe` has it.
    """
    try:
        return Recipe(**plain)
    except TypeError as error:
        raise InvalidArgument("A training is described otherwise than here", str(error), "calibrate anew") from error
