"""The work of `kerasch2 table`: merge results files, write the outputs, compare with a published table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

from pytest_kerasch2 import files
from pytest_kerasch2.errors import BadTable
from pytest_kerasch2.report import (
    checking,
    compatibility_table,
    figures,
    merging,
    release_changes,
    releases_file,
    table_markdown,
)
from pytest_kerasch2.report.chapter_summary import VERDICTS, WORDS
from pytest_kerasch2.report.compatibility_table import Table


@dataclass(frozen=True)
class TableRequest:
    """What is to be made, and of what.

    Attributes:
        table: a table that is there, instead of results files, or None.
        figures: results files of runs that trained, by which open figures are told.
        releases: the file that lists the columns, or None.
        allow_incomplete: take results files of interrupted runs too.
        check: a table to compare with, or None.
        json, markdown, html, changes: files to be written, or None.
    """

    results_files: Sequence[Path] = ()
    table: Path | None = None
    figures: Sequence[Path] = ()
    releases: Path | None = None
    allow_incomplete: bool = False
    check: Path | None = None
    json: Path | None = None
    markdown: Path | None = None
    html: Path | None = None
    changes: Path | None = None

    @property
    def writers(self) -> list[tuple[Path, Callable[[Table], str]]]:
        """Return each file to be written with what makes its text."""
        outputs = (
            (self.json, compatibility_table.text),
            (self.markdown, table_markdown.page),
            (self.html, _html),
            (self.changes, release_changes.page),
        )
        return [(place, writer) for place, writer in outputs if place is not None]


def publish(order: TableRequest) -> tuple[list[str], list[str]]:
    """Write what was ordered; nothing is written where anything is refused.

    Returns:
        A line for each release, and a line for each cell that differs from the table to compare with.

    Raises:
        BadResults: a results file cannot be read, or a file cannot be written.
        BadTable: the results files cannot be merged, or another file given is damaged; the message names it.
        InvalidArgument: an output cannot be written, or would overwrite a results file or another output.
    """
    files.check_outputs([place for place, _ in order.writers], (*order.results_files, *order.figures))
    # Read before anything is written: the table to compare with may be the one that is written anew.
    committed = None if order.check is None else compatibility_table.read(order.check)
    table = figures.put_into(_table(order), order.figures)
    for place, text in [(place, writer(table)) for place, writer in order.writers]:
        files.write_text(text, place)
    return summary(table), [] if committed is None else checking.differences(committed, table)


def _table(order: TableRequest) -> Table:
    if order.table is None:
        listed = () if order.releases is None else releases_file.read(order.releases)
        return merging.merge(order.results_files, listed, order.allow_incomplete)
    if order.results_files or order.releases is not None or order.allow_incomplete:
        other = order.releases or (order.results_files[0] if order.results_files else "--allow-incomplete")
        detail = f"{order.table}, and {other}"
        raise BadTable("An existing table takes no other columns", detail, "give it figures alone")
    return compatibility_table.read(order.table)


def summary(table: Table) -> list[str]:
    """Return a line for each release: its verdicts counted, or why there are none."""
    return [
        f"{column['label']}: "
        + (
            f"no results file: {column['absent']}"
            if "absent" in column
            else ", ".join(f"{column['counts'][verdict]} {WORDS[verdict]}" for verdict in VERDICTS)
            + ("" if column["complete"] else " (interrupted)")
        )
        for column in table["releases"]
    ]


def _html(table: Table) -> str:
    # Imported here, because the other outputs need nothing of what a page needs.
    from pytest_kerasch2.report.page import render

    return render(table)
