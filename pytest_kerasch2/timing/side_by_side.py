"""What a run of benchmarks tells of models whose blocks took turns: how much longer each takes than the first."""

from __future__ import annotations

import math
from typing import Iterator, Sequence

from pytest_kerasch2.stats import bootstrap
from pytest_kerasch2.timing.measurement import Measurement
from pytest_kerasch2.timing.table import BenchmarkRow, short_name

# How often a ratio may lie outside of its interval.
INTERVAL_ALPHA = 0.05


def interleaved_lines(rows: Sequence[BenchmarkRow]) -> Iterator[str]:
    """Yield a line for each model that took turns with another, which is the first of its turns."""
    groups: dict[tuple[str, str], list[tuple[BenchmarkRow, Measurement]]] = {}
    for row in rows:
        if row.measurement is not None and row.measurement.interleaved_group:
            groups.setdefault((row.measurement.interleaved_group, row.device), []).append((row, row.measurement))
    for (_, device), members in groups.items():
        if len(members) == 1:
            continue
        (first, reference), *others = members
        yield f"In turns on {device}, in times of {short_name(first.name)}, and between which that lies by their rounds:"
        for row, measurement in others:
            rounds = zip(measurement.blocks, reference.blocks)
            span = bootstrap.median_of([math.log(one.step_seconds / other.step_seconds) for one, other in rounds], INTERVAL_ALPHA)
            yield f"  {short_name(row.name)}: {span.estimate:.3f} ({span.low:.3f} to {span.high:.3f})"
