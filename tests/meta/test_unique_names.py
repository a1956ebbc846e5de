"""One word for one idea: no public class and no public module of the package has the name of another one."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path
from typing import Callable, Iterable, Iterator

import pytest

from tests.meta.sources import PACKAGE, modules, tree_of

CHAPTER = PACKAGE / "chapter"
# Each section of the chapter has these beside its claims, and each sub-command is the `command` of its room.
IN_EACH_ROOM = {"claims", "faults", "workarounds", "observations", "command"}


def _of_a_section(path: Path) -> bool:
    return CHAPTER in path.parents and path.parent != CHAPTER


READ = [path for path in modules() if not _of_a_section(path)]


def _module_name(path: Path) -> Iterator[str]:
    name = path.parent.name if path.name == "__init__.py" else path.stem
    in_each = name in IN_EACH_ROOM and (name == "command" or CHAPTER in path.parents)
    if not name.startswith("_") and not in_each:
        yield name


def _class_names(path: Path) -> Iterator[str]:
    return (
        node.name for node in tree_of(path).body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )


def twice(paths: Iterable[Path], names: Callable[[Path], Iterator[str]]) -> dict[str, list[str]]:
    """Return each name that several of the files have, with these files."""
    homes: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        for name in names(path):
            homes[name].append(str(path))
    return {name: places for name, places in homes.items() if len(places) > 1}


def test_no_public_class_has_the_name_of_another() -> None:
    assert twice(READ, _class_names) == {}


def test_no_public_module_has_the_name_of_another() -> None:
    assert twice(READ, _module_name) == {}


@pytest.mark.parametrize("names", [_class_names, _module_name])
def test_a_name_that_stands_twice_is_seen(tmp_path: Path, names: Callable[[Path], Iterator[str]]) -> None:
    places = [tmp_path / room / "run.py" for room in ("here", "there")]
    for place in places:
        place.parent.mkdir()
        place.write_text("class Run: ...\nclass _Run: ...\n", encoding="utf-8")

    assert list(twice(places, names).values()) == [[str(place) for place in places]]
