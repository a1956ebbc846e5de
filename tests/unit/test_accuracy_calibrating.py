from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2 import cli
from pytest_kerasch2.accuracy import calibration, reference, training
from pytest_kerasch2.accuracy.calibration import CalibrationRequest
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.errors import BadReference, InvalidArgument
from pytest_kerasch2.framework import threads

pytest.importorskip("joblib", reason="trainings are spread by joblib, of the extra `accuracy`")
# TensorFlow's own, of old releases.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
BRIEF = Recipe(epochs=1)


@pytest.fixture
def order(tmp_path: Path) -> CalibrationRequest:
    return CalibrationRequest(tmp_path / "digits.jsonl", BRIEF, "digits", seeds=2)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds that were trained, by a trainer that only makes numbers up."""
    seeds: list[int] = []

    def train(recipe: Recipe, data: Any, seed: int) -> TrainingRun:
        seeds.append(seed)
        return TrainingRun(seed, (0.5 + seed / 100,), (0.8,), (0.4,), (0.85,), 1.0)

    monkeypatch.setattr(training, "train", train)
    # The framework of the tests' own process has begun to compute.
    monkeypatch.setattr(threads, "limit", lambda: None)
    return seeds


def test_each_seed_has_its_line(order: CalibrationRequest, trained: list[int]) -> None:
    actual = calibration.calibrate(order)

    assert (actual.seeds, trained) == ({0, 1}, [0, 1])
    assert actual == reference.read(order.out)


def test_what_is_there_is_not_trained_again(order: CalibrationRequest, trained: list[int]) -> None:
    calibration.calibrate(order)

    calibration.calibrate(replace(order, seeds=4))

    assert trained == [0, 1, 2, 3]


def test_seeds_may_begin_elsewhere(order: CalibrationRequest, trained: list[int]) -> None:
    assert calibration.calibrate(replace(order, first=100)).seeds == {100, 101}


def test_each_seed_is_told_with_how_many_are_done(order: CalibrationRequest, trained: list[int]) -> None:
    results: list[tuple[int, int, int]] = []

    calibration.calibrate(order, lambda run, done, expected: results.append((run.seed, done, expected)))

    assert results == [(0, 1, 2), (1, 2, 2)]


def test_an_interrupted_calibration_keeps_what_is_done(order: CalibrationRequest, trained: list[int]) -> None:
    def stop(run: TrainingRun, done: int, expected: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        calibration.calibrate(order, stop)

    assert reference.read(order.out).seeds == {0}


def test_the_data_and_the_release_are_told(order: CalibrationRequest, trained: list[int]) -> None:
    subject = calibration.calibrate(order).description

    assert (subject.data["name"], subject.data["train"], subject.environment["threads"]) == ("digits", 1500, 1)
    assert subject.recipe == BRIEF


@pytest.mark.parametrize("wrong", [{"seeds": 0}, {"jobs": 0}, {"first": -1}, {"data": "cifar10"}])
def test_what_cannot_be_calibrated_is_refused(order: CalibrationRequest, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        replace(order, **wrong)


def test_a_file_of_another_training_stops_it_before_any_training(order: CalibrationRequest, trained: list[int]) -> None:
    calibration.calibrate(order)

    with pytest.raises(BadReference, match="another training"):
        calibration.calibrate(replace(order, recipe=Recipe(epochs=2)))

    assert trained == [0, 1]


def test_the_command_says_what_came_of_it(
    tmp_path: Path, trained: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "digits.jsonl"

    status = cli.main(["calibrate", str(out), "--data=digits", "--seeds=2", "--epochs=1", "--jobs=1"])

    text = capsys.readouterr().out
    assert (status, "digits.jsonl: 2 seeds" in text, "seed 1: test accuracy 0.8500" in text) == (0, True, True)


def test_the_command_refuses_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["calibrate", str(tmp_path / "a.jsonl"), "--style=other"])

    assert (status, "There is no model style" in capsys.readouterr().err) == (cli.REFUSED, True)


@pytest.mark.slow  # starts TensorFlow in a process of its own
def test_a_process_that_computes_with_other_threads_is_refused(order: CalibrationRequest) -> None:
    """What the first line of a reference says of threads would not be true."""
    script = "import sys; from pytest_kerasch2.framework import api, threads; api.tensor([1.0]) + api.tensor([1.0])\n"
    script += "try: threads.limit()\nexcept Exception as error: sys.exit(type(error).__name__)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=240)

    assert done.stderr.strip().endswith("InvalidArgument")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills a group of processes")
def test_a_kill_at_any_instant_loses_nothing_that_was_done(tmp_path: Path) -> None:
    out = tmp_path / "digits.jsonl"
    command = f"from pytest_kerasch2.cli import main; main(['calibrate', {str(out)!r}, '--data=digits', '--seeds=40', "
    command += "'--epochs=1', '--jobs=2'])"
    child = subprocess.Popen([sys.executable, "-c", command], start_new_session=True, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 240
    while time.monotonic() < until and (not out.exists() or out.read_bytes().count(b"\n") < 4):
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    before = reference.read(out)

    again = [sys.executable, "-c", command.replace("--seeds=40", f"--seeds={len(before.runs) + 1}")]
    subprocess.run(again, check=True, stdout=subprocess.DEVNULL, timeout=240)

    record = reference.read(out)
    assert len(before.runs) >= 3
    assert set(before.runs) < set(record.runs)
