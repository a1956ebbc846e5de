"""What an error of somebody's own training says, in one line: without colours, arrays and files of ours."""

from __future__ import annotations

import re
import sysconfig
import traceback
from pathlib import Path

from pytest_kerasch2.accuracy import histories

COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# A row of numbers, as an array is written, with what follows it: Keras writes arguments last.
ROWS = re.compile(r"\[\[?\[?\s*-?\d[\d.e+-]*(,?\s+-?\d[\d.e+-]*){3,}.*", re.DOTALL)
# Where Keras begins to list what a layer was called with.
LISTED = re.compile(
    r"\s*(Arguments received by|Call arguments received by|Detected at node|Full shape received).*", re.DOTALL
)
LIBRARIES = tuple({sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib")})
OURS = str(Path(__file__).parent.parent)


def short(error: BaseException, letters: int) -> str:
    """Return the type and the beginning of the message of an error as one line of plain text."""
    text = COLOURS.sub("", str(error))
    for cut in (LISTED, ROWS):
        text = cut.sub("", text)
    return histories.line(f"{type(error).__name__}: {text}", letters).rstrip(" .:=")


def place(error: BaseException) -> str:
    """Return the line of a user's own file in which an error came up; the last line of all where none is."""
    frames = traceback.extract_tb(error.__traceback__)
    users = [frame for frame in frames if not frame.filename.startswith((*LIBRARIES, OURS, "<"))]
    last = (users or list(frames))[-1]
    return f"line {last.lineno} of {Path(last.filename).name}"
