"""From what happened in a check to its record: which verdict an error stands for, and how pytest is to show it."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

import pytest

from pytest_kerasch2.claims.model import Check, Record, Verdict
from pytest_kerasch2.claims.outcome import PytestOutcome
from pytest_kerasch2.claims.recorder import Recorder, described, steady
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.errors import (
    BadReference,
    ChildDied,
    ClaimBroken,
    DataDamaged,
    Inconclusive,
    InvalidArgument,
    KerasCh2Error,
    NotApplicable,
    UnsafeFile,
)
from pytest_kerasch2.foreign import terminal


class BlindCheck(KerasCh2Error):
    """A check ran to its end and looked at nothing: an error of ours, and no verdict."""


# Errors that decide nothing about the claim and must not be passed over in silence either.
_FAILURES = (BlindCheck, DataDamaged, UnsafeFile, InvalidArgument, BadReference)


def verdict_of(error: BaseException | None) -> Verdict:
    """Return the verdict that an error stands for; no error is `held`, an error nobody foresaw is `broken`."""
    if error is None:
        return Verdict.HELD
    if isinstance(error, NotApplicable):
        return Verdict.NOT_APPLICABLE
    if isinstance(error, (Inconclusive, pytest.skip.Exception, *_FAILURES)):
        return Verdict.INCONCLUSIVE
    return Verdict.BROKEN


def record_of(
    check: Check, recorder: Recorder, error: BaseException | None, release: Release, *, parameters: str, seconds: float
) -> Record:
    """Return the record of one run of a check.

    Args:
        parameters: the id of the check's parameters, empty where it has none.
        seconds: wall time of setting up and running it.
    """
    if error is None and not recorder.evidence:
        error = BlindCheck("The check kept no evidence, so it proves nothing")
    evidence = recorder.evidence
    remedy = ""
    if error is not None and not isinstance(error, ClaimBroken):
        evidence = (*evidence, steady(_summary_of(error)))
        remedy = error.remedy if isinstance(error, Inconclusive) else ""
    elif isinstance(error, ClaimBroken) and not evidence:
        evidence = (steady(str(error)),)
    return Record(
        check.claim,
        verdict_of(error),
        evidence,
        check.known_issue(release, parameters),
        remedy,
        seconds,
        parameters,
        failure=str(error) if isinstance(error, _FAILURES) else "",
        compared=isinstance(error, (ClaimBroken, ChildDied)),
    )


def _summary_of(error: BaseException) -> str:
    if isinstance(error, KerasCh2Error):
        return f"{error.happened}: {error.found}" if error.found else error.happened
    return described(error)


def account_of(record: Record, error: BaseException | None, raw: Any) -> str:
    """Return what stands below the reason of a failure: the evidence, or the traceback of an unforeseen error."""
    if error is not None and not isinstance(error, KerasCh2Error):
        return str(raw)
    lines = [terminal(f"  {line}") for line in record.evidence]
    return "\n".join([f"claim {record.claim.id}: {record.claim.statement}", *lines])


@contextlib.contextmanager
def untraced(call: pytest.CallInfo[None]) -> Iterator[None]:
    """Let pytest make its report of an error of our family without a traceback, which nobody is shown.

    Every claim that is broken here raises one; to lay out its frames takes longer than to run most checks.
    """
    seen = call.excinfo
    # What is wrong while a check is torn down is no verdict, and is shown as pytest shows it
    if seen is not None and isinstance(seen.value, KerasCh2Error) and call.when != "teardown":
        brief = pytest.fail.Exception(str(seen.value), pytrace=False)
        call.excinfo = pytest.ExceptionInfo.from_exc_info((type(brief), brief, seen.tb))
    try:
        yield
    finally:
        call.excinfo = seen


def show(report: Any, shown: PytestOutcome, location: tuple[str, int], account: str) -> None:
    """Turn a pytest report into the outcome that the design's table asks for.

    Args:
        location: file and line of the check.
        account: what is told below the reason of a failure.
    """
    reason = terminal(shown.reason)
    report.outcome = {"xfailed": "skipped"}.get(shown.word, shown.word)
    if shown.word == "xfailed":
        report.wasxfail = reason
        report.longrepr = reason
    elif shown.word == "skipped":
        report.longrepr = (*location, reason)
    elif shown.word == "failed":
        report.longrepr = f"{reason}\n\n{account}"
    else:
        report.longrepr = None
