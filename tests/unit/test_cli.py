from __future__ import annotations

import io
import sys
from pathlib import Path
from types import ModuleType
from typing import Callable

import pytest

from pytest_kerasch2 import cli
from pytest_kerasch2.claims.model import Verdict
from pytest_kerasch2.report import compatibility_table
from tests.unit.test_report_merging import BROKEN, RECORDS, place_results, record, spoil


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    early = place_results(tmp_path / "in", "2.15", *RECORDS)
    late = place_results(tmp_path / "in", "2.16", record("a.first"), record("b.second", **BROKEN))
    return [str(early), str(late)]


def _outputs(folder: Path) -> list[str]:
    pairs = (("--json", "t.json"), ("--markdown", "t.md"), ("--changes", "c.md"))
    return [word for flag, name in pairs for word in (flag, str(folder / "out" / name))]


def test_table_writes_what_was_asked_for(tmp_path: Path, paths: list[str]) -> None:
    status = cli.main(["table", *paths, *_outputs(tmp_path)])

    heads = {path.name: path.read_text(encoding="utf-8")[:7] for path in (tmp_path / "out").iterdir()}
    assert (status, heads) == (0, {"t.json": '{\n "sch', "t.md": "# The c", "c.md": "# What "})


def test_table_says_what_was_counted(paths: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["table", *paths])

    assert capsys.readouterr().out.splitlines() == [
        "TensorFlow 2.15: 2 held, 0 broken, 0 not applicable, 0 inconclusive",
        "TensorFlow 2.16: 1 held, 1 broken, 0 not applicable, 0 inconclusive",
    ]


def test_the_html_page_is_that_of_the_page_module(
    tmp_path: Path, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ModuleType("page")
    page.render = lambda table: f"<p>{len(table['claims'])}"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pytest_kerasch2.report.page", page)

    cli.main(["table", *paths, "--html", str(tmp_path / "out" / "t.html")])

    assert (tmp_path / "out" / "t.html").read_text(encoding="utf-8") == "<p>2"


def test_check_is_content_with_a_few_columns_of_the_same_table(tmp_path: Path, paths: list[str]) -> None:
    cli.main(["table", *paths, *_outputs(tmp_path)])

    assert cli.main(["table", paths[1], "--check", str(tmp_path / "out" / "t.json")]) == 0


def test_check_names_each_cell_that_differs(
    tmp_path: Path, paths: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["table", *paths, *_outputs(tmp_path)])
    place_results(tmp_path / "in", "2.15", record("a.first", Verdict.INCONCLUSIVE), record("b.second"))

    status = cli.main(["table", *paths, "--check", str(tmp_path / "out" / "t.json")])

    differing = [line for line in capsys.readouterr().out.splitlines() if line.startswith("differs: ")]
    assert (status, differing) == (1, ["differs: tf2.15: a.first: inconclusive, in the table held"])


def test_check_compares_with_what_stood_there_before_it_is_written_anew(tmp_path: Path, paths: list[str]) -> None:
    cli.main(["table", *paths, *_outputs(tmp_path)])
    place_results(tmp_path / "in", "2.15", record("a.first", Verdict.INCONCLUSIVE), record("b.second"))

    status = cli.main(["table", *paths, *_outputs(tmp_path), "--check", str(tmp_path / "out" / "t.json")])

    fresh = compatibility_table.read(tmp_path / "out" / "t.json")
    assert (status, fresh["releases"][0]["counts"]["inconclusive"]) == (1, 1)


def test_an_interrupted_run_is_taken_where_it_is_allowed(tmp_path: Path, paths: list[str]) -> None:
    spoil(Path(paths[0]), complete=False)

    cli.main(["table", *paths, "--allow-incomplete", *_outputs(tmp_path)])

    assert [one["complete"] for one in compatibility_table.read(tmp_path / "out" / "t.json")["releases"]] == [
        False,
        True,
    ]


Arrange = Callable[[Path, "list[str]"], "list[str]"]


def _other_schema(folder: Path, paths: list[str]) -> list[str]:
    spoil(Path(paths[0]), schema=3)
    return paths


def _no_json(folder: Path, paths: list[str]) -> list[str]:
    Path(paths[0]).write_text("{", encoding="utf-8")
    return paths


def _mixed(folder: Path, paths: list[str]) -> list[str]:
    place_results(folder / "in", "2.16", plugin="0.2.0")
    return paths


def _twice(folder: Path, paths: list[str]) -> list[str]:
    return [*paths, paths[0]]


def _interrupted(folder: Path, paths: list[str]) -> list[str]:
    spoil(Path(paths[1]), complete=False)
    return paths


def _none(folder: Path, paths: list[str]) -> list[str]:
    return []


def _no_releases(folder: Path, paths: list[str]) -> list[str]:
    return [*paths, "--releases", str(folder / "releases.toml")]


def _no_table(folder: Path, paths: list[str]) -> list[str]:
    return [*paths, "--check", paths[0]]


def _into_results(folder: Path, paths: list[str]) -> list[str]:
    return [*paths, "--html", paths[0]]


def _into_one_file(folder: Path, paths: list[str]) -> list[str]:
    return [*paths, "--html", str(folder / "out" / "t.json")]


def _into_nowhere(folder: Path, paths: list[str]) -> list[str]:
    return [*paths, "--html", str(folder / "nowhere" / "t.html")]


def _into_a_folder(folder: Path, paths: list[str]) -> list[str]:
    return [*paths, "--html", str(folder / "out")]


REFUSALS: list[tuple[Arrange, str]] = [
    (_other_schema, "A results file is not of schema 2: {folder}/in/tf2.15.json, at schema: "),
    (_no_json, "A results file cannot be read: {folder}/in/tf2.15.json: "),
    (_mixed, "The results files are of different plugin versions: 0.1.0 in {folder}/in/tf2.15.json; 0.2.0 in "),
    (
        _twice,
        "Two results files are of the same release: {folder}/in/tf2.15.json and {folder}/in/tf2.15.json are ",
    ),
    (_interrupted, "A results file is of some claims only, or of an interrupted run: {folder}/in/tf2.16.json. "),
    (_none, "There are no results files to merge. "),
    (_no_releases, "A releases file cannot be read: {folder}/releases.toml: "),
    (_no_table, "A compatibility table is not of schema 2: {folder}/in/tf2.15.json, at the whole: "),
    (_into_results, "An output would overwrite an input: {folder}/in/tf2.15.json."),
    (_into_one_file, "Two outputs are to be written into one file: {folder}/out/t.json, "),
    (_into_nowhere, "An output cannot be written: {folder}/nowhere is not a folder."),
    (_into_a_folder, "An output cannot be written: {folder}/out is a folder."),
]


@pytest.mark.parametrize(("arrange", "message"), REFUSALS, ids=[one.__name__.strip("_") for one, _ in REFUSALS])
def test_a_refusal_is_one_line_that_names_the_file_and_nothing_is_written(
    tmp_path: Path, paths: list[str], capsys: pytest.CaptureFixture[str], arrange: Arrange, message: str
) -> None:
    if arrange is _no_releases and sys.version_info < (3, 11):
        pytest.importorskip("tomli", reason="the extra `report` is not installed")
    arguments = arrange(tmp_path, paths)

    status = cli.main(["table", *_outputs(tmp_path), *arguments])

    text = capsys.readouterr().err
    assert (status, text.count("\n"), list((tmp_path / "out").iterdir())) == (2, 1, [])
    assert text.startswith("kerasch2 table: " + message.format(folder=tmp_path))


def test_a_label_that_the_terminal_cannot_show_does_not_end_the_run(
    paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr("pytest_kerasch2.report.publishing.summary", lambda table: ["2.15 – 2.16"])

    status = cli.main(["table", *paths])

    terminal.seek(0)
    assert (status, terminal.read()) == (0, "2.15 \\u2013 2.16\n")


@pytest.mark.parametrize("arguments", [[], ["tables"], ["table", "--jason", "x"]])
def test_a_command_line_that_is_not_understood_ends_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)

    assert (ended.value.code, "usage: kerasch2" in capsys.readouterr().err) == (2, True)
