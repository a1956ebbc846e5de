"""Ctrl-C, and the request to end that another program sends."""

from __future__ import annotations

import contextlib
import signal
from typing import Any, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def raised_once() -> Iterator[None]:
    """Turn the first of them into KeyboardInterrupt and pass over the others, so that putting in order is not stopped.

    tox sends one more for a Ctrl-C that the terminal has already sent.
    """

    def first(*_: Any) -> None:
        for number in SIGNALS:
            signal.signal(number, _pass_over)
        raise KeyboardInterrupt

    with _handled(first):
        yield


@contextlib.contextmanager
def left_to_the_child() -> Iterator[None]:
    """Pass over them while a program in the foreground is waited for, which gets them too."""
    with _handled(_pass_over):
        yield


@contextlib.contextmanager
def _handled(handler: Any) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _pass_over(*_: Any) -> None:
    # Not SIG_IGN, which programs that are started would inherit.
    pass
