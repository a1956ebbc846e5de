"""The blocks of a script: its cells where it marks them, else its paragraphs of whole statements."""

from __future__ import annotations

import re
from typing import Iterator, Sequence

from pytest_kerasch2.documents import parsing, roles
from pytest_kerasch2.documents.document import BlockLine, DocumentBlock

_MARK = re.compile(r"^#\s*(?:%%|In\[[\d ]*\]:|<codecell>|-{2,} ?cell)")
_TEXT = re.compile(r"^#\s*%%\s*\[(?:markdown|md|raw)\]")


def blocks_of(text: str) -> tuple[DocumentBlock, ...]:
    """Return the blocks of a script."""
    lines = tuple(BlockLine(one, one, at) for at, one in enumerate(text.split("\n"), 1))
    parts = _cells(lines) if any(_MARK.match(line.text) for line in lines) else _paragraphs(lines)
    blocks: list[DocumentBlock] = []
    for part in parts:
        kept = _trimmed(part)
        if not any(line.text.strip() and not line.text.startswith("#") for line in kept):
            continue
        outcome = roles.decide_role(kept, "python", cell=True)
        number, at = len(blocks) + 1, kept[0].at
        blocks.append(
            DocumentBlock(number, outcome.lines, outcome.role, "python", None, at, outcome.notes, outcome.problem)
        )
    return tuple(blocks)


def _trimmed(lines: Sequence[BlockLine]) -> tuple[BlockLine, ...]:
    kept = list(lines)
    while kept and not kept[0].text.strip():
        kept.pop(0)
    while kept and not kept[-1].text.strip():
        kept.pop()
    return tuple(kept)


def _cells(lines: Sequence[BlockLine]) -> Iterator[list[BlockLine]]:
    part: list[BlockLine] = []
    is_text = False
    for line in lines:
        if _MARK.match(line.text):
            if not is_text:
                yield part
            part, is_text = [], bool(_TEXT.match(line.text))
        else:
            part.append(line)
    if not is_text:
        yield part


def _paragraphs(lines: Sequence[BlockLine]) -> Iterator[Sequence[BlockLine]]:
    """Yield statements that no blank line parts; a script that does not parse is one block."""
    try:
        body = parsing.tree(parsing.text_of(lines)).body
    except SyntaxError:
        yield lines
        return
    begun, end = 0, 0
    for node in body:
        decorators = [one.lineno for one in getattr(node, "decorator_list", [])]
        first = min([node.lineno, *decorators])
        if end and any(not line.text.strip() for line in lines[end : first - 1]):
            # A comment above a statement belongs to it.
            blank = max(at for at in range(end, first - 1) if not lines[at].text.strip())
            yield lines[begun : blank + 1]
            begun = blank + 1
        end = node.end_lineno or first
    yield lines[begun:]
