"""The hook of pre-commit: it compares what is staged with the last commit, and leaves no trace in the project."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("git") or not shutil.which("bash"),
    reason="it is a line of bash, with git",
)
HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
# Stands in the place of the command, and keeps its arguments.
COMMAND = "#!/bin/sh\nprintf '%s\\n' \"$@\" > arguments\n"


def _git(folder: Path, *words: str) -> str:
    own = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    return subprocess.run(["git", *own, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a commit, and with a staged and a later change of its file."""
    project = tmp_path / "project"
    project.mkdir()
    _git(project, "init", "--quiet")
    _git(project, "config", "user.name", "me")
    _git(project, "config", "user.email", "me@example.org")
    for text, done in (("old", "commit"), ("staged", "add"), ("later", "")):
        (project / "steps.py").write_text(text, encoding="utf-8")
        if done:
            _git(project, "add", "steps.py")
        if done == "commit":
            _git(project, "commit", "--quiet", "-m", "first")
    return project


def _run_hook(project: Path, *arguments: str) -> list[str]:
    """Return the arguments that the command is called with."""
    commands = project.parent / "bin"
    commands.mkdir()
    (commands / "kerasch2").write_text(COMMAND, encoding="utf-8")
    (commands / "kerasch2").chmod(0o755)
    found = re.search(r"^  entry: (.*)$", HOOKS.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    path = os.pathsep.join([str(commands), os.environ["PATH"]])
    subprocess.run([*shlex.split(found[1]), *arguments], cwd=project, check=True, env={**os.environ, "PATH": path})
    return (project / "arguments").read_text(encoding="utf-8").splitlines()


def test_the_last_commit_is_compared_with_what_is_staged(project: Path) -> None:
    *before, candidate = _run_hook(project, "--suite", "steps:benchmarks")

    assert before == ["compare", "--quick", "--suite", "steps:benchmarks", "HEAD"]
    assert _git(project, "show", f"{candidate}:steps.py") == "staged"


def test_no_branch_and_no_file_of_the_project_changes(project: Path) -> None:
    log, status = _git(project, "log", "--all", "--format=%H"), _git(project, "status", "--short", "steps.py")

    _run_hook(project)

    assert (_git(project, "log", "--all", "--format=%H"), _git(project, "status", "--short", "steps.py")) == (
        log,
        status,
    )
