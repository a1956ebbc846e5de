"""The code of a document as one module, in which names of all its blocks are resolved, and which parts again."""

from __future__ import annotations

import bisect
import hashlib
from typing import Mapping, Sequence

from pytest_kerasch2.documents.document import DocumentBlock


class CombinedCode:
    """The runnable blocks of a document, one behind the other, each below a comment that no document has.

    Attributes:
        text: the module.
    """

    def __init__(self, blocks: Sequence[DocumentBlock], codes: Mapping[int, str] | None = None) -> None:
        """Put blocks together.

        Args:
            blocks: of the document; those that are not runnable are left out.
            codes: by the number of a block, its code where it is to be another one.
        """
        changed = codes or {}
        kept = [(one.number, changed.get(one.number, one.code)) for one in blocks if one.runnable]
        digest = hashlib.sha256("".join(code for _, code in kept).encode("utf-8", "replace")).hexdigest()[:16]
        self._marks = {f"# block {digest} {number}": number for number, _ in kept}
        parts = [f"{mark}\n{code}" for mark, (_, code) in zip(self._marks, kept)]
        self.text = "".join(parts)
        self._starts: list[int] = []
        self._numbers = [number for number, _ in kept]
        line = 1
        for part in parts:
            self._starts.append(line)
            line += part.count("\n")

    def place(self, line: int) -> tuple[int, int]:
        """Return the number of the block to which a line of the module belongs, and the line there, from 1."""
        at = bisect.bisect_right(self._starts, line) - 1
        return self._numbers[at], line - self._starts[at]

    def line_of(self, number: int, line: int) -> int | None:
        """Return the line of the module on which a line of a block stands, or None where it has no such block."""
        if number not in self._numbers:
            return None
        return self._starts[self._numbers.index(number)] + line

    def parted(self, text: str) -> dict[int, str]:
        """Return the code of each block of the module after an edit."""
        codes: dict[int, list[str]] = {}
        current: list[str] = []
        for line in text.split("\n"):
            number = self._marks.get(line.strip())
            if number is not None:
                current = codes.setdefault(number, [])
            else:
                current.append(line)
        return {number: "\n".join(lines).rstrip("\n") + "\n" for number, lines in codes.items()}
