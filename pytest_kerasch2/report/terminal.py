"""The table that a person reads at the end of a run."""

from __future__ import annotations

import io
from typing import Any, Mapping

from pytest_kerasch2.report.summary import (
    MEANINGS,
    SIGNS,
    VERDICTS,
    WORDS,
    Entry,
    by_section,
    counts,
    grouped_causes,
    grouped_inapplicable,
    grouped_remedies,
    release_line,
    unexplained,
)

COLOURS = {"held": "green", "broken": "red", "not_applicable": "bright_black", "could_not_tell": "yellow"}


def table(ledger: Mapping[str, Any], width: int, colour: bool) -> str:
    """Give the whole report as text: sections with their verdicts, causes, and what to do.

    Args:
        width: columns of the terminal.
        colour: whether the text may carry colours; signs say the same without.
    """
    from rich.console import Console

    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        highlight=False,
        legacy_windows=False,
        color_system="standard" if colour else None,
    )
    claims: list[Entry] = ledger["claims"]
    console.print(release_line(ledger["environment"]), style="bold", markup=False)
    console.print(_sections(claims))
    _legend(console, claims)
    _broken(console, claims)
    _inapplicable(console, claims)
    _undecided(console, claims)
    if not ledger["complete"]:
        console.print("This run was interrupted: what is missing above was not looked at.", style="bold yellow")
    return stream.getvalue()


def _sections(claims: list[Entry]) -> Any:
    from rich import box
    from rich.table import Table

    grid = Table(box=box.SIMPLE_HEAD, show_footer=True, pad_edge=False)
    total = counts(claims)
    grid.add_column("Section of the chapter", footer="All")
    for verdict in VERDICTS:
        heading = f"{SIGNS[verdict]} {WORDS[verdict]}"
        grid.add_column(heading, footer=str(total[verdict]), justify="right", style=COLOURS[verdict])
    for section, its in by_section(claims):
        found = counts(its)
        grid.add_row(section, *(str(found[verdict]) if found[verdict] else "·" for verdict in VERDICTS))
    return grid


def _legend(console: Any, claims: list[Entry]) -> None:
    words = [f"{SIGNS[verdict]} {WORDS[verdict]}: {MEANINGS[verdict]}" for verdict in VERDICTS]
    console.print("; ".join(words) + ".", style="bright_black", markup=False)
    red = unexplained(claims)
    if red:
        text = f"{len(red)} of {len(claims)} verdicts are not as recorded; they are the failures above."
        console.print(text, style="bold red")
    else:
        console.print(f"Verdicts: {len(claims)}, all as recorded for this release.", style="green")


def _broken(console: Any, claims: list[Entry]) -> None:
    causes = grouped_causes(claims)
    if causes:
        console.print("\nBroken, and why", style="bold")
    for (cause, source), its in causes.items():
        for claim in its:
            console.print(f"  {SIGNS['broken']} {claim['id']}  {claim['statement']}", style="red", markup=False)
        console.print(f"      {cause}\n      {source}", markup=False)


def _inapplicable(console: Any, claims: list[Entry]) -> None:
    reasons = grouped_inapplicable(claims)
    if reasons:
        console.print("\nNot applicable here", style="bold")
    for reason, names in reasons.items():
        console.print(f"  {SIGNS['not_applicable']} {', '.join(names)}", style="bright_black", markup=False)
        console.print(f"      {reason}", markup=False)


def _undecided(console: Any, claims: list[Entry]) -> None:
    remedies = grouped_remedies(claims)
    if remedies:
        console.print("\nCould not be told, and what to do", style="bold")
    for remedy, names in remedies.items():
        console.print(f"  {SIGNS['could_not_tell']} {', '.join(names)}", style="yellow", markup=False)
        console.print(f"      {remedy}", markup=False)
