"""The one way to write a file: whole or not at all, at the place that the path leads to; or line by line, to resume."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, Iterable, Iterator, Sequence

from pytest_kerasch2 import folders
from pytest_kerasch2.errors import CannotWrite, InvalidArgument, KerasCh2Error

# A device that takes nothing, as a full disk does.
_FULL = Path("/dev/full")
# Enough to be given a block of the disk.
_PROBE = bytes(4096)
_REMEDY = "name a file in a folder that exists and can be written"
# Neither flag exists on every platform.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_EXISTING = os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def write_text(text: str, path: Path) -> None:
    """Write a text file as UTF-8; see `write_bytes`.

    Raises:
        CannotWrite: the place cannot be written; what stood there still stands.
    """
    write_bytes(text.encode("utf-8"), path)


def write_bytes(content: bytes, path: Path) -> None:
    """Write a file whole or not at all.

    A symbolic link is followed, and the file keeps its mode. What exists and is not a regular file, such as a pipe or
    `/dev/stdout`, is opened and written.

    Raises:
        CannotWrite: the place cannot be written; what stood there still stands.
    """
    with _named(path):
        if _is_special(path):
            with os.fdopen(os.open(str(path), _EXISTING), "wb") as stream:
                os.set_blocking(stream.fileno(), True)
                stream.write(content)
        else:
            _replace(content, Path(os.path.realpath(str(path))))


def append_text(text: str, path: Path) -> None:
    """Append to a text file in UTF-8, such as the summary of a job, which several write to in turn.

    Raises:
        CannotWrite: it cannot be written.
    """
    with _named(path), path.open("a", encoding="utf-8") as stream:
        stream.write(text)


def check_writable(path: Path) -> None:
    """Refuse a path that could not be written, before the work whose outcome is to stand there.

    Raises:
        CannotWrite: the folder is missing or cannot be written, or a folder stands in the place of the file.
    """
    with _named(path):
        if _is_special(path):
            os.close(os.open(str(path), _EXISTING))
            if _FULL.exists() and path.stat().st_rdev == _FULL.stat().st_rdev:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        else:
            _try(Path(os.path.realpath(str(path))))


def why_not(path: Path) -> str | None:
    """Return why a path could not be written, or None where it could, as `check_writable` tries it."""
    if not path.is_dir() and not path.parent.is_dir():
        return f"{path.parent} is not a folder"
    try:
        check_writable(path)
    except CannotWrite as error:
        return f"{path} is a folder" if path.is_dir() else error.found
    return None


def check_outputs(outputs: Sequence[Path], inputs: Iterable[Path] = ()) -> None:
    """Refuse the outputs of a command before its work: two in one file, one in place of an input, one not writable.

    Raises:
        InvalidArgument: the message names the file.
    """
    if len(set(map(os.path.realpath, outputs))) < len(outputs):
        listed = ", ".join(map(str, outputs))
        raise InvalidArgument("Two outputs are to be written into one file", listed, "name a file for each")
    read = set(map(os.path.realpath, inputs))
    for path in outputs:
        if os.path.realpath(path) in read:
            raise InvalidArgument("An output would overwrite an input", str(path), "name another file")
        why = why_not(path)
        if why is not None:
            raise InvalidArgument("An output cannot be written", why, "name a file in a folder that exists")


class Journal:
    """A file to which long work appends one JSON line for each part that is done, so that it resumes after a kill."""

    def __init__(self, path: Path) -> None:
        """Name the file, which need not be there yet."""
        self.path = path

    def read(self) -> list[Any]:
        """Return the value of each line; a last line that a kill cut short is left out, and no file has no lines.

        Raises:
            OSError: the file cannot be read.
            ValueError: a line is not JSON.
        """
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def append(self, *values: Any, allow_nan: bool = False) -> None:
        """Append a line for each value, in one write, and return once they are on the disk.

        Raises:
            CannotWrite: the file cannot be written.
        """
        content = "".join(f"{json.dumps(value, allow_nan=allow_nan)}\n" for value in values).encode("ascii")
        with _named(self.path), self.path.open("a+b") as stream:
            stream.seek(max(0, stream.tell() - 1))
            if stream.read() not in (b"", b"\n"):
                stream.seek(0)
                stream.truncate(stream.read().rfind(b"\n") + 1)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes that hold the journal from appending to it.

        Raises:
            CannotWrite: another process holds it, or its folder cannot be written.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(f"{self.path}.lock", timeout=0)
        with _named(self.path):
            try:
                lock.acquire()
            except Timeout as error:
                remedy = "wait for it to end, or name another file"
                raise CannotWrite("Another process writes this file", str(self.path), remedy) from error
        try:
            yield
        finally:
            # Only by whoever holds it: one that was refused must not take it from the other.
            with contextlib.suppress(OSError):
                Path(lock.lock_file).unlink()
            lock.release()


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Raise what the system says of a path as an error of ours."""
    try:
        if path.is_dir():
            raise CannotWrite("A file cannot be written where a folder is", str(path), _REMEDY)
        yield
    except KerasCh2Error:  # some of them are such errors too
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CannotWrite("A file cannot be written", f"{path}: {reason}", _REMEDY) from error


def _is_special(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


def _try(target: Path) -> None:
    # Who has protected a file does not want another one in its place.
    if target.exists() and not os.access(str(target), os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    # A mode says little for root, on a read-only or a full disk, or where the system denies by other means: this tries.
    temporary, descriptor = _temporary(target)
    try:
        os.write(descriptor, _PROBE)
    finally:
        os.close(descriptor)
        temporary.unlink()


def _replace(content: bytes, target: Path) -> None:
    temporary, descriptor = _temporary(target)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _temporary(target: Path) -> tuple[Path, int]:
    """Create an empty file beside the target under a name that nobody can foresee; return it opened."""
    # Not of `tempfile`, whose files none but their owner may read: this one is to stay, and others are to read it.
    folders.sweep(target.parent)
    temporary = folders.part_of(target)
    return temporary, os.open(str(temporary), _NEW, 0o666)
