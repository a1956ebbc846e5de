"""What the verdicts depend on in the plugin's source, as hashes: the plugin, and each section of the chapter."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator, Mapping

PACKAGE = "pytest_kerasch2.chapter"
# These decide no verdict of the chapter, so that a mended page or command does not cost a run of the whole matrix.
UNRELATED = ("report", "cli.py", "documents", "changes", "atlas", "doctor", "command_line")


@dataclass(frozen=True)
class Sources:
    """Hashes of the plugin's source.

    Attributes:
        plugin: of what every verdict may depend on.
        sections: package of a section -> hash of it and of all that it imports of the chapter.
    """

    plugin: str
    sections: Mapping[str, str]


def digest(parts: Iterable[bytes]) -> str:
    """Return one hash of several pieces; where one ends and the next begins counts."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def read(package: Path) -> Sources:
    """Return the hashes of a plugin that lies in this folder."""
    chapter = package / "chapter"
    parts = _parts(chapter)
    imported = {name: {one for path in files for one in _imported(path)} for name, files in parts.items()}
    of_sections = {name: reached(name, imported) for name in sections(chapter)}
    # What no section reaches belongs to the suite itself, with all that it imports in turn.
    rest = set(parts).difference(*of_sections.values())
    shared = rest.union(*(reached(name, imported) for name in rest))
    outside = [path for path in _files(package) if chapter not in path.parents and not _is_unrelated(path, package)]
    return Sources(
        plugin=_digest_of([*outside, *_files_of(shared, parts)], package),
        sections={name: _digest_of(_files_of(reaches, parts), package) for name, reaches in of_sections.items()},
    )


def _parts(chapter: Path) -> dict[str, list[Path]]:
    """Return what lies in the chapter: the name of a package or module -> its files."""
    parts: dict[str, list[Path]] = {}
    for path in _files(chapter):
        parts.setdefault(path.relative_to(chapter).parts[0].split(".")[0], []).append(path)
    return parts


def _files_of(names: Iterable[str], parts: Mapping[str, list[Path]]) -> list[Path]:
    return [path for name in sorted(names) for path in parts[name]]


def whole(package: Path) -> str:
    """Return one hash of all of which the plugin is built: its source, and what says how."""
    return digest([_digest_of(_files(package), package).encode(), (package.parent / "pyproject.toml").read_bytes()])


def sections(chapter: Path) -> tuple[str, ...]:
    """Return the packages of the sections, read from the source: the plugin may be another than the installed one."""
    tree = ast.parse((chapter / "__init__.py").read_text(encoding="utf-8"))
    values = [node.value for node in tree.body if isinstance(node, ast.Assign) and _assigns(node, "SECTIONS")]
    return tuple(ast.literal_eval(values[0]))


def reached(name: str, imported: Mapping[str, set[str]]) -> set[str]:
    """Return a module and all that it imports, directly or not."""
    result: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in imported and one not in result:
            result.add(one)
            waiting.extend(imported[one])
    return result


def _assigns(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _within(node.module or "")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from _within(alias.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # A job for a child interpreter names its function so: "pytest_kerasch2.chapter.features.observations:lite".
            yield from _within(node.value.split(":")[0])


def _within(module: str) -> Iterator[str]:
    if module.startswith(f"{PACKAGE}."):
        yield module[len(PACKAGE) + 1 :].split(".")[0]


def _files(package: Path) -> list[Path]:
    return sorted(path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _is_unrelated(path: Path, package: Path) -> bool:
    return path.relative_to(package).parts[0] in UNRELATED


def _digest_of(paths: Iterable[Path], package: Path) -> str:
    named = ((path.relative_to(package).as_posix().encode(), path.read_bytes()) for path in paths)
    return digest(piece for pair in named for piece in pair)
