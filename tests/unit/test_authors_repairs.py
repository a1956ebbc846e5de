"""The oracle of authors: which lines count as a repair, what is put beside what, and what the page says."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from evaluation import authors_repairs
from evaluation.authors_repairs import REPAIRS


@pytest.mark.parametrize(
    ("kind", "before", "after", "counts"),
    [
        ("lr=", "o = SGD(lr=0.1)", "o = SGD(learning_rate=0.1)", True),
        ("lr=", "o = SGD(lr=0.1)", "o = SGD(lr=0.2)", False),
        ("lr=", "# o = SGD(lr=0.1)", "# o = SGD(learning_rate=0.1)", False),
        ("name of a file of weights", "m.save_weights('a')", "m.save_weights('a.weights.h5')", True),
        ("name of a file of weights", "m.save_weights('a.weights.h5')", "m.save_weights('b.weights.h5')", False),
    ],
)
def test_what_counts_as_a_repair(kind: str, before: str, after: str, counts: bool) -> None:
    assert authors_repairs.is_repair(kind, *REPAIRS[kind], before, after) == counts


def test_lines_are_paired_in_order_or_by_likeness() -> None:
    assert list(authors_repairs.replaced(["a", "b"], ["x", "y"])) == [("a", "x"), ("b", "y")]
    assert list(authors_repairs.replaced(["fit(x, 1)"], ["import os", "fit(x, 2)"])) == [("fit(x, 1)", "fit(x, 2)")]


def test_blanks_quotes_and_comments_make_no_difference() -> None:
    assert authors_repairs.bare(" f('a', 1),  # why") == authors_repairs.bare('f("a",1)')
    assert authors_repairs.bare("f(1)") != authors_repairs.bare("f(2)")


def test_the_page_has_the_shares() -> None:
    page = authors_repairs.page({"lr=": Counter(equal=3, other=1, told=1, missed=5)}, {"lr=": {("a/b", "1")}})

    assert "**10 repairs: 40 % are found and patched, and 75 % of these patches" in page
    assert "| lr= | 1 | 10 | 3 | 1 | 1 | 5 |" in page
