"""The plugin for CPython 3.6, on which alone CNTK runs: its own source, rewritten where that interpreter knows less.

Nothing of it is decided anew there: the checks are the packaged ones. What is rewritten is how the source is spelt.
"""

from __future__ import annotations

import ast
import hashlib
import re
import shutil
import zipfile
from pathlib import Path
from typing import Iterator

SUPPORT = Path(__file__).with_name("cpython36.py")
_PACKAGE = "pytest_kerasch2"
# What a newer library calls otherwise.
_RESPELT = ((r"\btext=True\b", "universal_newlines=True"), (r", compresslevel=\w+", ""))
_FUTURE = re.compile(r"^from __future__ import annotations$", re.MULTILINE)


def digest() -> bytes:
    """Return a hash of how the copy is made."""
    return hashlib.sha256(Path(__file__).read_bytes() + SUPPORT.read_bytes()).digest()


def unpack(wheel: Path, folder: Path) -> None:
    """Put the plugin into the folder of an environment's packages, in place of what is there of it.

    Args:
        wheel: the plugin as it was built; no installer takes it to an interpreter that it does not name.
        folder: `site-packages`.
    """
    for old in folder.glob(f"{_PACKAGE}*"):
        shutil.rmtree(str(old))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    for path in sorted((folder / _PACKAGE).rglob("*.py")):
        path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copyfile(SUPPORT, folder / _PACKAGE / SUPPORT.name)
    first = folder / _PACKAGE / "__init__.py"
    first.write_text(_with_support(first.read_text(encoding="utf-8")), encoding="utf-8")


def rewritten(source: str) -> str:
    """Return a module's source in the words of CPython 3.6: its annotations are texts, which nobody evaluates."""
    lines = source.encode().splitlines(keepends=True)
    for node in sorted(_annotations(ast.parse(source)), key=_place, reverse=True):
        _quote(lines, node)
    text = _FUTURE.sub("", b"".join(lines).decode())
    for pattern, replacement in _RESPELT:
        text = re.sub(pattern, replacement, text)
    return text


def _place(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _annotations(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation is not None:
            yield node.annotation
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns is not None:
            yield node.returns


def _quote(lines: list[bytes], node: ast.expr) -> None:
    """Turn an annotation into a text, on the line where it begins; the number of lines stays as it is."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    first, last = node.lineno - 1, node.end_lineno - 1
    end = lines[last][node.end_col_offset :]
    blank = b"\\\n" * (last - first)
    start = lines[first][: node.col_offset]
    lines[first : last + 1] = [start + repr(ast.unparse(node)).encode() + b" " * bool(blank) + blank + end]


def _with_support(source: str) -> str:
    """Return the package's first module, which lets the interpreter have what it lacks before all else."""
    lines = source.splitlines(keepends=True)
    end = ast.parse(source).body[0].end_lineno
    return "".join([*lines[:end], f"\nfrom {_PACKAGE} import {SUPPORT.stem}  # isort: skip\n", *lines[end:]])
