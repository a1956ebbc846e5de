"""Temporary folders and files of ours: each has its owner in its name, so that what a dead process left can be removed.

The owner is a process: its number, when it began, and the machine and the space of numbers in which that holds. It
stands in the name because a name is given in one step: there is no instant in which a folder is nobody's.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import os
import platform
import re
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

from pytest_kerasch2.errors import CannotWrite

PREFIX = "kerasch2-"
PART = ".part"
_NAME = re.compile(rf"\.?{PREFIX}[a-z]+-(\d+)-(\d+)-([0-9a-f]{{8}})-\w+({re.escape(PART)})?")
# States of a process that has ended, and that nobody has asked for its status yet.
_ENDED = ("Z", "X")
# Where this process has made any.
_places: set[str] = set()


@dataclass(frozen=True)
class Owner:
    """A process.

    Attributes:
        pid: its number, which another one is given once it has ended.
        began: when it began, in ticks since the machine did; 0 where the system does not tell.
        where: of the machine, and of the space of numbers of its processes.
    """

    pid: int
    began: int
    where: str

    def __str__(self) -> str:
        """Return it as it stands in a name."""
        return f"{self.pid}-{self.began}-{self.where}"

    def is_dead(self) -> bool:
        """Whether it has ended; one that cannot be seen from here has not."""
        if self.where != _where() or os.name != "posix":
            return False
        if Path("/proc/self/stat").exists():
            began = _began(self.pid)
            return began is None or (self.began != 0 and began != self.began)
        try:
            os.kill(self.pid, 0)
        except OSError as error:
            return isinstance(error, ProcessLookupError)
        return False


def owner() -> Owner:
    """Return the owner of what this process makes."""
    # Asked each time for its number: a fork is another one.
    return _owner(os.getpid())


def make(purpose: str, beside: Path | None = None) -> Path:
    """Make an empty folder of this process, which `remove` removes, or at the latest the end of the process.

    Args:
        purpose: a word for its name.
        beside: the file or folder beside which it is to be, hidden; the system's temporary folder otherwise.

    Raises:
        CannotWrite: it cannot be made.
    """
    hidden = "" if beside is None else "."
    try:
        place = tempfile.gettempdir() if beside is None else str(beside.parent)
        _remember(place)
        return Path(tempfile.mkdtemp(prefix=f"{hidden}{PREFIX}{purpose}-{owner()}-", dir=place))
    except OSError as error:
        remedy = "free the disk, or name another temporary folder with TMPDIR"
        raise CannotWrite("A temporary folder cannot be made", error.strerror or str(error), remedy) from error


@contextlib.contextmanager
def temporary(purpose: str) -> Iterator[Path]:
    """Make a folder for as long as this lasts.

    Raises:
        CannotWrite: it cannot be made.
    """
    folder = make(purpose)
    try:
        yield folder
    finally:
        remove(folder)


def part_of(target: Path) -> Path:
    """Return where a file is to be written before it takes the place of a target; nobody can foresee the name."""
    _remember(str(target.parent))
    return target.with_name(f".{PREFIX}file-{owner()}-{secrets.token_hex(8)}{PART}")


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as that goes."""
    shutil.rmtree(str(folder), ignore_errors=True)


def sweep(place: Path | None = None) -> None:
    """Remove what processes of this user that have ended left in a folder, by default the system's temporary one."""
    _sweep(place, Owner.is_dead)


def remove_own() -> None:
    """Remove all that this process has made and not removed."""
    for place in tuple(_places):
        _sweep(Path(place), owner().__eq__)


def _remember(place: str) -> None:
    if not _places:
        atexit.register(remove_own)
    _places.add(place)


def _sweep(place: Path | None, is_meant: Callable[[Owner], bool]) -> None:
    # What cannot be listed or removed is somebody else's affair, and no reason to end.
    with contextlib.suppress(OSError):
        for entry in os.scandir(str(place or tempfile.gettempdir())):
            whose = owner_of(entry.name)
            if whose is not None and is_meant(whose) and _is_ours(entry):
                _removed(entry)


def owner_of(name: str) -> Owner | None:
    """Return whose a folder or a file of this name is; None for one that is not of ours."""
    match = _NAME.fullmatch(name)
    return None if match is None else Owner(int(match[1]), int(match[2]), match[3])


def _is_ours(entry: os.DirEntry[str]) -> bool:
    with contextlib.suppress(OSError):
        return not hasattr(os, "getuid") or entry.stat(follow_symlinks=False).st_uid == os.getuid()
    return False


def _removed(entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        remove(Path(entry.path))
        return
    with contextlib.suppress(OSError):
        Path(entry.path).unlink()


@functools.lru_cache(maxsize=1)
def _owner(pid: int) -> Owner:
    return Owner(pid, _began(pid) or 0, _where())


def _began(pid: int) -> int | None:
    """Return when a process began, in ticks; None where there is none, or one that has ended."""
    try:
        # Its name stands in parentheses, and may hold any.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return None if fields[0].decode() in _ENDED else int(fields[19])
    except (OSError, ValueError, IndexError):
        return None


@functools.lru_cache(maxsize=1)
def _where() -> str:
    numbers = ""
    # Containers may share a folder, and not the numbers of their processes.
    with contextlib.suppress(OSError):
        numbers = os.readlink("/proc/self/ns/pid")  # a text that is no path
    return hashlib.sha256(f"{platform.node()} {numbers}".encode()).hexdigest()[:8]
