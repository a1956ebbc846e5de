"""A function or a class that a document shows in parts is put together: what continues a block is read with it."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Sequence

from pytest_kerasch2.documents import parsing
from pytest_kerasch2.documents.document import RUNNABLE, BlockLine, DocumentBlock, Role

# Blocks that one function may be split over, and how much deeper the lines below a colon stand.
MOST = 10
STEP = 4


def joined(blocks: Sequence[DocumentBlock]) -> tuple[DocumentBlock, ...]:
    """Return the blocks with each that continues an earlier one read so.

    Two things tell it: the earlier one ends in the middle of a statement, or the later one begins with an indentation
    and the earlier one ends within a function, a class or a loop; and both parse as one.
    """
    result = list(blocks)
    at = 0
    while at < len(result):
        at += max(1, _join_from(result, at))
    return tuple(result)


def _join_from(blocks: list[DocumentBlock], first: int) -> int:
    """Join what continues this block; return how many blocks belong together."""
    head = blocks[first]
    if head.role not in (*RUNNABLE, Role.FRAGMENT) or not head.lines:
        return 1
    together: tuple[BlockLine, ...] = head.lines
    members: list[tuple[int, tuple[BlockLine, ...]]] = []
    whole = 0
    for at in range(first + 1, min(len(blocks), first + 1 + MOST)):
        part = _continuation(blocks[at])
        if part is None:
            continue
        if not (_is_open(together) and _begins_within(part)) or _begins_anew(together, part):
            break
        part = _aligned(together, part)
        together = (*together, *part)
        members.append((at, part))
        if parsing.parsed(together).error is None:
            whole = len(members)
    if not whole:
        return 1
    _mark(blocks, first, members[:whole])
    return members[whole - 1][0] - first + 1


def _begins_anew(before: Sequence[BlockLine], lines: Sequence[BlockLine]) -> bool:
    """Whether lines begin another function or class behind a whole one, although they do not parse by themselves."""
    first = next((line.text for line in lines if line.text.strip()), "")
    return first.startswith(("def ", "class ", "@", "async def ")) and parsing.parsed(before).error is None


def _aligned(before: Sequence[BlockLine], part: tuple[BlockLine, ...]) -> tuple[BlockLine, ...]:
    """Return a part with the indentation that its first line has lost, as a converter to Markdown leaves it.

    It is that of the lines behind it, one step less, or one of those that stand open before it.
    """
    at = next((at for at, line in enumerate(part) if line.text.strip()), None)
    if at is None or not 0 < _width(part[at].text) < STEP or _fits((*before, *part)):
        return part
    written = [_width(line.text) for line in part[at + 1 :] if line.text.strip()]
    behind = [written[0], written[0] - STEP] if written else []
    open_before = sorted({_width(line.text) for line in before if line.text.strip()}, reverse=True)
    for width in (*behind, *open_before):
        moved = replace(part[at], text=" " * width + part[at].text.lstrip())
        changed = (*part[:at], moved, *part[at + 1 :])
        if width >= STEP and _fits((*before, *changed)):
            return changed
    return part


def _fits(lines: Sequence[BlockLine]) -> bool:
    """Whether lines parse, or only do not end."""
    outcome = parsing.as_it_stands(lines)
    return outcome.error is None or outcome.incomplete


def _width(text: str) -> int:
    return len(text) - len(text.lstrip())


def _continuation(block: DocumentBlock) -> tuple[BlockLine, ...] | None:
    """Return the lines of a block as they stand, or None where it is not code and nothing continues through it."""
    if block.role not in (*RUNNABLE, Role.FRAGMENT) or block.role is Role.CONSOLE:
        return None
    # What was dedented to parse by itself stands indented in the document.
    return tuple(replace(line, text=f"{_indentation(line)}{line.text}") for line in block.lines)


def _indentation(line: BlockLine) -> str:
    return line.prefix if line.text.strip() and not line.prefix.strip() else ""


def _begins_within(lines: Sequence[BlockLine]) -> bool:
    first = next((line.text for line in lines if line.text.strip()), "")
    return first[:1] in (" ", "\t") or parsing.parsed(lines).error is not None


def _is_open(lines: Sequence[BlockLine]) -> bool:
    """Whether lines end within a compound statement, or do not end at all."""
    try:
        body = parsing.tree(parsing.text_of(lines)).body
    except SyntaxError:
        return True
    return bool(body) and isinstance(
        body[-1], (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.With, ast.Try, ast.AsyncFunctionDef)
    )


def _mark(blocks: list[DocumentBlock], first: int, members: Sequence[tuple[int, tuple[BlockLine, ...]]]) -> None:
    head = blocks[first]
    blocks[first] = replace(head, problem="", role=_code(head.role))
    for at, lines in members:
        blocks[at] = replace(blocks[at], lines=lines, problem="", role=Role.CODE, joined=head.number)


def _code(role: Role) -> Role:
    return Role.CODE if role is Role.FRAGMENT else role
