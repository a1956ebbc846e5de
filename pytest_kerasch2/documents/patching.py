"""A document with other code in its blocks: only the lines that differ are touched."""

from __future__ import annotations

import difflib
import itertools
import json
import re
from dataclasses import replace
from typing import Any, Mapping, Sequence

from pytest_kerasch2.documents import notebook_reader
from pytest_kerasch2.documents.document import BlockLine, Document, DocumentBlock, Role

# A line of a notebook that is no Python, and for which another text stands while it is read.
_MAGIC = re.compile(r"^\s*[%!?]|\?\s*$|=\s*[!%]\w")


def with_imports(block: DocumentBlock, code: str, statements: Sequence[str]) -> str:
    """Return code with imports before it, but behind the magic of a cell."""
    lines = code.split("\n")
    first = 1 if block.lines and block.lines[0].raw.startswith("%%") else 0
    return "\n".join([*lines[:first], *statements, *lines[first:]])


def changed_lines(block: DocumentBlock, code: str) -> dict[int, list[str]]:
    """Return what stands in the place of each line of a block, by the number of the line, with this code in it."""
    old = [line.text for line in block.lines]
    new = code.rstrip("\n").split("\n")
    base = _base(block.lines)
    replaced: dict[int, list[str]] = {}
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, start, end, first, last in matcher.get_opcodes():
        if kind == "equal":
            replaced.update((line.at, [_mended(line, base)]) for line in block.lines[start:end])
            continue
        texts = new[first:last]
        if kind == "insert":
            _insert(replaced, block, start, texts, base)
            continue
        replaced.update((line.at, []) for line in block.lines[start:end])
        replaced[block.lines[start].at] = [f"{_prefix(block.lines[start], base)}{text}" for text in texts]
    return replaced


def _insert(replaced: dict[int, list[str]], block: DocumentBlock, at: int, texts: Sequence[str], base: str) -> None:
    """Put lines before the line with this index, or behind the last one."""
    line = block.lines[min(at, len(block.lines) - 1)]
    prefix = ">>> " if block.role is Role.CONSOLE and not base else _prefix(line, base)
    lines = [f"{prefix}{text}" for text in texts]
    if at > 0:
        replaced[block.lines[at - 1].at] = [*replaced.get(block.lines[at - 1].at, []), *lines]
    else:
        # The line itself comes with the next part, behind these.
        replaced[-line.at] = lines


def _base(lines: Sequence[BlockLine]) -> str:
    """Return what stands before every line of a block."""
    prefixes = [line.prefix for line in lines if line.text.strip()]
    return min(prefixes, key=len) if prefixes else ""


def _prefix(line: BlockLine, base: str) -> str:
    return line.prefix if line.prefix.strip(" \t>") or ">>>" in line.prefix else base


def _mended(line: BlockLine, base: str) -> str:
    """Return a line as it was, but with what had to be changed to read it."""
    if not line.text.strip() or _MAGIC.search(line.raw):
        return line.raw
    return f"{_prefix(line, base)}{line.text}"


def patched(document: Document, codes: Mapping[int, str]) -> str:
    """Return the text of a document with other code in its blocks, by their numbers."""
    if document.kind == "notebook":
        return _patched_notebook(document, codes)
    replaced: dict[int, list[str]] = {}
    for block in document.blocks:
        if block.number in codes:
            replaced.update(changed_lines(block, codes[block.number]))
    return "\n".join(_lines(document.decoded.text.split("\n"), replaced))


def _lines(raw: Sequence[str], replaced: Mapping[int, list[str]]) -> list[str]:
    lines: list[str] = []
    for at, text in enumerate(raw, 1):
        lines += replaced.get(-at, [])
        lines += replaced.get(at, [text])
    return lines


def _patched_notebook(document: Document, codes: Mapping[int, str]) -> str:
    data = notebook_reader.parse(document.decoded.text)
    form = _form(data, document.decoded.text)
    cells = notebook_reader.cells_of(data)
    for block in document.blocks:
        if block.number not in codes or block.cell is None:
            continue
        cell = cells[block.cell - 1]
        raw = notebook_reader.source_of(cell).split("\n")
        text = "\n".join(_lines(raw, changed_lines(block, codes[block.number])))
        key = "source" if "source" in cell else "input"
        cell[key] = text.splitlines(keepends=True) if isinstance(cell.get(key), list) else text
    return _written(data, form)


def _form(data: Any, text: str) -> dict[str, Any]:
    """Return the settings with which JSON is written so that it is the text, or those of Jupyter if none does."""
    indent = re.match(r"\{\n( +)", text)
    width = len(indent.group(1)) if indent else (1 if "\n" in text.strip() else None)
    for keeps, escapes in itertools.product((False, True), (False, True)):
        form = {"indent": width, "ensure_ascii": keeps, "escapes": escapes}
        if _written(data, form).strip() == text.strip():
            return {**form, "end": text[len(text.rstrip()) :]}
    return {"indent": width, "ensure_ascii": False, "end": "\n"}


def _written(data: Any, form: Mapping[str, Any]) -> str:
    settings = {name: value for name, value in form.items() if name not in ("end", "escapes")}
    text = json.dumps(data, **settings)
    if form.get("escapes"):
        # As Colab writes them; outside of a text JSON has none of the three.
        text = text.translate({ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"})
    return text + str(form.get("end", "\n"))


def diff(document: Document, new: str, name: str) -> list[str]:
    """Return the lines of a unified diff from a document to its new text."""
    old = document.decoded.text.splitlines(keepends=True)
    lines = difflib.unified_diff(old, new.splitlines(keepends=True), f"a/{name}", f"b/{name}")
    return [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]


def block_diff(block: DocumentBlock, code: str) -> list[str]:
    """Return what changes in a block, as lines that begin with a minus or a plus."""
    old, new = block.code.rstrip("\n").split("\n"), code.rstrip("\n").split("\n")
    lines = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
    mended = [f"- {line.raw.rstrip()}\n+ {line.text}".split("\n") for line in _mends(block)]
    return [*(part for pair in mended for part in pair), *(_spaced(one) for one in lines if not one.startswith("@@"))]


def _spaced(line: str) -> str:
    return f"{line[:1]} {line[1:]}"


def _mends(block: DocumentBlock) -> list[BlockLine]:
    base = _base(block.lines)
    return [line for line in block.lines if _mended(line, base) != line.raw]


def is_mended(block: DocumentBlock) -> bool:
    """Whether a block had to be changed to be read."""
    return bool(_mends(block))


def encoded(document: Document, text: str) -> bytes:
    """Return the bytes of a document with this text; in UTF-8 where its own encoding lacks a letter."""
    try:
        return document.decoded.encoded(text)
    except UnicodeEncodeError:
        return replace(document.decoded, encoding="utf-8").encoded(text)
