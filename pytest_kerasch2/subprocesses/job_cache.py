"""Share the outcomes of jobs between the workers of one run: each job runs once, whoever asks first."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Iterable

import filelock

from pytest_kerasch2.subprocesses.job import Job, JobOutcome, lines
from pytest_kerasch2.subprocesses.runner import INTERRUPTED, in_line, own_environment, own_path, run

_GLANCE = 0.02
_BACKGROUND = "pytest_kerasch2.subprocesses.background"
# Seconds in which the process in the background puts away what it is doing.
_END = 30.0


class JobCache:
    """A folder of outcomes with one lock per job; a process runs one child at a time, and one more in the background.

    A lock is the operating system's, so that of a dead worker is free again. Nothing is promised for folders on a
    network file system.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Open the desk on a folder that all workers of one run, and nobody else, use."""
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._known: dict[str, JobOutcome] = {}
        self._stop = threading.Event()
        self._line_of: dict[str, tuple[Job, ...]] = {}
        self._background: subprocess.Popen[str] | None = None
        # For a process that ends without closing: a child must not outlive it
        atexit.register(self.close)

    def __enter__(self) -> JobCache:
        """Return the desk."""
        return self

    def __exit__(self, *_: Any) -> None:
        """Close the desk."""
        self.close()

    def start(self, jobs: Iterable[Job]) -> None:
        """Run these in the background, one line at a time, leaving out those that another worker has taken."""
        together = lines(jobs)
        self._line_of.update((job.key, line) for line in together for job in line)
        if not self._stop.is_set():
            # One that has died has done what is known of it; the rest is done by who asks for it.
            with contextlib.suppress(OSError):
                self._tell([json.loads(job.as_json()) for line in together for job in line])

    def _tell(self, order: list[Any]) -> None:
        if self._background is None:
            self._background = _started(self.folder)
            self._tell(own_path())
        assert self._background.stdin is not None
        self._background.stdin.write(json.dumps(order) + "\n")
        self._background.stdin.flush()

    def outcome(self, job: Job) -> JobOutcome:
        """Return the outcome of a job: wait for whoever runs it, or run it now if nobody does."""
        line = self._line_of.get(job.key, (job,))
        patience = time.monotonic() + 3 * sum(each.deadline for each in line) + 60
        while not self._stop.is_set():
            if self._kept(job) is None:
                self.do(line, needed=job)
            known_outcome = self._kept(job)
            if known_outcome is not None:
                return known_outcome
            if time.monotonic() > patience:
                # Whoever holds the lock is alive and stuck: do without sharing
                break
            time.sleep(_GLANCE)
        return JobOutcome(killed_by=INTERRUPTED, target=job.target) if self._stop.is_set() else run(job, self._stop)

    def stop(self) -> None:
        """Kill the child that runs, from another thread, and start no more."""
        self._stop.set()

    def close(self) -> None:
        """Kill what runs, end the background, keep the results; a closed desk gives only outcomes it has."""
        self.stop()
        background, self._background = self._background, None
        if background is not None:
            _end(background)
        atexit.unregister(self.close)

    def do(self, line: tuple[Job, ...], needed: Job | None = None) -> None:
        """Run what is not done of a line, or up to the wanted job, if nobody else has taken the line."""
        lock = filelock.FileLock(str(self.folder / f"{line[0].key}.lock"))
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            return
        try:
            self._run(line, needed)
        finally:
            lock.release()

    def _run(self, line: tuple[Job, ...], needed: Job | None) -> None:
        # Whoever had the lock a moment ago may have left results, and a death ends a line: look again each time
        while not self._stop.is_set() and (needed is None or self._kept(needed) is None):
            left = [job for job in line if self._kept(job) is None]
            if not left:
                return
            with contextlib.closing(in_line(left, self._stop)) as outcomes:
                for job, outcome in zip(left, outcomes):
                    self._keep(job, outcome)

    def _keep(self, job: Job, outcome: JobOutcome) -> None:
        if outcome.killed_by == INTERRUPTED:
            return
        self._known[job.key] = outcome
        half = self.folder / f"{job.key}.{os.getpid()}.{threading.get_ident()}.half"
        half.write_text(outcome.as_json(), encoding="utf-8")
        half.replace(self.folder / f"{job.key}.json")

    def _kept(self, job: Job) -> JobOutcome | None:
        if job.key not in self._known:
            # Absent, or written by another version of us: the job is run again
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                text = (self.folder / f"{job.key}.json").read_text(encoding="utf-8")
                self._known[job.key] = JobOutcome.from_json(text)
        return self._known.get(job.key)


def _started(folder: Path) -> subprocess.Popen[str]:
    """Start the process in the background, in a session of its own: what interrupts this one is this one's affair."""
    return subprocess.Popen(
        [sys.executable, "-m", _BACKGROUND, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=str(folder),
        env=own_environment(),
        start_new_session=True,
        universal_newlines=True,
        encoding="utf-8",
    )


def _end(background: subprocess.Popen[str]) -> None:
    # At the end of what it reads it kills its child and removes what it has made.
    with contextlib.suppress(OSError):
        assert background.stdin is not None
        background.stdin.close()
    try:
        background.wait(_END)
    except subprocess.TimeoutExpired:
        background.kill()
        background.wait()
