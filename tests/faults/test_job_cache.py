"""One job runs once, whoever asks; dead workers, damaged results and interrupts cost nothing but that."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import filelock
import psutil
import pytest

from pytest_kerasch2.subprocesses.job import Job, lines, value_of
from pytest_kerasch2.subprocesses.job_cache import JobCache
from pytest_kerasch2.subprocesses.runner import in_line

TARGETS = """
import os, time
def count(folder, seconds=0.2):
    with open(os.path.join(folder, str(os.getpid())), "w"): pass
    time.sleep(seconds)
    return os.getpid()
def hang(folder):
    with open(os.path.join(folder, str(os.getpid())), "w"): pass
    time.sleep(1000)
def answer(word): return [word, os.getpid()]
def abort(): os.abort()
"""
WORKER = """
import sys
sys.path[:0] = [sys.argv[1]]
from pytest_kerasch2.subprocesses.job_cache import JobCache
from pytest_kerasch2.subprocesses.job import Job
jobs = [Job("desk_targets:count", (sys.argv[3], 0.2 + n / 100)) for n in range(4)]
with JobCache(sys.argv[2]) as desk:
    desk.start(jobs)
    print([desk.outcome(job).value for job in jobs])
"""


HANGING_WORKER = """
import sys, time
sys.path[:0] = [sys.argv[1]]
from pytest_kerasch2.subprocesses.job_cache import JobCache
from pytest_kerasch2.subprocesses.job import Job
JobCache(sys.argv[2]).start([Job("desk_targets:hang", (sys.argv[3],))])
time.sleep(1000)
"""


MULTIPLYING = """
import sys, time
import numpy as np
sys.path[:0] = [sys.argv[1]]
from pytest_kerasch2.subprocesses.job_cache import JobCache
from pytest_kerasch2.subprocesses.job import Job
jobs = [Job("desk_targets:count", (sys.argv[3], n / 1000)) for n in range(20)]
matrix = np.random.rand(300, 300)
with JobCache(sys.argv[2]) as desk:
    desk.start(jobs)
    while desk._kept(jobs[-1]) is None:
        matrix @ matrix
"""


def eventually(is_so, seconds=20.0):
    """Whether something becomes so."""
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        time.sleep(0.02)
    return is_so()


@pytest.fixture(autouse=True)
def no_thread_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A folder in which each run of a target leaves a file."""
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "desk_targets.py").write_text(TARGETS)
    monkeypatch.syspath_prepend(str(tmp_path / "path"))
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


def count(runs, seconds=0.2, **limits):
    return Job("desk_targets:count", (str(runs), seconds), **limits)


def test_a_job_runs_once(tmp_path, runs):
    with JobCache(tmp_path / "desk") as desk:
        first, second = desk.outcome(count(runs)), desk.outcome(count(runs))
    with JobCache(tmp_path / "desk") as other:
        third = other.outcome(count(runs))

    assert first == second == third
    assert len(list(runs.iterdir())) == 1


def test_background_work_is_found(tmp_path, runs):
    with JobCache(tmp_path / "desk") as desk:
        desk.start([count(runs, 0.1), count(runs, 0.2)])
        outcomes = [desk.outcome(count(runs, 0.2)), desk.outcome(count(runs, 0.1))]

    assert all(outcome.answered for outcome in outcomes)
    assert len(list(runs.iterdir())) == 2


def test_the_background_works_unasked_and_is_no_thread_of_this_process(tmp_path, runs):
    threads = set(threading.enumerate())
    job = count(runs, 0.0)

    with JobCache(tmp_path / "desk") as desk:
        desk.start([job])
        assert set(threading.enumerate()) == threads
        assert eventually((tmp_path / "desk" / f"{job.key}.json").exists)


def test_the_background_goes_on_beside_a_process_that_multiplies_matrices(tmp_path, runs):
    """With a thread that starts the children, CPython up to 3.9 hangs here: OpenBLAS waits for its threads."""
    order = [str(tmp_path / "path"), str(tmp_path / "desk"), str(runs)]

    subprocess.run([sys.executable, "-c", MULTIPLYING, *order], timeout=60, check=True)

    assert len(list(runs.iterdir())) == 20


def test_the_background_ends_with_a_process_that_is_killed(tmp_path, runs):
    order = [str(tmp_path / "path"), str(tmp_path / "desk"), str(runs)]
    worker = subprocess.Popen([sys.executable, "-c", HANGING_WORKER, *order])
    assert eventually(lambda: any(runs.iterdir()))
    worker.kill()
    worker.wait()

    (child,) = (int(file.name) for file in runs.iterdir())
    assert eventually(lambda: not psutil.pid_exists(child))


def test_without_its_background_a_desk_does_the_jobs_itself(tmp_path, runs, monkeypatch):
    monkeypatch.setattr("pytest_kerasch2.subprocesses.job_cache._BACKGROUND", "pytest_kerasch2.no_such_module")

    with JobCache(tmp_path / "desk") as desk:
        desk.start([count(runs, 0.1)])
        assert desk.outcome(count(runs, 0.1)).answered
        desk.start([count(runs, 0.2)])
        assert desk.outcome(count(runs, 0.2)).answered


def answer(word, **more):
    return Job("desk_targets:answer", (word,), **more)


def test_jobs_with_a_place_share_an_interpreter_in_that_order(runs):
    alone, second, first = answer("alone"), answer("second", place=2), answer("first", place=1)

    assert lines([alone, second, first]) == [(alone,), (first, second)]
    assert len({value_of(outcome)[1] for outcome in in_line([first, second])}) == 1


@pytest.mark.parametrize("other", [{"environment": {"MINE": "1"}}, {"injected": ("desk_targets:abort",)}])
def test_jobs_that_need_another_interpreter_do_not_share_one(other):
    one, two = answer("one", place=1), answer("two", place=2, **other)

    assert lines([one, two]) == [(one,), (two,)]


def test_a_death_costs_its_own_job_alone(tmp_path, runs):
    before, dies, after = answer("before", place=1), Job("desk_targets:abort", place=2), answer("after", place=3)

    with JobCache(tmp_path / "desk") as desk:
        desk.start([after, dies, before])
        outcomes = [desk.outcome(job) for job in (before, dies, after)]

    assert [outcome.killed_by for outcome in outcomes] == [None, "signal SIGABRT", None]


def test_the_deadline_of_a_job_begins_when_the_one_before_it_is_done(runs):
    slow = count(runs, 1.5, deadline=30.0, place=1)
    hangs = Job("desk_targets:hang", (str(runs),), deadline=1.0, place=2)

    outcomes = list(in_line([slow, hangs]))

    assert [outcome.killed_by for outcome in outcomes] == [None, "deadline of 1 s"]


def test_a_job_of_a_line_can_be_asked_for_without_a_start(tmp_path, runs):
    with JobCache(tmp_path / "desk") as desk:
        assert value_of(desk.outcome(answer("third", place=3)))[0] == "third"


def test_more_jobs_can_be_started_after_the_first_are_done(tmp_path, runs):
    with JobCache(tmp_path / "desk") as desk:
        desk.start([count(runs, 0.1)])
        assert desk.outcome(count(runs, 0.1)).answered
        time.sleep(0.3)
        desk.start([count(runs, 0.3)])
        assert desk.outcome(count(runs, 0.3)).answered

    assert len(list(runs.iterdir())) == 2


def test_two_processes_share_each_job(tmp_path, runs):
    command = [sys.executable, "-c", WORKER, str(tmp_path / "path"), str(tmp_path / "desk"), str(runs)]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    lines = [worker.communicate(timeout=60)[0] for worker in workers]

    assert lines[0] == lines[1] != b""
    assert len(list(runs.iterdir())) == 4


def test_lock_of_a_dead_worker_is_free(tmp_path, runs):
    job = count(runs)
    (tmp_path / "desk").mkdir()
    file = str(tmp_path / "desk" / f"{job.key}.lock")
    code = f"import filelock, os; filelock.FileLock({file!r}).acquire(); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code], timeout=60)

    with JobCache(tmp_path / "desk") as desk:
        outcome = desk.outcome(job)

    assert outcome.answered
    assert outcome.seconds < 10


@pytest.mark.parametrize("text", ["", "{", "[]", '{"value": 1}', "null", '{"stderr_tail": [], "more": 1}'])
def test_damaged_result_is_run_again(tmp_path, runs, text):
    job = count(runs, 0.0)
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / f"{job.key}.json").write_text(text)

    with JobCache(tmp_path / "desk") as desk:
        assert desk.outcome(job).answered

    assert len(list(runs.iterdir())) == 1


def test_a_lock_that_is_never_given_back_is_waited_for_and_then_done_without(tmp_path, runs, monkeypatch):
    job = count(runs, 0.0)
    (tmp_path / "desk").mkdir()
    clock = time.monotonic
    monkeypatch.setattr("pytest_kerasch2.subprocesses.job_cache.time.monotonic", lambda: clock() * 200)
    with filelock.FileLock(str(tmp_path / "desk" / f"{job.key}.lock")), JobCache(tmp_path / "desk") as desk:
        monkeypatch.setattr("pytest_kerasch2.subprocesses.job_cache.run", lambda job, stop: "ran alone")
        assert desk.outcome(job) == "ran alone"


def test_closing_kills_what_runs(tmp_path, runs):
    desk = JobCache(tmp_path / "desk")
    desk.start([Job("desk_targets:hang", (str(runs),))])
    assert eventually(lambda: any(runs.iterdir()))
    desk.close()

    (child,) = (int(file.name) for file in runs.iterdir())
    assert not psutil.pid_exists(child)
    assert not list((tmp_path / "desk").glob("*.json"))
    assert desk.outcome(count(runs)).killed_by == "the end of the run"


def test_interrupt_while_waiting_leaves_nothing(tmp_path, runs, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_kerasch2.subprocesses.runner._watch", interrupted)
    with JobCache(tmp_path / "desk") as desk:
        with pytest.raises(KeyboardInterrupt):
            desk.outcome(count(runs))
        monkeypatch.undo()
        monkeypatch.syspath_prepend(str(tmp_path / "path"))
        assert desk.outcome(count(runs, 0.1)).answered


def test_closing_twice_is_closing(tmp_path):
    desk = JobCache(tmp_path / "desk")
    desk.close()
    desk.close()
