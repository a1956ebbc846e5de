"""What CONTRIBUTING.md and the guides for contributors say of this repository."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.meta.sources import PACKAGE, PROJECT


def _table_below(line: str) -> set[str]:
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition(line)[2]
    table = text.partition("| --- |")[2].partition("\n\n")[0]
    return set(re.findall(r"^\| `(\w[\w.]*)/` \|", table, flags=re.MULTILINE))


def test_the_table_of_folders_has_each() -> None:
    folders = {one.parent.name for one in PACKAGE.glob("*/__init__.py")}

    assert _table_below("In `pytest_kerasch2/`:") == folders


def test_the_table_of_the_repository_has_each() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=str(PROJECT), capture_output=True, check=False)
    folders = {line.split("/")[0] for line in tracked.stdout.decode().splitlines() if "/" in line and line[0] != "."}
    if not folders:
        pytest.skip("this is no clone")

    assert _table_below("## Folders") == folders


def test_the_chapter_in_the_folder_of_the_project_is_refused_with_what_to_do() -> None:
    command = [sys.executable, "-m", "pytest", "--chapter", "-k", "hidden_parameters"]

    done = subprocess.run(command, cwd=str(PROJECT), capture_output=True, timeout=60, check=False)

    assert b"--chapter cannot be used here. Use tox run -e chapter" in done.stderr
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
