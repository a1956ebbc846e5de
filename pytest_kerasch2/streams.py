"""Standard output and error that end before we do: closed, full, or read by nobody any more.

The verdict is the exit status. That a line of it cannot be shown is no reason to end, and is said once, at the end.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any, Iterator

CLOSED = "it is closed"
_closed: list[Any] = []


class Stream:
    """A stream that loses what cannot be written, and keeps why.

    Args:
        stream: what is written to.
    """

    def __init__(self, stream: Any) -> None:
        """Begin with nothing lost."""
        self.stream = stream
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        self.lost = ""

    def __getattr__(self, name: str) -> Any:
        """Return whatever else the stream has."""
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write, with an escape for each letter that the stream lacks."""
        if self.stream in _closed:
            self.lost = CLOSED
        with self._losing():
            try:
                self.stream.write(text)
            except UnicodeEncodeError:
                self.stream.write(text.encode(self.encoding, "backslashreplace").decode(self.encoding))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Hand on what was written."""
        with self._losing():
            self.stream.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        with contextlib.suppress(OSError, ValueError):
            return bool(self.stream.isatty())
        return False

    @contextlib.contextmanager
    def _losing(self) -> Iterator[None]:
        try:
            yield
        # ValueError: somebody has closed it.
        except (OSError, ValueError) as error:
            self.lost = self.lost or getattr(error, "strerror", None) or str(error)
            # What it still holds would be written when pytest or the interpreter ends, whose status then is another.
            with contextlib.suppress(Exception), open(os.devnull, "wb") as nothing:  # noqa: PTH123  # a device
                os.dup2(nothing.fileno(), self.stream.fileno())
                # At once: the captures of pytest put the descriptor back.
                self.stream.flush()


class Streams:
    """Puts such streams in the places of the standard ones, until `put_back`."""

    def __init__(self) -> None:
        """Begin at once."""
        hold()
        self.out, self.error = Stream(sys.stdout), Stream(sys.stderr)
        ours: Any = (self.out, self.error)
        sys.stdout, sys.stderr = ours

    def put_back(self) -> None:
        """Put the streams back, and report on the other one what was lost."""
        self.out.flush()
        if self.out.lost:
            consequence = "what was to be shown there is lost, and the exit status holds all the same"
            self.error.write(f"Standard output cannot be written, {_lower(self.out.lost)}: {consequence}.\n")
        self.error.flush()
        # Not in the place of what somebody else has put there since.
        if sys.stdout is self.out:
            sys.stdout = self.out.stream
        if sys.stderr is self.error:
            sys.stderr = self.error.stream


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Let what cannot be written to the standard streams be lost, and said at the end."""
    streams = Streams()
    try:
        yield
    finally:
        streams.put_back()


def _lower(reason: str) -> str:
    return reason[:1].lower() + reason[1:]


def hold() -> None:
    """Open those of the standard streams that were closed when the process began, into nothing.

    A file of ours would have the number of one, and be written to as such; and pytest asks them without looking.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # The lowest that is free; those whom we start have it too.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            _closed.append(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115  # for as long as we live
            setattr(sys, name, _closed[-1])
