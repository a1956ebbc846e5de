"""What reaches an installer: requirements, and no option, file or address that stands where one belongs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.timing import installed_releases, timed_processes

HOSTILE = (
    "--index-url=https://evil.example/simple",
    "--extra-index-url https://evil.example",
    "-rFILE",
    "-r FILE",
    "-ePATH",
    "-e .",
    "-cFILE",
    "--requirement=FILE",
    "--find-links=/tmp",
    "--pre",
    "-",
    "--",
    "./package",
    "/tmp/evil.whl",
    "evil-1.0-py3-none-any.whl/",
    "git+https://evil.example/x",
    "https://evil.example/x.whl",
    "x @ https://evil.example/x.whl",
    "x@file:///tmp/x",
    "x; python_version>'3'",
    "x==1 --hash=sha256:0",
    "x==1 -rFILE",
    "x==1\n-rFILE",
    "x\n--index-url=https://evil.example",
    "x==1\r-rFILE",
    "x==1\x00",
    "x[a]b",
    "x[-r]",
    "x==-r",
    "x==$(id)",
    "",
    " ",
    "==1",
    "x==",
    "é==1",
    "x" * 500,
)  # fmt: skip


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Keep what would have been run to install a release."""
    results: list[list[str]] = []
    monkeypatch.setattr(installed_releases, "_run_installer", lambda words, command: results.append(command))
    return results


@pytest.mark.parametrize("word", HOSTILE)
def test_nothing_but_requirements_is_read(word: str) -> None:
    with pytest.raises(InvalidArgument):
        installed_releases.parse_requirements(word)


# A second bound of a version stands behind a comma too.
@pytest.mark.parametrize("word", [one for one in HOSTILE if one != "==1"])
def test_a_release_with_anything_else_behind_its_comma_starts_no_installer(
    word: str, commands: list[list[str]], tmp_path: Path
) -> None:
    with pytest.raises(InvalidArgument), installed_releases.installed(f"tensorflow==2.15.1,{word}"):
        pass

    assert commands == []


def test_a_release_as_the_issue_has_it_is_refused_by_name(commands: list[list[str]], tmp_path: Path) -> None:
    with pytest.raises(
        InvalidArgument, match=r"A requirement must be a package name and versions.*index-url"
    ), timed_processes.resolve_side("tensorflow==2.15.1,--index-url=https://evil.example", tmp_path):
        pass

    assert commands == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("keras==3.15.1,jax==0.10.2", ["keras==3.15.1", "jax==0.10.2"]),
        ("tensorflow==2.0.0, protobuf<3.21 , h5py < 3", ["tensorflow==2.0.0", "protobuf<3.21", "h5py<3"]),
        ("torch==2.13.0+cpu", ["torch==2.13.0+cpu"]),
        ("keras>=3,<4,numpy", ["keras>=3,<4", "numpy"]),
        ("tensorflow[and-cuda,x]==2.21.*,python==3.11", ["tensorflow[and-cuda,x]==2.21.*", "python==3.11"]),
        ("tf_keras~=2.16", ["tf_keras~=2.16"]),
    ],
)
def test_requirements_are_separated_by_their_commas(words: str, expected: list[str]) -> None:
    assert installed_releases.parse_requirements(words) == expected


def test_the_requirements_stand_behind_the_end_of_options(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed_releases.shutil, "which", lambda name: "/bin/uv")

    with installed_releases.installed("keras==3.15.1,jax==0.10.2"):
        pass

    assert commands[-1][-3:] == ["--", "keras==3.15.1", "jax==0.10.2"]


@pytest.mark.skipif(sys.version_info < (3, 9), reason="the matrix is run by CPython 3.9 or newer")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("requires", [word]) for word in HOSTILE),
        ("requires", ["x==1,y==2"]),
        ("python", "--index-url=x"),
        ("torch", "--index-url=x"),
        ("environment", "-r"),
    ],
)
def test_a_releases_file_hands_nothing_else_to_an_installer(name: str, value: Any) -> None:
    from matrix import columns

    entry: dict[str, Any] = {
        "environment": "tf2.15",
        "label": "TensorFlow 2.15",
        "series": "tensorflow",
        "python": "3.11",
        "requires": ["tensorflow==2.15.1"],
    }

    with pytest.raises(InvalidArgument):
        columns._column({**entry, name: value})
