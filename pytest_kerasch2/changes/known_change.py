"""A known change as plain data: what it finds, what it does on which releases and why, and the proof of its rewrite."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Iterator

from pytest_kerasch2.claims.model import KnownIssue
from pytest_kerasch2.claims.release import Release

if TYPE_CHECKING:
    from pytest_kerasch2.changes.source_view import Edit, SourceView

KINDS = ("raises", "silent", "warns")


@dataclass(frozen=True)
class Effect:
    """What a change does on a range of releases.

    Attributes:
        issue: the range, the cause, the source and the symptom.
        kind: `raises`, `warns`, or `silent` where the code runs and means something else.
    """

    issue: KnownIssue
    kind: str = "raises"

    def __post_init__(self) -> None:
        """Refuse a kind that nobody knows."""
        if self.kind not in KINDS:
            raise ValueError(f"an effect is one of {', '.join(KINDS)}, not {self.kind!r}")


@dataclass(frozen=True)
class RewriteProof:
    """What shows that the rewrite of a change means the same, executed on releases.

    `before` runs on the last release on which it could, what the rewrite makes of it on that one and on each later one;
    `result`, which `observe` leaves, is the same.

    Attributes:
        before: as a document has it; it finds the names that `given` makes.
        observe: leaves `result`: numbers, texts, or lists of them.
        last: the last TensorFlow on which `before` means what it says.
        given: makes what `before` needs; the weights are set to fixed values.
        first: the first TensorFlow on which what is written instead exists.
        also: names of other changes that meet the same lines, and whose rewrites are made too.
    """

    before: str
    observe: str
    last: str
    given: str = ""
    first: str = "2.0"
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Occurrence:
    """A place in code that a change is about.

    Attributes:
        node: where.
        edits: nodes and what is done with each, to write it as it is written now; empty where only a reader can.
        detail: what was seen there, for the finding; such as the name of an argument.
    """

    node: Any
    edits: tuple[tuple[Any, Edit], ...] = ()
    detail: str = ""


@dataclass(frozen=True)
class Failure:
    """What a run showed of a block that failed.

    Attributes:
        line: of the code that was read, from 1.
        message: type and message of the error.
        keys: names of what trainings left in their histories.
    """

    line: int
    message: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class KnownChange:
    """A change of TensorFlow or Keras that documents meet.

    Attributes:
        name: in small letters with dashes; unique.
        words: of which one stands in every code that it finds; others are not looked at.
        find: yields each occurrence in code; None where only a run shows it, by the symptom.
        effects: what it does, by release.
        instead: what a reader writes now, in one sentence.
        proof: of its rewrite; a rewrite without one does not load.
        attempt: yields what could be written where a run showed it and reading cannot know; only a run that comes
            through with it makes it a repair.
    """

    name: str
    words: tuple[str, ...]
    find: Callable[[SourceView], Iterator[Occurrence]] | None = field(repr=False)
    effects: tuple[Effect, ...]
    instead: str
    proof: RewriteProof | None = None
    attempt: Callable[[SourceView, Failure], Iterator[Occurrence]] | None = field(default=None, repr=False)

    def effect_on(self, release: Release) -> Effect | None:
        """Return what it does on a release, or None."""
        return next((one for one in self.effects if one.issue.speaks_of(release)), None)
