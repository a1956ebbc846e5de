"""The printed figures of columns that did not train, told by runs that trained and looked at nothing else.

Ten epochs of training, twelve times, take longer than all other claims together. So they may be run by themselves, when
and where there is time, with `pytest --chapter-accuracy`, and their results files be put into a table afterwards.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Sequence

from pytest_kerasch2.errors import BadTable
from pytest_kerasch2.report.chapter_summary import counts
from pytest_kerasch2.report.compatibility_table import Column, Row, Table, cells, present
from pytest_kerasch2.report.merging import STATED, ColumnResults, add_outcome, figures_of, runs_of


def put_into(table: Table, paths: Sequence[Path]) -> Table:
    """Return the table with its open figures told by results files of runs that trained.

    Args:
        table: stays as it is.
        paths: results files, each of a release that the table has; of their claims the figures alone are taken.

    Raises:
        BadResults: a file is missing, is no JSON, or is of another schema.
        BadTable: a results file cannot tell the figures of a column; the message names the file.
    """
    completed = copy.deepcopy(table)
    columns: dict[str, Any] = {column["name"]: column for column in present(completed)}
    for run in runs_of(paths):
        _check(run, completed, columns)
        _put(run, completed, columns[run.release.name])
    for column in columns.values():
        seen = [cells(row).get(column["name"]) for row in completed["claims"]]
        column["counts"] = counts([outcome for outcome in seen if outcome is not None])
    return completed


def _check(run: ColumnResults, table: Table, columns: dict[str, Any]) -> None:
    name, facts = run.release.name, run.results["environment"]
    if not any(entry["kind"] == "figure" and entry["verdict"] != "inconclusive" for entry in run.results["claims"]):
        raise BadTable(
            "A results file decides no printed figure", str(run.path), "run pytest --chapter-accuracy with MNIST"
        )
    if facts["plugin"] != table["plugin"]:
        detail = f"{facts['plugin']} in {run.path}, {table['plugin']} in the table"
        raise BadTable("Figures are of another plugin version than the table", detail, "train with that version")
    if not facts.get("trained", False) or not (run.results["complete"] or run.results.get("selected", False)):
        detail = f"{run.path}: {'interrupted' if facts.get('trained', False) else 'it did not train'}"
        raise BadTable(
            "A results file does not decide all printed figures", detail, "run pytest --chapter-accuracy to its end"
        )
    if name not in columns:
        raise BadTable("Figures are of a release that the table does not have", f"{run.path}: {name}", "leave it out")
    if columns[name].get("trained", False):
        remedy = "give one results of it"
        raise BadTable("The table has the figures of this release already", f"{run.path}: {name}", remedy)


def _put(run: ColumnResults, table: Table, column: Any) -> None:
    entries = {entry["id"]: entry for entry in run.results["claims"] if entry["kind"] == "figure"}
    rows = {row["id"]: row for row in table["claims"]}
    for name, entry in entries.items():
        if name not in rows or any(entry[word] != rows[name][word] for word in STATED):
            raise BadTable("The table states a figure in other words", f"{run.path}: {name}", "train again")
        if _is_open(rows[name], column):
            _replace(rows[name], {**entry, "evidence": [_by(run), *entry["evidence"]]}, column["name"])
    column["trained"] = True
    column.update(figures_of(entries.values()))


def _is_open(row: Row, column: Column) -> bool:
    seen = cells(row).get(column["name"])
    return seen is None or bool(seen["verdict"] == "inconclusive")


def _replace(row: Any, entry: dict[str, Any], release: str) -> None:
    for outcome in row["outcomes"]:
        outcome["releases"] = [name for name in outcome["releases"] if name != release]
    row["outcomes"] = [outcome for outcome in row["outcomes"] if outcome["releases"]]
    add_outcome(row["outcomes"], entry, release)


def _by(run: ColumnResults) -> str:
    facts = run.results["environment"]
    return f"by a run of its own: Python {facts['python']}, NumPy {facts['numpy']}, {facts['platform']}"
