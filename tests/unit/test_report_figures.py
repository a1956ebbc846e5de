from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2 import cli
from pytest_kerasch2.chapter.printed_numbers import shared as trained_shared
from pytest_kerasch2.claims import results
from pytest_kerasch2.claims.model import Claim, Record, Verdict
from pytest_kerasch2.errors import BadTable
from pytest_kerasch2.report import compatibility_table, figures, merging, release_changes
from pytest_kerasch2.report.compatibility_table import Table, cells
from tests.unit.test_claims_results import ENVIRONMENT

NAMES = {minor: f"{minor}/{minor}.0/tensorflow" for minor in ("2.14", "2.15")}


def _record(name: str, verdict: Verdict, kind: str, evidence: str) -> Record:
    return Record(Claim(name, f"Statement of {name}.", "Functional API", kind), verdict, evidence=(evidence,))


def _placed(folder: Path, minor: str, *records: Record, complete: bool = True, **facts: Any) -> Path:
    environment = {**ENVIRONMENT, "tensorflow": f"{minor}.1", "keras": f"{minor}.0", **facts}
    path = folder / f"tf{minor}.json"
    results.write(results.build(records, environment, complete), path)
    return path


def _untrained(folder: Path, minor: str) -> Path:
    return _placed(
        folder,
        minor,
        _record("functional.other", Verdict.INCONCLUSIVE, "code", "no network"),
        _record("functional.bits", Verdict.HELD, "figure", "equal bits"),
        _record("functional.test-figures", Verdict.INCONCLUSIVE, "figure", "this run does not train"),
    )


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Two columns, neither of which trained."""
    return merging.merge([_untrained(tmp_path, minor) for minor in NAMES])


def _trained(folder: Path, minor: str = "2.15", **more: Any) -> Path:
    apart = folder / "trained"
    apart.mkdir(exist_ok=True)
    records = (
        _record("functional.other", Verdict.HELD, "code", "as said"),
        _record("functional.bits", Verdict.BROKEN, "figure", "other bits"),
        _record("functional.test-figures", Verdict.BROKEN, "figure", "far off"),
    )
    return _placed(apart, minor, *more.pop("records", records), **{"trained": True, "python": "3.10.1", **more})


def _seen(table: Table, name: str, minor: str = "2.15") -> Any:
    row = next(row for row in table["claims"] if row["id"] == name)
    return cells(row)[NAMES[minor]]


def test_an_open_figure_is_told_and_says_by_what(table: Table, tmp_path: Path) -> None:
    updated = _seen(figures.put_into(table, [_trained(tmp_path)]), "functional.test-figures")

    assert (updated["verdict"], updated["evidence"][0][:37], updated["evidence"][1:]) == (
        "broken",
        "by a run of its own: Python 3.10.1, N",
        ["far off"],
    )


def _figures_of(table: Table) -> list[str | None]:
    return [column.get("figures_of") for column in compatibility_table.present(table)]


def test_a_column_whose_figures_another_release_trained_for_says_so(table: Table, tmp_path: Path) -> None:
    whence = trained_shared.whence("TensorFlow 2.16.2, Keras 3.15.1 on tensorflow")
    record = _record("functional.test-figures", Verdict.BROKEN, "figure", f"{trained_shared.CURVES}12, {whence}")

    updated = figures.put_into(table, [_trained(tmp_path, records=[record])])

    assert _figures_of(updated) == [None, "TensorFlow 2.16.2, Keras 3.15.1 on tensorflow"]


def test_a_column_that_trained_for_its_figures_names_no_other(table: Table, tmp_path: Path) -> None:
    record = _record("functional.test-figures", Verdict.BROKEN, "figure", "curves: 12, trained by this run")

    updated = figures.put_into(table, [_trained(tmp_path, records=[record])])

    assert _figures_of(updated) == [None, None]


@pytest.mark.parametrize("name", ["functional.other", "functional.bits"])
def test_what_is_no_figure_or_not_open_stays(table: Table, tmp_path: Path, name: str) -> None:
    updated = figures.put_into(table, [_trained(tmp_path)])

    assert _seen(updated, name) == _seen(table, name)


def test_other_columns_stay_open(table: Table, tmp_path: Path) -> None:
    updated = figures.put_into(table, [_trained(tmp_path)])

    assert _seen(updated, "functional.test-figures", "2.14")["verdict"] == "inconclusive"


def test_the_column_is_counted_anew_and_marked(table: Table, tmp_path: Path) -> None:
    updated = figures.put_into(table, [_trained(tmp_path)])

    assert [
        (one["trained"], one["counts"]["broken"], one["counts"]["inconclusive"]) for one in updated["releases"]
    ] == [
        (False, 0, 2),
        (True, 1, 1),
    ]
    compatibility_table.check(updated)


def test_the_table_that_was_given_stays_as_it_was(table: Table, tmp_path: Path) -> None:
    before = json.dumps(table)

    figures.put_into(table, [_trained(tmp_path)])

    assert json.dumps(table) == before


def test_a_figure_told_on_one_release_alone_is_no_change(table: Table, tmp_path: Path) -> None:
    updated = figures.put_into(table, [_trained(tmp_path)])

    assert release_changes.flips(updated, updated["releases"][1]) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"plugin": "9.9"}, "another plugin version"),
        ({"trained": False}, "it did not train"),
        ({"complete": False}, "interrupted"),
        ({"minor": "2.13"}, "does not have"),
        (
            {"records": (_record("functional.test-figures", Verdict.INCONCLUSIVE, "figure", "no"),)},
            "no printed figure",
        ),
        ({"records": (_record("functional.gone", Verdict.HELD, "figure", "near"),)}, "states a figure in other words"),
    ],
)
def test_figures_that_cannot_be_put_in_are_refused_by_name(
    table: Table, tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    path = _trained(tmp_path, **fields)

    with pytest.raises(BadTable, match=message) as raised:
        figures.put_into(table, [path])

    assert str(path) in str(raised.value)


def test_figures_of_one_release_are_taken_once(table: Table, tmp_path: Path) -> None:
    path = _trained(tmp_path)

    with pytest.raises(BadTable, match="has the figures of this release already"):
        figures.put_into(table, [path, path])


def test_a_table_that_is_there_is_added_to(table: Table, tmp_path: Path) -> None:
    place = tmp_path / "table.json"
    place.write_text(compatibility_table.text(table), encoding="utf-8")

    status = cli.main(["table", "--table", str(place), "--figures", str(_trained(tmp_path)), "--json", str(place)])

    assert (status, compatibility_table.read(place)["releases"][1]["trained"]) == (0, True)


RUN = "import sys; from pytest_kerasch2 import cli; sys.exit(cli.main())"


def test_a_reader_that_has_gone_is_said_and_no_error(table: Table, tmp_path: Path) -> None:
    place = tmp_path / "table.json"
    place.write_text(compatibility_table.text(table), encoding="utf-8")
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [sys.executable, "-c", RUN, "table", "--table", str(place)],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)

    assert (done.returncode, done.stderr.count(b"\n"), b"broken pipe" in done.stderr) == (0, 1, True)


def test_a_table_that_is_there_takes_no_results_files(
    table: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "table.json"
    place.write_text(compatibility_table.text(table), encoding="utf-8")

    status = cli.main(["table", "--table", str(place), str(tmp_path / "tf2.15.json")])

    assert (status, "takes no other columns" in capsys.readouterr().err) == (2, True)
