"""However a child ends, its parent lives, is told what happened, and finds nothing left behind."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from pytest_kerasch2 import errors
from pytest_kerasch2.subprocesses.job import Job, JobOutcome, last_words, value_of
from pytest_kerasch2.subprocesses.runner import in_line, run

linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc")
posix = pytest.mark.skipif(os.name != "posix", reason="signals and process groups")

TARGETS = """
import contextlib, os, signal, subprocess, sys, threading, time
from pytest_kerasch2 import errors
STATE = []
def add(a, b): return a + b
def odd(): return {"t": (1, 2), "none": None, "text": "\\u00e9\\ud83d\\ude00", "inf": float("inf")}
def big(n): return "x" * n
def flood(n):
    sys.stdout.write("o" * n); sys.stderr.write("line\\n" * (n // 5))
    return "done"
def endless():
    while True: sys.stderr.write("spam " * 20000)
def numbers():
    import numpy as np
    return [np.float32(0.5), np.arange(3), np.bool_(True)]
def opaque(): return object()
def abort():
    sys.stderr.write("last words\\n"); sys.stderr.flush(); os.abort()
def segfault(): os.kill(os.getpid(), signal.SIGSEGV)
def leave(n): sys.exit(n)
def hard(n): os._exit(n)
def boom(): raise ValueError("no\\ngood")
def family(): raise errors.NotApplicable("a", "b", "c")
def hang(): time.sleep(1000)
def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(1000)
def brood(file):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
    with open(file, "w") as out: out.write(str(child.pid))
    time.sleep(1000)
def escaped_brood(file):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
    with open(file, "w") as out: out.write(str(child.pid))
    time.sleep(1000)
def big_brood():
    child = subprocess.Popen([sys.executable, "-c", "held = bytearray(3 * 10**8); import time; time.sleep(1000)"])
    time.sleep(1000)
def leaves_brood(file):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
    with open(file, "w") as out: out.write(str(child.pid))
    return child.pid
def hog():
    held = []
    while True: held.append(bytearray(10**7))
def turn():
    import re
    re.match("(a+)+$", "a" * 60 + "b")
def take(mib): return len(bytearray(mib * 2**20)) // 2**20
def thread_left():
    threading.Thread(target=time.sleep, args=(1000,)).start()
    return "answered"
def surroundings():
    return [os.getcwd(), {n: os.environ.get(n) for n in ("HOME", "KERAS_HOME", "TMPDIR", "MINE", "PYTHONHASHSEED")},
            [m for m in ("numpy", "tensorflow", "pytest") if m in sys.modules]]
@contextlib.contextmanager
def injected():
    STATE.append("injected")
    yield
@contextlib.contextmanager
def bad_plant():
    raise RuntimeError("no soil")
    yield
def seen(): return STATE
class Group:
    @staticmethod
    def member(): return "member"
"""


@pytest.fixture(autouse=True)
def targets(tmp_path, monkeypatch):
    """Put the targets on the path, give children's folders a place of their own, and require it empty at the end."""
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "child_targets.py").write_text(TARGETS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "path"))
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    threads = threading.active_count()
    yield
    assert list((tmp_path / "temp").iterdir()) == []
    assert threading.active_count() == threads


def job(name, *arguments, **limits):
    return Job(f"child_targets:{name}", arguments, **limits)


def gone(pid):
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":  # killed; its reaping is up to whoever adopted it
            return True
        time.sleep(0.02)
    return False


def test_value():
    outcome = run(job("add", 1, 2))

    assert (outcome.value, outcome.answered, outcome.target) == (3, True, "child_targets:add")
    assert outcome.seconds > 0


def test_values_of_many_kinds():
    expected = {"t": [1, 2], "none": None, "text": "\u00e9\U0001f600", "inf": float("inf")}

    assert value_of(run(job("odd"))) == expected
    assert value_of(run(job("Group.member"))) == "member"


def test_numpy_values():
    pytest.importorskip("numpy")

    assert value_of(run(job("numbers"))) == [0.5, [0, 1, 2], True]


def test_big_value_and_big_output(capfd):
    assert value_of(run(job("big", 5_000_000))) == "x" * 5_000_000
    outcome = run(job("flood", 2_000_000))

    assert outcome.value == "done"
    assert 0 < len(outcome.stderr_tail) <= 20
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "arguments", "killed_by"),
    [
        pytest.param("abort", (), "signal SIGABRT", marks=posix),
        pytest.param("segfault", (), "signal SIGSEGV", marks=posix),
        ("leave", (3,), "exit status 3"),
        ("leave", (0,), "exit status 0 without a result"),
        ("hard", (4,), "exit status 4"),
        ("hard", (0,), "exit status 0 without a result"),
    ],
)
def test_deaths(name, arguments, killed_by):
    outcome = run(job(name, *arguments))

    assert (outcome.killed_by, outcome.value, outcome.error) == (killed_by, None, None)
    with pytest.raises(errors.ChildDied, match=killed_by):
        value_of(outcome)


@posix
def test_last_words_are_quoted():
    with pytest.raises(errors.ChildDied, match=r"last words.*in abort"):
        value_of(run(job("abort")))


@posix
def test_processor_time():
    outcome = run(job("turn", deadline=60.0, processor_seconds=1))

    assert outcome.killed_by == "signal SIGXCPU"
    assert outcome.seconds < 30


@linux
@pytest.mark.parametrize(("mib", "ends"), [(20, None), (400, "MemoryError")])
def test_address_space(mib, ends):
    outcome = run(job("take", mib, address_mib=100))

    assert (outcome.error or {}).get("type") == ends


@linux
def test_limits_hold_for_the_target_alone():
    first, second = in_line([job("take", 400, address_mib=100, place=0), job("take", 400, place=1)])

    assert (first.error["type"], second.value) == ("MemoryError", 400)


@pytest.mark.parametrize("name", ["hang", "stubborn"])
def test_deadline(name):
    outcome = run(job(name, deadline=1.0))

    assert outcome.killed_by == "deadline of 1 s"
    assert outcome.seconds < 4
    if os.name == "posix":
        assert f"in {name}" in last_words(outcome.stderr_tail)


@linux
@pytest.mark.parametrize("name", ["brood", "escaped_brood", "leaves_brood"])
def test_what_the_child_started_dies_with_it(name, tmp_path):
    file = tmp_path / "pid"

    run(job(name, str(file), deadline=2.0))

    assert gone(int(file.read_text()))


@pytest.mark.parametrize("name", ["hog", "big_brood"])
def test_memory_limit(name):
    outcome = run(job(name, memory_mib=200))

    assert outcome.killed_by == "memory limit of 200 MiB"


def test_output_without_end():
    outcome = run(job("endless", deadline=60.0))

    assert outcome.killed_by == "limit of 64 MiB on standard error"


def test_a_thread_left_running_does_not_delay_the_answer():
    outcome = run(job("thread_left", deadline=20.0))

    assert outcome.value == "answered"
    assert outcome.seconds < 10


def test_exception():
    outcome = run(job("boom"))

    assert outcome.error["type"] == "ValueError"
    assert outcome.error["message"] == "no\ngood"
    assert outcome.error["where"].startswith("child_targets.py:")
    with pytest.raises(errors.ChildDied, match="ValueError"):
        value_of(outcome)


def test_error_of_the_family_is_raised_as_itself():
    with pytest.raises(errors.NotApplicable) as caught:
        value_of(run(job("family")))

    assert (caught.value.happened, caught.value.found, caught.value.remedy) == ("a", "b", "c")


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("child_targets:opaque", "TypeError"),
        ("child_targets:absent", "AttributeError"),
        ("no_such_module_kerasch2:f", "ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_called_or_told_is_an_error(target, kind):
    assert run(Job(target)).error["type"] == kind


def test_surroundings_are_private(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/theirs")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    folder, variables, loaded = value_of(run(job("surroundings", environment={"MINE": "1"})))
    temp = str(tmp_path / "temp")

    assert folder.startswith(temp)
    assert all(variables[name].startswith(temp) for name in ("HOME", "KERAS_HOME", "TMPDIR"))
    assert (variables["MINE"], variables["PYTHONHASHSEED"]) == ("1", "7")
    assert loaded == []


def test_environment_can_remove_a_variable():
    variables = value_of(run(job("surroundings", environment={"KERAS_HOME": None})))[1]

    assert variables["KERAS_HOME"] is None


def test_injected_faults_are_entered():
    assert value_of(run(job("seen", injected=("child_targets:injected",)))) == ["injected"]
    assert value_of(run(job("seen"))) == []


def test_a_fault_that_cannot_be_planted_is_an_error():
    assert run(job("seen", injected=("child_targets:bad_plant",))).error["message"] == "no soil"


def test_stop_from_another_thread():
    stop = threading.Event()
    timer = threading.Timer(0.5, stop.set)
    timer.start()
    outcome = run(job("hang"), stop)
    timer.join()

    assert outcome.killed_by == "the end of the run"


@linux
def test_a_child_ends_with_its_parent(tmp_path):
    import signal
    import subprocess

    file = tmp_path / "pid"
    code = (
        "import sys; sys.path[:0] = [{!r}]; import tempfile; tempfile.tempdir = {!r};"
        "from pytest_kerasch2.subprocesses.job import Job; from pytest_kerasch2.subprocesses.runner import run;"
        "run(Job('child_targets:brood', ({!r},)))"
    ).format(str(tmp_path / "path"), str(tmp_path), str(file))
    parent = subprocess.Popen([sys.executable, "-c", code])
    for _ in range(200):
        if file.exists() and file.read_text():
            break
        time.sleep(0.05)
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)

    assert gone(int(file.read_text()))


@pytest.mark.parametrize("target", ["", "module", "module:", ":f", "a-b:f", "m:f()", "m:f\n"])
def test_a_target_that_names_no_function_is_refused(target):
    with pytest.raises(errors.InvalidArgument, match="must name a function"):
        Job(target)


@pytest.mark.parametrize("limit", ["deadline", "memory_mib", "address_mib", "processor_seconds"])
def test_a_limit_that_is_not_positive_is_refused(limit):
    with pytest.raises(errors.InvalidArgument, match=f"{limit} 0"):
        Job("m:f", **{limit: 0})


def test_an_argument_that_is_not_json_is_refused():
    with pytest.raises(errors.InvalidArgument, match="not JSON"):
        Job("m:f", (object(),))


def test_equal_jobs_have_one_key():
    one = Job("m:f", (1, [2]), {"A": "1", "B": None})
    two = Job("m:f", (1, (2,)), {"B": None, "A": "1"})

    assert one == two
    assert (hash(one), one.key) == (hash(two), two.key)
    assert one.key != Job("m:f", (1, [3])).key


def test_outcome_survives_json():
    outcome = JobOutcome(value=[1, None], seconds=1.5, stderr_tail=("a",), target="m:f")

    assert JobOutcome.from_json(outcome.as_json()) == outcome
