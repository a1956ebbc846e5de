"""Forks of one interpreter as the processes of a comparison; but for one test it has no framework."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from pytest_kerasch2 import ending
from pytest_kerasch2.errors import ChildDied
from pytest_kerasch2.timing import fork_server, forking, timed_processes
from pytest_kerasch2.timing.fork_server import CannotFork, ForkServer, ProcessStarter
from pytest_kerasch2.timing.timed_processes import ComparedSide, TimedProcess
from tests.builders import stand_in_interpreter
from tests.builders.forked_interpreter import interpreter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")


@pytest.fixture
def two_sides(tmp_path: Path) -> list[ComparedSide]:
    """Two sides of one interpreter, each with a folder of its own."""
    python = interpreter(tmp_path)
    sides = []
    for name in ("old", "new"):
        folder = tmp_path / name
        folder.mkdir()
        sides.append(ComparedSide(name, python, folder, import_first=(folder,)))
    return sides


@pytest.fixture
def server(two_sides: list[ComparedSide], tmp_path: Path) -> Iterator[ForkServer]:
    server = ForkServer(two_sides, tmp_path, hash_seed=7)
    yield server
    server.close()


@pytest.fixture
def forks(server: ForkServer, two_sides: list[ComparedSide]) -> Iterator[list[TimedProcess]]:
    with server.processes(two_sides, deadline=60) as processes:
        yield processes


def test_each_fork_is_a_process_in_the_folder_of_its_side(
    forks: list[TimedProcess], two_sides: list[ComparedSide]
) -> None:
    places = [process.ask("where") for process in forks]

    assert [Path(one["folder"]) for one in places] == [side.folder for side in two_sides]
    assert len({one["process"] for one in places} | {os.getpid()}) == 3


def test_what_a_side_imports_first_comes_behind_this_package_alone(
    forks: list[TimedProcess], two_sides: list[ComparedSide]
) -> None:
    paths = [process.ask("where")["path"] for process in forks]

    assert [path[forking.PACKAGE] for path in paths] == [str(side.folder) for side in two_sides]


def test_what_a_fork_starts_imports_as_the_fork_does(forks: list[TimedProcess], two_sides: list[ComparedSide]) -> None:
    variables = [process.ask("where")["variables"]["PYTHONPATH"] for process in forks]

    assert [str(side.folder) in one.split(os.pathsep) for side, one in zip(two_sides, variables)] == [True, True]


def test_all_forks_have_one_hash_seed_and_draw_different_numbers(forks: list[TimedProcess]) -> None:
    places = [process.ask("where") for process in forks]

    assert [one["variables"]["PYTHONHASHSEED"] for one in places] == ["7", "7"]
    assert places[0]["drawn"] != places[1]["drawn"]


def test_each_fork_has_a_temporary_folder_which_its_end_removes(
    server: ForkServer, two_sides: list[ComparedSide]
) -> None:
    with server.processes(two_sides, deadline=60) as processes:
        places = [Path(process.ask("where")["temporary"]) for process in processes]
        assert [place.is_dir() for place in sorted(set(places))] == [True, True]

    assert not any(place.exists() for place in places)


def test_a_fork_that_is_killed_has_the_status_of_a_killed_process(forks: list[TimedProcess]) -> None:
    os.kill(forks[0].ask("where")["process"], signal.SIGKILL)

    with pytest.raises(ChildDied, match=f"old: exit status -{int(signal.SIGKILL)}"):
        forks[0].ask("where")


def test_what_a_fork_raises_is_in_its_own_standard_error(forks: list[TimedProcess]) -> None:
    with pytest.raises(ChildDied, match=r"exit status 1: .*nothing_of_this_name"):
        forks[0].ask("nothing_of_this_name")

    assert forks[1].ask("where")["process"]


def test_a_server_that_is_killed_takes_its_forks_with_it(forks: list[TimedProcess]) -> None:
    place = forks[0].ask("where")
    os.kill(place["parent"], signal.SIGKILL)

    time.sleep(4 * ending.GLANCE)

    with pytest.raises(ChildDied):
        forks[0].ask("where")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"why_not": "importing it has started 8 threads"}, "has started 8 threads"),
        ({"compute": "time.sleep(600)"}, "compute had not ended after 0.5 s"),
        ({"compute": "os.abort()"}, "exit status -6"),
    ],
)
def test_what_cannot_be_forked_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: Any, message: str
) -> None:
    monkeypatch.setattr(fork_server, "FORK_DEADLINE", 0.5)
    monkeypatch.setattr(timed_processes, "WATCH_INTERVAL", 0.05)
    side = ComparedSide("mine", interpreter(tmp_path, **given), tmp_path)

    with pytest.raises(CannotFork, match=message), contextlib.closing(ForkServer([side], tmp_path, 0)) as server:
        server.processes([side], deadline=60).__enter__()


@pytest.mark.parametrize(
    ("change", "message"),
    [({"python": Path("other")}, "different environments"), ({"variables": {"A": "1"}}, "different environments")],
)
def test_sides_of_different_environments_share_no_import(two_sides: Any, change: Any, message: str) -> None:
    other = ComparedSide(**{**two_sides[1].__dict__, **change})

    with pytest.raises(CannotFork, match=message):
        fork_server.check_shared([two_sides[0], other])


@pytest.mark.parametrize("file", ["numpy.py", "numpy/__init__.py"])
def test_a_side_with_an_imported_module_of_its_own_is_not_forked(two_sides: Any, file: str) -> None:
    own = two_sides[1].folder / file
    own.parent.mkdir(exist_ok=True)
    own.write_text("", encoding="utf-8")

    with pytest.raises(CannotFork, match="new has a numpy of its own"):
        fork_server.check_imported(two_sides, ["numpy", "os"])


@pytest.mark.parametrize("file", ["numpy.md", "numpy/notes.txt"])
def test_a_file_that_is_no_module_hides_none(two_sides: Any, file: str) -> None:
    own = two_sides[1].folder / file
    own.parent.mkdir(exist_ok=True)
    own.write_text("", encoding="utf-8")

    fork_server.check_imported(two_sides, ["numpy", "os"])


def test_fresh_processes_take_the_place_of_forks_which_is_said_once(tmp_path: Path) -> None:
    side = ComparedSide("mine", stand_in_interpreter.interpreter(tmp_path / "mine"), tmp_path)
    said: list[str] = []
    starter = ProcessStarter([side], tmp_path, random.Random(0), said.append)

    answers = []
    for _ in range(2):
        with starter.started([side], deadline=60) as (process,):
            answers.append(process.ask("about")["benchmarks"])

    assert (answers, len(said)) == ([["fit", "predict"]] * 2, 1)


def test_the_next_server_has_another_hash_seed(two_sides: list[ComparedSide], tmp_path: Path) -> None:
    starter = ProcessStarter(two_sides, tmp_path, random.Random(0), lambda line: None)

    seeds = []
    for _ in range(2):
        with starter.started(two_sides, deadline=60) as processes:
            seeds.append(processes[0].ask("where")["variables"]["PYTHONHASHSEED"])
        starter.close()

    assert seeds[0] != seeds[1]


def test_an_import_that_starts_threads_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([2, 2 + forking.MAX_IMPORT_THREADS + 1])
    monkeypatch.setattr(forking, "_threads", lambda: next(counts))
    monkeypatch.setattr(forking.api, "keras", lambda: None)
    monkeypatch.setattr(forking.api, "runs_on_tensorflow", lambda: False)

    assert "threads" in forking.import_framework()


def test_a_fork_of_an_interpreter_with_the_framework_times_steps(tmp_path: Path) -> None:
    # TensorFlow is imported and forked: that its runtime starts in a fork is what all of this rests on.
    side = ComparedSide("mine", Path(sys.executable), tmp_path)
    with contextlib.ExitStack() as stack:
        package = stack.enter_context(timed_processes.copied_package())
        server = stack.enter_context(contextlib.closing(ForkServer([side], package, 0)))
        processes = stack.enter_context(server.processes([side, side], deadline=120))
        opened = [one.ask("open", suite=None, name="predict", device="cpu") for one in processes]

    assert [one["first_call"] > 0 for one in opened] == [True, True]
