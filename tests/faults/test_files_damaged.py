"""Damaged files of each kind, a few by a fixed seed: refused by an error of the family, or shown like a sound one.

`python -m evaluation.damaged_files` has 2,000 of each.
"""

from __future__ import annotations

import pytest

pytest.importorskip("markdown_it", reason="Markdown is read by markdown-it-py, which rich brings")
pytest.importorskip("jinja2", reason="the page is made with Jinja2, of the extra `report`")
pytest.importorskip("matplotlib", reason="plots are drawn by Matplotlib, of the extra `plots`")
pytest.importorskip("scipy", reason="a gate needs SciPy, of the extra `accuracy`")

from evaluation import damaged_files

CASES = {"npz": 200, "results": 60, "table": 60, "comparison": 6, "steps": 6, "reference": 4}


@pytest.mark.parametrize("kind", CASES)
def test_a_damaged_file_is_refused_or_shown(kind: str) -> None:
    actual = {number: damaged_files.judged(kind, damaged_files.damaged(kind, number)) for number in range(CASES[kind])}

    assert {number: one for number, one in actual.items() if one not in ("refused", "shown")} == {}


@pytest.mark.parametrize("kind", CASES)
def test_control_a_sound_file_is_shown(kind: str) -> None:
    assert damaged_files.judged(kind, damaged_files._sound(kind)) == "shown"
