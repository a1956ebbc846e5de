"""The examples of the documents, found by Sybil: what a block of code is, and how it is run.

A block is told by its language, and by a comment above it that a reader does not see:

    python              is executed; if its first line is `# name.py` it is written to a file, and a test file is run
    sh                  is read: each option must exist; under `<!-- run -->` it is run, and must end with 0
    text                is what the block above it prints, where `...` stands for any lines

    <!-- run: --seeds 20 -->      run the command, with these words added
    <!-- excerpt -->              only compile the Python: it is a part of a file
    <!-- numbers differ -->       compare the text without its numbers
    <!-- checked by test_x -->    this test checks the text
    <!-- drawing -->              the text is nothing that is printed
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import runpy
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.parsers.myst import CodeBlockParser

from pytest_kerasch2 import cli
from tests.builders.once import import_once

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"
ROOMS = ("tutorial", "how-to", "reference", "explanation")
# Written by people; the other pages are written by scripts, whose tests compare them with their data.
PAGES = [
    PROJECT / "README.md",
    DOCS / "index.md",
    *sorted(page for room in ROOMS for page in (DOCS / room).glob("*.md")),
]
# Has tests of its own, which also make the change under which each gate must fail.
ELSEWHERE = {DOCS / "how-to" / "gate-any-training.md"}
NAME = re.compile(r"# ([\w/]+\.py)\n")
COMMENT = re.compile(r"^ *<!-- (run|excerpt|numbers differ|checked by|drawing):? ?([^>]*?) ?-->$", re.MULTILINE)
IMPORTED = re.compile(r"^\s*(?:import|from) (\w+)", re.MULTILINE)
FRAMEWORKS = {"tensorflow", "keras", "jax", "torch"}
# What needs a framework without importing it: fixtures, what a run of the chapter has written, a shipped reference.
NEEDS = re.compile(
    r"\b(built_model|compiled_model|trained_model|saved_model|model_style|step_benchmark|results\.json|model\.keras"
    r"|(digits|mnist)-tensorflow-[\d.]+)\b"
)
QUIET = ("-p", "no:randomly", "-p", "no:cacheprovider")


import_once()


@dataclass
class Reader:
    """Somebody who reads a page from its top, and types what stands there.

    Attributes:
        pytester: in whose folder.
        with_frameworks: whether what needs a framework is run too.
        needing: modules of the page that need one.
        written: modules of the page.
        printed: what the last block has printed, or None if it was not run.
        left_out: what was not run, by its first line.
    """

    pytester: pytest.Pytester
    with_frameworks: bool
    needing: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    printed: str | None = None
    left_out: list[str] = field(default_factory=list)
    comments: dict[str, str] = field(default_factory=dict)

    def take(self, name: str) -> str | None:
        """Return what the comment of that name above this block says, and forget it."""
        return self.comments.pop(name, None)

    def may_run(self, source: str) -> bool:
        """Whether everything is there that the source needs; what is not run is noted."""
        needed = FRAMEWORKS.intersection(IMPORTED.findall(source))
        if self.with_frameworks:
            absent = [name for name in needed if importlib.util.find_spec(name) is None]
        else:
            by_module = any(re.search(rf"\b{name}\b", source) for name in self.needing)
            absent = [*needed, *(["a framework"] if by_module or NEEDS.search(source) else [])]
        if absent:
            self.left_out.append(source.splitlines()[0])
            self.printed = None
        return not absent

    def write(self, name: str, source: str) -> None:
        """Write a file of the page."""
        path = self.pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        self.written.add(path.stem)

    @contextlib.contextmanager
    def typing(self) -> Iterator[io.StringIO]:
        """Run in the folder of the page, as a new process would: its modules are imported anew."""
        for name in self.written:
            sys.modules.pop(name, None)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            yield output
        self.printed = output.getvalue()

    def run(self, words: list[str]) -> None:
        """Run a command line in this process."""
        command, *arguments = words
        if command == "pytest":
            self.test(*arguments)
            return
        with self.typing():
            if command == "python":
                runpy.run_path(str(self.pytester.path / arguments[0]), run_name="__main__")
            else:
                assert command == "kerasch2", f"nothing runs {command}"
                assert cli.main(arguments) == 0

    def test(self, *arguments: str) -> None:
        """Run pytest."""
        for name in self.written:
            sys.modules.pop(name, None)
        result = self.pytester.runpytest_inprocess(*QUIET, *arguments)
        self.printed = result.stdout.str()
        assert result.ret == 0, self.printed[-3000:]


def _python(example: Example) -> None:
    reader: Reader = example.namespace["reader"]
    source = str(example.parsed)
    compile(source, str(example.path), "exec")
    name = NAME.match(source)
    if name:
        reader.write(name[1], source)
        if FRAMEWORKS.intersection(IMPORTED.findall(source)) or NEEDS.search(source):
            reader.needing.add(Path(name[1]).stem)
    if reader.take("excerpt") is not None or not reader.may_run(source):
        return
    if not name:
        with reader.typing():
            exec(compile(source, str(example.path), "exec"), example.namespace)
    elif Path(name[1]).name.startswith("test_"):
        reader.test(name[1])


def _shell(example: Example) -> None:
    reader: Reader = example.namespace["reader"]
    reader.printed = None
    added = reader.take("run")
    if added is None:
        return
    for line in str(example.parsed).splitlines():
        words = shlex.split(line, comments=True)
        if words and reader.may_run(line) and (reader.with_frameworks or "--chapter" not in line):
            reader.run([*words, *shlex.split(added)])


def _printed(example: Example) -> None:
    reader: Reader = example.namespace["reader"]
    without_numbers = reader.take("numbers differ") is not None
    if reader.take("checked by") or reader.take("drawing") is not None or reader.printed is None:
        return
    lacking = missing(str(example.parsed), reader.printed, without_numbers)
    assert not lacking, f"not printed:\n{lacking[0]}\nbut:\n{reader.printed[-3000:]}"


def missing(shown: str, printed: str, without_numbers: bool = False) -> list[str]:
    """Return the parts of a text that are not printed, or not in this order; `...` stands for any lines."""
    place, text, lacking = 0, _even(printed, without_numbers), []
    for part in re.split(r"^ *\.\.\.\n", shown, flags=re.MULTILINE):
        position = text.find(_even(part, without_numbers), place)
        lacking += [part] if position < 0 else []
        place = max(position, place)
    return lacking


def _even(text: str, without_numbers: bool) -> str:
    """Return a text without what its width decides, and without its numbers if these differ."""
    text = "\n".join(re.sub(r" +", " ", line).strip() for line in text.splitlines()).strip("\n")
    return re.sub(r"\d[\d.,]*", "N", text) if without_numbers else text


def _comments(document: Document) -> Iterator[Region]:
    for one in COMMENT.finditer(document.text):
        yield Region(one.start(), one.end(), parsed=(one[1], one[2]), evaluator=_keep)


def _keep(example: Example) -> None:
    name, text = example.parsed
    example.namespace["reader"].comments[name] = text


SYBIL = Sybil(
    parsers=[
        _comments,
        CodeBlockParser("python", _python),
        CodeBlockParser("sh", _shell),
        CodeBlockParser("text", _printed),
    ]
)


def read_aloud(page: Path, pytester: pytest.Pytester, *, with_frameworks: bool) -> Reader:
    """Return a reader who has done everything that a page shows.

    Raises:
        AssertionError: an example does not run, or prints something else; with its line.
    """
    document = SYBIL.parse(page)
    reader = document.namespace["reader"] = Reader(pytester, with_frameworks)
    for example in document.examples():
        try:
            example.evaluate()
        except Exception as error:
            raise AssertionError(f"{page.relative_to(PROJECT)}, line {example.line}: {error}") from error
    return reader


def blocks(page: Path, language: str) -> list[str]:
    """Return the text of each block of a language."""
    document = SYBIL.parse(page)
    return [str(one.parsed) for one in document.examples() if one.region.lexemes.get("arguments") == language]


def unchecked(page: Path) -> list[str]:
    """Return the first line of each text that neither an example above it prints nor a test checks."""
    lines, before, comment = [], "", ""
    for example in SYBIL.parse(page).examples():
        language = example.region.lexemes.get("arguments", "")
        if language == "text" and comment not in ("checked by", "drawing"):
            runs = before == "python" or (before == "sh" and comment != "")
            lines += [] if runs else [str(example.parsed).splitlines()[0]]
        if not language:
            comment = example.parsed[0]
        else:
            before, comment = language, comment if language == "sh" else ""
    return lines
