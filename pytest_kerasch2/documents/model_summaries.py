"""What a model's `summary()` says, in whichever style a release draws its table: rows, and totals."""

from __future__ import annotations

import re
from typing import Iterator, Sequence

_HEAD = re.compile(r"Layer \(type\)")
_END = re.compile(r"Non-trainable params")
_RULE = re.compile(r"^[\s_=─━┏┓┡┩┳╇├┤┼└┘┴│┃]*$")
_TOTAL = re.compile(r"^\s*(Total|Trainable|Non-trainable) params: ([\d,]+)", re.IGNORECASE)
_ROW = re.compile(
    r"\((?P<type>\w+)\)\s+\[?(?:\((?:None|\?|\d+)(?:, *(?:None|\?|\d+))*,?\)|\?|multiple|unused)[\])\s]*"
    r"\s(?P<count>[\d,]+)\b"
)


def without_tables(text: str) -> str:
    """Return a text in which each table of a model's layers is one line for each of its layers with weights."""
    lines = text.split("\n")
    kept: list[str] = []
    at = 0
    while at < len(lines):
        end = _end(lines, at) if _HEAD.search(lines[at]) else None
        if end is None:
            kept.append(lines[at])
            at += 1
            continue
        while kept and (_RULE.match(kept[-1]) or kept[-1].startswith("Model: ")):
            kept.pop()
        kept += _reduced(lines[at + 1 : end])
        at = end
        while at < len(lines) and _RULE.match(lines[at]):
            at += 1
    return "\n".join(kept)


def _end(lines: Sequence[str], start: int) -> int | None:
    return next((at + 1 for at in range(start, len(lines)) if _END.search(lines[at])), None)


def _reduced(lines: Sequence[str]) -> Iterator[str]:
    """Yield the layers that have weights, with their count, and the totals; other rows differ by release."""
    yield "model summary"
    for row in _rows(lines):
        match = _ROW.search(row)
        if match and match.group("count") != "0":
            yield f"{match.group('type')} params {match.group('count').replace(',', '')}"
    for line in lines:
        total = _TOTAL.match(line)
        if total:
            yield f"{total.group(1).lower()} params {total.group(2).replace(',', '')}"


def _rows(lines: Sequence[str]) -> Iterator[str]:
    """Yield rows of the table as one line each; a cell may be broken into several lines."""
    if any("│" in line for line in lines):
        row: list[list[str]] = []
        for line in lines:
            if "│" in line:
                row.append([cell.strip() for cell in line.strip().strip("│").split("│")])
            elif row:
                yield _joined(row)
                row = []
        return
    yield from lines


def _joined(row: Sequence[Sequence[str]]) -> str:
    width = max(map(len, row))
    cells = ["".join(line[at] if at < len(line) else "" for line in row) for at in range(width)]
    return "  ".join(re.sub(r"(?<=\S)\(", " (", cell, count=1) if at == 0 else cell for at, cell in enumerate(cells))
