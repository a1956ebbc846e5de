from __future__ import annotations

from typing import Any

import pytest

from pytest_kerasch2.report import table_markdown
from tests.unit.test_report_compatibility_table import cause, column, outcome, row, table

NAMES = [f"2.{minor}/2.{minor}.0/tensorflow" for minor in range(4)]
JAX = "-/3.15.1/jax"
MOVED = cause("It moved.", "https://example.org/a_(b)|c")


def _columns() -> list[Any]:
    befores = [None, *NAMES]
    columns = [column(name, f"TensorFlow 2.{n}", before) for n, (name, before) in enumerate(zip(NAMES, befores))]
    columns[3]["complete"] = False
    columns.append(column("", "TensorFlow 2.4", absent="there is no CPython | 3.9"))
    return [*columns, column(JAX, "Keras 3.15 on JAX", series="backend", backend="jax")]


ROWS = [
    row("features.always", outcome("held", *NAMES, JAX)),
    row("features.moved", outcome("held", *NAMES[:2]), outcome("broken", *NAMES[2:], JAX, known_issue=MOVED)),
    row("features.new", outcome("held", *NAMES[:2]), outcome("broken", *NAMES[2:], JAX, expected="held")),
    row("saving.moved", outcome("broken", *NAMES, JAX, known_issue=MOVED), section="Saving and loading"),
    row("saving.tpu", outcome("not_applicable", *NAMES, evidence=["no TPU"]), outcome("held", JAX), section="Backend"),
    row("saving.data", outcome("inconclusive", *NAMES, remedy="name a mirror"), outcome("held", JAX)),
]


def _page() -> str:
    return table_markdown.page(table(_columns(), ROWS))


def _line(start: str, behind: str = "# The compatibility table") -> str:
    lines = _page().split(behind, 1)[1].splitlines()
    return next(line for line in lines if start in line)


def test_the_page_says_how_many_cells_have_each_verdict() -> None:
    assert "6 claims of the chapter on 5 releases: 5 held, 0 broken, 0 not applicable, 0 inconclusive." in _page()


def test_a_release_has_its_counts_and_the_environment_that_repeats_it() -> None:
    line = "| 2.0 | 2.15.1 | 2.15.0 | 3.11.7 | `env-TensorFlow 2.0` | 1 | 0 | 0 | 0 |"

    assert _line("| 2.0 |") == line


def test_a_release_without_a_results_file_says_why() -> None:
    assert "| no results file: there is no CPython &#124; 3.9 |" in _line("| 2.4 |")


def test_an_interrupted_run_says_so() -> None:
    assert "(interrupted: " in _line("| 2.3 ")


def test_a_verdict_is_told_by_a_sign_with_a_span_of_releases() -> None:
    assert "| ✓ 2.0–2.1<br>✗ 2.2–2.3 [1](#why-1) | ✗ [1](#why-1) |" in _line("`features.moved`", "## Claims")


def test_a_claim_held_everywhere_is_folded_away() -> None:
    folded = _page().split("<summary>✓ 1 of 4 claims held on every release</summary>")[1].split("</details>")[0]

    assert "`features.always`" in folded


def test_a_claim_that_is_not_held_everywhere_is_not() -> None:
    assert "\n| Statement of saving.tpu.<br>`saving.tpu` | – | ✓ |\n" in _page()


def test_a_cause_is_told_once_with_its_source_and_its_claims() -> None:
    line = _line("why-1", "## Broken, and why")

    source = "[source](https://example.org/a_%28b%29%7Cc)"
    assert line == f'| <a id="why-1"></a>1 | It moved. {source} | `features.moved`, `saving.moved` |'


def test_what_is_not_as_recorded_is_told_first() -> None:
    parts = _page().split("## Claims")[0].split("## Not as recorded")

    assert "`features.new` | TensorFlow: 2.2–2.3<br>Other backends: all | held | broken | as seen |" in parts[1]


def test_nothing_is_said_of_it_where_all_is_as_recorded() -> None:
    assert "Not as recorded" not in table_markdown.page(table(_columns(), ROWS[:2]))


@pytest.mark.parametrize("line", ["| no TPU | `saving.tpu` |", "| name a mirror | `saving.data` |"])
def test_what_is_undecided_has_its_reason(line: str) -> None:
    assert line in _page().splitlines()


def test_sections_come_in_the_order_of_the_table() -> None:
    headings = [line for line in _page().splitlines() if line.startswith("### ") and ": causes" not in line]

    assert headings == ["### Features", "### Saving and loading", "### Backend"]


def test_no_table_has_a_row_of_another_width() -> None:
    tables = [block.splitlines() for block in _page().split("\n\n") if block.startswith("|")]

    assert [block for block in tables if len({line.count("|") for line in block}) > 1] == []
