"""The early checks on recorded facts: each decides as recorded, and each can be shown to fail and to hold."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_kerasch2.chapter.listings import texts as listings_texts
from pytest_kerasch2.claims.model import Check, Record, Verdict
from pytest_kerasch2.claims.outcome import outcome
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.early import suite
from pytest_kerasch2.early.facts import Change, Facts
from pytest_kerasch2.early.faults import Fault
from pytest_kerasch2.early.marks import packaged
from pytest_kerasch2.errors import ClaimBroken
from pytest_kerasch2.framework import api
from pytest_kerasch2.suite import reporting as suite_reporting
from tests.unit.early_recorded import RELEASES, facts

DECIDED = suite.decided()
ENGINES = ("cntk",)
EACH = pytest.mark.parametrize("name", sorted(DECIDED))
ON_EACH = pytest.mark.parametrize("engine", ENGINES)


@pytest.fixture(autouse=True)
def no_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts are compared where neither TensorFlow nor Keras may be installed: nothing may ask for them."""

    def absent() -> None:
        raise ModuleNotFoundError("an early check asked for the framework of this interpreter")

    for name in ("tensorflow", "keras", "release", "runs_on_tensorflow", "is_keras3"):
        monkeypatch.setattr(api, name, absent)


def _judged(name: str, told: Facts, engine: str) -> tuple[Record, BaseException | None]:
    check, decide = DECIDED[name]
    record, error = Recorder(), None
    try:
        decide(told, record)
    except Exception as raised:
        error = raised
    return suite_reporting.record_of(check, record, error, RELEASES[engine], parameters="", seconds=0.0), error


def _holding(name: str, engine: str) -> Facts:
    """Return facts on which the claim holds: the recorded ones, cured where it is known to be broken."""
    check, told = DECIDED[name][0], facts(engine)
    known = check.known_issue(RELEASES[engine])
    return told if known is None or check.fix is None else check.fix(told)


def _changes(check: Check) -> list[Any]:
    return [one for one in check.faults if isinstance(one, Change)]


def test_at_least_sixty_claims_are_decided_and_most_of_the_others_speak_of_tensorflow() -> None:
    others = [check for name, check in packaged().items() if name not in DECIDED]
    reasons = {
        check.claim.id: type(suite.reason(check, "Keras")).__name__
        for check in others
        if not (check.pending or check.trains)
    }

    assert len(DECIDED) >= 60
    assert {name for name, reason in reasons.items() if reason != "NotApplicable"} == NOT_ASKED


@ON_EACH
@EACH
def test_a_check_decides_as_recorded(name: str, engine: str) -> None:
    record, error = _judged(name, facts(engine), engine)

    assert outcome(record).word in ("passed", "xfailed", "skipped"), record.evidence
    assert record.verdict in (Verdict.HELD, Verdict.BROKEN) or name == "config.file-place-windows"
    assert error is None or type(error).__module__ == "pytest_kerasch2.errors"


@ON_EACH
def test_verdicts_are_those_of_the_recorded_run(engine: str) -> None:
    verdicts = [_judged(name, facts(engine), engine)[0].verdict.value for name in DECIDED]

    counted = {verdict: verdicts.count(verdict) for verdict in set(verdicts)}
    assert counted == COUNTED[engine]


# Claims on which the probe for early interpreters has no fact.
NOT_ASKED = {"sequential-first.layers-numbered", "sequential-first.summary-total-after-training"}
COUNTED = {
    "cntk": {"held": 140, "broken": 20, "not_applicable": 1},
}


@EACH
def test_a_check_has_a_injected_fault_that_needs_no_interpreter(name: str) -> None:
    assert _changes(DECIDED[name][0]) != []


@ON_EACH
@EACH
def test_every_planted_change_is_caught_by_a_comparison(name: str, engine: str) -> None:
    if name == "config.file-place-windows":
        pytest.skip("decided on Windows alone")
    told = _holding(name, engine)

    missed = [
        one.name
        for one in _changes(DECIDED[name][0])
        if not isinstance(_judged(name, one(told), engine)[1], ClaimBroken)
    ]

    assert missed == []


@ON_EACH
@EACH
def test_what_is_broken_holds_once_it_is_cured(name: str, engine: str) -> None:
    record, _ = _judged(name, _holding(name, engine), engine)

    assert record.verdict is Verdict.HELD or name == "config.file-place-windows", record.evidence


def test_a_change_of_nothing_is_refused() -> None:
    change = Change("a typing error", "layers.relu", ("of these not zero", "x"), 1)

    with pytest.raises(LookupError):
        change(facts("cntk"))


def test_a_block_that_is_not_run_here_names_tensorflow() -> None:
    left = [name for name in packaged() if name.startswith("blocks.") and name not in DECIDED]

    without = [name for name in left if not re.search(r"\b(tf|tensorflow)\b", listings_texts.text(name.split(".")[1]))]

    assert left != []
    assert without == []


def test_faults_in_the_interpreter_name_facts_and_functions_that_exist() -> None:
    from pytest_kerasch2.early import errands
    from pytest_kerasch2.early.probe import injected

    faults = {one for check, _ in DECIDED.values() for one in check.faults if isinstance(one, Fault)}

    assert len(faults) >= 10
    assert [one for one in faults if not hasattr(injected, one.function)] == []
    assert {fact for one in faults for fact in one.facts} <= set(errands.TOGETHER)


@pytest.mark.parametrize(
    ("told", "verdict", "evidence"),
    [
        ({"error": "ValueError: no"}, "broken", "ValueError: no"),
        ({"death": "signal SIGSEGV"}, "broken", "signal SIGSEGV, over datasets.mnist"),
        ({"absent": ["DataMissing", "MNIST is nowhere", "no folder", "name it"]}, "inconclusive", "MNIST is nowhere"),
        ({"absent": ["DataDamaged", "MNIST is cut", "half a file", "fetch it"]}, "inconclusive", "MNIST is cut"),
    ],
)
def test_what_was_not_told_is_evidence_of_its_own(told: dict[str, Any], verdict: str, evidence: str) -> None:
    known = {**facts("cntk").told, "datasets.mnist": told}

    record, _ = _judged("network-data.grid", Facts(known), "cntk")

    assert (record.verdict.value, evidence in " ".join(record.evidence)) == (verdict, True)


def test_a_change_of_what_was_not_told_changes_nothing() -> None:
    told = Facts({"a.b": {"absent": ["DataMissing", "MNIST is missing", "none", "name a mirror"]}})

    assert Change("other", "a.b", ("x",), to=1)(told) is told


def test_a_fault_that_could_not_be_planted_is_no_evidence() -> None:
    record = Recorder()

    with pytest.raises(LookupError, match="could not be injected: AttributeError: reuters"):
        Facts({"a.b": {"not_injected": "AttributeError: reuters"}}).value("a.b", record)

    assert record.evidence == ()
