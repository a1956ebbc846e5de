"""What surrounds a measurement in a test, by pytest-benchmark's conventions: when there is none, and its record."""

from __future__ import annotations

from typing import Any, Collection, List

import pytest

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.timing import pytest_benchmark_adapter

# Between the name of a test and that of a measurement in it, from the second on.
SEPARATOR = " #"
MEASUREMENT_NAMES = pytest.StashKey[List[str]]()
IN_WORKERS = "several workers of pytest-xdist take each other's time, so run it without -n, or with -n 0"


def why_not(config: Any) -> str:
    """Return why this run measures nothing, or an empty text; pytest-benchmark measures nothing then either."""
    if any(map(config.pluginmanager.is_blocked, ("benchmark", "pytest_benchmark", "pytest_benchmark.plugin"))):
        return "pytest-benchmark is switched off by -p no:benchmark"
    if hasattr(config, "workerinput"):
        return IN_WORKERS
    if config.getoption("benchmark_disable", False) and not config.getoption("benchmark_enable", False):
        return "it is switched off by --benchmark-disable"
    return ""


def benchmark_fixture(request: Any) -> Any:
    """Return pytest-benchmark's fixture; skip the test where nothing is measured.

    Raises:
        InvalidArgument: this project has another fixture of that name.
        FrameworkMissing: pytest-benchmark is not there.
    """
    reason = why_not(request.config)
    if not reason:
        benchmark = pytest_benchmark_adapter.benchmark_fixture(request)
        _check_arguments(benchmark)
        # In a process that a worker has started, pytest-benchmark looks at the environment.
        reason = IN_WORKERS if benchmark.disabled else ""
    if reason:
        pytest.skip(f"step_benchmark measures nothing here: {reason}")
    return benchmark


def begin_measurement(request: Any, benchmark: Any, name: str | None = None) -> str:
    """Begin a record for the next measurement of a test, and return its name.

    Args:
        request: of the test.
        benchmark: pytest-benchmark's fixture, which is one for all measurements of a test.
        name: that the user gives it; without one, each but the first of a test is numbered.

    Raises:
        InvalidArgument: another measurement of this test has that name.
    """
    names = request.node.stash.setdefault(MEASUREMENT_NAMES, [])
    number = len(names) + 1
    suffix = f"{SEPARATOR}{name or number}" if name or number > 1 else ""
    if suffix in names:
        raise InvalidArgument(f"name must differ between the measurements of a test, got {name!r} twice")
    names.append(suffix)
    benchmark.name, benchmark.fullname, benchmark.extra_info = (
        request.node.name + suffix,
        request.node.nodeid + suffix,
        {},
    )
    return f"{request.node.nodeid}{suffix}"


def test_of(name: str, node_ids: Collection[str]) -> str:
    """Return the test to which a measurement belongs."""
    return name if name in node_ids else name.rpartition(SEPARATOR)[0]


def _check_arguments(benchmark: Any) -> None:
    if not all(hasattr(benchmark, one) for one in ("disabled", "extra_info", "fullname", "_make_stats")):
        raise InvalidArgument(
            "step_benchmark needs the fixture `benchmark` of pytest-benchmark",
            f"this project overrides it by one that gives {type(benchmark).__name__}",
            "give that one another name",
        )
