"""`step_benchmark` by the conventions of pytest-benchmark: when nothing is measured, and each measurement's record."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_kerasch2 import step_records
from pytest_kerasch2.errors import InvalidArgument

pytestmark = pytest.mark.usefixtures("preloaded")
# No model is needed where nothing is measured.
ASKS = "def test_it(step_benchmark):\n    step_benchmark(None, None)\n\ndef test_other():\n    pass\n"


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)

    def run(*arguments: str) -> pytest.RunResult:
        pytester.makepyfile(ASKS)
        return pytester.runpytest_subprocess("-rs", "-p", "no:randomly", "-p", "no:cacheprovider", *arguments)

    return run


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--benchmark-disable",), "--benchmark-disable"),
        (("-p", "no:benchmark"), "-p no:benchmark"),
        (("--benchmark-skip",), "--benchmark-skip"),
        (("-n", "1"), "without -n"),
        (("-n", "1", "--benchmark-disable"), "without -n"),
    ],
)
def test_where_nothing_is_measured_it_is_skipped_with_the_reason(inner: Any, arguments: Any, reason: str) -> None:
    if "-n" in arguments:
        pytest.importorskip("xdist", reason="workers are those of pytest-xdist, of the extra `workers`")

    result = inner(*arguments)

    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines([f"SKIPPED*{reason}*"])


def test_in_a_process_that_a_worker_has_started_too(inner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")

    inner().assert_outcomes(passed=1, skipped=1)


def test_a_fixture_of_the_project_named_benchmark_is_named(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makeconftest("import pytest\n\n@pytest.fixture\ndef benchmark():\n    return 3\n")

    result = inner()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["step_benchmark needs the fixture*this project overrides it*int*"])


def _request() -> Any:
    return SimpleNamespace(node=SimpleNamespace(name="test_it[a]", nodeid="t.py::test_it[a]", stash=pytest.Stash()))


def test_each_measurement_of_a_test_has_a_name_and_a_record_of_its_own() -> None:
    request, fixture, seen = _request(), SimpleNamespace(extra_info={}), []

    for _ in range(2):
        step_records.begin_measurement(request, fixture)
        seen.append((fixture.name, fixture.fullname, fixture.extra_info))

    assert [one[:2] for one in seen] == [
        ("test_it[a]", "t.py::test_it[a]"),
        ("test_it[a] #2", "t.py::test_it[a] #2"),
    ]
    assert seen[0][2] is not seen[1][2]


def test_a_measurement_is_named_by_the_user() -> None:
    assert step_records.begin_measurement(_request(), SimpleNamespace(), "by hand") == "t.py::test_it[a] #by hand"


def test_two_measurements_of_one_name_are_refused() -> None:
    request = _request()
    step_records.begin_measurement(request, SimpleNamespace(), "fit")

    with pytest.raises(InvalidArgument, match="name must differ"):
        step_records.begin_measurement(request, SimpleNamespace(), "fit")


@pytest.mark.parametrize("name", ["t.py::test_it", "t.py::test_it #2", "t.py::test_it #by hand"])
def test_a_measurement_belongs_to_its_test(name: str) -> None:
    assert step_records.test_of(name, {"t.py::test_it": ()}) == "t.py::test_it"
