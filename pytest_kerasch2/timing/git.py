"""Run git on a project: without what a hook or a shell has set for another one, and with its own reason kept."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from pytest_kerasch2.errors import InvalidArgument

# What `git rev-parse --local-env-vars` lists, in all of its releases: set by git for a hook, these speak of the
# repository and the index of the command that runs the hook.
REPOSITORY_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REF_FORMAT",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
# Its messages in English, and an error where it would ask for a password.
QUIET_VARIABLES = {"LC_ALL": "C", "LANGUAGE": "", "GIT_TERMINAL_PROMPT": "0"}
# No program of the user's runs, but for the filters that a file's content needs.
SAFE_SETTINGS = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false")
AMBIGUOUS = "' is ambiguous."
# A name and a password within an address.
CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
SHALLOW = "run `git fetch --unshallow`, or set `fetch-depth: 0` at actions/checkout in a workflow"


class GitFailed(Exception):
    """Git refused; the text is its own reason, in one line."""


def run_git(folder: Path, *words: str, **variables: str) -> str:
    """Return what a git command prints.

    Args:
        folder: where it runs.
        words: the command and its arguments.
        variables: environment variables, beside those of this process that do not speak of one repository.

    Raises:
        InvalidArgument: git, or the folder, is not there.
        GitFailed: the command failed.
    """
    variables_here = {name: value for name, value in os.environ.items() if name not in REPOSITORY_VARIABLES}
    if not folder.is_dir():
        problem = "a file" if folder.exists() else "nothing of that name"
        raise InvalidArgument(f"A project of git is a folder, and {str(folder)!r} is not", problem, "name a folder")
    try:
        done = subprocess.run(
            ["git", *SAFE_SETTINGS, *words],
            cwd=folder,
            env={**variables_here, **QUIET_VARIABLES, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
    except OSError as error:
        remedy = "install git, or compare environments or releases, which need no git"
        raise InvalidArgument("git cannot be run", f"git on PATH: {error.strerror or error}", remedy) from error
    stderr = os.fsdecode(done.stderr)
    if done.returncode or AMBIGUOUS in stderr:
        raise GitFailed(failure_reason(stderr) or f"exit status {done.returncode}")
    return os.fsdecode(done.stdout).strip()


def failure_reason(stderr: str) -> str:
    """Return the lines of git's standard error that say why, in one line."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    why = [line.split(":", 1)[1].strip() for line in lines if line.startswith(("fatal:", "error:"))]
    why += [line.split(":", 1)[1].strip() for line in lines if line.startswith("warning:") and AMBIGUOUS in line]
    return CREDENTIALS.sub("...@", "; ".join(dict.fromkeys(why or lines[-1:])))


def project_of(folder: Path) -> Path:
    """Return the top of the working tree that a folder lies in.

    Raises:
        InvalidArgument: it lies in none, or git refuses to read it; with git's reason and what to do.
    """
    try:
        return Path(run_git(folder, "rev-parse", "--show-toplevel")).resolve()
    except GitFailed as error:
        reason = str(error)
    if "dubious ownership" in reason or "unsafe repository" in reason:
        place = reason.split("'")[1] if "'" in reason else str(folder)
        remedy = f"if you trust it, run `git config --global --add safe.directory {place}`"
        raise InvalidArgument("git refuses this repository, because it belongs to another user", reason, remedy)
    if "must be run in a work tree" in reason:
        bare = _is_bare(folder)
        what = f"{folder} is {'a bare repository' if bare else 'inside the folder .git'}: {reason}"
        raise InvalidArgument("There is no working tree of git here", what, "run it in a clone that has one")
    remedy = "run it in a folder of a git repository, or name an environment, an interpreter or a release"
    if reason.startswith("not a git repository (or any"):
        raise InvalidArgument(f"{folder} is not in a git repository, so that there are no revisions", reason, remedy)
    raise InvalidArgument("git cannot read the repository here", f"{folder}: {reason}", remedy)


def _is_bare(folder: Path) -> bool:
    try:
        return run_git(folder, "rev-parse", "--is-bare-repository") == "true"
    except GitFailed:
        return False


def is_shallow(project: Path) -> bool:
    """Whether a clone has only the newest part of the history."""
    return (project / run_git(project, "rev-parse", "--git-path", "shallow")).is_file()


def ref_names(project: Path) -> list[str]:
    """Return the branches and tags of a project."""
    try:
        listed = run_git(project, "for-each-ref", "--format=%(refname:short)").splitlines()
    except GitFailed:
        return []
    return [name.strip() for name in listed if name.strip()]


def has_commits(project: Path) -> bool:
    """Whether the branch that is checked out has a commit."""
    try:
        run_git(project, "rev-parse", "--verify", "HEAD")
    except GitFailed:
        return False
    return True
