"""Of what files the results file of a column is, and what must be run for it again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Iterable, Mapping

from matrix import backport, paths, sources
from matrix.columns import Column
from pytest_kerasch2.files import write_text
from pytest_kerasch2.json_files import read_json


@dataclass(frozen=True)
class Fingerprint:
    """What the verdicts of a column depend on.

    Attributes:
        whole: hash of its pins, its release data and the plugin; another one asks for all sections.
        sections: package of a section -> its hash; another one asks for that section.
    """

    whole: str
    sections: Mapping[str, str]


@dataclass(frozen=True)
class State:
    """What is kept beside a results file.

    Attributes:
        failed: whether a verdict was not as recorded.
        seconds: wall time of its run of all sections, with making the environment.
    """

    fingerprint: Fingerprint
    failed: bool
    seconds: float


@dataclass(frozen=True)
class ColumnWork:
    """What is to be run of a column.

    Attributes:
        sections: their packages; empty means all of them.
        needed: whether anything is to be run at all.
    """

    needed: bool
    sections: tuple[str, ...] = ()


NOTHING = ColumnWork(needed=False)
ALL = ColumnWork(needed=True)


def fingerprint(column: Column, plugin: sources.Sources) -> Fingerprint:
    """Return what the verdicts of a column depend on now."""
    pins = paths.pins(column.environment)
    text = pins.read_bytes() if pins.exists() else b""
    # Not the day `as_of`, which decides nothing but the pins.
    data = json.dumps(column.to_dict(), sort_keys=True).encode()
    copied = backport.digest() if column.is_backported else b""
    return Fingerprint(sources.digest([plugin.plugin.encode(), data, text, copied]), plugin.sections)


def work(before: State | None, now: Fingerprint, shared: Iterable[frozenset[str]]) -> ColumnWork:
    """Return what must be run so that the results file is of today's files.

    Args:
        before: of what the results file is; None where there is none.
        now: what it should be of.
        shared: sections that decide a claim together; their part of a results file can only be made together.
    """
    if before is None or before.fingerprint.whole != now.whole:
        return ALL
    old = before.fingerprint.sections
    changed = {name for name, hashed in now.sections.items() if old.get(name) != hashed}
    if not changed:
        return NOTHING
    if before.failed:
        # What failed may have been in another section, and without a trace in the results file.
        return ALL
    for group in shared:
        if changed & group:
            changed |= group
    if changed == set(now.sections):
        return ALL
    return ColumnWork(True, tuple(name for name in now.sections if name in changed))


def read(path: Path) -> State | None:
    """Return what a file keeps, or None where it is missing or of another time."""
    try:
        content = read_json(path)
        return State(Fingerprint(**content["fingerprint"]), bool(content["failed"]), float(content["seconds"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(state: State, path: Path) -> None:
    """Keep it in a file."""
    write_text(json.dumps(asdict(state), indent=1) + "\n", path)
