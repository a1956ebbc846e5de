from __future__ import annotations

import copy
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import pytest

from pytest_kerasch2.claims import results
from pytest_kerasch2.claims.model import Claim, KnownIssue, Record, Verdict, Workaround, WorkaroundRun
from pytest_kerasch2.errors import BadResults

ENVIRONMENT = {
    "plugin": "0.1.0",
    "tensorflow": "2.21.0",
    "keras": "3.15.1",
    "backend": "tensorflow",
    "python": "3.13.0",
    "numpy": "2.3.1",
    "platform": "Linux-x86_64",
    "devices": ["cpu:0"],
    "datasets": {"mnist": {"source": "mirror", "sha256": "00"}},
}
KNOWN = KnownIssue(
    "it moved", "https://example.org", "gone", since="2.16", only=("subclass",), backends=("tensorflow",)
)
CLAIM = Claim("a.b", "It is so.", "Somewhere", "code")
OTHER = Claim("a.c", "It is so, too.", "Somewhere", "prose")
RECORDS = [
    Record(OTHER, Verdict.HELD, ("seen",), seconds=0.1),
    Record(CLAIM, Verdict.HELD, ("seen",), seconds=0.25, parameters="functional"),
    Record(CLAIM, Verdict.BROKEN, ("gone",), KNOWN, seconds=0.25, parameters="subclass"),
]


def _results() -> results.Results:
    return results.build(RECORDS, ENVIRONMENT)


def test_checks_of_one_claim_are_merged_and_the_worst_wins() -> None:
    entry = _results()["claims"][0]

    assert (entry["id"], entry["verdict"], entry["checks"], entry["seconds"]) == ("a.b", "broken", 2, 0.5)


def test_the_evidence_says_of_which_parameters_it_is() -> None:
    assert _results()["claims"][0]["evidence"] == ["[functional] seen", "[subclass] gone"]


def test_a_known_issue_makes_broken_the_expected_verdict() -> None:
    assert [entry["expected"] for entry in _results()["claims"]] == ["broken", "held"]


def test_the_order_of_records_does_not_matter() -> None:
    assert results.build(reversed(RECORDS), ENVIRONMENT) == _results()


def test_what_is_built_is_of_the_schema() -> None:
    results.check_schema(_results())


@pytest.mark.parametrize("record", RECORDS, ids=["held", "held with parameters", "broken"])
def test_a_record_survives_the_way_to_another_process(record: Record) -> None:
    packed = json.loads(json.dumps(results.packed(record)))

    assert (results.unpacked(packed), results.unpacked(packed).parameters) == (record, record.parameters)


def _spoil(change: Callable[[Any], Any]) -> Any:
    spoiled = copy.deepcopy(_results())
    change(spoiled)
    return spoiled


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda it: it.update(schema=3), "schema"),
        (lambda it: it.pop("environment"), "the whole"),
        (lambda it: it["claims"][0].update(verdict="maybe"), "claims/0/verdict"),
        (lambda it: it["claims"][0].update(evidence=[]), "claims/0/evidence"),
        (lambda it: it["claims"][1].update(extra=1), "claims/1"),
        (lambda it: it["claims"][0]["known_issue"].update(source="hearsay"), "claims/0/known_issue"),
        (lambda it: it["environment"].update(devices="cpu"), "environment/devices"),
    ],
)
def test_results_that_are_not_of_the_schema_are_refused_with_the_place(
    change: Callable[[Any], Any], place: str
) -> None:
    with pytest.raises(BadResults, match=f"at {place}: "):
        results.check_schema(_spoil(change))


def test_written_results_read_back(tmp_path: Path) -> None:
    results.write(_results(), tmp_path / "l.json")

    assert results.read(tmp_path / "l.json") == _results()


def test_a_refused_results_leaves_the_old_file(tmp_path: Path) -> None:
    place = tmp_path / "l.json"
    place.write_text("old")

    with pytest.raises(BadResults):
        results.write(_spoil(lambda it: it.update(schema=3)), place)

    assert ([path.name for path in tmp_path.iterdir()], place.read_text()) == (["l.json"], "old")


@pytest.mark.parametrize("name", ["", "missing/l.json", "file/l.json"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(BadResults, match="Name a file in a folder"):
        results.write(_results(), tmp_path / name)


def test_a_failed_rename_leaves_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "not allowed")

    monkeypatch.setattr(Path, "replace", refuse)

    with pytest.raises(BadResults, match="not allowed"):
        results.write(_results(), tmp_path / "l.json")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1}'])
def test_damaged_results_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "l.json").write_text(text)

    with pytest.raises(BadResults):
        results.read(tmp_path / "l.json")


TRIED = WorkaroundRun("number = 5\n", True, ("the number: 5",))


def test_what_was_tried_instead_stands_once_though_several_checks_tried_it() -> None:
    both = [replace(record, tried=TRIED) for record in RECORDS[1:]]

    entry = results.build(both, ENVIRONMENT)["claims"][0]

    assert entry["workarounds"] == [{"write": "number = 5\n", "worked": True, "evidence": ["the number: 5"]}]


def test_what_was_tried_crosses_to_another_process_and_the_code_that_tried_it_does_not() -> None:
    code = Workaround("number = 5\n", lambda tf: {}, lambda names, record: None)
    record = replace(RECORDS[2], known_issue=replace(KNOWN, workaround=code), tried=TRIED)

    crossed = results.unpacked(json.loads(json.dumps(results.packed(record))))

    assert crossed == replace(record, known_issue=KNOWN)


def test_results_are_refused_after_the_library_of_schemas_was_imported_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an inner run of pytest leaves it: the classes of errors are others then."""
    results.write(_results(), tmp_path / "sound.json")
    results.read(tmp_path / "sound.json")
    (tmp_path / "damaged.json").write_text(json.dumps({"schema": 2}), encoding="utf-8")
    for name in [one for one in sys.modules if one.split(".")[0] == "fastjsonschema"]:
        monkeypatch.delitem(sys.modules, name)

    with pytest.raises(BadResults):
        results.read(tmp_path / "damaged.json")


def test_claims_come_by_section_in_the_order_given_and_then_by_id() -> None:
    sections = ("Saving", "Backend")
    named = [("c.c", "Backend"), ("a.a", "Appendix"), ("b.b", "Backend"), ("z.z", "Saving")]
    records = [Record(Claim(name, "It is so.", section, "code"), Verdict.HELD, ("seen",)) for name, section in named]

    claims = results.build(records, ENVIRONMENT, sections=sections)["claims"]

    assert [claim["id"] for claim in claims] == ["z.z", "b.b", "c.c", "a.a"]


def test_within_a_section_claims_come_in_the_order_of_the_chapter() -> None:
    records = [
        Record(Claim(name, "It is so.", "Backend", "code"), Verdict.HELD, ("seen",)) for name in ("b.a", "b.b", "b.c")
    ]

    claims = results.build(records, ENVIRONMENT, sections=("Backend",), ids=("b.c", "b.a", "b.c"))["claims"]

    assert [claim["id"] for claim in claims] == ["b.c", "b.a", "b.b"]
