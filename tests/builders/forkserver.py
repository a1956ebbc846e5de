"""Inner runs of pytest in forks of one process that has imported TensorFlow, which takes that process many seconds."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any, Mapping, Sequence

import pytest

# No module of ours and no plugin of pytest: an inner run imports these itself, and rewrites them.
PRELOADED = ("tensorflow", "keras")
# On macOS system libraries do not survive a fork; JAX starts threads while it is imported.
AVAILABLE = sys.platform == "linux" and os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow"


class Fork:
    """An inner run: as much of `subprocess.Popen` as pytester asks for."""

    stdin = None

    def __init__(self, process: Any) -> None:
        self._process = process

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, negative for a signal.

        Raises:
            subprocess.TimeoutExpired: it is still running after as many seconds.
        """
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired("pytest", timeout or 0)
        return int(status)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()


def start(home: str) -> None:
    """Prepare the process that forks; its first fork starts it, and it ends with this process.

    Args:
        home: an empty folder, so that Keras reads and writes no settings of the user.
    """
    # The forks are made before TensorFlow has run an operation, and so before it has a thread that a fork would lack.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOADED])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", home)
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        process = context.Process(target=int)
        process.start()
        process.join()


def popen(command: Sequence[str], stdout: IO[str], stderr: IO[str], **_: Any) -> Fork:
    """Run `python -m pytest` with arguments in a fork; stands in for `pytester.popen`."""
    interpreter, module, *arguments = command
    assert (interpreter, module) == (sys.executable, "-mpytest")
    outputs = (stdout.name, stderr.name)
    process = multiprocessing.get_context("forkserver").Process(
        target=_run, args=(arguments, str(Path.cwd()), dict(os.environ), outputs)
    )
    process.start()
    return Fork(process)


def _run(arguments: Sequence[str], folder: str, environment: Mapping[str, str], outputs: Sequence[str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    tempfile.tempdir = None
    for descriptor, path in enumerate(outputs, start=1):
        with Path(path).open("ab") as stream:
            os.dup2(stream.fileno(), descriptor)
    # What Python does at its start with the folder that it is run in, and with PYTHONPATH.
    sys.path[:0] = [folder, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = ["pytest", *arguments]
    try:
        runpy.run_module("pytest", run_name="__main__", alter_sys=True)
    finally:
        # multiprocessing ends a process without them.
        atexit._run_exitfuncs()
