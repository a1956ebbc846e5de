"""Verifies many columns beside each other and merges what came of them."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import FrozenSet, Iterable, Mapping, Sequence

import psutil

from matrix import disk, environments, fingerprints, interrupts, merging, paths, sources, tables
from matrix.columns import Column, Releases
from matrix.fingerprints import ColumnWork, Fingerprint
from matrix.processes import Processes
from matrix.progress import ProgressDisplay
from matrix.verify import ColumnOutcome, Verifier
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
class RunOptions:
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
    work: ColumnWork
    now: Fingerprint


def run(releases: Releases, names: Sequence[str], options: RunOptions) -> int:
    """Verify the columns of these names, or all; then write the table, or compare with one.

    Returns:
        The exit status: 0, 1 or 130.

    Raises:
        InvalidArgument: a name is of no column, or no job is to be done at a time.
        BadTable: the table to compare with cannot be read, or the results files cannot be merged.
    """
    if options.jobs is not None and options.jobs < 1:
        raise InvalidArgument("No column can be run with so few jobs", repr(options.jobs), "write --jobs=1 or more")
    paths.make()
    chosen = releases.chosen(names)
    if options.check is not None:
        # Before the runs, which take long, and not after them.
        compatibility_table.read(options.check)
    display = ProgressDisplay()
    try:
        with interrupts.raised_once():
            failed = False if options.only_table else _run(releases, chosen, options, display)
    except KeyboardInterrupt:
        display.say("stopped; what was done is kept, and the next run goes on from there")
        return INTERRUPTED
    if options.check is not None:
        failed = tables.differs(chosen, options.check) or failed
    else:
        tables.write(releases, whole=options.only_table, say=display.say)
    return FAILED if failed else 0


def tasks(chosen: Sequence[Column], *, force: bool) -> tuple[list[Task], Mapping[str, frozenset[str]]]:
    """Return what is to be done, and the claims of each section where a part of a column is to be run."""
    plugin = sources.read(paths.PLUGIN)
    claims: Claims = {}
    result = []
    for column in chosen:
        now = fingerprints.fingerprint(column, plugin)
        before = fingerprints.read(paths.state(column.environment)) if _is_whole(column) else None
        work = fingerprints.ALL if force else fingerprints.work(before, now, merging.shared(claims))
        if work.sections and not claims:
            claims = merging.claims_of(plugin.sections)
            work = fingerprints.work(before, now, merging.shared(claims))
        result.append(Task(column, work, now))
    return result, claims


def _run(releases: Releases, chosen: Sequence[Column], options: RunOptions, display: ProgressDisplay) -> bool:
    all_tasks, claims = tasks(chosen, force=options.force)
    waiting = [task for task in all_tasks if task.work.needed]
    idle = [task.column for task in all_tasks if not task.work.needed]
    failed = [column for column in idle if _has_failed(column)]
    display.unchanged(idle, failed)
    if waiting:
        with tempfile.TemporaryDirectory(dir=paths.WHEELS) as folder, Processes() as processes:
            log = paths.log("plugin")
            log.write_bytes(b"")
            # The hash first: what is saved while the wheel is built counts as not built yet.
            built = sources.whole(paths.PLUGIN)
            wheel = environments.build_wheel(Path(folder), processes, log)
            maker = environments.Maker(releases.as_of, wheel, built, processes)
            jobs = min(options.jobs or jobs_here(), len(waiting))
            outcomes = list(_each(waiting, Verifier(maker, claims), jobs, options.remove, display))
        return bool(failed) or any(outcome.failed for outcome in outcomes)
    return bool(failed)


def _each(
    waiting: Sequence[Task], verifier: Verifier, jobs: int, remove: bool, display: ProgressDisplay
) -> Iterable[ColumnOutcome]:
    def one(task: Task) -> ColumnOutcome:
        display.begin(task.column)
        try:
            return verifier.verify(task.column, task.work, task.now)
        finally:
            if remove:
                environments.remove(task.column)
                disk.make_room()

    # The processes last: they are stopped before the pool waits for its threads, which wait for them.
    with ThreadPoolExecutor(jobs) as pool, display.showing(len(waiting)), verifier.maker.processes:
        running: set[Future[ColumnOutcome]] = {pool.submit(one, task) for task in waiting}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    outcome = future.result()
                    display.end(outcome)
                    yield outcome
        except BaseException:
            for future in running:
                future.cancel()
            raise


def jobs_here() -> int:
    """Return how many columns may run at a time: as memory and cores allow, and one at least."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, int(psutil.virtual_memory().available) // MEMORY))


def _is_whole(column: Column) -> bool:
    """Return whether a column has a readable results file of a run with MNIST; without it, much is undecided."""
    path = paths.results(column.environment)
    try:
        return path.exists() and "mnist" in results.read(path)["environment"]["datasets"]
    except BadResults:
        return False


def _has_failed(column: Column) -> bool:
    state = fingerprints.read(paths.state(column.environment))
    return state is not None and state.failed
