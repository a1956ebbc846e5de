"""The meaning of green: a test's outcome is about us knowing the verdict, not about the chapter being right."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_kerasch2.claims.model import Record, Verdict


@dataclass(frozen=True)
class Outcome:
    """How pytest shows a record: `passed`, `xfailed`, `failed` or `skipped`, and why."""

    word: str
    reason: str


def outcome(record: Record) -> Outcome:
    """Return the test outcome of a record by the table of the design.

    A broken claim is excused only by a known issue whose symptom is found in the evidence, and whose replacement works
    here, if it names one; a held claim must have no known issue.
    """
    known = record.known_issue
    if record.verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE):
        return Outcome("skipped", f"{record.verdict.value}: {_last(record)}")
    if record.verdict is Verdict.HELD:
        return _held(record)
    if known is None:
        return Outcome("failed", f"broken, and no known issue explains it on this release: {_last(record)}")
    if not any(re.search(known.symptom, line) for line in record.evidence):
        seen = " | ".join(record.evidence)
        return Outcome("failed", f"broken in another way than recorded ({known.symptom!r}): {seen}")
    if record.tried is not None and not record.tried.worked:
        return Outcome("failed", f"broken, as recorded, and what to write instead fails: {record.tried.evidence[-1]}")
    return Outcome("xfailed", f"broken, as recorded: {known.cause} ({known.source})")


def _held(record: Record) -> Outcome:
    if record.known_issue is not None:
        return Outcome(
            "failed", f"held, though a known issue says otherwise; the list is stale: {record.known_issue.cause}"
        )
    return Outcome("passed", _last(record))


def _last(record: Record) -> str:
    return record.evidence[-1] if record.evidence else "no evidence"
