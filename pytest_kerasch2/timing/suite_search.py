"""Find a suite without importing it: a program of its own, which the interpreter of a side runs.

It imports nothing of ours, and says which file a module is, and which names are bound at its top.
"""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any, Iterable, Iterator


def find_suite(module: str) -> dict[str, Any]:
    """Return the file of a module and the names in it.

    The names are None where only an import would show them; the file is None where there is no such module.
    """
    try:
        spec = _spec(module)
    except (ImportError, AttributeError, ValueError) as error:
        return {"file": None, "names": None, "error": str(error)}
    if spec is None:
        return {"file": None, "names": None, "error": ""}
    if not spec.origin or not spec.origin.endswith(".py"):
        return {"file": spec.origin or "", "names": None, "error": ""}
    try:
        tree = ast.parse(Path(spec.origin).read_bytes(), spec.origin)
    except (OSError, SyntaxError, ValueError) as error:
        return {"file": spec.origin, "names": [], "error": f"{type(error).__name__}: {error}"}
    names = sorted(set(_bound(tree.body)))
    return {"file": spec.origin, "names": None if {"*", "__getattr__"} & set(names) else names, "error": ""}


def _spec(module: str) -> importlib.machinery.ModuleSpec | None:
    """Return where a module is; a package above it is not imported for that."""
    top, *inner = module.split(".")
    spec = importlib.util.find_spec(top)
    name = top
    for part in inner:
        if spec is None or spec.submodule_search_locations is None:
            return None
        name = f"{name}.{part}"
        spec = importlib.machinery.PathFinder.find_spec(name, list(spec.submodule_search_locations))
    return spec


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements bind, those within a condition or an attempt too."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from _bound(getattr(node, part, []))
        for handler in getattr(node, "handlers", []):
            yield from _bound(handler.body)
        yield from _assigned(node)


def _assigned(node: ast.stmt) -> Iterator[str]:
    # What calls these may bind anything.
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            yield one.id
        if isinstance(one, ast.Call) and getattr(one.func, "id", "") in ("globals", "vars", "setattr"):
            yield "*"


def main() -> None:
    """Print what is found as JSON; the arguments are a folder, which is looked into last, and the module."""
    folder, module = sys.argv[1:3]
    sys.path[:] = [*filter(None, sys.path), folder]
    sys.stdout.write("\n" + json.dumps(find_suite(module)) + "\n")


if __name__ == "__main__":
    main()
