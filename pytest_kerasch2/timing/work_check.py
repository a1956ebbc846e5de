"""The work check: whether steps do the work that they are timed for, by how they move the weights.

A speed counts only if what was done is right. What is dropped and how images are shuffled differs from run to run, and
so several runs of the reference step tell how much: a way to do steps is refused where it lies far outside of that, two
times in turn. Where there is no reference step, it is said why nothing was checked.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Mapping, Sequence

import numpy as np

from pytest_kerasch2.errors import InvalidMeasurement
from pytest_kerasch2.timing import learning_check, output_check, reference_loop, sample_batches
from pytest_kerasch2.timing.batch_sources import Batch
from pytest_kerasch2.timing.model_changes import assign_values, copy_of, training_variables, variables_restored
from pytest_kerasch2.timing.modes import BatchLoop, Mode
from pytest_kerasch2.timing.reference_runs import NoReference, Reference
from pytest_kerasch2.timing.weight_paths import MOST, Moved, alike, allowed, off
from pytest_kerasch2.timing.workload import Workload

# A run has so many steps, or fewer where they would take more images: it is to cost little beside what is timed.
STEPS = 25
IMAGES = 8_000
# Of one batch again and again, each step is an epoch, which costs many times as much; and they scatter less.
OF_ONE_BATCH = 10
# Seconds for all runs, about: slow steps are checked by shorter runs, and not at all where one step each takes longer.
AFFORDED, LONGEST = 20.0, 60.0
# Passes over the data by which values are checked.
OF_VALUES = 6
# Batches on which the loss is looked at after a run.
LOOKED_AT = 4
BY_HAND = 6
RUNS = 2
# Runs that chance sets apart are this much nearer to each other, as a share, where they leave out what is drawn.
ALIKE = 0.7
# Weights begin by so little apart in each run, with numbers of 32 bits and of 16: what rounding alone can do, where it
# decides the way, as at an optimum, is part of the scatter.
ROUNDING = {False: 1e-6, True: 1e-3}
# Numbers of the way that are compared, at most: of large models some of each weight.
COMPARED = 500_000
MOVED_NOTHING = "reference steps move no weight, or end in what is no number"


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
    def outcome(self) -> str:
        """Return `checked`, or `not checked` with the reason."""
        return f"not checked: {self.why_not}" if self.off is None else "checked"

    @property
    def plain(self) -> dict[str, Any]:
        """Return what a file says of it."""
        if self.off is None or self.allowed is None:
            return {"why_not": self.why_not}
        return {"steps": self.steps, "off": dict(self.off), "allowed": dict(self.allowed)}


def prove(subject: Workload, mode: Mode, run: Any) -> Proof:
    """Show that steps do what steps of the reference do; the model is put back as it was.

    Args:
        subject: whose first step is done.
        mode: of the steps.
        run: does them; those of a mode that does whole epochs are done anew, with some of the data.

    Raises:
        InvalidArgument: the data are no numbers.
        InvalidMeasurement: they do something else.
    """
    try:
        if not mode.trains:
            output_check.check_reference(subject.model, mode)
            one = sample_batches.last(subject, 1)
            count = min(_most(subject), _afforded(lambda: output_check.given(one, mode), OF_VALUES))
            return Proof(*output_check.same_values(sample_batches.last(subject, count), mode))
        reason = reference_loop.why_not(subject.model) or (
            "" if subject.trained_weights else "no weight of the model is trained"
        )
        return Proof(why_not=reason) if reason else _trained(subject, mode, run)
    except NoReference as error:
        return Proof(why_not=str(error))
    except InvalidMeasurement:
        # What is no number makes all the difference.
        learning_check.check_data(subject)
        raise


def _most(subject: Workload) -> int:
    return max(1, min(STEPS, IMAGES // subject.batch_size, subject.distinct_batches))


def _trained(subject: Workload, mode: Mode, run: Any) -> Proof:
    step = Reference(subject)
    count = _affordable(subject, step)
    found = _shown(subject, mode, run, step, count, rolled=True)
    if found.why_not == MOVED_NOTHING and not isinstance(run, BatchLoop):
        # There are targets that belong to their inputs, and to no others.
        found = _shown(subject, mode, run, step, count, rolled=False)
    return found


def _shown(subject: Workload, mode: Mode, run: Any, step: Reference, count: int, *, rolled: bool) -> Proof:
    drawn = np.random.RandomState(0)
    few = sample_batches.last(subject, min(count, _most(subject)), rolled)
    if isinstance(run, BatchLoop):
        return _compared(few, mode, run, step, count, drawn=drawn)
    # An order that nobody knows scatters the runs; of a single batch, seen again and again, there is none.
    single = _compared(sample_batches.last(subject, 1, rolled), mode, run, step, min(count, OF_ONE_BATCH), drawn=drawn)
    if few.batches == 1:
        return single
    several = _compared(few, mode, run, step, count // few.batches * few.batches, drawn=drawn)
    return several if single.why_not else single


def _affordable(subject: Workload, step: Reference) -> int:
    """Return how many steps a run may have: fewer of slow ones, and more where several make one update.

    Raises:
        NoReference: a single one takes too long.
    """

    def once() -> None:
        step([subject.batch(0)])
        subject.finish()

    with variables_restored(subject.model):
        afforded = _afforded(once, BY_HAND + RUNS)
    return min(afforded, max(_most(subject), 2 * updates_once_in(subject.model)))


def _afforded(once: Callable[[], Any], runs: int) -> int:
    """Return how many times so many runs may each do something that they begin with once more.

    Raises:
        NoReference: once takes too long.
    """
    once()
    began = time.perf_counter()
    once()
    each = max(time.perf_counter() - began, 1e-6)
    if each * runs > LONGEST:
        raise NoReference(f"a reference step takes {each:.1f} s, too long to be repeated")
    return max(1, int(AFFORDED / (each * runs)))


def updates_once_in(model: Any) -> int:
    """Return how many steps an optimizer gathers for an update."""
    return int(getattr(getattr(model, "optimizer", None), "gradient_accumulation_steps", None) or 1)


def _compared(
    few: Workload, mode: Mode, run: Any, step: Reference, count: int, *, drawn: np.random.RandomState
) -> Proof:
    """Hold runs of so many steps to those of the reference; what is off is looked at once more.

    Raises:
        InvalidMeasurement: they do something else, both times.
    """
    for again in (True, False):
        found = _runs(few, mode, run, step, count, drawn)
        references, others = found[:BY_HAND], found[BY_HAND:]
        distances = [float(np.linalg.norm(one.way)) for one in references]
        if not all(0 < one < math.inf for one in distances):
            return Proof(why_not=MOVED_NOTHING)
        shares, most = off(references, others), allowed(references)
        if isinstance(run, BatchLoop):
            shares["scatter"], most["scatter"] = alike(references, others), ALIKE
        try:
            return _judged(count, shares, most)
        except InvalidMeasurement:
            # An honest step is so far off by chance once in thousands, and so not twice.
            if not again:
                raise
    raise AssertionError("one of the two has returned or raised")


def _runs(few: Workload, mode: Mode, run: Any, step: Reference, count: int, drawn: np.random.RandomState) -> list[Moved]:
    """Return what runs of the reference did, and after them those of the way that is to be shown."""
    with variables_restored(few.model):
        # What Keras 3 draws from is not put back between runs, so that they tell what chance does.
        begin = _moving(few.model)
        rewind = list(map(copy_of, begin))
        found = []
        for place in range(BY_HAND + RUNS):
            assign_values(begin, rewind)
            _shaken(few, drawn)
            found.append(_moved(few, mode, run, step if place < BY_HAND else None, count, drawn=drawn))
    return found


def _shaken(few: Workload, drawn: np.random.RandomState) -> None:
    share = ROUNDING[output_check.is_half(few.model)]
    assign_values(few.trained_weights, [_slightly_off(copy_of(one), share, drawn) for one in few.trained_weights])


def _slightly_off(value: Any, share: float, drawn: np.random.RandomState) -> Any:
    return value * (1 + share * drawn.standard_normal(value.shape)).astype(value.dtype)


def _moved(
    few: Workload, mode: Mode, run: Any, step: Reference | None, count: int, *, drawn: np.random.RandomState
) -> Moved:
    """Do a run of so many steps, by hand or in the way that is to be shown, and give what it did."""
    before, batches = _way(few), [few.batch(place) for place in range(few.batches)]
    if isinstance(run, BatchLoop):
        batches, place = run.upcoming(count), run.done
    if step is not None:
        step(batches if isinstance(run, BatchLoop) else _fed(few, mode, count, drawn))
        if mode.whole_epochs:
            reference_loop.finished(few.model)
    elif isinstance(run, BatchLoop):
        run(count)
        # All runs are of the same batches.
        run.done = place
    else:
        # Where a seed is set, Keras draws the same order in each call: if one were odd, all would be.
        given = few if mode.feed else sample_batches.mixed(few, drawn)
        sample_batches.tried(lambda: (mode.remake or mode.make)(given)(count))
    few.finish()
    looked_at: Sequence[Batch] = batches[:LOOKED_AT]
    after, loss = _way(few), sample_batches.tried(lambda: reference_loop.loss(few.model, looked_at))
    moved = [new - old for new, old in zip(after, before)]
    return Moved(np.concatenate(moved), loss, tuple(map(len, moved)))


def _fed(few: Workload, mode: Mode, count: int, drawn: np.random.RandomState) -> Iterator[Batch]:
    if mode.feed:
        return iter(list(mode.feed(few, count)))
    return sample_batches.epochs(few, count // few.batches, drawn)


def _judged(steps: int, off: Mapping[str, float], allowed: Mapping[str, float]) -> Proof:
    if not allowed["along"] <= MOST:
        return Proof(why_not=f"runs of {steps} steps by hand scatter too much: chance allows {allowed['along']:.2f}")
    names = {"along": "the way that they go", "far": "the distance that they go", "weights": "the way of each weight"}
    names.update(loss="the loss after them", scatter="the distance of one run from another")
    wrong = [
        f"{names[name]} is {100 * off[name]:.0f} % off, where chance explains {100 * allowed[name]:.0f}"
        for name in off
        if not off[name] <= allowed[name]
    ]
    if wrong:
        found = f"after {steps} steps, {'; '.join(wrong)}"
        remedy = "let a step train on its whole batch, or say proof=False where it is meant to do something else"
        raise InvalidMeasurement("Steps do other work than steps written by hand", found, remedy)
    return Proof(steps, off, allowed)


def _moving(model: Any) -> list[Any]:
    return [one for one in training_variables(model) if "seed_generator" not in str(one.name)]


def _way(subject: Workload) -> list[Any]:
    weights = [np.ravel(copy_of(one)).astype("float64") for one in subject.trained_weights]
    apart = max(1, sum(map(len, weights)) // COMPARED)
    return [one[::apart] for one in weights] or [np.zeros(0)]
