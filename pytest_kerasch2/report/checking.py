"""Fresh verdicts held against a table that was published before."""

from __future__ import annotations

from typing import Iterator

from pytest_kerasch2.report.chapter_summary import WORDS
from pytest_kerasch2.report.compatibility_table import Column, Table, cells, present


def differences(committed: Table, fresh: Table) -> list[str]:
    """Return a line for each cell of the fresh table whose verdict is not that of the committed one.

    The fresh table may have a few of the columns only. What an interrupted run did not look at is no difference, and
    nor is a printed figure that a run left open which did not train; a claim that a whole run did not decide is one, as
    is a release that the committed table does not have.
    """
    names = {column["name"] for column in present(committed)}
    lines: list[str] = []
    for column in present(fresh):
        if column["name"] in names:
            lines += _cells(committed, fresh, column)
        else:
            lines.append(f"{column['environment']}: the table has no column {column['name']}")
    return lines


def _cells(committed: Table, fresh: Table, column: Column) -> Iterator[str]:
    recorded, seen = _verdicts(committed, column["name"]), _verdicts(fresh, column["name"])
    untrained = set() if column.get("trained", False) else _figures(fresh)
    for name in dict.fromkeys([*recorded, *seen]):
        if name not in seen and not column["complete"]:
            continue
        now, then = seen.get(name, "not looked at"), recorded.get(name, "not looked at")
        left_open = name in untrained and now == WORDS["inconclusive"]
        if now != then and not left_open:
            yield f"{column['environment']}: {name}: {now}, in the table {then}"


def _verdicts(table: Table, release: str) -> dict[str, str]:
    outcomes = {row["id"]: cells(row).get(release) for row in table["claims"]}
    return {name: WORDS[seen["verdict"]] for name, seen in outcomes.items() if seen is not None}


def _figures(table: Table) -> set[str]:
    return {row["id"] for row in table["claims"] if row["kind"] == "figure"}
