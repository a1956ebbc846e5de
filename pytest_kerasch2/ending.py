"""How our long work ends: when it is asked to, as by Ctrl-C; and a process that works for another ends with it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any, Callable, Iterator, Sequence

# What ends a job: Ctrl-C, `kill` and a cancelled job, a terminal that is closed. Windows has no last one.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
# Seconds after which it is seen that a parent is gone.
GLANCE = 0.5
# Seconds in which a process whose parent is gone may end of itself.
GRACE = 10.0
# Seconds that what is written and shown at the end may take.
LAST = 60.0
# A program keeps the wish of the one in whose place it is started: PR_SET_PDEATHSIG, SIGKILL.
_BOUND = """
import os, sys
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, 9)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""
# The signals that have come, and until when none but a second Ctrl-C interrupts what is being put away.
_asked: list[int] = []
_ending_until: list[float] = []


@contextlib.contextmanager
def as_by_ctrl_c() -> Iterator[None]:
    """Let a signal that asks this process to end be a `KeyboardInterrupt`, for as long as this lasts.

    It takes with it what it has started, puts away what it has made, and keeps what is decided. In the seconds in which
    it does so, only a second Ctrl-C interrupts it again: a job that is cancelled is sent several signals. What the
    process ignores, as below `nohup`, and what somebody else handles stays so.
    Python handles signals in the main thread; in another one this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with contextlib.ExitStack() as put_back:
        for number in SIGNALS:
            before = signal.getsignal(number)
            if _is_default(before):
                put_back.callback(signal.signal, number, before)
                signal.signal(number, _interrupt)
                put_back.callback(_forget)
        yield


def is_asked() -> bool:
    """Whether this process was asked to end; the interrupt itself may have been taken for an error of what ran."""
    return bool(_asked)


def _is_default(handler: Any) -> bool:
    return handler in (signal.SIG_DFL, signal.default_int_handler)


def _interrupt(number: int, _: FrameType | None) -> None:
    now, again = time.monotonic(), bool(_asked)
    is_ending = bool(_ending_until) and now < _ending_until[-1]
    _asked.append(number)
    if is_ending and not (again and number == signal.SIGINT):
        return
    _ending_until.append(now + GRACE)
    raise KeyboardInterrupt


def finish() -> None:
    """Let the end of our work, which has come, not be interrupted: all that is left is to write and to show it."""
    _ending_until.append(time.monotonic() + LAST)


def _forget() -> None:
    if _asked:
        # CPython remembers an interrupt that met a text being executed, as `dataclass` does, and ends by SIGINT at the
        # end of `python -m`, whoever has handled it. The next text that is executed makes it forget.
        exec("")
    _asked.clear()
    _ending_until.clear()


def with_parent(parent: int, end: Callable[[], None] = lambda: os._exit(1)) -> None:
    """End this process once its parent is gone, however that has ended.

    Args:
        parent: its number; where it is another one already, this process ends now.
        end: ends this process; it is called from a thread.
    """
    once(lambda: os.getppid() != parent, end)


def once(is_so: Callable[[], bool], end: Callable[[], None]) -> None:
    """End this process once something is so.

    Args:
        is_so: is asked now and then, from a thread.
        end: ends this process; it is called from that thread.
    """
    threading.Thread(target=_watch, args=(is_so, end), name="kerasch2-parent-watch", daemon=True).start()


def _watch(is_so: Callable[[], bool], end: Callable[[], None]) -> None:
    while not is_so():
        time.sleep(GLANCE)
    end()


def bound(command: Sequence[str]) -> list[str]:
    """Return a command of somebody else's program that is killed with this process, where the system is Linux."""
    return [sys.executable, "-c", _BOUND, str(os.getpid()), *command]


def softly() -> None:
    """End this process as SIGTERM does and, where it does not end of that, without what it would do at its end."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)
