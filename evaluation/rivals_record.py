"""The file of finished trials: a first line of how the rivals were asked, then one for each, appended as it ends."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Iterator, Mapping

from evaluation.rivals_running import Setting
from pytest_kerasch2.errors import BadResults, FrameworkMissing
from pytest_kerasch2.files import Journal

SCHEMA = 1
PACKAGES = ("tensorflow", "keras", "numpy", "pytest-benchmark", "pyperf", "asv")


@dataclass(frozen=True)
class Trial:
    """A suite of benchmarks before and after one change, asked of one rival under one kind of load."""

    rival: str
    kind: str
    planted: float
    number: int


@dataclass(frozen=True)
class Finished:
    """What came of a trial.

    Attributes:
        red: for each rule of the rival, whether each benchmark was told to have become slower.
        seconds: that were measured, and that all of it took.
        estimates: what the rival gave for each benchmark before and after.
    """

    trial: Trial
    red: Mapping[str, Mapping[str, bool]]
    seconds: Mapping[str, float]
    estimates: Mapping[str, Any]


def header(setting: Setting) -> dict[str, Any]:
    """Return the first line of a file.

    Raises:
        FrameworkMissing: a rival is not installed.
    """
    try:
        versions = {name: metadata.version(name) for name in PACKAGES}
    except metadata.PackageNotFoundError as error:
        remedy = 'run pip install "pytest-kerasch2[rivals]"'
        raise FrameworkMissing("Rivals are not installed", f"{error.name} is missing", remedy) from error
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
    return {"schema": SCHEMA, "setting": asdict(setting), "versions": versions, **machine}


def read(path: Path) -> tuple[Mapping[str, Any], list[Finished]]:
    """Return what a file holds; a last line that a kill cut short is passed over.

    Raises:
        BadResults: it is missing, or something else.
    """
    remedy = "write one by python -m evaluation.compare_rivals run"
    try:
        first, *others = Journal(path).read()
        if first["schema"] != SCHEMA:
            raise BadResults("Trials of rivals are of another schema", f"{path}: {first['schema']}", remedy)
        return first, [Finished(trial=Trial(**one.pop("trial")), **one) for one in others]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadResults("Trials of rivals cannot be read", f"{path}: {error}", remedy) from error


@contextlib.contextmanager
def appending(path: Path, settings: Mapping[str, Any]) -> Iterator[list[Finished]]:
    """Hold a file for appending, and give the trials that are in it already.

    Raises:
        BadResults: it is of rivals that were asked otherwise, or another run holds it.
    """
    journal = Journal(path)
    with journal.held():
        if not journal.read():
            journal.append(settings)
        stored, trials_so_far = read(path)
        if dict(stored) != json.loads(json.dumps(settings)):
            differ = ", ".join(
                f"{name}: {stored.get(name)}, now {settings[name]}"
                for name in settings
                if stored.get(name) != settings[name]
            )
            raise BadResults("A file is of rivals that were asked otherwise", f"{path}: {differ}", "name another")
        yield trials_so_far


def append(path: Path, finished: Finished) -> None:
    """Add one trial, and do not return before it is on the disk."""
    Journal(path).append(asdict(finished))
