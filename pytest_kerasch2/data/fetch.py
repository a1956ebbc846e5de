"""Downloads that arrive whole or not at all: lock, look again, temporary file, hash, rename.

Keras writes straight to the final name and, before 2.9, never compares the hash of what it has just fetched; so a
second process can read half a file. Here nothing stands under the final name before its hash is right, and one lock
per file lets any number of workers cause one download.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import pathlib
import queue
import re
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import IO, TYPE_CHECKING, Any, Callable, Iterator, Optional

import filelock

from pytest_kerasch2 import ending
from pytest_kerasch2.data.digests import digest_of_file
from pytest_kerasch2.errors import DownloadFailed, KerasCh2Error

if TYPE_CHECKING:
    from pytest_kerasch2.data.registry import Archive

# Bytes so far, bytes in all where known, seconds left where they can be guessed.
Progress = Callable[[int, Optional[int], Optional[float]], None]

_BLOCK = 1 << 16
# The largest archive, CIFAR-10, has about 170 MB.
_LARGEST = 512 << 20
_BETWEEN_REPORTS = 0.1
_END = object()
_REMEDY = (
    "check the network and the disk and run again; or put the file into a folder and name that folder with"
    " --chapter-mirror=DIR or the variable KERASCH2_MIRROR"
)


def fetch(
    archive: Archive,
    store: pathlib.Path,
    *,
    progress: Progress | None = None,
    timeout: float = 20.0,
    deadline: float = 1800.0,
) -> pathlib.Path:
    """Return the path of an archive in ``store``, downloaded now unless a good copy lies there.

    Args:
        archive: what to fetch, from where, and the hash it must have.
        store: the folder of our own downloads; made if need be, with the parents of the file.
        progress: called now and then with bytes so far, bytes in all or None, and seconds left or None.
        timeout: seconds without a single byte after which the server counts as dead.
        deadline: seconds for the whole download, and for waiting until another worker has finished it.

    Raises:
        DownloadFailed: short, stalled, reset, refused, of a wrong hash, or the store cannot be written.
    """
    target = store / archive.file
    with _making(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    with ending.as_by_ctrl_c(), _locked(target, deadline):
        # Looked at inside the lock: another worker may have fetched it while this one waited.
        if not is_good(archive, target):
            with _making(target):
                _sweep(target)
                _download(archive, target, _Watch(progress, timeout, time.monotonic() + deadline))
    return target


def is_good(archive: Archive, path: pathlib.Path) -> bool:
    """Return whether a file is there and has the published hash."""
    algorithm, expected = archive.published
    try:
        return path.is_file() and digest_of_file(path, algorithm) == expected
    except OSError:
        return False


class _Watch:
    """How long a download may take, and who is told about it."""

    def __init__(self, progress: Progress | None, timeout: float, ends: float) -> None:
        self.timeout = timeout
        self._progress = progress
        self._ends = ends
        self._began = time.monotonic()
        self._told = 0.0

    def is_over(self) -> bool:
        """Return whether the time allowed is used up."""
        return time.monotonic() > self._ends

    @property
    def left(self) -> float:
        """Return the seconds that are left."""
        return self._ends - time.monotonic()

    def tick(self, done: int, total: int | None, *, last: bool = False) -> None:
        """Report progress, unless the last report was only a moment ago."""
        now = time.monotonic()
        if self._progress is None or (now - self._told < _BETWEEN_REPORTS and not last):
            return
        self._told = now
        rate = done / max(now - self._began, 1e-6)
        self._progress(done, total, (total - done) / rate if total and done else None)


@contextlib.contextmanager
def _making(target: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except KerasCh2Error:  # some of them are such errors too
        raise
    except OSError as error:
        raise DownloadFailed(
            f"The download folder {target.parent} cannot be written",
            f"{type(error).__name__}: {error}",
            "free the disk or choose another temporary folder with TMPDIR; or use --chapter-mirror=DIR",
        ) from error


@contextlib.contextmanager
def _locked(target: pathlib.Path, deadline: float) -> Iterator[None]:
    lock = filelock.FileLock(str(target) + ".lock", timeout=deadline)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise DownloadFailed(
            f"Another worker has not finished {target.name}", f"its lock held for over {deadline:g} s", _REMEDY
        ) from error
    # NotImplementedError: a file system without locks.
    except (OSError, NotImplementedError) as error:
        raise DownloadFailed(f"{target.name} cannot be locked", f"{type(error).__name__}: {error}", _REMEDY) from error
    try:
        yield
    finally:
        lock.release()


def _sweep(target: pathlib.Path) -> None:
    # What a killed worker left behind. We hold the lock, so nobody is writing to any of them.
    for leftover in target.parent.glob(target.name + ".*.part"):
        leftover.unlink()


def _download(archive: Archive, target: pathlib.Path, watch: _Watch) -> None:
    handle, name = tempfile.mkstemp(prefix=target.name + ".", suffix=".part", dir=str(target.parent))
    temporary = pathlib.Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            digest = _received(archive, stream, watch)
            stream.flush()
            os.fsync(stream.fileno())
        _compared(archive, digest)
        temporary.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def _received(archive: Archive, stream: IO[bytes], watch: _Watch) -> str:
    """Return the digest of what the server sent, having written it to the stream."""
    digest = hashlib.new(archive.published[0])
    done = 0
    total: int | None = None
    with _sender(archive, watch) as sent:
        for item in sent:
            if not isinstance(item, bytes):
                total = item
                continue
            done += len(item)
            if done > _LARGEST or watch.is_over():
                raise _used_up(archive, done)
            stream.write(item)
            digest.update(item)
            watch.tick(done, total)
    if total is not None and done != total:
        raise _failed(archive, f"{done} of {total} bytes, then the connection ended")
    watch.tick(done, total, last=True)
    return digest.hexdigest()


class _Sender(threading.Thread):
    """Asks the server, and hands over what it sends: the declared length or None, and blocks.

    A server can send any part of an answer, its head too, a byte at a time, each within every timeout. So all that
    waits for it is done in a thread, which is left behind when the time allowed is used up, and then ends by itself.
    """

    def __init__(self, archive: Archive, watch: _Watch) -> None:
        super().__init__(daemon=True, name="kerasch2-download")
        self.given_up = threading.Event()
        self._archive, self._watch = archive, watch
        self._items: queue.Queue[Any] = queue.Queue(8)
        self._done = 0

    def run(self) -> None:
        """Hand over everything, and at the end nothing or the error."""
        try:
            for item in self._sent():
                if not self._put(item):
                    return
            self._put(_END)
        # Raised where it is taken out.
        except BaseException as error:
            self._put(error)

    def __iter__(self) -> Iterator[Any]:
        """Yield what is handed over.

        Raises:
            DownloadFailed: there is no answer, or the time allowed is used up.
        """
        while True:
            try:
                item = self._items.get(timeout=max(self._watch.left, 0.001))
            except queue.Empty:
                raise _used_up(self._archive, self._done) from None
            if item is _END:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    def _sent(self) -> Iterator[Any]:
        with _answer(self._archive, self._watch.timeout) as answer:
            total = _declared(self._archive, answer)
            yield total
            while total is None or self._done < total:
                # read1, because read would wait for a full block from a server that trickles.
                with _network(self._archive, self._done):
                    block = answer.read1(_BLOCK)
                if not block:
                    return
                self._done += len(block)
                yield block

    def _put(self, item: Any) -> bool:
        while not self.given_up.is_set():
            with contextlib.suppress(queue.Full):
                self._items.put(item, timeout=0.1)
                return True
        return False


@contextlib.contextmanager
def _sender(archive: Archive, watch: _Watch) -> Iterator[_Sender]:
    sender = _Sender(archive, watch)
    sender.start()
    try:
        yield sender
    finally:
        sender.given_up.set()


def _used_up(archive: Archive, done: int) -> DownloadFailed:
    return _failed(archive, f"{done} bytes, when the size or the time allowed was used up")


def _declared(archive: Archive, answer: Any) -> int | None:
    length = answer.headers.get("Content-Length")
    if length is None:
        return None
    # Not `isdigit`, which takes a superscript too; and a longer one is not even read.
    if not re.fullmatch("[0-9]{1,15}", length) or int(length) > _LARGEST:
        raise _failed(archive, f"a declared length of {length[:40]!r}")
    return int(length)


@contextlib.contextmanager
def _answer(archive: Archive, timeout: float) -> Iterator[Any]:
    parts = urllib.parse.urlsplit(archive.origin)
    if parts.scheme not in ("http", "https"):
        raise _failed(archive, f"an address of scheme {parts.scheme!r}")
    # A proxy in the environment must not be asked for what lies on this very machine.
    direct = [urllib.request.ProxyHandler({})] if parts.hostname in ("127.0.0.1", "localhost", "::1") else []
    with _network(archive, 0):
        answer = urllib.request.build_opener(*direct).open(archive.origin, timeout=timeout)
    with contextlib.closing(answer):
        yield answer


@contextlib.contextmanager
def _network(archive: Archive, done: int) -> Iterator[None]:
    try:
        yield
    except KerasCh2Error:  # some of them are such errors too
        raise
    except urllib.error.HTTPError as error:
        # It is an answer as well, with an open connection.
        error.close()
        raise _failed(archive, f"the answer {error.code} {str(error.reason)[:100]}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _failed(archive, f"{type(error).__name__} after {done} bytes: {str(error)[:200]}") from error


def _compared(archive: Archive, actual: str) -> None:
    algorithm, expected = archive.published
    if actual != expected:
        raise _failed(archive, f"{algorithm} {actual}, where {expected} was expected")


def _failed(archive: Archive, reason: str) -> DownloadFailed:
    return DownloadFailed(f"The download of {archive.origin} failed", reason, _REMEDY)
