"""The chapter's code for each release, docs/chapter, is what the workarounds make of it."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import pytest

from pytest_kerasch2.chapter import block_texts
from pytest_kerasch2.chapter.session import blocks
from pytest_kerasch2.claims.release import Release

DOCS = Path(__file__).parents[2] / "docs"
NEWEST = Release("2.21.0", "3.15.1", "tensorflow")


def test_the_committed_files_are_those_that_the_script_writes() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "chapter").iterdir()}

    written = runpy.run_path(str(DOCS / "write_chapter.py"))["files"]()

    assert committed == written, "run `python docs/write_chapter.py`"


@pytest.mark.parametrize("path", sorted((DOCS / "chapter").glob("*.py")), ids=lambda path: str(path.stem))
def test_a_file_has_every_block_and_python_takes_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    ast.parse(text)

    assert [line[2:] for line in text.splitlines() if line.startswith("# ") and line[2:] in blocks.TYPED] == list(
        blocks.TYPED
    )


def test_a_block_that_runs_as_printed_is_left_as_it_is() -> None:
    assert blocks.mended(NEWEST)["first-model"] == block_texts.text("first-model")


def test_a_block_that_is_broken_on_a_release_is_replaced_there() -> None:
    old, new = (blocks.mended(one)["save-weights"] for one in (Release("2.15.0", "2.15.0", "tensorflow"), NEWEST))

    assert (".weights.h5" in old, ".weights.h5" in new) == (False, True)


def test_what_an_earlier_block_makes_is_known() -> None:
    built = block_texts.defined_before("save-model")

    assert ("model1" in built, "MyModel" in built, "model" in built, "inputs" in built) == (True, True, False, True)
