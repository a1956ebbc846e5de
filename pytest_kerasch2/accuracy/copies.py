"""Which trainings are copies: the same curve under different seeds is evidence once.

Curves of a coarse metric, such as an accuracy on a small test set, can be the same by chance. So all curves are taken
together: two trainings are copies where they agree in everything, and so much agreement is improbable by chance.
"""

from __future__ import annotations

import bisect
import itertools
import math
import statistics
import sys
from typing import Sequence

from pytest_kerasch2.accuracy.runs import TrainingRun

# Two numbers are the same where they differ by rounding and by the order of summing alone.
NEAR = 1e-5
# A metric of which all values are multiples of 1 / N, for an N up to this, is coarse.
FINEST = 20_000
# Fewer values do not tell whether a metric is coarse.
VALUES = 3
DIGITS = 2e-7
# Neighbouring epochs go together: where one agrees by chance, the next one does so about three times as often.
TOGETHER = 3.0
# Two values of a normal distribution are closer than a small step with the probability step / (1.77 * deviation), twice
# that on both sides.
DENSITY = 2 / math.sqrt(math.pi)
# Where a loss or a share ends, seeds may honestly agree.
ENDS = (0.0, 1.0)
# So improbable by chance, among all pairs together, is what is called a copy.
CHANCE = 1e-3
INF = sys.maxsize
# Curves whose last value hardly ever is that of another seed.
TELLING = ("loss", "test_loss")


def find_copies(new: Sequence[TrainingRun], earlier: Sequence[TrainingRun] = ()) -> list[list[TrainingRun]]:
    """Return the groups of trainings that are copies of each other, each with a new one in it.

    Args:
        new: the trainings in question.
        earlier: those of a reference, which are asked about only together with new ones.
    """
    groups = _groups(new, earlier)
    if not groups:
        return []
    every = [*earlier, *new]
    different = _different(every)
    pairs = len(new) * (len(new) - 1) / 2 + len(new) * len(earlier)
    expected = [_by_chance(group, different, every) * pairs for group in groups]
    again = sum(len(group) - 1 for group in groups)
    if max(expected) < 1 and max(expected) ** again / math.factorial(min(again, 100)) <= CHANCE:
        return groups
    return [group for group, chance in zip(groups, expected) if chance <= CHANCE]


def are_copies(one: TrainingRun, other: TrainingRun) -> bool:
    """Whether two trainings agree in all curves that both have, within rounding."""
    name = _telling(one)
    if name and other.series(name) and not _near(one.series(name)[-1:], other.series(name)[-1:]):
        return False
    ours, theirs = one.curves, other.curves
    shared = [name for name in ours if name in theirs]
    return bool(shared) and all(_near(ours[name], theirs[name]) for name in shared)


def _telling(run: TrainingRun) -> str:
    """Return the name of the curve whose last value nearly always tells two trainings apart."""
    others = (name for name, _ in run.others)
    # An accuracy is coarse: it tells least.
    return next((name for name in TELLING if getattr(run, name)), next(others, "accuracy" if run.accuracy else ""))


def _near(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    if len(ours) != len(theirs):
        return False
    # From the end, where curves of different seeds lie furthest apart.
    return all(abs(a - b) <= NEAR * max(abs(a), abs(b)) for a, b in zip(reversed(ours), reversed(theirs)))


class _Kept:
    """Trainings in their order, among which those that are like another one are found without looking at all."""

    def __init__(self) -> None:
        self.runs: list[TrainingRun] = []
        # The name of the curve that tells -> its last values, from the lowest on, each with the place of its training.
        self._values: dict[str, list[tuple[float, int]]] = {}

    def add(self, run: TrainingRun) -> None:
        name = _telling(run)
        last = run.series(name)[-1] if name else 0.0
        bisect.insort(self._values.setdefault(name, []), (last, len(self.runs)))
        self.runs.append(run)

    def like(self, run: TrainingRun) -> int | None:
        """Return the place of the first training that is like this one."""
        places = sorted(place for name, values in self._values.items() for place in self._near(run, name, values))
        return next((place for place in places if are_copies(self.runs[place], run)), None)

    def _near(self, run: TrainingRun, name: str, values: Sequence[tuple[float, int]]) -> list[int]:
        ours = run.series(name) if name else ()
        if not ours:
            return [place for _, place in values]
        # A little wider than `_near` is, which decides.
        width = 2 * NEAR * abs(ours[-1])
        first, last = bisect.bisect_left(values, (ours[-1] - width, -1)), bisect.bisect(values, (ours[-1] + width, INF))
        return [place for _, place in values[first:last]]


def _groups(new: Sequence[TrainingRun], earlier: Sequence[TrainingRun]) -> list[list[TrainingRun]]:
    groups: list[list[TrainingRun]] = []
    kept = _Kept()
    for run in new:
        place = kept.like(run)
        if place is None:
            # What is like one of a reference goes by the first of these, as before it is compared with others.
            groups.append([*(one for one in earlier if are_copies(one, run)), run])
            kept.add(groups[-1][0])
        else:
            groups[place].append(run)
    return [group for group in groups if len(group) > 1]


def _different(runs: Sequence[TrainingRun]) -> list[TrainingRun]:
    kept = _Kept()
    for run in runs:
        if kept.like(run) is None:
            kept.add(run)
    return kept.runs


def _by_chance(group: Sequence[TrainingRun], different: Sequence[TrainingRun], every: Sequence[TrainingRun]) -> float:
    """Return how probable it is that a second training agrees with a first one in all curves."""
    shared = [name for name in group[0].curves if all(name in run.curves for run in every)]
    # What has come to its end may honestly be all alike.
    if all(value in ENDS for name in shared for value in group[0].curves[name]):
        return 1.0
    if len(different) < 2:
        # Nothing says how much they could differ.
        return 0.0
    exact = group[0].curves == group[1].curves
    logarithm = 0.0
    for name in shared:
        step = _step([value for run in different for value in run.curves[name]])
        for epoch in range(group[0].epochs):
            here = group[0].curves[name][epoch]
            if here in ENDS:
                continue
            values = [run.curves[name][epoch] for run in different if epoch < run.epochs]
            width = max(step, (DIGITS if exact else NEAR) * abs(here))
            logarithm += math.log(_agreeing(values, width))
    return math.exp(max(logarithm, -700.0))


def _agreeing(values: Sequence[float], width: float) -> float:
    deviation = statistics.pstdev(values) if len(values) > 1 else 0.0
    if deviation == 0:
        return 1.0
    return min(1.0, TOGETHER * DENSITY * width / deviation)


def _step(values: Sequence[float]) -> float:
    """Return the step of a coarse metric, or 0 of one that takes any value."""
    # A whole may be 1, or 100 of a percentage.
    whole = 1.0 if max(map(abs, values)) <= 1 else 100.0
    shares = {value / whole for value in values}
    if all(value.is_integer() for value in values):
        return 1.0
    if len(shares) < VALUES or not all(0 <= share <= 1 for share in shares):
        return 0.0
    for parts in range(1, FINEST + 1):
        if all(abs(share - round(share * parts) / parts) <= DIGITS for share in shares):
            return whole / parts
    return 0.0


def describe_copies(groups: Sequence[Sequence[TrainingRun]], every: int) -> str:
    """Return what copies among so many trainings show, as part of a sentence."""
    several = max(groups, key=len)
    seeds = ", ".join(str(run.seed) for run in itertools.islice(several, 6))
    more = f" and {len(several) - 6} more" if len(several) > 6 else ""
    copies = sum(len(group) for group in groups)
    return f"{copies} of {every} trainings are copies: seeds {seeds}{more} gave the same curve"
