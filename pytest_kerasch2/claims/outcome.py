"""The meaning of green: a test's outcome is about us knowing the verdict, not about the chapter being right."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_kerasch2.claims.model import Injection, Record, Verdict


@dataclass(frozen=True)
class PytestOutcome:
    """How pytest shows a record: `passed`, `xfailed`, `failed` or `skipped`, and why."""

    word: str
    reason: str


def outcome(record: Record, injected: Injection | None = None) -> PytestOutcome:
    """Return the test outcome of a record, by the table of the design.

    What is wrong with the user's own file or setting fails. A broken claim is excused only by a known issue whose
    symptom is found in the evidence, and whose workaround works here, if it names one; a held claim must have none.

    Args:
        injected: what was injected around the run: a fault must be detected, and a benign change or a fix must not.
            A claim that is undecided here, or broken without a fix, proves nothing either way.
    """
    if record.failure:
        return PytestOutcome("failed", record.failure)
    if injected is not None:
        return _under_injection(record, injected)
    if record.verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE):
        return _undecided(record)
    return _held(record) if record.verdict is Verdict.HELD else _broken(record)


def _undecided(record: Record) -> PytestOutcome:
    return PytestOutcome("skipped", f"{record.verdict.value}: {_last(record)}")


def _held(record: Record) -> PytestOutcome:
    issue = record.known_issue
    if issue is not None:
        return PytestOutcome("failed", f"held, though a known issue says otherwise; the list is stale: {issue.cause}")
    return PytestOutcome("passed", _last(record))


def _broken(record: Record) -> PytestOutcome:
    issue = record.known_issue
    if issue is None:
        return PytestOutcome("failed", f"broken, and no known issue explains it on this release: {_last(record)}")
    if not any(re.search(issue.symptom, line) for line in record.evidence):
        seen = " | ".join(record.evidence)
        return PytestOutcome("failed", f"broken in another way than recorded ({issue.symptom!r}): {seen}")
    if record.tried is not None and not record.tried.worked:
        return PytestOutcome("failed", f"broken, as recorded, and the workaround fails: {record.tried.evidence[-1]}")
    return PytestOutcome("xfailed", f"broken, as recorded: {issue.cause} ({issue.source})")


def _under_injection(record: Record, injected: Injection) -> PytestOutcome:
    if record.verdict is Verdict.BROKEN and not record.compared:
        # A fault must be found by a comparison; a check that merely falls over has not looked.
        return PytestOutcome("failed", f"`{injected.name}` made the check fall over instead: {_last(record)}")
    if record.known_issue is not None and not injected.fixed:
        return PytestOutcome(
            "skipped", f"broken without anything injected, and without a fix: {record.known_issue.cause}"
        )
    if record.verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE):
        return _undecided(record)
    if record.verdict is (Verdict.BROKEN if injected.harmful else Verdict.HELD):
        return PytestOutcome("passed", _last(record))
    if injected.harmful:
        return PytestOutcome("failed", f"the injected fault `{injected.name}` was not detected: {_last(record)}")
    return PytestOutcome("failed", f"the benign change `{injected.name}` was taken for a fault: {_last(record)}")


def _last(record: Record) -> str:
    return record.evidence[-1] if record.evidence else "no evidence"
