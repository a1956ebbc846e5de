"""What the meta tests read: our own source files as syntax trees."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Iterator

import pytest_kerasch2

PACKAGE = Path(pytest_kerasch2.__file__).parent
PROJECT = Path(__file__).parents[2]


def modules() -> list[Path]:
    """Return every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def others() -> list[Path]:
    """Return the modules of the rooms beside the package: benchmarks, evaluation, the matrix, and tests."""
    rooms = ("benchmarks", "evaluation", "matrix", "tests")
    return sorted(path for room in rooms for path in (PROJECT / room).rglob("*.py"))


def name_of(path: Path) -> str:
    """Return a module's dotted name."""
    root = PACKAGE.parent if PACKAGE in path.parents else PROJECT
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def tree_of(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path, everywhere: bool = True) -> Iterator[str]:
    """Yield the dotted names that a module imports.

    Args:
        everywhere: also those within functions; otherwise only those that run when the module is imported.
    """
    tree = tree_of(path)
    nodes = ast.walk(tree) if everywhere else _at_import(tree.body)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(path, node)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _at_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        yield node
        for part in ("body", "orelse", "finalbody"):
            yield from _at_import(getattr(node, part, []))


def _absolute(path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = path.relative_to(PACKAGE.parent).parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    """Return every function and method of a module."""
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef))
