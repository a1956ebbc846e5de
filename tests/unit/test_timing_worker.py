"""The process of a side, as it runs; and the suites that it times."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, Iterator

import numpy as np
import pytest

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.timing import benchmark_suite, timed_processes
from pytest_kerasch2.timing.timed_processes import ComparedSide, TimedProcess

SUITE = """
import numpy as np


def benchmarks():
    unknown = {"model": 1, "data": 2, "speed": 3}
    worse = {"worse": lambda: small("fit", uphill), "mapping": mapping}
    return {"small": small, "wrong": lambda: 7, "unknown": lambda: unknown, **worse}


def small(mode="predict", optimizer=lambda tf: "adam"):
    from pytest_kerasch2.framework import api

    tf = api.tensorflow()
    print("what is printed is no answer")
    model = tf.keras.Sequential([tf.keras.layers.Dense(2, activation="softmax")])
    model.compile(optimizer=optimizer(tf), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    x = np.random.RandomState(0).uniform(size=(64, 4)).astype("float32")
    return {"model": model, "data": (x, (x.sum(axis=1) > 2).astype("int64")), "batch_size": 16, "mode": mode}


def uphill(tf):
    return tf.keras.optimizers.SGD(-0.1)


def mapping():
    from pytest_kerasch2.framework import api

    keras = api.keras()
    a, b = keras.Input((4,), name="a"), keras.Input((2,), name="b")
    model = keras.Model([a, b], keras.layers.Dense(1)(keras.layers.Concatenate()([a, b])))
    model.compile("sgd", "mse")
    x = np.random.RandomState(0).uniform(size=(64, 4)).astype("float32")
    return {"model": model, "data": ({"a": x, "b": x[:, :2]}, x[:, :1]), "batch_size": 16}


nothing = None


def number():
    return 7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a suite of somebody's own, from which modules are imported."""
    (tmp_path / "steps_of_mine.py").write_text(SUITE, encoding="utf-8")
    # What lies beside the suite does not hide what is installed.
    (tmp_path / "numpy.py").write_text("raise SystemExit('not this one')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("steps_of_mine", None)


@pytest.fixture
def worker(folder: Path) -> Iterator[TimedProcess]:
    with timed_processes.copied_package() as package:
        side = ComparedSide("mine", Path(sys.executable), folder)
        with timed_processes.fresh_processes([side], package, hash_seed=0) as (result,):
            yield result


def test_a_process_tells_what_it_is_and_times_what_it_is_asked_for(worker: TimedProcess) -> None:
    named = {"suite": "steps_of_mine:benchmarks"}
    about = worker.ask("about", **named)
    opened = worker.ask("open", **named, name="small", device="cpu", slowdown=0.0)

    worker.ask("blocks", name="small", pause_point=opened["pause_point"], count=3, calls=5, untimed=1)
    done = [worker.ask("block") for _ in range(3)]

    assert (about["benchmarks"], about["environment"]["python"]) == (
        ["small", "wrong", "unknown", "worse", "mapping"],
        sys.version.split()[0],
    )
    # Up to 2.1 `predict` is stopped at its epochs, of four batches each.
    steps = 5 * {"call": 1, "epoch": 4}[opened["pause_point"]]
    assert [(one["steps"], one["seconds"] > 0) for one in done] == [(steps, True)] * 3
    # The run ends, and did what it was to do.
    assert worker.ask("block") == {}
    with pytest.raises(InvalidArgument, match="Name one of small"):
        worker.ask("open", **named, name="other", device="cpu", slowdown=0.0)


@pytest.mark.slow  # starts TensorFlow in a process of its own
def test_inputs_in_a_mapping_are_checked_and_timed_in_blocks(worker: TimedProcess) -> None:
    options = {"suite": "steps_of_mine:benchmarks", "name": "mapping", "device": "cpu"}
    opened = worker.ask("open", **options, slowdown=0.0, verify=True)

    worker.ask("blocks", name="mapping", pause_point=opened["pause_point"], count=2, calls=5, untimed=1)
    done = [worker.ask("block") for _ in range(2)]

    assert ("off" in opened["work_check"], all(one["seconds"] > 0 for one in done)) == (True, True)


@pytest.mark.parametrize("ended", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["of-itself", "killed"])
def test_a_process_leaves_no_temporary_file(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    for name in timed_processes.TEMPORARY:
        monkeypatch.setenv(name, str(place))
    with timed_processes.copied_package() as package:
        side = ComparedSide("mine", Path(sys.executable), folder)
        worker = TimedProcess(side, timed_processes.spawned(side, package))
        # To prove what its steps do, it traces functions, of which TensorFlow writes files.
        worker.ask("open", suite="steps_of_mine:benchmarks", name="worse", device="cpu", verify=True)
        if ended:
            worker.process.kill()

        worker.close()

    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("nowhere:benchmarks", "cannot be loaded"),
        ("steps_of_mine:missing", "cannot be loaded"),
        ("steps_of_mine:nothing", "cannot be loaded"),
        ("steps_of_mine:number", "must return a mapping"),
        ("steps_of_mine", "suite must be written as MODULE:FUNCTION"),
        (":benchmarks", "suite must be written as MODULE:FUNCTION"),
    ],
)
def test_a_suite_that_cannot_be_used_is_refused(folder: Path, named: str, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        benchmark_suite.load_suite(named)


@pytest.mark.parametrize("name", ["wrong", "unknown"])
def test_a_benchmark_that_says_too_little_or_too_much_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(InvalidArgument, match="the first two at least"):
        benchmark_suite.load_suite("steps_of_mine:benchmarks")[name]()


def test_synthetic_images_can_be_classified() -> None:
    x, labels = benchmark_suite.synthetic_images()

    rows = x.reshape(len(x), 28, 28).mean(axis=2)
    brightest: Any = np.array([rows[labels == label].mean(axis=0).argmax() // 2 for label in range(10)])
    assert (x.shape, x.dtype, float(x.min()) >= 0, float(x.max()) <= 1) == ((1280, 28, 28), np.float32, True, True)
    assert brightest.tolist() == list(range(10))
