"""What `kerasch2` refuses: damaged files, values that cannot be meant, and outputs that cannot be written."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_kerasch2.command_line import explained
from tests.builders.command_runs import Ended, ended

__all__ = ["ended"]

JUNK = {
    "binary": bytes(range(256)) * 8,
    "cut.json": b'{"schema": 1, "cla',
    "other.json": b'{"a": 1}',
    "list.json": b"[1e400, NaN, -5]",
    "empty": b"",
    "deep.json": b"[" * 100_000,
}
READERS = (
    ("table", "{}"),
    ("table", "--table", "{}"),
    ("table", "--figures", "{}", "--table", "{}"),
    ("scaling", "{}"),
    ("compare", "--from-json", "{}"),
    ("gate", "{}", "--training", "m:f"),
    ("gate", "digits-tensorflow-2.21", "--results", "{}"),
)


@pytest.mark.parametrize("file", [*JUNK, "nowhere", "folder"])
@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_a_file_that_cannot_be_meant_is_refused_in_a_line(
    ended: Ended, tmp_path: Path, words: tuple[str, ...], file: str
) -> None:
    pytest.importorskip("scipy", reason="a gate decides by SciPy, of the extra `accuracy`")
    (tmp_path / "folder").mkdir()
    for name, content in JUNK.items():
        (tmp_path / name).write_bytes(content)

    status, out, err = ended(*(one.format(file) for one in words))

    assert (status, out, err.count("\n"), len(err) < 1000) == (2, "", 1, True)


@pytest.mark.parametrize(
    "words",
    [
        ["table", ""],
        ["table", "--json", "", "x"],
        ["scaling", ""],
        ["gate", ""],
        ["gate", " "],
        ["calibrate", ""],
        ["calibrate", "a\0b"],
        ["calibrate", "x", "--training", ""],
        ["compare", "", ""],
        ["compare", "a", ""],
        ["compare", "a", "b", "--suite", ""],
        ["compare", "a", "b", "--suite", "no_colon"],
        ["compare", "a", "b", "--suite", "a:b:c"],
        ["compare", "a", "b", "--benchmark", ""],
        ["compare", "a", "b", "--max-starts", "9" * 30],
        ["compare", "a", "b", "--max-starts", "9" * 5000],
        ["compare", "a", "b", "--max-starts", "-1"],
        ["compare", "a", "b", "--max-starts", "1.5"],
        ["compare", "a", "b", "--alpha", "nan"],
        ["compare", "a", "b", "--margin", "inf"],
        ["compare", "a", "b", "--deadline", "nan"],
        ["compare", "a", "b", "--deadline", "-1"],
        ["compare", "a", "b", "--inject-slowdown", "1e400"],
        ["calibrate", "x", "--seeds", "-3"],
        ["calibrate", "x", "--seeds", "99999999999999"],
        ["calibrate", "x", "--epochs", "0"],
        ["calibrate", "x", "--jobs", "0"],
        ["calibrate", "x", "--mirror", "nowhere"],
        ["gate", "digits-tensorflow-2.21", "--alpha", "NaN"],
        ["gate", "digits-tensorflow-2.21", "--beta", "-inf"],
        ["gate", "digits-tensorflow-2.21", "--max-runs", "-1"],
        ["gate", "digits-tensorflow-2.21", "--margin", "-0.1"],
        ["doctor", "--deadline", "-1"],
        ["doctor", "--deadline", "nan"],
        ["doctor", "--deadline", ""],
    ],
    ids=lambda words: " ".join(words)[:40].replace("\0", "NUL"),
)
def test_a_value_that_cannot_be_meant_is_refused_shortly(ended: Ended, words: list[str]) -> None:
    pytest.importorskip("scipy", reason="a gate decides by SciPy, of the extra `accuracy`")

    status, out, err = ended(*words)

    # Older releases of rich end a bar that has shown nothing with a blank line.
    assert (status, out.strip(), "Traceback" in err, len(err) < 600) == (2, "", False, True)


OUTPUTS = (
    ("table", "in.json", "--json"),
    ("table", "in.json", "--html"),
    ("gate", "digits-tensorflow-2.21", "--json"),
    ("compare", sys.executable, sys.executable, "--json"),
    ("compare", sys.executable, sys.executable, "--summary"),
    ("calibrate",),
)


@pytest.mark.parametrize("words", OUTPUTS, ids=" ".join)
@pytest.mark.parametrize("place", ["folder", "nowhere/a.json", "file/a.json", "/dev/full", "protected.json"])
def test_an_output_that_cannot_be_written_is_refused_before_any_work(
    ended: Ended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], place: str
) -> None:
    if place == "/dev/full" and not Path(place).exists():
        pytest.skip("there is no such device here")
    (tmp_path / "folder").mkdir()
    for name in ("file", "in.json", "protected.json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    # As it is for everyone but root.
    monkeypatch.setattr("os.access", lambda name, mode: "protected" not in str(name))

    status, _, err = ended(*words, place)

    assert (status, "written" in err or "cannot be kept" in err, err.count("\n")) == (2, True, 1)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder", "in.json", "protected.json"]


def test_two_outputs_of_a_comparison_are_two_files(ended: Ended) -> None:
    status, _, err = ended("compare", "a", "b", "--json", "x", "--summary", "./x")

    assert (status, "must name different files" in err) == (2, True)


@pytest.mark.parametrize("module", ["jinja2", "scipy", "matplotlib", "joblib", "h5py"])
def test_a_package_that_is_missing_names_the_extra_that_brings_it(
    ended: Ended, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    def missing(order: object) -> None:
        raise ModuleNotFoundError(f"No module named '{module}.x'", name=f"{module}.x")

    monkeypatch.setattr("pytest_kerasch2.report.publishing.publish", missing)

    status, _, err = ended("table", "x")

    assert (status, f'pip install "pytest-kerasch2[{explained.EXTRAS[module]}]"' in err) == (2, True)


def test_a_module_of_the_user_that_is_missing_is_not_taken_for_an_extra() -> None:
    assert explained.refusal(ModuleNotFoundError("No module named 'mine'", name="mine")) == ""
