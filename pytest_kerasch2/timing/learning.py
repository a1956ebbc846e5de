"""Whether a model learns while it is timed: its loss before and after, and weights that are numbers still."""

from __future__ import annotations

import numpy as np

from pytest_kerasch2.errors import TimingVoid
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import by_hand
from pytest_kerasch2.timing.subject import Subject

# Inputs on which the loss is looked at, in whole batches, of which there is one at least.
LOOKED_AT = 1000
_REMEDY = "look at its data and at its learning rate"


def loss_of(subject: Subject) -> float:
    """Give the loss on some of the data, all of them at once where the model may take batches of any size."""
    # The same whatever the model says of itself: one that is not built yet may say something else afterwards.
    few = max(1, min(len(subject.x), LOOKED_AT) // subject.batch_size) * subject.batch_size
    at_once = subject.batch_size if by_hand.is_of_size(subject.model, subject.batch_size) else few
    if not by_hand.why_not(subject.model):
        # As `evaluate` tells it, without compiling anything.
        return by_hand.loss(subject.model, subject.x[:few], subject.y[:few], at_once)
    found = subject.model.evaluate(subject.x[:few], subject.y[:few], batch_size=at_once, verbose=0)
    return float(found[0] if isinstance(found, (list, tuple)) else found)


def learned(before: float, after: float) -> tuple[float, float]:
    """Give both losses.

    Raises:
        TimingVoid: the second is no number, or larger than the first.
    """
    if not after <= before:
        found = f"the loss is {after:.4g}, and was {before:.4g} before"
        raise TimingVoid("Steps of training made the model worse", found, _REMEDY)
    return before, after


def refuse_diverged(subject: Subject) -> None:
    """Refuse a model whose weights are no numbers any more, which no step changes.

    Raises:
        TimingVoid: they are not.
    """
    weights = enumerate(subject.model.trainable_weights)
    lost = [f"{place}: {one.name}" for place, one in weights if not np.isfinite(api.array(one).astype("float64")).all()]
    if lost:
        raise TimingVoid("Steps of training diverged", f"what is no number in {', '.join(lost)}", _REMEDY)
