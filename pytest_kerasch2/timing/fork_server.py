"""Timed processes as forks of an interpreter that has imported the framework: one import for all of them together.

To import the framework takes longer than all that a start measures. Forks of one interpreter share the import and
nothing that comes after it: each has a runtime, a model and compiled steps of its own. All sides of a comparison fork
the same interpreter. So what an import settles by chance, as the order of sets and where things lie in memory, is the
same for all of them, and favours none.
"""

from __future__ import annotations

import array
import contextlib
import importlib.machinery
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import IO, Callable, Iterator, Sequence

from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.timing import timed_processes
from pytest_kerasch2.timing.timed_processes import AnyProcess, ComparedSide, Launch, StartedProcess, TimedProcess

# Seconds in which a framework is imported, and in which a fork has computed something: one that hangs does so at once.
IMPORT_DEADLINE = 300.0
FORK_DEADLINE = 60.0
# So often it is seen whether a fork has ended.
GLANCE = 0.005


class CannotFork(Exception):
    """Fresh processes are needed; the text says why."""


class ForkedProcess(StartedProcess):
    """A fork, with what `subprocess.Popen` has of a process."""

    def __init__(self, number: int, connection: socket.socket, status: Callable[[], int | None]) -> None:
        """Take the other end of a fork's orders.

        Args:
            number: of the process.
            connection: to it.
            status: returns its exit status, None while it runs.
        """
        self.number, self._status = number, status
        self.stdin = connection.makefile("w", encoding="utf-8")
        self.stdout = connection.makefile("r", encoding="utf-8")
        # The two streams hold it open.
        connection.close()

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        try:
            return self._status()
        except KerasCh2Error:
            # The server is gone, and all that it has forked with it.
            return -signal.SIGKILL

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, or raise `subprocess.TimeoutExpired`."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            status = self.poll()
            if status is not None:
                return status
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired(["fork"], timeout or 0.0)
            time.sleep(GLANCE)

    def kill(self) -> None:
        """End it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.number, signal.SIGKILL)


class ForkServer:
    """An interpreter that has imported the framework, and forks the timed processes of sides that share it."""

    def __init__(self, sides: Sequence[ComparedSide], package: Path, hash_seed: int) -> None:
        """Start it.

        Args:
            sides: that are to share it.
            package: a folder with a copy of this package and nothing else.
            hash_seed: PYTHONHASHSEED of all forks.

        Raises:
            CannotFork: the sides cannot share it, it cannot be started, or it is not safe to fork it.
        """
        check_shared(sides)
        self._control, theirs = socket.socketpair()
        bare = ComparedSide("the interpreter to be forked", sides[0].python, sides[0].folder, 0.0, sides[0].variables)
        launch = timed_processes.spawned(
            bare, package, {"PYTHONHASHSEED": str(hash_seed)}, "forking", descriptors=[theirs.fileno()]
        )
        with theirs, _as_cannot_fork():
            self._server = TimedProcess(bare, launch, IMPORT_DEADLINE)
        try:
            with _as_cannot_fork():
                about = self._server.ask("about")
            why_not = about.get("why_not", "it does not say whether it can be forked")
            if why_not:
                raise CannotFork(why_not)
            check_imported(sides, about["modules"])
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def processes(self, sides: Sequence[ComparedSide], deadline: float) -> Iterator[list[TimedProcess]]:
        """Fork a process for each side, see that each computes, and end them all afterwards.

        Args:
            deadline: seconds for an answer, once a fork has shown that it computes.

        Raises:
            CannotFork: a fork hangs, or has ended.
        """
        with contextlib.ExitStack() as stack:
            processes = []
            with _as_cannot_fork():
                for side in sides:
                    processes.append(TimedProcess(side, self.launch(side), FORK_DEADLINE))
                    stack.callback(processes[-1].close)
                    processes[-1].send("compute")
                timed_processes.receive_all(processes)
            for process in processes:
                process.deadline = deadline
            yield processes

    def launch(self, side: ComparedSide) -> Launch:
        """Return how a fork for a side is started."""

        def launch(stderr: IO[bytes], temporary: Path) -> AnyProcess:
            ours, theirs = socket.socketpair()
            with theirs:
                content = array.array("i", [theirs.fileno(), stderr.fileno()])
                self._control.sendmsg([b" "], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, content)])
                place = {"import_first": [*map(str, side.import_first)], "temporary": str(temporary)}
                number = self._server.ask("fork", folder=str(side.folder), **place)
            return ForkedProcess(number, ours, lambda: self._server.ask("status", child=number))

        return launch

    def close(self) -> None:
        """End it, and with it all that it has forked."""
        self._control.close()
        self._server.close()


@contextlib.contextmanager
def _as_cannot_fork() -> Iterator[None]:
    try:
        yield
    except (OSError, KerasCh2Error) as error:
        reason = error.found if isinstance(error, KerasCh2Error) else str(error)
        raise CannotFork(reason) from error


def check_shared(sides: Sequence[ComparedSide]) -> None:
    """Refuse sides of which each needs an import of its own.

    Raises:
        CannotFork: they have different interpreters, or variables that an import may read.
    """
    if not hasattr(os, "fork") or not hasattr(socket, "SCM_RIGHTS"):
        raise CannotFork("this system has no fork")
    if len({(str(one.python), tuple(sorted(one.variables.items()))) for one in sides}) > 1:
        raise CannotFork("the two sides have different environments")


def check_imported(sides: Sequence[ComparedSide], modules: Sequence[str]) -> None:
    """Refuse sides that have a module of their own in place of one that has been imported already.

    Raises:
        CannotFork: there is one.
    """
    for side in sides:
        own = sorted({name for folder in side.import_first for name in _importable(folder)} & set(modules))
        if own:
            raise CannotFork(f"{side.name} has a {own[0]} of its own, which is imported first")


def _importable(folder: Path) -> Iterator[str]:
    """Yield the names that modules in a folder have; a folder without code hides no module."""
    for path in folder.iterdir():
        if (path / "__init__.py").is_file() or path.suffix in importlib.machinery.all_suffixes():
            yield path.name.partition(".")[0]


class ProcessStarter:
    """Starts the processes of a comparison: forks for as long as that goes, and fresh ones from then on."""

    def __init__(
        self, sides: Sequence[ComparedSide], package: Path, rng: random.Random, on_progress: Callable[[str], None]
    ) -> None:
        """Begin without any.

        Args:
            sides: of the comparison, each once.
            package: a folder with a copy of this package and nothing else.
            rng: for hash seeds.
            on_progress: is called with a line once forks are given up.
        """
        self.sides, self.package, self.rng, self.on_progress = sides, package, rng, on_progress
        self.forks = True
        self._server: ForkServer | None = None

    @contextlib.contextmanager
    def started(self, sides: Sequence[ComparedSide], deadline: float) -> Iterator[list[TimedProcess]]:
        """Start a process for each of these, and end them all afterwards.

        Raises:
            InvalidArgument: a process cannot be started.
        """
        with contextlib.ExitStack() as stack:
            processes: list[TimedProcess] = []
            if self.forks:
                try:
                    processes = stack.enter_context(self._running_server().processes(sides, deadline))
                except CannotFork as error:
                    self.forks = False
                    self.close()
                    self.on_progress(f"each process imports the framework anew: {error}")
            if not self.forks:
                fresh = timed_processes.fresh_processes(sides, self.package, self.rng.randrange(2**32), deadline)
                processes = stack.enter_context(fresh)
            yield processes

    def _running_server(self) -> ForkServer:
        if self._server is None:
            self._server = ForkServer(self.sides, self.package, self.rng.randrange(2**32))
        return self._server

    def close(self) -> None:
        """End the server; the next start has another one, with a hash seed and places in memory of its own."""
        if self._server is not None:
            self._server.close()
            self._server = None
