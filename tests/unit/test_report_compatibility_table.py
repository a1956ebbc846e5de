from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, Callable

import pytest

from pytest_kerasch2.errors import BadTable
from pytest_kerasch2.report import compatibility_table

COUNTS = {"held": 1, "broken": 0, "not_applicable": 0, "inconclusive": 0}
FACTS = {"tensorflow": "2.15.1", "keras": "2.15.0", "backend": "tensorflow", "python": "3.11.7", "numpy": "1.26.4"}
NAME = "2.15/2.15.0/tensorflow"
LATER = "2.16/3.15.1/tensorflow"


def column(name: str, label: str, before: str | None = None, series: str = "tensorflow", **more: Any) -> Any:
    """Make a column up; with `absent`, one without a results file."""
    heading = {"name": name, "environment": f"env-{label}", "series": series, "before": before, "label": label}
    rest = {"complete": True, **FACTS, "platform": "Linux-x86_64", "counts": COUNTS}
    return {**heading, **({} if "absent" in more else rest), **more}


def outcome(verdict: str, *releases: str, **more: Any) -> Any:
    """Make up what was seen on some releases."""
    plain = {
        "verdict": verdict,
        "expected": verdict,
        "evidence": ["as seen"],
        "known_issue": None,
        "workarounds": [],
        "remedy": "",
    }
    return {**plain, **more, "releases": list(releases)}


def row(name: str, *outcomes: Any, section: str = "Features") -> Any:
    """Make up a row of the table."""
    fields = {"id": name, "section": section, "statement": f"Statement of {name}.", "kind": "code"}
    return {**fields, "outcomes": list(outcomes)}


def cause(text: str, source: str = "https://example.org/why") -> Any:
    """Make up why something is broken."""
    return {"cause": text, "since": None, "until": None, "source": source}


def table(columns: Any, rows: Any) -> Any:
    """Make up a table."""
    return {"schema": 2, "plugin": "0.1.0", "releases": list(columns), "claims": list(rows)}


def _table() -> Any:
    columns = [column(NAME, "2.15"), column(LATER, "2.16", NAME), column("", "2.17", absent="no CPython 3.12")]
    seen = [outcome("held", NAME), outcome("broken", LATER, known_issue=cause("It moved."))]
    return table(columns, [row("a.first", *seen)])


def test_a_table_reads_back_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(compatibility_table.text(_table()), encoding="utf-8")

    assert compatibility_table.read(tmp_path / "t.json") == _table()


def test_only_columns_with_a_results_file_are_present() -> None:
    assert [one["label"] for one in compatibility_table.present(_table())] == ["2.15", "2.16"]


def test_a_cell_is_found_by_its_release() -> None:
    actual = compatibility_table.cells(_table()["claims"][0])

    assert {name: seen["verdict"] for name, seen in actual.items()} == {NAME: "held", LATER: "broken"}


SPOILED: list[tuple[Callable[[Any], Any], str]] = [
    (lambda it: it.update(schema=3), "at schema: "),
    (lambda it: it.pop("plugin"), "at the whole: "),
    (lambda it: it.update(more=1), "at the whole: "),
    (lambda it: it.update(releases=[]), "at releases: "),
    (lambda it: it["releases"][0].pop("counts"), "at releases/0: "),
    (lambda it: it["releases"][0].update(name="2.15"), "at releases/0/name: "),
    (lambda it: it["releases"][2].update(counts=COUNTS), "at releases/2: "),
    (lambda it: it["releases"][2].update(absent=""), "at releases/2/absent: "),
    (lambda it: it["releases"][1].update(before="2.14/2.14.0/tensorflow"), "compared with 2.14/2.14.0/tensorflow"),
    (lambda it: it["releases"].append(it["releases"][0]), f"two columns are {NAME}"),
    (lambda it: it["claims"][0].update(outcomes=[]), "at claims/0/outcomes: "),
    (lambda it: it["claims"][0]["outcomes"][0].update(verdict="maybe"), "at claims/0/outcomes/0/verdict: "),
    (lambda it: it["claims"][0]["outcomes"][0].update(releases=["2.14/2.14.0/tensorflow"]), "which is no column"),
    (lambda it: it["claims"][0]["outcomes"][0].update(releases=[LATER]), f"two outcomes on {LATER}"),
]


@pytest.mark.parametrize(("change", "place"), SPOILED, ids=[place for _, place in SPOILED])
def test_a_damaged_table_is_not_written(change: Callable[[Any], Any], place: str) -> None:
    spoiled = copy.deepcopy(_table())
    change(spoiled)

    with pytest.raises(BadTable) as refused:
        compatibility_table.text(spoiled)

    assert place in refused.value.found


def test_a_damaged_table_is_refused_by_name_when_read(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(json.dumps({**_table(), "schema": 3}), encoding="utf-8")

    with pytest.raises(BadTable, match=r"not of schema 2: .*t\.json, at schema"):
        compatibility_table.read(tmp_path / "t.json")


@pytest.mark.parametrize("text", [None, "", "no JSON"])
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "t.json").write_text(text, encoding="utf-8")

    with pytest.raises(BadTable, match=r"cannot be read: .*t\.json"):
        compatibility_table.read(tmp_path / "t.json")


def test_a_refusal_does_not_quote_a_whole_table() -> None:
    with pytest.raises(BadTable) as refused:
        compatibility_table.check(["x" * 40] * 1000)

    assert len(str(refused.value)) < 500
