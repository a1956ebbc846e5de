"""What the doctor finds, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Mapping, Sequence

SCHEMA = 1


@dataclass(frozen=True)
class Missing:
    """Something that is missing or broken.

    Attributes:
        what: its name.
        why: what was seen, and what cannot be done without it.
        command: the command that installs it, or sets it right.
        needed: whether nothing works without it.
    """

    what: str
    why: str
    command: str
    needed: bool = False


@dataclass(frozen=True)
class Findings:
    """All that the doctor finds.

    Attributes:
        interpreter: its version, where it is, and on what.
        packages: the version of each that matters, or None where it is not installed.
        backend: the backend of Keras, and by what it was chosen.
        framework: what an import gave: its state, versions, seconds, and its error.
        devices: what Keras can use; None where no framework was imported.
        caches: each folder that is looked into or written to, and whether it is there.
        data: where each data set is, or None.
        git: its version, and the repository of this folder.
        missing: what is not there, the needed first.
    """

    interpreter: Mapping[str, Any]
    packages: Mapping[str, str | None]
    backend: Mapping[str, str]
    framework: Mapping[str, Any]
    devices: Sequence[str] | None
    caches: Sequence[Mapping[str, Any]]
    data: Mapping[str, str | None]
    git: Mapping[str, Any]
    missing: Sequence[Missing]

    @property
    def usable(self) -> bool:
        """Whether nothing is missing or broken without which nothing works."""
        return not any(one.needed for one in self.missing)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        return {"schema": SCHEMA, "usable": self.usable, **asdict(self)}
