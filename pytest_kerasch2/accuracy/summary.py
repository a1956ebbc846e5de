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
# Steps of a strip from what is usual to the end of the band of chance, and from there to its own end.
INSIDE = 4
OUTSIDE = 3
NEW, CHANGED, STRAY, CENTRE = "●", "◆", "◇", "┊"
# So many alarms after the first are written as lines; the table has all of them.
MAX_ALARMS = 4
# Of a longer curve some epochs are left out.
ROWS = 30


@dataclass(frozen=True)
class PointSummary:
    """How one point of the curve came out.

    Attributes:
        point: which.
        expected: the value of the reference.
        low, high: between which the typical value of so many trainings lies by chance.
        values: what each new training gave.
        actual: the typical value of them; None where nothing was trained.
        distance: signed distance from the expected value, where 1 is the end of the band of chance. None likewise.
        changed: whether it is an alarm of the gate.
    """

    point: Point
    expected: float
    low: float
    high: float
    values: tuple[float, ...]
    actual: float | None
    distance: float | None
    changed: bool

    @property
    def stray(self) -> bool:
        """Whether it lies beyond chance by a single training, which the others do not support."""
        return self.distance is not None and abs(self.distance) > 1 and not self.changed


def shown_trainings(distribution: ReferenceDistribution, decision: GateDecision) -> int:
    """Return of how many trainings the chance is shown: of those that were looked at, or of as many as are allowed."""
    return len(decision.runs) or distribution.settings.max_runs


def shared_curves(distribution: ReferenceDistribution, decision: GateDecision) -> tuple[str, ...]:
    """Return the names of the curves that reference and new trainings have."""
    return tuple(name for name in distribution.names if all(run.series(name) for run in decision.runs))


def summaries_by_series(
    distribution: ReferenceDistribution, decision: GateDecision
) -> dict[str, tuple[PointSummary, ...]]:
    """Return the points of each epoch in their order, by their series; see `end_summaries` for the others."""
    grouped: dict[str, list[PointSummary]] = {}
    for point in sorted((one for one in distribution.samples if one.epoch > 0), key=lambda one: one.epoch):
        grouped.setdefault(point.series, []).append(_summary(distribution, decision, point))
    return {series: tuple(grouped[series]) for series in distribution.names}


def end_summaries(distribution: ReferenceDistribution, decision: GateDecision) -> tuple[PointSummary, ...]:
    """Return the points at the last and at the best epoch of each training, where trainings differ in length."""
    points = [point for point in distribution.samples if point.epoch in (AT_END, AT_BEST)]
    return tuple(_summary(distribution, decision, point) for point in points)


def _summary(distribution: ReferenceDistribution, decision: GateDecision, point: Point) -> PointSummary:
    scale, sample = distribution.scales[point], distribution.samples[point]
    looks, alpha = shown_trainings(distribution, decision), distribution.alpha_of(point)
    half_width = sequential.half_width(sample, looks, alpha / 2)
    low, high = sorted((scale.inverse(sample.mean - half_width), scale.inverse(sample.mean + half_width)))
    places = [scale.transform(point.of(run)) for run in decision.runs]
    actual = distance = None
    if places:
        mean = math.fsum(places) / len(places)
        actual = scale.inverse(mean)
        # The scale of an accuracy counts what was not recognised: up there is down.
        distance = (mean - sample.mean) / half_width * (-1 if scale.is_reversed else 1)
    changed = any(alarm.point == point for alarm in decision.alarms)
    # Through the scale, so that a loss of zero has a place among logarithms.
    values = tuple(map(scale.inverse, places))
    return PointSummary(point, scale.inverse(sample.mean), low, high, values, actual, distance, changed)


def headline(decision: GateDecision) -> tuple[str, str]:
    """Return the verdict with its sign, and why."""
    verdict, _, why = decision.reason.partition(": ")
    return f"{SIGNS[decision.verdict]} Accuracy gate: {verdict}", why


def chance_in_words(distribution: ReferenceDistribution, decision: GateDecision) -> str:
    """Return what the band of chance is."""
    number = shown_trainings(distribution, decision)
    trainings = "1 training" if number == 1 else f"the mean of {number} trainings"
    rate = f"{100 * distribution.settings.alpha:.3g} % of false alarms"
    return f"where {trainings} would lie by chance, with {rate} over all points and looks"


def page(distribution: ReferenceDistribution, decision: GateDecision, title: str = "") -> str:
    """Return a decision as a section of GitHub-flavoured Markdown.

    Args:
        distribution: the reference that was compared with.
        decision: what was decided by it.
        title: what was asked about, for those who read several sections.
    """
    distribution = distribution.restricted_to(shared_curves(distribution, decision))
    verdict, _ = headline(decision)
    about = f" ({cell(title)})" if title else ""
    lines = [f"### {cell(verdict)}{about}", "", *_evidence(decision), ""]
    # What passed needs no second look.
    is_open = "" if decision.verdict is GateVerdict.PASS else " open"
    lines += [f"<details{is_open}><summary>The curve, epoch by epoch</summary>", ""]
    lines += [*_table(distribution, decision), "", *_ends(distribution, decision), *_key(distribution, decision), ""]
    return "\n".join([*lines, "</details>", ""]) + "\n"


def _evidence(decision: GateDecision) -> list[str]:
    # The reason names the first alarm already.
    evidence = [decision.reason, *(line for line in decision.evidence[1:] if line not in decision.reason)]
    lines = [f"- {cell(line)}" for line in evidence]
    more = len(decision.alarms) - 1 - MAX_ALARMS
    if more > 0:
        return [*lines[:-more], f"- and {more} more, marked {CHANGED} below"]
    return lines


def _table(distribution: ReferenceDistribution, decision: GateDecision) -> list[str]:
    curves = summaries_by_series(distribution, decision)
    lines = ["| Epoch | " + " | ".join(f"{_title(series)}" for series in curves) + " |"]
    lines.append("| ---: |" + " --- |" * len(curves))
    rows = list(zip(*curves.values()))
    for row in rows:
        if _is_shown(row, len(rows)):
            lines.append(f"| {row[0].point.epoch} | " + " | ".join(map(_cell, row)) + " |")
    return lines


def _title(series: str) -> str:
    words = cell(SERIES_NAMES.get(series, series))
    return f"{words[:1].upper()}{words[1:]}" if series in SERIES_NAMES else words


def _ends(distribution: ReferenceDistribution, decision: GateDecision) -> list[str]:
    """Return a table of the last and the best epochs, where trainings differ in length."""
    points = end_summaries(distribution, decision)
    if not points:
        return []
    return ["| | |", "| --- | --- |", *(f"| {cell(one.point.label)} | {_cell(one)} |" for one in points), ""]


def _is_shown(row: Sequence[PointSummary], rows: int) -> bool:
    epoch = row[0].point.epoch
    return epoch in (1, rows) or epoch % math.ceil(rows / ROWS) == 0 or any(one.changed for one in row)


def _cell(one: PointSummary) -> str:
    expected = f"usual {one.expected:.4g}, chance {one.low:.4g} to {one.high:.4g}"
    if one.actual is None or one.distance is None:
        return expected
    sign = CHANGED if one.changed else STRAY if one.stray else NEW
    marked = f"**{one.actual:.4g} {CHANGED}**" if one.changed else f"{one.actual:.4g}{f' {STRAY}' if one.stray else ''}"
    return f"{marked} `{_strip(one.distance, sign)}`<br>{expected}"


def _strip(distance: float, sign: str) -> str:
    """Return a line with the band of chance in brackets, its middle, and the new trainings where they lie."""
    half = "·" * INSIDE
    signs = list(f"{'·' * OUTSIDE}[{half}{CENTRE}{half}]{'·' * OUTSIDE}")
    steps = round(abs(distance) * INSIDE)
    if abs(distance) > 1:
        # The end of the band keeps its bracket.
        steps = INSIDE + 1 + min(max(steps - INSIDE, 1), OUTSIDE)
    signs[len(signs) // 2 + (steps if distance > 0 else -steps)] = sign
    return "".join(signs)


def _key(distribution: ReferenceDistribution, decision: GateDecision) -> list[str]:
    chance = chance_in_words(distribution, decision)
    marks = (
        f"`[ ]` is {chance}; {CENTRE} is usual, {NEW} the new trainings, {CHANGED} an alarm. "
        "Higher values lie to the right."
    )
    some_stray = any(one.stray for points in summaries_by_series(distribution, decision).values() for one in points)
    stray = f" {STRAY} is one training alone that lies far off, which the others do not bear out."
    lines = [marks + (stray if some_stray else "")] if decision.runs else [f"Chance is {chance}."]
    if max(point.epoch for point in distribution.samples) > ROWS:
        lines[0] += " Not every epoch is shown, but each with an alarm is."
    return lines
