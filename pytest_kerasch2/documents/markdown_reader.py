"""The blocks of a Markdown text: fences, also within lists and quotes, and indented code."""

from __future__ import annotations

import re
from typing import Any, Iterator, Sequence

from pytest_kerasch2.documents import parsing, roles
from pytest_kerasch2.documents.document import BlockLine, DocumentBlock, Role

_OPENING = re.compile(r"^\s{0,3}(`{3,}|~{3,})\s*([\w{.][^`]*)$")


def blocks_of(text: str) -> tuple[DocumentBlock, ...]:
    """Return the blocks of a Markdown text."""
    raw = text.split("\n")
    blocks: list[DocumentBlock] = []
    for lines, language, notes in _code(text, raw):
        outcome = roles.decide_role(lines, language)
        blocks.append(
            DocumentBlock(
                number=len(blocks) + 1,
                lines=outcome.lines,
                role=outcome.role,
                language=language,
                line=lines[0].at if lines else 1,
                notes=(*notes, *outcome.notes),
                problem=outcome.problem,
                stored=parsing.answers(lines) if outcome.role is Role.CONSOLE else (),
            )
        )
    return tuple(blocks)


def _code(text: str, raw: Sequence[str]) -> Iterator[tuple[tuple[BlockLine, ...], str, tuple[str, ...]]]:
    from markdown_it import MarkdownIt

    for token in MarkdownIt("commonmark").parse(text):
        if token.type not in ("fence", "code_block") or token.map is None:
            continue
        start = token.map[0] + (token.type == "fence")
        contents = token.content.split("\n")[:-1]
        lines = tuple(
            BlockLine(content, raw[start + at] if start + at < len(raw) else content, start + at + 1)
            for at, content in enumerate(contents)
        )
        if token.type == "fence":
            yield from _fence(token, lines, raw)
        elif lines:
            yield lines, "", ()


def _fence(
    token: Any, lines: tuple[BlockLine, ...], raw: Sequence[str]
) -> Iterator[tuple[tuple[BlockLine, ...], str, tuple[str, ...]]]:
    language = roles.language_of(token.info)
    if language in roles.MARKDOWN:
        yield from _nested(lines)
        return
    notes: tuple[str, ...] = ()
    last = raw[min(token.map[1], len(raw)) - 1].strip("> \t")
    if not (last.startswith(token.markup) and not last.strip(token.markup[0])) or token.map[1] - token.map[0] < 2:
        notes = (f"the fence of line {token.map[0] + 1} is not closed",)
    # A fence that opens within another one with as many marks: somebody has forgotten to close the first.
    for at, line in enumerate(lines):
        opening = _OPENING.match(line.text)
        if opening and opening.group(1) == token.markup:
            note = f"the fence of line {token.map[0] + 1} is not closed before that of line {line.at}"
            yield lines[:at], language, (note,)
            yield from _again(lines[at:], opening, token)
            return
    if lines:
        yield lines, language, notes


def _again(
    lines: tuple[BlockLine, ...], opening: Any, token: Any
) -> Iterator[tuple[tuple[BlockLine, ...], str, tuple[str, ...]]]:
    yield lines[1:], roles.language_of(opening.group(2)), ()


def _nested(lines: tuple[BlockLine, ...]) -> Iterator[tuple[tuple[BlockLine, ...], str, tuple[str, ...]]]:
    """Yield the blocks of Markdown that stands in a fence of Markdown."""
    text = "".join(f"{line.text}\n" for line in lines)
    for inner, language, notes in _code(text, text.split("\n")):
        moved = tuple(BlockLine(one.text, lines[one.at - 1].raw, lines[one.at - 1].at) for one in inner)
        yield moved, language, notes
