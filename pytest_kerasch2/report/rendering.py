"""The table that a person reads at the end of a run."""

from __future__ import annotations

import io
from typing import Any, Mapping, Sequence

from pytest_kerasch2 import foreign
from pytest_kerasch2.report.chapter_summary import (
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
    incomplete,
    release_line,
    unexplained,
)

COLOURS = {"held": "green", "broken": "red", "not_applicable": "bright_black", "inconclusive": "yellow"}


def table(results: Mapping[str, Any], width: int, colour: bool) -> str:
    """Return the whole report as text: sections with their verdicts, causes, and what to do.

    Args:
        width: columns of the terminal.
        colour: whether the text may carry colours; signs say the same without.
    """
    from rich.console import Console

    results = foreign.each(results, foreign.terminal)
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
    claims: list[Entry] = results["claims"]
    console.print(release_line(results["environment"]), style="bold", markup=False)
    console.print(_sections(claims))
    _legend(console, claims)
    _broken(console, claims)
    _inapplicable(console, claims)
    _undecided(console, claims)
    if not results["complete"]:
        console.print(incomplete(results), style="bold yellow")
    return "\n".join(line.rstrip() for line in stream.getvalue().split("\n"))


def _sections(claims: list[Entry]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, show_footer=True, pad_edge=False)
    total = counts(claims)
    grid.add_column("Section of the chapter", footer="All")
    for verdict in VERDICTS:
        heading = f"{SIGNS[verdict]} {WORDS[verdict]}".replace("not applicable", "not\napplicable").replace(
            "could not", "could\nnot"
        )
        grid.add_column(heading, footer=str(total[verdict]), justify="right", style=COLOURS[verdict])
    for section, members in by_section(claims):
        counted = counts(members)
        # As text: what stands in brackets is no markup.
        grid.add_row(Text(section), *(str(counted[verdict]) if counted[verdict] else "·" for verdict in VERDICTS))
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
    for (cause, source), members in causes.items():
        for claim in members:
            _item(console, "broken", claim["id"])
            _paragraph(console, claim["statement"], style="red")
        _paragraph(console, cause)
        # An address broken over two lines cannot be clicked.
        console.print(f"    {source}", markup=False, soft_wrap=True, style="bright_black")


def _inapplicable(console: Any, claims: list[Entry]) -> None:
    _grouped(console, "Not applicable here", "not_applicable", grouped_inapplicable(claims))


def _undecided(console: Any, claims: list[Entry]) -> None:
    _grouped(console, "Could not be told, and what to do", "inconclusive", grouped_remedies(claims))


def _grouped(console: Any, heading: str, verdict: str, groups: Mapping[str, Sequence[str]]) -> None:
    if groups:
        console.print(f"\n{heading}", style="bold")
    for reason, names in groups.items():
        for name in names:
            _item(console, verdict, name)
        _paragraph(console, reason)


def _item(console: Any, verdict: str, name: str) -> None:
    console.print(f"  {SIGNS[verdict]} {name}", style=f"bold {COLOURS[verdict]}", markup=False)


def _paragraph(console: Any, text: str, style: str = "") -> None:
    from rich.padding import Padding
    from rich.text import Text

    console.print(Padding(Text(text, style=style), (0, 0, 0, 4)))
