from __future__ import annotations

from typing import Any

from pytest_kerasch2.report.checking import differences
from tests.unit.test_report_compatibility_table import LATER, NAME, column, outcome, row, table

COLUMNS = [column(NAME, "2.15"), column(LATER, "2.16", NAME)]
COMMITTED = table(COLUMNS, [row("a.a", outcome("held", NAME, LATER)), row("a.b", outcome("broken", NAME, LATER))])


def _fresh(*rows: Any, **more: Any) -> Any:
    return table([{**COLUMNS[0], **more}], rows)


def test_a_few_columns_that_are_as_recorded_do_not_differ() -> None:
    fresh = _fresh(row("a.a", outcome("held", NAME, evidence=["other"])), row("a.b", outcome("broken", NAME)))

    assert differences(COMMITTED, fresh) == []


def test_each_cell_with_another_verdict_is_named() -> None:
    fresh = _fresh(row("a.a", outcome("inconclusive", NAME)), row("a.b", outcome("held", NAME)))

    assert differences(COMMITTED, fresh) == [
        "env-2.15: a.a: inconclusive, in the table held",
        "env-2.15: a.b: held, in the table broken",
    ]


def test_a_claim_that_is_in_one_of_the_two_only_differs() -> None:
    fresh = _fresh(row("a.a", outcome("held", NAME)), row("a.c", outcome("held", NAME)))

    assert differences(COMMITTED, fresh) == [
        "env-2.15: a.b: not looked at, in the table broken",
        "env-2.15: a.c: held, in the table not looked at",
    ]


def test_what_an_interrupted_run_did_not_look_at_does_not() -> None:
    assert differences(COMMITTED, _fresh(row("a.a", outcome("held", NAME)), complete=False)) == []


def test_a_release_that_the_table_does_not_have_differs() -> None:
    fresh = table([column("2.17/3.15.1/tensorflow", "2.17")], [])

    assert differences(COMMITTED, fresh) == ["env-2.17: the table has no column 2.17/3.15.1/tensorflow"]


FIGURE = {**row("a.f", outcome("held", NAME)), "kind": "figure"}
OPEN = {**row("a.f", outcome("inconclusive", NAME)), "kind": "figure"}
TRAINED = table(COLUMNS[:1], [FIGURE])


def test_a_printed_figure_that_a_run_without_training_left_open_does_not_differ() -> None:
    assert differences(TRAINED, _fresh(OPEN)) == []


def test_one_that_a_run_with_training_left_open_does() -> None:
    assert differences(TRAINED, _fresh(OPEN, trained=True)) == ["env-2.15: a.f: inconclusive, in the table held"]


def test_one_that_is_broken_differs_with_or_without_training() -> None:
    broken = {**row("a.f", outcome("broken", NAME)), "kind": "figure"}

    assert differences(TRAINED, _fresh(broken)) == ["env-2.15: a.f: broken, in the table held"]
