"""What every rival times: the chapter's `train_on_batch` and `fit`, the same calls as `kerasch2 compare` has."""

from __future__ import annotations

import functools
import time
from typing import Callable

from pytest_kerasch2.framework import devices
from pytest_kerasch2.timing import benchmark_suite, modes
from pytest_kerasch2.timing.workload import make_workload

BENCHMARKS = ("train_on_batch", "fit")
# Seconds of calls before a rival gets to see one: tracing and warming up would be the larger part of its time.
WARMING = 1.0


@functools.lru_cache(maxsize=None)
def ready(name: str, slower: float) -> Callable[[], None]:
    """Return one call of a benchmark, which has become steady: a step of training, or of `fit` an epoch of them.

    Args:
        name: one of `BENCHMARKS`.
        slower: the slowdown that is planted, as a share of the time.
    """
    benchmark = benchmark_suite.load_suite(None)[name]()
    chosen = modes.find_mode(benchmark.mode)
    given = make_workload(benchmark.model, benchmark.data, benchmark.batch_size, devices.one(None))
    run = chosen.make(given)
    steps = given.batches if chosen.whole_epochs else 1

    def call() -> None:
        began = time.perf_counter()
        run(steps)
        given.finish()
        until = time.perf_counter() + slower * (time.perf_counter() - began)
        while time.perf_counter() < until:
            pass

    call()
    until = time.perf_counter() + WARMING
    while time.perf_counter() < until:
        call()
    return call
