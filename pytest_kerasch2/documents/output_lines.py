"""What is said of printed outputs, as lines for a terminal."""

from __future__ import annotations

from collections import Counter
from typing import Iterator

from pytest_kerasch2.documents.block_findings import BlockFinding, DocumentFindings
from pytest_kerasch2.documents.printed_outputs import NOT_JUDGED, NUMBERS, SAME, TEXT, OutputComparison

_VERDICTS = {SAME: "same", TEXT: "with another text", NUMBERS: "with other numbers", NOT_JUDGED: "not judged"}


def differs(finding: BlockFinding) -> bool:
    """Whether a printed output of a block is another one."""
    return any(one.verdict in (TEXT, NUMBERS) for one in finding.outputs)


def block_lines(finding: BlockFinding) -> Iterator[str]:
    """Yield what is said of the outputs of a block that are other ones."""
    for one in finding.outputs:
        if one.verdict in (TEXT, NUMBERS):
            yield from _comparison(one)


def _comparison(one: OutputComparison) -> Iterator[str]:
    what = f"its printed output ({one.kind})"
    if one.verdict == NUMBERS:
        listed = ", ".join(f"{each.actual} instead of {each.expected} ({each.kind})" for each in one.numbers)
        yield f"  {what} has other numbers: {listed}" + (f", and {one.more} more" if one.more else "")
        return
    reason = one.reason or ("" if one.exact else "it may be how this release prints it")
    yield f"  {what} has another text" + (f"; no finding: {reason}" if reason else "")
    if one.words is not None:
        yield f"    document: {one.words[0]}"
        yield f"    here: {one.words[1]}"


def totals(findings: DocumentFindings) -> Iterator[str]:
    """Yield how many printed outputs there are of each verdict, and why some are not judged."""
    counts = findings.output_counts
    if not counts:
        return
    listed = ", ".join(f"{count} {_VERDICTS[verdict]}" for verdict, count in counts.items())
    yield f"  printed outputs: {listed}"
    reasons = Counter(
        _short(one.reason) for each in findings.blocks for one in each.outputs if one.verdict == NOT_JUDGED
    )
    yield from (f"    not judged, {reason}: {count}" for reason, count in sorted(reasons.items()))


def _short(reason: str) -> str:
    # Without the numbers of the one output.
    return reason.partition(":")[0]
