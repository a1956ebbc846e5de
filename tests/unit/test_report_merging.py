from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2.claims import results
from pytest_kerasch2.claims.model import Claim, KnownIssue, Record, Verdict
from pytest_kerasch2.errors import BadResults, BadTable
from pytest_kerasch2.report import compatibility_table, merging
from pytest_kerasch2.report.releases_file import Listed
from tests.unit.test_claims_results import ENVIRONMENT

KNOWN = KnownIssue("The name moved.", "https://example.org/why", "gone", since="2.16")
BROKEN = {"verdict": Verdict.BROKEN, "evidence": ("gone",), "known_issue": KNOWN}
LISTED = tuple(Listed(f"tf2.{minor}", f"TensorFlow 2.{minor}", "tensorflow") for minor in (15, 16, 17))


def record(name: str, verdict: Verdict = Verdict.HELD, section: str = "Features", **more: Any) -> Record:
    return Record(Claim(name, f"Statement of {name}.", section, "code"), verdict, **{"evidence": ("as said",), **more})


RECORDS = (record("a.first"), record("b.second"))


def place_results(folder: Path, minor: str, *records: Record, complete: bool = True, **facts: str) -> Path:
    """Write a results file as one release would, named as its environment."""
    keras = "3.15.1" if minor in ("2.16", "2.17") else f"{minor}.0"
    environment = {**ENVIRONMENT, "tensorflow": f"{minor}.1", "keras": keras, **facts}
    path = folder / f"tf{minor}.json"
    sections = ("Features", "Backend", "Saving and loading")
    results.write(results.build(records or RECORDS, environment, complete, sections=sections), path)
    return path


def spoil(path: Path, **changes: Any) -> Path:
    """Write the results file again with top-level entries changed."""
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")
    return path


def test_what_is_merged_is_of_the_schema(tmp_path: Path) -> None:
    paths = [place_results(tmp_path, "2.15"), place_results(tmp_path, "2.16", record("a.first", **BROKEN))]

    compatibility_table.check(merging.merge(paths, LISTED))


def test_equal_cells_share_one_outcome(tmp_path: Path) -> None:
    paths = [
        place_results(tmp_path, "2.15", record("a.first")),
        place_results(tmp_path, "2.16", record("a.first", **BROKEN)),
        place_results(tmp_path, "2.17", record("a.first", **BROKEN)),
    ]

    row = merging.merge(paths)["claims"][0]

    assert [(outcome["verdict"], outcome["releases"]) for outcome in row["outcomes"]] == [
        ("held", ["2.15/2.15.0/tensorflow"]),
        ("broken", ["2.16/3.15.1/tensorflow", "2.17/3.15.1/tensorflow"]),
    ]


def test_cells_with_other_evidence_do_not(tmp_path: Path) -> None:
    paths = [place_results(tmp_path, "2.15"), place_results(tmp_path, "2.16", record("a.first", evidence=("other",)))]

    assert len(merging.merge(paths)["claims"][0]["outcomes"]) == 2


def test_rows_come_by_section_in_the_order_of_the_chapter(tmp_path: Path) -> None:
    path = place_results(
        tmp_path,
        "2.15",
        record("a.saved", section="Saving and loading"),
        record("b.b"),
        record("c.c", section="Backend"),
    )

    assert [row["id"] for row in merging.merge([path])["claims"]] == ["b.b", "c.c", "a.saved"]


def test_the_counts_of_a_column_are_those_of_its_results(tmp_path: Path) -> None:
    path = place_results(tmp_path, "2.16", *RECORDS, record("c.third", **BROKEN))

    counts = merging.merge([path])["releases"][0]["counts"]

    assert counts == {"held": 2, "broken": 1, "not_applicable": 0, "inconclusive": 0}


def test_without_a_releases_file_columns_come_by_version(tmp_path: Path) -> None:
    paths = [
        place_results(tmp_path, "2.9"),
        place_results(tmp_path, "2.16"),
        place_results(tmp_path, "2.1", tensorflow="-", keras="3.15.1", backend="jax"),
        place_results(tmp_path, "2.10"),
    ]

    columns = merging.merge(paths)["releases"]

    labels = ["TensorFlow 2.9", "TensorFlow 2.10", "TensorFlow 2.16", "Keras 3.15.1 on jax"]
    assert [column["label"] for column in columns] == labels


def test_without_a_releases_file_no_two_columns_have_one_label(tmp_path: Path) -> None:
    paths = [place_results(tmp_path, "2.16"), place_results(tmp_path, "2.17", tensorflow="2.16.2", keras="3.0.5")]

    columns = merging.merge(paths)["releases"]

    assert [column["label"] for column in columns] == ["2.16/3.15.1/tensorflow", "2.16/3.0.5/tensorflow"]


def test_with_one_they_come_as_listed(tmp_path: Path) -> None:
    paths = [place_results(tmp_path, "2.15"), place_results(tmp_path, "2.16")]
    listed = [Listed("tf2.16", "Sixteen", "late"), Listed("tf2.15", "Fifteen", "early")]

    columns = merging.merge(paths, listed)["releases"]

    assert [(column["environment"], column["label"], column["series"]) for column in columns] == [
        ("tf2.16", "Sixteen", "late"),
        ("tf2.15", "Fifteen", "early"),
    ]


def test_a_release_is_compared_with_the_last_one_of_its_series_that_has_a_results_file(tmp_path: Path) -> None:
    paths = [place_results(tmp_path, "2.15"), place_results(tmp_path, "2.17")]

    columns = merging.merge(paths, LISTED)["releases"]

    assert [column["before"] for column in columns] == [None, None, "2.15/2.15.0/tensorflow"]


@pytest.mark.parametrize("other", [{"backend": "jax"}, {}], ids=["backend", "series"])
def test_a_release_is_not_compared_across(tmp_path: Path, other: Any) -> None:
    paths = [place_results(tmp_path, "2.15"), place_results(tmp_path, "2.16", **other)]
    listed = [LISTED[0], Listed("tf2.16", "Sixteen", "tensorflow" if other else "keras")]

    assert merging.merge(paths, listed)["releases"][1]["before"] is None


def test_a_release_without_a_results_file_is_an_absent_column(tmp_path: Path) -> None:
    columns = merging.merge([place_results(tmp_path, "2.15")], LISTED[:2])["releases"]

    assert columns[1] == {
        "name": "",
        "environment": "tf2.16",
        "series": "tensorflow",
        "before": None,
        "label": "TensorFlow 2.16",
        "absent": "no results file was given",
    }


def test_the_reason_for_an_absence_lies_beside_the_results_files(tmp_path: Path) -> None:
    (tmp_path / "tf2.16.absent.txt").write_text("there is no CPython 3.12 here\n", encoding="utf-8")

    columns = merging.merge([place_results(tmp_path, "2.15")], LISTED[:2])["releases"]

    assert columns[1]["absent"] == "there is no CPython 3.12 here"


def test_an_interrupted_run_is_marked_where_it_is_allowed(tmp_path: Path) -> None:
    path = place_results(tmp_path, "2.15", complete=False)

    assert merging.merge([path], allow_incomplete=True)["releases"][0]["complete"] is False


def test_what_an_interrupted_run_did_not_look_at_is_no_cell(tmp_path: Path) -> None:
    paths = [place_results(tmp_path, "2.15", record("a.first"), complete=False), place_results(tmp_path, "2.16")]

    row = merging.merge(paths, allow_incomplete=True)["claims"][1]

    assert list(compatibility_table.cells(row)) == ["2.16/3.15.1/tensorflow"]


def test_an_interrupted_run_is_refused_by_name(tmp_path: Path) -> None:
    path = place_results(tmp_path, "2.15", complete=False)

    with pytest.raises(BadTable, match=r"interrupted run: .*tf2\.15\.json.*--allow-incomplete"):
        merging.merge([path])


def test_no_results_files_are_refused() -> None:
    with pytest.raises(BadTable, match="There are no results files to merge"):
        merging.merge([])


def test_a_results_file_of_another_schema_is_refused_by_name(tmp_path: Path) -> None:
    path = spoil(place_results(tmp_path, "2.15"), schema=3)

    with pytest.raises(BadResults, match=r"not of schema 2: .*tf2\.15\.json, at schema"):
        merging.merge([path])


@pytest.mark.parametrize("text", ["", "{", "\udcff"], ids=["empty", "cut", "not utf-8"])
def test_what_is_no_json_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tf2.15.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(BadResults, match=r"cannot be read: .*tf2\.15\.json"):
        merging.merge([path])


def test_a_missing_results_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadResults, match=r"cannot be read: .*nowhere\.json"):
        merging.merge([tmp_path / "nowhere.json"])


def test_mixed_plugin_versions_are_refused_by_name(tmp_path: Path) -> None:
    paths = [place_results(tmp_path, "2.15"), place_results(tmp_path, "2.16", plugin="0.2.0")]

    with pytest.raises(BadTable, match=r"0\.1\.0 in .*tf2\.15\.json; 0\.2\.0 in .*tf2\.16\.json"):
        merging.merge(paths)


def test_two_results_files_of_one_release_are_refused_by_both_names(tmp_path: Path) -> None:
    paths = [place_results(tmp_path, "2.15"), place_results(tmp_path, "2.14", tensorflow="2.15.0", keras="2.15.0")]

    with pytest.raises(BadTable, match=r"tf2\.15\.json and .*tf2\.14\.json are both of 2\.15/2\.15\.0/tensorflow"):
        merging.merge(paths)


def test_two_results_files_of_one_environment_are_refused_by_both_names(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    paths = [place_results(tmp_path, "2.15"), place_results(tmp_path / "old", "2.15", keras="2.14.0")]

    with pytest.raises(BadTable, match=r"tf2\.15\.json and .*old.tf2\.15\.json are both of tf2\.15"):
        merging.merge(paths)


def test_a_results_file_that_is_not_listed_is_refused_by_name(tmp_path: Path) -> None:
    paths = [place_results(tmp_path, "2.15"), place_results(tmp_path, "2.14")]

    with pytest.raises(
        BadTable, match=r'no release that the releases file lists.*tf2\.14\.json.*environment = "tf2\.14"'
    ):
        merging.merge(paths, LISTED)


def test_a_results_file_that_decides_a_claim_twice_is_refused_by_name(tmp_path: Path) -> None:
    path = place_results(tmp_path, "2.15")
    entries = json.loads(path.read_text(encoding="utf-8"))["claims"]
    spoil(path, claims=[*entries, entries[0]])

    with pytest.raises(BadTable, match=r"decides a claim twice: .*tf2\.15\.json: a\.first"):
        merging.merge([path])


def test_results_files_that_state_a_claim_differently_are_refused_by_both_names(tmp_path: Path) -> None:
    paths = [place_results(tmp_path, "2.15"), place_results(tmp_path, "2.16", record("a.first", section="Backend"))]

    with pytest.raises(BadTable, match=r"a\.first in .*tf2\.15\.json and .*tf2\.16\.json"):
        merging.merge(paths)
