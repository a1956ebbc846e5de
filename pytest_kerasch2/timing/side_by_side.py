"""What a run of benchmarks tells of models whose blocks took turns: how much longer each takes than the first."""

from __future__ import annotations

import math
from typing import Iterator, Sequence

from pytest_kerasch2.stats import bootstrap
from pytest_kerasch2.timing.measurement import Measurement
from pytest_kerasch2.timing.table import Row, short

# How often a ratio may lie outside of its interval.
ERROR = 0.05


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a line for each model that took turns with another, which is the first of its turns."""
    groups: dict[tuple[str, str], list[tuple[Row, Measurement]]] = {}
    for row in rows:
        if row.found is not None and row.found.turns:
            groups.setdefault((row.found.turns, row.device), []).append((row, row.found))
    for (_, device), its in groups.items():
        if len(its) == 1:
            continue
        (first, reference), *others = its
        yield f"In turns on {device}, in times of {short(first.name)}, and between which that lies by their rounds:"
        for row, found in others:
            rounds = zip(found.blocks, reference.blocks)
            span = bootstrap.median_of([math.log(one.each / other.each) for one, other in rounds], ERROR)
            yield f"  {short(row.name)}: {span.found:.3f} ({span.low:.3f} to {span.high:.3f})"
