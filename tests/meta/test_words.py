"""The words of the code: standard ones, in names, docstrings and messages."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Iterator

import pytest

from tests.meta.sources import PACKAGE, modules, name_of

if sys.version_info < (3, 8):
    pytest.skip("source is read by CPython 3.8 or newer", allow_module_level=True)

# What the glossary of the design has replaced; the reader of old files alone needs them.
BANNED = re.compile(
    r"ledger|saboteur|witness|truth.?table|could.not.tell|unmoved|planted|generalises|harmless variation", re.IGNORECASE
)
START = re.compile(r"(Give|Tell)s?\b")
OLD_FILES = PACKAGE / "claims" / "schema_1.py"
READ = [path for path in modules() if path != OLD_FILES]


def _texts(path: Path) -> Iterator[str]:
    """Yield what a module says and names: identifiers and texts, docstrings among them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for field in ("id", "attr", "arg", "name", "module"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield value
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _docstrings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            yield ast.get_docstring(node) or ""


def test_no_name_and_no_text_has_a_word_that_the_glossary_replaced() -> None:
    actual = {name_of(path): [text for text in _texts(path) if BANNED.search(text)] for path in READ}

    assert {name: texts for name, texts in actual.items() if texts} == {}


def test_no_docstring_starts_with_give_or_tell() -> None:
    actual = {name_of(path): [text for text in _docstrings(path) if START.match(text)] for path in modules()}

    assert {name: texts for name, texts in actual.items() if texts} == {}


def test_the_reader_of_old_files_shows_that_a_banned_word_is_found() -> None:
    assert [text for text in _texts(OLD_FILES) if BANNED.search(text)] != []


# A name says what a thing is, not what somebody did with it.
VAGUE = {"told", "found", "known", "made", "wanted", "its", "said"}
# Rooms in which nothing is called so; `found` of `Recorder.true` is public.
NAMED = ("chapter", "checks", "claims", "suite", "report")
PUBLIC = {("pytest_kerasch2.claims.recorder", "found")}


def _names_given(path: Path) -> Iterator[str]:
    """Yield each name that a module gives to a variable, a parameter or a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef):
            yield node.name


def test_a_name_says_what_a_thing_is() -> None:
    read = [path for path in modules() if path.relative_to(PACKAGE).parts[0] in NAMED]
    actual = {(name_of(path), name) for path in read for name in _names_given(path) if name in VAGUE}

    assert actual == PUBLIC
