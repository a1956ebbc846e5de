"""What changed from one release to the next, worst first, and all that is broken on each, as a Markdown page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator, Mapping, Sequence

from pytest_kerasch2.claims.model import Verdict
from pytest_kerasch2.foreign import cell, link
from pytest_kerasch2.report import workaround_code
from pytest_kerasch2.report.chapter_summary import SIGNS, WORDS
from pytest_kerasch2.report.compatibility_table import Column, Outcome, Row, Table, cells, present
from pytest_kerasch2.report.lines import Line, lines
from pytest_kerasch2.report.table_markdown import statement

INTRODUCTION = (
    "For each release, the claims of the chapter whose verdict is another than on the release before it, and what a",
    "reader writes instead of the printed lines: run on that release, each of them, when the claim was found broken.",
    "Where nothing stands to be written, no line of the chapter depends on the claim. Below that, for each release,",
    "everything that is broken on it, whenever it broke. Written by `kerasch2 table`; do not edit.",
)
MISTAKES = "Mistakes in the chapter"
EVERYWHERE = (
    "These claims are broken on every release that decides them. They are counted below, and not told again.",
    "What is to be written is that of the newest release here.",
)


@dataclass(frozen=True)
class Flip:
    """A claim whose verdict on one release is another than on the release before."""

    row: Row
    before: Outcome
    after: Outcome

    @property
    def badness(self) -> tuple[int, int]:
        """Return what sorts the worst first: what is worst now, and of that what was best before."""
        order = [verdict.value for verdict in Verdict]
        return (order.index(self.after["verdict"]), -order.index(self.before["verdict"]))

    @property
    def breaks(self) -> bool:
        """Return whether the claim is broken now and was not."""
        return bool(self.after["verdict"] == "broken")

    @property
    def mends(self) -> bool:
        """Return whether the claim holds now and was broken."""
        return (self.before["verdict"], self.after["verdict"]) == ("broken", "held")


def flips(table: Table, column: Column) -> list[Flip]:
    """Return what flipped on a release against the one before it, worst first.

    A claim not looked at on both is left out, and so is a figure left open on one, because it did not train there.

    Args:
        column: one with a results file and with a release before it.
    """
    all_flips = []
    for row in table["claims"]:
        seen = cells(row)
        before, after = seen.get(column["before"]), seen.get(column["name"])
        if before is None or after is None or is_untold(row, before) or is_untold(row, after):
            continue
        if before["verdict"] != after["verdict"]:
            all_flips.append(Flip(row, before, after))
    return sorted(all_flips, key=lambda flip: flip.badness)


def is_untold(row: Row, seen: Outcome) -> bool:
    """Return whether an outcome leaves a printed figure open, which says nothing of the release."""
    return bool(row["kind"] == "figure" and seen["verdict"] == "inconclusive")


def page(table: Table) -> str:
    """Return the page: for each line of releases an overview, then each release on which something flipped."""
    labels = {column["name"]: column["label"] for column in table["releases"]}
    parts = ["# What changed", "", *INTRODUCTION, ""]
    for line in lines(table):
        parts += [f"## {cell(line.title)}", "", f"{cell(line.meaning[:1].upper() + line.meaning[1:])}.", ""]
        flipped = [(column, flips(table, column)) for column in line.columns if column["before"] is not None]
        parts += _overview(line, flipped, labels)
        parts += _from_the_first(table, [column for column in line.columns if _begins(column, table)])
        for column, own_flips in flipped:
            if own_flips:
                parts += _release(column, own_flips, labels)
    parts += _mistakes(table)
    for line in lines(table):
        parts += [f"## Everything broken: {cell(line.title)}", "", *_everything(table, line)]
    return "\n".join(parts).rstrip("\n") + "\n"


def is_mistake(row: Row) -> bool:
    """Return whether a claim is broken wherever it was decided: the mistake is the chapter's, then."""
    return {one["verdict"] for one in row["outcomes"]} & {"held", "broken"} == {"broken"}


def _mistakes(table: Table) -> Iterator[str]:
    newest = {column["name"]: place for place, column in enumerate(present(table))}
    pairs = []
    for row in filter(is_mistake, table["claims"]):
        seen = {name: one for name, one in cells(row).items() if one["verdict"] == "broken"}
        # A series has its newest release last, and the first one is that of most readers.
        first = [name for name in seen if _series(table, name) == table["releases"][0]["series"]] or list(seen)
        pairs.append((row, seen[max(first, key=newest.__getitem__)]))
    if pairs:
        yield from (f"## {MISTAKES}", "", *EVERYWHERE, "")
        yield from _causes(pairs)
        yield from workaround_code.blocks(pairs)


def _series(table: Table, name: str) -> str:
    return next(str(column["series"]) for column in table["releases"] if column["name"] == name)


def _everything(table: Table, line: Line) -> Iterator[str]:
    """Yield a section for each release of a line; one that is as an earlier one names that one."""
    earlier: dict[str, Column] = {}
    for column in line.columns:
        if "absent" in column:
            continue
        own = "\n".join(_own_broken(table, column))
        first = earlier.setdefault(own, column)
        yield from (f"### {_heading(column)}", "", _counted(table, column), "")
        if first is not column:
            link_there = f"[{cell(first['label'])}](#{_anchor(_heading(first))})"
            yield from (f"They are those of {link_there}, with the same causes and the same lines to write.", "")
        elif own:
            yield own


def _heading(column: Column) -> str:
    return f"{cell(column['label'])}: everything broken"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _counted(table: Table, column: Column) -> str:
    pairs = broken(table, column)
    mistakes = sum(is_mistake(row) for row, _ in pairs)
    if not pairs:
        return "Nothing."
    changed = f"{len(pairs) - mistakes} by a release of TensorFlow or Keras" if mistakes < len(pairs) else ""
    wrong = f"{mistakes} by a [mistake in the chapter](#{_anchor(MISTAKES)})" if mistakes else ""
    return f"Broken claims: {' and '.join(filter(None, (changed, wrong)))}."


def _own_broken(table: Table, column: Column) -> Iterator[str]:
    own = [(row, seen) for row, seen in broken(table, column) if not is_mistake(row)]
    if own:
        yield from ("| Broken claim | Why |", "| --- | --- |")
        yield from (f"| {statement(row)} | {_cause(seen, sourced=False)} |" for row, seen in own)
        yield ""
        yield from workaround_code.blocks(own)


def _overview(line: Line, flipped: Sequence[tuple[Column, Sequence[Flip]]], labels: Mapping[str, str]) -> Iterator[str]:
    if not flipped:
        yield from ("No release of this line has one before it to be compared with.", "")
        return
    yield "| Release | Against | Newly broken | Hold again | Other |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for column, own_flips in flipped:
        breaks, mends = sum(flip.breaks for flip in own_flips), sum(flip.mends for flip in own_flips)
        numbers = " | ".join(str(number or "·") for number in (breaks, mends, len(own_flips) - breaks - mends))
        yield f"| {cell(column['label'])} | {cell(labels[column['before']])} | {numbers} |"
    yield from ("", *_missing(line))


def _missing(line: Line) -> list[str]:
    absent = [f"{cell(column['label'])} ({cell(column['absent'])})" for column in line.columns if "absent" in column]
    partial = [cell(column["label"]) for column in line.columns if not column.get("complete", True)]
    absence = [f"Without a results file: {'; '.join(absent)}.", ""] if absent else []
    return [*absence, f"Interrupted, and so compared in part: {', '.join(partial)}.", ""] if partial else absence


def _release(column: Column, own_flips: Sequence[Flip], labels: Mapping[str, str]) -> Iterator[str]:
    yield from (f"### {cell(column['label'])}, against {cell(labels[column['before']])}", "")
    yield from ("| Claim | Was | Is | Why |", "| --- | --- | --- | --- |")
    for flip in own_flips:
        was, now = (f"{SIGNS[seen['verdict']]} {WORDS[seen['verdict']]}" for seen in (flip.before, flip.after))
        yield f"| {statement(flip.row)} | {was} | {now} | {_why(flip)} |"
    yield ""
    yield from workaround_code.blocks([(flip.row, flip.after) for flip in own_flips if flip.breaks])


def broken(table: Table, column: Column) -> list[tuple[Row, Outcome]]:
    """Return the claims that are broken on a release, with their outcomes, in the order of the table."""
    seen = [(row, cells(row).get(column["name"])) for row in table["claims"]]
    return [(row, outcome) for row, outcome in seen if outcome is not None and outcome["verdict"] == "broken"]


def _begins(column: Column, table: Table) -> bool:
    """Return whether a reader's way begins with a column: the first of the table, or the first on a backend of its own.

    The other lines begin with what the flips of the first line have told already.
    """
    if "absent" in column or column["before"] is not None:
        return False
    return column is present(table)[0] or column["backend"] != "tensorflow"


def _from_the_first(table: Table, columns: Sequence[Column]) -> Iterator[str]:
    """Yield what is broken where a line begins, which is no flip and concerns a reader all the same."""
    for column in columns:
        pairs = broken(table, column)
        if pairs:
            yield from (f"### {cell(column['label'])}, with none before it", "")
            yield from _causes(pairs)
            yield from workaround_code.blocks(pairs)


def _causes(pairs: Sequence[tuple[Row, Outcome]]) -> Iterator[str]:
    yield from ("| Broken claim | Why |", "| --- | --- |")
    yield from (f"| {statement(row)} | {_cause(outcome)} |" for row, outcome in pairs)
    yield ""


def _why(flip: Flip) -> str:
    if flip.after["verdict"] == "broken":
        return _cause(flip.after)
    if flip.after["verdict"] == "held":
        return f"Before: {_cause(flip.before)}"
    return cell(flip.after["evidence"][-1])


def _cause(seen: Outcome, *, sourced: bool = True) -> str:
    issue = seen["known_issue"]
    if seen["verdict"] != "broken":
        return cell(seen["evidence"][-1])
    if issue is None:
        return f"no cause is recorded; seen: {cell(seen['evidence'][-1])}"
    cause = cell(issue["cause"])
    return f"{cause} {link('source', issue['source'])}" if sourced else cause
