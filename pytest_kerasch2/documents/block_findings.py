"""What is found of each block of a document, as plain data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Mapping, Sequence

from pytest_kerasch2.changes.catalogue_of_changes import Match
from pytest_kerasch2.changes.known_change import Effect, KnownChange
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents.comparing import ReleaseDifference
from pytest_kerasch2.documents.document import Document, DocumentBlock
from pytest_kerasch2.documents.printed_outputs import VERDICTS, OutputComparison

SCHEMA = 1


class Word(str, Enum):
    """What is said of a block. The first four need a run; `repairable` and `nothing_found` are what is read."""

    RUNS = "runs"
    REPAIRED = "repaired"
    FOLLOWS = "follows"
    CUT_SHORT = "cut_short"
    CHANGED = "changed"
    NEEDS = "needs"
    BROKEN = "broken"
    REPAIRABLE = "repairable"
    NOTHING_FOUND = "nothing_found"
    NOT_CODE = "not_code"


# Words after which a document does not do what it says, and those that leave it open.
WRONG = (Word.BROKEN, Word.CHANGED, Word.REPAIRED, Word.REPAIRABLE)
OPEN = (Word.NEEDS, Word.CUT_SHORT)


@dataclass(frozen=True)
class Cause:
    """A known change that a block meets.

    Attributes:
        name: of the change.
        kind: `raises`, `warns` or `silent`.
        text: why, in one sentence.
        since: first release, such as `2.16` or `Keras 3.0`.
        until: last release, or None.
        source: where that can be read.
        instead: what is written instead.
        detail: what was seen in the block.
        line: of the block, from 1, or None where only a run showed it.
        proven: whether the patch that is shown has a rewrite for it.
    """

    name: str
    kind: str
    text: str
    since: str | None
    until: str | None
    source: str
    instead: str
    detail: str = ""
    line: int | None = None
    proven: bool = False

    @classmethod
    def of(cls, change: KnownChange, effect: Effect, **more: Any) -> Cause:
        """Return the cause that a change is."""
        issue = effect.issue.to_dict()
        return cls(
            change.name, effect.kind, effect.issue.cause, issue["since"], issue["until"], effect.issue.source,
            change.instead, **more,
        )  # fmt: skip

    @classmethod
    def of_match(cls, match: Match, line: int) -> Cause:
        """Return the cause that was found in code."""
        return cls.of(match.change, match.effect, detail=match.occurrence.detail, line=line, proven=match.rewritten)


@dataclass(frozen=True)
class BlockFinding:
    """What is found of a block.

    Attributes:
        block: which.
        word: what is said of it.
        causes: known changes that it meets.
        needs: what it lacks: names, packages, data, the network.
        notes: what a reader should know, such as what was changed to read it.
        error: what it raised, in a run of the document as it stands.
        patch: lines that begin with a minus or a plus.
        seconds: that it took.
        shortened: whether a training in it was shortened.
        outputs: what the document prints as its output, compared with what came.
        differences: what it makes and prints otherwise on another release.
        follows: the number of the block because of which this one fails, or None.
    """

    block: DocumentBlock
    word: Word
    causes: tuple[Cause, ...] = ()
    needs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    patch: tuple[str, ...] = ()
    seconds: float | None = None
    shortened: bool = False
    outputs: tuple[OutputComparison, ...] = ()
    differences: tuple[ReleaseDifference, ...] = ()
    follows: int | None = None

    @property
    def brief(self) -> str:
        """Return the reason in a few words: causes, what it needs, what it follows, or what it raised."""
        if self.causes:
            return ", ".join(dict.fromkeys(one.name for one in self.causes))
        if self.needs:
            return f"needs {', '.join(self.needs)}"
        if self.follows is not None:
            return f"because of block {self.follows}"
        inserted = next((one for one in self.notes if one.startswith("inserted: ")), "")
        return inserted or self.error or next(iter(self.notes), "")

    @classmethod
    def from_dict(cls, block: DocumentBlock, data: Mapping[str, Any]) -> BlockFinding:
        """Return what `to_dict` has made of the finding of a block."""
        return cls(
            block, Word(data["finding"]), tuple(Cause(**one) for one in data["causes"]), tuple(data["needs"]),
            tuple(data["notes"]), data["error"], tuple(data["patch"]), data["seconds"], data["shortened"],
            tuple(OutputComparison.from_dict(one) for one in data["outputs"]),
            tuple(ReleaseDifference(**one) for one in data["differences"]), data["follows"],
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        block = self.block
        return {
            "number": block.number,
            "line": block.line,
            "cell": block.cell,
            "role": block.role.value,
            "finding": self.word.value,
            "causes": [dict(vars(one)) for one in self.causes],
            "needs": list(self.needs),
            "notes": list(self.notes),
            "error": self.error,
            "patch": list(self.patch),
            "seconds": self.seconds,
            "shortened": self.shortened,
            "outputs": [one.to_dict() for one in self.outputs],
            "differences": [one.to_dict() for one in self.differences],
            "follows": self.follows,
        }


@dataclass(frozen=True)
class DocumentFindings:
    """What is found of a document.

    Attributes:
        document: which.
        release: that it was read for, or run on.
        blocks: what is found of each.
        executed: whether it was run.
        new_text: of the document with all patches.
        notes: of the document as a whole.
        conditions: under which it was run, each as a sentence.
    """

    document: Document
    release: Release
    blocks: tuple[BlockFinding, ...]
    executed: bool = False
    new_text: str = field(default="", repr=False)
    notes: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Return how many blocks there are of each word."""
        counted = Counter(one.word for one in self.blocks)
        return {word.value: counted[word] for word in Word if counted[word]}

    @property
    def output_counts(self) -> dict[str, int]:
        """Return how many printed outputs there are of each verdict."""
        counted = Counter(one.verdict for block in self.blocks for one in block.outputs)
        return {verdict: counted[verdict] for verdict in VERDICTS if counted[verdict]}

    @property
    def is_patched(self) -> bool:
        """Whether the new text differs."""
        return self.new_text != self.document.decoded.text

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "path": str(self.document.path),
            "kind": self.document.kind,
            "executed": self.executed,
            "notes": list(self.notes),
            "counts": self.counts,
            "blocks": [one.to_dict() for one in self.blocks],
        }


def to_dict(documents: Sequence[DocumentFindings], release: Release, version: str) -> dict[str, Any]:
    """Return what is found of documents as the data of a results file."""
    return {
        "schema": SCHEMA,
        "plugin": version,
        "release": {"tensorflow": release.tensorflow, "keras": release.keras, "backend": release.backend},
        "documents": [one.to_dict() for one in documents],
    }
