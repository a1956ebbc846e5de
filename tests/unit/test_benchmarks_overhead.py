"""What is made of measured pairs; how they are measured needs a machine that is idle."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from evaluation import overhead, overhead_works
from evaluation.overhead_works import WORKS
from pytest_kerasch2.errors import BadResults

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")


def _start(ratio: float, **others: float) -> dict[str, Any]:
    def work(ratio: float) -> dict[str, Any]:
        pair = {"order": "HBBH", "hand": [0.001, 0.003], "told": [0.002 * ratio] * 2, "whole": [0.004] * 2}
        beside = {"hand": [0.002], "told": [0.003], "whole": [0.002]}
        return {"steps": 10, "pairs": [pair] * 3, "beside": beside}

    about = {"tensorflow": "2", "keras": "3", "python": "3", "cores": 2, "load": 0.1}
    return {"seed": 0, "environment": about, "works": {name: work(others.get(name, ratio)) for name in WORKS}}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(overhead, "PLACE", tmp_path / "overhead.json")
    return tmp_path / "overhead.json"


def _kept(place: Path, *starts: dict[str, Any]) -> None:
    place.write_text(json.dumps({"schema": overhead.SCHEMA, "starts": starts}), encoding="utf-8")


def test_a_ratio_is_that_of_the_mean_of_both_blocks() -> None:
    kept = {"starts": [_start(1.1), _start(1.1)]}

    assert overhead.relative_to_hand(kept, "graph", "told").estimate == pytest.approx(1.1)


def test_an_interval_is_of_the_starts_and_not_of_their_pairs() -> None:
    kept = {"starts": [_start(1.0), _start(1.02)]}

    span = overhead.relative_to_hand(kept, "graph", "told")

    # Student's of one degree of freedom, at 2.5 % on each side.
    assert math.log(span.high / span.estimate) == pytest.approx(12.706 * math.log(1.02) / 2, rel=1e-3)


def test_one_start_tells_no_interval() -> None:
    span = overhead.relative_to_hand({"starts": [_start(1.0)]}, "graph", "told")

    assert (span.low, span.high) == (0.0, math.inf)


def test_the_section_says_of_each_spin_whether_it_is_reached(place: Path) -> None:
    _kept(place, *[_start(1.001, **{"spin 2 ms": 1.02})] * 3)

    rows = [line for line in overhead.section().splitlines() if line.startswith(("| spin", "| graph", "| fit"))]

    assert [row.split("|")[4].strip() for row in rows] == ["reached", "**not reached**", "reached", "", ""]


def test_nothing_is_made_of_nothing(place: Path) -> None:
    with pytest.raises(BadResults, match="Nothing was measured yet"):
        overhead.section()


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 0}'])
def test_a_file_that_is_damaged_or_of_another_schema_is_refused(place: Path, text: str) -> None:
    place.write_text(text, encoding="utf-8")

    with pytest.raises(BadResults, match=r"overhead\.json cannot be used"):
        overhead.read()


def test_a_spin_is_timed_and_checked_by_the_harness() -> None:
    spin = overhead_works.Spin(10)

    run = overhead_works.SPINNING.make(spin)  # type: ignore[arg-type]
    run(7)

    assert (spin.update_count(), spin.weight_hashes()) == (7, {"weight": "7"})
