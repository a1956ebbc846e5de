"""Runs a rival's commands, and what they started ends with them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Sequence

from pytest_kerasch2.errors import ChildDied

ROOT = Path(__file__).parent.parent
PLANTED = "planted.py"


@dataclass(frozen=True)
class Setting:
    """How the rivals are asked.

    Attributes:
        seconds: to measure in, for each benchmark and both sides together.
        processes: of pyperf, for each benchmark and side; its own number is 20.
    """

    # As `kerasch2 compare` takes at most: 30 starts of 1.5, and a fifth more on a loaded machine.
    seconds: float = 54.0
    processes: int = 20


@dataclass(frozen=True)
class RivalAnswer:
    """What a rival told of one change.

    Attributes:
        red: for each of its rules, whether each benchmark is told to have become slower.
        estimates: of each benchmark, by name what it gives for a call before and after, in seconds.
        measured: seconds that it timed, for all benchmarks and both sides.
    """

    red: Mapping[str, Mapping[str, bool]]
    estimates: Mapping[str, Mapping[str, Any]]
    measured: float


def change(folder: Path, slower: float, remark: str = "") -> None:
    """Write the project's file that says how much slower its steps are."""
    (folder / PLANTED).write_text(f"SLOWER = {slower!r}{remark}\n", encoding="utf-8")


def output_of(words: Sequence[str], folder: Path, also: Sequence[int] = (), **variables: str) -> str:
    """Return what a command printed.

    Args:
        folder: where it runs, and whose modules it can import, beside those of this checkout.
        also: exit statuses that are answers too, besides 0.
        variables: of its environment.

    Raises:
        ChildDied: it ended in another way.
    """
    path = os.pathsep.join(filter(None, [str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")]))
    # Two versions of a file that are as long and as old would be the same to a file of byte code.
    # What pytest says of itself is not of the rival: as a worker of it, it would time nothing.
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = {**own, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **variables}
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, _ = process.communicate()
    except BaseException:
        _end(process)
        raise
    if process.returncode not in (0, *also):
        last = " / ".join([line.strip() for line in output.splitlines() if line.strip()][-5:])
        results = f"{' '.join(map(str, words[:4]))}: exit status {process.returncode}: {last}"
        raise ChildDied("A rival has ended without an answer", results, "run it by hand, and look at what it says")
    return output


def _end(process: subprocess.Popen[str]) -> None:
    """End a command and what it started: as Ctrl-C does, and then surely."""
    # At the first of them asv ends its processes too, which are in groups of their own; not so at others.
    for sign, seconds in ((signal.SIGINT, 15.0), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    assert process.stdout is not None
    process.stdout.close()
