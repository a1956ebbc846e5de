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
START = re.compile(r"(Give|Tell|Say)s?\b")
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
# Old words of the glossary, as a name or as a part of one.
OLD_WORDS = {
    *("arm", "arms", "cured", "ledger", "owed", "plain", "planted", "reach", "saboteur", "saboteurs", "said"),
    *("surprise", "told", "unmoved", "usual", "wanted", "witness", "yardstick", "yardsticks"),
}
# `found` is a public parameter of errors and of `Recorder.true`.
PUBLIC = {("pytest_kerasch2.claims.recorder", "found"), ("pytest_kerasch2.errors", "found")}
# What still has such a name, by its room; the rooms are renamed one after the other.
STILL = {
    "chapter": {"dropout_told_of_training"},
    "timing": {"usual"},
}


def _names_given(path: Path) -> Iterator[str]:
    """Yield each name that a module gives to a variable, a parameter, a function or a class."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name


def _is_old(name: str) -> bool:
    return name.strip("_") in VAGUE or bool(OLD_WORDS.intersection(name.lower().split("_")))


def test_a_name_says_what_a_thing_is() -> None:
    names = {(path, name) for path in modules() for name in _names_given(path) if _is_old(name)}

    assert {
        (name_of(path), name) for path, name in names if name not in STILL.get(path.relative_to(PACKAGE).parts[0], ())
    } == PUBLIC


@pytest.mark.parametrize("room", sorted(STILL))
def test_a_room_is_excused_for_the_names_that_it_has_alone(room: str) -> None:
    names = {name for path in modules() if path.relative_to(PACKAGE).parts[0] == room for name in _names_given(path)}

    assert {name for name in names if _is_old(name)} == STILL[room]
