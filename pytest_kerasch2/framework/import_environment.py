"""Importing without chatter and without touching the user's home."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
import tempfile
import warnings
from pathlib import Path
from typing import IO, Any, Iterator, Mapping

from pytest_kerasch2 import folders

_ERROR_LINE = re.compile(r"(^[EF]\d{4} )|(: [EF] )")
# Printed at error level by every GPU build from 2.12 on, and harmless
_HARMLESS = re.compile(r"Unable to register cu\w+ (plugin )?factory", re.IGNORECASE)


@contextlib.contextmanager
def environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    """Set environment variables (None removes one) and put back just these on exit."""
    before = {name: os.environ.get(name) for name in changes}
    _apply(changes)
    try:
        yield
    finally:
        _apply(before)


def _apply(changes: Mapping[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextlib.contextmanager
def private_home(folder: str | os.PathLike[str], settings: Path | None = None) -> Iterator[Path]:
    """Point home and Keras home at a folder while Keras is imported, and give that folder.

    ``KERAS_HOME`` is where ``keras.json`` goes on 2.0, 2.15 and Keras 3.15 (seen in runs). The home itself is moved
    too, for whatever else an import may write there, and because an import without any home must work.

    Args:
        folder: the private home.
        settings: another folder with a ``keras.json``, which Keras then reads and does not write.
    """
    home = Path(folder)
    home.mkdir(parents=True, exist_ok=True)
    with environment({"KERAS_HOME": str(settings or home), "HOME": str(home), "USERPROFILE": str(home)}):
        yield home


def settle(folder: Path) -> None:
    """Let an imported Keras 3 keep its data sets where the user's Keras does, not in the home of its import.

    Keras looks up its folder once, while it is imported, and has no public name for it. Before Keras 3 it looked up the
    user's home each time.
    """
    config: Any = sys.modules.get("keras.src.backend.config")
    if hasattr(config, "_KERAS_DIR"):
        config._KERAS_DIR = str(folder)


@functools.lru_cache(maxsize=None)
def own_keras_home() -> Path:
    """Return the empty folder that serves as Keras home in this process; it is removed when the process ends."""
    return folders.make("home")


@contextlib.contextmanager
def silence() -> Iterator[list[str]]:
    """Keep C++ log lines and Python warnings off the terminal; the list is filled on exit with what was written.

    C++ code writes to file descriptor 2 past ``sys.stderr``, so the descriptor itself is diverted. ``sys.stderr``
    stays: log handlers made during an import keep the stream they found.
    """
    lines: list[str] = []
    with warnings.catch_warnings(), tempfile.TemporaryFile() as sink:
        warnings.simplefilter("ignore")
        kept = _divert(sink)
        try:
            yield lines
        finally:
            _put_back(kept)
            sink.seek(0)
            lines.extend(sink.read().decode("utf-8", "replace").splitlines())


def _divert(sink: IO[bytes]) -> int | None:
    try:
        kept = os.dup(2)
    except OSError:  # a process may run with no standard error at all
        return None
    os.dup2(sink.fileno(), 2)
    return kept


def _put_back(kept: int | None) -> None:
    if kept is not None:
        os.dup2(kept, 2)
        os.close(kept)


def real_errors(lines: list[str]) -> list[str]:
    """Return the log lines of level error and worse that mean something."""
    return [line for line in lines if _ERROR_LINE.search(line) and not _HARMLESS.search(line)]
