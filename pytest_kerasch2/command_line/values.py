"""Kinds of values that an option takes; each refuses what is not one in a sentence."""

from __future__ import annotations

import argparse
from pathlib import Path

# More than any run will ever have: a larger number is a mistake, and a list of so many would fill the memory.
MOST = 1_000_000
SHOWN = 60


def path(text: str) -> Path:
    """Return a path.

    Raises:
        argparse.ArgumentTypeError: it is empty, or has a character that no name of a file has.
    """
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError(f"it must name a file or a folder, got {_quoted(text)}")
    return Path(text)


def word(text: str) -> str:
    """Return a text that is not empty.

    Raises:
        argparse.ArgumentTypeError: it is empty.
    """
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError(f"it must not be empty, got {_quoted(text)}")
    return text


def whole(text: str) -> int:
    """Return a whole number; whether it is large enough is the business of whoever takes it.

    Raises:
        argparse.ArgumentTypeError: it is no whole number, or none that can be meant.
    """
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"it must be a whole number, got {_quoted(text)}") from None
    if abs(number) > MOST:
        raise argparse.ArgumentTypeError(f"it must be at most {MOST}, got {_quoted(text)}")
    return number


def real(text: str) -> float:
    """Return a number; whether it can be meant is the business of whoever takes it.

    Raises:
        argparse.ArgumentTypeError: it is not one.
    """
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"it must be a number, got {_quoted(text)}") from None


def _quoted(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")
