"""The file of the release history: a line for each start of a column, or one that says why it cannot be measured."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Mapping, Sequence

from evaluation import release_history_suite
from matrix import paths, sources
from pytest_kerasch2 import __version__
from pytest_kerasch2.errors import BadResults
from pytest_kerasch2.files import write_text
from pytest_kerasch2.timing import compare_result

SCHEMA = 1
PLACE = Path(__file__).parent / "data" / "release-history.jsonl"

Line = Mapping[str, Any]


def of(column: str, against: str) -> dict[str, Any]:
    """Return what the lines of a column have in common: lines of anything else are not of the same measurement."""
    pins = {"pins": _pins(column), "against": against, "against_pins": _pins(against)}
    return {"column": column, **pins, "plugin": __version__, "suite": release_history_suite.VERSION}


def _pins(name: str) -> str:
    path = paths.pins(name)
    return sources.digest([path.read_bytes()])[:12] if path.exists() else "none"


def read(path: Path) -> list[Line]:
    """Return the lines of a file; none where there is no file.

    Raises:
        BadResults: a line is damaged, or of another schema.
    """
    kept_lines = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else [], 1):
        try:
            line = json.loads(text)
            is_ours = isinstance(line, dict) and line.get("schema") == SCHEMA
        except ValueError:
            is_ours = False
        if not is_ours:
            remedy = "take the line out, or measure anew into another file"
            raise BadResults("A release history cannot be read", f"line {number} of {path.name}", remedy)
        kept_lines.append(line)
    return kept_lines


def those(lines: Sequence[Line], fields: Mapping[str, Any]) -> list[Line]:
    """Return the lines of one measurement."""
    return [line for line in lines if all(line.get(name) == value for name, value in fields.items())]


def keep(line: Line, path: Path) -> None:
    """Add a line, in place of the one of the same start, of why there was none, and of other pins of its column.

    Raises:
        BadResults: the file is damaged, or cannot be written.
    """
    fields = of(line["column"], line["against"])
    same = {name: fields[name] for name in ("column", "against")}

    def stays(other: Line) -> bool:
        if not those([other], same):
            return True
        return bool(those([other], fields)) and "reason" not in other and other["start"] != line.get("start")

    lines = [*filter(stays, read(path)), {"schema": SCHEMA, **line}]
    write_text("".join(f"{json.dumps(one, allow_nan=False)}\n" for one in lines), path)


def shortened(pair: Mapping[str, Any]) -> dict[str, Any]:
    """Return the blocks of a pair as a line has them: turns as digits, and the seconds of each process."""
    return {
        "steps": pair["blocks"][0]["steps"],
        "order": ["".join(map(str, turn)) for turn in pair["order"]],
        "seconds": [process["seconds"] for process in pair["blocks"]],
    }


def log_ratio(mode: Mapping[str, Any]) -> float:
    """Return the logarithm of the ratio of the column to the common release in one mode of a line."""
    return compare_result.log_ratio(_blocks(mode), compare_result.CANDIDATE, of_round=math.fsum)


def common_step(mode: Mapping[str, Any]) -> float:
    """Return the seconds of a step of the common release in one mode of a line."""
    return compare_result.step_seconds(_blocks(mode), compare_result.BASELINE)


def _blocks(mode: Mapping[str, Any]) -> dict[str, Any]:
    steps = mode["steps"]
    return {"blocks": [{"steps": steps, "seconds": seconds} for seconds in mode["seconds"]]}
