"""The compatibility table as a Markdown page: counts, then each section, then why."""

from __future__ import annotations

from typing import Any, Callable, Hashable, Iterator, Mapping, Sequence

from pytest_kerasch2.foreign import cell, code, link
from pytest_kerasch2.report.chapter_summary import (
    MEANINGS,
    SIGNS,
    VERDICTS,
    WORDS,
    by_section,
    is_explained,
    unexpected,
)
from pytest_kerasch2.report.compatibility_table import Column, Outcome, Row, Table, cells, present
from pytest_kerasch2.report.lines import Line, lines, spans

# A cause and its source -> the number under which the page tells it.
Causes = Mapping[Any, int]


def page(table: Table) -> str:
    """Return the table as GitHub-flavoured Markdown: where a claim holds is told by spans of releases, not by cells."""
    causes = _numbered(table)
    parts = [*_head(table), *_releases(table), *_unexplained(table), "## Claims", "", *_legend()]
    for section, members in by_section(table["claims"]):
        parts += _section(section, members, table, causes)
    parts += _causes(table, causes)
    parts += _reasons(table, "not_applicable", "Not applicable, and why", lambda seen: seen["evidence"][-1])
    parts += _reasons(
        table,
        "inconclusive",
        "Could not be told, and what to do",
        lambda seen: seen["remedy"] or seen["evidence"][-1],
    )
    return "\n".join(parts).rstrip("\n") + "\n"


def outcomes(table: Table) -> Iterator[tuple[Row, Outcome]]:
    """Return every outcome of the table with the claim that it is about."""
    return ((row, outcome) for row in table["claims"] for outcome in row["outcomes"])


def statement(row: Row) -> str:
    """Return what heads a claim's row: what it says, and its id."""
    return f"{cell(row['statement'])}<br>{code(row['id'])}"


def verdicts_along(line: Line, keys: Mapping[str, Hashable]) -> str:
    """Return where along a line each verdict was given; one that all releases of the line share stands alone.

    Args:
        keys: the name of a release -> its verdict and what is written behind the releases.
    """
    return "<br>".join(
        " ".join(part for part in (SIGNS[verdict], cell(where), behind) if part)
        for (verdict, behind), where in spans(line, keys).items()
    )


def _numbered(table: Table) -> dict[Any, int]:
    distinct = dict.fromkeys(_cause(outcome) for _, outcome in outcomes(table) if _cause(outcome) is not None)
    return {cause: number for number, cause in enumerate(distinct, 1)}


def _cause(outcome: Outcome) -> tuple[str, str] | None:
    issue = outcome["known_issue"]
    return (issue["cause"], issue["source"]) if issue is not None and outcome["verdict"] == "broken" else None


def _head(table: Table) -> list[str]:
    columns = present(table)
    total = {verdict: sum(column["counts"][verdict] for column in columns) for verdict in VERDICTS}
    counted = ", ".join(f"{total[verdict]:,} {WORDS[verdict]}" for verdict in VERDICTS)
    return [
        "# The compatibility table",
        "",
        f"{len(table['claims'])} claims of the chapter on {len(columns)} releases: {counted}.",
        f"Written by `kerasch2 table` from the results files of pytest-kerasch2 {cell(table['plugin'])}; do not edit.",
        "",
    ]


def _releases(table: Table) -> list[str]:
    signs = " | ".join(f"{SIGNS[verdict]} {WORDS[verdict]}" for verdict in VERDICTS)
    parts = ["## Releases", ""]
    for line in lines(table):
        parts += [f"**{cell(line.title)}**: {cell(line.meaning)}.", ""]
        parts += [f"| Release | TensorFlow | Keras | Python | Environment | {signs} |"]
        parts += ["| --- | --- | --- | --- | --- |" + " ---: |" * len(VERDICTS)]
        parts += [*map(_release, line.columns, line.short), ""]
    return parts


def _release(column: Column, short: str) -> str:
    # Under the name by which the spans further down speak of it.
    label, environment = cell(short), code(column["environment"])
    if "absent" in column:
        return f"| {label} | no results file: {cell(column['absent'])} | | | {environment} |" + " |" * len(VERDICTS)
    versions = " | ".join(cell(column[fact]) for fact in ("tensorflow", "keras", "python"))
    counts = " | ".join(str(column["counts"][verdict]) for verdict in VERDICTS)
    mark = "" if column["complete"] else " (interrupted: what is missing was not looked at)"
    if column.get("trained", False):
        other = column.get("figures_of")
        mark += f" (figures of training: those of {cell(other)})" if other else " (trained for ten epochs)"
    return f"| {label}{mark} | {versions} | {environment} | {counts} |"


def _unexplained(table: Table) -> list[str]:
    red = [(row, seen) for row, seen in outcomes(table) if not is_explained(seen)]
    if not red:
        return []
    parts = ["## Not as recorded", "", "| Claim | Releases | Recorded | Found | Evidence |"]
    parts += ["| --- | --- | --- | --- | --- |"]
    for row, seen in red:
        where = _where(seen["releases"], lines(table))
        difference = f"{WORDS[seen['expected']]} | {WORDS[seen['verdict']]} | {cell(unexpected(seen))}"
        parts.append(f"| {statement(row)} | {where} | {difference} |")
    return [*parts, ""]


def _where(names: Sequence[str], series: Sequence[Line]) -> str:
    places = [(line, where) for line in series for where in spans(line, dict.fromkeys(names, True)).values()]
    return "<br>".join(f"{cell(line.title)}: {cell(where or 'all')}" for line, where in places)


def _legend() -> list[str]:
    meanings = "; ".join(f"{SIGNS[verdict]} {WORDS[verdict]}: {MEANINGS[verdict]}" for verdict in VERDICTS)
    note = "A sign alone stands for every release of its line that has a results file; a number leads to the cause."
    return [f"{meanings}. {note}", ""]


def _section(section: str, rows: Sequence[Row], table: Table, causes: Causes) -> list[str]:
    names = {column["name"] for column in present(table)}
    held = [row for row in rows if _held(row) == names]
    mixed = [row for row in rows if _held(row) != names]
    parts = [f"### {cell(section)}", ""]
    if mixed:
        series = lines(table)
        headings = " | ".join(cell(line.title) for line in series)
        parts += [f"| Claim | {headings} |", "| --- |" + " --- |" * len(series)]
        parts += [_row(row, series, causes) for row in mixed] + [""]
    if held:
        # Folded, because a reader comes for what does not hold.
        count = f"{len(held)} of {len(rows)} claims" if mixed else f"All {len(rows)} claims"
        parts += ["<details>", f"<summary>✓ {count} held on every release</summary>", ""]
        parts += [f"- {cell(row['statement'])} {code(row['id'])}" for row in held] + ["", "</details>", ""]
    return parts


def _held(row: Row) -> set[str]:
    return {name for name, seen in cells(row).items() if seen["verdict"] == "held"}


def _row(row: Row, series: Sequence[Line], causes: Causes) -> str:
    keys = {name: (seen["verdict"], _mark(seen, causes)) for name, seen in cells(row).items()}
    return f"| {statement(row)} | " + " | ".join(verdicts_along(line, keys) for line in series) + " |"


def _mark(outcome: Outcome, causes: Causes) -> str:
    number = causes.get(_cause(outcome))
    return "" if number is None else f"[{number}](#why-{number})"


def _causes(table: Table, causes: Causes) -> list[str]:
    if not causes:
        return []
    claims: dict[Any, dict[str, None]] = {}
    section: dict[Any, str] = {}
    for row, outcome in outcomes(table):
        claims.setdefault(_cause(outcome), {})[row["id"]] = None
        section.setdefault(_cause(outcome), row["section"])
    parts = ["## Broken, and why", ""]
    entries: list[Mapping[str, Any]] = [{"section": section[cause], "cause": cause} for cause in causes]
    for heading, members in by_section(entries):
        parts += [f"### {cell(heading)}: causes", "", "| | Cause | Claims |", "| ---: | --- | --- |"]
        for cause in (one["cause"] for one in members):
            number, ids = causes[cause], ", ".join(map(code, claims[cause]))
            parts.append(f'| <a id="why-{number}"></a>{number} | {cell(cause[0])} {link("source", cause[1])} | {ids} |')
        parts.append("")
    return parts


def _reasons(table: Table, verdict: str, heading: str, reason: Callable[[Outcome], str]) -> list[str]:
    claims: dict[str, dict[str, None]] = {}
    for row, outcome in outcomes(table):
        if outcome["verdict"] == verdict:
            claims.setdefault(reason(outcome), {})[row["id"]] = None
    if not claims:
        return []
    parts = [f"## {heading}", "", "| Reason | Claims |", "| --- | --- |"]
    parts += [f"| {cell(why)} | {', '.join(map(code, names))} |" for why, names in claims.items()]
    return [*parts, ""]
