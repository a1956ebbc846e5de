"""Measures the steps of a model: the first call apart, then blocks, each of which must have done what it is said to."""

from __future__ import annotations

import contextlib
import functools
import math
import random
import time
from dataclasses import dataclass
from typing import Any, Iterator, Sequence

from pytest_kerasch2.errors import InvalidMeasurement
from pytest_kerasch2.timing import (
    block,
    learning_check,
    measured_environment,
    memory,
    reference_runs,
    update_count,
    work_check,
)
from pytest_kerasch2.timing.block import Block, Run
from pytest_kerasch2.timing.measurement import Measurement
from pytest_kerasch2.timing.memory import Memory
from pytest_kerasch2.timing.modes import Mode
from pytest_kerasch2.timing.work_check import Proof
from pytest_kerasch2.timing.workload import Subject

FEWEST_BLOCKS = 5
# Two blocks of warming up that differ by less have become steady.
STEADY = 0.1
MOST_WARMING = 6


@dataclass(frozen=True)
class Prepared:
    """A model whose steps have become steady, or have not in time; what is timed of it is proved.

    Attributes:
        subject, mode: what is timed, and how.
        run: does so many steps.
        unit: steps that are done together; a block is a multiple of it.
        idle: seconds that waiting takes where there is nothing to wait for.
        first, warming, steady: see `Measurement`.
        traces: grows whenever the model is traced.
        proof: what was shown of the work of a step.
    """

    subject: Subject
    mode: Mode
    run: Run
    unit: int
    idle: float
    first: float
    warming: tuple[Block, ...]
    steady: bool
    traces: list[str]
    proof: Proof | None = None

    @property
    def steps(self) -> int:
        """Return how many steps a block has, so that what surrounds them is no matter."""
        return self.steps_within(block.OVERHEAD, self.warming[-1].whole)

    def steps_within(self, overhead: float, each: float) -> int:
        """Return how many steps a block has, so that what surrounds them is no more than a share of it.

        Args:
            overhead: the share.
            each: seconds of a step.
        """
        return _whole(block.steps_for(each, self.idle + block.resolution(), overhead), self.unit)

    def timed(self, steps: int) -> Block:
        """Time a block that did what it is said to.

        Raises:
            InvalidMeasurement: it did not.
        """
        subject = self.subject
        with self.watched(steps):
            return block.timed(self.run, steps, subject.finish, subject.wait, self.idle)

    @contextlib.contextmanager
    def watched(self, steps: int) -> Iterator[None]:
        """Refuse what is done meanwhile, where it is anything but so many steps.

        Raises:
            InvalidMeasurement: it is.
        """
        subject, trains = self.subject, self.mode.trains
        updates, weights, traced = subject.updates(), subject.weights() if trains else {}, len(self.traces)
        yield
        if len(self.traces) != traced:
            found = f"{len(self.traces) - traced} times in {steps} steps"
            raise InvalidMeasurement(
                "The model was traced while it was timed", found, "give inputs of one shape and type"
            )
        update_count.check(subject, updates, steps if trains else 0)
        same = {name for name, one in subject.weights().items() if weights.get(name) == one}
        if same:
            learning_check.check_numbers(subject)
            # A weight may be left as it was for good: it has no gradient, or the learning rate has come to zero.
            lost = same & reference_runs.moves(subject, steps) if self.proof else set()
            # Or it has come to rest, to which the same batches in the same order bring it back.
            lost = lost and lost & reference_runs.stay(subject, self.run, self.unit)
            if lost:
                remedy = "train all of them, or freeze them with trainable=False"
                raise InvalidMeasurement("Steps of training left weights as they were", ", ".join(sorted(lost)), remedy)


class Taking:
    """The blocks that count of one model, and the memory that each takes."""

    def __init__(self, ready: Prepared) -> None:
        """Begin with none."""
        self.ready, self.steps, self.traced = ready, ready.steps, len(ready.traces)
        self.blocks: list[Block] = []
        self.taken: list[Memory | None] = []

    @property
    def seconds(self) -> float:
        """Return what its blocks took, with what was owed."""
        return sum(one.steps * one.whole for one in self.blocks)

    def block(self) -> None:
        """Take one more.

        Raises:
            InvalidMeasurement: it did not do what it is said to.
        """
        gauge = self.ready.subject.gauge()
        before = gauge.now() if gauge is not None and gauge.reset() else None
        self.blocks.append(self.ready.timed(self.steps))
        self.taken.append(None if gauge is None else memory.between(gauge, before, self.steps))


def measure(subject: Subject, mode: Mode, seconds: float, proving: bool = True) -> Measurement:
    """Measure the steps of a model.

    Args:
        subject: the model and its data; it is trained by this, where the mode trains.
        mode: how the steps are done.
        seconds: of blocks that count, about; at least five blocks are timed.
        proving: whether steps are to be shown to do what steps by hand do.

    Raises:
        NotApplicable: this release or backend has no such mode.
        InvalidMeasurement: a block did not do what it is said to have done, or its clock stopped before that; or a step
            does other work than one by hand.
    """
    (found,) = in_turns([subject], mode, seconds, proving=proving)
    return found


def in_turns(
    subjects: Sequence[Subject], mode: Mode, seconds: float, *, proving: bool = True, fewest: int = FEWEST_BLOCKS
) -> list[Measurement]:
    """Measure several models, of which each has a block in each round: what disturbs the machine disturbs all alike.

    Args:
        subjects, mode, proving: as for `measure`.
        seconds: of blocks that count, about, of each.
        fewest: rounds at least. Within one the order is drawn.

    Raises:
        NotApplicable, InvalidMeasurement: as `measure` does.
    """
    load, drawn = measured_environment.load(), random.Random(0)
    with contextlib.ExitStack() as kept:
        for subject in subjects:
            kept.enter_context(_kept(subject))
        before = [_loss_where_it_is(subject, mode, proving) for subject in subjects]
        every = _taken(subjects, mode, seconds, drawn, proving=proving, fewest=fewest)
        after = [_loss_where_it_is(subject, mode, proving) for subject in subjects]
    # Now that the models are as they were at the beginning, from where a reference has to start too.
    for one, *losses in zip(every, before, after):
        _check_learned(one, *losses)
    loads = (load, measured_environment.load())
    return [_measurement(one, loads, *losses) for one, *losses in zip(every, before, after)]


def _taken(
    subjects: Sequence[Subject], mode: Mode, seconds: float, drawn: random.Random, *, proving: bool, fewest: int
) -> list[Taking]:
    with contextlib.ExitStack() as opened:
        every = [Taking(opened.enter_context(prepared(subject, mode, proving))) for subject in subjects]
        while any(len(one.blocks) < fewest or one.seconds < seconds for one in every):
            for one in drawn.sample(every, len(every)):
                one.block()
    for one in every:
        block.check_synchronised(one.blocks)
        learning_check.check_numbers(one.ready.subject, trains=mode.trains)
    return every


@contextlib.contextmanager
def _kept(subject: Subject) -> Iterator[None]:
    """Put a model back at the end, as it was before its first step."""
    with subject.device.placed():
        subject.build()
        with subject.kept_as_it_is():
            yield


def _check_learned(taking: Taking, before: float | None, after: float | None) -> None:
    ready = taking.ready
    subject, steps = ready.subject, ready.unit + sum(one.steps for one in (*ready.warming, *taking.blocks))

    def again() -> list[float]:
        with subject.device.placed():
            return learning_check.of_reference(subject, steps, 2 * taking.seconds)

    learning_check.check_learned(before, after, again)


def _loss_where_it_is(subject: Subject, mode: Mode, proving: bool) -> float | None:
    with subject.device.placed():
        return learning_check.loss_of(subject) if mode.trains and proving else None


def _measurement(
    taking: Taking, load: tuple[float | None, float | None], before: float | None, after: float | None
) -> Measurement:
    ready = taking.ready
    loss = None if before is None or after is None else (before, after)
    told = (ready.first, ready.warming, ready.steady, tuple(taking.blocks), taking.traced)
    return Measurement(*told, load, loss, memory.together(taking.taken), ready.proof, ready.unit)


@contextlib.contextmanager
def prepared(
    subject: Subject, mode: Mode, proving: bool = True, most_warming: int = MOST_WARMING
) -> Iterator[Prepared]:
    """Do the first call and blocks until two in turn take about as long; the model is put back at the end.

    Args:
        subject, mode, proving: as for `measure`.
        most_warming: blocks of warming up, at most.

    Raises:
        InvalidArgument: the model is on another device than the subject's, or the data are no numbers.
        NotApplicable: this release or backend has no such mode.
        InvalidMeasurement: a step does other work than one by hand.
    """
    with subject.device.placed(), _traced(subject) as traces:
        run = mode.make(subject)
        unit = subject.batches if mode.of_epochs else 1
        began = time.perf_counter()
        result = run(unit)
        subject.finish()
        first = time.perf_counter() - began
        # A model may have been built by its first call.
        subject.check_device()
        learning_check.check_numbers(subject, None if mode.trains else result, trains=mode.trains)
        idle = block.waiting(subject.wait)
        traced = len(traces)
        shown = work_check.prove(subject, mode, run) if proving else None
        # Of the steps by hand, which are none of those that are timed.
        del traces[traced:]
        warming, steady = _warmed(subject, run, unit, idle, most_warming)
        yield Prepared(subject, mode, run, unit, idle, first, tuple(warming), steady, traces, shown)


def _warmed(subject: Subject, run: Run, unit: int, idle: float, most: int) -> tuple[list[Block], bool]:
    found = [block.timed(run, unit, subject.finish, subject.wait, idle)]
    while len(found) < most:
        # With what is owed, so that work that nobody waits for fills no block without end.
        steps = _whole(block.steps_for(found[-1].whole, idle), unit)
        found.append(block.timed(run, steps, subject.finish, subject.wait, idle))
        if abs(math.log(found[-1].whole / found[-2].whole)) < STEADY:
            return found, True
    return found, False


def _whole(steps: int, unit: int) -> int:
    return math.ceil(steps / unit) * unit


@contextlib.contextmanager
def _traced(subject: Subject) -> Iterator[list[str]]:
    """Yield a list that grows whenever the model is traced.

    The last layer is looked at, by its `call`: a graph that is there already does not come back to it.
    """
    traces: list[str] = []
    # A model may have no layers, and hold its weights itself.
    layer = next(reversed(getattr(subject.model, "layers", None) or [subject.model]))
    own, call = "call" in vars(layer), layer.call

    # Keras asks for the names of what `call` takes.
    @functools.wraps(call)
    def told(*args: Any, **how: Any) -> Any:
        # Where the layer raises, this stands between the user's own lines.
        __tracebackhide__ = True
        if subject.tracing():
            traces.append(layer.name)
        return call(*args, **how)

    layer.call = told
    try:
        yield traces
    finally:
        if own:
            layer.call = call
        else:
            # It is a method of its class again.
            del layer.call
