from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_kerasch2.claims.model import Claim, KnownIssue, Record, Verdict, WorkaroundRun
from pytest_kerasch2.claims.outcome import outcome

CLAIM = Claim("a.b", "It is so.", "Somewhere", "prose")
KNOWN = KnownIssue("it moved", "https://example.org/why", "AttributeError", since="2.16")
RECORD = Record(CLAIM, Verdict.HELD, ("the value: 5",))


@pytest.mark.parametrize(
    ("verdict", "issue", "expected"),
    [
        (Verdict.HELD, None, "passed"),
        (Verdict.HELD, KNOWN, "failed"),
        (Verdict.BROKEN, None, "failed"),
        (Verdict.BROKEN, KNOWN, "xfailed"),
        (Verdict.NOT_APPLICABLE, None, "skipped"),
        (Verdict.NOT_APPLICABLE, KNOWN, "skipped"),
        (Verdict.INCONCLUSIVE, None, "skipped"),
        (Verdict.INCONCLUSIVE, KNOWN, "skipped"),
    ],
)
def test_green_means_that_the_verdict_is_as_recorded(verdict: Verdict, issue: KnownIssue | None, expected: str) -> None:
    record = replace(RECORD, verdict=verdict, known_issue=issue, evidence=("AttributeError: no such name",))

    assert outcome(record).word == expected


def test_a_recorded_break_is_shown_with_cause_and_link() -> None:
    record = replace(RECORD, verdict=Verdict.BROKEN, known_issue=KNOWN, evidence=("AttributeError: gone",))

    assert "it moved (https://example.org/why)" in outcome(record).reason


@pytest.mark.parametrize(("worked", "word"), [(True, "xfailed"), (False, "failed")])
def test_what_a_reader_is_told_to_write_must_work(worked: bool, word: str) -> None:
    tried = WorkaroundRun("a = 5\n", worked, ("NameError: five",))
    record = replace(RECORD, verdict=Verdict.BROKEN, known_issue=KNOWN, evidence=("AttributeError: gone",), tried=tried)

    assert outcome(record).word == word


def test_a_claim_broken_in_another_way_than_recorded_fails() -> None:
    record = replace(RECORD, verdict=Verdict.BROKEN, known_issue=KNOWN, evidence=("the value: 6, not 5",))

    shown = outcome(record)

    assert (shown.word, "another way" in shown.reason) == ("failed", True)


def test_a_stale_known_issue_is_named() -> None:
    assert "stale: it moved" in outcome(replace(RECORD, known_issue=KNOWN)).reason
