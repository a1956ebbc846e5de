"""From what happened in a check to its record: which verdict an error stands for, and how pytest is to show it."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

import pytest

from pytest_kerasch2.claims.model import Check, Record, Verdict
from pytest_kerasch2.claims.outcome import Outcome, outcome
from pytest_kerasch2.claims.recorder import Recorder, described, steady
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.errors import (
    BadReference,
    BadSetting,
    ChildDied,
    ClaimBroken,
    DataDamaged,
    Inconclusive,
    KerasCh2Error,
    NotApplicable,
    UnsafeFile,
)
from pytest_kerasch2.foreign import terminal


class BlindCheck(KerasCh2Error):
    """A check ran to its end and looked at nothing: an error of ours, and no verdict."""


# Errors that decide nothing about the claim and must not be passed over in silence either.
_FAILURES = (BlindCheck, DataDamaged, UnsafeFile, BadSetting, BadReference)


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
        evidence = (*evidence, steady(_told(error)))
        remedy = error.remedy if isinstance(error, Inconclusive) else ""
    elif isinstance(error, ClaimBroken) and not evidence:
        evidence = (steady(str(error)),)
    known = check.known_issue(release, parameters)
    return Record(check.claim, verdict_of(error), evidence, known, remedy, seconds, parameters)


def _told(error: BaseException) -> str:
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


def show(report: Any, shown: Outcome, location: tuple[str, int], account: str) -> None:
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


def shown(record: Record, error: BaseException | None, injected: Injection | None) -> Outcome:
    """Return the outcome of a run. A file or a setting of the user's that is wrong fails, though it decides nothing."""
    if isinstance(error, _FAILURES) or (error is None and record.verdict is Verdict.INCONCLUSIVE):
        return Outcome("failed", str(error or record.evidence[-1]))
    if injected is None:
        return outcome(record)
    if record.verdict is Verdict.BROKEN and not isinstance(error, (ClaimBroken, ChildDied)):
        # Whatever is injected must be found by a comparison; a check that merely falls over has not looked.
        return Outcome("failed", f"`{injected.name}` made the check fall over instead: {record.evidence[-1]}")
    return shown_under_injection(record, injected)


def shown_under_injection(record: Record, injected: Injection) -> Outcome:
    """Return the outcome of a check that ran with something injected: a fault must be caught, a variation must not.

    A claim that is undecided here proves nothing either way, and is skipped with its reason. Nor does one that is
    broken as it is, where nothing injected makes it hold.
    """
    if record.known_issue is not None and not injected.fixed:
        return Outcome("skipped", f"broken without anything injected, and without a fix: {record.known_issue.cause}")
    if record.verdict in (Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE):
        return outcome(record)
    wanted = Verdict.BROKEN if injected.harmful else Verdict.HELD
    told = record.evidence[-1] if record.evidence else "no evidence"
    if record.verdict is wanted:
        return Outcome("passed", told)
    if injected.harmful:
        return Outcome("failed", f"the injected fault `{injected.name}` was not caught: {told}")
    return Outcome("failed", f"the benign change `{injected.name}` was taken for a fault: {told}")


class Injection:
    """What is injected around one run of a check: a fault, a variation or a fix, and perhaps a fix beneath it.

    Attributes:
        factory: the context manager factory.
        harmful: whether the check must turn broken.
        beneath: the fix that is entered first, for a claim that is broken on this release, or None.
        cured: whether a fix is injected, beneath or as the thing itself.
    """

    def __init__(self, factory: Any, harmful: bool, beneath: Any = None, *, is_cure: bool = False) -> None:
        """Keep them."""
        self.fixed = is_cure or beneath is not None
        self.factory = factory
        self.harmful = harmful
        self.beneath = beneath

    @property
    def name(self) -> str:
        """Return the name by which the injected thing is listed."""
        return str(self.factory.__name__).strip("_")

    @property
    def layers(self) -> tuple[Any, ...]:
        """Return the factories of all that is injected, in the order of entering."""
        return (self.factory,) if self.beneath is None else (self.beneath, self.factory)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the same as `module:function`: how a child plants it too."""
        return tuple(f"{layer.__module__}:{layer.__name__}" for layer in self.layers)
