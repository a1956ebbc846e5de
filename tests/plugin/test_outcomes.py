"""What a run of the chapter leaves behind: JUnit, annotations, and whether it says that it is complete."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from tests.plugin.conftest import TWO

SEVERAL = """
@about('several')
def several(record):
    record.saw('one')
    record.saw('another')
"""


def test_junit_has_the_versions_at_the_suite_and_no_name_twice_at_a_test(small: Any) -> None:
    small.section(SEVERAL)
    small.run("--junitxml=junit.xml")

    suite = ElementTree.parse(str(small.path / "junit.xml")).getroot()[0]
    names = [one.get("name") for one in suite.findall("testcase/properties/property")]
    facts = {one.get("name"): one.get("value") for one in suite.findall("properties/property")}
    assert (len(names), facts["kerasch2_tensorflow"]) == (len(set(names)), "2.15.1")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_run_of_some_claims_is_not_complete(two: Any, workers: tuple[str, ...]) -> None:
    _, results = two.results("-k", "small.held", *workers)

    assert (results["complete"], results["selected"]) == (False, True)


def test_a_run_of_the_last_failed_is_not_complete(small: Any) -> None:
    small.section(TWO.replace("@known()\n", ""))
    small.run()

    _, results = small.results("--lf")

    assert results["complete"] is False


def test_a_run_of_all_claims_is_complete(two: Any) -> None:
    _, results = two.results()

    assert (results["complete"], "selected" in results) == (True, False)


def test_a_misspelt_claim_is_answered_with_the_nearest(two: Any) -> None:
    two.run("-k", "small.heldd").stdout.fnmatch_lines(["No claim is selected by -k 'small.heldd'.*small.held*"])


def test_collecting_alone_says_nothing_of_claims_that_are_not_there(two: Any) -> None:
    result = two.run("--collect-only", "-k", "small_chapter")

    assert "No claim is selected" not in result.stdout.str()


def test_junit_keeps_verdict_cause_and_evidence(two: Any) -> None:
    two.run("--junitxml=junit.xml")

    text = (two.path / "junit.xml").read_text()
    for part in (
        'name="kerasch2_claim" value="small.broken"',
        'name="kerasch2_verdict" value="broken"',
        'name="kerasch2_cause" value="it moved"',
        'name="kerasch2_evidence" value="value: 5, not 6"',
    ):
        assert part in text


def test_on_github_there_are_a_summary_and_annotations(small: Any) -> None:
    small.section(TWO.replace("@known()\n", ""))
    summary = small.path / "summary.md"

    result = small.run(GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))

    result.stdout.fnmatch_lines(["::error title=small.broken::broken, expected held*"])
    assert "small.broken" in summary.read_text(encoding="utf-8")


def test_of_several_workers_none_writes_a_summary_of_its_own(two: Any) -> None:
    pytest.importorskip("xdist", reason="workers are those of pytest-xdist")
    summary = two.path / "summary.md"

    two.run("-n", "2", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary)).assert_outcomes(passed=1, xfailed=1)

    assert summary.read_text(encoding="utf-8").count("small.broken") == 1


def test_elsewhere_there_is_no_annotation(two: Any) -> None:
    assert "::" + "notice" not in two.run().stdout.str()
