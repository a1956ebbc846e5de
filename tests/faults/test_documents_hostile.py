"""Documents that are bad input: each is a finding in words, the rest goes on, and nothing is left behind."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Iterator

import psutil
import pytest

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from pytest_kerasch2 import cli
from pytest_kerasch2.claims import schema
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import reading, releases

SCHEMA = Path(reading.__file__).parent / "check.schema.json"
# Longer than a busy machine needs to start an interpreter, and shorter than anybody waits.
LIMITS = ("--deadline", "10", "--memory", "600")


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look for processes and folders of the check once it is over."""
    monkeypatch.setattr(releases, "named", lambda text: Release("2.21.0", "3.15.1", "tensorflow"))
    place = tmp_path / "temp"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield
    assert (processes_of(place), [one.name for one in place.iterdir()]) == ([], [])
    tempfile.tempdir = None


def processes_of(place: Path) -> list[str]:
    """Return the processes whose variables name a folder, once those that are ending have ended."""
    running: list[str] = []
    for _ in range(20):
        running = []
        for one in psutil.process_iter():
            try:
                if one.pid != os.getpid() and one.status() != psutil.STATUS_ZOMBIE:
                    running += [repr(one)] if any(str(place) in value for value in one.environ().values()) else []
            except psutil.Error:
                pass
        if not running:
            break
        time.sleep(0.1)
    return running


def checked(*paths: Path, status: int | None = None) -> list[dict[str, Any]]:
    target = paths[0].parent / "findings.json"
    ended = cli.main(["check", *map(str, paths), "--run", "--json", str(target), *LIMITS])
    data = json.loads(target.read_text(encoding="utf-8"))
    schema.require(data, SCHEMA)
    assert status is None or ended == status
    documents: list[dict[str, Any]] = data["documents"]
    return documents


def run(folder: Path, *blocks: str) -> list[dict[str, Any]]:
    path = folder / "page.md"
    path.write_text("\n".join(f"```py\n{block}\n```\n" for block in blocks), encoding="utf-8")
    blocks_found: list[dict[str, Any]] = checked(path)[0]["blocks"]
    return blocks_found


def words(blocks: list[dict[str, Any]]) -> list[str]:
    return [one["finding"] for one in blocks]


FENCE = "```py\n{}\n```\n\n```py\nassert x == 1\n```\n"


@pytest.mark.parametrize(
    ("content", "found", "part"),
    [
        (FENCE.format("x = 1  # caf\xe9").encode("latin-1"), ["runs"] * 2, "it is not UTF-8 (byte 0xe9 on line 2)"),
        (b"\xef\xbb\xbf" + FENCE.format("x = 1").encode(), ["runs"] * 2, ""),
        (FENCE.format("x = 1").replace("\n", "\r\n").encode(), ["runs"] * 2, ""),
        (FENCE.format("if True:\n\tx = 1\n        y = 2").encode(), ["runs"] * 2, "tabs are read as"),
        (FENCE.format("x\u00a0=\u00a01").encode(), ["runs"] * 2, "no-break spaces are read as blanks"),
        (FENCE.format("x = len(\u201ca\u201d)").encode(), ["runs"] * 2, "typographic quotes"),
        (FENCE.format("x = 1\nclass A:\ndef f():\npass").encode(), ["broken", "follows"], "indentation is lost"),
        (b"````markdown\n" + FENCE.format("x = 1").encode() + b"````\n", ["runs"] * 2, ""),
        (FENCE.format("x = 1").encode()[:-4], ["runs"] * 2, "the fence of line 5 is not closed"),
        (b"```py\nx = 1\n\n```py\nassert x == 1\n```\n", ["runs"] * 2, "not closed before that of line 4"),
        (b"", [], "it is empty"),
        (b"\0\0\0", [], "null characters"),
    ],
    ids=["not utf-8", "bom", "crlf", "tabs", "no-break", "quotes", "indentation", "nested", "unclosed",
         "unclosed before", "empty", "null"],
)  # fmt: skip
def test_text(tmp_path: Path, content: bytes, found: list[str], part: str) -> None:
    path = tmp_path / "page.md"
    path.write_bytes(content)

    (document,) = checked(path)

    assert words(document["blocks"]) == found
    notes = [*document["notes"], *(note for one in document["blocks"] for note in one["notes"])]
    assert any(part in note for note in notes) if part else notes == []


def test_a_notebook_that_is_no_json_is_refused_and_the_next_document_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = tmp_path / "bad.ipynb", tmp_path / "good.md"
    bad.write_bytes(b'{"cells": [')
    good.write_bytes(b"```py\nx = 1\n```\n")

    (document,) = checked(bad, good, status=2)

    assert words(document["blocks"]) == ["runs"]
    assert "A notebook is not valid JSON" in capsys.readouterr().out


def test_a_notebook_of_ten_megabytes_runs(tmp_path: Path) -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 1_000_000}}
    cells = [{"cell_type": "code", "source": f"x{at} = {at}", "outputs": [picture]} for at in range(11)]
    path = tmp_path / "large.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")

    (document,) = checked(path, status=0)

    assert words(document["blocks"]) == ["runs"] * 11


SESSION = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(100)']{})"
DAEMON = """import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import time
        time.sleep(100)
    os._exit(0)
os.wait()"""


@pytest.mark.parametrize(
    ("block", "word", "part"),
    [
        ("while True:\n    pass", "cut_short", "deadline of 10 s"),
        ("import os\nos._exit(3)", "broken", "exit status 3"),
        ("import sys\nsys.exit('bye')", "broken", "SystemExit: bye"),
        ("raise SystemExit", "broken", "SystemExit"),
        ("import os\nwhile True:\n    os.write(2, b'x' * 65536)", "cut_short", "limit of 64 MiB on standard error"),
        ("import os\nfor _ in range(2000):\n    os.write(1, b'x' * 65536)", "runs", ""),
        ("for _ in range(2000):\n    print('x' * 65536)", "runs", ""),
        ("x = []\nwhile True:\n    x.append(bytearray(2**24))", "cut_short", "memory limit of 600 MiB"),
        ("import shutil, os\nshutil.rmtree(os.getcwd())", "runs", ""),
        ("import shutil, os\nshutil.rmtree(os.path.dirname(os.getcwd()), True)", "runs", ""),
        ("import absent_package", "needs", "No module named 'absent_package'"),
        ("input('name? ')", "needs", "EOFError"),
        ("import sys\nsys.stdin.read()", "runs", ""),
        ("raise SystemError('GPU device not found')", "needs", "GPU device not found"),
        ("list_physical_devices = lambda kind: []\nlist_physical_devices('GPU')[0]", "needs", "IndexError"),
        (SESSION.format(""), "runs", ""),
        (SESSION.format(", start_new_session=True"), "runs", ""),
        (DAEMON, "runs", ""),
        ("import threading, time\nthreading.Thread(target=time.sleep, args=(100,)).start()", "runs", ""),
    ],
    ids=["never ends", "exits", "sys.exit", "SystemExit", "stderr", "stdout", "prints", "memory", "folder",
         "all folders", "package", "input", "stdin", "gpu", "no gpu in a list", "process", "session",
         "daemon", "thread"],
)  # fmt: skip
def test_block(tmp_path: Path, block: str, word: str, part: str) -> None:
    hits = run(tmp_path, "a = 1", block, "assert a == 1")

    assert words(hits) == ["runs", word, "runs"]
    assert part in hits[1]["error"]
    assert word == "runs" or hits[1]["error"] or hits[1]["needs"]
