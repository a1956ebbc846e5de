"""A decision as Markdown for the step summary of a GitHub workflow: verdict, evidence, and the curve as text."""

from __future__ import annotations

import math
from typing import Sequence

from pytest_kerasch2.accuracy.decision import WORDS, Decision, Verdict
from pytest_kerasch2.accuracy.sequential_test import Yardstick
from pytest_kerasch2.accuracy.standing import Standing, chance, ends, headline, shared, standings
from pytest_kerasch2.foreign import cell

# Steps of a strip from what is usual to the edge of chance, and from there to its end.
WITHIN = 4
BEYOND = 3
NEW, CHANGED, STRAY, USUAL = "●", "◆", "◇", "┊"
# So many alarms after the first are told in words; the table has all of them.
TOLD = 4
# Of a longer curve some epochs are left out.
ROWS = 30


def page(made: Yardstick, decision: Decision, named: str = "") -> str:
    """Return a decision as a section of GitHub-flavoured Markdown.

    Args:
        made: the reference that was compared with.
        decision: what was decided by it.
        named: what was asked about, for those who read of several.
    """
    made = made.only(shared(made, decision))
    verdict, _ = headline(decision)
    about = f" ({cell(named)})" if named else ""
    lines = [f"### {cell(verdict)}{about}", "", *_evidence(decision), ""]
    # What passed needs no second look.
    opened = "" if decision.verdict is Verdict.PASS else " open"
    lines += [f"<details{opened}><summary>The curve, epoch by epoch</summary>", ""]
    lines += [*_table(made, decision), "", *_ends(made, decision), *_key(made, decision), "", "</details>", ""]
    return "\n".join(lines) + "\n"


def _evidence(decision: Decision) -> list[str]:
    # The reason names the first alarm already.
    told = [decision.reason, *(line for line in decision.evidence[1:] if line not in decision.reason)]
    lines = [f"- {cell(line)}" for line in told]
    more = len(decision.alarms) - 1 - TOLD
    if more > 0:
        return [*lines[:-more], f"- and {more} more, marked {CHANGED} below"]
    return lines


def _table(made: Yardstick, decision: Decision) -> list[str]:
    curves = standings(made, decision)
    lines = ["| Epoch | " + " | ".join(f"{_title(series)}" for series in curves) + " |"]
    lines.append("| ---: |" + " --- |" * len(curves))
    rows = list(zip(*curves.values()))
    for row in rows:
        if _is_shown(row, len(rows)):
            lines.append(f"| {row[0].point.epoch} | " + " | ".join(map(_told, row)) + " |")
    return lines


def _title(series: str) -> str:
    words = cell(WORDS.get(series, series))
    return f"{words[:1].upper()}{words[1:]}" if series in WORDS else words


def _ends(made: Yardstick, decision: Decision) -> list[str]:
    """Return a table of the last and the best epochs, where trainings differ in length."""
    found = ends(made, decision)
    if not found:
        return []
    return ["| | |", "| --- | --- |", *(f"| {cell(one.point.label)} | {_told(one)} |" for one in found), ""]


def _is_shown(row: Sequence[Standing], rows: int) -> bool:
    epoch = row[0].point.epoch
    return epoch in (1, rows) or epoch % math.ceil(rows / ROWS) == 0 or any(one.changed for one in row)


def _told(one: Standing) -> str:
    usual = f"usual {one.usual:.4g}, chance {one.low:.4g} to {one.high:.4g}"
    if one.found is None or one.off is None:
        return usual
    found = f"**{one.found:.4g} {CHANGED}**" if one.changed else f"{one.found:.4g}{f' {STRAY}' if one.stray else ''}"
    return f"{found} `{_strip(one.off, CHANGED if one.changed else STRAY if one.stray else NEW)}`<br>{usual}"


def _strip(off: float, sign: str) -> str:
    """Return a line with the band of chance in brackets, its middle, and the new trainings where they lie."""
    half = "·" * WITHIN
    signs = list(f"{'·' * BEYOND}[{half}{USUAL}{half}]{'·' * BEYOND}")
    steps = round(abs(off) * WITHIN)
    if abs(off) > 1:
        # The edge itself keeps its bracket.
        steps = WITHIN + 1 + min(max(steps - WITHIN, 1), BEYOND)
    signs[len(signs) // 2 + (steps if off > 0 else -steps)] = sign
    return "".join(signs)


def _key(made: Yardstick, decision: Decision) -> list[str]:
    marks = (
        f"`[ ]` is {chance(made, decision)}; {USUAL} is usual, {NEW} the new trainings, {CHANGED} an alarm. "
        "Higher values lie to the right."
    )
    some_stray = any(one.stray for points in standings(made, decision).values() for one in points)
    stray = f" {STRAY} is one training alone that lies far off, which the others do not bear out."
    lines = [marks + (stray if some_stray else "")] if decision.runs else [f"Chance is {chance(made, decision)}."]
    if max(point.epoch for point in made.known) > ROWS:
        lines[0] += " Not every epoch is shown, but each with an alarm is."
    return lines
