"""The load under which benchmarks are tried: it is there, it is what it is said to be, and it ends with its parent."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evaluation import load
from pytest_kerasch2.errors import ChildDied, InvalidArgument

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux of processes")
PARENT = """
import sys, time
from evaluation import load
with load.running("ramp") as processes:
    if "stopped" in sys.argv:
        load.stop(processes)
    print(*processes, flush=True)
    time.sleep(60)
"""


def _state(process: int) -> str:
    """Return the letter of Linux for what a process does."""
    return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]


def _lives(process: int) -> bool:
    try:
        return _state(process) != "Z"
    except OSError:
        return False


def _worked(process: int) -> float:
    """Return the seconds of CPU that a process has had."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _until(condition: object, seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    assert callable(condition)
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return bool(condition())


@pytest.mark.parametrize(("kind", "count"), [("idle", 0), ("busy", 1), ("bursts", 1), ("ramp", 2), ("memory", 1)])
def test_each_kind_has_its_processes_which_work_and_end(kind: str, count: int) -> None:
    with load.running(kind, period=0.5) as processes:
        had = [_worked(one) for one in processes]
        worked = _until(lambda: all(_worked(one) > first for one, first in zip(processes, had)))

    assert len(processes) == count
    assert worked
    assert not any(map(_lives, processes))


def test_a_load_that_is_stopped_works_only_while_it_goes_on() -> None:
    with load.running("busy") as processes:
        load.stop(processes)
        before = _worked(*processes)
        with load.going_on(processes):
            worked = _until(lambda: _worked(*processes) > before)
        _until(lambda: _state(*processes) == "T")
        after = _worked(*processes)
        time.sleep(0.2)

        assert worked
        assert _worked(*processes) == after

    assert not any(map(_lives, processes))


def test_an_exception_ends_the_load() -> None:
    with pytest.raises(KeyboardInterrupt), load.running("busy") as processes:
        raise KeyboardInterrupt

    assert not any(map(_lives, processes))


def _heed() -> None:
    """Heed Ctrl-C, which a job in the background may have been told to ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("load_is", ["running", "stopped"])
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_parent_that_dies_leaves_no_load(end: signal.Signals, load_is: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(load.ROOT)}
    command = [sys.executable, "-c", PARENT, load_is]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, preexec_fn=_heed)
    with parent:
        assert parent.stdout is not None
        processes = [int(one) for one in parent.stdout.readline().split()]
        before = [_lives(one) for one in processes]

        parent.send_signal(end)
        parent.wait()

    assert before == [True, True]
    assert _until(lambda: not any(map(_lives, processes)))


def test_a_load_that_was_not_there_is_said() -> None:
    running = load.running("busy")
    (process,) = running.__enter__()
    os.kill(process, signal.SIGKILL)
    # Its first thread may be a zombie while another one still ends, and then there is no status to be had.
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)

    with pytest.raises(ChildDied, match="busy: exit status -9"):
        running.__exit__(None, None, None)


def test_bursts_are_those_of_their_seed_and_within_bounds() -> None:
    first, again, other = (list(itertools.islice(load.bursts(seed), 50)) for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert all(load.SHORTEST <= part <= load.LONGEST for pair in first for part in pair)


@pytest.mark.parametrize(
    ("seconds", "shares"), [(0, (0, 0)), (15, (0.5, 0)), (30, (1, 0)), (45, (1, 0.5)), (60, (0, 0)), (75, (0.5, 0))]
)
def test_a_ramp_fills_one_core_after_the_other_and_begins_again(seconds: float, shares: tuple[float, float]) -> None:
    assert tuple(load.share(seconds, number, 60.0) for number in (0, 1)) == pytest.approx(shares)


def test_arrays_are_larger_than_the_largest_cache(tmp_path: Path) -> None:
    for number, size in enumerate(("32K", "2048K", "32M")):
        (tmp_path / f"index{number}").mkdir()
        (tmp_path / f"index{number}" / "size").write_text(f"{size}\n", encoding="ascii")

    assert load.array_bytes(tmp_path) == 128 * 2**20


def test_arrays_are_large_where_no_cache_is_told(tmp_path: Path) -> None:
    assert load.array_bytes(tmp_path) == load.LARGE


@pytest.mark.parametrize(
    ("kind", "period", "message"), [("heavy", 1.0, "Say one of idle, busy"), ("ramp", 0.0, "period")]
)
def test_what_is_no_load_is_refused(kind: str, period: float, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message), load.running(kind, period=period):
        pass
