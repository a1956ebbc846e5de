"""A server on the loopback address that counts what is asked of it and can misbehave: for tests of downloads."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import http.server
import pathlib
import socket
import struct
import threading
from typing import Any, Iterator
from urllib.parse import unquote, urlsplit

_FAULTS = ("truncate", "stall", "trickle", "reset", "longer", "shorter", "flip", "status")
_PARTIAL = ("truncate", "stall", "trickle", "reset")
_PATIENCE = 60.0


@dataclasses.dataclass(frozen=True)
class ServerFault:
    """One way to misbehave.

    Args:
        kind: "truncate" sends ``after`` bytes and hangs up; "stall" sends them and goes silent; "trickle" goes on with
            a byte every twentieth of a second; "reset" sends them and resets the connection; "longer" and "shorter"
            declare that the file has ``after`` bytes more or fewer than it has; "flip" flips the lowest bit of byte
            ``after``; "status" answers with the HTTP status ``after``.
        after: as said above.
        times: how many requests it lasts; None for ever.
    """

    kind: str
    after: int = 0
    times: int | None = None

    def __post_init__(self) -> None:
        """Refuse a kind that nobody has programmed, so that no test passes for a slip of the pen."""
        if self.kind not in _FAULTS:
            raise ValueError(f"no such fault: {self.kind!r}, of {_FAULTS}")


class Server:
    """A running server: its address, the requests it has seen per file, and how to make it misbehave."""

    def __init__(self, folder: pathlib.Path) -> None:
        """Keep the folder; ``serve`` does the rest."""
        self.folder = folder
        self.url = ""
        self.closing = threading.Event()
        self._guard = threading.Lock()
        self._requests: dict[str, int] = collections.Counter()
        self._faults: dict[str, ServerFault] = {}

    @property
    def requests(self) -> dict[str, int]:
        """Return the number of requests by file, relative to the folder."""
        with self._guard:
            return dict(self._requests)

    def misbehave(self, file: str, fault: ServerFault | None) -> None:
        """Make requests for a file go wrong from now on; None makes them go right again."""
        with self._guard:
            self._faults.pop(file, None)
            if fault is not None:
                self._faults[file] = fault

    def counted(self, file: str) -> ServerFault | None:
        """Count one request and give the fault it is to meet, if any."""
        with self._guard:
            self._requests[file] += 1
            fault = self._faults.get(file)
            if fault is not None and fault.times is not None:
                left = fault.times - 1
                self._faults[file] = dataclasses.replace(fault, times=left)
                if left < 0:
                    del self._faults[file]
                    return None
            return fault


class _Handler(http.server.BaseHTTPRequestHandler):
    timeout = _PATIENCE

    def __init__(self, state: Server, *args: Any) -> None:
        self.state = state
        super().__init__(*args)

    def log_message(self, *_: Any) -> None:
        """Keep the terminal quiet."""

    def do_GET(self) -> None:
        """Send the file asked for, in the way it is to go wrong."""
        file = unquote(urlsplit(self.path).path).lstrip("/")
        fault = self.state.counted(file)
        path = self.state.folder / file
        inside = self.state.folder.resolve() in path.resolve().parents
        if fault is not None and fault.kind == "status":
            self.send_error(fault.after)
        elif not inside or not path.is_file():
            self.send_error(404)
        else:
            with contextlib.suppress(ConnectionError):
                self._send(path.read_bytes(), fault or ServerFault("longer", 0))

    def _send(self, content: bytes, fault: ServerFault) -> None:
        declared = len(content) + {"longer": fault.after, "shorter": -fault.after}.get(fault.kind, 0)
        if fault.kind == "flip":
            content = content[: fault.after] + bytes([content[fault.after] ^ 1]) + content[fault.after + 1 :]
        self.send_response(200)
        self.send_header("Content-Length", str(declared))
        self.end_headers()
        self.wfile.write(content[: fault.after] if fault.kind in _PARTIAL else content)
        self.wfile.flush()
        if fault.kind == "stall":
            self.state.closing.wait(_PATIENCE)
        rest = iter(content[fault.after :]) if fault.kind == "trickle" else iter(())
        while not self.state.closing.wait(0.05 if fault.kind == "trickle" else 0):
            byte = next(rest, None)
            if byte is None:
                break
            self.wfile.write(bytes([byte]))
        if fault.kind == "reset":
            # Lingering for zero seconds makes the close a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


@contextlib.contextmanager
def serve(folder: pathlib.Path) -> Iterator[Server]:
    """Yield a server of the files in a folder, on a free port of 127.0.0.1, until the block ends.

    ``server.url`` ends with a slash; a file is found under its path relative to the folder.
    """
    state = Server(folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, state)) as server:
        # Joined at the end, so that no thread outlives the block.
        server.daemon_threads = False
        state.url = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield state
        finally:
            state.closing.set()
            server.shutdown()
            thread.join()
