"""Each rival in earnest, as its documentation has it: a small project before and after a change, and what is told.

The change is a slowdown that is planted. Every rival is given the same seconds to measure in; none can keep to them
exactly, and so what it took is kept.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Callable, Mapping

from evaluation import rivals_asv
from evaluation.rivals_rules import PERCENT
from evaluation.rivals_running import RivalAnswer, Setting, change, output_of
from evaluation.rivals_workload import BENCHMARKS
from pytest_kerasch2.errors import ChildDied

PYTEST = """
import planted
import pytest
from evaluation import rivals_workload


@pytest.mark.parametrize("name", rivals_workload.BENCHMARKS)
def test_step(benchmark, name):
    benchmark(rivals_workload.ready(name, planted.SLOWER))
"""
PYPERF = """
import time

import planted
import pyperf
from evaluation import rivals_workload


def timed(loops, name):
    call = rivals_workload.ready(name, planted.SLOWER)
    began = time.perf_counter()
    for _ in range(loops):
        call()
    return time.perf_counter() - began


runner = pyperf.Runner()
for name in rivals_workload.BENCHMARKS:
    runner.bench_time_func(name, timed, name)
"""
FIELDS = ("mean", "min")
REGRESSED = re.compile(r"test_step\[(?P<name>\w+)\].* - Field '(?P<field>\w+)' has failed")
# What `pyperf compare_to --group-by-speed` has above the lines of benchmarks.
GROUP = re.compile(r"(?P<group>Slower|Faster|Same speed) \(\d+\):")
# Of each process of pyperf, and those before them that are not counted: its own numbers.
VALUES, WARMUPS = 3, 1
# pyperf doubles its loops until a value is long enough, which makes it longer by about this.
DOUBLED = 1.4


def pytest_benchmark(folder: Path, planted: float, setting: Setting, seed: int) -> RivalAnswer:
    """Save a run of pytest, and compare the next one with it."""
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "test_steps.py").write_text(PYTEST, encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-p", "no:kerasch2", "-p", "no:randomly", "test_steps.py"]
    words += ["--benchmark-only", f"--benchmark-max-time={setting.seconds / 2}"]
    change(folder, 0.0)
    output_of([*words, "--benchmark-save=before", "--benchmark-json=before.json"], folder)
    change(folder, planted)
    # In one option: a second one takes the place of the first.
    fail = ["--benchmark-compare-fail", *(f"{field}:{PERCENT}%" for field in FIELDS)]
    output = output_of([*words, "--benchmark-compare=0001", *fail, "--benchmark-json=after.json"], folder, also=(1,))
    failed = {(one["field"], one["name"]) for one in REGRESSED.finditer(output)}
    sides = [_stats(folder / f"{side}.json") for side in ("before", "after")]
    meant = {(field, name) for field in FIELDS for name in BENCHMARKS if _grown(*(side[name][field] for side in sides))}
    if failed != meant:
        results = f"{sorted(failed)} are told to have failed, {sorted(meant)} did"
        raise ChildDied("pytest-benchmark tells another thing than its file", results, "look at both by hand")
    return RivalAnswer(
        {_rule(field): {name: (field, name) in failed for name in BENCHMARKS} for field in FIELDS},
        {name: {field: [side[name][field] for side in sides] for field in FIELDS} for name in BENCHMARKS},
        sum(side[name]["total"] * side[name]["iterations"] for side in sides for name in BENCHMARKS),
    )


def _grown(before: float, after: float) -> bool:
    return after / before * 100 - 100 > PERCENT


def _rule(field: str) -> str:
    return f"pytest-benchmark {field}:{PERCENT}%"


def _stats(path: Path) -> Mapping[str, Mapping[str, Any]]:
    # Written before anything is compared: a test that failed is not in it, and is missed by its name.
    plain = json.loads(path.read_text(encoding="utf-8"))
    return {one["params"]["name"]: one["stats"] for one in plain["benchmarks"]}


def pyperf(folder: Path, planted: float, setting: Setting, seed: int) -> RivalAnswer:
    """Run a script twice, and compare its two files."""
    from pyperf import BenchmarkSuite

    (folder / "perf_steps.py").write_text(PYPERF, encoding="utf-8")
    least = setting.seconds / 2 / setting.processes / (VALUES + WARMUPS) / DOUBLED
    words = [sys.executable, "perf_steps.py", f"--processes={setting.processes}", f"--min-time={least}"]
    words += ["--inherit-environ=TF_CPP_MIN_LOG_LEVEL,PYTHONDONTWRITEBYTECODE"]
    for side, slower in (("before", 0.0), ("after", planted)):
        change(folder, slower)
        output_of([*words, "--output", f"{side}.json"], folder)
    compare = [sys.executable, "-m", "pyperf", "compare_to", "--group-by-speed", "before.json", "after.json"]
    slower_ones = _slower(output_of(compare, folder))
    files = [BenchmarkSuite.load(str(folder / f"{side}.json")) for side in ("before", "after")]
    sides = [{one.get_name(): one for one in results.get_benchmarks()} for results in files]
    return RivalAnswer(
        {"pyperf": {name: name in slower_ones for name in BENCHMARKS}},
        {name: {"mean": [side[name].mean() for side in sides]} for name in BENCHMARKS},
        sum(
            run.get_total_loops() * sum(run.values)
            for side in sides
            for one in side.values()
            for run in one.get_runs()
            if run.values
        ),
    )


def _slower(output: str) -> set[str]:
    group, results = "", set()
    for line in output.splitlines():
        head = GROUP.match(line)
        group = head["group"] if head else group
        if group == "Slower" and line.startswith("- "):
            results.add(line[2:].partition(":")[0])
    return results


RIVALS: Mapping[str, Callable[[Path, float, Setting, int], RivalAnswer]] = {
    "pytest-benchmark": pytest_benchmark,
    "pyperf": pyperf,
    "asv": rivals_asv.asv,
}
