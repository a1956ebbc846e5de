"""Share the outcomes of jobs between the workers of one run: each job runs once, whoever asks first."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
from pathlib import Path
from typing import Any, Iterable

import filelock

from pytest_kerasch2.subprocesses.job import Job, JobOutcome, lines
from pytest_kerasch2.subprocesses.runner import INTERRUPTED, in_line, run

_GLANCE = 0.02


class JobCache:
    """A folder of outcomes with one lock per job; at most one child of a process runs at a time.

    A lock is the operating system's, so that of a dead worker is free again. Nothing is promised for folders on a
    network file system.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Open the desk on a folder that all workers of one run, and nobody else, use."""
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._known: dict[str, JobOutcome] = {}
        self._changing = threading.Lock()
        self._turn = threading.Lock()
        self._asked = threading.Event()
        self._stop = threading.Event()
        self._queue: list[tuple[Job, ...]] = []
        self._line_of: dict[str, tuple[Job, ...]] = {}
        self._thread: threading.Thread | None = None
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
        with self._changing:
            self._queue.extend(together)
            self._line_of.update((job.key, line) for line in together for job in line)
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._work, name="kerasch2-desk", daemon=True)
                self._thread.start()

    def outcome(self, job: Job) -> JobOutcome:
        """Return the outcome of a job: wait for whoever runs it, or run it now if nobody does."""
        line = self._line_of.get(job.key, (job,))
        patience = time.monotonic() + 3 * sum(each.deadline for each in line) + 60
        while not self._stop.is_set():
            if self._kept(job) is None:
                self._take(line, needed=job)
            known_outcome = self._kept(job)
            if known_outcome is not None:
                return known_outcome
            if time.monotonic() > patience:
                # Whoever holds the lock is alive and stuck: do without sharing
                break
            time.sleep(_GLANCE)
        return JobOutcome(killed_by=INTERRUPTED, target=job.target) if self._stop.is_set() else run(job, self._stop)

    def close(self) -> None:
        """Kill what runs, end the thread, keep the results; a closed desk gives only outcomes it has."""
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(30)
        self._thread = None
        atexit.unregister(self.close)

    def _work(self) -> None:
        while not self._stop.is_set():
            with self._changing:
                if not self._queue:
                    self._thread = None
                    return
                line = self._queue.pop(0)
            while self._asked.is_set() and not self._stop.is_set():
                time.sleep(_GLANCE)
            self._take(line)

    def _take(self, line: tuple[Job, ...], needed: Job | None = None) -> None:
        """Run what is not done of a line, or up to the wanted job, if nobody else has taken the line."""
        lock = filelock.FileLock(str(self.folder / f"{line[0].key}.lock"))
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            return
        if needed is not None:
            self._asked.set()
        try:
            with self._turn:
                self._run(line, needed)
        finally:
            if needed is not None:
                self._asked.clear()
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
