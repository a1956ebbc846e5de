"""A revision is checked out beside its project, or git's own reason is given with what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.timing import revisions

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
NAMED = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")
LOCAL_FILES = ("-c", "protocol.file.allow=always")


def run_git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *NAMED, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(place: Path, *texts: str) -> Path:
    place.mkdir(parents=True)
    run_git(place, "init", "-q")
    run_git(place, "symbolic-ref", "HEAD", "refs/heads/main")
    for text in texts:
        (place / "steps.py").write_text(text, encoding="utf-8")
        run_git(place, "add", "-A")
        run_git(place, "commit", "-q", "-m", text)
    return place


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return repository(tmp_path / "project", "old", "new")


def refusal(revision: str, folder: Path) -> str:
    with pytest.raises(InvalidArgument) as caught, revisions.checked_out(revision, folder):
        pass
    return str(caught.value)


def text_of(revision: str, folder: Path) -> str:
    with revisions.checked_out(revision, folder) as tree:
        return (tree.folder / "steps.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("revision", ["HEAD~1", "v1", "nowhere"])
def test_a_shallow_clone_is_named_with_how_to_deepen_it(project: Path, tmp_path: Path, revision: str) -> None:
    clone = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", project.as_uri(), str(clone)], check=True)

    message = refusal(revision, clone)

    assert all(word in message for word in ("shallow", "git fetch --unshallow", "fetch-depth: 0"))


def test_a_folder_outside_of_any_repository_is_refused(tmp_path: Path) -> None:
    assert "not a git repository" in refusal("main", tmp_path)


def test_a_repository_of_another_user_names_safe_directory(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Git's own switch for its own tests of this.
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")

    message = refusal("HEAD", project)

    assert f"git config --global --add safe.directory {project.resolve()}" in message


def test_a_missing_git_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))

    assert "git on PATH: " in refusal("HEAD", project)


@pytest.mark.parametrize("inside", ["project/.git", "bare"])
def test_a_place_without_a_working_tree_is_refused(project: Path, tmp_path: Path, inside: str) -> None:
    run_git(tmp_path, "clone", "-q", "--bare", str(project), "bare")

    message = refusal("HEAD", tmp_path / inside)

    assert ("working tree" in message, "bare" in message) == (True, inside == "bare")


def test_a_repository_without_a_commit_says_so(tmp_path: Path) -> None:
    assert "no commit yet" in refusal("HEAD", repository(tmp_path / "empty"))


def test_a_name_of_a_branch_and_a_tag_is_ambiguous(project: Path) -> None:
    run_git(project, "branch", "both")
    run_git(project, "tag", "both", "HEAD~1")

    message = refusal("both", project)

    assert ("ambiguous" in message, "refs/tags/both" in message) == (True, True)


def test_the_full_name_of_an_ambiguous_one_is_taken(project: Path) -> None:
    run_git(project, "branch", "both")
    run_git(project, "tag", "both", "HEAD~1")

    assert (text_of("refs/heads/both", project), text_of("refs/tags/both", project)) == ("new", "old")


def test_the_first_letters_of_several_hashes_are_ambiguous(project: Path) -> None:
    # Of 1,500 objects, two begin with the same four digits; so do those of any git, for they are made of numbers.
    stream = "".join(f"blob\nmark :{n}\ndata {len(str(n))}\n{n}\n" for n in range(1, 1501))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=project, input=stream, text=True, check=True)
    listed = run_git(project, "cat-file", "--batch-check=%(objectname)", "--batch-all-objects").split()
    begin = [one[:4] for one in listed]
    twice = next(one for one in begin if begin.count(one) > 1)

    message = refusal(twice, project)

    assert ("ambiguous" in message, "more letters of the hash" in message) == (True, True)


@pytest.mark.parametrize("revision", ["HEAD^{tree}", "HEAD:steps.py"])
def test_what_is_no_commit_is_refused(project: Path, revision: str) -> None:
    assert "is not a commit" in refusal(revision, project)


@pytest.mark.parametrize("revision", ["HEAD~1..HEAD", "HEAD~1...HEAD", "^HEAD", "HEAD^@"])
def test_a_range_is_refused(project: Path, revision: str) -> None:
    assert "must be a single revision" in refusal(revision, project)


@pytest.mark.parametrize("revision", ["", " ", "-q", "--help", "a\nb", "a\0b"])
def test_words_that_are_no_revision_are_refused(project: Path, revision: str) -> None:
    assert "Nothing with this name can be compared" in refusal(revision, project)


def test_gits_own_reason_is_kept(project: Path) -> None:
    assert "no upstream configured for branch 'main'" in refusal("@{upstream}", project)


def test_a_misspelt_branch_is_suggested(project: Path) -> None:
    run_git(project, "branch", "feature/optimizer")

    assert "did you mean feature/optimizer" in refusal("feature/optimiser", project)


def test_a_revision_may_be_named_by_its_message(project: Path) -> None:
    assert text_of(":/old", project) == "old"


def test_a_file_is_no_project(project: Path) -> None:
    assert "a file" in refusal("HEAD", project / "steps.py")


def test_a_folder_that_is_not_there_is_no_project(project: Path) -> None:
    assert "does not exist" in refusal("HEAD", project / "nowhere")


def test_a_linked_working_tree_is_a_project(project: Path, tmp_path: Path) -> None:
    run_git(project, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))

    assert text_of("HEAD~1", tmp_path / "linked") == "old"


def test_a_linked_working_tree_whose_repository_went_gives_gits_reason(project: Path, tmp_path: Path) -> None:
    run_git(project, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    project.rename(tmp_path / "moved")

    assert "not a git repository: " in refusal("HEAD", tmp_path / "linked")


@pytest.fixture
def with_submodule(project: Path, tmp_path: Path) -> Path:
    outer = repository(tmp_path / "outer", "outer")
    run_git(outer, *LOCAL_FILES, "submodule", "--quiet", "add", str(project), "inner")
    run_git(outer, "commit", "-q", "-m", "with a submodule")
    return outer


def test_revisions_in_a_submodule_are_its_own(with_submodule: Path) -> None:
    assert text_of("HEAD~1", with_submodule / "inner") == "old"


def test_a_submodule_that_is_not_checked_out_names_the_command(with_submodule: Path, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", str(with_submodule), "clone")

    assert "git submodule update --init inner" in refusal("HEAD", tmp_path / "clone" / "inner")


def test_variables_of_a_hook_are_not_inherited(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = project / ".git" / "index"
    before = index.read_bytes()
    # As within a hook of another project, such as the one around a submodule.
    another = repository(tmp_path / "another", "elsewhere", "later")
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    monkeypatch.setenv("GIT_DIR", str(another / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(another))

    result = text_of("HEAD~1", project)

    assert (result, index.read_bytes() == before) == ("old", True)
    assert (project / "steps.py").read_text(encoding="utf-8") == "new"


def test_every_variable_that_git_calls_local_is_known() -> None:
    listed = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True)

    assert set(listed.stdout.split()) - set(revisions.REPOSITORY_VARIABLES) == set()


def test_nothing_of_it_is_in_the_repository_while_it_lasts(project: Path) -> None:
    with revisions.checked_out("HEAD~1", project):
        listed = run_git(project, "worktree", "list")

    assert (len(listed.splitlines()), run_git(project, "status", "--porcelain")) == (1, "")


@pytest.mark.skipif(sys.platform == "win32", reason="a hook is a script")
@pytest.mark.parametrize("name", ["post-checkout", "post-index-change", "reference-transaction"])
def test_no_hook_of_the_user_runs(project: Path, tmp_path: Path, name: str) -> None:
    hook = project / ".git" / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)

    result = text_of("HEAD~1", project)

    assert (result, (tmp_path / "ran").exists()) == ("old", False)


@pytest.mark.skipif(sys.platform == "win32", reason="a filter is a command of a shell")
def test_a_filter_that_fails_gives_gits_reason(project: Path) -> None:
    (project / ".gitattributes").write_text("*.py filter=broken\n", encoding="utf-8")
    run_git(project, "add", ".gitattributes")
    run_git(project, "commit", "-q", "-m", "filter")
    run_git(project, "config", "filter.broken.smudge", "false")
    run_git(project, "config", "filter.broken.required", "true")

    message = refusal("HEAD", project)

    assert ("cannot be checked out" in message, "smudge filter broken failed" in message) == (True, True)


def test_a_sparse_working_tree_gives_whole_revisions(project: Path) -> None:
    run_git(project, "config", "core.sparseCheckout", "true")
    (project / ".git" / "info").mkdir(exist_ok=True)
    (project / ".git" / "info" / "sparse-checkout").write_text("/other/\n", encoding="utf-8")

    assert text_of("HEAD", project) == "new"


def test_a_password_in_an_address_is_not_repeated() -> None:
    assert revisions.failure_reason("fatal: unable to access 'https://me:secret@host/x.git'") == (
        "unable to access 'https://...@host/x.git'"
    )


def test_reasons_are_in_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")

    assert "not a git repository" in refusal("main", tmp_path)
    assert os.environ["LANGUAGE"] == "de"
