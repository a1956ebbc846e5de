"""The file of finished live gates: a first line of what they are, then one for each, appended as it ends."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping

from pytest_kerasch2.accuracy import reference
from pytest_kerasch2.accuracy.runs import CURVES, TrainingRun
from pytest_kerasch2.accuracy.settings import GateSettings
from pytest_kerasch2.errors import BadReference
from pytest_kerasch2.files import Journal

SCHEMA = 1
# Of the settings of a gate, in files that were stored before they were renamed.
FORMER_NAMES = {"resolution": "margin", "alarm": "alpha", "miss": "beta", "most": "max_runs"}


@dataclass(frozen=True)
class Live:
    """One finished gate.

    Attributes:
        fault: what was planted; `accuracy_faults.HONEST` if nothing.
        gate: its number among those of the fault.
        verdict: what was decided, or `error` where a training raised one.
        reason: why.
        runs: its trainings.
    """

    fault: str
    gate: int
    verdict: str
    reason: str
    runs: tuple[TrainingRun, ...]

    @property
    def plain(self) -> dict[str, Any]:
        """Return its line."""
        fields = {"fault": self.fault, "gate": self.gate, "verdict": self.verdict, "reason": self.reason}
        return {**fields, "runs": [run.to_dict() for run in self.runs]}


@dataclass(frozen=True)
class Record:
    """All finished gates of a file, and what they are of."""

    header: Mapping[str, Any]
    gates: tuple[Live, ...]

    def of(self, fault: str) -> tuple[Live, ...]:
        """Return the gates of one fault, by their numbers."""
        return tuple(sorted((one for one in self.gates if one.fault == fault), key=lambda one: one.gate))


def path_of(named: str) -> Path:
    """Return the file of a reference that is shipped, or the file of that name."""
    return reference.FOLDER / f"{named}.jsonl" if named in reference.bundled_names() else Path(named)


def header(named: str, terms: Mapping[str, Any], environment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first line of a file."""
    path = path_of(named)
    fields = {"reference": path.stem, "sha256": reference.digest(path)}
    return {"schema": SCHEMA, **fields, "terms": dict(terms), "environment": dict(environment)}


def settings_of(terms: Mapping[str, Any]) -> GateSettings:
    """Return the settings of a gate from a first line, also from one with their former names."""
    renamed = {FORMER_NAMES.get(name, name): value for name, value in terms.items()}
    return GateSettings(**renamed)


def is_record(path: Path) -> bool:
    """Return whether a file is one of live gates, rather than one of `kerasch2 calibrate`."""
    with path.open(encoding="utf-8") as stream:
        return "terms" in json.loads(stream.readline() or "{}")


def read(path: Path) -> Record:
    """Return what a file holds; a last line that a kill cut short is passed over."""
    first, *others = Journal(path).read()
    return Record(first, tuple(map(_live, others)))


def _live(plain: dict[str, Any]) -> Live:
    runs = [TrainingRun(**{**run, **{name: tuple(run[name]) for name in CURVES}}) for run in plain.pop("runs")]
    return Live(runs=tuple(runs), **plain)


def _comparable(header: Mapping[str, Any]) -> dict[str, Any]:
    return {**header, "terms": settings_of(header["terms"])}


@contextlib.contextmanager
def appending(path: Path, expected: Mapping[str, Any]) -> Iterator[Record]:
    """Hold a file for appending, and give what is in it already.

    Raises:
        BadReference: the file is of another reference, other terms or another release.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    journal = Journal(path)
    with journal.held():
        if not journal.read():
            journal.append(expected)
        record = read(path)
        if _comparable(record.header) != _comparable(expected):
            raise BadReference(
                "A file is of other gates", f"{path}: {record.header} there, {expected} here", "name another"
            )
        yield record


def append(path: Path, live: Live) -> None:
    """Add one gate, and do not return before it is on the disk."""
    Journal(path).append(live.plain)
