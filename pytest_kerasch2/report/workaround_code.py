"""What a reader writes where claims are broken: each workaround once, with the claims it serves, as Markdown."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence, Tuple

from pytest_kerasch2.foreign import block, cell, code
from pytest_kerasch2.report.compatibility_table import Outcome, Row

Seen = Tuple[Row, Outcome]


def blocks(seen: Sequence[Seen]) -> Iterator[str]:
    """Yield the lines of Markdown for claims with their outcomes on one release, in the order given."""
    served: dict[str, list[str]] = {}
    tried: dict[str, Mapping[str, Any]] = {}
    for row, outcome in seen:
        for one in outcome["workarounds"]:
            served.setdefault(one["write"], []).append(row["id"])
            # Of two runs of the same lines the one that failed is told.
            if one["write"] not in tried or not one["worked"]:
                tried[one["write"]] = one
    for write, ids in served.items():
        yield from _block(write, ids, tried[write])
    without = [row["id"] for row, outcome in seen if row["kind"] == "code" and not outcome["workarounds"]]
    if without:
        yield from (f"No other lines are known to us for {_names(without)}.", "")


def _block(write: str, ids: Sequence[str], one: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"For {_names(dict.fromkeys(ids))} write", "")
    yield from (*block(write, "python"), "")
    heading = "Run on this release" if one["worked"] else "**Run on this release, it does not work**"
    yield from (f"{heading}: {cell(one['evidence'][-1])}.", "")


def _names(ids: Any) -> str:
    return ", ".join(map(code, ids))
