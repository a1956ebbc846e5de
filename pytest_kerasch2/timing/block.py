"""One timed run of steps, the clock beside it, and how long a run must be for the clock not to matter."""

from __future__ import annotations

import functools
import gc
import math
import statistics
import time
from dataclasses import asdict, dataclass
from typing import Any, Callable, Sequence

from pytest_kerasch2.errors import InvalidMeasurement

# Of a block, so much may be what reading the clock and waiting for the device cost by themselves.
MAX_OVERHEAD = 0.001
# Seconds of a block at least: shorter ones are more noise than steps.
MIN_BLOCK_SECONDS = 0.05
# Of a block, so much work may still be owed when its clock stops.
MAX_UNSYNCHRONISED = 0.01

# Does exactly so many steps, or sends them to the device; gives what the last call gave, if that is of use.
StepRunner = Callable[[int], Any]


@dataclass(frozen=True)
class Block:
    """A timed run of steps.

    Attributes:
        steps: how many, exactly.
        seconds: wall time, from before the first step to when the device had finished the last.
        owed: seconds that the device went on working after that, as far as another wait could tell.
    """

    steps: int
    seconds: float
    unsynchronised: float

    @property
    def step_seconds(self) -> float:
        """Return the seconds of one step."""
        return self.seconds / self.steps

    @property
    def synchronised_step_seconds(self) -> float:
        """Return the seconds of one step with what was owed of it."""
        return (self.seconds + self.unsynchronised) / self.steps

    def to_dict(self) -> dict[str, Any]:
        """Return what a file says of it."""
        return asdict(self)


@functools.lru_cache(maxsize=None)
def clock_resolution() -> float:
    """Return the smallest time that the clock can tell, in seconds.

    It is found once: what depends on it, such as the steps of a block, is the same whenever it is asked for.
    """
    ticks = []
    for _ in range(20):
        began = ended = time.perf_counter()
        while ended == began:
            ended = time.perf_counter()
        ticks.append(ended - began)
    return min(ticks)


def measure_sync_overhead(wait: Callable[[], None], repetitions: int = 9) -> float:
    """Return what it costs to wait for a device that has nothing to do, in seconds: the median of several."""
    wait()
    durations = []
    for _ in range(repetitions):
        began = time.perf_counter()
        wait()
        durations.append(time.perf_counter() - began)
    return statistics.median(durations)


def steps_per_block(step_seconds: float, cost: float, overhead: float = MAX_OVERHEAD) -> int:
    """Return how many steps a block has, so that the clock and the wait are a thousandth of it.

    Args:
        each: seconds of one step.
        cost: seconds that reading the clock and waiting for the device take by themselves.
        overhead: share of a block that this may be.
    """
    return max(1, math.ceil(max(MIN_BLOCK_SECONDS, cost / overhead) / max(step_seconds, 1e-9)))


def time_block(
    run: StepRunner, steps: int, finish: Callable[[], None], wait: Callable[[], None], sync_overhead: float
) -> Block:
    """Do a block of steps, and see how long the device went on when its clock had stopped.

    Args:
        run: does exactly so many steps, or sends them to the device.
        steps: how many.
        finish: returns when they are done; it belongs to the time.
        wait: returns when the device has nothing left to do; it belongs to no time, and is what the first is held to.
        idle: seconds that `wait` takes where there is nothing to wait for.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        began = time.perf_counter()
        run(steps)
        finish()
        ended = time.perf_counter()
        wait()
        drained = time.perf_counter()
    finally:
        if collecting:
            gc.enable()
    return Block(steps, ended - began, max(0.0, drained - ended - sync_overhead))


def check_synchronised(blocks: Sequence[Block], max_share: float = MAX_UNSYNCHRONISED) -> None:
    """Refuse blocks whose clock stopped before their work was done.

    A machine that does much else keeps waits waiting too, and so the lower quartile of the blocks is asked: work that
    nobody waits for is owed in each of them.

    Args:
        allowed: share of a block that may be owed.

    Raises:
        InvalidMeasurement: more than that was still owed in three of four blocks.
    """
    share = sorted(one.unsynchronised / one.seconds for one in blocks)[len(blocks) // 4]
    if share > max_share:
        problem = f"{100 * share:.1f} % of a block was done after its clock had stopped"
        remedy = "wait for the device within what is timed"
        raise InvalidMeasurement("The clock stopped before the work was done", problem, remedy)
