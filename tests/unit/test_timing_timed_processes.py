"""What is compared, by the words of a user: environments, revisions, and releases."""

from __future__ import annotations

import os
import subprocess
import sys
import types
import zipfile
from pathlib import Path

import pytest

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.timing import installed_releases, revisions, timed_processes


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two revisions: in the first its file says old, in the second new."""
    place = tmp_path / "project"
    place.mkdir()
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "empty"]):
        subprocess.run([*git, *words], cwd=place, check=True)
    for text in ("old", "new"):
        (place / "steps.py").write_text(text, encoding="utf-8")
        subprocess.run([*git, "add", "steps.py"], cwd=place, check=True)
        subprocess.run([*git, "commit", "-q", "-m", text], cwd=place, check=True)
    return place


def test_a_revision_is_checked_out_beside_the_project_and_removed(project: Path) -> None:
    with timed_processes.resolve_side("HEAD~1", project) as side:
        result = (side.folder / "steps.py").read_text(encoding="utf-8")

    listed = subprocess.run(["git", "worktree", "list"], cwd=project, capture_output=True, text=True, check=True).stdout
    assert (result, side.folder.exists(), len(listed.splitlines())) == ("old", False, 1)


def test_the_project_stays_as_it_is(project: Path) -> None:
    (project / "steps.py").write_text("not committed", encoding="utf-8")

    with timed_processes.resolve_side("HEAD", project) as side:
        result = (side.folder / "steps.py").read_text(encoding="utf-8")

    assert (result, (project / "steps.py").read_text(encoding="utf-8")) == ("new", "not committed")


@pytest.mark.parametrize("words", ["nowhere", "--help", "HEAD~99", " ", "a\nb"])
def test_what_is_neither_environment_nor_revision_is_refused(project: Path, words: str) -> None:
    with pytest.raises(InvalidArgument, match="Nothing with this name"), timed_processes.resolve_side(words, project):
        pass


def test_a_folder_without_an_interpreter_is_no_environment(project: Path) -> None:
    with pytest.raises(InvalidArgument, match="The folder is not an environment"), timed_processes.resolve_side(
        str(project), project
    ):
        pass


def test_a_revision_names_its_commit_and_where_its_modules_lie(project: Path) -> None:
    (project / "src").mkdir()
    (project / "src" / "mine.py").write_text("", encoding="utf-8")
    for words in (["add", "src"], ["-c", "user.name=n", "-c", "user.email=e@example.org", "commit", "-q", "-m", "src"]):
        subprocess.run(["git", *words], cwd=project, check=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True, check=True)

    with timed_processes.resolve_side("HEAD", project) as side:
        places = [place.relative_to(side.folder).as_posix() for place in side.import_first]

    assert (side.revision, places, side.forbidden) == (commit.stdout.strip(), [".", "src"], project.resolve())


def test_a_revision_that_lacks_the_folder_is_refused(project: Path) -> None:
    (project / "later").mkdir()

    with pytest.raises(InvalidArgument, match="HEAD has no later"), timed_processes.resolve_side(
        "HEAD", project / "later"
    ):
        pass


def _module(name: str, place: Path) -> types.ModuleType:
    result = types.ModuleType(name)
    result.__file__ = str(place / f"{name}.py")
    return result


def test_a_module_of_the_users_own_tree_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mine", _module("mine", tmp_path))

    with pytest.raises(InvalidArgument, match=r"imports modules from outside its checkout.* mine from"):
        revisions.check_imports(str(tmp_path))


def test_an_environment_may_lie_in_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "installed", _module("installed", tmp_path / ".venv" / "lib"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))

    revisions.check_imports(str(tmp_path))
    revisions.check_imports(None)


@pytest.mark.parametrize(
    ("words", "yes"),
    [
        ("tensorflow==2.15.1", True),
        ("tensorflow[and-cuda]==2.15.1,numpy<2,python==3.11", True),
        ("v2.15", False),
        ("tensorflow>=2", False),
        ("HEAD~1", False),
    ],
)
def test_a_release_is_distinguished_from_a_revision(words: str, yes: bool) -> None:
    assert installed_releases.is_release(words) is yes


@pytest.mark.parametrize(
    ("words", "backend"),
    [
        ("keras==3.15.1,jax==0.10.2", "jax"),
        ("torch==2.13.0,keras==3.15.1", "torch"),
        ("tensorflow==2.15.1", None),
        ("tensorflow-cpu==2.15.1,jax==0.4.20", None),
    ],
)
def test_keras_runs_on_the_backend_that_was_asked_for(words: str, backend: str | None) -> None:
    assert installed_releases.release_variables(words).get("KERAS_BACKEND") == backend


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a wheel of version 1.0 of a package `toy`, which alone is installed from."""
    place = tmp_path / "wheels"
    place.mkdir()
    about = "toy-1.0.dist-info"
    files = {
        "toy.py": "its = 'version 1.0'\n",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: here\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    with zipfile.ZipFile(place / "toy-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    for name in ("PIP_NO_INDEX", "UV_NO_INDEX"):
        monkeypatch.setenv(name, "1")
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.setenv(name, str(place))
    # Where uv is, it is another way to the same; this is the one that everybody has.
    monkeypatch.setattr(installed_releases.shutil, "which", lambda name: None)
    return place


@pytest.mark.slow  # makes an environment
def test_a_release_is_installed_into_an_environment_that_goes_again(wheels: Path) -> None:
    with timed_processes.resolve_side("toy==1.0", wheels) as side:
        printed = subprocess.run([str(side.python), "-c", "import toy; print(toy.its)"], capture_output=True, text=True)
        place = side.python.parent

    assert (printed.stdout, place.exists()) == ("version 1.0" + os.linesep, False)


@pytest.mark.slow  # makes an environment
def test_a_release_that_is_not_there_is_refused(wheels: Path) -> None:
    with pytest.raises(
        InvalidArgument, match=r"The release cannot be installed.* toy==2\.0: "
    ), timed_processes.resolve_side("toy==2.0", wheels):
        pass


def test_another_interpreter_can_be_had_by_uv_alone(wheels: Path) -> None:
    with pytest.raises(InvalidArgument, match="needs uv"), timed_processes.resolve_side("toy==1.0,python==2.7", wheels):
        pass
