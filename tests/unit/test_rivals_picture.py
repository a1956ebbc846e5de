"""The figure of the rivals: what stands where, in words and in signs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluation import rivals_picture
from evaluation.rivals_record import Finished, Trial
from evaluation.rivals_rules import OURS

matplotlib = pytest.importorskip("matplotlib", reason="pictures need pytest-kerasch2[plots]")
SECONDS = {"measured": 40.0, "all": 90.0}
# Of four suites of each, so many are told to be slower by each rule.
RED = {("pyperf", 0.0): 1, ("pyperf", 0.05): 3, (OURS, 0.0): 0, (OURS, 0.05): 4}
ENDED = [
    Finished(Trial(rule, "idle", share, number), {rule: {"fit": number < red, "train_on_batch": False}}, SECONDS, {})
    for (rule, share), red in RED.items()
    for number in range(4)
]


def test_it_is_told_in_words_too() -> None:
    assert rivals_picture.description(ENDED) == (
        "Suites that were unchanged, of which were told to be slower by pyperf 1 of 4, kerasch2 compare 0 of 4. "
        "Suites that were slower by 5 %, of which were told to be slower by pyperf 3 of 4, kerasch2 compare 4 of 4."
    )


def test_each_rule_has_a_row_with_its_count() -> None:
    import matplotlib.figure

    drawn: Any = rivals_picture.figure(matplotlib, ENDED)

    honest, slower = drawn.axes
    assert [text.get_text() for text in honest.get_yticklabels()] == ["pyperf", OURS]
    assert [text.get_text() for text in honest.texts] == ["1 of 4", "0 of 4"]
    assert [text.get_text() for text in slower.texts] == ["3 of 4", "4 of 4"]


def test_what_a_rule_was_not_asked_is_said() -> None:
    import matplotlib.figure

    ended = [one for one in ENDED if one.trial.rival == OURS or not one.trial.planted]

    drawn: Any = rivals_picture.figure(matplotlib, ended)

    assert [text.get_text() for text in drawn.axes[1].texts] == ["not measured", "4 of 4"]


def test_a_sign_lies_between_its_bounds() -> None:
    import matplotlib.figure

    drawn: Any = rivals_picture.figure(matplotlib, ENDED)

    (low, high), (result,) = (line.get_xdata() for line in drawn.axes[0].lines[:2])
    # The exact bounds of 1 of 4, of 5 % each: 1 - 0.95 ** (1 / 4), and where (1 - p) ** 3 * (1 + 3 * p) is 0.05.
    assert (low, result, high) == (pytest.approx(1.274, abs=0.001), 25, pytest.approx(75.14, abs=0.01))


def test_it_is_written_whole(tmp_path: Path) -> None:
    rivals_picture.draw(ENDED, tmp_path / "rivals.png")

    assert (tmp_path / "rivals.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["rivals.png"]
