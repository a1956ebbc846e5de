"""How a run of the chapter ends before its end: as by Ctrl-C, whatever asked it to, and with nothing left behind."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, Iterator

import pytest

from pytest_kerasch2 import ending, folders, streams
from pytest_kerasch2.suite.workers import is_worker
from pytest_kerasch2.timing import pytest_benchmark_adapter

NAME = "kerasch2-interruption"
# Stands in the folder that the workers of a run share, once they are to end.
STOP = "stop"


def begin(config: pytest.Config, folder: Path) -> None:
    """Take what asks this process to end as Ctrl-C until the run is over, and remove what dead processes left.

    Args:
        folder: that all workers of the run share.
    """
    stop, parent = folder / STOP, os.getppid()
    with contextlib.ExitStack() as kept:
        kept.enter_context(ending.as_by_ctrl_c())
        # Before pytest's terminal takes them: plugins are configured before pytest itself.
        kept.enter_context(streams.kept())
        kept.callback(pytest_benchmark_adapter.remove_empty_storage, config.getoption("benchmark_storage", None))
        if is_worker(config):
            # pytest-xdist's own worker pays no heed to Ctrl-C, and runs on without the process that it works for.
            ending.once(lambda: stop.exists() or os.getppid() != parent, ending.softly)
        else:
            folders.sweep()
            # By then the workers have ended, and some of them without what a process does at its end.
            kept.callback(folders.sweep)
        config.pluginmanager.register(_Interruption(stop), NAME)
        config.add_cleanup(kept.pop_all().close)


def was_interrupted(call: pytest.CallInfo[Any]) -> bool:
    """Whether what a check did is no evidence: it was stopped, and may have taken that for an error of Keras."""
    stops = (KeyboardInterrupt, SystemExit, pytest.exit.Exception)
    return ending.is_asked() or (call.excinfo is not None and isinstance(call.excinfo.value, stops))


def has_line(entry: Any) -> bool:
    """Whether a frame of a traceback knows its line."""
    try:
        return int(entry.lineno) >= 0
    except TypeError:
        return False


class _Interruption:
    """The hooks by which a run ends early."""

    def __init__(self, stop: Path) -> None:
        self.stop = stop

    def pytest_runtest_logfinish(self) -> None:
        """End the run here, where a check has taken the interrupt for an error of what it tries."""
        if ending.is_asked():
            raise KeyboardInterrupt

    @pytest.hookimpl(hookwrapper=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Iterator[None]:
        """Let the workers end too: pytest-xdist would wait for ten seconds, whatever they are doing."""
        # CPython 3.11 knows no line of a frame that a signal meets between two of them, and pytest fails on it.
        excinfo.traceback = type(excinfo.traceback)([entry for entry in excinfo.traceback if has_line(entry)])
        yield
        with contextlib.suppress(OSError):
            self.stop.touch()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Let nothing interrupt what is written and shown at the end."""
        ending.finish()
