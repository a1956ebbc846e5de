"""Hashes of the source: a change reaches the sections that it may matter to, and no others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.version_info < (3, 9):
    pytest.skip("the matrix is run by CPython 3.9 or newer", allow_module_level=True)

from matrix import paths, sources

FILES = {
    "__init__.py": "",
    "plugin.py": "x = 1\n",
    "cli.py": "",
    "report/page.py": "",
    "claims/model.py": "",
    "claims/results.schema.json": "{}\n",
    "chapter/__init__.py": 'SECTIONS = ("one", "two")\n',
    "chapter/one/__init__.py": "",
    "chapter/one/claims.py": "from pytest_kerasch2.chapter.two import faults\n",
    "chapter/one/observations.py": 'job = "pytest_kerasch2.chapter.three.work:function"\n',
    "chapter/two/__init__.py": "",
    "chapter/two/faults.py": "from pytest_kerasch2.chapter import workarounds\n",
    "chapter/three/work.py": "",
    "chapter/four/claims.py": "",
    "chapter/workarounds.py": "",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "plugin"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    return folder


def _changed_by(package: Path, name: str) -> set[str]:
    before = sources.read(package)
    with (package / name).open("a", encoding="utf-8") as stream:
        stream.write("# mended\n")
    now = sources.read(package)
    changed = {section for section in now.sections if now.sections[section] != before.sections[section]}
    return changed | ({"plugin"} if now.plugin != before.plugin else set())


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("plugin.py", {"plugin"}),
        ("claims/model.py", {"plugin"}),
        ("claims/results.schema.json", {"plugin"}),
        ("chapter/__init__.py", {"plugin"}),
        ("chapter/one/claims.py", {"one"}),
        ("chapter/two/faults.py", {"one", "two"}),
        ("chapter/workarounds.py", {"one", "two"}),
        ("chapter/four/claims.py", {"plugin"}),
        ("chapter/three/work.py", {"one"}),
        ("report/page.py", set()),
        ("cli.py", set()),
    ],
)
def test_a_change_reaches_what_it_may_matter_to(package: Path, name: str, changed: set[str]) -> None:
    assert _changed_by(package, name) == changed


def test_a_new_file_of_the_plugin_counts(package: Path) -> None:
    before = sources.read(package)

    (package / "claims" / "more.py").write_text("", encoding="utf-8")

    assert sources.read(package).plugin != before.plugin


def test_what_python_compiles_does_not_count(package: Path) -> None:
    before = sources.read(package)

    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "plugin.cpython-311.pyc").write_bytes(b"0")

    assert sources.read(package) == before


def test_the_whole_counts_what_shows_verdicts_too(package: Path) -> None:
    before = sources.whole(package)

    (package / "report" / "page.py").write_text("# mended\n", encoding="utf-8")

    assert sources.whole(package) != before


def test_the_whole_counts_how_the_plugin_is_built(package: Path) -> None:
    before = sources.whole(package)

    (package.parent / "pyproject.toml").write_text("[project]\n", encoding="utf-8")

    assert sources.whole(package) != before


def test_where_a_piece_ends_counts() -> None:
    assert sources.digest([b"ab", b"c"]) != sources.digest([b"a", b"bc"])


def test_circles_of_imports_end() -> None:
    assert sources.reached("a", {"a": {"b"}, "b": {"a"}, "c": set()}) == {"a", "b"}


def test_nothing_that_decides_verdicts_imports_what_decides_none() -> None:
    # Otherwise a change there would leave old verdicts standing.
    unrelated = [f"pytest_kerasch2.{name}" for name in sources.UNRELATED if not name.endswith(".py")]
    importing = {
        path.relative_to(paths.PLUGIN).as_posix()
        for path in paths.PLUGIN.rglob("*.py")
        if any(name in path.read_text(encoding="utf-8") for name in unrelated)
        and path.relative_to(paths.PLUGIN).parts[0] not in sources.UNRELATED
    }

    # The first shows the verdicts, the second names what is public; the others show gates and steps, and run
    # a reader's documents, which are none.
    gates = {"accuracy/summary.py", "accuracy/command.py", "accuracy/plot.py"}
    steps = {"benchmark_run.py", "timing/command.py", "timing/scaling_plot.py"}
    documents = {"plugin.py", "suite/document_items.py", "suite/document_reports.py"}
    assert importing <= {"suite/terminal.py", "__init__.py", *gates, *steps, *documents}


def test_every_section_of_the_chapter_has_its_own_hash(tmp_path: Path) -> None:
    read = sources.read(paths.PLUGIN)

    assert len(read.sections) == 14
    assert len(set(read.sections.values())) == len(read.sections)
