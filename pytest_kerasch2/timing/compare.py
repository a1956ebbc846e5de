"""Compares two things: processes of both take turns, are started again several times, and are judged after each start.

The first thing has two processes in each start, so that the comparison of it with itself says whether the machine was
fit. Steps within a block, and blocks within a process, are not independent: what is counted is one ratio for each start
of the processes.
"""

from __future__ import annotations

import contextlib
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, ContextManager, Iterator, Mapping, Sequence

from pytest_kerasch2.errors import CannotWrite, InvalidArgument, InvalidMeasurement
from pytest_kerasch2.stats.paired_sequential import Terms, Verdict
from pytest_kerasch2.suggestions import did_you_mean
from pytest_kerasch2.timing import block, compare_result, measured_environment, timed_processes
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.compare_result import AGAIN, FIRST, SECOND, Comparison
from pytest_kerasch2.timing.interleaving import EPOCH, MAX_UNSYNCHRONISED
from pytest_kerasch2.timing.timed_processes import ComparedSide, TimedProcess

# Seconds of blocks of a benchmark in a start, of all processes together. There and back for each round: every process
# has two blocks in it.
SECONDS = 1.5
FEWEST_ROUNDS = 8
# Seconds of a turn, about. How fast a machine is changes; in shorter turns more goes to what surrounds them.
TURN = 0.005
# Calls at the beginning of a turn that are not timed.
LEAD = 1
# Starts after which it is told that a thing owes work: a single process may seem to, and is no half of these.
STARTS_OWING = 3
ALIKE = ("plugin", "node", "machine", "cores")


@dataclass(frozen=True)
class Order:
    """What is to be compared.

    Attributes:
        suite: `module:function`, or None for the chapter's.
        names: benchmarks of it, or none for all.
        device: a word for one, or None.
        seed: of the order in which the processes take turns.
        out: where all blocks are kept, or None.
        around: lasts while blocks are timed, and not while processes start or make ready.
        deadline: seconds for each answer of a process.
    """

    terms: Terms
    suite: str | None = None
    names: Sequence[str] = ()
    device: str | None = None
    seed: int = 0
    out: Path | None = None
    around: Callable[[], ContextManager[Any]] = contextlib.nullcontext
    deadline: float = timed_processes.DEADLINE


def compare(first: ComparedSide, second: ComparedSide, order: Order, told: Callable[[str], None]) -> Comparison:
    """Compare two things until each benchmark is decided, or all starts have been made.

    Args:
        told: is called with a line after each start.

    Raises:
        InvalidArgument: a benchmark is of no suite, or the two are of unlike machines or plugin versions.
        ChildDied: a process has ended.
        InvalidMeasurement: a block did not do what it is said to, or a process gave no answer in time.
    """
    drawn = random.Random(order.seed)
    found: Comparison | None = None
    began = time.monotonic()
    with timed_processes.copied_package() as package:
        for start in range(order.terms.most):
            with started((first, second, first), package, drawn, order.deadline) as workers:
                if found is None:
                    found = _begun(first, second, workers, order)
                for name in _undecided(found):
                    # What the steps of a benchmark do is shown once: the processes are started anew, and not the code.
                    load = measured_environment.machine_load()
                    blocks = pair(workers, name, order, drawn, proving=start == 0)
                    proofs = blocks.pop("proofs")
                    if start == 0:
                        found.proofs[name] = proofs[:AGAIN]
                    found.pairs.append({"start": start, "benchmark": name, "load": load, **blocks})
                    _check_synchronised(found, name)
            found.complete = not _undecided(found) or start + 1 == order.terms.most
            _keep(found, order.out, told)
            left = (time.monotonic() - began) / (start + 1) * (order.terms.most - start - 1)
            told(f"start {start + 1} of {order.terms.most} at most, {left / 60:.0f} min left: {_so_far(found)}")
            if found.complete:
                break
    assert found is not None
    return found


def _keep(found: Comparison, out: Path | None, told: Callable[[str], None]) -> None:
    """Keep it in a file; where that cannot be written, what is measured is worth no less."""
    try:
        if out is not None:
            found.write(out)
    except CannotWrite as error:
        told(f"not kept: {error}")


@contextlib.contextmanager
def started(
    several: Sequence[ComparedSide], package: Path, drawn: random.Random, deadline: float = timed_processes.DEADLINE
) -> Iterator[list[TimedProcess]]:
    """Start a process of each arm, and end them all afterwards."""
    workers: list[TimedProcess] = []
    # How Python spreads what it looks up makes it quicker or slower: it is the same in all, and another in each start.
    hashing = str(drawn.randrange(2**32))
    try:
        for arm in several:
            workers.append(TimedProcess(arm, package, {"PYTHONHASHSEED": hashing}, deadline))
        yield workers
    finally:
        for worker in workers:
            worker.close()


def _begun(first: ComparedSide, second: ComparedSide, workers: Sequence[TimedProcess], order: Order) -> Comparison:
    # The third process is one of the first thing.
    said = [worker.ask("about", suite_of=order.suite) for worker in workers[:AGAIN]]
    for fact in ALIKE:
        values = [one["environment"][fact] for one in said]
        if values[FIRST] != values[SECOND]:
            found = f"{fact}: {values[FIRST]} and {values[SECOND]}"
            raise InvalidArgument("Two things cannot be compared", found, "run both on one machine, with one plugin")
    shared = [name for name in said[FIRST]["benchmarks"] if name in said[SECOND]["benchmarks"]]
    unknown = [name for name in order.names if name not in shared]
    if unknown or not shared:
        found = f"{', '.join(unknown) or 'none in common'}; both have {', '.join(shared) or 'none'}"
        remedy = "name one that is" + (did_you_mean(unknown[0], shared, before="; ") if unknown else "")
        raise InvalidArgument("A benchmark is not in both suites", found, remedy)
    told = [
        {"name": arm.name, "revision": arm.revision, "slower": arm.slowdown, "environment": one["environment"]}
        for arm, one in zip((first, second), said)
    ]
    asked = {"suite": order.suite, "device": order.device, "seed": order.seed}
    return Comparison(order.terms, told, [name for name in shared if not order.names or name in order.names], asked)


def pair(
    workers: Sequence[TimedProcess],
    name: str,
    order: Order,
    drawn: random.Random,
    seconds: float = SECONDS,
    *,
    proving: bool = False,
) -> dict[str, Any]:
    """Return the blocks of all processes of a start, for one benchmark, the order of their turns, and what was proved.

    Args:
        seconds: of blocks of all processes together, about; there are eight rounds at least.
        proving: whether its steps are shown to do what steps by hand do.

    Raises:
        KerasCh2Error: what a process refused; `ChildDied` where one has ended.
    """
    asked = {"suite_of": order.suite, "name": name, "device": order.device, "proving": proving}
    # All of them at once: what is not timed may share the cores.
    for worker in workers:
        elsewhere = worker.arm.forbidden and str(worker.arm.forbidden)
        worker.send("open", slower=worker.arm.slowdown, not_from=elsewhere, **asked)
    opened = timed_processes.receive_all(workers)
    kinds = {one["by"] for one in opened}
    # All are stopped at places of one kind.
    by = kinds.pop() if len(kinds) == 1 else EPOCH
    with order.around():
        turns, blocks = _timed(workers, name, by, drawn, seconds)
    # The rest of what they have begun.
    for worker in workers:
        worker.send("turn")
    timed_processes.receive_all(workers)
    proofs = [one.get("proof") for one in opened]
    return {"order": turns, "blocks": list(map(compare_result.together, blocks)), "proofs": proofs}


def _timed(
    workers: Sequence[TimedProcess], name: str, by: str, drawn: random.Random, seconds: float
) -> tuple[list[list[int]], list[list[dict[str, Any]]]]:
    """Return the order of the turns of each round, and the blocks of each process."""
    # One after the other: as long as they are alone. All of them have as many steps in a turn.
    each = max(worker.ask("pace", name=name, by=by)["each"] for worker in workers)
    calls = 1 if by == EPOCH else math.ceil(TURN / each)
    rounds = max(FEWEST_ROUNDS, round(seconds / (2 * len(workers) * calls * each)))
    lead = 0 if by == EPOCH else min(calls, LEAD)
    for worker in workers:
        worker.send("turns", name=name, by=by, count=2 * rounds, calls=calls, lead=lead)
    timed_processes.receive_all(workers)
    blocks: list[list[dict[str, Any]]] = [[] for _ in workers]
    turns = []
    for _ in range(rounds):
        there = drawn.sample(range(len(workers)), len(workers))
        turns.append([*there, *reversed(there)])
        for place in turns[-1]:
            blocks[place].append(workers[place].ask("turn"))
    return turns, blocks


def check_synchronised(pairs: Sequence[Mapping[str, Any]], whose: Sequence[str]) -> None:
    """Refuse blocks whose clock stopped before their work was done, by all processes of each of two things.

    Args:
        pairs: of one benchmark, as `pair` gives them.
        whose: what to call the blocks of the first thing, and of the second.

    Raises:
        InvalidMeasurement: more than `OWED` was still owed of the median block of a thing.
    """
    for thing, name in enumerate(whose):
        # The third process is one of the first thing.
        processes = [its for one in pairs for its in one["blocks"][thing :: len(whose)]]
        blocks = [Block(its["steps"], *both) for its in processes for both in zip(its["seconds"], its["owed"])]
        try:
            block.check_synchronised(blocks, MAX_UNSYNCHRONISED)
        except InvalidMeasurement as error:
            raise InvalidMeasurement(error.happened, f"{name}: {error.found}", error.remedy) from None


def _check_synchronised(found: Comparison, name: str) -> None:
    # What a wait takes longer on a machine that does much else may be owed in one process. Work that nobody waits for
    # is owed in every start.
    mine = [one for one in found.pairs if one["benchmark"] == name]
    if len(mine) >= STARTS_OWING:
        check_synchronised(mine, [f"{name} of {arm['name']}" for arm in found.arms])


def _undecided(found: Comparison) -> list[str]:
    told = found.judgements()
    return [name for name, one in told.items() if one is None or one.verdict is Verdict.UNDECIDED]


def _so_far(found: Comparison) -> str:
    return ", ".join(f"{name} {'…' if one is None else one.verdict.value}" for name, one in found.judgements().items())
