"""What a document prints as output, compared with what came in the run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Iterable, Mapping, Sequence

from pytest_kerasch2.documents import printed_text
from pytest_kerasch2.documents.document import Document, Role, StoredOutput
from pytest_kerasch2.documents.printed_text import MEASURED, SHAPE, SIGN, ComparableText, PrintedNumber

SAME, TEXT, NUMBERS, NOT_JUDGED = "same", "text_differs", "numbers_differ", "not_judged"
VERDICTS = (SAME, TEXT, NUMBERS, NOT_JUDGED)
MOST_DIFFERENCES = 5
MOST_WORDS = 160
# Places at which a fence may stand in what came.
MOST_PARTS = 100


@dataclass(frozen=True)
class Printed:
    """What a block printed in one run.

    Attributes:
        text: all of it.
        marks: by statement, its last line and how many characters were there when it was done.
        shown_from: how many were there before the value of the last expression was shown; None where none was.
        cut: whether more was printed than is kept.
        lines_before: how many lines a patch has put before the first of the block.
    """

    text: str = ""
    marks: tuple[tuple[int, int], ...] = ()
    shown_from: int | None = None
    cut: bool = False
    lines_before: int = 0

    @classmethod
    def of(cls, value: Mapping[str, Any], lines_before: int = 0) -> Printed:
        """Return what a child has noticed of a block."""
        marks = tuple((int(line), int(size)) for line, size in value.get("marks") or ())
        return cls(
            str(value.get("printed") or ""), marks, value.get("shown_from"), bool(value.get("printed_more")),
            lines_before,
        )  # fmt: skip

    def part(self, stored: StoredOutput, since: int) -> str:
        """Return the part that stands for a stored output.

        Args:
            stored: which.
            since: of a console session, how many lines were typed before the output that is shown before it.
        """
        if stored.kind == "value":
            return "" if self.shown_from is None else self.text[self.shown_from :]
        if stored.kind == "stream":
            return self.text[: self.shown_from]
        if stored.kind == "console":
            return self.text[self._size_at(since) : self._size_at(stored.last)]
        return self.text

    def _size_at(self, line: int) -> int:
        return max((size for last, size in self.marks if last <= line + self.lines_before), default=0)


@dataclass(frozen=True)
class NumberDifference:
    """A number that differs.

    Attributes:
        kind: `shape`, `count` or `measured`.
        expected: as the document has it.
        actual: as it came.
    """

    kind: str
    expected: str
    actual: str


@dataclass(frozen=True)
class OutputComparison:
    """A printed output of a document beside what came.

    Attributes:
        kind: `stream`, `value`, `console` or `fence`.
        verdict: `same`, `text_differs`, `numbers_differ` or `not_judged`.
        reason: why it is not judged, or why a difference says nothing; empty if it does.
        numbers: those that differ, the first of them.
        more: how many differ beyond those.
        words: where the text differs: a part of the document's, and what came in its place.
        exact: whether what differs can be compared exactly, so that the block means something else.
    """

    kind: str
    verdict: str
    reason: str = ""
    numbers: tuple[NumberDifference, ...] = ()
    more: int = 0
    words: tuple[str, str] | None = None
    exact: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "kind": self.kind,
            "verdict": self.verdict,
            "reason": self.reason,
            "numbers": [dict(vars(one)) for one in self.numbers],
            "more": self.more,
            "words": None if self.words is None else list(self.words),
            "exact": self.exact,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> OutputComparison:
        """Return what `to_dict` has made of one."""
        numbers = tuple(NumberDifference(**one) for one in data["numbers"])
        words = None if data["words"] is None else (data["words"][0], data["words"][1])
        return cls(data["kind"], data["verdict"], data["reason"], numbers, data["more"], words, data["exact"])


def expected(document: Document) -> dict[int, list[StoredOutput]]:
    """Return what a document says that its blocks print, by their number."""
    stored: dict[int, list[StoredOutput]] = {}
    before: int | None = None
    for block in document.blocks:
        if block.runnable:
            before = block.number
            if block.stored:
                stored[block.number] = list(block.stored)
        elif block.role is Role.OUTPUT and before is not None:
            # Of several fences, each may be a part of what the block prints.
            stored.setdefault(before, []).append(StoredOutput("fence", block.code))
        else:
            before = None
    return stored


def compare(
    stored: Sequence[StoredOutput], runs: Sequence[Printed], reason: str = "", shapes: bool = True
) -> list[OutputComparison]:
    """Return what is said of the outputs of a block.

    Args:
        stored: as the document has them.
        runs: what came in a first run and, where there was one, in another one with other seeds; nothing where the
            block did not run.
        reason: why only shapes can be judged, such as a training that was shortened; empty if there is none.
        shapes: whether these can.
    """
    compared = []
    since = 0
    for one in stored:
        problem = one.problem or ("" if runs else "the block did not run")
        problem = problem or ("more was printed than is kept" if any(run.cut for run in runs) else "")
        if problem:
            compared.append(OutputComparison(one.kind, NOT_JUDGED, problem))
        else:
            compared.append(_compared(one, [run.part(one, since) for run in runs], reason, shapes))
        since = one.last
    return compared


def _compared(stored: StoredOutput, texts: Sequence[str], reason: str, shapes: bool) -> OutputComparison:
    document = printed_text.comparable(stored.text)
    came = [_aligned(printed_text.comparable(text), document, stored.kind) for text in texts]
    first = came[0]
    if first.words == document.words:
        return _of_numbers(stored.kind, document, came, reason, shapes)
    return _of_words(stored, document, came, reason)


def _aligned(came: ComparableText, document: ComparableText, kind: str) -> ComparableText:
    """Return the part of what came that a document shows: of a fence, the only one, or the one with equal numbers."""
    if kind != "fence" or not document.words or came.words == document.words:
        return came
    parts: list[ComparableText] = []
    at = came.words.find(document.words)
    while at >= 0 and len(parts) < MOST_PARTS:
        start = came.words[:at].count(SIGN)
        numbers = came.numbers[start : start + len(document.numbers)]
        parts.append(replace(came, words=document.words, numbers=numbers))
        at = came.words.find(document.words, at + 1)
    equal = [one for one in parts if all(map(PrintedNumber.agrees, document.numbers, one.numbers))]
    return equal[0] if equal else parts[0] if len(parts) == 1 else came


def _of_numbers(
    kind: str, document: ComparableText, came: Sequence[ComparableText], reason: str, shapes: bool
) -> OutputComparison:
    pairs = list(zip(document.numbers, came[0].numbers))
    differing = [at for at, (one, other) in enumerate(pairs) if not one.agrees(other)]
    if not differing:
        return OutputComparison(kind, SAME)
    judged = [at for at in differing if not reason or (shapes and pairs[at][0].kind == SHAPE)]
    if not judged:
        return _differs(kind, NOT_JUDGED, [pairs[at] for at in differing], reason)
    others = [one for one in came[1:] if one.words == document.words]
    steady = [at for at in judged if all(_same(one.numbers[at], pairs[at][1]) for one in others)]
    if any(pairs[at][0].is_chance or pairs[at][1].is_chance for at in judged):
        return _differs(kind, NOT_JUDGED, [pairs[at] for at in judged], "it is what memory held by chance")
    if all(pairs[at][0].unsigned.agrees(pairs[at][1].unsigned) for at in judged):
        return _differs(
            kind, NOT_JUDGED, [pairs[at] for at in judged], "signs alone differ, as those of eigenvectors may"
        )
    if not steady or len(others) < len(came) - 1:
        why = f"it differs from run to run: {_values(judged[0], came)} in {len(came)} runs with different seeds"
        return _differs(kind, NOT_JUDGED, [pairs[at] for at in judged], why)
    return _differs(kind, NUMBERS, [pairs[at] for at in steady], "")


def _same(one: PrintedNumber, other: PrintedNumber) -> bool:
    return one.value == other.value or (one.kind == MEASURED and one.agrees(other))


def _values(at: int, came: Sequence[ComparableText]) -> str:
    return " and ".join(one.numbers[at].text for one in came if at < len(one.numbers))


def _differs(
    kind: str, verdict: str, pairs: Iterable[tuple[PrintedNumber, PrintedNumber]], reason: str
) -> OutputComparison:
    every = [NumberDifference(one.kind, one.text, other.text) for one, other in pairs]
    return OutputComparison(
        kind, verdict, reason, tuple(every[:MOST_DIFFERENCES]), max(0, len(every) - MOST_DIFFERENCES),
        exact=verdict == NUMBERS,
    )  # fmt: skip


def _of_words(
    stored: StoredOutput, document: ComparableText, came: Sequence[ComparableText], reason: str
) -> OutputComparison:
    first = came[0]
    if not first.words:
        return OutputComparison(stored.kind, NOT_JUDGED, "nothing of that kind was printed")
    if printed_text.CUT.search(stored.text):
        return OutputComparison(stored.kind, NOT_JUDGED, "the document leaves a part of it out")
    if reason and (document.training or first.training):
        return OutputComparison(stored.kind, NOT_JUDGED, reason)
    if any(one.words != first.words for one in came[1:]):
        reason = "the text differs from run to run"
    elif not reason and (document.training or first.training):
        reason = "a training prints itself in other ways on other releases"
    exact = not reason and printed_text.is_exact(document.words, first.words)
    return OutputComparison(stored.kind, TEXT, reason, words=_parts(document.words, first.words), exact=exact)


def _parts(one: str, other: str) -> tuple[str, str]:
    """Return where two texts begin to differ, with a few words before."""
    at = next((at for at, (left, right) in enumerate(zip(one, other)) if left != right), min(len(one), len(other)))
    start = max(0, at - 40)
    dots = "..." if start else ""
    shown = [f"{dots}{text[start : start + MOST_WORDS].replace(SIGN, '#')}" for text in (one, other)]
    return shown[0], shown[1]
