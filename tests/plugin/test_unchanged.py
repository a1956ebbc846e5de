"""`--chapter-changed`: what is not run again, what is, and that the results are the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

UNDECIDED = """
@about('undecided')
def undecided(record):
    raise Inconclusive('It cannot be told', 'no network', 'ask again')
"""


@pytest.fixture
def installed(small: Any) -> Any:
    """The small chapter, on packages that say which files they have."""
    for about in (small.path / "fakes").glob("*.dist-info"):
        (about / "RECORD").write_text("a.py,sha256=1,2\n")
    return small


@pytest.fixture
def verified(installed: Any) -> Any:
    """The same, verified once: a claim held and another is broken."""
    from tests.plugin.conftest import TWO

    installed.section(TWO + UNDECIDED)
    installed.run("-p", "cacheprovider").assert_outcomes(passed=1, xfailed=1, skipped=1)
    return installed


def test_what_is_decided_is_not_run_again(verified: Any) -> None:
    result, results = verified.results("--chapter-changed")

    result.assert_outcomes(skipped=1, deselected=2)
    result.stdout.fnmatch_lines(["*2 checks were not run again*"])
    assert (result.ret, results["complete"]) == (0, True)


def test_the_results_are_those_of_a_run_of_all(verified: Any) -> None:
    _, whole = verified.results()
    _, again = verified.results("--chapter-changed")

    assert [_told(one) for one in again["claims"]] == [_told(one) for one in whole["claims"]]
    assert again["environment"] == whole["environment"]


def _told(entry: Any) -> Any:
    return {name: value for name, value in entry.items() if name != "seconds"}


def test_where_all_is_decided_nothing_is_run_and_the_run_is_green(installed: Any) -> None:
    from tests.plugin.conftest import TWO

    installed.section(TWO)
    installed.run()

    result = installed.run("--chapter-changed")

    result.assert_outcomes(deselected=2)
    assert result.ret == 0


def test_workers_leave_the_same_out(verified: Any) -> None:
    pytest.importorskip("xdist", reason="workers are those of pytest-xdist")

    result, results = verified.results("--chapter-changed", "-n", "2")

    result.assert_outcomes(skipped=1)
    assert (len(results["claims"]), results["complete"]) == (3, True)


def _reinstall(small: Any) -> None:
    (small.path / "fakes" / "keras-2.15.0.dist-info" / "RECORD").write_text("a.py,sha256=2,2\n")


def _edit_in_place(small: Any) -> None:
    about = small.path / "fakes" / "keras-2.15.0.dist-info" / "direct_url.json"
    about.write_text(json.dumps({"url": "file:///keras", "dir_info": {"editable": True}}))


def _spoil(small: Any) -> None:
    (stored,) = (small.path / ".pytest_cache").rglob("verdicts.json")
    stored.write_text(stored.read_text(encoding="utf-8").replace('"records"', '"record"'), encoding="utf-8")


def _set_keras_json(small: Any) -> None:
    (small.path / "home" / ".keras").mkdir(exist_ok=True)
    (small.path / "home" / ".keras" / "keras.json").write_text('{"epsilon": 1e-6}')


@pytest.mark.parametrize("change", [_reinstall, _edit_in_place, _spoil, _set_keras_json])
def test_where_something_has_changed_all_is_run(verified: Any, change: Any) -> None:
    change(verified)

    result = verified.run("--chapter-changed")

    result.assert_outcomes(passed=1, xfailed=1, skipped=1)
    result.stdout.fnmatch_lines(["*All checks were run*"])


@pytest.mark.parametrize("variable", ["TF_ENABLE_ONEDNN_OPTS", "KERAS_BACKEND"])
def test_a_variable_of_the_frameworks_counts_as_a_change(verified: Any, variable: str) -> None:
    value = "tensorflow" if variable == "KERAS_BACKEND" else "0"

    verified.run("--chapter-changed", **{variable: value}).assert_outcomes(passed=1, xfailed=1, skipped=1)


def test_a_verdict_that_is_not_as_recorded_is_run_again(installed: Any) -> None:
    installed.section("@about('wrong')\ndef wrong(record):\n    record.equal('value', expected=6, actual=5)\n")
    installed.run().assert_outcomes(failed=1)

    result = installed.run("--chapter-changed")

    result.assert_outcomes(failed=1)
    assert result.ret == 1


def test_a_selection_takes_only_its_own_over(verified: Any) -> None:
    result, results = verified.results("--chapter-changed", "-k", "small.held")

    assert [one["id"] for one in results["claims"]] == ["small.held"]
    assert (result.ret, results["complete"]) == (0, False)


def test_without_the_cache_all_is_run(verified: Any) -> None:
    result = verified.run("--chapter-changed", "-p", "no:cacheprovider")

    result.assert_outcomes(passed=1, xfailed=1, skipped=1)
    result.stdout.fnmatch_lines(["*pytest's cache, where verdicts are kept, is switched off*"])


def test_a_cache_that_cannot_be_written_is_no_error(installed: Any) -> None:
    from tests.plugin.conftest import TWO

    installed.section(TWO)
    (installed.path / ".pytest_cache").write_text("no folder")

    result = installed.run("--chapter-changed", "-p", "no:warnings")

    result.assert_outcomes(passed=1, xfailed=1)
    result.stdout.fnmatch_lines(["*All checks were run*cannot be written*"])


def test_with_faults_it_is_refused(verified: Any) -> None:
    result = verified.pytest("--chapter-faults", "--chapter-changed")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert not list(Path(verified.path).glob("results.json"))
