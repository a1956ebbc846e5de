"""Whether what this plugin changed in somebody's suite would be seen."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from evaluation import interference, interference_page

ONE: dict[str, Any] = {
    "version": "1", "tests": 2, "unsteady": [], "ids": [], "outcomes": {}, "imported": [],
    "exits": {"with": [0], "without": [0]}, "seconds": {"with": [1.2, 1.1, 1.0], "without": [1.0, 1.1, 1.05]},
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"ids": ["t.py::a"]}, {"outcomes": {"t.py::a": ["passed", "failed"]}}, {"imported": ["tensorflow"]},
     {"exits": {"with": [2], "without": [0]}}],
)  # fmt: skip
def test_every_kind_of_difference_makes_a_suite_affected(change: Any) -> None:
    assert (interference_page.is_affected(ONE), interference_page.is_affected({**ONE, **change})) == (False, True)


def test_an_outcome_that_is_never_as_before_is_a_change() -> None:
    steady, failing = {"a": "passed"}, [{"a": "failed"}, {"a": "failed"}]

    assert interference._changed(steady, failing) == {"a": ["passed", "failed", "failed"]}


def test_a_test_that_is_missing_is_a_change() -> None:
    assert interference._changed({"a": "passed"}, [{}]) == {"a": ["passed", "absent"]}


def test_an_outcome_that_comes_and_goes_is_chance() -> None:
    assert interference._changed({"a": "passed"}, [{"a": "failed"}, {"a": "passed"}]) == {}


@pytest.mark.parametrize(
    ("actual", "expected"), [(["a", "b"], []), (["b", "a"], ["their order"]), (["a", "a[cpu:0]"], ["a[cpu:0]", "b"])]
)
def test_ids_and_their_order_are_compared(actual: list[str], expected: list[str]) -> None:
    assert interference._differences([["a", "b"]], dict.fromkeys(actual, "passed")) == expected


def test_time_is_compared_by_medians() -> None:
    assert interference_page.ratio(ONE) == pytest.approx(1.1 / 1.05)


@pytest.mark.skipif(sys.version_info < (3, 8), reason="the page is made with the newest CPython")
def test_the_page_is_that_of_the_data() -> None:
    import json

    actual = json.loads(interference.RESULTS.read_text(encoding="utf-8"))

    assert interference_page.page(actual) == interference.PAGE.read_text(encoding="utf-8")
