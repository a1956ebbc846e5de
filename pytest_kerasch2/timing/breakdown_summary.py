"""What a run of benchmarks tells of where the time of a step of `fit` goes."""

from __future__ import annotations

from typing import Iterator, Sequence

from pytest_kerasch2.timing.breakdown import Breakdown
from pytest_kerasch2.timing.table import BenchmarkRow, duration

# The parts are asked to be at least so much of the whole; as much more is said too.
COMPLETE_SHARE = 0.95


def breakdown_lines(rows: Sequence[BenchmarkRow]) -> Iterator[str]:
    """Yield a line for each network that was taken apart, and one more where its parts do not add up to the whole."""
    for row in rows:
        if row.breakdown is not None:
            yield f"On {row.device}, a step of fit(batch_size={row.batch_size}) {parts_text(row.breakdown)} ({row.network})."
            remark = gap_text(row.breakdown)
            if remark:
                yield f"  {remark}"


def parts_text(parts: Breakdown) -> str:
    """Return the whole, each part with its share of the whole, and their sum."""
    whole = parts.whole
    each = ", ".join(f"{name} {_signed_duration(one)} ({100 * one / whole:.0f} %)" for name, one in parts.seconds.items())
    return f"takes {duration(whole)}: {each}; together {100 * parts.share:.0f} ± {100 * parts.spread:.0f} %"


def gap_text(parts: Breakdown) -> str:
    """Return what is to be said where the parts are not the whole; nothing where they are."""
    if parts.share < COMPLETE_SHARE:
        return f"{_signed_duration(parts.gap)} of it ({100 * (1 - parts.share):.0f} %) is in none of them."
    if parts.share > 2 - COMPLETE_SHARE:
        return f"{_signed_duration(-parts.gap)} ({100 * (parts.share - 1):.0f} %) of them is done while another part is."
    return ""


def _signed_duration(seconds: float) -> str:
    return f"−{duration(-seconds)}" if seconds < 0 else duration(seconds)
