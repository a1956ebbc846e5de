"""A decision as Markdown for the step summary of a GitHub workflow, and how each point of the curve came out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

from pytest_kerasch2.accuracy.curve import AT_BEST, AT_END, SERIES_NAMES, Point
from pytest_kerasch2.accuracy.decision import GateDecision, GateVerdict
from pytest_kerasch2.accuracy.reference_distribution import ReferenceDistribution
from pytest_kerasch2.foreign import cell
from pytest_kerasch2.stats import sequential

# A sign beside the colour, so that a verdict reads without colours too.
SIGNS = {GateVerdict.PASS: "✓", GateVerdict.FAIL: "✗", GateVerdict.UNDECIDED: "?"}
# Steps of a strip from what is usual to the edge of chance, and from there to its end.
WITHIN = 4
BEYOND = 3
NEW, CHANGED, STRAY, USUAL = "●", "◆", "◇", "┊"
# So many alarms after the first are told in words; the table has all of them.
TOLD = 4
# Of a longer curve some epochs are left out.
ROWS = 30


@dataclass(frozen=True)
class PointSummary:
    """How one point of the curve came out.

    Attributes:
        point: which.
        usual: the value that is usual there.
        low, high: between which the typical value of so many trainings lies by chance.
        each: what each new training gave.
        found: the typical value of them; None where nothing was trained.
        off: how far that lies above what is usual, or below it if negative; 1 is the edge of chance. None likewise.
        changed: whether it is an alarm of the gate.
    """

    point: Point
    usual: float
    low: float
    high: float
    each: tuple[float, ...]
    found: float | None
    off: float | None
    changed: bool

    @property
    def stray(self) -> bool:
        """Return whether it lies beyond chance by a single training, which the others do not bear out."""
        return self.off is not None and abs(self.off) > 1 and not self.changed


def shown_trainings(made: ReferenceDistribution, decision: GateDecision) -> int:
    """Return of how many trainings the chance is shown: of those that were looked at, or of as many as are allowed."""
    return len(decision.runs) or made.terms.most


def shared_curves(made: ReferenceDistribution, decision: GateDecision) -> tuple[str, ...]:
    """Return the names of the curves that reference and new trainings have."""
    return tuple(name for name in made.names if all(run.series(name) for run in decision.runs))


def summaries_by_series(made: ReferenceDistribution, decision: GateDecision) -> dict[str, tuple[PointSummary, ...]]:
    """Return the points of each epoch in their order, by their series; see `ends` for the others."""
    grouped: dict[str, list[PointSummary]] = {}
    for point in sorted((one for one in made.known if one.epoch > 0), key=lambda one: one.epoch):
        grouped.setdefault(point.series, []).append(_standing(made, decision, point))
    return {series: tuple(grouped[series]) for series in made.names}


def end_summaries(made: ReferenceDistribution, decision: GateDecision) -> tuple[PointSummary, ...]:
    """Return the points at the last and at the best epoch of each training, where trainings differ in length."""
    points = [point for point in made.known if point.epoch in (AT_END, AT_BEST)]
    return tuple(_standing(made, decision, point) for point in points)


def _standing(made: ReferenceDistribution, decision: GateDecision, point: Point) -> PointSummary:
    on, known = made.scales[point], made.known[point]
    reach = sequential.half_width(known, shown_trainings(made, decision), made.allowed(point) / 2)
    low, high = sorted((on.back(known.mean - reach), on.back(known.mean + reach)))
    places = [on.there(point.of(run)) for run in decision.runs]
    found = off = None
    if places:
        mean = math.fsum(places) / len(places)
        found = on.back(mean)
        # The scale of an accuracy counts what was not recognised: up there is down.
        off = (mean - known.mean) / reach * (-1 if on.turns else 1)
    changed = any(alarm.point == point for alarm in decision.alarms)
    # There and back, so that a loss of zero has a place among logarithms.
    return PointSummary(point, on.back(known.mean), low, high, tuple(map(on.back, places)), found, off, changed)


def headline(decision: GateDecision) -> tuple[str, str]:
    """Return the verdict with its sign, and why."""
    verdict, _, why = decision.reason.partition(": ")
    return f"{SIGNS[decision.verdict]} Accuracy gate: {verdict}", why


def chance_in_words(made: ReferenceDistribution, decision: GateDecision) -> str:
    """Say what the band of chance is."""
    number = shown_trainings(made, decision)
    trainings = "1 training" if number == 1 else f"the mean of {number} trainings"
    rate = f"{100 * made.terms.alarm:.3g} % of false alarms"
    return f"where {trainings} would lie by chance, with {rate} over all points and looks"


def page(made: ReferenceDistribution, decision: GateDecision, named: str = "") -> str:
    """Return a decision as a section of GitHub-flavoured Markdown.

    Args:
        made: the reference that was compared with.
        decision: what was decided by it.
        named: what was asked about, for those who read of several.
    """
    made = made.only(shared_curves(made, decision))
    verdict, _ = headline(decision)
    about = f" ({cell(named)})" if named else ""
    lines = [f"### {cell(verdict)}{about}", "", *_evidence(decision), ""]
    # What passed needs no second look.
    opened = "" if decision.verdict is GateVerdict.PASS else " open"
    lines += [f"<details{opened}><summary>The curve, epoch by epoch</summary>", ""]
    lines += [*_table(made, decision), "", *_ends(made, decision), *_key(made, decision), "", "</details>", ""]
    return "\n".join(lines) + "\n"


def _evidence(decision: GateDecision) -> list[str]:
    # The reason names the first alarm already.
    told = [decision.reason, *(line for line in decision.evidence[1:] if line not in decision.reason)]
    lines = [f"- {cell(line)}" for line in told]
    more = len(decision.alarms) - 1 - TOLD
    if more > 0:
        return [*lines[:-more], f"- and {more} more, marked {CHANGED} below"]
    return lines


def _table(made: ReferenceDistribution, decision: GateDecision) -> list[str]:
    curves = summaries_by_series(made, decision)
    lines = ["| Epoch | " + " | ".join(f"{_title(series)}" for series in curves) + " |"]
    lines.append("| ---: |" + " --- |" * len(curves))
    rows = list(zip(*curves.values()))
    for row in rows:
        if _is_shown(row, len(rows)):
            lines.append(f"| {row[0].point.epoch} | " + " | ".join(map(_told, row)) + " |")
    return lines


def _title(series: str) -> str:
    words = cell(SERIES_NAMES.get(series, series))
    return f"{words[:1].upper()}{words[1:]}" if series in SERIES_NAMES else words


def _ends(made: ReferenceDistribution, decision: GateDecision) -> list[str]:
    """Return a table of the last and the best epochs, where trainings differ in length."""
    found = end_summaries(made, decision)
    if not found:
        return []
    return ["| | |", "| --- | --- |", *(f"| {cell(one.point.label)} | {_told(one)} |" for one in found), ""]


def _is_shown(row: Sequence[PointSummary], rows: int) -> bool:
    epoch = row[0].point.epoch
    return epoch in (1, rows) or epoch % math.ceil(rows / ROWS) == 0 or any(one.changed for one in row)


def _told(one: PointSummary) -> str:
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


def _key(made: ReferenceDistribution, decision: GateDecision) -> list[str]:
    marks = (
        f"`[ ]` is {chance_in_words(made, decision)}; {USUAL} is usual, {NEW} the new trainings, {CHANGED} an alarm. "
        "Higher values lie to the right."
    )
    some_stray = any(one.stray for points in summaries_by_series(made, decision).values() for one in points)
    stray = f" {STRAY} is one training alone that lies far off, which the others do not bear out."
    lines = (
        [marks + (stray if some_stray else "")] if decision.runs else [f"Chance is {chance_in_words(made, decision)}."]
    )
    if max(point.epoch for point in made.known) > ROWS:
        lines[0] += " Not every epoch is shown, but each with an alarm is."
    return lines
