"""What a calibration says of the reference that it wrote: whether a gate can decide by it, and by which metric."""

from __future__ import annotations

from typing import Callable

from pytest_kerasch2.accuracy import copies, metrics
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.reference_distribution import FEWEST, SEED_REMEDY, seeds_of, yardstick
from pytest_kerasch2.accuracy.runs import Run
from pytest_kerasch2.accuracy.settings import Terms
from pytest_kerasch2.errors import InvalidArgument

Told = Callable[[Run, int, int], None]


def of(known: Reference, metric: str | None = None) -> tuple[bool, list[str]]:
    """Return whether a gate can decide by a reference, and what there is to say of it, a line each."""
    if len(known.runs) < FEWEST:
        groups = copies.found(known.runs)
        if groups:
            said = copies.said(groups, len(known.runs))
            return False, [f"not usable: the curve does not depend on the seed: {said}; {SEED_REMEDY}"]
        return True, [f"a gate needs {FEWEST} seeds at least, better 60"]
    try:
        made = yardstick(known, Terms(metric=metric))
    except InvalidArgument as error:
        # Only the gate has to know what its margin refers to.
        return metric is None, [f"{error.happened}: {error.remedy}"]
    if made.trouble is not None:
        usable = "not usable" if made.trouble.lasting else "without a margin not usable"
        return not made.trouble.lasting, [f"{usable}: {made.trouble.why}; {made.trouble.remedy}"]
    lines = [
        f"{made.asked.label}: usually {made.expected:.5g}; two trainings tell a margin of {made.amount(made.margin)}"
    ]
    if made.apart:
        lines.append(f"set aside, because apart from the others: {seeds_of(made.apart)}")
    return True, lines


def watching(metric: str | None, told: Told) -> Told:
    """Return what is to be called after each seed; with the first one it refuses a metric that has no curve."""
    begun: list[int] = []

    def watched(run: Run, done: int, wanted: int) -> None:
        if not begun and metric is not None:
            metrics.chosen(metric, tuple(run.curves))
        begun.append(run.seed)
        told(run, done, wanted)

    return watched
