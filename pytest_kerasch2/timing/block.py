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

# The share of a block that reading the clock and waiting for the device may cost.
MAX_OVERHEAD = 0.001
# Shorter blocks are more noise than steps.
MIN_BLOCK_SECONDS = 0.05
# The share of a block that may be unsynchronised: work that the device had not finished when the clock stopped.
MAX_UNSYNCHRONISED = 0.01

# Runs exactly this many steps, or sends them to the device; may return the result of the last call.
StepRunner = Callable[[int], Any]


@dataclass(frozen=True)
class Block:
    """A timed run of steps.

    Attributes:
        steps: their number.
        seconds: wall time from before the first step until the device had finished the last.
        unsynchronised: seconds that the device went on working after that, as a second wait measures.
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
        """Return the seconds of one step, unsynchronised time included."""
        return (self.seconds + self.unsynchronised) / self.steps

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


@functools.lru_cache(maxsize=None)
def clock_resolution() -> float:
    """Return the smallest time that the clock can measure, in seconds.

    It is measured once, so that what depends on it, such as the number of steps of a block, stays the same.
    """
    ticks = []
    for _ in range(20):
        began = ended = time.perf_counter()
        while ended == began:
            ended = time.perf_counter()
        ticks.append(ended - began)
    return min(ticks)


def measure_sync_overhead(wait: Callable[[], None], repetitions: int = 9) -> float:
    """Return the synchronisation overhead: the median seconds of waiting for an idle device."""
    wait()
    durations = []
    for _ in range(repetitions):
        began = time.perf_counter()
        wait()
        durations.append(time.perf_counter() - began)
    return statistics.median(durations)


def steps_per_block(step_seconds: float, cost: float, overhead: float = MAX_OVERHEAD) -> int:
    """Return how many steps a block needs, so that the clock and the wait are a small share of it.

    Args:
        step_seconds: of one step.
        cost: seconds that reading the clock and waiting for the device take.
        overhead: the share of a block that this may be.
    """
    return max(1, math.ceil(max(MIN_BLOCK_SECONDS, cost / overhead) / max(step_seconds, 1e-9)))


def time_block(
    run: StepRunner, steps: int, finish: Callable[[], None], wait: Callable[[], None], sync_overhead: float
) -> Block:
    """Time a block of steps, and how long the device went on working after the clock had stopped.

    Args:
        run: runs exactly this many steps, or sends them to the device.
        steps: their number.
        finish: returns when they are done; it is part of the timed block.
        wait: returns when the device is idle; it is not part of the block, and checks `finish`.
        sync_overhead: seconds that `wait` takes for an idle device.
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

    On a busy machine waits take longer too, so the lower quartile of the blocks decides: work that nothing waits for is
    unsynchronised in each of them.

    Args:
        max_share: the share of a block that may be unsynchronised.

    Raises:
        InvalidMeasurement: more than that was unsynchronised in three of four blocks.
    """
    share = sorted(one.unsynchronised / one.seconds for one in blocks)[len(blocks) // 4]
    if share > max_share:
        problem = f"{100 * share:.1f} % of a block was done after its clock had stopped"
        remedy = "wait for the device within what is timed"
        raise InvalidMeasurement("The clock stopped before the work was done", problem, remedy)
