"""One run of `pytest --benchmark`: benchmarks are collected and nothing else, and what they measured is one table."""

from __future__ import annotations

import contextlib
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Generator, Iterator, Sequence

import pytest

from pytest_kerasch2 import ending, foreign, step_records
from pytest_kerasch2.errors import FrameworkMissing, InvalidArgument, KerasCh2Error
from pytest_kerasch2.fixtures import SHOWN
from pytest_kerasch2.framework import devices
from pytest_kerasch2.options import BENCHMARK, CHAPTER, SETTINGS, Settings
from pytest_kerasch2.report import pictures
from pytest_kerasch2.suggestions import close_to
from pytest_kerasch2.timing import benchmark_summary, pytest_benchmark_adapter, scaling, scaling_plot
from pytest_kerasch2.timing.benchmark_summary import BenchmarkRow, short_name
from pytest_kerasch2.timing.scaling import StepCurve

NAME = "kerasch2-benchmarks"
# Where nothing else is named, the benchmarks of a project are looked for here.
BENCHMARK_FOLDER = "benchmarks"
BENCHMARK_FILES = "bench_*.py"
FIXTURES = frozenset({"step_benchmark", "benchmark"})
INSTALL = "pip install pytest-benchmark"


def start(config: pytest.Config, settings: Settings) -> None:
    """Let a pytest run time the benchmarks: those named, or those in the folder `benchmarks`.

    Raises:
        InvalidArgument: it is to verify the chapter too, or to use several processes, a device is none, or a picture
            cannot be written where it is to be.
        FrameworkMissing: pytest-benchmark is not there, or what draws the picture.
    """
    if settings.chapter:
        happened = f"{BENCHMARK.flag} and {CHAPTER.flag} cannot be combined"
        raise InvalidArgument(happened, "a run either times or verifies", "give one of the two")
    if hasattr(config, "workerinput") or config.getoption("numprocesses", None):
        remedy = "leave it out, or write -n 0 where it stands in a configuration file"
        raise InvalidArgument("Benchmarks cannot run in several processes", "pytest-xdist's -n", remedy)
    devices.kinds(settings.devices)
    if not pytest_benchmark_adapter.is_available(config):
        raise FrameworkMissing("Benchmarks need pytest-benchmark", "it is not there", f"run {INSTALL}")
    if settings.plot is not None:
        pictures.refuse(settings.plot)
    _check_writable(config)
    folder = config.rootpath / BENCHMARK_FOLDER
    if config.args_source is not pytest.Config.ArgsSource.ARGS and folder.is_dir():
        config.args[:] = [str(folder)]
    stack = contextlib.ExitStack()
    stack.enter_context(ending.as_by_ctrl_c())
    stack.callback(pytest_benchmark_adapter.remove_empty_storage, config.getoption("benchmark_storage", None))
    config.add_cleanup(stack.close)
    config.pluginmanager.register(BenchmarkRun(config), NAME)


def _check_writable(config: pytest.Config) -> None:
    """Refuse now what pytest-benchmark would refuse after the last measurement."""
    path = config.getoption("benchmark_json", None)
    if path is None:
        return
    # pytest-benchmark has opened it by now, or keeps its path, which has a name too.
    place = Path(path if isinstance(path, (str, Path)) else path.name)
    if place.is_dir() or not place.absolute().parent.is_dir():
        problem = f"{place} is a folder" if place.is_dir() else f"{place.parent} is not a folder"
        raise InvalidArgument(
            "The file of --benchmark-json cannot be written", problem, "name a file in a folder that exists"
        )


class BenchmarkRun:
    """The hooks of such a run."""

    def __init__(self, config: pytest.Config) -> None:
        """Begin with no rows."""
        self.config = config
        self.rows: list[BenchmarkRow] = config.stash.setdefault(SHOWN, [])
        self.positions: dict[str, tuple[Any, ...]] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Generator[None, Any, None]:
        """Collect the files of benchmarks, whatever the names are by which tests are found."""
        outcome = yield
        if fnmatch(file_path.name, BENCHMARK_FILES):
            outcome.force_result([pytest.Module.from_parent(parent, path=file_path)])

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what times nothing."""
        kept: list[pytest.Item] = []
        others: list[pytest.Item] = []
        for item in items:
            (kept if FIXTURES.intersection(getattr(item, "fixturenames", ())) else others).append(item)
            # Run in whatever order, they are shown as they are written.
            parameters = getattr(getattr(item, "callspec", None), "indices", {})
            self.positions[item.nodeid] = (*item.reportinfo()[:2], *parameters.values())
        if others:
            self.config.hook.pytest_deselected(items=others)
            items[:] = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take why something was not measured."""
        if report.skipped and isinstance(report.longrepr, tuple):
            reason = str(report.longrepr[2])
            self.rows.append(BenchmarkRow(report.nodeid, why_not=reason.partition("Skipped: ")[2] or reason))

    @pytest.hookimpl(optionalhook=True)
    def pytest_benchmark_update_json(self, output_json: dict[str, Any]) -> None:
        """Order the file as the table is: who reads it is shown the rows as they are written, not as they ran."""
        output_json["benchmarks"].sort(key=lambda one: self._position(one["fullname"]))

    def _similar_names(self) -> Iterator[str]:
        """Yield what to say where -k selects no benchmark: those that its words resemble."""
        expression, names = self.config.getoption("keyword", ""), [short_name(name) for name in self.positions]
        bare = sorted({name.partition("[")[0] for name in names})
        similar = [one for word in re.findall(r"\w+", expression) for one in close_to(word, bare, most=3)]
        if expression and not any(word in name for word in re.findall(r"\w+", expression) for name in names):
            hint = f" Did you mean {', '.join(dict.fromkeys(similar))}?" if similar else ""
            yield f"No benchmark is selected by -k {expression!r}.{hint}"

    def _position(self, name: str) -> tuple[Any, ...]:
        return self.positions[step_records.test_of(name, self.positions)]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the table."""
        for line in () if self.rows else self._similar_names():
            terminalreporter.write_line(line)
        if self.rows:
            terminalreporter.section("time per training step")
            colour = terminalreporter.hasmarkup
            rows = sorted(self.rows, key=lambda row: self._position(row.name))
            curves = scaling.step_curves(rows)
            # A file has no width.
            least_width = 0 if colour else benchmark_summary.WIDE_TERMINAL
            width = max(terminalreporter.config.get_terminal_writer().fullwidth, least_width)
            terminalreporter.write(
                benchmark_summary.table_text(rows, width, colour) + scaling.scaling_text(curves, width, colour)
            )
            for line in (
                "",
                *benchmark_summary.interleaved_lines(rows),
                *benchmark_summary.breakdown_lines(rows),
                *benchmark_summary.advice_lines(rows),
            ):
                terminalreporter.write_line(foreign.terminal(line))
            if any(row.measurement is not None for row in rows) and not any(
                row.device.startswith("gpu") for row in rows
            ):
                terminalreporter.write_line("GPU: not measured; this run used none.")
            self._draw(curves, terminalreporter)

    def _draw(self, curves: Sequence[StepCurve], terminalreporter: Any) -> None:
        """Draw what was measured, also by a run that was stopped."""
        plot = self.config.stash[SETTINGS].plot
        try:
            if plot is not None:
                scaling_plot.draw(curves, [], plot)
                terminalreporter.write_line(f"Drawn: {plot}")
        except KerasCh2Error as error:
            terminalreporter.write_line(str(error), red=True)
