from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pytest_kerasch2.errors import InvalidArgument, InvalidMeasurement
from pytest_kerasch2.timing import deadline


def _never_end() -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        time.sleep(0.01)


def test_what_never_ends_is_stopped() -> None:
    began = time.monotonic()

    with pytest.raises(InvalidMeasurement, match=r"not ended after 0\.1 s"), deadline.within(0.1):
        _never_end()

    assert time.monotonic() - began < 20


def test_what_ends_in_time_is_left_alone() -> None:
    with deadline.within(0.2):
        pass

    time.sleep(0.4)


def test_what_heeds_ctrl_c_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(InvalidMeasurement), deadline.within(0.1):
            _never_end()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_nothing_is_stopped() -> None:
    ended = []

    def work() -> None:
        with deadline.within(0.05):
            time.sleep(0.2)
            ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert ended == [True]


def test_ctrl_c_is_still_that_of_the_user() -> None:
    with pytest.raises(KeyboardInterrupt), deadline.within(60):
        raise KeyboardInterrupt


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_a_deadline_is_a_time(seconds: float) -> None:
    with pytest.raises(InvalidArgument), deadline.within(seconds):
        pass


@pytest.mark.parametrize(
    "before",
    ["import_environment.own_keras_home()", "import_environment.own_keras_home = None"],
    ids=["home", "broken"],
)
def test_a_process_that_is_ended_leaves_no_keras_home(tmp_path: Path, before: str) -> None:
    code = (
        "from pytest_kerasch2.framework import import_environment; from pytest_kerasch2.timing import deadline; "
        f"{before}; deadline._end_process(1.0, lambda: None)"
    )
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(tmp_path))

    ended = subprocess.run([sys.executable, "-c", code], env={**os.environ, **temporary}, stderr=subprocess.DEVNULL)

    assert (ended.returncode, list(tmp_path.iterdir())) == (deadline.STATUS, [])
