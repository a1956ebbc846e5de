"""Hostile texts in each field of each file of ours: what is shown is built as if a harmless word stood there.

A tenth of the fields, drawn by a fixed seed, each with all of the texts at least once; `python -m
evaluation.hostile_texts` has all of both.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

pytest.importorskip("markdown_it", reason="Markdown is read by markdown-it-py, which rich brings")
pytest.importorskip("jinja2", reason="the page is made with Jinja2, of the extra `report`")
pytest.importorskip("matplotlib", reason="plots are drawn by Matplotlib, of the extra `plots`")
pytest.importorskip("scipy", reason="a gate needs SciPy, of the extra `accuracy`")

from evaluation import hostile_texts
from evaluation.foreign_files import KINDS
from evaluation.hostile_texts import TEXTS, Case

SEED = 25
DRAWN = {"results": 12, "table": 16, "comparison": 2, "steps": 2, "reference": 3}


def _drawn(kind: str) -> list[Case]:
    draw = random.Random(f"{SEED} {kind}")
    fields = hostile_texts.free(KINDS[kind])
    return [Case(0, kind, draw.choice(fields), text) for text in draw.sample(TEXTS, DRAWN[kind])]


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_changes_how_an_output_is_built(kind: str) -> None:
    baselines: dict[Any, Any] = {}

    wrong = [(case, one) for case in _drawn(kind) for one in hostile_texts.judged(case, baselines)["wrong"]]

    assert wrong == []


@pytest.mark.parametrize(
    ("language", "harmless", "hostile"),
    [
        ("terminal", "a", "a\n::error::b"),
        ("terminal", "a", "##[error]b"),
        ("terminal", "a", "\x1b[2J"),
        ("commands", "::error title=a::b", "::error title=a::b\n::error::c"),
        ("commands", "::error title=a::b", "::error title=a,line=1::b"),
        ("markdown", "| a |\n| --- |\n| b |", "| a |\n| --- |\n| b | c |\n| d |"),
        ("markdown", "a", "*a*"),
        ("markdown", "a", "<b>"),
        ("markdown", "a", "@b"),
        ("markdown", "a", "http://b"),
        ("html", '<script id="data">{}</script><p>a</p>', '<script id="data">{}</script><p><b>a</p>'),
        ("svg", "<svg><text>a</text></svg>", "<svg><text>a<script/></text></svg>"),
    ],
)
def test_control_what_passed_through_would_be_seen(language: str, harmless: str, hostile: str) -> None:
    assert hostile_texts.built(language, harmless) != hostile_texts.built(language, hostile)
