"""A time after which what is measured is stopped: a step may never end."""

from __future__ import annotations

import _thread
import contextlib
import faulthandler
import os
import signal
import sys
import threading
import time
from typing import Callable, Iterator

from pytest_kerasch2 import folders
from pytest_kerasch2.errors import InvalidMeasurement
from pytest_kerasch2.timing import benchmark_arguments

# Seconds in which an interrupt that was asked for has come for sure.
PENDING = 1.0
# Seconds after which what was asked to stop, and has not come back to Python, is taken to never do so.
GRACE = 30.0
STATUS = 70


@contextlib.contextmanager
def within(seconds: float, on_timeout: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Stop what takes longer, as Ctrl-C would: where Python comes to its next line.

    What does not come to one, as a deadlock within a framework, can be ended with its process alone: half a minute
    later that is done, with status 70.

    Args:
        seconds: of the deadline.
        on_timeout: is called before the process is ended, from another thread: what was done is to be kept then.

    In another thread than the main one, which alone can be stopped so, there is no deadline. It takes no signal of its
    own, because pytest-timeout may be waiting for one.

    Raises:
        InvalidArgument: the time is no number above zero.
        InvalidMeasurement: it took longer.
    """
    benchmark_arguments.check_seconds(seconds, "deadline")
    if threading.current_thread() is not threading.main_thread():
        # Nothing that is stopped is to be stopped in another thread than this one.
        yield
        return
    expired, ended = threading.Event(), threading.Event()
    timer = threading.Timer(seconds, _stop, (expired, ended, lambda: _end_process(seconds, on_timeout)))
    timer.daemon = True
    # It is None if something other than Python has set it; it cannot be restored then.
    previous_handler = signal.getsignal(signal.SIGINT) or signal.SIG_DFL
    # A worker of pytest-xdist pays no heed to Ctrl-C, and then would not to this.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    try:
        yield
        timer.cancel()
        if expired.is_set():
            # It came to its end just then; the interrupt is still to come, and must not stop something else.
            time.sleep(PENDING)
    except KeyboardInterrupt:
        if not expired.is_set():
            raise
        problem = f"it had not ended after {seconds:g} s"
        remedy = "look at the step, or give more time with deadline="
        raise InvalidMeasurement("The measurement exceeded its deadline", problem, remedy) from None
    finally:
        ended.set()
        timer.cancel()
        signal.signal(signal.SIGINT, previous_handler)


def _stop(expired: threading.Event, ended: threading.Event, end: Callable[[], None]) -> None:
    expired.set()
    _thread.interrupt_main()
    if not ended.wait(GRACE):
        end()


def _end_process(seconds: float, on_timeout: Callable[[], None]) -> None:
    with contextlib.suppress(Exception):
        on_timeout()
    sys.stderr.write(
        f"\nThe measurement exceeded its deadline and cannot be stopped: it had not ended {GRACE:g} s after its"
        f" deadline of {seconds:g} s, within a call of the framework (below). Leave it out, and run the others again.\n"
    )
    sys.stderr.flush()
    with contextlib.suppress(Exception):
        faulthandler.dump_traceback()
    # What is else removed when a process ends of itself. This one is to end, whatever comes of that.
    with contextlib.suppress(Exception):
        folders.remove_own()
    os._exit(STATUS)
