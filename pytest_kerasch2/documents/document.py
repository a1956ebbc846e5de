"""A document as plain data: its blocks, each with its role and the lines of the file that it stands in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

_PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.|In \[\d*\]:) ?")


def _indentation(text: str) -> int:
    return len(text) - len(text.lstrip())


class Role(str, Enum):
    """What a block of a document is."""

    CODE = "code"
    CONSOLE = "console"
    OUTPUT = "output"
    SHELL = "shell"
    SIGNATURE = "signature"
    FRAGMENT = "fragment"
    NOT_PYTHON = "not_python"


# Roles whose lines are Python that a reader runs.
RUNNABLE = (Role.CODE, Role.CONSOLE)


@dataclass(frozen=True)
class BlockLine:
    """One line of a block.

    Attributes:
        text: the Python, without what the document puts before it, such as the indentation of a list or a prompt.
        raw: the line as it stands in the file.
        at: its number, from 1: in the file, or in the source of its cell.
    """

    text: str
    raw: str
    at: int

    @property
    def prefix(self) -> str:
        """Return what stands before the Python in the file."""
        if self.text and self.raw.endswith(self.text):
            return self.raw[: -len(self.text)]
        prompt = _PROMPT.match(self.raw)
        if prompt:
            return prompt.group()
        width = _indentation(self.raw) - _indentation(self.text)
        return self.raw[:width] if width > 0 and self.text.strip() else ""


@dataclass(frozen=True)
class StoredOutput:
    """What a document says that a block prints.

    Attributes:
        kind: `stream`, what it writes; `value`, that of its last expression; `console`, what follows a prompt; `fence`,
            a block of printed output behind it.
        text: as it stands in the document.
        last: of a console session, how many lines of the block were typed before it; else 0.
        problem: why it cannot be compared; empty if it can.
    """

    kind: str
    text: str
    last: int = 0
    problem: str = ""


@dataclass(frozen=True)
class DocumentBlock:
    """A block of a document.

    Attributes:
        number: from 1, in the order of the document.
        lines: its lines; those of a console session are only what follows a prompt.
        role: what it is.
        language: the language that the document names, in small letters.
        cell: the number of the cell, from 1, or None where the document has no cells.
        line: the line of the file, or of the cell, where it begins.
        notes: what had to be changed to read it as Python.
        problem: why it is not runnable, or does not parse; empty if it parses.
        joined: the number of the block that it continues, because a function is split over both.
        stored: what the document says that it prints, where that is a part of the block.
    """

    number: int
    lines: tuple[BlockLine, ...]
    role: Role = Role.CODE
    language: str = ""
    cell: int | None = None
    line: int = 1
    notes: tuple[str, ...] = ()
    problem: str = ""
    joined: int | None = None
    stored: tuple[StoredOutput, ...] = ()

    @property
    def code(self) -> str:
        """Return its Python."""
        return "".join(f"{one.text}\n" for one in self.lines)

    @property
    def runnable(self) -> bool:
        """Whether it is Python that parses."""
        return self.role in RUNNABLE and not self.problem

    @property
    def place(self) -> str:
        """Return where it stands, for a reader."""
        return f"line {self.line}" if self.cell is None else f"cell {self.cell}"


@dataclass(frozen=True)
class Decoded:
    """The text of a file, and how it is written.

    Attributes:
        text: with line feeds alone at the ends of lines.
        encoding: of the file, such as `utf-8-sig`.
        newline: how its lines end.
        notes: what is unusual about it.
    """

    text: str
    encoding: str = "utf-8"
    newline: str = "\n"
    notes: tuple[str, ...] = ()

    def encoded(self, text: str) -> bytes:
        """Return a text as the file has it."""
        return text.replace("\n", self.newline).encode(self.encoding)


@dataclass(frozen=True)
class Document:
    """A file of a reader.

    Attributes:
        path: of the file.
        kind: `markdown`, `notebook` or `script`.
        blocks: in their order.
        decoded: its text.
        notes: what a reader should know of the file as a whole.
    """

    path: Path
    kind: str
    blocks: tuple[DocumentBlock, ...]
    decoded: Decoded = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def runnable(self) -> tuple[DocumentBlock, ...]:
        """Return the blocks that are Python and parse."""
        return tuple(block for block in self.blocks if block.runnable)
