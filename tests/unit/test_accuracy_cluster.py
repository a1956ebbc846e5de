"""What takes the trainings past one machine: a Dask cluster of two workers here, one of which is killed half-way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator

import pytest

from pytest_kerasch2.accuracy import calibration, executors, reference
from pytest_kerasch2.accuracy.calibration import CalibrationRequest
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.errors import FrameworkMissing, InvalidArgument, TrainingFailed
from pytest_kerasch2.framework import threads

pytest.importorskip("joblib", reason="trainings are spread by joblib, of the extra `accuracy`")
# Of old releases of TensorFlow and of Dask themselves.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore:Couldn't detect a suitable IP address:RuntimeWarning"
)
SEEDS = 8
POSIX = pytest.mark.skipif(os.name != "posix", reason="kills a process")
# Where nothing listens.
NOBODY = "tcp://127.0.0.1:9"


def made_up(seed: int) -> TrainingRun:
    return TrainingRun(seed, (0.5,), (0.8,), (0.4,), (0.85,), 1.0)


def deadly(seed: int) -> TrainingRun:
    """Kill the worker that had this trained."""
    if seed == 2 and "subprocesses" in sys.argv[0]:
        os.kill(os.getppid(), signal.SIGKILL)
    return made_up(seed)


def _look_into(folder: str) -> None:
    os.environ["PYTHONPATH"] = folder


@pytest.fixture
def distributed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    # Old Dask keeps what its workers hold in the folder of the call.
    monkeypatch.chdir(tmp_path)
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        # Old Dask learns this machine's address from a datagram that it would send far away, and does without.
        if self.type == socket.SOCK_DGRAM:
            raise OSError("there is no network")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_here)
    return pytest.importorskip("distributed", reason="the cluster is Dask's, of the extra `cluster`")


@pytest.fixture
def cluster(distributed: Any) -> Iterator[Any]:
    """Two workers, each a process with one thread; one that was killed comes back."""
    with _cluster(distributed, 2) as local_cluster:
        yield local_cluster


def _cluster(distributed: Any, workers: int) -> Any:
    here = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    return distributed.LocalCluster(n_workers=workers, threads_per_worker=1, **here)


def test_without_dask_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(FrameworkMissing, match=r"distributed, which is not installed.*pytest-kerasch2\[cluster\]"):
        list(executors.run_trainings(made_up, [0], jobs=None, cluster=NOBODY))


@pytest.mark.parametrize("address", ["ray", "ray://127.0.0.1:9"])
def test_without_ray_it_is_said_what_to_install(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(FrameworkMissing, match=r"ray, which is not installed.*ray\[client\]"):
        list(executors.run_trainings(made_up, [0], jobs=None, cluster=address))


def test_where_nothing_is_left_to_train_no_cluster_is_asked() -> None:
    assert list(executors.run_trainings(made_up, [], jobs=None, cluster=NOBODY)) == []


def test_a_worker_of_another_release_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "limit", lambda: None)
    order = CalibrationRequest(tmp_path / "digits.jsonl", Recipe(epochs=1), "digits")
    here = calibration.description_of(order)
    asked = replace(here, environment={**here.environment, "keras": "1.0"})

    with pytest.raises(
        InvalidArgument, match=f"keras is '1.0' where it was asked, and '{here.environment['keras']}' on "
    ):
        calibration.train_seed(order, asked, 0)


@pytest.mark.parametrize("address", [NOBODY, f"dask://{NOBODY}", "http://127.0.0.1:9", "", "dask://"])
def test_an_address_where_nothing_answers_is_refused(
    address: str, distributed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "ANSWER", 1)

    with pytest.raises(InvalidArgument, match="No cluster answers"):
        list(executors.run_trainings(made_up, [0], jobs=None, cluster=address))


def test_a_cluster_without_workers_is_refused(distributed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "WORKERS", 1)

    with _cluster(distributed, 0) as empty, pytest.raises(InvalidArgument, match="has no workers"):
        list(executors.run_trainings(made_up, [0], jobs=None, cluster=empty.scheduler_address))


@pytest.mark.slow
@POSIX
def test_a_training_that_kills_its_workers_is_an_error(distributed: Any) -> None:
    """By itself, joblib waits for it for ever."""
    import dask

    done: list[TrainingRun] = []
    # One dead worker is enough, which saves the time in which others start.
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), _cluster(distributed, 1) as local_cluster:
        runs = executors.run_trainings(deadly, range(4), jobs=1, cluster=local_cluster.scheduler_address)
        with pytest.raises(TrainingFailed, match=r"The cluster gave up a training.*KilledWorker"):
            done.extend(runs)

    assert [run.seed for run in done] == [0, 1]


@pytest.mark.slow
def test_an_unlike_worker_ends_it_in_one_line(tmp_path: Path, cluster: Any, distributed: Any) -> None:
    older = "import pytest_kerasch2\npytest_kerasch2.__version__ = '0.0.0'\n"
    (tmp_path / "sitecustomize.py").write_text(older, encoding="utf-8")
    with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
        client.run(_look_into, str(tmp_path))

    done = _calibrated(tmp_path / "digits.jsonl", f"--cluster={cluster.scheduler_address}").communicate(timeout=240)

    assert "plugin is " in done[1]
    assert "and '0.0.0' on " in done[1]
    assert "Traceback" not in done[1]


@pytest.mark.slow
@POSIX
def test_a_worker_that_is_killed_half_way_loses_nothing(tmp_path: Path, cluster: Any) -> None:
    out, alone = tmp_path / "cluster.jsonl", tmp_path / "alone.jsonl"
    calibration = _calibrated(out, f"--cluster=dask://{cluster.scheduler_address}")
    _wait_for_seeds(2, out)
    os.kill(cluster.workers[0].pid, signal.SIGKILL)
    before = reference.read(out)
    text, complained = calibration.communicate(timeout=400)

    _calibrated(alone, "--jobs=1").communicate(timeout=400)

    record = reference.read(out)
    print(f"{len(before.runs)} of {len(record.runs)} seeds when a worker was killed\n{text}{complained}")  # noqa: T201
    assert (calibration.returncode, 2 <= len(before.runs) < SEEDS, len(record.runs)) == (0, True, SEEDS)
    # What was there is there still, each seed once, and each as it is without a cluster.
    assert set(before.runs) < set(record.runs)
    assert _timeless(record) == _timeless(reference.read(alone))


def _calibrated(out: Path, *others: str) -> subprocess.Popen[str]:
    arguments = ["calibrate", str(out), "--data=digits", f"--seeds={SEEDS}", "--epochs=1", *others]
    command = f"import sys; from pytest_kerasch2.cli import main; sys.exit(main({arguments!r}))"
    return subprocess.Popen(
        [sys.executable, "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True
    )


def _wait_for_seeds(number: int, out: Path) -> None:
    until = time.monotonic() + 300
    while not out.exists() or out.read_bytes().count(b"\n") < number + 1:
        assert time.monotonic() < until, "no seed was done"
        time.sleep(0.02)


def _timeless(actual: reference.Reference) -> list[TrainingRun]:
    return [replace(run, seconds=0.0) for run in actual.runs]
