"""The suite itself: enough claims, each with an id of its own, each shown able to fail and able to hold."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from pytest_kerasch2.chapter import check_list
from pytest_kerasch2.chapter.printed_numbers import claims as printed_numbers_claims
from pytest_kerasch2.claims.decorators import check_of
from pytest_kerasch2.claims.model import Check, Injection
from pytest_kerasch2.subprocesses.child import named
from pytest_kerasch2.suite import collection

CHECKS = check_list.all_checks()
DECIDING = [check for check in CHECKS if not check.pending]
PENDING = [check for check in CHECKS if check.pending]


def _id(check: Check) -> str:
    return check.claim.id


def test_there_are_at_least_eighty_claims() -> None:
    assert len({check.claim.id for check in CHECKS}) >= 80


def test_no_id_is_taken_twice() -> None:
    collection.check_unique_ids(check for check in CHECKS)


@pytest.mark.parametrize("check", DECIDING, ids=_id)
def test_a_check_has_a_injected_fault(check: Check) -> None:
    assert check.faults, f"{check.claim.id} has no fault: it proves nothing"


@pytest.mark.parametrize("check", DECIDING, ids=_id)
def test_a_check_has_a_benign_change(check: Check) -> None:
    # A fix is one: with it a claim that is broken everywhere must be held.
    assert check.benign_changes or check.fix, f"{check.claim.id} has no benign change"


@pytest.mark.parametrize("check", CHECKS, ids=_id)
def test_a_claim_stands_under_a_heading_of_the_chapter(check: Check) -> None:
    assert check.claim.section in check_list.headings()


@pytest.mark.parametrize("check", CHECKS, ids=_id)
def test_a_statement_is_a_sentence(check: Check) -> None:
    assert check.claim.statement.endswith(".")


def test_only_printed_times_are_decided_by_no_run() -> None:
    assert {check.claim.id for check in PENDING} == {"sequential-first.fit-time", "sequential-first.evaluate-time"}


def test_only_printed_figures_need_training() -> None:
    in_figures = {
        check.claim.id for check in map(check_of, vars(printed_numbers_claims).values()) if check and not check.pending
    }

    assert {check.claim.id for check in CHECKS if check.trains} == in_figures


def test_every_module_with_claims_is_collected() -> None:
    with_claims = set()
    for path in collection.FOLDER.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "\n@claim(" in text or "\n@extends(" in text:
            with_claims.add(".".join(path.relative_to(collection.FOLDER).with_suffix("").parts))

    assert with_claims == set(check_list.modules())


def test_the_printed_list_of_claims_is_the_suites() -> None:
    script = Path(__file__).parents[2] / "docs" / "write_claims.py"
    names = runpy.run_path(str(script))

    printed = names["PLACE"].read_text(encoding="utf-8")

    assert printed == names["page"](CHECKS, check_list.headings()), "run `python docs/write_claims.py`"


INJECTED = {
    factory
    for check in CHECKS
    for factory in (*check.faults, *check.benign_changes, *([check.fix] if check.fix else []))
}


def test_faults_say_what_they_plant() -> None:
    assert {factory.__name__ for factory in INJECTED if not factory.__doc__} == set()


def test_a_child_interpreter_finds_each_fault_by_its_address() -> None:
    addresses = {factory: Injection(factory, harmful=True).addresses[0] for factory in INJECTED}

    assert {address for factory, address in addresses.items() if named(address) is not factory} == set()
