"""The example project of the documentation, as a user has it: two commits, one of them slower."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNDECIDED, UNFIT = 3, 4
EXAMPLE = ROOT / "docs" / "examples" / "speed"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The example as a git project with one commit."""
    folder = tmp_path / "project"
    shutil.copytree(str(EXAMPLE), str(folder), ignore=shutil.ignore_patterns("__pycache__"))
    _git(folder, "init", "-q", "-b", "main")
    _commit(folder, "The model")
    return folder


def _git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=str(folder), check=True, timeout=60)


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", message)


def test_what_the_project_names_is_there() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (EXAMPLE / ".github").rglob("*.yml")]
    texts += [(EXAMPLE / ".pre-commit-config.yaml").read_text(encoding="utf-8")]
    action = (ROOT / ".github" / "actions" / "compare" / "action.yml").read_text(encoding="utf-8")

    suites = {name for text in texts for name in re.findall(r'"(\w+:\w+)"', text)}
    given = re.findall(r"^          (\w+):", texts[0].partition("actions/compare@main")[2], re.MULTILINE)

    assert suites == {"steps:benchmarks"}
    assert "def benchmarks" in (EXAMPLE / "steps.py").read_text(encoding="utf-8")
    assert set(given) <= set(re.findall(r"^  (\w+):$", action, re.MULTILINE))


# Two looks of 45 seconds at a real training step. A busy machine may leave them undecided, and never decides wrongly.
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("units", "status"), [("UNITS = 768", 1), ("UNITS = 512  # as before", 0)])
def test_a_slower_commit_is_not_passed_and_another_is_not_accused(project: Path, units: str, status: int) -> None:
    code = project / "model.py"
    code.write_text(code.read_text(encoding="utf-8").replace("UNITS = 512", units), encoding="utf-8")
    _commit(project, "Another size")

    command = [str(Path(sys.executable).with_name("kerasch2")), "compare", "--quick", "HEAD~1", "HEAD"]
    done = subprocess.run([*command, "--suite", "steps:benchmarks"], cwd=str(project), timeout=250)

    assert done.returncode in (status, UNDECIDED, UNFIT)
