"""What is asked to end, or is killed: what is decided stays, and neither a process nor a folder does."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from evaluation import small_places
from evaluation.kills import PYTEST
from evaluation.small_places import PYTHON, Place
from pytest_kerasch2 import cli, ending, folders
from pytest_kerasch2.accuracy import reference
from pytest_kerasch2.claims import results
from pytest_kerasch2.data import http_server
from pytest_kerasch2.folders import Owner
from pytest_kerasch2.suite import interruption

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked at in /proc")
ENDS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]
CHAPTER = (*PYTEST, "--chapter")
CALIBRATE = ["calibrate", "out.jsonl", "--training", "my_training:train", "--seeds", "200", "--jobs", "2"]
NOBODY = Owner(2**22 + 1, 1, folders.owner().where)


@pytest.fixture
def here(request: pytest.FixtureRequest) -> Iterator[Place]:
    with small_places.place(f"{os.getpid()}-{request.node.name}") as place:
        yield place


def _until(is_so: Callable[[], Any], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def _begun(here: Place, *more: str) -> subprocess.Popen[bytes]:
    """Start a chapter, and return when a part of it is decided."""
    small_places.with_chapter(here, checks=400, seconds=0.05)
    child = here.start((*CHAPTER, "--chapter-results=results.json", "-v", *more))
    _until(lambda: here.output().count("PASSED") > 2)
    return child


def _calibrating(here: Place) -> subprocess.Popen[bytes]:
    """Start a calibration, and return when some seeds are done."""
    small_places.with_training(here, seconds=0.1)
    child = here.start((*PYTHON, "-m", "evaluation.kerasch2_here", *CALIBRATE))
    out = here.folder / "out.jsonl"
    _until(lambda: out.exists() and out.read_bytes().count(b"\n") > 2)
    return child


@pytest.mark.parametrize("number", ENDS)
def test_a_run_that_is_asked_to_end_keeps_what_is_decided(here: Place, number: signal.Signals) -> None:
    child = _begun(here)
    child.send_signal(number)
    status = small_places.wait(child)

    record = results.read(here.folder / "results.json")
    assert (status, record["complete"], len(record["claims"]), here.left()) == (2, False, 1, []), here.output()


def test_so_does_one_with_workers_and_at_once(here: Place) -> None:
    child = _begun(here, "-n", "2")
    child.send_signal(signal.SIGTERM)
    _until((here.folder / "results.json").exists, 5)
    status = small_places.wait(child)

    assert small_places.until_none(here) is not None
    assert (status, results.read(here.folder / "results.json")["complete"], here.left()) == (2, False, [])


def test_the_workers_of_a_killed_run_end_and_the_next_one_removes_its_folders(here: Place) -> None:
    child = _begun(here, "-n", "2")
    child.kill()
    child.wait()

    assert small_places.until_none(here, 10) is not None
    left = here.left()
    small_places.wait(here.start((*CHAPTER, "-k", "nothing")))
    assert (left != [], here.left()) == (True, [])


@pytest.mark.parametrize("number", ENDS)
def test_a_calibration_that_is_asked_to_end_keeps_its_seeds(here: Place, number: signal.Signals) -> None:
    child = _calibrating(here)
    child.send_signal(number)
    status = small_places.wait(child)

    assert small_places.until_none(here, 5) is not None
    assert (status, len(reference.read(here.folder / "out.jsonl").runs) > 1, here.left()) == (130, True, [])


def test_the_workers_of_a_killed_calibration_end(here: Place) -> None:
    child = _calibrating(here)
    child.kill()
    child.wait()

    assert small_places.until_none(here, 10) is not None


def test_a_worker_that_is_killed_is_said_in_a_sentence(here: Place) -> None:
    small_places.with_training(here)
    training = here.folder / "my_training.py"
    text = training.read_text(encoding="utf-8")
    training.write_text(text.replace("import time; time.sleep(0.2)", "os.kill(os.getpid(), 9)"), encoding="utf-8")
    status = small_places.wait(here.start((*PYTHON, "-m", "evaluation.kerasch2_here", *CALIBRATE)))

    assert (status, "A process that trains has died" in here.output(), "Traceback" in here.output()) == (
        2,
        True,
        False,
    )


@pytest.fixture
def _heeding() -> Iterator[None]:
    """Heed the signals that this process may have been told to ignore, as below `nohup` or in the background."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_heeding")
@pytest.mark.parametrize("number", ENDS)
def test_a_signal_is_an_interrupt_within_and_what_it_was_afterwards(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    with pytest.raises(KeyboardInterrupt), ending.as_by_ctrl_c():
        os.kill(os.getpid(), number)

    assert (signal.getsignal(number), ending.is_asked()) == (before, False)


def _put_away(*more: signal.Signals) -> list[str]:
    """Be asked to end, and by other signals while things are put away; return what was."""
    done = []
    with contextlib.suppress(KeyboardInterrupt), ending.as_by_ctrl_c():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            for number in more:
                os.kill(os.getpid(), number)
            done.append("put away")
    return done


@pytest.mark.usefixtures("_heeding")
def test_what_else_comes_while_things_are_put_away_is_let_by() -> None:
    assert _put_away(signal.SIGHUP, signal.SIGTERM) == ["put away"]


@pytest.mark.usefixtures("_heeding")
def test_ctrl_c_ends_also_what_is_being_put_away() -> None:
    assert _put_away(signal.SIGINT) == []


def test_what_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending.as_by_ctrl_c():
            os.kill(os.getpid(), signal.SIGHUP)
            handler = signal.getsignal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert handler is signal.SIG_IGN


def test_a_check_that_takes_the_interrupt_for_an_error_decides_nothing_and_ends_the_run(here: Place) -> None:
    small_places.with_chapter(here, checks=0)
    section = here.folder / "small_chapter" / "section.py"
    section.write_text(
        section.read_text(encoding="utf-8")
        + """
@about('swallows')
def aa_swallows(record):
    try:
        os.kill(os.getpid(), 15)
        time.sleep(1)
    except BaseException:
        raise ClaimBroken('an error of the framework')

@about('later')
def later(record):
    record.equal('one', expected=1, actual=1)
""",
        encoding="utf-8",
    )
    status = small_places.wait(here.start((*CHAPTER, "--chapter-results=results.json", "-k", "swallows or later")))

    record = results.read(here.folder / "results.json")
    assert (status, record["complete"], [claim["id"] for claim in record["claims"]]) == (2, False, [])


PARENT = """
import subprocess, sys
from pytest_kerasch2 import ending
child = subprocess.Popen(ending.bound(["sleep", "60"]))
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="this can be asked of Linux")
def test_a_program_of_somebody_else_is_killed_with_what_started_it() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        place = Path(f"/proc/{int(parent.stdout.readline())}")
        _until(lambda: (place / "cmdline").read_bytes().startswith(b"sleep"))
        parent.kill()

    _until(lambda: not place.exists() or b") Z" in (place / "stat").read_bytes(), 10)


@pytest.mark.parametrize("number", ENDS)
def test_a_download_that_is_asked_to_end_leaves_nothing(here: Place, number: signal.Signals) -> None:
    content = b"0" * 2000
    (here.folder / "served").mkdir()
    (here.folder / "served" / "mnist.npz").write_bytes(content)
    with http_server.serve(here.folder / "served") as server:
        server.misbehave("mnist.npz", http_server.ServerFault("stall", 1000))
        child = here.start((*PYTHON, "-c", small_places.DOWNLOADING, server.url))
        _until(lambda: list((here.folder / "store").glob("*.part")) if (here.folder / "store").exists() else [])
        child.send_signal(number)
        small_places.wait(child)

    assert [path.name for path in (here.folder / "store").iterdir() if path.suffix != ".lock"] == []


# -- folders


def test_a_folder_has_its_owner_in_its_name() -> None:
    with folders.temporary("test") as folder:
        assert (folders.owner_of(folder.name), folder.is_dir()) == (folders.owner(), True)

    assert not folder.exists()


@pytest.mark.parametrize("owner", [NOBODY, Owner(os.getpid(), 1, NOBODY.where)], ids=["ended", "number given again"])
def test_what_a_dead_process_left_is_removed(tmp_path: Path, owner: Owner) -> None:
    (tmp_path / f"kerasch2-child-{owner}-abc" / "home").mkdir(parents=True)
    (tmp_path / f".kerasch2-file-{owner}-abc.part").touch()

    folders.sweep(tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        f"kerasch2-child-{folders.owner()}-abc",
        f"kerasch2-child-{Owner(NOBODY.pid, 1, '0' * 8)}-abc",
        "kerasch2-data-0",
        "kerasch2-of-mine",
    ],
    ids=["of a living process", "of another machine", "the store", "of somebody"],
)
def test_nothing_else_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()

    folders.sweep(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_link_of_such_a_name_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    (tmp_path / "swept").mkdir()
    (tmp_path / "swept" / f"kerasch2-child-{NOBODY}-abc").symlink_to(tmp_path / "mine")

    folders.sweep(tmp_path / "swept")

    assert (tmp_path / "mine" / "file").exists()


def test_a_process_that_ends_removes_what_it_has_made(tmp_path: Path) -> None:
    script = "from pytest_kerasch2 import folders; folders.make('one'); folders.make('two')"

    subprocess.run([sys.executable, "-c", script], env={**os.environ, "TMPDIR": str(tmp_path)}, check=True)

    assert list(tmp_path.iterdir()) == []


def test_a_command_removes_what_dead_ones_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"kerasch2-revision-{NOBODY}-abc").mkdir()

    cli.main(["table"])

    assert list(tmp_path.iterdir()) == []


def test_the_plugin_by_itself_changes_nothing(here: Place) -> None:
    (here.temporary / f"kerasch2-run-{NOBODY}-abc").mkdir()
    (here.folder / "test_it.py").write_text(
        "import signal\ndef test_it():\n    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
    )

    status = small_places.wait(here.start((*PYTHON, "-m", "pytest")))

    assert (status, len(here.left())) == (0, 1)


def test_a_frame_whose_line_python_does_not_know_is_left_out_of_the_traceback() -> None:
    class Lost:
        tb_lineno = None

        @property
        def lineno(self) -> int:
            return self.tb_lineno - 1  # type: ignore[operator,no-any-return]

    with pytest.raises(ValueError, match="it") as raised:
        raise ValueError("it")

    assert [interruption.has_line(one) for one in (Lost(), *raised.traceback)] == [False, True]


DATACLASS = """
import os, signal, sys
from pytest_kerasch2 import ending
try:
    with ending.as_by_ctrl_c():
        exec("os.kill(os.getpid(), signal.SIGTERM)\\nfor _ in range(10**6): pass")
except KeyboardInterrupt:
    pass
sys.exit(130)
"""


def test_an_interrupt_that_met_a_text_being_executed_does_not_change_the_status(tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(DATACLASS, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(small_places.ROOT)])

    done = subprocess.run(
        [sys.executable, "-m", "interrupted"], env={**os.environ, "PYTHONPATH": path}, timeout=60, check=False
    )

    assert done.returncode == 130
