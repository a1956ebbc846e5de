"""The releases file: what it lists, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

if sys.version_info < (3, 9):
    pytest.skip("the matrix is run by CPython 3.9 or newer", allow_module_level=True)

from packaging.requirements import Requirement
from packaging.version import Version

from matrix import columns, installer, paths
from matrix.columns import Column
from pytest_kerasch2.errors import InvalidArgument

RELEASES = columns.read(paths.RELEASES)
HEAD = 'as_of = "2026-01-01"\n'
ONE = """[[release]]
environment = "tf2.15"
label = "TensorFlow 2.15"
series = "tensorflow"
python = "3.11"
requires = ["tensorflow==2.15.1"]
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "releases.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _refusal(folder: Path, text: str) -> str:
    with pytest.raises(InvalidArgument) as caught:
        columns.read(_file(folder, text))
    return str(caught.value)


def test_a_release_is_read(tmp_path: Path) -> None:
    read = columns.read(_file(tmp_path, HEAD + ONE))

    assert read.columns == (
        Column("tf2.15", "TensorFlow 2.15", "tensorflow", "3.11", ("tensorflow==2.15.1",), {}, "", {}),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ONE, "incomplete"),
        (HEAD, "incomplete"),
        (HEAD + ONE + ONE, "taken"),
        (HEAD + ONE.replace('python = "3.11"\n', ""), "lacks a field"),
        (HEAD + ONE + "pins = 3\n", "lacks a field, or has a wrong one"),
        (HEAD + ONE.replace('"3.11"', "3.11", 1), "lacks a field, or has a wrong one"),
        (HEAD + ONE.replace('series = "tensorflow"', 'series = "other"'), "unknown series"),
        (HEAD + ONE.replace('"tf2.15"', '"tf 2.15"'), "name that tox cannot take"),
        (HEAD + "[[release", "cannot be read"),
    ],
)
def test_what_is_wrong_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in _refusal(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="cannot be read"):
        columns.read(tmp_path / "none.toml")


def test_names_choose_columns_in_the_order_of_the_table() -> None:
    chosen = RELEASES.chosen(["tf2.15", "tf2.0"])

    assert [column.environment for column in chosen] == ["tf2.0", "tf2.15"]


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidArgument, match=r"tf2\.99.*tf2\.0, tf2\.1"):
        RELEASES.chosen(["tf2.99"])


def test_words_for_people_do_not_count_for_verdicts() -> None:
    column = RELEASES.columns[0]

    assert {"label", "series"}.isdisjoint(column.to_dict())


def test_there_are_columns_of_every_series() -> None:
    assert {column.series for column in RELEASES.columns} == set(columns.SERIES)


def test_no_two_releases_are_alike() -> None:
    asked = [(column.requires, tuple(column.variables.items())) for column in RELEASES.columns]

    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("column", RELEASES.columns, ids=lambda column: column.environment)
def test_the_pins_are_what_a_release_requires(column: Column) -> None:
    pinned = _pinned(column.environment)

    for requirement in map(Requirement, column.requires):
        version = pinned[requirement.name.lower().replace("_", "-")]
        assert requirement.specifier.contains(version, prereleases=True), f"python -m matrix pin {column.environment}"


@pytest.mark.parametrize("column", RELEASES.columns, ids=lambda column: column.environment)
def test_the_pins_hold_what_the_plugin_needs(column: Column) -> None:
    pinned = _pinned(column.environment)

    for requirement in _needed_by_the_plugin(column.python):
        version = pinned.get(requirement.name, "0")
        # A copy for an older CPython makes do with what there was for that.
        taken = version != "0" if column.is_backported else requirement.specifier.contains(Version(version))
        assert taken, f"{requirement}: python -m matrix pin {column.environment}"


@pytest.mark.parametrize("path", sorted(paths.PINS.glob("*.txt")), ids=lambda path: path.stem)
def test_pins_are_of_a_release_and_name_no_place(path: Path) -> None:
    names = {column.environment for column in RELEASES.columns}
    text = path.read_text(encoding="utf-8")

    assert path.stem in names
    assert "://" not in text
    assert "/" not in text


@pytest.mark.parametrize("path", sorted(paths.PINS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_pin_has_a_hash(path: Path) -> None:
    entries = path.read_text(encoding="utf-8").split("\n")[1:]

    bare = [line for line in entries if "==" in line and not line.endswith("\\")]

    assert bare == []


def test_pins_are_read_with_names_in_one_spelling() -> None:
    assert installer.pinned("Tf_Keras==2.16.0 \\\n    --hash=sha256:00\n# a==1\n") == {"tf-keras": "2.16.0"}


def _pinned(name: str) -> dict[str, str]:
    return installer.pinned(paths.pins(name).read_text(encoding="utf-8"))


def _needed_by_the_plugin(python: str) -> list[Requirement]:
    project: Any = columns._parsed(paths.ROOT / "pyproject.toml")["project"]
    texts = [
        *project["dependencies"],
        *(one for name in installer.EXTRAS for one in project["optional-dependencies"][name]),
    ]
    needed = map(Requirement, texts)
    return [one for one in needed if one.marker is None or one.marker.evaluate({"python_version": python})]
