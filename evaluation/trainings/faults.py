"""Faults that are planted in a real training: what goes wrong in practice, and shows in no error message."""

from __future__ import annotations

from dataclasses import dataclass

NOTHING = "nothing"


@dataclass(frozen=True)
class Fault:
    """How a training departs from what it was.

    Attributes:
        name: what is wrong.
        data: the share of the training examples that is left.
        normalized: whether inputs are brought to one scale.
        rate: what the learning rate is multiplied with.
        shuffled: whether examples come in another order each epoch, instead of sorted by their target.
        noise: the share of the training targets that are exchanged for others.
    """

    name: str = NOTHING
    data: float = 1.0
    normalized: bool = True
    rate: float = 1.0
    shuffled: bool = True
    noise: float = 0.0


FAULTS = (
    Fault("half of the data", data=0.5),
    Fault("inputs not normalized", normalized=False),
    Fault("learning rate divided by three", rate=1 / 3),
    Fault("sorted, not shuffled", shuffled=False),
    Fault("a tenth of the targets exchanged", noise=0.1),
)
BY_NAME = {fault.name: fault for fault in (Fault(), *FAULTS)}
