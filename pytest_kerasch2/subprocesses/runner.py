"""Run a job, or a line of jobs, in a fresh interpreter, with a deadline, a memory limit and a home of its own.

Never ``fork``: a forked TensorFlow has lost its threads and hangs. The memory limit is kept by looking at resident
memory every twentieth of a second: limits of the kernel count address space (``RLIMIT_AS``) or untouched reservations
(``RLIMIT_DATA``), of which TensorFlow takes many times what it uses, differently on each release.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Generator, Iterator, Sequence

import psutil

from pytest_kerasch2 import backend_choice, folders
from pytest_kerasch2.subprocesses.child import LINE, result_file
from pytest_kerasch2.subprocesses.job import CHILD_HOME, Job, JobOutcome
from pytest_kerasch2.variables import Hidden

INTERRUPTED = "the end of the run"
STDERR = "stderr.txt"
# Of a child: where its home, its working and its temporary folder lie.
OWN = "own"
STDERR_LIMIT = 64 * 2**20
RESULT_LIMIT = 256 * 2**20
TAIL_LINES = 20
_FIRST_GLANCE = 0.002
_GLANCE = 0.05
# How often it is looked for processes that a child has left: one may start another while it is ended.
_LOOKS = 5


def run(job: Job, stop: threading.Event | None = None) -> JobOutcome:
    """Return the outcome of a job, run now; whatever happens, no process and no file of it is left.

    Args:
        job: what to run.
        stop: set it from another thread to kill the child.
    """
    with contextlib.closing(in_line((job,), stop)) as outcomes:
        return next(outcomes)


def in_line(jobs: Sequence[Job], stop: threading.Event | None = None) -> Generator[JobOutcome, None, None]:
    """Yield the outcomes of jobs that one interpreter does one after the other, each as soon as it is known.

    The first whose child dies ends the line: those behind it have no outcome, and need another interpreter.

    Args:
        jobs: what to run, in this order; one environment for all.
        stop: set it from another thread to kill the child.
    """
    with folders.temporary("child") as folder, _child(folder, jobs) as child:
        for number, job in enumerate(jobs):
            began = time.monotonic()
            result = result_file(folder, number)
            limit = _watch(child, job, result, stop or threading.Event())
            killed_by = limit or (None if result.exists() else _ending(child.wait()))
            outcome = _outcome(job, result, killed_by, time.monotonic() - began)
            yield outcome
            if outcome.killed_by is not None:
                return


@contextlib.contextmanager
def _child(folder: Path, jobs: Sequence[Job]) -> Iterator[subprocess.Popen[bytes]]:
    """Start the interpreter of a line of jobs, and kill it with all it started."""
    # Below a folder of their own: what runs in `work` may remove all around it, and the answers lie outside.
    own = folder / OWN
    for name in ("home", "work", "temp"):
        (own / name).mkdir(parents=True)
    # What is installed here is of no use to another interpreter, and may not even load there.
    path = [] if jobs[0].interpreter else own_path()
    python = jobs[0].interpreter or sys.executable
    order = {"jobs": [json.loads(job.as_json()) for job in jobs], "path": path}
    (folder / LINE).write_text(json.dumps(order), encoding="utf-8")
    with (folder / STDERR).open("wb") as stderr:
        child = subprocess.Popen(
            [*jobs[0].launcher, python, "-m", "pytest_kerasch2.subprocesses.child", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            cwd=str(own / "work"),
            env=_environment(jobs[0], own),
            start_new_session=True,
        )
    try:
        yield child
    finally:
        _kill(child)
        _kill_strays(str(own / "home"))


def own_path() -> list[str]:
    """Return where this process imports from, in a form that holds in every folder."""
    return [str(Path(entry).resolve()) for entry in sys.path]


def own_environment() -> Hidden:
    """Return the variables for another process that works for this one.

    They are ours, less those of pytest's own workers, with the place of this package and the backend in use.
    """
    ours = Hidden({name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")})
    package = str(Path(__file__).resolve().parents[2])
    others = [entry for entry in ours.get("PYTHONPATH", "").split(os.pathsep) if entry not in ("", package)]
    ours["PYTHONPATH"] = os.pathsep.join([package, *others])
    # In its own home a child does not find what the user's keras.json says, nor what this process has imported.
    backend = backend_choice.choice().name
    if backend != (ours.get(backend_choice.VARIABLE) or backend_choice.DEFAULT):
        ours[backend_choice.VARIABLE] = backend
    return ours


def _environment(job: Job, folder: Path) -> dict[str, str]:
    """Return the variables of the child: our own, with the private homes on top."""
    home = str(folder / "home")
    ours = own_environment()
    ours.update(
        HOME=home, USERPROFILE=home, KERAS_HOME=str(folder / "home" / ".keras"), TMPDIR=str(folder / "temp"),
        TEMP=str(folder / "temp"), TMP=str(folder / "temp"), TF_CPP_MIN_LOG_LEVEL="3",
    )  # fmt: skip
    ours[CHILD_HOME] = home
    if job.interpreter:
        ours["PYTHONPATH"] = job.package
    for name, value in job.environment.items():
        if value is None:
            ours.pop(name, None)
        else:
            ours[name] = value
    return ours


def _watch(child: subprocess.Popen[bytes], job: Job, result: Path, stop: threading.Event) -> str | None:
    """Wait for the result of a job or the child's end, and give which limit was broken, if any."""
    deadline = time.monotonic() + job.deadline
    # Short jobs in a line are not to wait for us
    glance = _FIRST_GLANCE
    while not result.exists():
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(glance)
            return None
        glance = min(2 * glance, _GLANCE)
        if stop.is_set():
            return INTERRUPTED
        limit = _limit(child, job, result.parent, deadline)
        # What was looked at meanwhile may be the next job of the line already.
        if limit is not None and not result.exists():
            return limit
    return None


def _limit(child: subprocess.Popen[bytes], job: Job, folder: Path, deadline: float) -> str | None:
    """Return which limit a child has broken, or None."""
    if time.monotonic() > deadline:
        _ask_where(child)
        return f"deadline of {job.deadline:g} s"
    if _resident(child) > job.memory_mib * 2**20:
        return f"memory limit of {job.memory_mib} MiB"
    if _size(folder / STDERR) > STDERR_LIMIT:
        return f"limit of {STDERR_LIMIT // 2**20} MiB on standard error"
    return None


def _ask_where(child: subprocess.Popen[bytes]) -> None:
    # The child's fault handler then writes where it hangs, also from inside compiled code
    if hasattr(signal, "SIGUSR1"):
        with contextlib.suppress(OSError):
            child.send_signal(signal.SIGUSR1)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.3)


def _resident(child: subprocess.Popen[bytes]) -> int:
    total = 0
    for process in _living(child):
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total


def _living(child: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return a child and all that it has started, unless it has ended: its number may be another one's then."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(child.pid)
        return [process, *process.children(recursive=True)] if child.poll() is None else []
    return []


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the child, all that it has started and every process of its group, and reap it."""
    for process in _living(child):
        with contextlib.suppress(psutil.Error):
            process.kill()
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
    if child.stdin is not None:
        with contextlib.suppress(OSError):
            child.stdin.close()
    child.wait()


def _kill_strays(home: str) -> None:
    """End what a child has started and what is no longer below it: a session of its own, whose parents have ended.

    It is told by the home that was made for the child, which stands in its variables.
    """
    for _ in range(_LOOKS):
        strays = [one for one in psutil.process_iter() if _has_home(one, home)]
        for process in strays:
            with contextlib.suppress(psutil.Error):
                process.kill()
        if not strays:
            return


def _has_home(process: psutil.Process, home: str) -> bool:
    with contextlib.suppress(psutil.Error, OSError):
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.environ().get(CHILD_HOME) == home)
    return False


def _size(file: Path) -> int:
    """Return the size of a file, which a child may have removed."""
    with contextlib.suppress(OSError):
        return file.stat().st_size
    return 0


def _ending(status: int) -> str | None:
    if status == 0:
        return None
    if status > 0:
        return f"exit status {status}"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-status).name}"
    return f"signal {-status}"


def _outcome(job: Job, result: Path, killed_by: str | None, seconds: float) -> JobOutcome:
    answer: dict[str, Any] = {"value": None, "error": None}
    if killed_by is None:
        answer, killed_by = _result(result)
    return JobOutcome(
        value=answer["value"], error=answer["error"], killed_by=killed_by, seconds=seconds,
        stderr_tail=_tail(result.parent / STDERR), target=job.target,
    )  # fmt: skip


def _result(file: Path) -> tuple[dict[str, Any], str | None]:
    nothing: dict[str, Any] = {"value": None, "error": None}
    try:
        if file.stat().st_size > RESULT_LIMIT:
            return nothing, f"limit of {RESULT_LIMIT // 2**20} MiB on the result"
        return json.loads(file.read_text(encoding="utf-8")), None
    except FileNotFoundError:
        return nothing, "exit status 0 without a result"


def _tail(file: Path) -> tuple[str, ...]:
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, _size(file) - 16384))
            lines: list[str] = stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        # The child has removed its folder.
        return ()
    return tuple(line[:500] for line in lines if line.strip())[-TAIL_LINES:]
