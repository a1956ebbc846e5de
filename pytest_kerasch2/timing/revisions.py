"""Revisions of a git project, checked out beside it: the project itself stays as it is."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from pytest_kerasch2 import folders
from pytest_kerasch2.errors import InvalidArgument

NOT_FOUND = "Nothing with this name can be compared"
ALTERNATIVES = "name an environment, an interpreter, a release, or a revision of the git project here"
# What git says of whatever it does not find: no reason at all.
NO_REASON = "Needed a single revision"
# The mode of an entry that is a commit of another project.
SUBMODULE = "160000 "
RANGES = ("..", "^@", "^!", "^-")


@dataclass(frozen=True)
class CheckedOutRevision:
    """A revision that is checked out.

    Attributes:
        folder: the same folder of the project as was asked in.
        top: of the revision.
        project: of the user's own working tree.
        commit: its hash.
    """

    folder: Path
    top: Path
    project: Path
    commit: str

    @property
    def import_folders(self) -> list[Path]:
        """Return where its modules may lie: in the folder, at the top, and in a folder `src` of either."""
        places = (self.folder, self.folder / "src", self.top, self.top / "src")
        return list(dict.fromkeys(one for one in places if one.is_dir()))


@contextlib.contextmanager
def checked_out(revision: str, folder: Path) -> Iterator[CheckedOutRevision]:
    """Check a revision of a folder's project out, for as long as this lasts.

    It is written from the objects by an index of its own. So the project, its index and its list of working trees stay
    as they are, also where this process is killed, and no hook runs.

    Raises:
        InvalidArgument: there is no such revision, or it cannot be checked out, or has no such folder; with git's
            reason.
    """
    project = project_of(folder)
    commit = commit_of(revision, project)
    with folders.temporary("revision") as temporary:
        top = temporary.resolve() / "tree"
        top.mkdir()
        _write_tree(revision, project, commit, top)
        inside = folder.resolve().relative_to(project)
        _check_folder(revision, project, commit, top, inside)
        yield CheckedOutRevision(top / inside, top, project, commit)


def _check_folder(revision: str, project: Path, commit: str, top: Path, inside: Path) -> None:
    if not (top / inside).is_dir():
        remedy = "run it in a folder that it has"
        raise InvalidArgument("The revision lacks the current folder", f"{revision} has no {inside}", remedy)
    if inside.parts and run_git(project, "ls-tree", commit, "--", inside.as_posix()).startswith(SUBMODULE):
        problem = f"{inside} is a submodule of {project} that is not checked out"
        remedy = f"run `git submodule update --init {inside}` first; revisions are then those of the submodule"
        raise InvalidArgument("The current folder has no files in any revision of its project", problem, remedy)


def _write_tree(revision: str, project: Path, commit: str, top: Path) -> None:
    index = str(top.with_name("index"))
    try:
        place = project / run_git(project, "rev-parse", "--git-dir")
        own = ("--git-dir", str(place), "--work-tree", str(top))
        run_git(project, *own, "read-tree", commit, GIT_INDEX_FILE=index)
        run_git(project, *own, "checkout-index", "--all", "--force", "--quiet", GIT_INDEX_FILE=index)
    except GitFailed as error:
        remedy = f"see that `git checkout {revision}` works in a fresh clone"
        raise InvalidArgument("The revision cannot be checked out", f"{revision}: {error}", remedy) from error


def check_single(revision: str) -> None:
    """Refuse a range of commits.

    Raises:
        InvalidArgument: it is one.
    """
    if any(one in revision for one in RANGES) or revision.startswith("^"):
        problem = f"{revision!r} is a range of commits"
        raise InvalidArgument(
            "A side of a comparison must be a single revision", problem, "name the two ends, one after the other"
        )


def commit_of(revision: str, project: Path) -> str:
    """Return the hash of the commit that a revision names.

    Raises:
        InvalidArgument: it names none, or more than one; with git's reason and what to do.
    """
    if not revision.strip() or revision.startswith("-") or not revision.isprintable():
        raise InvalidArgument(NOT_FOUND, repr(revision), ALTERNATIVES)
    check_single(revision)
    try:
        # In two steps: an end of `:/text` would be taken for a part of the text.
        named = run_git(project, "rev-parse", "--verify", revision)
        return run_git(project, "rev-parse", "--verify", f"{named}^{{commit}}")
    except GitFailed as error:
        raise _no_commit(revision, project, str(error)) from error


def _no_commit(revision: str, project: Path, reason: str) -> InvalidArgument:
    git_reason = "" if reason == NO_REASON else reason
    if "ambiguous" in git_reason:
        remedy = f"write more of it: more letters of the hash, refs/heads/{revision} or refs/tags/{revision}"
        return InvalidArgument("The revision is ambiguous", f"{revision!r}: {git_reason}", remedy)
    if "expected commit type" in git_reason:
        return InvalidArgument(
            "The revision is not a commit", f"{revision!r}: {git_reason}", "name a commit, a branch or a tag"
        )
    if not has_commits(project) and not ref_names(project):
        problem = f"{revision!r}; the repository {project} has no commit yet"
        return InvalidArgument(NOT_FOUND, problem, "commit first, or name an environment, an interpreter or a release")
    problem = f"{revision!r}; the git repository {project} has no such revision" + (
        f": {git_reason}" if git_reason else ""
    )
    if is_shallow(project):
        problem += "; it is a shallow clone, which lacks older commits"
        return InvalidArgument(NOT_FOUND, problem, SHALLOW)
    similar = difflib.get_close_matches(revision, ref_names(project), 3)
    hint = (
        f"; did you mean {' or '.join(similar)}? If it is on the remote only, run `git fetch` first" if similar else ""
    )
    return InvalidArgument(NOT_FOUND, problem, ALTERNATIVES + hint)


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
        problem = f"{str(folder)!r} {'is a file' if folder.exists() else 'does not exist'}"
        raise InvalidArgument("A git project must be a folder", problem, "name one")
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


MAX_NAMED = 3


def check_imports(folder: str | None) -> None:
    """Refuse modules that lie in a folder, but for those of this environment, which may lie in it too.

    Raises:
        InvalidArgument: there are some.
    """
    if folder is None:
        return
    environments = [Path(place).resolve() for place in {sys.prefix, sys.base_prefix}]
    outside = []
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not file:
            continue
        place = Path(file).resolve()
        if Path(folder).resolve() in place.parents and not any(one in place.parents for one in environments):
            outside.append(f"{name} from {file}")
    if outside:
        remedy = "put the module into its folder or src, or remove the editable installation"
        raise InvalidArgument(
            "The revision imports modules from outside its checkout", ", ".join(outside[:MAX_NAMED]), remedy
        )
