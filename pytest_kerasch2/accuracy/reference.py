"""What many seeds of one training gave: a file to which each seed appends one line, whole or not at all.

The first line says of what the others are: how it was trained, on what release and data. A line is written with one
call and forced to the disk, and one that a kill cut short is dropped by whoever appends next: nothing that was done is
lost, and nothing half done is believed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

import filelock

from pytest_kerasch2.accuracy import recipe as recipes
from pytest_kerasch2.accuracy.own import Own
from pytest_kerasch2.accuracy.recipe import Recipe
from pytest_kerasch2.accuracy.training import Run
from pytest_kerasch2.claims import schema
from pytest_kerasch2.errors import BadLedger, BadReference, BadSetting
from pytest_kerasch2.files import write_text
from pytest_kerasch2.json_files import parse_json

SCHEMA = 1
REMEDY = "write it anew with kerasch2 calibrate"
CURVES = ("loss", "accuracy", "test_loss", "test_accuracy")


@dataclass(frozen=True)
class Subject:
    """Of what a reference is.

    Attributes:
        recipe: how it was trained: as the chapter does, or by somebody's own function.
        data: name and hash of the data set, and how many images there were to train on and to test; of somebody's own
            training, its name and the hash of its file.
        environment: plugin, release, interpreter, platform, device and threads.
    """

    recipe: Recipe | Own
    data: Mapping[str, Any]
    environment: Mapping[str, Any]

    @property
    def plain(self) -> dict[str, Any]:
        """Give the first line of a file."""
        return {
            "schema": SCHEMA,
            "recipe": self.recipe.plain,
            "data": dict(self.data),
            "environment": dict(self.environment),
        }


@dataclass(frozen=True)
class Reference:
    """The runs of many seeds, by their seeds, and of what they are."""

    subject: Subject
    runs: tuple[Run, ...]

    @property
    def seeds(self) -> frozenset[int]:
        """Give the seeds that were trained."""
        return frozenset(run.seed for run in self.runs)


def read(path: Path) -> Reference:
    """Give the reference that a file holds; a last line without its end was cut short by a kill, and is passed over.

    Raises:
        BadReference: the file is missing, damaged or of another schema; the message names the line.
    """
    first, *others = _lines(path)
    subject = _subject(first, path)
    runs = [_run(line, path, number, subject.recipe.epochs) for number, line in enumerate(others, 2)]
    seeds = [run.seed for run in runs]
    for seed in seeds:
        if seeds.count(seed) > 1:
            raise BadReference("A reference has a seed twice", f"{path}: seed {seed}", REMEDY)
    return Reference(subject, tuple(sorted(runs, key=lambda run: run.seed)))


def digest(path: Path) -> str:
    """Give the hash of a file, by which a changed one is known."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextlib.contextmanager
def appending(path: Path, subject: Subject) -> Iterator[Reference]:
    """Hold a file for appending; give what is in it already, which is nothing where there is none yet.

    Raises:
        BadReference: it is of another training, somebody else appends to it, or it cannot be written.
    """
    if not path.parent.is_dir():
        # The lock would make it.
        remedy = "name a file in a folder that exists"
        raise BadReference("A reference cannot be written", f"there is no folder {path.parent}", remedy)
    lock = filelock.FileLock(f"{path}.lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise BadReference("Another calibration writes this file", str(path), "wait for it to end") from error
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield _begun(path, subject)
    finally:
        # Only by whoever holds it: one that was refused must not take it from the other.
        with contextlib.suppress(OSError):
            Path(f"{path}.lock").unlink()
        lock.release()


def append(path: Path, run: Run) -> None:
    """Add what one seed gave, and do not return before it is on the disk.

    Raises:
        BadReference: it cannot be written.
    """
    line = json.dumps(run.plain, allow_nan=False) + "\n"
    try:
        with path.open("ab") as stream:
            stream.write(line.encode("ascii"))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> BadReference:
    found = f"{path}: {error.strerror or error}"
    return BadReference("A reference cannot be written", found, "name a file that can be written")


def _begun(path: Path, subject: Subject) -> Reference:
    if not path.exists():
        _write([json.dumps(subject.plain)], path)
    found = read(path)
    if found.subject.plain != subject.plain:
        raise BadReference(
            "A file is of another training", f"{path}: {difference(found.subject, subject)}", "name another"
        )
    if not path.read_bytes().endswith(b"\n"):
        _write(_lines(path), path)
    return found


def _write(lines: Sequence[str], path: Path) -> None:
    try:
        write_text("".join(f"{line}\n" for line in lines), path)
    except BadLedger as error:
        raise BadReference("A reference cannot be written", error.found, error.remedy) from error


def difference(one: Subject, other: Subject, at_one: str = "there", at_other: str = "here") -> str:
    """Give the first fact in which two subjects differ, such as a file from what is to be appended."""
    for room in ("recipe", "data", "environment"):
        theirs, ours = one.plain[room], other.plain[room]
        for name in sorted({*theirs, *ours}):
            if theirs.get(name) != ours.get(name):
                return f"{name} is {theirs.get(name)!r} {at_one}, and {ours.get(name)!r} {at_other}"
    return "its schema"


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadReference("A reference cannot be read", f"{path}: {error}", REMEDY) from error
    lines = text.split("\n")
    # What stands behind the last line end was cut short, or is nothing.
    if not lines[:-1]:
        raise BadReference("A reference is empty", str(path), REMEDY)
    return lines[:-1]


def _parsed(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        found = parse_json(line)
        schema.require(found, Path(__file__).parent / ("reference.schema.json" if number == 1 else "run.schema.json"))
    except (ValueError, schema.Mismatch) as error:
        raise BadReference("A reference is damaged", f"{path}, line {number}: {error}", REMEDY) from error
    return dict(found)


def _subject(line: str, path: Path) -> Subject:
    plain = _parsed(line, path, 1)
    try:
        told = plain["recipe"]
        made = Own(**told) if "training" in told else recipes.read(told)
        return Subject(made, plain["data"], plain["environment"])
    except BadSetting as error:
        raise BadReference("A reference is of no training known here", f"{path}: {error.found}", REMEDY) from error


def _run(line: str, path: Path, number: int, epochs: int) -> Run:
    plain = _parsed(line, path, number)
    lengths = {len(plain[name]) for name in CURVES}
    if lengths != {epochs}:
        found = f"{path}, line {number}: {sorted(lengths)} for {epochs} epochs"
        raise BadReference("A curve of a reference has another length", found, REMEDY)
    return Run(**{**plain, **{name: tuple(plain[name]) for name in CURVES}})
