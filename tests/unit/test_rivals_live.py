"""The rivals in earnest, on a call that only waits: what each tells of a change, and that nothing outlives a stop."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evaluation import rivals_asv, rivals_live, rivals_running
from evaluation.rivals_running import RivalAnswer, Setting

pytestmark = pytest.mark.slow
WORKLOAD = """
import time

BENCHMARKS = ("train_on_batch", "fit")


def ready(name, slower):
    return lambda: time.sleep({"train_on_batch": 0.001, "fit": 0.02}[name] * (1 + slower))
"""
# Sides of a benchmark have six samples and more each.
SETTING = Setting(seconds=2.0, processes=3)
# Three times as slow again: more than a machine that does something else makes of the other side.
LARGE = 3.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a trial, whose benchmarks are a call that only waits."""
    package = tmp_path / "root" / "evaluation"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "rivals_workload.py").write_text(WORKLOAD, encoding="utf-8")
    for module in (rivals_running, rivals_asv):
        monkeypatch.setattr(module, "ROOT", tmp_path / "root")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (tmp_path / "trial").mkdir()
    return tmp_path / "trial"


def _told_to_be_slower(answer: RivalAnswer) -> dict[str, bool]:
    return {rule: all(red.values()) for rule, red in answer.red.items()}


def test_pytest_benchmark_tells_of_a_large_change_by_both_rules(folder: Path) -> None:
    answer = rivals_live.pytest_benchmark(folder, LARGE, SETTING, 0)

    assert _told_to_be_slower(answer) == {"pytest-benchmark mean:5%": True, "pytest-benchmark min:5%": True}


def test_pytest_benchmark_has_half_of_the_seconds_for_each_side(folder: Path) -> None:
    answer = rivals_live.pytest_benchmark(folder, 0.0, SETTING, 0)

    sides = [json.loads((folder / f"{side}.json").read_text(encoding="utf-8")) for side in ("before", "after")]
    every = [one for side in sides for one in side["benchmarks"]]
    assert [one["options"]["max_time"] for one in every] == [SETTING.seconds / 2] * 4
    # How many rounds it makes of them is its own affair: on a machine that does much else they are fewer.
    each = [one["stats"] for one in every]
    assert answer.measured == pytest.approx(sum(one["mean"] * one["rounds"] * one["iterations"] for one in each))


def test_pytest_benchmark_finds_the_least_of_the_same_alike(folder: Path) -> None:
    answer = rivals_live.pytest_benchmark(folder, 0.0, SETTING, 0)

    assert not any(answer.red["pytest-benchmark min:5%"].values())


def test_pyperf_tells_of_a_large_change(folder: Path) -> None:
    pytest.importorskip("pyperf")

    answer = rivals_live.pyperf(folder, LARGE, SETTING, 0)

    assert _told_to_be_slower(answer) == {"pyperf": True}


def test_asv_tells_of_a_large_change_and_of_none(folder: Path) -> None:
    pytest.importorskip("asv")
    setup, again = folder.with_name("setup"), folder.with_name("again")
    for place in (setup, again):
        place.mkdir()
    rivals_asv.prepare(setup)

    changed, same = rivals_asv.asv(folder, LARGE, SETTING, 0), rivals_asv.asv(again, 0.0, SETTING, 0)

    assert _told_to_be_slower(changed) == {"asv 1.1": True, "asv 1.05": True}
    assert not any(same.red["asv 1.1"].values())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are read from /proc")
def test_a_stop_ends_what_a_command_has_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"

    def stopped(process: subprocess.Popen[str]) -> None:
        time.sleep(0.5)
        (tmp_path / "id").write_text(str(process.pid), encoding="ascii")
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", stopped)
    with pytest.raises(KeyboardInterrupt):
        rivals_running.output_of([sys.executable, "-c", started], tmp_path)

    assert _running_in(int((tmp_path / "id").read_text(encoding="ascii"))) == []


def _running_in(group: int) -> list[str]:
    """Return what runs in a group of processes; one that has ended may wait long until somebody asks for its status."""
    result = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, of, *_ = place.read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(of) == group and state != "Z":
                result.append(place.parent.name)
    return result
