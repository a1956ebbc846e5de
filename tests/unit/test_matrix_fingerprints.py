"""What is run again, and how a part of a results file is merged into the whole."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

if sys.version_info < (3, 9):
    pytest.skip("the matrix is run by CPython 3.9 or newer", allow_module_level=True)

from matrix import backport, fingerprints, merging, paths, sources
from matrix.columns import Column
from matrix.fingerprints import ALL, NOTHING, ColumnWork, Fingerprint, State
from pytest_kerasch2 import chapter

NOW = Fingerprint("w", {"one": "1", "two": "2", "three": "3"})
COLUMN = Column("tf2.15", "TensorFlow 2.15", "tensorflow", "3.11", ("tensorflow==2.15.1",))
PLUGIN = sources.Sources("plugin", {"one": "1"})


def _before(**sections: str) -> State:
    return State(replace(NOW, sections={**NOW.sections, **sections}), failed=False, seconds=60.0)


def test_what_was_never_run_is_run_whole() -> None:
    assert fingerprints.work(None, NOW, []) == ALL


def test_what_has_not_changed_is_not_run() -> None:
    assert fingerprints.work(_before(), NOW, []) == NOTHING


def test_another_plugin_or_other_pins_ask_for_all() -> None:
    assert fingerprints.work(_before(), replace(NOW, whole="other"), []) == ALL


def test_a_changed_section_is_run_alone() -> None:
    assert fingerprints.work(_before(two="old"), NOW, []) == ColumnWork(True, ("two",))


def test_sections_that_decide_a_claim_together_are_run_together() -> None:
    assert fingerprints.work(_before(two="old"), NOW, [frozenset({"two", "three"})]) == ColumnWork(
        True, ("two", "three")
    )


def test_all_sections_changed_is_a_run_of_the_whole() -> None:
    assert fingerprints.work(_before(one="x", two="x", three="x"), NOW, []) == ALL


@pytest.mark.parametrize(
    ("column", "plugin"),
    [
        (replace(COLUMN, requires=("tensorflow==2.15.0",)), PLUGIN),
        (replace(COLUMN, variables={"KERAS_BACKEND": "jax"}), PLUGIN),
        (COLUMN, replace(PLUGIN, plugin="other")),
    ],
)
def test_a_fingerprint_is_of_release_and_plugin(column: Column, plugin: sources.Sources) -> None:
    assert fingerprints.fingerprint(column, plugin).whole != fingerprints.fingerprint(COLUMN, PLUGIN).whole


def test_a_fingerprint_is_of_the_pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "PINS", tmp_path)
    before = fingerprints.fingerprint(COLUMN, PLUGIN)

    (tmp_path / "tf2.15.txt").write_text("numpy==1.26.4\n", encoding="utf-8")

    assert fingerprints.fingerprint(COLUMN, PLUGIN) != before


def test_how_the_copy_for_an_older_interpreter_is_made_counts_there(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = (COLUMN, replace(COLUMN, python="3.6"))
    before = [fingerprints.fingerprint(column, PLUGIN) for column in columns]

    monkeypatch.setattr(backport, "digest", lambda: b"another")

    assert [old == fingerprints.fingerprint(one, PLUGIN) for old, one in zip(before, columns)] == [True, False]


def test_words_for_people_change_no_fingerprint() -> None:
    renamed = replace(COLUMN, label="2.15")

    assert fingerprints.fingerprint(renamed, PLUGIN) == fingerprints.fingerprint(COLUMN, PLUGIN)


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    fingerprints.write(_before(), tmp_path / "a.json")

    assert fingerprints.read(tmp_path / "a.json") == _before()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"fingerprint": {"other": 1}, "failed": false, "seconds": 1}'])
def test_a_state_of_another_time_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")

    assert fingerprints.read(tmp_path / "a.json") is None


def _results(*ids: str, evidence: str = "old", datasets: Any = None, complete: bool = True) -> Any:
    environment = {"keras": "2.15.0", "datasets": datasets or {}}
    fields = {"evidence": [evidence], "verdict": "held", "expected": "held", "workarounds": [], "section": "Features"}
    claims = [{"id": name, **fields} for name in ids]
    return {"schema": 2, "complete": complete, "environment": environment, "claims": claims}


def _seen(results: Any) -> dict[str, str]:
    return {entry["id"]: entry["evidence"][0] for entry in results["claims"]}


def test_a_part_replaces_its_claims_and_leaves_the_others() -> None:
    actual = merging.merged(_results("a.x", "b.x", "c.x"), _results("b.x", evidence="new"), frozenset({"a.x", "c.x"}))

    assert _seen(actual) == {"a.x": "old", "b.x": "new", "c.x": "old"}


def test_a_claim_that_its_section_no_longer_has_is_gone() -> None:
    actual = merging.merged(_results("a.x", "b.old"), _results("b.new", evidence="new"), frozenset({"a.x"}))

    assert list(_seen(actual)) == ["a.x", "b.new"]


def test_data_sets_of_both_parts_are_told() -> None:
    actual = merging.merged(
        _results("a.x", datasets={"mnist": 1}), _results("b.x", datasets={"imdb": 2}), frozenset({"a.x"})
    )

    assert actual["environment"]["datasets"] == {"mnist": 1, "imdb": 2}


def test_a_results_file_with_an_incomplete_part_is_incomplete() -> None:
    actual = merging.merged(_results("a.x"), _results("b.x", complete=False), frozenset({"a.x"}))

    assert actual["complete"] is False


def test_sections_with_a_claim_in_common_are_a_group() -> None:
    claims = {
        "one": frozenset({"a", "b"}),
        "two": frozenset({"c"}),
        "three": frozenset({"b", "d"}),
        "four": frozenset("d"),
    }

    assert merging.shared(claims) == [frozenset({"one", "three", "four"})]


def test_each_claim_of_the_chapter_is_decided_in_one_section() -> None:
    claims = merging.claims_of(chapter.SECTIONS)

    assert (merging.shared(claims), all(claims.values())) == ([], True)


def test_a_verdict_that_is_not_as_recorded_is_unexplained() -> None:
    results = _results("a.x", "b.x")
    results["claims"][1]["verdict"] = "broken"

    assert merging.unexplained(results) == ["b.x"]
