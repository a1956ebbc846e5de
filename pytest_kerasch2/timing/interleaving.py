"""Times a run of steps in short blocks, between which it pauses in the middle of its work.

How fast a shared machine is changes from one moment to the next. Two processes whose blocks of a few
milliseconds are interleaved share the good and the bad moments; if each runs a whole epoch before the other, they do
not.
So a run is paused where Keras calls its compiled step: `fit` waits there without knowing, and no block contains what an
epoch costs by itself.
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
from pytest_kerasch2.timing.workload import FUNCTIONS, Workload

# Where a run is paused: before a step, before Keras calls its compiled function, or before an epoch.
STEP, CALL, EPOCH = "step", "call", "epoch"
# Bytes of the data of one epoch at most; with more, or larger data, there are several epochs.
MAX_EPOCH_BYTES = 64 * 2**20
# The overhead of a block is the same on both sides of a comparison, so it may be larger than for a single time.
PACE_OVERHEAD = 0.01
PACE_CALLS = 40
# The share of a block that may be unsynchronised. A first wait takes some 30 microseconds longer than a second one even
# if the device is idle, which is up to a hundredth of so short a block and shows nothing.
MAX_UNSYNCHRONISED = 0.03
# Takes the answer to the last order, and returns when the next block may run.
HandOver = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class BlockPlan:
    """How a run is divided into blocks.

    Attributes:
        count: of blocks.
        calls: timed in each block: steps, calls of the compiled function, or epochs.
        untimed: calls before those, which are not timed: they bring the data to the processor, and take what the input
            had made ready while the run waited.
        slowdown: injected into each block, as a share of its time.
    """

    count: int
    calls: int
    untimed: int
    slowdown: float = 0.0

    @property
    def calls_in_all(self) -> int:
        """Return the calls of a block, untimed ones included."""
        return self.untimed + self.calls


def pause_point(prepared: PreparedWorkload) -> str:
    """Return where the run of a benchmark can be paused."""
    if isinstance(prepared.run, BatchLoop):
        return STEP
    return CALL if _functions(prepared.workload.model) else EPOCH


def steps_per_call(prepared: PreparedWorkload, by: str) -> int:
    """Return how many steps lie between two pause points."""
    if by == EPOCH:
        return prepared.step_multiple
    return 1 if by == STEP else _steps_per_execution(prepared.workload.model)


def pace(prepared: PreparedWorkload, by: str) -> float:
    """Return about how many seconds lie between two pause points.

    Raises:
        InvalidMeasurement: the compiled function was called less than twice in an epoch.
    """
    if by != CALL:
        steps = prepared.steps_for_overhead(PACE_OVERHEAD, prepared.warmup[-1].synchronised_step_seconds)
        return prepared.time_block(steps).synchronised_step_seconds * steps_per_call(prepared, by)
    enlarged = prepared.workload.enlarged(PACE_CALLS * steps_per_call(prepared, by), MAX_EPOCH_BYTES)
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
    """Run the blocks of a plan.

    Args:
        by: the pause point.
        hand_over: is called before each block, and after the last, with the block before; it returns when the next may
            run.

    Raises:
        InvalidMeasurement: other work was done than the steps of the plan.
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
        raise InvalidMeasurement("Keras made an unexpected number of calls", problem, "time it with pytest --benchmark")


def _epochs(workload: Workload, steps_each: int, plan: BlockPlan) -> tuple[Workload, int]:
    """Return the workload of an epoch, and how many epochs the blocks take; the last ends soon after the last block.

    Raises:
        InvalidMeasurement: an epoch has fewer steps than a block.
    """
    largest = workload.enlarged((plan.count * plan.calls_in_all + 1) * steps_each, MAX_EPOCH_BYTES).batches
    # The end of the last block of an epoch is noticed before one more call.
    of_epoch = (math.ceil(largest / steps_each) - 1) // plan.calls_in_all
    if not of_epoch:
        problem = f"{largest} batches, and {plan.calls_in_all * steps_each} steps in a block"
        raise InvalidMeasurement("An epoch is shorter than a block", problem, "give more data, or smaller batches")
    epochs = math.ceil(plan.count / of_epoch)
    batches = (math.ceil(plan.count / epochs) * plan.calls_in_all + 1) * steps_each
    return workload.enlarged(batches, MAX_EPOCH_BYTES), epochs


class _LastCall:
    """The last call."""

    def __init__(self, workload: Workload, by: str) -> None:
        """Begin before the first call."""
        self.workload = workload
        self.result: Any = None
        # While `fit` is at work on JAX the weights of the model are not there: its step has taken them over.
        self.by_result = by == CALL and api.release().backend == "jax"

    def finish(self) -> None:
        """Return when it is done."""
        self._done(self.workload.finish)

    def wait(self) -> None:
        """Return when the device has nothing left to do."""
        self._done(self.workload.wait)

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
    """Pause and time blocks; advanced whenever a call is about to be made.

    Args:
        steps_each: of a call.
        last: the call before.
        epoch: calls of an epoch. No block crosses its end, where `fit` does more than steps.
    """
    place = 0
    hand_over({})
    for _ in range(plan.count):
        # The end of a block is noticed before the next call of the same epoch.
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

    In so short a block, the synchronisation overhead has to be measured in it, not at a time when the device was idle.
    """
    began = time.perf_counter()
    last.wait()
    first_wait = time.perf_counter()
    last.wait()
    return max(0.0, 2 * first_wait - began - time.perf_counter())


def _spin(seconds: float) -> float:
    """Spend this much time, and return how much was spent."""
    if not seconds:
        return 0.0
    began = now = time.perf_counter()
    while now < began + seconds:
        now = time.perf_counter()
    return now - began


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
