"""All verdicts of one run as plain data: made from records, checked against the schema, written whole or not at all."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Dict, Iterable, Mapping, Sequence

from pytest_kerasch2.claims import schema
from pytest_kerasch2.claims.model import Claim, KnownIssue, Record, Verdict, WorkaroundRun, worst
from pytest_kerasch2.claims.schema_1 import upgraded
from pytest_kerasch2.errors import BadResults
from pytest_kerasch2.files import write_text
from pytest_kerasch2.json_files import read_json

SCHEMA = 2
REMEDY = "write it again with --chapter-results"
# What of a known issue is a list as plain data
_LISTS = ("only", "backends")
Results = Dict[str, Any]


def build(
    records: Iterable[Record],
    environment: Mapping[str, Any],
    complete: bool = True,
    selected: bool = False,
    sections: Sequence[str] = (),
    ids: Sequence[str] = (),
) -> Results:
    """Return the results file of a run. Its order does not depend on the order of the records.

    Args:
        records: one for each check that ran; several of one claim are merged, the worst verdict wins.
        environment: what the run ran on, as the design's schema names it.
        complete: False for a run that did not look at every claim.
        selected: True for one that was to look at some of them, and did.
        sections: the headings in their order, by which the claims are sorted first.
        ids: the claims in the order of the chapter, by which they are sorted within a section.
    """
    grouped: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda one: (one.claim.id, one.parameters, one.evidence)):
        grouped.setdefault(record.claim.id, []).append(record)
    return {
        "schema": SCHEMA,
        "complete": complete,
        **({"selected": True} if selected else {}),
        "environment": dict(environment),
        "claims": in_order([_entry(same) for same in grouped.values()], sections, ids),
    }


def in_order(
    entries: Iterable[dict[str, Any]], sections: Sequence[str], ids: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return the claims of a results file by section, then as named; what is not named comes last, sorted by its id."""
    place = {heading: number for number, heading in enumerate(sections)}
    own = {name: number for number, name in enumerate(dict.fromkeys(ids))}

    def key(entry: Mapping[str, Any]) -> tuple[int, int, str]:
        return place.get(entry["section"], len(place)), own.get(entry["id"], len(own)), entry["id"]

    return sorted(entries, key=key)


def _entry(records: list[Record]) -> dict[str, Any]:
    first = records[0].claim
    verdict = worst([record.verdict for record in records])
    known_issue = next((record.known_issue for record in records if record.known_issue is not None), None)
    return {
        "id": first.id,
        "section": first.section,
        "statement": first.statement,
        "kind": first.kind,
        "verdict": verdict.value,
        "expected": expected(verdict, known_issue).value,
        "evidence": [line for record in records for line in _labelled(record)],
        "known_issue": None if known_issue is None else known_issue.to_dict(),
        "workarounds": _workarounds(records),
        "remedy": next((record.remedy for record in records if record.remedy), ""),
        "checks": len(records),
        "seconds": round(sum(record.seconds for record in records), 3),
    }


def expected(verdict: Verdict, known_issue: KnownIssue | None) -> Verdict:
    """Return the verdict that the known issues let expect; where nothing could be told, nothing else is expected."""
    if verdict in (Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE):
        return verdict
    return Verdict.HELD if known_issue is None else Verdict.BROKEN


def _workarounds(records: list[Record]) -> list[dict[str, Any]]:
    """Return each workaround that was run once, though several checks of the claim ran it."""
    tried = dict.fromkeys(record.tried for record in records if record.tried is not None)
    return [{"write": one.write, "worked": one.worked, "evidence": list(one.evidence)} for one in tried]


def _labelled(record: Record) -> list[str]:
    return [f"[{record.parameters}] {line}" if record.parameters else line for line in record.evidence]


def packed(record: Record) -> dict[str, Any]:
    """Return a record as plain data that can cross to another process."""
    claim, issue = record.claim, record.known_issue
    return {
        "claim": {"id": claim.id, "statement": claim.statement, "section": claim.section, "kind": claim.kind},
        "verdict": record.verdict.value,
        "evidence": list(record.evidence),
        # What it says a reader writes is code to be run, which stays where it is; what came of that crosses.
        "known_issue": None if issue is None else dataclasses.asdict(dataclasses.replace(issue, workaround=None)),
        "remedy": record.remedy,
        "seconds": record.seconds,
        "parameters": record.parameters,
        "tried": None if record.tried is None else dataclasses.asdict(record.tried),
    }


def unpacked(fields: Mapping[str, Any]) -> Record:
    """Return the record that `packed` made plain."""
    issue, tried = fields["known_issue"], fields["tried"]
    return Record(
        claim=Claim(**fields["claim"]),
        verdict=Verdict(fields["verdict"]),
        evidence=tuple(fields["evidence"]),
        known_issue=None if issue is None else KnownIssue(**{**issue, **{name: tuple(issue[name]) for name in _LISTS}}),
        remedy=fields["remedy"],
        seconds=fields["seconds"],
        parameters=fields["parameters"],
        tried=None if tried is None else WorkaroundRun(tried["write"], tried["worked"], tuple(tried["evidence"])),
    )


def check_schema(results: Any) -> None:
    """Require that the results file is of the published schema.

    Raises:
        BadResults: naming the first place that is not as the schema says.
    """
    try:
        schema.require(results, Path(__file__).parent / "results.schema.json")
    except schema.Mismatch as error:
        raise BadResults(
            f"A results file is not of schema {SCHEMA}", str(error), "write it again with --chapter-results"
        ) from error


def write(results: Results, path: Path) -> None:
    """Write the results file under its name, whole or not at all.

    Raises:
        BadResults: it does not fit the schema, or the place cannot be written; what stood there before still stands.
    """
    check_schema(results)
    write_text(json.dumps(results, indent=1, ensure_ascii=False, sort_keys=False) + "\n", path)


def read(path: Path) -> Results:
    """Return the results file that a file holds, checked against the schema.

    Raises:
        BadResults: the file is missing, is no JSON, or is of another schema.
    """
    try:
        results = upgraded(read_json(path))
    except (OSError, ValueError) as error:
        raise BadResults(
            "A results file cannot be read", f"{path}: {error}", "write it anew with --chapter-results"
        ) from error
    try:
        check_schema(results)
    except BadResults as error:
        raise BadResults(error.happened, f"{path}, {error.found}", error.remedy) from error
    return dict(results)
