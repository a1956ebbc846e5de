"""The one family of errors: each says what happened, what was found, and what to do.

Most are also the built-in error that a Python user would catch, such as `InvalidArgument`, which is a `ValueError`. A
claim that does not apply and a question that stays undecided are not mistakes of the caller, and have none.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import re

from pytest_kerasch2 import foreign

# The first word of a remedy gets a capital letter; a path, an option or code keeps its own.
_WORD = re.compile(r"^(?!pip )[a-z]+(?=,?(?:\s|$))")


class KerasCh2Error(Exception):
    """The root of every error this package raises on purpose.

    Args:
        happened: one sentence without its full stop.
        found: what was seen, quoted from the user's own input where there is any.
        remedy: what the reader can do about it.
    """

    def __init__(self, happened: str, found: str = "", remedy: str = "") -> None:
        """Keep the three parts, so that a report can lay them out its own way."""
        super().__init__(happened, found, remedy)
        self.happened = happened
        self.found = found
        self.remedy = remedy

    def __str__(self) -> str:
        """Return the three parts as one or two sentences on one line, in which what was found steers no terminal."""
        parts = [f"{self.happened}: {self.found}" if self.found else self.happened]
        if self.remedy:
            parts.append(_WORD.sub(lambda word: word.group().capitalize(), self.remedy, count=1))
        return foreign.terminal(" ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts))


class ClaimBroken(KerasCh2Error, AssertionError):
    """A check saw that a claim does not hold."""


class NotApplicable(KerasCh2Error):
    """A claim speaks of something that this environment cannot have."""


class Inconclusive(KerasCh2Error):
    """Something that a check needs is missing, so its claim stays undecided."""


class DataMissing(Inconclusive, FileNotFoundError):
    """A data set is in no place that may be looked into."""


class DownloadFailed(DataMissing, ConnectionError):
    """A data set could not be fetched whole."""


class DeviceMissing(Inconclusive, RuntimeError):
    """A device that was asked for is not there."""


class DataDamaged(KerasCh2Error, ValueError):
    """An archive does not hold what its name promises."""


class FrameworkMissing(KerasCh2Error, ModuleNotFoundError):
    """TensorFlow or Keras is not installed."""


class FrameworkBroken(KerasCh2Error, ImportError):
    """TensorFlow or Keras is installed and cannot be imported."""


class ChildDied(KerasCh2Error, RuntimeError):
    """A child interpreter crashed, ran past its deadline or broke its memory limit."""


class UnsafeFile(KerasCh2Error, ValueError):
    """A model file holds something that could run code or read other files."""


class InvalidArgument(KerasCh2Error, ValueError):
    """An option or a variable has a value that cannot be used."""


class BadResults(KerasCh2Error, ValueError):
    """A results file is damaged, of another schema, or cannot be written."""


class CannotWrite(BadResults, OSError):
    """A file cannot be written at its place."""


class BadTable(KerasCh2Error, ValueError):
    """Results files cannot be merged, or a compatibility table or a releases file is damaged or of another schema."""


class BadReference(KerasCh2Error, ValueError):
    """A reference of many trainings is damaged, of another schema or of another training, or cannot be written."""


class BadAtlas(KerasCh2Error, ValueError):
    """The atlas of names is missing, damaged, too large or of another schema."""


class DuplicateClaim(KerasCh2Error, ValueError):
    """Two claims carry the same id."""


class TrainingFailed(KerasCh2Error, RuntimeError):
    """A training gave no curve: it diverged, or its model does not fit its data."""


class GateFailed(KerasCh2Error, AssertionError):
    """An accuracy gate found that something has changed."""


class GateUndecided(KerasCh2Error):
    """An accuracy gate is undecided after the trainings that it was allowed."""


class InvalidMeasurement(KerasCh2Error, RuntimeError):
    """A time cannot be believed: its work was not done, not all of it was done, or more than that was."""
