"""Lets a run of steps be timed in short turns, between which it waits in the middle of its work.

How fast a shared machine is changes from one moment to the next. Two processes that take turns of a fiftieth of a
second have the same share of the good and the bad moments; if each does a whole epoch before the other one, they have
not. So a run is stopped where Keras calls its compiled step: `fit` waits there without knowing, and nothing that an
epoch costs by itself is in a turn.
"""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from dataclasses import dataclass
from typing import Any, Callable, Generator, Iterator, Mapping

from pytest_kerasch2.errors import InvalidMeasurement
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.measurement import PreparedWorkload
from pytest_kerasch2.timing.modes import BatchLoop
from pytest_kerasch2.timing.workload import Workload

# Where a run is stopped: before a step, before Keras calls its compiled function, or before it is asked for an epoch.
STEP, CALL, EPOCH = "step", "call", "epoch"
# The compiled functions of a Keras model. `fit` of 2.0 and 2.1 uses none of them.
FUNCTIONS = ("train_function", "test_function", "predict_function")
# Bytes of the data of one epoch at most; with more, or larger data, there are several epochs.
MAX_EPOCH_BYTES = 64 * 2**20
# What surrounds a block is in all that are compared: it may be more of them than where a time is to be told.
PACE_OVERHEAD = 0.01
PACE_CALLS = 40
# Of a turn, so much work may still be owed when its clock stops. A first wait takes some 30 microseconds longer than a
# second one where nothing is owed, which is up to a hundredth of so short a turn: that much alone tells nothing.
MAX_UNSYNCHRONISED = 0.03
# Is given what was asked for before, and returns when there is a turn.
HandOver = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class BlockPlan:
    """How a run is to be divided.

    Attributes:
        count: of turns.
        calls: that are timed in each: steps, calls of the compiled function, or epochs.
        untimed: calls before those, which are not timed: they bring the data to the processor, and take what the input had
            made ready while the run waited.
        slower: a slowdown that is injected, as a share of the time of each turn.
    """

    count: int
    calls: int
    untimed: int
    slowdown: float = 0.0

    @property
    def calls_in_all(self) -> int:
        """Return the calls of a turn in all."""
        return self.untimed + self.calls


def pause_point(prepared: PreparedWorkload) -> str:
    """Return where the run of a benchmark can be stopped."""
    if isinstance(prepared.run, BatchLoop):
        return STEP
    return CALL if _functions(prepared.workload.model) else EPOCH


def steps_per_call(prepared: PreparedWorkload, by: str) -> int:
    """Return how many steps are done from one place where a run can be stopped to the next."""
    if by == EPOCH:
        return prepared.step_multiple
    return 1 if by == STEP else _steps_per_execution(prepared.workload.model)


def pace(prepared: PreparedWorkload, by: str) -> float:
    """Return the seconds from one place where a run can be stopped to the next, about.

    Raises:
        InvalidMeasurement: the compiled function was called less than twice in an epoch.
    """
    if by != CALL:
        steps = prepared.steps_for_overhead(PACE_OVERHEAD, prepared.warmup[-1].synchronised_step_seconds)
        return prepared.time_block(steps).synchronised_step_seconds * steps_per_call(prepared, by)
    enlarged = _enlarged(prepared.workload, PACE_CALLS * steps_per_call(prepared, by))
    entered: list[float] = []
    last = _LastCall(enlarged, by)

    def timed(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **how: Any) -> Any:
            last.finish()
            entered.append(time.perf_counter())
            last.result = call(*args, **how)
            return last.result

        return called

    with _replaced(enlarged.model, timed):
        (prepared.mode.remake or prepared.mode.make)(enlarged)(enlarged.batches)
    prepared.workload.finish()
    if len(entered) < 2:
        problem = f"{len(entered)} calls in an epoch of {enlarged.batches} batches"
        raise InvalidMeasurement("Keras did not call its compiled step", problem, "time it with pytest --benchmark")
    return statistics.median(later - earlier for earlier, later in zip(entered, entered[1:]))


def run_interleaved(prepared: PreparedWorkload, by: str, plan: BlockPlan, hand_over: HandOver) -> None:
    """Do a run in turns.

    Args:
        by: where it is stopped.
        hand_over: is called before each turn, and after the last, with what was done; it returns when there is another.

    Raises:
        InvalidMeasurement: something else was done than is said.
    """
    steps_each = steps_per_call(prepared, by)
    if by == CALL:
        _within_epochs(prepared, steps_each, plan, hand_over)
        return
    stop = _pauses(prepared, plan, steps_each, _LastCall(prepared.workload, by), hand_over)
    with prepared.checked(plan.count * plan.calls_in_all * steps_each):
        next(stop)
        for _ in range(plan.count * plan.calls_in_all):
            prepared.run(steps_each)
            next(stop)


def _within_epochs(prepared: PreparedWorkload, steps_each: int, plan: BlockPlan, hand_over: HandOver) -> None:
    enlarged, epochs = _epochs(prepared.workload, steps_each, plan)
    calls = math.ceil(enlarged.batches / steps_each)
    last, seen = _LastCall(enlarged, CALL), 0
    stop = _pauses(prepared, plan, steps_each, last, hand_over, epoch=calls)

    def stopped(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **how: Any) -> Any:
            nonlocal seen
            seen += 1
            next(stop)
            last.result = call(*args, **how)
            return last.result

        return called

    run = (prepared.mode.remake or prepared.mode.make)(enlarged)
    with prepared.checked(epochs * enlarged.batches), _replaced(enlarged.model, stopped):
        run(epochs * enlarged.batches)
    if seen != epochs * calls:
        problem = f"{seen} calls in {epochs} epochs of {calls}"
        raise InvalidMeasurement(
            "Keras made another number of calls than was counted", problem, "time it with pytest --benchmark"
        )


def _epochs(workload: Workload, steps_each: int, plan: BlockPlan) -> tuple[Workload, int]:
    """Return the data of an epoch, and how many of them the turns take; they end with the last of the turns, about.

    Raises:
        InvalidMeasurement: no turn goes into an epoch.
    """
    largest = _enlarged(workload, (plan.count * plan.calls_in_all + 1) * steps_each).batches
    # That the last turn of an epoch has ended is seen before one more call.
    of_epoch = (math.ceil(largest / steps_each) - 1) // plan.calls_in_all
    if not of_epoch:
        problem = f"{largest} batches, and {plan.calls_in_all * steps_each} steps in a turn"
        raise InvalidMeasurement("An epoch is shorter than a turn", problem, "give more data, or smaller batches")
    epochs = math.ceil(plan.count / of_epoch)
    return _enlarged(workload, (math.ceil(plan.count / epochs) * plan.calls_in_all + 1) * steps_each), epochs


class _LastCall:
    """The call that was made last."""

    def __init__(self, workload: Workload, by: str) -> None:
        """Begin before the first."""
        self.subject = workload
        self.result: Any = None
        # While `fit` is at work on JAX the weights of the model are not there: its step has taken them over.
        self.by_result = by == CALL and api.release().backend == "jax"

    def finish(self) -> None:
        """Return when it is done."""
        self._done(self.subject.finish)

    def wait(self) -> None:
        """Return when the device has nothing left to do."""
        self._done(self.subject.wait)

    def _done(self, by_weights: Callable[[], None]) -> None:
        if self.by_result:
            api.wait_for(self.result)
        else:
            by_weights()


def _pauses(
    prepared: PreparedWorkload,
    plan: BlockPlan,
    steps_each: int,
    last: _LastCall,
    hand_over: HandOver,
    *,
    epoch: int | None = None,
) -> Generator[None, None, None]:
    """Go on whenever a call is about to be made.

    Args:
        each: steps of a call.
        last: the call before.
        epoch: calls of one. No turn goes over its end, where `fit` does more than steps.
    """
    place = 0
    hand_over({})
    for _ in range(plan.count):
        # That a turn has ended is seen before the next call of the same epoch.
        free = epoch - place % epoch if epoch else 0
        outside = free if free <= plan.calls_in_all else 0
        for _ in range(outside + plan.untimed):
            yield
        place += outside + plan.calls_in_all
        last.finish()
        began = time.perf_counter()
        for _ in range(plan.calls):
            yield
        last.finish()
        seconds = time.perf_counter() - began
        unsynchronised = _unsynchronised(last)
        # After all else: to wait after each call would take what one call does while the next is sent, and more than
        # is injected; and whoever waits late waits longer, for threads that have gone to sleep.
        seconds += _spin(plan.slowdown * seconds)
        hand_over(Block(plan.calls * steps_each, seconds, unsynchronised).to_dict())
    while True:
        yield


def _unsynchronised(last: _LastCall) -> float:
    """Return the seconds that the device went on working, by how much longer a first wait took than a second one.

    In so short a turn, what waiting costs by itself is to be seen in it, and not at a time when nothing else was done.
    """
    began = time.perf_counter()
    last.wait()
    first_wait = time.perf_counter()
    last.wait()
    return max(0.0, 2 * first_wait - began - time.perf_counter())


def _spin(seconds: float) -> float:
    """Let so much time go by, and give how much has."""
    if not seconds:
        return 0.0
    began = now = time.perf_counter()
    while now < began + seconds:
        now = time.perf_counter()
    return now - began


def _enlarged(workload: Workload, batches: int) -> Workload:
    """Return the data once or several times, so that an epoch has so many batches if that is not too much."""
    return workload.enlarged(batches, MAX_EPOCH_BYTES)


def _functions(model: Any) -> dict[str, Callable[..., Any]]:
    functions = {name: getattr(model, name, None) for name in FUNCTIONS}
    return {name: one for name, one in functions.items() if callable(one)}


@contextlib.contextmanager
def _replaced(model: Any, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    original = _functions(model)
    for name, one in original.items():
        setattr(model, name, wrap(one))
    try:
        yield
    finally:
        for name, one in original.items():
            setattr(model, name, one)


def _steps_per_execution(model: Any) -> int:
    for name in ("steps_per_execution", "_steps_per_execution"):
        value = getattr(model, name, None)
        if value is not None:
            return int(api.array(value))
    return 1
