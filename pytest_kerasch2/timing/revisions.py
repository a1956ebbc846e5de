"""Revisions of a git project, checked out beside it: the project itself stays as it is."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from pytest_kerasch2.errors import BadSetting


@dataclass(frozen=True)
class Tree:
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
    def places(self) -> list[Path]:
        """Give where its modules may lie: in the folder, at the top, and in a folder `src` of either."""
        found = (self.folder, self.folder / "src", self.top, self.top / "src")
        return list(dict.fromkeys(one for one in found if one.is_dir()))


@contextlib.contextmanager
def checked_out(revision: str, folder: Path) -> Iterator[Tree]:
    """Check a revision of a folder's project out, for as long as this lasts.

    Raises:
        BadSetting: there is no such revision, or it cannot be checked out, or has no such folder.
    """
    try:
        commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        project = Path(_git(folder, "rev-parse", "--show-toplevel")).resolve()
    except (OSError, subprocess.CalledProcessError) as error:
        remedy = "name an environment, an interpreter, a release, or a revision of the git project here"
        raise BadSetting("There is nothing of this name to compare", repr(revision), remedy) from error
    with tempfile.TemporaryDirectory(prefix="kerasch2-revision-") as place:
        top = Path(place).resolve() / "tree"
        try:
            _git(project, "worktree", "add", "--detach", "--quiet", str(top), commit)
        except subprocess.CalledProcessError as error:
            _removed(project, top)
            said = f"{revision}: {error.stderr.strip()}"
            raise BadSetting("A revision cannot be checked out", said, "see that git can check it out") from error
        try:
            where = top / folder.resolve().relative_to(project)
            if not where.is_dir():
                found = f"{revision} has no {folder.resolve().relative_to(project)}"
                raise BadSetting("A revision lacks the folder that this is run in", found, "run it in one that it has")
            yield Tree(where, top, project, commit)
        finally:
            _removed(project, top)


def _removed(project: Path, top: Path) -> None:
    # Of this one alone: whoever has other worktrees, on a disk that is not there now, keeps them.
    with contextlib.suppress(subprocess.CalledProcessError):
        _git(project, "worktree", "remove", "--force", str(top))


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()
