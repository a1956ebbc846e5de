"""All verdicts of one run as plain data: made from records, checked against the schema, written whole or not at all."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Dict, Iterable, Mapping

from pytest_kerasch2.claims import schema
from pytest_kerasch2.claims.model import Claim, Deviation, Record, Tried, Verdict, worst
from pytest_kerasch2.errors import BadLedger
from pytest_kerasch2.files import write_text
from pytest_kerasch2.json_files import read_json

SCHEMA = 1
# What of a deviation is a list as plain data
_LISTS = ("only", "backends")
Ledger = Dict[str, Any]


def build(
    records: Iterable[Record], environment: Mapping[str, Any], complete: bool = True, selected: bool = False
) -> Ledger:
    """Give the ledger of a run. Its order does not depend on the order of the records.

    Args:
        records: one for each check that ran; several of one claim are merged, the worst verdict wins.
        environment: what the run ran on, as the design's schema names it.
        complete: False for a run that did not look at every claim.
        selected: True for one that was to look at some of them, and did.
    """
    grouped: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda one: (one.claim.id, one.parameters, one.evidence)):
        grouped.setdefault(record.claim.id, []).append(record)
    return {
        "schema": SCHEMA,
        "complete": complete,
        **({"selected": True} if selected else {}),
        "environment": dict(environment),
        "claims": [_entry(same) for same in grouped.values()],
    }


def _entry(records: list[Record]) -> dict[str, Any]:
    first = records[0].claim
    verdict = worst([record.verdict for record in records])
    deviation = next((record.deviation for record in records if record.deviation is not None), None)
    return {
        "id": first.id,
        "section": first.section,
        "statement": first.statement,
        "kind": first.kind,
        "verdict": verdict.value,
        "expected": expected(verdict, deviation).value,
        "evidence": [line for record in records for line in _labelled(record)],
        "deviation": None if deviation is None else deviation.plain(),
        "instead": _instead(records),
        "remedy": next((record.remedy for record in records if record.remedy), ""),
        "checks": len(records),
        "seconds": round(sum(record.seconds for record in records), 3),
    }


def expected(verdict: Verdict, deviation: Deviation | None) -> Verdict:
    """Give the verdict that the deviations let expect; where nothing could be told, nothing else is expected."""
    if verdict in (Verdict.NOT_APPLICABLE, Verdict.COULD_NOT_TELL):
        return verdict
    return Verdict.HELD if deviation is None else Verdict.BROKEN


def _instead(records: list[Record]) -> list[dict[str, Any]]:
    """Give each replacement that was run once, though several checks of the claim ran it."""
    tried = dict.fromkeys(record.tried for record in records if record.tried is not None)
    return [{"write": one.write, "worked": one.worked, "evidence": list(one.evidence)} for one in tried]


def _labelled(record: Record) -> list[str]:
    return [f"[{record.parameters}] {line}" if record.parameters else line for line in record.evidence]


def packed(record: Record) -> dict[str, Any]:
    """Give a record as plain data that can cross to another process."""
    claim, known = record.claim, record.deviation
    return {
        "claim": {"id": claim.id, "statement": claim.statement, "section": claim.section, "kind": claim.kind},
        "verdict": record.verdict.value,
        "evidence": list(record.evidence),
        # What it says a reader writes is code to be run, which stays where it is; what came of that crosses.
        "deviation": None if known is None else dataclasses.asdict(dataclasses.replace(known, instead=None)),
        "remedy": record.remedy,
        "seconds": record.seconds,
        "parameters": record.parameters,
        "tried": None if record.tried is None else dataclasses.asdict(record.tried),
    }


def unpacked(plain: Mapping[str, Any]) -> Record:
    """Give back the record that `packed` made plain."""
    known, tried = plain["deviation"], plain["tried"]
    return Record(
        claim=Claim(**plain["claim"]),
        verdict=Verdict(plain["verdict"]),
        evidence=tuple(plain["evidence"]),
        deviation=None if known is None else Deviation(**{**known, **{name: tuple(known[name]) for name in _LISTS}}),
        remedy=plain["remedy"],
        seconds=plain["seconds"],
        parameters=plain["parameters"],
        tried=None if tried is None else Tried(tried["write"], tried["worked"], tuple(tried["evidence"])),
    )


def check_schema(ledger: Any) -> None:
    """Require that the ledger is of the published schema.

    Raises:
        BadLedger: naming the first place that is not as the schema says.
    """
    try:
        schema.require(ledger, Path(__file__).parent / "ledger.schema.json")
    except schema.Mismatch as error:
        raise BadLedger("A ledger is not of schema 1", str(error), "write it anew with --chapter-ledger") from error


def write(ledger: Ledger, path: Path) -> None:
    """Write the ledger under its name, whole or not at all.

    Raises:
        BadLedger: it does not fit the schema, or the place cannot be written; what stood there before still stands.
    """
    check_schema(ledger)
    write_text(json.dumps(ledger, indent=1, ensure_ascii=False, sort_keys=False) + "\n", path)


def read(path: Path) -> Ledger:
    """Give the ledger that a file holds, checked against the schema.

    Raises:
        BadLedger: the file is missing, is no JSON, or is of another schema.
    """
    try:
        ledger = read_json(path)
    except (OSError, ValueError) as error:
        raise BadLedger("A ledger cannot be read", f"{path}: {error}", "write it anew with --chapter-ledger") from error
    try:
        check_schema(ledger)
    except BadLedger as error:
        raise BadLedger(error.happened, f"{path}, {error.found}", error.remedy) from error
    return dict(ledger)
