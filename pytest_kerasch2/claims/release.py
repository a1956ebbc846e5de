"""What a verdict is about: a TensorFlow minor, a Keras patch and a backend."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_kerasch2.errors import InvalidArgument

ABSENT = "-"
# Digits of one number of a version: a nightly one has a day and an hour.
LONGEST = 14


@dataclass(frozen=True)
class Release:
    """One installed combination: `2.15/2.15.0/tensorflow`, or `-/3.15.1/jax` where TensorFlow is absent.

    Attributes:
        tensorflow: the full version, `2.15.1`, or `-`.
        keras: the full version, `2.2.4-tf` where Keras is part of TensorFlow.
        backend: `tensorflow`, `jax`, `torch`, `theano` or `cntk`.
    """

    tensorflow: str
    keras: str
    backend: str

    @property
    def name(self) -> str:
        """Return the short name that heads a column of the compatibility table."""
        minor = self.tensorflow if self.tensorflow == ABSENT else ".".join(self.tensorflow.split(".")[:2])
        return f"{minor}/{self.keras}/{self.backend}"


@dataclass(frozen=True)
class ReleaseWithNumPy(Release):
    """A release on which a reader's own code runs, which uses NumPy too.

    Attributes:
        numpy: the full version, or `-` where none is known.
    """

    numpy: str = ABSENT


def numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version: `2.15.0.post1` is (2, 15, 0), `2.2.4-tf` is (2, 2, 4).

    Raises:
        InvalidArgument: the text does not begin with a number.
    """
    leading = re.match(r"\d+(\.\d+)*", version)
    if leading is None:
        raise InvalidArgument(f"A version must begin with a number, got {version[:40]!r}", "", "write it as 2.16")
    parts = leading.group().split(".")
    if max(map(len, parts)) > LONGEST:
        happened = f"The numbers of a version must have at most {LONGEST} digits"
        raise InvalidArgument(happened, f"{version[:20]!r}..., of {len(version)} characters")
    return tuple(map(int, parts))


def within(version: str, since: str | None, until: str | None) -> bool:
    """Return whether `since <= version <= until`, each bound compared at its own precision.

    `until="2.15"` therefore takes in 2.15.1. A version that is absent (`-`) is in no range.
    """
    if version == ABSENT:
        return False
    mine = numbers(version)
    if since is not None and mine[: len(numbers(since))] < numbers(since):
        return False
    return until is None or mine[: len(numbers(until))] <= numbers(until)
