"""What the lines of the release history come to: a row for each column, and the jumps between neighbours."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Sequence

from evaluation import release_history_kept
from evaluation.release_history_kept import Line
from evaluation.release_history_suite import IMAGES, WHOLE
from matrix.columns import Column, Releases
from pytest_kerasch2.stats import equivalence
from pytest_kerasch2.stats.paired_sequential import Interval

BATCH = 32
# A change of more than this share, up or down, is a jump.
JUMP = 0.2
ERROR = 0.05
TITLES = {
    "tensorflow": "TensorFlow, with the newest Keras it takes",
    "keras": "Keras 3 on TensorFlow 2.16",
    "paired": "TensorFlow, with the Keras of its day",
    "legacy": "Keras 2 on TensorFlow since 2.16",
    "backend": "Keras 3 on {}",
}
BACKENDS = {"jax": "JAX", "torch": "torch"}
# Columns of another series that a series begins or ends with: see the comments in matrix/releases.toml.
BEFORE = {"paired": "keras3.0", "legacy": "tf2.15"}
AFTER = {"keras": "tf2.16"}


@dataclass(frozen=True)
class Row:
    """What was measured of a column.

    Attributes:
        versions: of the column's process.
        logs: mode -> logarithms of its ratios to the common release, one for each start.
        reasons: mode -> why it was not measured.
    """

    column: Column
    versions: Mapping[str, Any]
    logs: Mapping[str, Sequence[float]]
    reasons: Mapping[str, str]

    def ratio(self, mode: str) -> float:
        """Return the ratio to the common release."""
        return math.exp(statistics.fmean(self.logs[mode]))


@dataclass(frozen=True)
class History:
    """All that was measured against one common release.

    Attributes:
        against: the column of the common release.
        rows: by the name of the column.
        absent: name of a column -> why it was not measured.
        steps: mode -> seconds of a step of the common release, the median over all starts of all columns.
        load: the largest of the machine before or after a start.
        machine: kind of machine and number of cores of each start, without doubles.
    """

    against: str
    rows: Mapping[str, Row]
    absent: Mapping[str, str]
    steps: Mapping[str, float]
    load: float
    machine: Sequence[str]

    def step(self, row: Row, mode: str) -> float | None:
        """Return the seconds of a step of a column: its ratio times the common release's; None if unmeasured."""
        return row.ratio(mode) * self.steps[mode] if mode in row.logs else None

    def every(self, mode: str) -> list[Sequence[float]]:
        """Return the logarithms of all columns, by which it is told how much starts scatter."""
        return [row.logs[mode] for row in self.rows.values() if mode in row.logs]

    def span(self, row: Row, mode: str) -> Interval | None:
        """Return the ratio of a column to the common release with its interval; None where no column has two starts."""
        every = self.every(mode)
        if all(len(logs) < 2 for logs in every):
            return None
        estimate = equivalence.mean(row.logs[mode], every, ERROR / 2)
        return Interval(math.exp(estimate.estimate), math.exp(estimate.low), math.exp(estimate.high))

    def image(self, row: Row) -> float:
        """Return the microseconds of an image in `fit`."""
        return row.ratio(WHOLE) * self.steps[WHOLE] / BATCH * 1e6


@dataclass(frozen=True)
class Jump:
    """A change of `fit` between two neighbours.

    Attributes:
        before, after: the neighbours.
        spans: mode -> the ratio of the second to the first; its interval is of NaN where there are too few starts.
        shares: mode -> how much of what a step of `fit` changed by, its own step changed by.
    """

    before: Row
    after: Row
    spans: Mapping[str, Interval]
    shares: Mapping[str, float]

    @property
    def name(self) -> str:
        """Return what its note is called."""
        return f"{self.before.column.environment} to {self.after.column.environment}"


def history(releases: Releases, lines: Sequence[Line], against: str) -> History:
    """Return what lines come to; those of other pins, of another plugin or another common release are passed over."""
    rows: dict[str, Row] = {}
    absent: dict[str, str] = {}
    used: list[Line] = []
    for column in releases.columns:
        collected = release_history_kept.those(lines, release_history_kept.of(column.environment, against))
        starts = [line for line in collected if "modes" in line]
        used += starts
        row = _row(column, starts) if starts else None
        if row is not None and WHOLE in row.logs:
            rows[column.environment] = row
        elif column.is_backported:
            absent[column.environment] = "its CPython is too old for the plugin, a rewritten copy of which verifies it"
        elif row is not None:
            absent[column.environment] = row.reasons[WHOLE]
        elif collected:
            absent[column.environment] = collected[-1]["reason"]
    common = {mode: [release_history_kept.common_step(one) for one in _of_mode(used, mode)] for mode in IMAGES}
    steps = {mode: statistics.median(each) for mode, each in common.items() if each}
    load = max((value for line in used for value in line["load"]), default=0.0)
    machine = sorted({f"{facts['machine']}, {facts['cores']} cores" for line in used for facts in line["versions"]})
    return History(against, rows, absent, steps, load, machine)


def _row(column: Column, starts: Sequence[Line]) -> Row:
    logs = {mode: [release_history_kept.log_ratio(one) for one in _of_mode(starts, mode)] for mode in IMAGES}
    reasons = {mode: line["modes"][mode].get("reason") for line in starts for mode in IMAGES}
    missing = {mode: str(reason) for mode, reason in reasons.items() if not logs[mode]}
    return Row(
        column, starts[-1]["versions"][-1], {mode: collected for mode, collected in logs.items() if collected}, missing
    )


def _of_mode(starts: Sequence[Line], mode: str) -> list[Mapping[str, Any]]:
    return [line["modes"][mode] for line in starts if "reason" not in line["modes"][mode]]


def series(releases: Releases, collected: History) -> Iterator[tuple[str, list[Row]]]:
    """Yield each line of releases with a title: a series, or one backend of that of the backends."""
    for name, title in TITLES.items():
        own = [column for column in releases.columns if column.series == name]
        for backend in dict.fromkeys(column.variables.get("KERAS_BACKEND", "") for column in own):
            names = [one.environment for one in own if one.variables.get("KERAS_BACKEND", "") == backend]
            names = [*filter(None, [BEFORE.get(name)]), *names, *filter(None, [AFTER.get(name)])]
            rows = [collected.rows[one] for one in names if one in collected.rows]
            if any(row.column.series == name for row in rows):
                yield title.format(BACKENDS.get(backend, backend)), rows


def jumps(collected: History, rows: Sequence[Row]) -> Iterator[Jump]:
    """Yield the jumps of one line of releases."""
    for before, after in zip(rows, rows[1:]):
        if abs(math.log(after.ratio(WHOLE) / before.ratio(WHOLE))) > math.log(1 + JUMP):
            both = [mode for mode in IMAGES if mode in before.logs and mode in after.logs]
            changes = {mode: after.ratio(mode) - before.ratio(mode) for mode in both}
            seconds = {mode: changes[mode] * collected.steps[mode] for mode in both}
            shares = {mode: seconds[mode] / seconds[WHOLE] for mode in both}
            yield Jump(before, after, {mode: _change(collected, before, after, mode) for mode in both}, shares)


def _change(collected: History, before: Row, after: Row, mode: str) -> Interval:
    """Return the ratio of two columns; how much starts scatter is told by all columns together."""
    every = collected.every(mode)
    if all(len(logs) < 2 for logs in every):
        ratio = after.ratio(mode) / before.ratio(mode)
        return Interval(ratio, math.nan, math.nan)
    estimate = equivalence.difference(after.logs[mode], before.logs[mode], every, ERROR / 2)
    return Interval(math.exp(estimate.estimate), math.exp(estimate.low), math.exp(estimate.high))
