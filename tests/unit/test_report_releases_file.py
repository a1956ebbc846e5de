from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_kerasch2.errors import BadTable
from pytest_kerasch2.report import releases_file
from pytest_kerasch2.report.releases_file import Listed

if sys.version_info < (3, 11):
    pytest.importorskip("tomli", reason="the extra `report` is not installed")

ONE = '[[release]]\nenvironment = "tf2.15"\nlabel = "TensorFlow 2.15"\nseries = "tensorflow"\n'
MORE = 'python = "3.11"\nrequires = ["tensorflow-cpu==2.15.1"]\nvariables = { TF_USE_LEGACY_KERAS = "1" }\n'


def _placed(folder: Path, text: str) -> Path:
    path = folder / "releases.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = ONE + MORE + ONE.replace("2.15", "2.14")

    listed = releases_file.read(_placed(tmp_path, text))

    assert listed == (
        Listed("tf2.15", "TensorFlow 2.15", "tensorflow"),
        Listed("tf2.14", "TensorFlow 2.14", "tensorflow"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[release", "cannot be read"),
        ("", "lists no release"),
        ("release = 3", "lists no release"),
        ("release = []", "lists no release"),
        ("release = [3]", "has no environment.*release 1: 3"),
        (ONE.replace("label", "lable"), "has no label.*release 1: "),
        (ONE.replace('"tensorflow"', "3"), "has no series"),
        (ONE.replace('"tf2.15"', '" "'), "has no environment"),
        (ONE + ONE, "lists a release twice.*tf2.15"),
    ],
)
def test_a_releases_file_that_cannot_be_used_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = _placed(tmp_path, text)

    with pytest.raises(BadTable, match=message) as refused:
        releases_file.read(path)

    assert str(path) in refused.value.found


def test_a_missing_releases_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match=r"cannot be read: .*nowhere\.toml"):
        releases_file.read(tmp_path / "nowhere.toml")


def test_a_missing_parser_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tomllib" if sys.version_info >= (3, 11) else "tomli", None)

    with pytest.raises(BadTable, match=r"pytest-kerasch2\[report\]"):
        releases_file.read(_placed(tmp_path, ONE))
