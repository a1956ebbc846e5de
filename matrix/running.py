"""Verifies many columns beside each other and merges what came of them."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import FrozenSet, Iterable, Mapping, Sequence

from matrix import disk, environments, interrupts, merging, places, sources, states, tables
from matrix.board import Board
from matrix.columns import Column, Releases
from matrix.processes import Processes
from matrix.states import Fingerprint, Work
from matrix.verifying import Outcome, Verifier
from pytest_kerasch2.claims import results
from pytest_kerasch2.errors import BadResults, InvalidArgument
from pytest_kerasch2.report import compatibility_table

FAILED = 1
INTERRUPTED = 130
# What one column takes of memory at most, in bytes: the suite, and the child interpreters that it starts.
MEMORY = 1_500_000_000
# Module of a section -> ids of the claims that it decides.
Claims = Mapping[str, FrozenSet[str]]


@dataclass(frozen=True)
class Wish:
    """What the user asked for.

    Attributes:
        force: run also what has not changed.
        jobs: columns at a time, or None for as many as memory and cores allow.
        remove: remove each environment after its verdicts.
        only_table: run nothing.
        check: a table to compare with instead of writing one, or None.
    """

    force: bool = False
    jobs: int | None = None
    remove: bool = False
    only_table: bool = False
    check: Path | None = None


@dataclass(frozen=True)
class Task:
    """A column, what is to be run of it, and what its results file will then be of."""

    column: Column
    work: Work
    now: Fingerprint


def run(releases: Releases, names: Sequence[str], wish: Wish) -> int:
    """Verify the columns of these names, or all; then write the table, or compare with one.

    Returns:
        The exit status: 0, 1 or 130.

    Raises:
        InvalidArgument: a name is of no column, or no job is to be done at a time.
        BadTable: the table to compare with cannot be read, or the results files cannot be merged.
    """
    if wish.jobs is not None and wish.jobs < 1:
        raise InvalidArgument("No column can be run with so few jobs", repr(wish.jobs), "write --jobs=1 or more")
    places.make()
    chosen = releases.chosen(names)
    if wish.check is not None:
        # Before the runs, which take long, and not after them.
        compatibility_table.read(wish.check)
    board = Board()
    try:
        with interrupts.raised_once():
            failed = False if wish.only_table else _run(releases, chosen, wish, board)
    except KeyboardInterrupt:
        board.say("stopped; what was done is kept, and the next run goes on from there")
        return INTERRUPTED
    if wish.check is not None:
        failed = tables.differs(chosen, wish.check) or failed
    else:
        tables.write(releases, whole=wish.only_table, say=board.say)
    return FAILED if failed else 0


def tasks(chosen: Sequence[Column], *, force: bool) -> tuple[list[Task], Mapping[str, frozenset[str]]]:
    """Return what is to be done, and the claims of each section where a part of a column is to be run."""
    plugin = sources.read(places.PLUGIN)
    claims: Claims = {}
    found = []
    for column in chosen:
        now = states.fingerprint(column, plugin)
        before = states.read(places.state(column.environment)) if _is_whole(column) else None
        work = states.ALL if force else states.work(before, now, merging.shared(claims))
        if work.sections and not claims:
            claims = merging.claims_of(plugin.sections)
            work = states.work(before, now, merging.shared(claims))
        found.append(Task(column, work, now))
    return found, claims


def _run(releases: Releases, chosen: Sequence[Column], wish: Wish, board: Board) -> bool:
    all_tasks, claims = tasks(chosen, force=wish.force)
    waiting = [task for task in all_tasks if task.work.needed]
    idle = [task.column for task in all_tasks if not task.work.needed]
    failed = [column for column in idle if _has_failed(column)]
    board.unchanged(idle, failed)
    if waiting:
        with tempfile.TemporaryDirectory(dir=places.WHEELS) as folder, Processes() as processes:
            log = places.log("plugin")
            log.write_bytes(b"")
            # The hash first: what is saved while the wheel is built counts as not built yet.
            built = sources.whole(places.PLUGIN)
            wheel = environments.build_wheel(Path(folder), processes, log)
            maker = environments.Maker(releases.as_of, wheel, built, processes)
            jobs = min(wish.jobs or jobs_here(), len(waiting))
            outcomes = list(_each(waiting, Verifier(maker, claims), jobs, wish.remove, board))
        return bool(failed) or any(outcome.failed for outcome in outcomes)
    return bool(failed)


def _each(waiting: Sequence[Task], verifier: Verifier, jobs: int, remove: bool, board: Board) -> Iterable[Outcome]:
    def one(task: Task) -> Outcome:
        board.begin(task.column)
        try:
            return verifier.verify(task.column, task.work, task.now)
        finally:
            if remove:
                environments.remove(task.column)
                disk.make_room()

    # The processes last: they are stopped before the pool waits for its threads, which wait for them.
    with ThreadPoolExecutor(jobs) as pool, board.showing(len(waiting)), verifier.maker.processes:
        running: set[Future[Outcome]] = {pool.submit(one, task) for task in waiting}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    outcome = future.result()
                    board.end(outcome)
                    yield outcome
        except BaseException:
            for future in running:
                future.cancel()
            raise


def jobs_here() -> int:
    """Return how many columns may run at a time: as memory and cores allow, and one at least."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, _memory() // MEMORY))


def _memory() -> int:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _is_whole(column: Column) -> bool:
    """Return whether a column has a readable results file of a run with MNIST; without it, much is undecided."""
    path = places.results(column.environment)
    try:
        return path.exists() and "mnist" in results.read(path)["environment"]["datasets"]
    except BadResults:
        return False


def _has_failed(column: Column) -> bool:
    state = states.read(places.state(column.environment))
    return state is not None and state.failed
