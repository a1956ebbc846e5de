"""Programs that run beside each other, each talking into a file, and can all be stopped at once."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, Mapping, Sequence

from matrix.errors import Unfinished

# After the polite signal, so long may a program take to put its things in order.
GRACE = 20.0


class Stopped(Exception):
    """No further program is started, because the user wants to stop."""


class Processes:
    """The programs that are running now."""

    def __init__(self) -> None:
        """Begin with none."""
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def __enter__(self) -> Processes:
        """Return itself."""
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Stop what still runs where an error ends the block."""
        if kind is not None:
            self.stop()

    def run(
        self, command: Sequence[str], log: Path, *, environ: Mapping[str, str], folder: Path, deadline: float
    ) -> int:
        """Run a program to its end; what it prints is added to the log.

        Args:
            environ: all its environment variables.
            folder: where it runs.
            deadline: seconds after which it is stopped.

        Returns:
            Its exit status.

        Raises:
            Unfinished: it ran past the deadline.
            Stopped: `stop` was called.
        """
        with log.open("ab") as stream:
            stream.write(f"$ {' '.join(command)}\n".encode())
            stream.flush()
            process = self._start(command, stream, environ, folder)
        try:
            status = process.wait(timeout=deadline)
        except subprocess.TimeoutExpired as error:
            _signal(process, signal.SIGINT)
            _end(process, time.monotonic() + GRACE)
            self._forget(process)
            remedy = f"see {log.name}, or run it again"
            raise Unfinished("A run did not end in time", f"{deadline:.0f} s were not enough", remedy) from error
        # Not where Ctrl-C ends the waiting: then `stop` has to find it.
        self._forget(process)
        if self._stopped:
            raise Stopped
        return status

    def _start(
        self, command: Sequence[str], stream: IO[bytes], environ: Mapping[str, str], folder: Path
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise Stopped
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=dict(environ),
                cwd=folder,
                # In a group of its own: Ctrl-C reaches it through `stop` only, and its children with it.
                start_new_session=True,
            )
            self._running.add(process)
            return process

    def _forget(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.discard(process)

    def stop(self) -> None:
        """Stop all of them, with all that they started, and start no more."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            _signal(process, signal.SIGINT)
        # One deadline for all: who asked us to stop waits for us, and not for long.
        until = time.monotonic() + GRACE
        for process in running:
            _end(process, until)


def _end(process: subprocess.Popen[bytes], until: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=max(0.0, until - time.monotonic()))
    # Also where it is gone: what it left behind in its group is not.
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
