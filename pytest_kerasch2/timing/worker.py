"""A process that times blocks on demand: one of the arms of a comparison. `python -m pytest_kerasch2.timing.worker`.

It reads a line of JSON for each order and writes one for each answer. It runs in somebody else's environment, and so
imports of ours only what timing needs.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
from typing import Any, Callable, Iterable, Mapping, NoReturn

from pytest_kerasch2 import ending
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error
from pytest_kerasch2.framework import devices
from pytest_kerasch2.timing import (
    benchmark_suite,
    import_guard,
    interleaving,
    learning_check,
    measured_environment,
    modes,
    step_measurement,
)
from pytest_kerasch2.timing.interleaving import HandOver
from pytest_kerasch2.timing.step_measurement import Prepared
from pytest_kerasch2.timing.workload import subject

# Several processes warm up at once, in each other's way: that two blocks in turn differ tells little then.
MOST_WARMING = 4


class Worker:
    """Answers orders, until there are no more."""

    def __init__(self, hand_over: HandOver) -> None:
        """Begin with nothing made ready.

        Args:
            hand_over: answers an order, and returns when there is another.
        """
        self.hand_over = hand_over
        self.ready: dict[str, Prepared] = {}
        self.slower: dict[str, float] = {}
        self.losses: dict[str, float | None] = {}
        self.kept = contextlib.ExitStack()

    def about(self, suite_of: str | None) -> dict[str, Any]:
        """Return what this process is, and which benchmarks its suite has."""
        machine = {"node": platform.node(), "machine": platform.machine(), "cores": os.cpu_count()}
        return {
            "environment": {**measured_environment.told(), **machine},
            "benchmarks": list(benchmark_suite.of(suite_of)),
        }

    def open(
        self,
        suite_of: str | None,
        name: str,
        device: str | None,
        *,
        slower: float = 0.0,
        proving: bool = False,
        not_from: str | None = None,
    ) -> dict[str, Any]:
        """Make a benchmark ready.

        Args:
            slower: plants so large a slowdown, as a share of its time.
            proving: its steps are shown to do what steps by hand do, and its loss not to grow.
            not_from: a folder from which nothing may have been imported.
        """
        made = benchmark_suite.of(suite_of)
        if name not in made:
            raise InvalidArgument("A suite has no such benchmark", repr(name), f"name one of {', '.join(made)}")
        place = devices.one(device)
        with place.placed():
            its = made[name]()
        import_guard.check_not_from(not_from)
        mode, ready = modes.mode(its.mode), subject(its.model, its.data, its.batch_size, place, its.class_weight)
        modes.check_model(its.model, mode)
        if proving and mode.trains:
            with place.placed():
                self.losses[name] = learning_check.loss_of(ready)
        prepared = self.kept.enter_context(step_measurement.prepared(ready, mode, proving, MOST_WARMING))
        self.ready[name], self.slower[name] = prepared, slower
        proof = prepared.proof and prepared.proof.plain
        return {"first": prepared.first, "by": interleaving.stopped_by(prepared), "proof": proof}

    def pace(self, name: str, by: str) -> dict[str, Any]:
        """Return how long the benchmark takes between stops, one process at a time, once all have warmed up."""
        return {"each": interleaving.pace(self.ready[name], by)}

    def turns(self, name: str, by: str, count: int, calls: int, lead: int) -> dict[str, Any]:
        """Do a run in turns; orders of turns are answered within it, and the answer to the last of them is its own."""
        taken = interleaving.Turns(count, calls, lead, self.slower[name])
        ready = self.ready[name]
        interleaving.taken(ready, by, taken, self.hand_over)
        before = self.losses.pop(name, None)
        if before is not None:
            # Held to itself alone: by then no reference starts where it has started.
            learning_check.check_learned(before, learning_check.loss_of(ready.subject), list)
        return {}


def serve(lines: Iterable[str], answer: Callable[[str], None]) -> None:
    """Answer each order in turn; an error of ours is an answer too."""
    orders = iter(lines)

    def hand_over(found: Mapping[str, Any]) -> None:
        answer(json.dumps({"ok": found}))
        if next(orders, None) is None:
            raise SystemExit("the other end is gone")

    worker = Worker(hand_over)
    with worker.kept:
        for line in orders:
            order = json.loads(line)
            try:
                found = {"ok": getattr(worker, order.pop("do"))(**order)}
            except KerasCh2Error as error:
                found = {"error": [type(error).__name__, error.happened, error.found, error.remedy]}
            answer(json.dumps(found))


def main() -> NoReturn:
    """Serve over the standard streams; what frameworks print goes to the standard error."""
    # What asks for a benchmark may die while it is made ready, which takes minutes.
    ending.with_parent(os.getppid())
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)

        def answer(text: str) -> None:
            out.write(text + "\n")
            out.flush()

        serve(sys.stdin, answer)
    # Without what frameworks do at their end, which takes seconds and leaves nothing.
    os._exit(0)


if __name__ == "__main__":
    main()
