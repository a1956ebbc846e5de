"""Revisions of a git project, checked out beside it: the project itself stays as it is."""

from __future__ import annotations

import contextlib
import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from pytest_kerasch2 import folders
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.timing import git

NOT_FOUND = "There is nothing of this name to compare"
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
        found = (self.folder, self.folder / "src", self.top, self.top / "src")
        return list(dict.fromkeys(one for one in found if one.is_dir()))


@contextlib.contextmanager
def checked_out(revision: str, folder: Path) -> Iterator[CheckedOutRevision]:
    """Check a revision of a folder's project out, for as long as this lasts.

    It is written from the objects by an index of its own. So the project, its index and its list of working trees stay
    as they are, also where this process is killed, and no hook runs.

    Raises:
        InvalidArgument: there is no such revision, or it cannot be checked out, or has no such folder; with git's
            reason.
    """
    project = git.project_of(folder)
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
        raise InvalidArgument("A revision lacks the folder that this is run in", f"{revision} has no {inside}", remedy)
    if inside.parts and git.run_git(project, "ls-tree", commit, "--", inside.as_posix()).startswith(SUBMODULE):
        problem = f"{inside} is a submodule of {project} that is not checked out"
        remedy = f"run `git submodule update --init {inside}` first; revisions are then those of the submodule"
        raise InvalidArgument("A folder has no files in any revision of its project", problem, remedy)


def _write_tree(revision: str, project: Path, commit: str, top: Path) -> None:
    index = str(top.with_name("index"))
    try:
        place = project / git.run_git(project, "rev-parse", "--git-dir")
        own = ("--git-dir", str(place), "--work-tree", str(top))
        git.run_git(project, *own, "read-tree", commit, GIT_INDEX_FILE=index)
        git.run_git(project, *own, "checkout-index", "--all", "--force", "--quiet", GIT_INDEX_FILE=index)
    except git.GitFailed as error:
        remedy = f"see that `git checkout {revision}` works in a clone of its own"
        raise InvalidArgument("A revision cannot be checked out", f"{revision}: {error}", remedy) from error


def check_single(revision: str) -> None:
    """Refuse a range of commits.

    Raises:
        InvalidArgument: it is one.
    """
    if any(one in revision for one in RANGES) or revision.startswith("^"):
        problem = f"{revision!r} is a range of commits"
        raise InvalidArgument("A comparison is of single revisions", problem, "name the two ends, one after the other")


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
        named = git.run_git(project, "rev-parse", "--verify", revision)
        return git.run_git(project, "rev-parse", "--verify", f"{named}^{{commit}}")
    except git.GitFailed as error:
        raise _no_commit(revision, project, str(error)) from error


def _no_commit(revision: str, project: Path, reason: str) -> InvalidArgument:
    git_reason = "" if reason == NO_REASON else reason
    if "ambiguous" in git_reason:
        remedy = f"write more of it: more letters of the hash, refs/heads/{revision} or refs/tags/{revision}"
        return InvalidArgument("A revision is ambiguous", f"{revision!r}: {git_reason}", remedy)
    if "expected commit type" in git_reason:
        return InvalidArgument("A revision is not a commit", f"{revision!r}: {git_reason}", "name a commit, a branch or a tag")
    if not git.has_commits(project) and not git.ref_names(project):
        problem = f"{revision!r}; the repository {project} has no commit yet"
        return InvalidArgument(NOT_FOUND, problem, "commit first, or name an environment, an interpreter or a release")
    problem = f"{revision!r}; the git repository {project} has no such revision" + (f": {git_reason}" if git_reason else "")
    if git.is_shallow(project):
        problem += "; it is a shallow clone, which lacks older commits"
        return InvalidArgument(NOT_FOUND, problem, git.SHALLOW)
    similar = difflib.get_close_matches(revision, git.ref_names(project), 3)
    hint = f"; did you mean {' or '.join(similar)}? If it is on the remote only, run `git fetch` first" if similar else ""
    return InvalidArgument(NOT_FOUND, problem, ALTERNATIVES + hint)
