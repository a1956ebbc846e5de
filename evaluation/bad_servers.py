"""Servers that answer in ways no server should: every download from them ends in time, and by an error of the family.

    python -m evaluation.bad_servers             all, with a table
    python -m evaluation.bad_servers --case 12   one of them, and what is said

Each answer is a list of parts: bytes that are sent, and numbers of seconds to wait; a part may be repeated for ever.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import itertools
import json
import socket
import struct
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterable, Iterator, NamedTuple

from pytest_kerasch2.data import fetch
from pytest_kerasch2.data.registry import Archive
from pytest_kerasch2.errors import DownloadFailed
from pytest_kerasch2.files import write_text

DATA = Path(__file__).parent / "data" / "bad-servers.json"
CONTENT = bytes(range(256)) * 40
HEAD = b"HTTP/1.1 200 OK\r\n"
RESET = "reset"
TIMEOUT, DEADLINE = 0.6, 1.2
# Beyond its deadline, on a machine that is busy.
SLACK = 6.0


class Case(NamedTuple):
    """A way to answer; `sound` where all that was asked for arrives."""

    name: str
    parts: Iterable[bytes | float | str]
    sound: bool = False


def _slowly(content: bytes, before: bytes = b"") -> Iterator[bytes | float]:
    yield before
    for byte in content:
        yield bytes([byte])
        yield 0.05


def _for_ever(*parts: bytes | float) -> Iterable[bytes | float]:
    return itertools.chain(parts[:-1], itertools.repeat(parts[-1], 100_000))


def _long(length: bytes) -> list[bytes | float | str]:
    return [HEAD + b"Content-Length: " + length + b"\r\n\r\n" + CONTENT]


SIZE = str(len(CONTENT)).encode()
FULL = HEAD + b"Content-Length: " + SIZE + b"\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
TARGETS = (
    "file:///etc/passwd",
    "ftp://127.0.0.1:9/x",
    "gopher://x",
    "//",
    "http://",
    "http://[",
    "/\x00",
    "http://127.0.0.1:9/",
)


LENGTHS = (
    "²".encode("latin-1"), b"9" * 5000, b"-1", b"1e3", b"0x10", b"1_0", b"", b" ", b"+5", b"5, 5", "٣".encode(),
)  # fmt: skip


def cases() -> list[Case]:
    """Return all ways."""
    return [*_heads(), *_bodies()]


def _heads() -> list[Case]:
    return [
        Case("sound", [FULL + b"\r\n" + CONTENT], sound=True),
        Case("sound, without a length", [HEAD + b"\r\n" + CONTENT], sound=True),
        Case("sound, in chunks", [CHUNKED + b"%x\r\n" % len(CONTENT) + CONTENT + b"\r\n0\r\n\r\n"], sound=True),
        Case("sound, longer than said", [FULL + b"\r\n" + CONTENT + b"more"], sound=True),
        *(Case(f"length {one[:12]!r}", _long(one)) for one in LENGTHS),
        Case("two lengths", [HEAD + b"Content-Length: 1\r\nContent-Length: " + SIZE + b"\r\n\r\n" + CONTENT]),
        Case("length of 600 MB", _long(b"600000000")),
        Case("nothing", []),
        Case("reset at once", [RESET]),
        Case("silence", [60.0]),
        Case("a head that never ends", _slowly(b"HTTP/1.1 200 OK" + b" " * 10_000)),
        Case("a field that never ends", _slowly(b"x" * 10_000, HEAD + b"X-Field: ")),
        Case("fields without end, slowly", _for_ever(HEAD, b"X: y\r\n", 0.05)),
        Case("fields without end", _for_ever(HEAD, b"X: y\r\n")),
        Case("a field of 1 MB", [HEAD + b"X: " + b"y" * 2**20 + b"\r\n\r\n"]),
        Case("continue for ever", _for_ever(b"HTTP/1.1 100 Continue\r\n\r\n")),
        Case("continue, slowly", itertools.chain(*[(b"HTTP/1.1 100 C\r\n\r\n", 0.1)] * 999)),
        Case("no HTTP", [b"\x00\xff garbage\r\n\r\n"]),
        Case("HTTP/9", [b"HTTP/9.9 200 OK\r\n\r\n"]),
        Case("status ²", ["HTTP/1.1 20² OK\r\n\r\n".encode("latin-1")]),
        Case("status of 5,000 digits", [b"HTTP/1.1 " + b"9" * 5000 + b"\r\n\r\n"]),
        Case("status 99", [b"HTTP/1.1 099 x\r\n\r\n"]),
        Case("status 404 with control codes", [b"HTTP/1.1 404 \x1b[31mred\x07\r\n\r\n"]),
        Case("status 404 of 60,000 letters", [b"HTTP/1.1 404 " + b"x" * 60_000 + b"\r\n\r\n"]),
        Case("status 304", [b"HTTP/1.1 304 Not Modified\r\n\r\n"]),
        Case("status 401", [b"HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=x\r\n\r\n"]),
        Case("status 206, a part", [b"HTTP/1.1 206 Part\r\nContent-Length: 5\r\n\r\n12345"]),
        Case("status 204", [b"HTTP/1.1 204 None\r\n\r\n"]),
        *(Case(f"to {one[:20]!r}", [b"HTTP/1.1 302 x\r\nLocation: " + one.encode() + b"\r\n\r\n"]) for one in TARGETS),
        Case("to itself", [b"HTTP/1.1 302 x\r\nLocation: /x\r\n\r\n"]),
        Case("to nowhere", [b"HTTP/1.1 302 x\r\n\r\n"]),
    ]  # fmt: skip


def _bodies() -> list[Case]:
    return [
        Case("a body that trickles", _slowly(CONTENT, FULL + b"\r\n")),
        Case("a body that stops", [FULL + b"\r\n" + CONTENT[:99], 60.0]),
        Case("a body that is reset", [FULL + b"\r\n" + CONTENT[:99], RESET]),
        Case("a body cut short", [FULL + b"\r\n" + CONTENT[:-1]]),
        Case("a body without length, cut short", [HEAD + b"\r\n" + CONTENT[:-1]]),
        Case("a body without end", _for_ever(HEAD + b"\r\n", bytes(2**16))),
        Case("another body", [FULL + b"\r\n" + CONTENT[::-1]]),
        Case("an empty body", [HEAD + b"Content-Length: 0\r\n\r\n"]),
        Case("a chunk of no size", [CHUNKED + b"zz\r\n" + CONTENT]),
        Case("a chunk of a negative size", [CHUNKED + b"-5\r\n" + CONTENT]),
        Case("a chunk of 10**30", [CHUNKED + b"f" * 25 + b"\r\n" + CONTENT]),
        Case("the size of a chunk without end", _slowly(b"0" * 10_000, CHUNKED)),
        Case("a chunk's size of 1 MB", [CHUNKED + b"0" * 2**20 + b"\r\n"]),
        Case("chunks cut short", [CHUNKED + b"%x\r\n" % len(CONTENT) + CONTENT[:9]]),
        Case("a trailer without end", _slowly(b"x" * 10_000, CHUNKED + b"5\r\n12345\r\n0\r\n")),
        Case("trailers without end", _for_ever(CHUNKED + b"5\r\n12345\r\n0\r\n", b"x: y\r\n")),
        Case("gzip that is none", [HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"]),
    ]  # fmt: skip


def _answer(connection: socket.socket, parts: Iterable[bytes | float | str], closing: threading.Event) -> None:
    with contextlib.suppress(OSError), connection:
        connection.settimeout(10)
        connection.recv(65_536)
        for part in parts:
            if closing.is_set():
                break
            if isinstance(part, float):
                closing.wait(part)
            elif part == RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            elif isinstance(part, bytes):
                connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def serving(case: Case) -> Iterator[str]:
    """Yield the address of a server that answers so, to every request anew where its parts are a list."""
    closing = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)

        def accept() -> None:
            while not closing.is_set():
                with contextlib.suppress(socket.timeout):
                    connection, _ = server.accept()
                    threading.Thread(target=_answer, args=(connection, case.parts, closing), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/mnist.npz"
        finally:
            closing.set()
            thread.join()


def judged(case: Case) -> dict[str, object]:
    """Return what came of a download, and what is wrong with that."""
    wrong, output = [], "arrived"
    with tempfile.TemporaryDirectory() as folder, serving(case) as address:
        store = Path(folder) / "store"
        archive = Archive("mnist.npz", address, (), sha256=hashlib.sha256(CONTENT).hexdigest())
        began = time.monotonic()
        try:
            fetch.fetch(archive, store, timeout=TIMEOUT, deadline=DEADLINE)
            wrong += [] if case.sound else ["arrived"]
        except DownloadFailed as error:
            output = str(error)
            wrong += ["failed"] if case.sound else []
            wrong += ["too long"] if len(output) > 1000 else []
            wrong += ["control codes"] if not output.isprintable() else []
        except Exception as error:
            output = f"{type(error).__name__}: {error}"
            wrong.append("another error")
        seconds = time.monotonic() - began
        wrong += ["too late"] if seconds > DEADLINE + SLACK else []
        left = [
            one.name
            for one in store.rglob("*")
            if one.suffix != ".lock" and (one.name != "mnist.npz" or not case.sound)
        ]
        wrong += [f"left {one}" for one in left]
    return {"name": case.name, "seconds": round(seconds, 1), "said": output, "wrong": wrong}


def all_judged(chosen: list[Case]) -> list[dict[str, object]]:
    """Return what came of several, ten at a time."""
    with ThreadPoolExecutor(10) as pool:
        return list(pool.map(judged, chosen))


def main() -> int:
    """Do what was asked for; return 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", type=int, metavar="N", help="one case alone")
    parser.add_argument("--out", type=Path, default=DATA, help="file of results")
    given = parser.parse_args()
    every = cases()
    result = all_judged(every if given.case is None else [every[given.case]])
    for number, line in enumerate(result):
        if line["wrong"] or given.case is not None:
            print(number, line)
    wrong = sum(bool(line["wrong"]) for line in result)
    longest = max(float(str(line["seconds"])) for line in result)
    print(f"| servers | wrong | longest |\n| ---: | ---: | ---: |\n| {len(result)} | {wrong} | {longest} s |")
    if given.case is None:
        kept = {"servers": len(result), "wrong": wrong, "cases": {str(line["name"]): line["wrong"] for line in result}}
        write_text(json.dumps(kept, indent=1) + "\n", given.out)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
