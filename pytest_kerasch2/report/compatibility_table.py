"""The compatibility table as plain data: claims down, releases across; checked against its schema."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Mapping

from pytest_kerasch2.claims import schema
from pytest_kerasch2.claims.schema_1 import upgraded
from pytest_kerasch2.errors import BadTable
from pytest_kerasch2.json_files import read_json

SCHEMA = 2
Table = Dict[str, Any]
Column = Mapping[str, Any]
Row = Mapping[str, Any]
Outcome = Mapping[str, Any]

REMEDY = "write it anew with kerasch2 table --json"


def present(table: Table) -> list[Column]:
    """Return the columns that have a results file, in the order of the table."""
    return [column for column in table["releases"] if "absent" not in column]


def cells(row: Row) -> dict[str, Outcome]:
    """Return what was seen of one claim: the name of a release -> its outcome."""
    return {name: outcome for outcome in row["outcomes"] for name in outcome["releases"]}


def text(table: Table) -> str:
    """Return the table as the text of a JSON file.

    Raises:
        BadTable: it is not as the schema says.
    """
    check(table)
    return json.dumps(table, indent=1, ensure_ascii=False, sort_keys=False) + "\n"


def read(path: Path) -> Table:
    """Return the table that a file holds.

    Raises:
        BadTable: the file is missing, is no JSON, or is not as the schema says; the message names it.
    """
    try:
        table = upgraded(read_json(path))
    except (OSError, ValueError) as error:
        raise BadTable("A compatibility table cannot be read", f"{path}: {error}", REMEDY) from error
    try:
        check(table)
    except BadTable as error:
        raise BadTable(error.happened, f"{path}, {error.found}", error.remedy) from error
    return dict(table)


def check(table: Any) -> None:
    """Require that the table is of the published schema, and that each cell lies in one column, once.

    Raises:
        BadTable: naming the first place that is not so.
    """
    try:
        schema.require(table, Path(__file__).parent / "compatibility.schema.json")
    except schema.Mismatch as error:
        raise _damaged(str(error)) from error
    _check_columns(table)
    for row in table["claims"]:
        _check_row(row, {column["name"] for column in present(table)})


def _check_columns(table: Table) -> None:
    names = [column["name"] for column in present(table)]
    for name, count in Counter(names).items():
        if count > 1:
            raise _damaged(f"two columns are {name}")
    for column in table["releases"]:
        if column["before"] is not None and column["before"] not in names:
            raise _damaged(f"{column['environment']} is compared with {column['before']}, which is no column")


def _check_row(row: Row, names: set[str]) -> None:
    seen: set[str] = set()
    for outcome in row["outcomes"]:
        for name in outcome["releases"]:
            if name not in names:
                raise _damaged(f"{row['id']} was seen on {name}, which is no column")
            if name in seen:
                raise _damaged(f"{row['id']} has two outcomes on {name}")
            seen.add(name)


def _damaged(detail: str) -> BadTable:
    return BadTable(f"A compatibility table is not of schema {SCHEMA}", detail, REMEDY)
