"""Run the probe in another interpreter: a fresh process, a deadline for each fact, a home of its own.

Only what the probe needs lies in its folder: a copy of the program, and an empty home. Nothing is written in the user's
own home, and nothing is looked for there.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from pytest_kerasch2.early.facts import Told
from pytest_kerasch2.json_files import parse_json
from pytest_kerasch2.variables import Hidden

PROGRAM = Path(__file__).parent / "probe"
ORDER, TOLD, WORDS = "order.json", "told.jsonl", "stderr.txt"
# Some facts take a dozen graphs, which is minutes on a busy machine.
DEADLINE = 900.0
_GLANCE = 0.05
_TAIL = 3


@dataclass(frozen=True)
class Interpreter:
    """Where to ask.

    Attributes:
        python: the interpreter.
        folder: where the program, homes and compiled code go; the caller removes it.
        variables: environment variables on top of ours.
        deadline: seconds for one fact.
    """

    python: Path
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    deadline: float = DEADLINE


def ask(interpreter: Interpreter, names: Sequence[str], injected: Sequence[str] = ()) -> dict[str, Told]:
    """Return facts by name. One over which the interpreter dies has a death; those behind it are asked anew.

    Args:
        interpreter: where to ask.
        names: facts, as `module.function` of the probe.
        injected: functions of the probe's module `injected` that are called first.
    """
    told: dict[str, Told] = {}
    while len(told) < len(names):
        left = [name for name in names if name not in told]
        told.update(_one_process(interpreter, left, injected))
    return told


def _one_process(interpreter: Interpreter, names: list[str], injected: Sequence[str]) -> dict[str, Told]:
    """Return the facts that one process tells, and the death of the one after these where it dies; at least one."""
    place = Path(tempfile.mkdtemp(prefix="asked-", dir=str(interpreter.folder)))
    try:
        (place / "home").mkdir()
        (place / ORDER).write_text(json.dumps({"facts": names, "injected": list(injected)}), encoding="utf-8")
        with _running(interpreter, place) as child:
            ending = _ending(child, place, interpreter.deadline)
        told = _told(place, names)
        if len(told) < len(names):
            over = next(name for name in names if name not in told)
            told[over] = {"death": f"{ending}{_last_words(place)}"}
        return told
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def _running(interpreter: Interpreter, place: Path) -> Iterator[subprocess.Popen[bytes]]:
    shutil.copytree(str(PROGRAM), str(place / "program" / "probe"), ignore=shutil.ignore_patterns("__pycache__"))
    with (place / WORDS).open("wb") as words:
        child = subprocess.Popen(
            [str(interpreter.python), "-W", "ignore", "-m", "probe", str(place)],
            # Held open as long as we live: the child ends when it is closed.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=words,
            cwd=str(place / "home"),
            env=_environment(interpreter, place),
            start_new_session=True,
        )
    try:
        yield child
    finally:
        with contextlib.suppress(OSError):
            # The whole group, with whatever it has started
            os.killpg(child.pid, signal.SIGKILL) if hasattr(os, "killpg") else child.kill()
        child.wait()
        if child.stdin is not None:
            child.stdin.close()


def _environment(interpreter: Interpreter, place: Path) -> dict[str, str]:
    home = str(place / "home")
    passed_over = ("PYTEST_", "PYTHON", "KERAS")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(passed_over)}
    made = {
        **ours,
        "HOME": home,
        "USERPROFILE": home,
        "TMPDIR": str(place),
        "PYTHONPATH": str(place / "program"),
        "PYTHONDONTWRITEBYTECODE": "1",
        **interpreter.variables,
    }
    return Hidden(made)


def _ending(child: subprocess.Popen[bytes], place: Path, deadline: float) -> str:
    """Wait for the end of the child, or for a fact that takes longer than the deadline, and give how it ended."""
    told, size, since = place / TOLD, -1, time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return _status(child.wait(_GLANCE))
        now = told.stat().st_size if told.exists() else -1
        if now != size:
            size, since = now, time.monotonic()
        if time.monotonic() - since > deadline:
            return f"deadline of {deadline:g} s"


def _status(status: int) -> str:
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-status).name}"
    return f"exit status {status}"


def _told(place: Path, names: Sequence[str]) -> dict[str, Told]:
    """Return what was told up to the first line that is not as the probe writes it."""
    found: dict[str, Told] = {}
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        for line in (place / TOLD).read_text(encoding="utf-8").splitlines():
            plain: dict[str, Any] = parse_json(line, on_constant=float)
            if "begun" not in plain and plain["fact"] in names:
                found[plain.pop("fact")] = plain
    return found


def _last_words(place: Path) -> str:
    lines = (place / WORDS).read_text(encoding="utf-8", errors="replace").splitlines()
    tail = [line.strip()[:300] for line in lines if line.strip()][-_TAIL:]
    return f"; it last wrote: {' | '.join(tail)}" if tail else ""
