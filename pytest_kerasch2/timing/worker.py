"""A process that times blocks on demand, for one side of a comparison. `python -m pytest_kerasch2.timing.worker`.

It reads a line of JSON for each order and writes one for each answer. It runs in somebody else's environment, and so
imports of ours only what timing needs.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
from typing import Any, Callable, Iterable, Mapping, NoReturn, TextIO

import numpy as np

from pytest_kerasch2 import ending
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.timing import (
    benchmark_suite,
    interleaving,
    measured_environment,
    measurement,
    modes,
    revisions,
    training_check,
)
from pytest_kerasch2.timing.interleaving import HandOver
from pytest_kerasch2.timing.measurement import PreparedWorkload
from pytest_kerasch2.timing.workload import make_workload

# Rows of what shows that a process computes; enough for more than one thread.
SMALL = 256


class OrderServer:
    """Answers orders, until there are no more."""

    def __init__(self, hand_over: HandOver) -> None:
        """Begin with nothing made ready.

        Args:
            hand_over: answers an order, and returns when there is another.
        """
        self.hand_over = hand_over
        self.prepared: dict[str, PreparedWorkload] = {}
        self.slowdown: dict[str, float] = {}
        self.losses: dict[str, float | None] = {}
        self.stack = contextlib.ExitStack()

    def compute(self) -> dict[str, Any]:
        """Compute something: the runtime of a framework that was forked too late hangs, and is found out by this."""
        api.array(api.tensor(np.ones((SMALL, SMALL), np.float32)) @ api.tensor(np.ones((SMALL, SMALL), np.float32)))
        return {}

    def about(self, suite: str | None) -> dict[str, Any]:
        """Return what this process is, and which benchmarks its suite has."""
        machine = {"node": platform.node(), "machine": platform.machine(), "cores": os.cpu_count()}
        return {
            "environment": {**measured_environment.environment(), **machine},
            "benchmarks": list(benchmark_suite.load_suite(suite)),
        }

    def open(
        self,
        suite: str | None,
        name: str,
        device: str | None,
        *,
        slowdown: float = 0.0,
        verify: bool = False,
        forbidden: str | None = None,
        max_warmup: int = 1,
    ) -> dict[str, Any]:
        """Make a benchmark ready.

        Args:
            suite, name, device: which benchmark, and where.
            slowdown: injected into each block, as a share of its time.
            verify: whether the work check runs.
            forbidden: a folder from which nothing may have been imported.
            max_warmup: warm-up blocks at most.
        """
        benchmarks = benchmark_suite.load_suite(suite)
        if name not in benchmarks:
            raise InvalidArgument("The suite has no such benchmark", repr(name), f"name one of {', '.join(benchmarks)}")
        place = devices.one(device)
        with place.placed():
            benchmark = benchmarks[name]()
        revisions.check_imports(forbidden)
        mode, workload = (
            modes.find_mode(benchmark.mode),
            make_workload(benchmark.model, benchmark.data, benchmark.batch_size, place, benchmark.class_weight),
        )
        modes.check_model(benchmark.model, mode)
        if verify and mode.trains:
            with place.placed():
                self.losses[name] = training_check.sample_loss(workload)
        prepared = self.stack.enter_context(measurement.prepare(workload, mode, verify, max_warmup))
        self.prepared[name], self.slowdown[name] = prepared, slowdown
        check = prepared.work_check and prepared.work_check.to_dict()
        return {
            "first_call": prepared.first_call,
            "pause_point": interleaving.pause_point(prepared),
            "work_check": check,
        }

    def pace(self, name: str, pause_point: str) -> dict[str, Any]:
        """Return the seconds between two pause points; asked of one process at a time, once all have warmed up."""
        return {"call_seconds": interleaving.pace(self.prepared[name], pause_point)}

    def blocks(self, name: str, pause_point: str, count: int, calls: int, untimed: int) -> dict[str, Any]:
        """Run blocks; orders of single blocks are answered within, and the answer to the last of them is its own."""
        plan = interleaving.BlockPlan(count, calls, untimed, self.slowdown[name])
        prepared = self.prepared[name]
        interleaving.run_interleaved(prepared, pause_point, plan, self.hand_over)
        before = self.losses.pop(name, None)
        if before is not None:
            # Compared with itself alone: no reference can start any more where it started.
            training_check.check_learned(before, training_check.sample_loss(prepared.workload), list)
        return {}


def serve(lines: Iterable[str], answer: Callable[[str], None]) -> None:
    """Answer each order; an error of ours is an answer too."""
    orders = iter(lines)

    def hand_over(result: Mapping[str, Any]) -> None:
        answer(json.dumps({"ok": result}))
        if next(orders, None) is None:
            raise SystemExit("the other end is gone")

    server = OrderServer(hand_over)
    with server.stack:
        for line in orders:
            order = json.loads(line)
            try:
                result = {"ok": getattr(server, order.pop("do"))(**order)}
            except KerasCh2Error as error:
                result = {"error": [type(error).__name__, error.happened, error.found, error.remedy]}
            answer(json.dumps(result))


def serve_streams(orders: Iterable[str], answers: TextIO) -> None:
    """Answer each order in a stream of its own."""

    def answer(text: str) -> None:
        answers.write(text + "\n")
        answers.flush()

    serve(orders, answer)


def main() -> NoReturn:
    """Serve over the standard streams; what frameworks print goes to the standard error."""
    # What asks for a benchmark may die while it is made ready, which takes minutes.
    ending.with_parent(os.getppid())
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        serve_streams(sys.stdin, answers)
    # Without what frameworks do at their end, which takes seconds and leaves nothing.
    os._exit(0)


if __name__ == "__main__":
    main()
