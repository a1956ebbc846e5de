"""The releases file: which columns the compatibility table is to have, in which order, under which heading."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pytest_kerasch2.errors import BadTable

REMEDY = "write one [[release]] for each column, with the texts environment, label and series"


@dataclass(frozen=True)
class Listed:
    """A column that the table is to have.

    Attributes:
        environment: the name of the tox environment, and of the results file without its ending.
        label: a short heading for people.
        series: the line of releases to which it belongs.
    """

    environment: str
    label: str
    series: str


def read(path: Path) -> tuple[Listed, ...]:
    """Return the columns that a releases file lists, in its order. What else it says of them is not for the table.

    Raises:
        BadTable: the file is missing, is no TOML, lists nothing, lists something twice, or leaves a text out.
    """
    content = _parsed(path)
    entries = content.get("release")
    if not isinstance(entries, list) or not entries:
        raise BadTable("A releases file lists no release", str(path), REMEDY)
    listed = tuple(_listed(entry, f"{path}, release {place}") for place, entry in enumerate(entries, 1))
    for name, count in Counter(one.environment for one in listed).items():
        if count > 1:
            raise BadTable("A releases file lists a release twice", f"{path}: {name}", "remove one of the two")
    return listed


def _parsed(path: Path) -> dict[str, Any]:
    toml = _toml()
    try:
        with path.open("rb") as stream:
            return dict(toml.load(stream))
    # A file that is no TOML, or no UTF-8, is a ValueError for the parser.
    except (OSError, ValueError) as error:
        raise BadTable("A releases file cannot be read", f"{path}: {error}", "name a file written in TOML") from error


def _toml() -> Any:
    try:
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
    except ImportError as error:
        remedy = 'run pip install "pytest-kerasch2[report]"'
        raise BadTable("A releases file cannot be read without tomli", str(error), remedy) from error
    return tomllib


def _listed(entry: Any, place: str) -> Listed:
    for field in fields(Listed):
        value = entry.get(field.name) if isinstance(entry, dict) else None
        if not isinstance(value, str) or not value.strip():
            raise BadTable(f"A release of a releases file has no {field.name}", f"{place}: {entry!r}", REMEDY)
    return Listed(**{field.name: entry[field.name] for field in fields(Listed)})
