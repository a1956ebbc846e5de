"""The blind faults themselves; they are injected by `python -m evaluation.blind_faults`."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from evaluation.blind_faults import BLIND, plugin, report
from pytest_kerasch2.chapter import check_list


@pytest.fixture(autouse=True)
def registered() -> None:
    """All modules of faults are imported."""
    plugin.pytest_configure()


def test_every_claim_has_two_blind_faults() -> None:
    claims = {check.claim.id for check in check_list.all_checks()}

    assert {claim for claim in claims if len(BLIND.get(claim, [])) < 2} == set()


def test_every_blind_fault_is_of_a_claim_that_there_is() -> None:
    assert set(BLIND) <= {check.claim.id for check in check_list.all_checks()}


def test_no_two_faults_of_a_claim_have_one_name() -> None:
    names = Counter((claim, fault.__name__.strip("_")) for claim, faults in BLIND.items() for fault in faults)

    assert [pair for pair, count in names.items() if count > 1] == []


def _line(outcome: str, reason: str = "") -> dict[str, Any]:
    return {"claim": "a.b", "fault": "fault", "outcome": outcome, "reason": reason, "evidence": []}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (_line("passed"), report.DETECTED),
        (_line("skipped", "inconclusive: no network"), report.UNTRIED),
        (_line("failed", "the injected fault `fault` was not detected: equal"), report.UNDETECTED),
        (_line("failed", "`fault` made the check fall over instead: KeyError"), report.FELL_OVER),
    ],
)
def test_a_run_of_a_check_is_read_by_its_outcome(line: dict[str, Any], expected: str) -> None:
    assert report.state_of(line) == expected


def test_one_check_or_release_that_detects_a_fault_is_enough() -> None:
    lines = [_line("failed", "the injected fault `fault` was not detected: equal"), _line("passed"), _line("skipped")]

    assert report.states(lines)["a.b", "fault"][0] == report.DETECTED
