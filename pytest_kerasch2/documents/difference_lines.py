"""What is said of another release, as lines for a terminal."""

from __future__ import annotations

from typing import Iterator

from pytest_kerasch2.documents import explaining
from pytest_kerasch2.documents.block_findings import BlockFinding
from pytest_kerasch2.documents.comparing import DIFFERS, OUTCOME, ReleaseDifference

MOST_LINES = 6
_MENDED = {"removed": "; mended it does not", "new": ", in the mended document alone", "remains": ""}


def differs(finding: BlockFinding) -> bool:
    """Whether a block does something else on the other release."""
    return any(one.verdict == DIFFERS for one in finding.differences)


def block_lines(finding: BlockFinding) -> Iterator[str]:
    """Yield what a block does otherwise on the other release."""
    certain = [one for one in finding.differences if one.verdict == DIFFERS]
    for one in certain[:MOST_LINES]:
        yield from _difference(one)
    if len(certain) > MOST_LINES:
        yield f"  and {len(certain) - MOST_LINES} more differences, which --json shows"
    open_ones = [one for one in finding.differences if one.verdict != DIFFERS]
    if open_ones and certain:
        yield f"  inconclusive: {', '.join(one.what for one in open_ones[:MOST_LINES])}"


def _difference(one: ReleaseDifference) -> Iterator[str]:
    explained = f" ({one.explained})" if one.explained else "" if one.kind == OUTCOME else " (not explained)"
    yield f"  {one.what} differs{_MENDED[one.mended]}{explained}"
    yield f"    there: {one.there}"
    yield f"    here: {one.here}"
    text = explaining.text_of(one.explained)
    if text is not None:
        yield f"    {text[0]}. {text[1]}"
        yield f"    {text[2]}"
