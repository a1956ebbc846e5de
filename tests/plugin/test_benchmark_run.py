"""`pytest --benchmark`: which tests it runs, what it shows, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Callable

import pytest

# Imported here too: pytester forgets what an inner run imports, and these cannot be imported twice.
from pytest_kerasch2.timing import pytest_benchmark_adapter  # noqa: F401

# A benchmark of pytest-benchmark's own needs no framework, and is one all the same.
BENCHMARK = """
import pytest


def test_sum(benchmark):
    benchmark(sum, range(10))


@pytest.mark.parametrize("way", ["absent"])
def test_skipped(step_benchmark, way):
    pytest.skip("there is no such device")


def test_nothing_timed():
    pass
"""
PROJECT = Path(__file__).parents[2]
CHAPTERS = PROJECT / "benchmarks" / "bench_steps.py"
Inner = Callable[..., pytest.RunResult]
pytestmark = pytest.mark.usefixtures("preloaded")


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Inner:
    """Run pytest in a project with a benchmark in `benchmarks` and a test beside it."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    folder = pytester.mkdir("benchmarks")
    (folder / "bench_sum.py").write_text(BENCHMARK, encoding="utf-8")
    pytester.makepyfile(
        test_other="def test_other():\n    pass\n\n\ndef test_timed(benchmark):\n    benchmark(len, [])\n"
    )

    def run(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider", *arguments)

    return run


def test_without_it_no_file_of_benchmarks_is_run(inner: Inner) -> None:
    result = inner()

    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*bench_sum*")


def test_with_it_the_folder_of_benchmarks_is_run_and_nothing_else(inner: Inner) -> None:
    result = inner("--benchmark")

    result.assert_outcomes(passed=1, skipped=1, deselected=1)
    result.stdout.no_fnmatch_line("*test_other*")


def test_of_a_named_file_the_benchmarks_alone_are_run(inner: Inner) -> None:
    inner("--benchmark", "test_other.py").assert_outcomes(passed=1, deselected=1)


def test_a_named_file_of_benchmarks_is_run_once(inner: Inner) -> None:
    inner("--benchmark", "benchmarks/bench_sum.py").assert_outcomes(passed=1, skipped=1, deselected=1)


def test_what_is_not_available_is_told_with_its_reason(inner: Inner) -> None:
    inner("--benchmark").stdout.fnmatch_lines(
        ["*time per training step*", "Not measured here", "*skipped?absent?: there is no such device"]
    )


def test_pytest_benchmarks_own_options_work_on_it(inner: Inner, pytester: pytest.Pytester) -> None:
    inner("--benchmark", "--benchmark-json=times.json", "-k", "test_sum").assert_outcomes(passed=1, deselected=2)

    assert (pytester.path / "times.json").exists()


# What a plugin for random order may do.
BACKWARDS = """
import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.reverse()
"""
SEVERAL = """
import pytest


@pytest.mark.parametrize("way", ["one", "another"])
def test_first(benchmark, way):
    benchmark(len, [])


def test_after(benchmark):
    benchmark(len, [])
"""


def test_a_file_has_the_rows_as_they_are_written_in_whatever_order_they_ran(
    pytester: pytest.Pytester, inner: Inner
) -> None:
    pytester.makeconftest(BACKWARDS)
    (pytester.path / "benchmarks" / "bench_sum.py").write_text(SEVERAL, encoding="utf-8")

    inner("--benchmark", "--benchmark-json=times.json").assert_outcomes(passed=3)

    kept = json.loads((pytester.path / "times.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in kept["benchmarks"]] == ["test_first[one]", "test_first[another]", "test_after"]


# Its second benchmark is stopped by Ctrl-C.
STOPPED = """
import pytest
from pytest_kerasch2.fixtures import SHOWN
from tests.builders.benchmark_rows import CPU


def test_measured(request, benchmark):
    rows = [row.__class__(**{**vars(row), "name": request.node.nodeid}) for row in CPU]
    request.config.stash.setdefault(SHOWN, []).extend(rows)
    benchmark(len, [])


def test_stopped(benchmark):
    raise KeyboardInterrupt
"""


def test_a_run_that_is_stopped_draws_what_was_measured(
    pytester: pytest.Pytester, inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="pictures need pytest-kerasch2[plots]")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]))
    (pytester.path / "benchmarks" / "bench_sum.py").write_text(STOPPED, encoding="utf-8")

    result = inner("--benchmark-plot=a.png", "--benchmark-json=times.json")

    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert (pytester.path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert '"fullname"' in (pytester.path / "times.json").read_text(encoding="utf-8")


def test_where_there_is_nothing_to_draw_it_says_so(pytester: pytest.Pytester, inner: Inner) -> None:
    pytest.importorskip("matplotlib", reason="pictures need pytest-kerasch2[plots]")

    result = inner("--benchmark-plot=a.png")

    result.assert_outcomes(passed=1, skipped=1, deselected=1)
    result.stdout.fnmatch_lines(["*fit was timed with none.*"])
    assert not (pytester.path / "a.png").exists()


def test_the_chapters_own_are_shown_as_a_table_also_without_mnist(
    pytester: pytest.Pytester, inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's, of the extra `digits`")
    monkeypatch.delenv("KERASCH2_MIRROR", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    (pytester.path / "benchmarks" / "bench_sum.py").unlink()
    shutil.copy(CHAPTERS, pytester.path / "benchmarks")

    result = inner("--benchmark", "--chapter-offline", "--chapter-devices=cpu", "-k", "evaluate")

    result.assert_outcomes(passed=1, deselected=16)
    times = r"\[{}-cpu:0\] +[0-9.]+ (µs|ms) ± [0-9]+ % .*[0-9.]+ (µs|ms) .*(KiB|MiB|GiB|B)$"
    result.stdout.re_match_lines([r".*time per training step.*", f"^ way{times.format('evaluate')}", "^GPU: not"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--benchmark", "--chapter"], "--benchmark and --chapter cannot be combined*either times or verifies"),
        (["--benchmark", "-p", "no:benchmark"], "Benchmarks need pytest-benchmark"),
        (["--benchmark", "--chapter-devices=tpu"], "'tpu' is not a device"),
        (["--benchmark-plot=nowhere/a.png"], "A picture cannot be written*nowhere is not a folder"),
        (["--benchmark-plot=a.gif"], "A picture must be a .png or .svg file, got 'a.gif'"),
        (["--benchmark-plot="], "--benchmark-plot must have a value"),
        (["--benchmark", "--benchmark-json=nowhere/x.json"], "--benchmark-json"),
    ],
)
def test_what_cannot_be_honoured_is_refused(inner: Inner, arguments: list[str], message: str) -> None:
    result = inner(*arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


def test_a_misspelt_benchmark_is_answered_with_the_nearest(inner: Inner) -> None:
    result = inner("--benchmark", "-k", "skiped")

    result.stdout.fnmatch_lines(["No benchmark is selected by -k 'skiped'. Did you mean *skipped*"])


def test_several_processes_are_refused(inner: Inner) -> None:
    pytest.importorskip("xdist", reason="several processes are those of pytest-xdist, of the extra `workers`")

    result = inner("--benchmark", "-n", "2")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*Benchmarks cannot run in several processes*"])
