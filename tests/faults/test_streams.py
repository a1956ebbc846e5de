"""The end of a pipe, a full disk, a folder that is gone: the verdict is the exit status, and a sentence says so."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import Any, Iterator

import pytest

from evaluation import small_places
from evaluation.small_places import PYTHON, Place
from pytest_kerasch2.streams import Stream

POSIX = pytest.mark.skipif(os.name != "posix", reason="of POSIX systems")
pytestmark = [POSIX, pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")]
CHAPTER = "pytest -p small -p no:randomly -p no:cacheprovider -p no:hypothesispytest --chapter"
KERASCH2 = "evaluation.kerasch2_here"
LOST = "Standard output cannot be written"


@pytest.fixture(scope="module")
def here() -> Iterator[Place]:
    with small_places.place(f"{os.getpid()}-streams") as place:
        small_places.with_chapter(place, checks=3, seconds=0.0)
        small_places.with_training(place, seconds=0.0)
        (place.folder / "fakes" / "sitecustomize.py").unlink()
        _shell(place, f"{CHAPTER} --chapter-results=held.json")
        yield place


def _shell(here: Place, words: str, before: str = "", **variables: str) -> tuple[int, str, str]:
    """Run a command as a shell does; return the status of the command itself, its output and its errors."""
    command, pipe, reader = words.partition(" |")
    script = f"{before}({' '.join(PYTHON)} -m {command}; echo $? >{here.folder}/status){pipe}{reader}"
    how: Any = {"cwd": str(here.folder), "env": here.variables(variables), "capture_output": True, "timeout": 120}
    done = subprocess.run(["bash", "-c", script], **how)
    return int((here.folder / "status").read_text()), done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (f"{CHAPTER} >/dev/full", "no space left on device"),
        (f"{CHAPTER} >&-", "it is closed"),
        (f"{CHAPTER} -v | true", "broken pipe"),
        (f"{KERASCH2} doctor --quick >/dev/full", "no space left on device"),
        (f"{KERASCH2} doctor --quick >&-", "it is closed"),
        (f"{KERASCH2} table held.json >/dev/full", "no space left on device"),
        (f"{KERASCH2} table held.json >&-", "it is closed"),
        (f"{KERASCH2} --help >/dev/full", "no space left on device"),
    ],
)
def test_the_verdict_is_the_status_whatever_becomes_of_the_output(here: Place, words: str, reason: str) -> None:
    status, _, errors = _shell(here, words)

    assert (status, errors.count(LOST), reason in errors, "Traceback" in errors) == (0, 1, True, False)


@contextlib.contextmanager
def _more(here: Place, text: str) -> Iterator[None]:
    """Add a check to the chapter for as long as this lasts."""
    section = here.folder / "small_chapter" / "section.py"
    whole = section.read_text(encoding="utf-8")
    section.write_text(f"{whole}\n{text}", encoding="utf-8")
    try:
        yield
    finally:
        section.write_text(whole, encoding="utf-8")


def test_what_is_lost_is_not_written_again_when_a_capture_puts_the_descriptor_back() -> None:
    reading, writing = os.pipe()
    kept = os.dup(writing)
    with open(writing, "w", encoding="utf-8") as pipe:  # noqa: PTH123  # a descriptor
        os.close(reading)
        stream = Stream(pipe)
        stream.write("the last line")
        stream.flush()
        os.dup2(kept, writing)
        os.close(kept)

        # As pytest does when all is over; it ends with 1 where this fails.
        pipe.flush()

    assert stream.lost == "Broken pipe"


def test_so_is_one_that_is_no(here: Place) -> None:
    with _more(here, "@about('no')\ndef no(record):\n    record.equal('one', expected=1, actual=2)\n"):
        status, _, errors = _shell(here, f"{CHAPTER} >/dev/full")

    assert (status, errors.count(LOST)) == (1, 1)


def test_all_streams_may_be_closed(here: Place) -> None:
    status, _, _ = _shell(here, f"{CHAPTER} --chapter-results=closed.json <&- >&- 2>&-")

    assert (status, (here.folder / "closed.json").read_bytes()[:1]) == (0, b"{")


@pytest.mark.parametrize("place", ["/dev/full", "/no/such/folder/summary.md"])
def test_a_step_summary_that_cannot_be_written_is_said(here: Place, place: str) -> None:
    status, output, _ = _shell(here, CHAPTER, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=place)

    assert (status, output.count("The step summary is not written.")) == (0, 1)


def test_a_results_file_that_cannot_be_written_after_all_is_said(here: Place) -> None:
    removing = "@about('removes')\ndef removes(record):\n    os.rmdir('out')\n    record.saw('it is gone')\n"
    with _more(here, removing):
        (here.folder / "out").mkdir()
        status, output, _ = _shell(here, f"{CHAPTER} --chapter-results=out/results.json")

    assert (status, output.count("A file cannot be written: ")) == (0, 1)


def test_a_limit_on_the_size_of_files_is_said(here: Place) -> None:
    with _more(here, "@about('long')\ndef long(record):\n    record.saw('x' * 3000)\n"):
        status, output, errors = _shell(here, f"{CHAPTER} --chapter-results=limited.json", before="ulimit -f 1; ")

    assert (status, output.count("A file cannot be written: "), "Traceback" in errors) == (0, 1, False)


def test_a_folder_that_is_gone_is_said(here: Place) -> None:
    status, _, errors = _shell(here, f"{KERASCH2} table held.json", before="mkdir gone; cd gone; rmdir ../gone; ")

    assert (status, "Traceback" in errors, "\n" in errors.strip()) == (2, False, False)
