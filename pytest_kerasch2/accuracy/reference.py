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
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from pytest_kerasch2 import files
from pytest_kerasch2.accuracy import metrics
from pytest_kerasch2.accuracy.runs import TrainingRun, run_of
from pytest_kerasch2.accuracy.settings import Recipe, read_recipe
from pytest_kerasch2.accuracy.user_training import UserTraining
from pytest_kerasch2.claims import schema
from pytest_kerasch2.errors import BadReference, CannotWrite, InvalidArgument, KerasCh2Error, TrainingFailed
from pytest_kerasch2.json_files import JsonLimits, parse_json
from pytest_kerasch2.suggestions import did_you_mean

SCHEMA = 1
REMEDY = "write it anew with kerasch2 calibrate"
# The references that come with this package, and their hashes.
FOLDER = Path(__file__).parent / "references"
HASHES = FOLDER / "hashes.json"


@dataclass(frozen=True)
class TrainingDescription:
    """What a reference was trained with.

    Attributes:
        recipe: how it was trained: as the chapter does, or by a function of the user.
        data: name and hash of the data set, and how many images there were to train on and to test; of a user's
            training, its name and the hash of its file.
        environment: plugin, release, interpreter, platform, device and threads.
    """

    recipe: Recipe | UserTraining
    data: Mapping[str, Any]
    environment: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the first line of a file."""
        return {
            "schema": SCHEMA,
            "recipe": self.recipe.to_dict(),
            "data": dict(self.data),
            "environment": dict(self.environment),
        }


@dataclass(frozen=True)
class Reference:
    """The runs of many seeds, by their seeds, and of what they are."""

    description: TrainingDescription
    runs: tuple[TrainingRun, ...]

    @property
    def seeds(self) -> frozenset[int]:
        """Return the seeds that were trained."""
        return frozenset(run.seed for run in self.runs)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the curves that its runs have."""
        return tuple(self.runs[0].curves) if self.runs else ()

    @property
    def lengths(self) -> tuple[int, ...]:
        """Return the numbers of epochs of its runs, each once, from the fewest on."""
        return tuple(sorted({run.epochs for run in self.runs}))


def read(path: Path) -> Reference:
    """Return the reference that a file holds; a last line without its end was cut short by a kill, and is passed over.

    Raises:
        BadReference: the file is missing, damaged or of another schema; the message names the line.
    """
    first, *others = _lines(path)
    description = _description(first, path)
    runs = [_run(line, path, number, description) for number, line in enumerate(others, 2)]
    for seed, count in Counter(run.seed for run in runs).items():
        if count > 1:
            raise BadReference(f"The reference {path} has the seed {seed} twice", remedy=REMEDY)
    # By the first line: that of a later seed may have the names that Keras counted on to.
    alike = [with_names(run, tuple(runs[0].curves), f"{path}, seed {run.seed}") for run in runs]
    return Reference(description, tuple(sorted(alike, key=lambda run: run.seed)))


def with_names(run: TrainingRun, names: Sequence[str], where: str) -> TrainingRun:
    """Return a run with its curves under the names of the others of its reference.

    Raises:
        BadReference: it has other curves.
    """
    if tuple(run.curves) == tuple(names):
        return run
    aligned = metrics.align_names(tuple(run.curves), names)
    if set(aligned.values()) != set(names):
        theirs, ours = (", ".join(map(metrics.keras_name, some)) for some in (run.curves, names))
        both = f"{where}: {theirs} beside {ours}"
        raise BadReference("The trainings of the reference have different curves", both, REMEDY)
    return renamed(run, aligned)


def renamed(run: TrainingRun, names: Mapping[str, str]) -> TrainingRun:
    """Return a run with its curves under other names."""
    return replace(run, others=tuple((names.get(name, name), values) for name, values in run.others))


def digest(path: Path) -> str:
    """Return the hash of a file, by which a changed one is known."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_writable(path: Path) -> None:
    """Require that a reference can be written at a place, before anything is computed.

    Raises:
        BadReference: its folder is not there, or it cannot be written; the message says why.
    """
    # The lock would make the folder.
    if not path.parent.is_dir():
        remedy = "name a file in a folder that exists"
        raise BadReference("The reference cannot be written", f"there is not a folder {path.parent}", remedy)
    device = path.exists() and not path.is_file() and not path.is_dir()
    why = f"{path} is not a regular file" if device else files.why_not(path)
    if why is not None:
        raise BadReference("The reference cannot be written", why, "name a file in a folder that can be written")


@contextlib.contextmanager
def appending(path: Path, description: TrainingDescription) -> Iterator[Reference]:
    """Hold a file for appending; give what is in it already, which is nothing where there is none yet.

    Raises:
        BadReference: it is of another training, somebody else appends to it, or it cannot be written.
    """
    check_writable(path)
    with contextlib.ExitStack() as stack:
        with _unwritable():
            stack.enter_context(files.Journal(path).held())
        yield _begin(path, description)


def append(path: Path, run: TrainingRun) -> None:
    """Add what one seed gave, and do not return before it is on the disk.

    Raises:
        BadReference: it cannot be written.
    """
    with _unwritable():
        files.Journal(path).append(run.to_dict())


@contextlib.contextmanager
def _unwritable() -> Iterator[None]:
    try:
        yield
    except CannotWrite as error:
        raise BadReference(error.happened, error.found, error.remedy) from error


def _begin(path: Path, description: TrainingDescription) -> Reference:
    if not path.exists():
        # Whole or not at all: a file without its first line is no reference.
        with _unwritable():
            files.write_text(json.dumps(description.to_dict()) + "\n", path)
    existing = read(path)
    if _announced(existing.description, description).to_dict() != description.to_dict():
        difference = first_difference(existing.description, description)
        raise BadReference(f"The file {path} is of another training", difference, "name another file")
    if not os.access(path, os.W_OK):
        # Before the first training rather than after it.
        raise BadReference(
            "The reference cannot be written", f"{path}: no permission", "name a file that can be written"
        )
    return existing


def _announced(there: TrainingDescription, here: TrainingDescription) -> TrainingDescription:
    """Return the description of a file as if it announced no number of epochs, where nothing is announced now."""
    if isinstance(there.recipe, UserTraining) and isinstance(here.recipe, UserTraining) and here.recipe.epochs is None:
        return replace(there, recipe=replace(there.recipe, epochs=None))
    return there


def first_difference(
    one: TrainingDescription, other: TrainingDescription, at_one: str = "there", at_other: str = "here"
) -> str:
    """Return the first fact in which two descriptions differ, such as a file from what is to be appended."""
    for part in ("recipe", "data", "environment"):
        theirs, ours = one.to_dict()[part], other.to_dict()[part]
        for name in sorted({*theirs, *ours}):
            if theirs.get(name) != ours.get(name):
                return f"{name} is {theirs.get(name)!r} {at_one}, and {ours.get(name)!r} {at_other}"
    return "its schema"


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as stream:
            content = stream.read(JsonLimits().size + 1)
        if len(content) > JsonLimits().size:
            raise ValueError(f"more than {JsonLimits().size} bytes")
        text = content.decode("utf-8")
    except (OSError, ValueError) as error:
        raise BadReference("The reference cannot be read", f"{path}: {error}", REMEDY) from error
    lines = text.split("\n")
    # What stands behind the last line end was cut short, or is nothing.
    if not lines[:-1]:
        raise BadReference(f"The reference {path} is empty", remedy=REMEDY)
    return lines[:-1]


def _parsed(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        content = parse_json(line)
        schema.require(content, Path(__file__).parent / ("reference.schema.json" if number == 1 else "run.schema.json"))
    except (ValueError, schema.Mismatch) as error:
        raise BadReference("The reference is damaged", f"{path}, line {number}: {error}", REMEDY) from error
    return dict(content)


def _detail(error: KerasCh2Error) -> str:
    return f"{error.happened}: {error.found}" if error.found else error.happened


def _description(line: str, path: Path) -> TrainingDescription:
    fields = _parsed(line, path, 1)
    try:
        recipe = fields["recipe"]
        training = UserTraining(**recipe) if "training" in recipe else read_recipe(recipe)
        return TrainingDescription(training, fields["data"], fields["environment"])
    except InvalidArgument as error:
        raise BadReference("The reference is of an unknown training", f"{path}: {_detail(error)}", REMEDY) from error


def _run(line: str, path: Path, number: int, description: TrainingDescription) -> TrainingRun:
    fields = _parsed(line, path, number)
    lengths = {len(values) for values in fields.get("curves", fields).values() if isinstance(values, list)}
    if len(lengths) > 1:
        where = f"{path}, line {number}: {sorted(lengths)} epochs in one training"
        raise BadReference("The curves of a training differ in length", where, REMEDY)
    try:
        run = run_of(fields, fields["seed"], fields["seconds"])
    except (InvalidArgument, TrainingFailed) as error:
        raise BadReference("The reference is damaged", f"{path}, line {number}: {_detail(error)}", REMEDY) from error
    if not isinstance(description.recipe, UserTraining) and run.epochs != description.recipe.epochs:
        where = f"{path}, line {number}"
        happened = f"A curve of the reference has {run.epochs} epochs instead of {description.recipe.epochs}"
        raise BadReference(happened, where, REMEDY)
    return run


def bundled_names() -> tuple[str, ...]:
    """Return the names of all, in order."""
    return tuple(sorted(_hashes()))


def load_bundled(name: str) -> Reference:
    """Return a reference by its name, such as `mnist-tensorflow-2.21`.

    Raises:
        InvalidArgument: none is called so.
        BadReference: its file is not the one that was shipped.
    """
    hashes = _hashes()
    if name not in hashes:
        near = did_you_mean(name, bundled_names(), before="; ")
        remedy = f"use one of {', '.join(bundled_names())}{near}"
        raise InvalidArgument(f"There is no reference {name!r}", remedy=remedy)
    path = FOLDER / f"{name}.jsonl"
    actual = digest(path) if path.exists() else "no file"
    if actual != hashes[name]:
        raise BadReference(f"The shipped reference {path.name} was changed", actual, "install this package anew")
    return read(path)


def find_reference(name: str) -> Reference:
    """Return a reference by the name of one that is shipped, or by the path of a file.

    Raises:
        InvalidArgument: it is neither.
        BadReference: the file is damaged, or is not the one that was shipped.
    """
    if name in _hashes():
        return load_bundled(name)
    path = Path(name)
    if not path.exists():
        names = ", ".join(bundled_names())
        near = did_you_mean(name, bundled_names(), before="; ")
        remedy = f"name a file of kerasch2 calibrate, or {names}{near}"
        raise InvalidArgument(f"There is no reference {name!r}", remedy=remedy)
    return read(path)


def _hashes() -> dict[str, str]:
    return dict(json.loads(HASHES.read_text(encoding="utf-8")))
