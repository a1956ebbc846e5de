from __future__ import annotations

from typing import Any

from pytest_kerasch2.report import workaround_code
from tests.unit.test_report_compatibility_table import LATER, outcome, row


def _one(write: str = "network.build()\n", worked: bool = True) -> dict[str, Any]:
    return {"write": write, "worked": worked, "evidence": ["parameters: 407050"]}


def _text(*seen: Any) -> str:
    return "\n".join(workaround_code.blocks(seen))


def _seen(name: str, *tried: Any, **more: Any) -> Any:
    rows = outcome("broken", LATER, workarounds=list(tried))
    return {**row(name, rows), **more}, rows


def test_the_lines_stand_in_a_block_with_what_was_seen() -> None:
    actual = _text(_seen("a.built", _one()))

    assert (
        "For `a.built` write\n\n```python\nnetwork.build()\n```\n\nRun on this release: parameters: 407050." in actual
    )


def test_lines_that_serve_several_claims_stand_once() -> None:
    actual = _text(_seen("a.built", _one()), _seen("a.counted", _one()))

    assert ("For `a.built`, `a.counted` write" in actual, actual.count("network.build()")) == (True, 1)


def test_lines_that_do_not_work_are_told_as_that() -> None:
    assert "**Run on this release, it does not work**: parameters: 407050." in _text(_seen("a.b", _one(worked=False)))


def test_one_failure_among_claims_is_not_hidden_by_the_others() -> None:
    actual = _text(_seen("a.b", _one(worked=False)), _seen("a.c", _one()))

    assert "it does not work" in actual


def test_code_for_which_nothing_is_known_is_named() -> None:
    assert "No other lines are known to us for `a.b`." in _text(_seen("a.b", kind="code"))


def test_a_sentence_needs_no_other_lines() -> None:
    assert _text(_seen("a.b", kind="prose")) == ""


def test_lines_cannot_end_their_block() -> None:
    assert _text(_seen("a.b", _one("'''\n```\n# x\n"))).count("````") == 2
