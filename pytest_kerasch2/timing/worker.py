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
import time
from dataclasses import asdict, replace
from typing import Any, Callable, Mapping

from pytest_kerasch2 import __version__
from pytest_kerasch2.errors import BadSetting, KerasCh2Error
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.timing import block, measuring, modes, suite
from pytest_kerasch2.timing.block import Block, Run
from pytest_kerasch2.timing.measuring import Prepared
from pytest_kerasch2.timing.modes import Mode, OneByOne
from pytest_kerasch2.timing.subject import Subject, subject

# What surrounds a block is in both that are compared: it may be more of them than where a time is to be told.
OVERHEAD = 0.01


class Worker:
    """Answers orders, until there are no more."""

    def __init__(self) -> None:
        """Begin with nothing made ready."""
        self.ready: dict[str, Prepared] = {}
        self.kept = contextlib.ExitStack()

    def about(self, suite_of: str | None) -> dict[str, Any]:
        """Tell what this process is, and which benchmarks its suite has."""
        release = asdict(api.release())
        machine = {"node": platform.node(), "machine": platform.machine(), "cores": os.cpu_count()}
        facts = {"plugin": __version__, **release, "python": platform.python_version(), **machine}
        return {"environment": facts, "benchmarks": list(suite.of(suite_of))}

    def open(
        self, suite_of: str | None, name: str, device: str | None, slower: float, proving: bool = False
    ) -> dict[str, Any]:
        """Make a benchmark ready; `slower` plants so large a slowdown, as a share of its time.

        With `proving`, its steps are shown to do what steps by hand do.
        """
        made = suite.of(suite_of)
        if name not in made:
            raise BadSetting("A suite has no such benchmark", repr(name), f"name one of {', '.join(made)}")
        its = made[name]()
        chosen = modes.mode(its.mode)
        if slower:
            chosen = slowed(chosen, slower)
        ready = subject(its.model, its.data, its.batch_size, devices.one(device))
        self.ready[name] = self.kept.enter_context(measuring.prepared(ready, chosen, proving))
        return {"first": self.ready[name].first}

    def steps(self, name: str) -> dict[str, Any]:
        """Tell how many steps a block should have; asked of one process at a time, and not while others warm up."""
        ready = self.ready[name]
        few = ready.steps_within(OVERHEAD, ready.warming[-1].whole)
        return {"steps": ready.steps_within(OVERHEAD, ready.timed(few).whole)}

    def block(self, name: str, steps: int) -> dict[str, Any]:
        """Time a block, which is refused where it did not do what it is said to."""
        ready = self.ready[name]
        done = ready.timed(-(-steps // ready.unit) * ready.unit)
        return done.plain

    def owing(self, blocks: list[Mapping[str, Any]]) -> dict[str, Any]:
        """Refuse blocks whose clock stopped before their work was done."""
        block.refuse_owing([Block(**one) for one in blocks])
        return {}


def slowed(mode: Mode, share: float) -> Mode:
    """Give a mode whose steps take longer by this share of their time, and are the same otherwise."""

    def of(make: Callable[[Subject], Run]) -> Callable[[Subject], Run]:
        def made(its: Subject) -> Run:
            run = make(its)
            if isinstance(run, OneByOne):
                return Slowed(run, its, share)
            return lambda count: _slowly(run, count, its, share)

        return made

    return replace(mode, make=of(mode.make), again=mode.again and of(mode.again))


class Slowed(OneByOne):
    """Does the steps of another one, and takes longer."""

    def __init__(self, run: OneByOne, its: Subject, share: float) -> None:
        """Begin where the other one is."""
        super().__init__(run.given, run.step)
        self.its = its
        self.share = share

    def __call__(self, count: int) -> None:
        """Do so many."""
        _slowly(super().__call__, count, self.its, self.share)


def _slowly(run: Run, count: int, its: Subject, share: float) -> Any:
    began = time.perf_counter()
    told = run(count)
    its.finish()
    until = time.perf_counter() + share * (time.perf_counter() - began)
    while time.perf_counter() < until:
        pass
    return told


def serve(lines: Any, answer: Callable[[str], None]) -> None:
    """Answer each order in turn; an error of ours is an answer too."""
    worker = Worker()
    with worker.kept:
        for line in lines:
            order = json.loads(line)
            try:
                found = {"ok": getattr(worker, order.pop("do"))(**order)}
            except KerasCh2Error as error:
                found = {"error": [type(error).__name__, error.happened, error.found, error.remedy]}
            answer(json.dumps(found))


def main() -> int:
    """Serve over the standard streams; what frameworks print goes to the standard error."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)

        def answer(text: str) -> None:
            out.write(text + "\n")
            out.flush()

        serve(sys.stdin, answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
