"""The figure of the rivals: what stands where, in words and in signs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import rivals_picture
from benchmarks.rivals_resampled import Rate
from benchmarks.rivals_rules import OURS

matplotlib = pytest.importorskip("matplotlib", reason="pictures need pytest-kerasch2[plots]")
RATES = [
    Rate(rule, kind, planted, trials=200, suites_red=red)
    for rule, kind, planted, red in (
        ("pyperf", "idle", 0.0, 20),
        ("pyperf", "busy", 0.0, 60),
        ("pyperf", "idle", 0.05, 190),
        ("pyperf", "busy", 0.05, 170),
        (OURS, "idle", 0.0, 0),
        (OURS, "busy", 0.0, 2),
        (OURS, "idle", 0.05, 200),
        (OURS, "busy", 0.05, 196),
    )
]


def test_it_is_told_in_words_too() -> None:
    assert rivals_picture.told(RATES) == (
        "Suites that are unchanged, of which are told to be slower by pyperf 20.0%, kerasch2 compare 0.5%. "
        "Suites that are slower by 5%, of which are told to be slower by pyperf 90.0%, kerasch2 compare 99.0%."
    )


def test_each_rule_has_a_row_and_each_load_a_sign() -> None:
    import matplotlib.figure

    drawn: Any = rivals_picture.figure(matplotlib, RATES)

    honest, slower = drawn.axes
    assert [text.get_text() for text in honest.get_yticklabels()] == ["pyperf", OURS]
    assert {line.get_label(): list(line.get_xdata()) for line in honest.lines} == {"idle": [10, 0], "busy": [30, 1]}
    assert {line.get_label(): list(line.get_xdata()) for line in slower.lines} == {"idle": [95, 100], "busy": [85, 98]}


def test_it_is_written_whole(tmp_path: Path) -> None:
    rivals_picture.draw(RATES, tmp_path / "rivals.png")

    assert (tmp_path / "rivals.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["rivals.png"]
