"""Downloads that go wrong in every way we could think of: a typed error, and nothing under the final name."""

from __future__ import annotations

import hashlib
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Iterator

import pytest

from pytest_kerasch2.data import fetch, http_server
from pytest_kerasch2.data.registry import Archive
from pytest_kerasch2.errors import DownloadFailed

CONTENT = bytes(range(256)) * 1200
FILE = "sub/mnist.npz"
CHILD = """
import pathlib, sys
from pytest_kerasch2.data import fetch
from pytest_kerasch2.data.registry import Archive
archive = Archive("sub/mnist.npz", sys.argv[1], (), sha256=sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
print(fetch.fetch(archive, pathlib.Path(sys.argv[3]), timeout=30))
"""


@pytest.fixture
def server(tmp_path: pathlib.Path) -> Iterator[http_server.Server]:
    (tmp_path / "served" / "sub").mkdir(parents=True)
    (tmp_path / "served" / FILE).write_bytes(CONTENT)
    with http_server.serve(tmp_path / "served") as running:
        yield running


@pytest.fixture
def store(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "a store, not yet there"


def _archive(server: http_server.Server, file: str = FILE) -> Archive:
    return Archive(FILE, server.url + file, (), sha256=hashlib.sha256(CONTENT).hexdigest())


def _left(store: pathlib.Path) -> list[str]:
    return sorted(path.name for path in store.rglob("*") if path.is_file() and path.suffix != ".lock")


def _child(server: http_server.Server, store: pathlib.Path, code: str = CHILD) -> subprocess.Popen[str]:
    archive = _archive(server)
    root = str(pathlib.Path(fetch.__file__).resolve().parents[2])
    child = subprocess.Popen(
        [sys.executable, "-c", code, archive.origin, archive.sha256 or "", str(store)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def _go(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def _wait_until(true: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_control_a_sound_download_arrives(server: http_server.Server, store: pathlib.Path) -> None:
    path = fetch.fetch(_archive(server), store)

    assert (path, path.read_bytes() == CONTENT, _left(store)) == (store / FILE, True, ["mnist.npz"])


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (http_server.ServerFault("truncate", 0), "0 of 307200 bytes"),
        (http_server.ServerFault("truncate", 1), "1 of 307200 bytes"),
        (http_server.ServerFault("truncate", 150_000), "150000 of 307200 bytes"),
        (http_server.ServerFault("truncate", 307_199), "307199 of 307200 bytes"),
        (http_server.ServerFault("reset", 0), "after 0 bytes"),
        (http_server.ServerFault("reset", 200_000), "reset|Reset"),
        (http_server.ServerFault("stall", 0), "timed out|timeout"),
        (http_server.ServerFault("stall", 200_000), "timed out|timeout"),
        (http_server.ServerFault("longer", 10), "307200 of 307210 bytes"),
        (http_server.ServerFault("shorter", 10), "where .* was expected"),
        (http_server.ServerFault("flip", 99), "where .* was expected"),
        (http_server.ServerFault("status", 404), "the answer 404"),
        (http_server.ServerFault("status", 503), "the answer 503"),
    ],
    ids=lambda value: f"{value.kind}-{value.after}" if isinstance(value, http_server.ServerFault) else "",
)
def test_a_failed_download_leaves_nothing_and_the_next_try_succeeds(
    server: http_server.Server, store: pathlib.Path, fault: http_server.ServerFault, message: str
) -> None:
    server.misbehave(FILE, fault)

    with pytest.raises(DownloadFailed, match=message):
        fetch.fetch(_archive(server), store, timeout=0.4)

    assert _left(store) == []
    server.misbehave(FILE, None)
    assert fetch.fetch(_archive(server), store).read_bytes() == CONTENT


def test_one_flipped_bit_at_any_place_is_refused_with_both_digests(
    server: http_server.Server, store: pathlib.Path
) -> None:
    archive = _archive(server)
    refused = 0

    for place in range(0, len(CONTENT), len(CONTENT) // 50):
        server.misbehave(FILE, http_server.ServerFault("flip", place))
        bad = hashlib.sha256(CONTENT[:place] + bytes([CONTENT[place] ^ 1]) + CONTENT[place + 1 :]).hexdigest()
        with pytest.raises(DownloadFailed, match=rf"sha256 {bad}, where {archive.sha256} was expected"):
            fetch.fetch(archive, store)
        refused += 1

    assert (refused >= 50, _left(store)) == (True, [])


def test_the_error_has_three_parts(server: http_server.Server, store: pathlib.Path) -> None:
    server.misbehave(FILE, http_server.ServerFault("truncate", 5))

    with pytest.raises(DownloadFailed) as caught:
        fetch.fetch(_archive(server), store)

    assert str(caught.value) == (
        f"The download of {server.url}{FILE} failed: 5 of 307200 bytes, then the connection ended. Check"
        " the network and the disk and run again; or put the file into a folder and name that folder with"
        " --chapter-mirror=DIR or the variable KERASCH2_MIRROR."
    )


def test_nobody_listening_is_a_failed_download(server: http_server.Server, store: pathlib.Path) -> None:
    archive = Archive(FILE, "http://127.0.0.1:9/mnist.npz", (), sha256="0" * 64)

    with pytest.raises(DownloadFailed, match=r"[Rr]efused"):
        fetch.fetch(archive, store, timeout=2)


def test_a_file_address_is_refused(store: pathlib.Path) -> None:
    archive = Archive(FILE, "file:///etc/hostname", (), sha256="0" * 64)

    with pytest.raises(DownloadFailed, match="scheme 'file'"):
        fetch.fetch(archive, store)


def test_a_proxy_is_not_asked_for_this_machine(
    server: http_server.Server, store: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")

    path = fetch.fetch(_archive(server), store)

    assert path.read_bytes() == CONTENT


def test_a_good_copy_is_not_fetched_again(server: http_server.Server, store: pathlib.Path) -> None:
    fetch.fetch(_archive(server), store)
    fetch.fetch(_archive(server), store)

    assert server.requests == {FILE: 1}


def test_a_copy_damaged_since_is_fetched_once_more(server: http_server.Server, store: pathlib.Path) -> None:
    path = fetch.fetch(_archive(server), store)
    path.write_bytes(CONTENT[:-1])

    fetch.fetch(_archive(server), store)

    assert (server.requests, path.read_bytes() == CONTENT) == ({FILE: 2}, True)


def test_progress_gives_bytes_total_and_seconds_left(server: http_server.Server, store: pathlib.Path) -> None:
    results: list[tuple[int, int | None, float | None]] = []

    fetch.fetch(_archive(server), store, progress=lambda *report: results.append(report))

    assert results[-1] == (len(CONTENT), len(CONTENT), 0.0)


def test_an_error_of_the_progress_callback_is_not_disguised(server: http_server.Server, store: pathlib.Path) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fetch.fetch(_archive(server), store, progress=broken)

    assert _left(store) == []


def test_a_server_that_trickles_meets_the_deadline(server: http_server.Server, store: pathlib.Path) -> None:
    server.misbehave(FILE, http_server.ServerFault("trickle", 100))

    # The timeout alone would never end it: a byte arrives well within it, every time.
    with pytest.raises(DownloadFailed, match="when the size or the time allowed was used up"):
        fetch.fetch(_archive(server), store, timeout=5, deadline=0.5)

    assert _left(store) == []


def test_a_store_below_a_file_is_said_and_nothing_is_written_elsewhere(
    server: http_server.Server, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared temporary area"
    shared.mkdir()
    monkeypatch.setattr(fetch.tempfile, "tempdir", str(shared))
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(DownloadFailed, match=r"The download folder .*file.* cannot be written.*TMPDIR"):
        fetch.fetch(_archive(server), tmp_path / "file" / "store")

    assert (list(shared.iterdir()), server.requests) == ([], {})


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes there")
def test_a_full_disk_is_said_and_nothing_is_left(server: http_server.Server, store: pathlib.Path) -> None:
    limited = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n" + CHILD
    child = _child(server, store, limited)

    _, errors = child.communicate("\n", timeout=60)

    assert "DownloadFailed" in errors
    assert "cannot be written" in errors
    assert _left(store) == []


def test_many_threads_cause_one_download(server: http_server.Server, store: pathlib.Path) -> None:
    barrier = threading.Barrier(6)
    results: list[bytes] = []

    def work() -> None:
        barrier.wait()
        results.append(fetch.fetch(_archive(server), store).read_bytes())

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (results, server.requests) == ([CONTENT] * 6, {FILE: 1})


def test_control_without_the_lock_there_would_be_several(server: http_server.Server, store: pathlib.Path) -> None:
    target = store / FILE
    target.parent.mkdir(parents=True)
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        fetch._download(_archive(server), target, fetch._Watch(None, 5.0, time.monotonic() + 5))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert server.requests == {FILE: 2}


def test_many_processes_cause_one_download(server: http_server.Server, store: pathlib.Path) -> None:
    children = [_child(server, store) for _ in range(3)]
    for child in children:
        _go(child)

    outputs = [child.communicate(timeout=60)[0].strip() for child in children]

    assert (outputs, server.requests) == ([str(store / FILE)] * 3, {FILE: 1})


def test_a_killed_downloader_frees_the_lock_and_its_leftovers_are_swept(
    server: http_server.Server, store: pathlib.Path
) -> None:
    server.misbehave(FILE, http_server.ServerFault("stall", 1000))
    child = _child(server, store)
    _go(child)
    _wait_until(lambda: server.requests == {FILE: 1} and _left(store))
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=20)
    server.misbehave(FILE, None)
    left = _left(store)

    began = time.monotonic()
    fetch.fetch(_archive(server), store)

    assert "mnist.npz" not in left
    assert left[0].endswith(".part")
    assert (_left(store), time.monotonic() - began < 5) == (["mnist.npz"], True)


def test_a_lock_held_for_too_long_is_said(server: http_server.Server, store: pathlib.Path) -> None:
    server.misbehave(FILE, http_server.ServerFault("stall", 1000))
    child = _child(server, store)
    _go(child)
    _wait_until(lambda: server.requests == {FILE: 1})

    with pytest.raises(
        DownloadFailed, match=r"Another worker has not finished mnist\.npz.* its lock held for over 0.3 s"
    ):
        fetch.fetch(_archive(server), store, deadline=0.3)

    child.kill()
    child.communicate(timeout=20)


def test_the_server_refuses_a_fault_nobody_programmed() -> None:
    with pytest.raises(ValueError, match="no such fault: 'truncated'"):
        http_server.ServerFault("truncated")


def test_the_server_gives_nothing_outside_its_folder(server: http_server.Server, store: pathlib.Path) -> None:
    (server.folder.parent / "secret").write_text("secret")

    with pytest.raises(DownloadFailed, match="the answer 404"):
        fetch.fetch(_archive(server, "../secret"), store)
