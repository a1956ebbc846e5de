"""Loads a machine as its other users do, in five ways, so that what is timed under load can be timed again.

    python -m evaluation.load busy --seconds 60             one busy core, until then or Ctrl-C
    python -m evaluation.load ramp --seconds 300 --period 60

`with running(kind, seed=...)` does the same around a piece of code. The load is made by processes of its own. Each ends
when the pipe from its parent closes; where one is stopped meanwhile, Linux ends it with its parent.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Callable, Iterator, Mapping, Sequence

import numpy as np

from pytest_kerasch2.errors import ChildDied, InvalidArgument

ROOT = Path(__file__).parent.parent
CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
# Seconds for which a burst, and the rest after it, last.
SHORTEST, LONGEST = 0.1, 5.0
# Seconds in which a part of a core is kept busy for that part of them.
SLICE = 0.02
# Seconds from no load to two busy cores.
PERIOD = 60.0
CORES = 2
# Bytes of an array where the machine does not tell its caches, and at most.
LARGE, LARGEST = 256 * 2**20, 1024 * 2**20
INTERRUPTED = 130
# PR_SET_PDEATHSIG of <linux/prctl.h>.
SIGNAL_AT_END_OF_PARENT = 1


def _busy(_: int, __: float) -> None:
    while True:
        _spin(1.0)


def _bursts(seed: int, _: float) -> None:
    for burst, rest in bursts(seed):
        _spin(burst)
        time.sleep(rest)


def _ramp(number: int, period: float) -> None:
    began = time.monotonic()
    while True:
        part = share(time.monotonic() - began, number, period)
        _spin(part * SLICE)
        time.sleep((1 - part) * SLICE)


def _memory(_: int, __: float) -> None:
    size = array_bytes(CACHES)
    # Written to, as pages that nobody wrote to are all the same one.
    source, target = np.ones(size // 8), np.zeros(size // 8)
    while True:
        np.copyto(target, source)


def _spin(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


# What each process of a kind does; it is given a number, which is the seed or its place among them, and the period.
WORK: Mapping[str, Callable[[int, float], None]] = {"busy": _busy, "bursts": _bursts, "ramp": _ramp, "memory": _memory}
KINDS = ("idle", *WORK)


def bursts(seed: int) -> Iterator[tuple[float, float]]:
    """Yield the seconds of each burst and of the rest after it, without end."""
    drawn = random.Random(seed)
    while True:
        yield drawn.uniform(SHORTEST, LONGEST), drawn.uniform(SHORTEST, LONGEST)


def share(seconds: float, number: int, period: float) -> float:
    """Return how busy a ramp keeps one of its cores: the first from the start on, the second when that one is full.

    Args:
        seconds: since it began.
        number: of the core, from 0.
        period: seconds in which all are filled, before it begins again.
    """
    level = CORES * (seconds % period) / period
    return min(max(level - number, 0.0), 1.0)


def array_bytes(caches: Path) -> int:
    """Return the bytes of an array that is four times as large as the largest cache, a whole number of kibibytes.

    Args:
        caches: the folder in which Linux tells of the caches of a core.
    """
    units = {"K": 2**10, "M": 2**20}
    sizes = [path.read_text(encoding="ascii").strip() for path in caches.glob("index*/size")]
    items = [int(size[:-1]) * units[size[-1]] for size in sizes if size[-1:] in units]
    return min(4 * max(items), LARGEST) if items else LARGE


@contextlib.contextmanager
def running(kind: str, *, seed: int = 0, period: float = PERIOD) -> Iterator[tuple[int, ...]]:
    """Load the machine for as long as this lasts; give the ids of the processes that do.

    Args:
        kind: one of `KINDS`.
        seed: of the bursts.
        period: of the ramp, in seconds.

    Raises:
        InvalidArgument: there is no such kind, or the period is not above zero.
        ChildDied: a process has ended by itself, so that the load was not there.
    """
    if kind not in KINDS:
        raise InvalidArgument("There is no such kind of load", repr(kind), f"say one of {', '.join(KINDS)}")
    if not period > 0:
        raise InvalidArgument("A ramp cannot have this period", repr(period), "give seconds, such as 60")
    numbers = {"idle": [], "ramp": list(range(CORES))}.get(kind, [seed])
    processes: list[subprocess.Popen[str]] = []
    try:
        for number in numbers:
            processes.append(_started(kind, number, period))
        for process in processes:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise _ended(kind, process)
        yield tuple(process.pid for process in processes)
        for process in processes:
            if process.poll() is not None:
                raise _ended(kind, process)
    finally:
        for process in processes:
            _end(process)


@contextlib.contextmanager
def going_on(processes: Sequence[int]) -> Iterator[None]:
    """Let a load that is stopped go on for as long as this lasts."""
    _tell(processes, signal.SIGCONT)
    try:
        yield
    finally:
        stop(processes)


def stop(processes: Sequence[int]) -> None:
    """Stop a load: its processes are there, and do nothing."""
    _tell(processes, signal.SIGSTOP)


def _tell(processes: Sequence[int], what: signal.Signals) -> None:
    for process in processes:
        os.kill(process, what)


def _started(kind: str, number: int, period: float) -> subprocess.Popen[str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return subprocess.Popen(
        [sys.executable, "-m", "evaluation.load", kind, "--child", str(number), "--period", str(period)],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C is for the parent, which ends them.
        start_new_session=True,
    )


def _ended(kind: str, process: subprocess.Popen[str]) -> ChildDied:
    text = f"{kind}: exit status {process.wait()}"
    return ChildDied("A process that loads the machine has ended", text, "look at its error, and at the free memory")


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        stream.close()


def _loads(kind: str, number: int, period: float) -> None:
    """Load the machine until the parent has closed its end of the pipe."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SIGNAL_AT_END_OF_PARENT, signal.SIGKILL)
    print("ready", flush=True)
    WORK[kind](number, period)


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--seconds", type=float, default=60.0, help="for so long")
    parser.add_argument("--seed", type=int, default=0, help="of the bursts")
    parser.add_argument("--period", type=float, default=PERIOD, help="seconds of a ramp")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child is not None:
        _loads(given.kind, given.child, given.period)
    try:
        with running(given.kind, seed=given.seed, period=given.period):
            print(f"{given.kind}: {given.seconds:g} s, or until Ctrl-C", file=sys.stderr)
            time.sleep(given.seconds)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
