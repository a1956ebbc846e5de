"""Whether steps do the work that they are timed for: they move the weights as far and where steps by hand do.

A speed counts only if what was done is right. What is dropped and how images are shuffled differs from run to run, and
so several runs by hand tell how much: a way to do steps is refused where it lies far outside of that.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from typing import Any, Iterator, Mapping, Sequence

import numpy as np

from pytest_kerasch2.errors import TimingVoid
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import by_hand
from pytest_kerasch2.timing.modes import Mode, OneByOne
from pytest_kerasch2.timing.subject import Subject, assign, copied, put_back, variables

# A run has so many steps, or fewer where they would take more images: it is to cost little beside what is timed.
STEPS = 25
IMAGES = 8_000
# Of one batch again and again, each step is an epoch, which costs many times as much; and they scatter less.
OF_ONE_BATCH = 10
# Batches on which the loss is looked at after a run.
LOOKED_AT = 4
BY_HAND = 6
RUNS = 2
# Shares by which a run may be off at least: what another order of additions does is much less.
LEAST = {"along": 0.05, "far": 0.05, "loss": 0.1}
# Of what runs by hand scatter, so much is allowed: by six of them, an honest one is so far off less than once
# in a thousand.
SCATTERS = 10.0
# Where chance allows more than this, nothing is proved.
MOST = 0.5
# Values of a network that does not train may be off by so much, with numbers of 32 bits and of 16.
VALUES, HALF = 1e-3, 2e-2


@dataclass(frozen=True)
class Moved:
    """What a run did: how the weights moved, all of them in one vector, and the loss on its images after it."""

    way: Any
    loss: float


@dataclass(frozen=True)
class Proof:
    """What was shown of steps.

    Attributes:
        steps: of a run.
        off: by what share a way is off from steps by hand: along their way, in the distance it goes, and in its loss;
            or in the values it gives.
        allowed: how much of that there may be.
        why_not: why nothing was shown.
    """

    steps: int = 0
    off: Mapping[str, float] | None = None
    allowed: Mapping[str, float] | None = None
    why_not: str = ""

    @property
    def plain(self) -> dict[str, Any]:
        """Give what a file says of it."""
        if self.off is None or self.allowed is None:
            return {"why_not": self.why_not}
        return {"steps": self.steps, "off": dict(self.off), "allowed": dict(self.allowed)}


def prove(subject: Subject, mode: Mode, run: Any) -> Proof:
    """Show that steps do what steps by hand do; the model is put back as it was.

    Args:
        subject: whose first step is done.
        mode: of the steps.
        run: does them; those of a mode that does whole epochs are done anew, with some of the data.

    Raises:
        TimingVoid: they do something else.
    """
    why_not = by_hand.why_not(subject.model)
    if why_not:
        return Proof(why_not=why_not)
    count = max(1, min(STEPS, IMAGES // subject.batch_size, subject.batches))
    few = _some(subject, count)
    if not mode.trains:
        return _same_values(few, mode)
    step, drawn = by_hand.step(subject.model), np.random.RandomState(0)
    if isinstance(run, OneByOne):
        return _compared(few, mode, run, step, count, drawn=drawn)
    # An order that nobody knows scatters the runs; of a single batch, seen again and again, there is none.
    single = _compared(_some(subject, 1), mode, run, step, min(count, OF_ONE_BATCH), drawn=drawn)
    if few.batches == 1:
        return single
    several = _compared(few, mode, run, step, count, drawn=drawn)
    return several if single.why_not else single


def _compared(
    few: Subject, mode: Mode, run: Any, step: by_hand.Step, count: int, *, drawn: np.random.RandomState
) -> Proof:
    """Hold runs of so many steps to those by hand.

    Raises:
        TimingVoid: they do something else.
    """
    with put_back(few.model):
        # What Keras 3 draws from is not put back between runs, so that they tell what chance does.
        begin = _moving(few.model)
        rewind = list(map(copied, begin))
        references: list[Moved] = []
        found: list[Moved] = []
        for place in range(BY_HAND + RUNS):
            assign(begin, rewind)
            ours = place < BY_HAND
            (references if ours else found).append(_moved(few, mode, run, step if ours else None, count, drawn=drawn))
    distances = [float(np.linalg.norm(one.way)) for one in references]
    if not all(0 < one < math.inf for one in distances):
        return Proof(why_not="steps by hand move nothing, or end in what is no number")
    return _judged(count, off(references, found), allowed(references))


def _some(subject: Subject, count: int) -> Subject:
    """Give the last batches, each input with the target of another: there is much to learn after any training.

    Whoever kept what the first batches gave has nothing for these.
    """
    first = (subject.batches - count) * subject.batch_size
    x, y = (np.asarray(one[first:]) for one in (subject.x, subject.y))
    return replace(subject, x=x, y=np.roll(y, 1, axis=0))


def _moved(
    few: Subject, mode: Mode, run: Any, step: by_hand.Step | None, count: int, *, drawn: np.random.RandomState
) -> Moved:
    """Do a run of so many steps, by hand or in the way that is to be shown, and give what it did."""
    before, x, y = _way(few), few.x, few.y
    if isinstance(run, OneByOne):
        batches, place = run.next(count), run.done
        x, y = (np.concatenate([api.array(one) for one in part]) for part in zip(*batches))
    elif step is not None:
        batches = list(mode.feed(few, count) if mode.feed else _shuffled(few, count, drawn))
    if step is not None:
        for batch in batches:
            step(*map(api.tensor, map(api.array, batch)))
    elif isinstance(run, OneByOne):
        run(count)
        # All runs are of the same batches.
        run.done = place
    else:
        (mode.again or mode.make)(few)(count)
    few.finish()
    looked_at = slice(LOOKED_AT * few.batch_size)
    return Moved(_way(few) - before, by_hand.loss(few.model, x[looked_at], y[looked_at], few.batch_size))


def _shuffled(few: Subject, count: int, drawn: np.random.RandomState) -> Iterator[tuple[Any, Any]]:
    for _ in range(count // few.batches):
        order = drawn.permutation(len(few.x))
        mixed = replace(few, x=few.x[order], y=few.y[order])
        yield from map(mixed.batch, range(few.batches))


def off(references: Sequence[Moved], found: Sequence[Moved]) -> dict[str, float]:
    """Give by what share runs are off from those by hand, on the mean."""
    usual, those = _told(references, references), _told(found, references)
    return {name: abs(statistics.mean(those[name]) - statistics.mean(usual[name])) for name in usual}


def allowed(references: Sequence[Moved]) -> dict[str, float]:
    """Give by what share they may be off."""
    usual = _told(references, references)
    return {name: max(LEAST[name], SCATTERS * statistics.stdev(values)) for name, values in usual.items()}


def _told(runs: Sequence[Moved], references: Sequence[Moved]) -> dict[str, list[float]]:
    """Give for each run how far it went along the usual way, how far in all, and the logarithm of its loss.

    What is usual is the mean of runs by hand, as many for each: one by hand is not compared with itself.
    """
    told: dict[str, list[float]] = {"along": [], "far": [], "loss": []}
    for run in runs:
        others = [one for one in references if one is not run][1 - len(references) :]
        mean = np.mean([one.way for one in others], 0)
        told["along"].append(float(run.way @ mean / (mean @ mean)))
        told["far"].append(float(np.linalg.norm(run.way) / np.mean([np.linalg.norm(one.way) for one in others])))
        # A loss that is zero or less has no share by which it is off.
        usual = [one.loss for one in (run, *others)]
        told["loss"].append(math.log(usual[0] / statistics.mean(usual[1:])) if min(usual) > 0 else 0.0)
    return told


def _judged(steps: int, off: Mapping[str, float], allowed: Mapping[str, float]) -> Proof:
    if allowed["along"] > MOST:
        return Proof(why_not=f"runs of {steps} steps by hand scatter too much: chance allows {allowed['along']:.2f}")
    names = {"along": "the way that they go", "far": "the distance that they go", "loss": "the loss after them"}
    wrong = [
        f"{names[name]} is {100 * off[name]:.0f} % off, where chance explains {100 * allowed[name]:.0f}"
        for name in off
        if not off[name] <= allowed[name]
    ]
    if wrong:
        found = f"after {steps} steps, {'; '.join(wrong)}"
        remedy = "let a step train on its whole batch, or say proof=False where it is meant to do something else"
        raise TimingVoid("Steps do other work than steps written by hand", found, remedy)
    return Proof(steps, off, allowed)


def _same_values(few: Subject, mode: Mode) -> Proof:
    """Show that what is told of images without training is what the model gives, also with other weights."""
    run = (mode.again or mode.make)(few)
    half = any("16" in api.dtype_name(getattr(one, "compute_dtype", one.dtype)) for one in few.model.layers)
    most = HALF if half else VALUES
    found = []
    with put_back(few.model):
        for _ in range(2):
            found.append(_apart(few, mode, run(few.batches)))
            if not found[-1] <= most:
                told = f"for {len(few.x)} inputs they are {found[-1]:.3g} apart, as a share of the largest"
                remedy = "leave out what keeps old results, or say proof=False"
                raise TimingVoid(f"What {mode.name} gives is not what the model gives", told, remedy)
            # Whoever kept what it gave before gives it again.
            weights = few.model.trainable_weights
            assign(weights, [0.5 * copied(one) + 0.01 for one in weights])
    return Proof(few.batches, {"values": max(found)}, {"values": most})


def _apart(few: Subject, mode: Mode, told: Any) -> float:
    there: Any
    here: Any
    if mode.name == "evaluate":
        there, here = np.ravel(told)[0], by_hand.loss(few.model, few.x, few.y, few.batch_size)
    else:
        batches = (few.x[first : first + few.batch_size] for first in range(0, len(few.x), few.batch_size))
        there, here = (
            api.array(told),
            np.concatenate([api.array(few.model(api.tensor(x), training=False)) for x in batches]),
        )
    if np.shape(there) != np.shape(here):
        return math.inf
    off = np.abs(np.subtract(there, here, dtype="float64"))
    return float(np.max(off) / max(1.0, float(np.max(np.abs(here)))))


def _moving(model: Any) -> list[Any]:
    return [one for one in variables(model) if "seed_generator" not in str(one.name)]


def _way(subject: Subject) -> Any:
    return np.concatenate([np.ravel(api.array(one)).astype("float64") for one in subject.model.trainable_weights])
