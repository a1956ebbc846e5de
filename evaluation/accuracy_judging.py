"""What the stored live gates say: each judged once more from its trainings, and by the rivals too."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from evaluation import accuracy_record, accuracy_rivals
from evaluation.accuracy_faults import BY_NAME, HONEST
from evaluation.accuracy_record import Live, Record
from evaluation.accuracy_rivals import Rivals
from pytest_kerasch2.accuracy import gate, reference
from pytest_kerasch2.accuracy.curve import SERIES_NAMES
from pytest_kerasch2.accuracy.decision import GateDecision, GateVerdict
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.settings import GateSettings
from pytest_kerasch2.errors import BadReference


@dataclass(frozen=True)
class Row:
    """The live gates of one fault.

    Attributes:
        fault: its name.
        gates: how many.
        caught: how many failed, or ended in an error.
        trainings: the median.
        first: the point whose alarm was the least probable in most of them, with how many that were.
        rivals: how many each rival caught by the same trainings.
        changed: gates whose stored verdict is not given again.
    """

    fault: str
    gates: int
    caught: int
    trainings: float
    first: str
    rivals: dict[str, int]
    changed: int

    @property
    def in_words(self) -> str:
        """Return the fault in words."""
        return BY_NAME[self.fault].description


@dataclass(frozen=True)
class Table:
    """All live gates of one file, by their faults, and the environment in which they were trained."""

    name: str
    record: Record
    honest: Row | None
    faults: tuple[Row, ...]


def table(path: Path, named: str, threshold: float | None) -> Table:
    """Judge all gates of a file.

    Raises:
        BadReference: they are of another reference.
    """
    record = accuracy_record.read(path)
    digest = reference.digest(accuracy_record.path_of(named))
    if record.header["sha256"] != digest:
        raise BadReference("Live gates are of another reference", f"{path.name}: not {digest[:12]}", "run them anew")
    earlier = reference.find_reference(named)
    others = accuracy_rivals.rivals(earlier, threshold or accuracy_rivals.round_threshold(earlier))
    rows = [
        _row(earlier, accuracy_record.settings_of(record.header["terms"]), others, fault, record.of(fault))
        for fault in BY_NAME
    ]
    filled = [row for row in rows if row.gates]
    honest = next((row for row in filled if row.fault == HONEST), None)
    return Table(path.stem, record, honest, tuple(row for row in filled if row.fault != HONEST))


def _row(reference: Reference, terms: GateSettings, others: Rivals, fault: str, gates: Sequence[Live]) -> Row:
    decisions = [gate.gate_runs(reference, live.runs, terms) if live.runs else None for live in gates]
    items = [accuracy_rivals.last(live.runs) for live in gates if live.runs]
    return Row(
        fault,
        len(gates),
        sum(decision is None or decision.verdict is GateVerdict.FAIL for decision in decisions),
        statistics.median(len(live.runs) for live in gates) if gates else 0.0,
        _first([decision for decision in decisions if decision is not None]),
        {
            "fixed": sum(map(others.fixed, items)),
            "rcp": sum(map(others.rcp, items)),
            "sigmas": sum(map(others.sigmas, items)),
        },
        sum(
            decision is not None and decision.verdict.value != live.verdict for decision, live in zip(decisions, gates)
        ),
    )


def _first(decisions: Sequence[GateDecision]) -> str:
    points = Counter(decision.alarms[0].point for decision in decisions if decision.alarms)
    if not points:
        return ""
    (point, count), *_ = points.most_common(1)
    return f"{SERIES_NAMES[point.series]}, epoch {point.epoch} ({count})"
