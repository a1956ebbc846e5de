"""Findings as lines for a terminal."""

from __future__ import annotations

import textwrap
from typing import Iterator

from pytest_kerasch2.documents import difference_lines, output_lines, releases
from pytest_kerasch2.documents.block_findings import BlockFinding, Cause, DocumentFindings, Word

WIDEST = 110
# Of a patch; the whole stands in --diff.
MOST_LINES = 12
_QUIET = (Word.RUNS, Word.NOTHING_FOUND, Word.NOT_CODE)
_KINDS = {"raises": "fails", "warns": "only warns", "silent": "runs, and means something else"}


def lines(findings: DocumentFindings, width: int = 80) -> list[str]:
    """Return findings as lines of a terminal of a width; what is found of nothing is not shown by itself."""
    columns = max(40, min(width, WIDEST))
    return [part for line in _lines(findings) for part in _wrapped(line, columns)]


def block_lines(finding: BlockFinding, width: int = 80) -> list[str]:
    """Return the finding of a block by itself, as lines of a terminal of a width."""
    columns = max(40, min(width, WIDEST))
    return [part for line in _block(finding, {}) for part in _wrapped(line, columns)]


def _wrapped(line: str, columns: int) -> list[str]:
    # Code is shown as it stands.
    if line.lstrip().startswith(("- ", "+ ", "https://")):
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [
        ""
    ]


def _lines(findings: DocumentFindings) -> Iterator[str]:
    release = findings.release
    what = "run block by block on" if findings.executed else "read, not run, for"
    yield f"{findings.document.path}: {len(findings.blocks)} blocks, {what} {releases.text_of_release(release)}"
    for note in findings.notes:
        yield f"  note: {note}"
    explained: dict[str, int] = {}
    for one in findings.blocks:
        if one.word not in _QUIET or one.causes or output_lines.differs(one) or difference_lines.differs(one):
            yield ""
            yield from _block(one, explained)
    yield ""
    yield "  " + (
        ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in findings.counts.items()) or "nothing"
    )
    yield from output_lines.totals(findings)


def _block(finding: BlockFinding, explained: dict[str, int]) -> Iterator[str]:
    time = "" if finding.seconds is None else f"  {finding.seconds:.1f} s"
    yield f"{finding.block.place} (block {finding.block.number}): {finding.word.value.replace('_', ' ')}{time}"
    if finding.error:
        yield f"  error: {finding.error[:300]}"
    for cause in {(one.name, one.detail): one for one in finding.causes}.values():
        first = explained.setdefault(f"{cause.name} {cause.text}", finding.block.number)
        yield from _cause(cause, first, finding.block.number)
    for need in finding.needs:
        yield f"  needs {need}"
    for note in finding.notes:
        yield f"  note: {note}"
    yield from output_lines.block_lines(finding)
    yield from difference_lines.block_lines(finding)
    shown = finding.patch[:MOST_LINES]
    yield from (f"    {line}" for line in shown)
    if len(shown) < len(finding.patch):
        yield f"    and {len(finding.patch) - len(shown)} more lines, which --diff shows"


def _cause(cause: Cause, first: int, number: int) -> Iterator[str]:
    """Yield a cause; in full where it is met first, and else with the block where that is."""
    if first != number:
        yield f"  {cause.name} ({cause.detail or 'as the error says'}): see block {first}"
        return
    since = "from the beginning" if cause.since is None else f"since {releases.spelled(cause.since)}"
    until = "" if cause.until is None else f" until {releases.spelled(cause.until)}"
    yield f"  {cause.name} ({cause.detail or 'as the error says'}): {_KINDS[cause.kind]} {since}{until}: {cause.text}"
    yield f"    {cause.instead}"
    yield f"    {cause.source}"
