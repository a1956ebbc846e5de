"""Whether lines are Python, and what has to be changed in them to be: blanks, quotes, prompts, indentation."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from dataclasses import dataclass, replace
from typing import Callable, Iterator, Sequence

from pytest_kerasch2.documents.document import BlockLine, StoredOutput

# One character for one, so that a line keeps its width.
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"), " ")
_QUOTES = {ord(one): "'" for one in "\u2018\u2019\u201a\u2032"}
_QUOTES.update({ord(one): '"' for one in "\u201c\u201d\u201e\u2033\u00ab\u00bb"})
_MAGIC = re.compile(r"^(\s*)([%!?].*|[\w.]+\?{1,2})$")
_MAGIC_VALUE = re.compile(r"^(\s*[\w., ]+=\s*)(?:!|%(?=\w)).*$")
# What a converter to Markdown makes of `255.` at the end of a line.
_ESCAPED = re.compile(r"(?<=\d)\\\.")
PROMPT = re.compile(r"^(\s*)(>>>|\.\.\.|In \[\d*\]:|\s*\.\.\.:)( |$)")
_FIRST_PROMPT = re.compile(r"^\s*(>>>( |$)|In \[\d*\]:)")
# Lines of one block that may have an indentation by mistake.
MOST_STRAY = 5
_INCOMPLETE = re.compile("EOF|was never closed|expected an indented block|unterminated")
_LOST = re.compile("expected an indented block|unindent does not match")


@dataclass(frozen=True)
class Parsed:
    """Lines as Python.

    Attributes:
        lines: in the form in which they parse; as they were where they do not.
        notes: what was changed.
        error: why they do not parse, or None.
        line: where, from 1.
        incomplete: whether they end in the middle of a statement.
        indented: whether a line has an indentation that nothing calls for.
        lost: whether one lacks the indentation that the line above it calls for.
    """

    lines: tuple[BlockLine, ...]
    notes: tuple[str, ...] = ()
    error: str | None = None
    line: int | None = None
    incomplete: bool = False
    indented: bool = False
    lost: bool = False


def tree(code: str) -> ast.Module:
    """Return the syntax tree of code; warnings about its escapes are not shown.

    Raises:
        SyntaxError: it is not Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(code)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(f"it cannot be read: {type(error).__name__}") from error


def text_of(lines: Sequence[BlockLine]) -> str:
    """Return the text of lines."""
    return "".join(f"{line.text}\n" for line in lines)


def is_session(lines: Sequence[BlockLine]) -> bool:
    """Whether lines are a console session: the first that is not blank has a prompt, or a third of them have."""
    written = [line.text for line in lines if line.text.strip()]
    prompts = [text for text in written if _FIRST_PROMPT.match(text)]
    return bool(prompts) and (written[0] in prompts or 3 * len(prompts) >= len(written))


def without_prompts(lines: Sequence[BlockLine]) -> tuple[BlockLine, ...]:
    """Return what was typed in a console session, without prompts and without what was printed."""
    typed = []
    for line in lines:
        prompt = PROMPT.match(line.text)
        if prompt:
            typed.append(replace(line, text=line.text[prompt.end() :]))
    return tuple(typed)


def answers(lines: Sequence[BlockLine]) -> tuple[StoredOutput, ...]:
    """Return what a console session shows behind its prompts."""
    stored: list[StoredOutput] = []
    typed = 0
    shown: list[str] = []
    for line in lines:
        if PROMPT.match(line.text):
            stored += [StoredOutput("console", "\n".join(shown), typed)] if "".join(shown).strip() else []
            typed, shown = typed + 1, []
        else:
            shown.append(line.text)
    return (*stored, StoredOutput("console", "\n".join(shown), typed)) if "".join(shown).strip() else tuple(stored)


def parsed(lines: Sequence[BlockLine]) -> Parsed:
    """Return lines in the first form in which they parse.

    The forms are: as they stand, dedented, with plain blanks, with plain quotes too, with tabs made blanks.
    """
    failed: Parsed | None = None
    for changed, notes in _forms(tuple(lines)):
        outcome = _tried(changed, notes)
        if outcome.error is None:
            return outcome
        failed = failed or outcome
    assert failed is not None
    return _straightened(dedent(tuple(lines)), lines[0].text) or failed


def as_it_stands(lines: Sequence[BlockLine]) -> Parsed:
    """Return what lines come to without any change."""
    return _tried(tuple(lines), ())


def _straightened(lines: tuple[BlockLine, ...], first: str) -> Parsed | None:
    """Return lines without a few indentations that nothing calls for; None where that is not all."""
    if first[:1].isspace():
        return None
    dropped: list[int] = []
    for _ in range(MOST_STRAY + 1):
        outcome = _tried(lines, ())
        if outcome.error is None:
            if not _stands(text_of(lines)):
                return None
            where = ", ".join(str(lines[at].at) for at in dropped)
            return replace(outcome, notes=(f"an indentation that nothing calls for is dropped, on line {where}",))
        if outcome.line is None or len(dropped) == MOST_STRAY:
            return None
        at = outcome.line - 1
        before = next((line.text for line in reversed(lines[:at]) if not _is_blank(line.text)), "")
        indentation = before[: len(before) - len(before.lstrip())]
        # A line that stands one blank too far to the left of the one above it belongs to that one.
        slipped = outcome.lost and lines[at].text[: len(indentation) - 1] == indentation[:-1] != indentation
        if not outcome.indented and not slipped:
            return None
        lines = (*lines[:at], replace(lines[at], text=indentation + lines[at].text.lstrip()), *lines[at + 1 :])
        dropped.append(at)
    return None


def _is_blank(text: str) -> bool:
    return not text.strip() or text.lstrip().startswith("#")


def _stands(code: str) -> bool:
    """Whether code that parses can be run: no `return` and no `self` is outside of a function."""
    try:
        compile(code, "block", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    free = [node for node in tree(code).body if not isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    return not any(isinstance(one, ast.Name) and one.id == "self" for node in free for one in ast.walk(node))


def _tried(lines: tuple[BlockLine, ...], notes: tuple[str, ...]) -> Parsed:
    code = text_of(lines)
    try:
        tree(code)
    except SyntaxError as error:
        message = str(error.msg)
        last = (error.lineno or 0) >= len(code.rstrip().splitlines())
        return Parsed(
            lines,
            notes,
            f"line {error.lineno}: {message}" if error.lineno else message,
            line=error.lineno,
            incomplete=last and bool(_INCOMPLETE.search(message)),
            indented="unexpected indent" in message,
            lost=bool(_LOST.search(message)),
        )
    return Parsed(lines, notes)


def _forms(lines: tuple[BlockLine, ...]) -> Iterator[tuple[tuple[BlockLine, ...], tuple[str, ...]]]:
    yield lines, ()
    dedented = dedent(lines)
    yield dedented, ()
    steps: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("no-break spaces are read as blanks", lambda text: text.translate(_BLANKS)),
        ("typographic quotes are read as plain ones", lambda text: text.translate(_QUOTES)),
        ("backslashes before a dot are left out", lambda text: _ESCAPED.sub(".", text)),
    )
    notes: tuple[str, ...] = ()
    as_is = lines
    for note, change in steps:
        changed = tuple(replace(line, text=change(line.text)) for line in as_is)
        if changed != as_is:
            notes = (*notes, note)
            as_is = changed
            yield dedent(as_is), notes
    if any("\t" in line.text for line in as_is):
        for width in (8, 4):
            spaced = tuple(replace(line, text=line.text.expandtabs(width)) for line in as_is)
            yield dedent(spaced), (*notes, f"tabs are read as {width} blanks")


def dedent(lines: tuple[BlockLine, ...]) -> tuple[BlockLine, ...]:
    """Return lines without the indentation that all of them have."""
    texts = textwrap.dedent(text_of(lines)).split("\n")
    return tuple(replace(line, text=text) for line, text in zip(lines, texts))


def without_magics(lines: Sequence[BlockLine]) -> tuple[tuple[BlockLine, ...], tuple[str, ...]]:
    """Return the lines of a cell with shell commands and magics replaced by `pass`, and a note of each."""
    kept, notes = [], []
    for line in lines:
        magic = _MAGIC.match(line.text)
        value = _MAGIC_VALUE.match(line.text)
        if magic and not line.text.strip().startswith("%%"):
            kept.append(replace(line, text=f"{magic.group(1)}pass"))
            notes.append(f"not run: {line.text.strip()[:60]}")
        elif value and not _parses(line.text.strip()):
            kept.append(replace(line, text=f"{value.group(1)}[]"))
            notes.append(f"not run: {line.text.strip()[:60]}")
        else:
            kept.append(line)
    return tuple(kept), tuple(notes)


def _parses(code: str) -> bool:
    try:
        tree(code)
    except SyntaxError:
        return False
    return True
