"""JSON that anybody may have written is read within limits, or refused by one kind of error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_kerasch2.json_files import BadJson, JsonLimits, parse_json, read_json

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(blacklist_categories=("Cs",)))
LEAVES = st.none() | st.booleans() | FINITE | st.integers(-(2**63), 2**63) | TEXT
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20)

HOSTILE = {
    "deep lists": "[" * 100_000 + "]" * 100_000,
    "deep objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "just too deep": "[" * 102 + "]" * 102,
    "half of a character": '["\\ud800"]',
    "half of a character as a name": '{"\\udfff": 1}',
    "integer without end": "1" + "0" * 5000,
    "integer that no float holds": "1" + "0" * 399,
    "float out of range": "1e999",
    "not a number": "[NaN]",
    "infinite": "[-Infinity]",
    "a name twice": '{"a": 1, "a": 2}',
    "cut short": '{"a": ',
    "empty": "",
    "not UTF-8": b'["\xff"]',
    "a byte order mark": "\ufeff[]",
    "two values": "[] []",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_not_json_within_the_limits_is_refused(text: str | bytes) -> None:
    with pytest.raises(BadJson):
        parse_json(text)


@pytest.mark.parametrize(
    ("limits", "text"), [(JsonLimits(size=10), "[1, 2, 3, 4]"), (JsonLimits(values=3), "[[],[],[]]")]
)
def test_what_is_larger_than_the_limits_is_refused(limits: JsonLimits, text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")

    with pytest.raises(BadJson, match="more than"):
        read_json(tmp_path / "a.json", limits)


def test_a_refusal_does_not_quote_control_characters() -> None:
    with pytest.raises(BadJson) as caught:
        parse_json('{"\\u001b[31m": 1, "\\u001b[31m": 2}')

    assert "\x1b" not in str(caught.value)


@given(VALUES)
def test_what_was_written_is_read_back(value: Any) -> None:
    assert parse_json(json.dumps(value)) == value


def test_the_smallest_float_is_a_number() -> None:
    assert parse_json("[5e-324]") == [5e-324]


def test_constants_become_what_is_asked_for() -> None:
    assert parse_json("[NaN]", on_constant=lambda name: None) == [None]
