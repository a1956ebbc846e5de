"""The compatibility table as one HTML page without network: cells as markup, details as data for its script."""

from __future__ import annotations

import base64
import hashlib
import json
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, Sequence

from pytest_kerasch2 import foreign
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.report.chapter_summary import MEANINGS, SIGNS, VERDICTS, WORDS, by_section, is_explained
from pytest_kerasch2.report.compatibility_table import Column, Outcome, Row, Table, cells

ASSETS = Path(__file__).parent / "page_assets"
# In this order: the later ones use what the earlier ones define.
STYLES = ("colours.css", "page.css", "panel.css", "answers.css", "print.css")
SCRIPTS = ("view.js", "grid.js", "panel.js", "search.js", "answers.js", "main.js")
SERIES = {
    "tensorflow": "TensorFlow, newest Keras",
    "keras": "Keras 3 by minor",
    "paired": "TensorFlow, Keras of its day",
    "legacy": "Legacy Keras",
    "backend": "Other backends",
    "": "Releases",
}
INTERRUPTED = "The run was interrupted: what it had not reached has no verdict."


class Cell(NamedTuple):
    """One cell as shown: a CSS class, a sign, and the words for those who hear the page."""

    style: str
    sign: str
    words: str


class Group(NamedTuple):
    """Neighbouring columns of one series."""

    series: str
    title: str
    size: int


NOTHING = Cell("nothing", "", "no verdict")


def render(table: Table) -> str:
    """Return the page as the text of one HTML file. The same table gives the same text.

    Args:
        table: a compatibility table of schema 2, as `compatibility_table.read` gives it.

    Raises:
        InvalidArgument: Jinja2, which the extra `report` brings, is not installed.
    """
    try:
        import jinja2
        from markupsafe import Markup
    except ImportError as error:
        remedy = "install pytest-kerasch2[report], or leave --html out"
        raise InvalidArgument("The page cannot be made", f"no module {error.name}", remedy) from error
    loader = jinja2.FileSystemLoader(str(ASSETS))
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    theme, script = _joined(("theme.js",)), _joined(SCRIPTS)
    return environment.get_template("page.html").render(
        **_content(foreign.each(table)),
        style=Markup(_joined(STYLES)),
        theme=Markup(theme),
        script=Markup(script),
        # Only these two scripts run, whatever a results file smuggles in.
        policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src {_digest(theme)} {_digest(script)}",
    )


def _content(table: Table) -> dict[str, Any]:
    from markupsafe import Markup

    columns: Sequence[Column] = table["releases"]
    sections = [(name, [(row, _cells(row, columns)) for row in rows]) for name, rows in by_section(table["claims"])]
    shown = [cell for _, rows in sections for _, line in rows for cell in line]
    return {
        "plugin": table["plugin"],
        "columns": columns,
        "groups": _groups(columns),
        "choices": _choices(columns),
        "series": {name: SERIES.get(name, name) for name in dict.fromkeys(one["series"] for one in columns)},
        "backends": sorted({one["backend"] for one in columns if "backend" in one}),
        "sections": sections,
        "verdicts": [
            (name, SIGNS[name], WORDS[name], MEANINGS[name], sum(cell.style.split()[0] == name for cell in shown))
            for name in VERDICTS
        ],
        "unrecorded": sum(cell.style.endswith("unrecorded") for cell in shown),
        "interrupted": INTERRUPTED,
        "claims": sum(len(rows) for _, rows in sections),
        "data": Markup(_embedded(_packed(columns, [row for _, rows in sections for row, _ in rows]))),
    }


def _groups(columns: Sequence[Column]) -> list[Group]:
    runs = ((name, sum(1 for _ in group)) for name, group in groupby(columns, key=lambda one: str(one["series"])))
    return [Group(name, SERIES.get(name, name), size) for name, size in runs]


def _choices(columns: Sequence[Column]) -> list[tuple[str, list[Column]]]:
    """Return the releases that a reader may have, by series, the newest first."""
    series: dict[str, list[Column]] = {}
    for one in columns:
        if "absent" not in one:
            name = str(one["series"])
            series.setdefault(SERIES.get(name, name), []).insert(0, one)
    return list(series.items())


def _cells(row: Row, columns: Sequence[Column]) -> list[Cell]:
    outcomes = cells(row)
    return [_cell(outcomes[one["name"]]) if one["name"] in outcomes else NOTHING for one in columns]


def _cell(outcome: Outcome) -> Cell:
    verdict = outcome["verdict"]
    if is_explained(outcome):
        return Cell(verdict, SIGNS[verdict], WORDS[verdict])
    return Cell(f"{verdict} unrecorded", SIGNS[verdict], f"{WORDS[verdict]}, not as recorded")


def _packed(columns: Sequence[Column], rows: Sequence[Row]) -> dict[str, Any]:
    """Return what the script reads; each text stands there once, and its uses are places in `texts`.

    What most outcomes have alike is left out, and the script puts it in: no text, no known issue, no workaround, the
    verdict that is expected.
    """
    texts = {"": 0}
    places = {one["name"]: place for place, one in enumerate(columns) if one["name"]}
    claims = [_packed_claim(row, columns, texts) for row in rows]
    return {
        "verdicts": {name: {"sign": SIGNS[name], "word": WORDS[name]} for name in VERDICTS},
        "series": {name: SERIES.get(name, name) for name in dict.fromkeys(one["series"] for one in columns)},
        "interrupted": INTERRUPTED,
        "releases": [{**one, "before": places.get(one["before"] or "", -1)} for one in columns],
        "claims": claims,
        "texts": list(texts),
    }


def _packed_claim(row: Row, columns: Sequence[Column], texts: dict[str, int]) -> dict[str, Any]:
    def place(text: str | None) -> int:
        return texts.setdefault(text or "", len(texts))

    def packed(one: Outcome) -> dict[str, Any]:
        outcome: dict[str, Any] = {"verdict": one["verdict"], "evidence": [place(line) for line in one["evidence"]]}
        if one["expected"] != one["verdict"]:
            outcome["expected"] = one["expected"]
        if one["known_issue"]:
            outcome["known_issue"] = {key: place(value) for key, value in one["known_issue"].items()}
        if one["workarounds"]:
            outcome["workarounds"] = [
                {"write": place(workaround["write"]), "worked": workaround["worked"]}
                for workaround in one["workarounds"]
            ]
        if one["remedy"]:
            outcome["remedy"] = place(one["remedy"])
        return outcome

    numbers = {name: number for number, outcome in enumerate(row["outcomes"]) for name in outcome["releases"]}
    statement = {key: row[key] for key in ("id", "section", "statement", "kind")}
    outcomes = [packed(one) for one in row["outcomes"]]
    return {**statement, "outcomes": outcomes, "cells": [numbers.get(one["name"], -1) for one in columns]}


def _embedded(data: Any) -> str:
    # No `<` and no `&`: neither an end tag nor a comment can begin within the data.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _joined(names: Sequence[str]) -> str:
    return "".join((ASSETS / name).read_text(encoding="utf-8") for name in names)


def _digest(script: str) -> str:
    # The browser hashes the text between the tags; the template puts a line break on either side.
    digest = hashlib.sha256(f"\n{script}\n".encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
