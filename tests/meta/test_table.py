"""The committed compatibility table: whole, explained, of no machine, and in each of its forms the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2.report import compatibility_table, page, release_changes, table_markdown
from pytest_kerasch2.report.chapter_summary import is_explained

DOCS = Path(__file__).parents[2] / "docs"
PLACES = re.compile(r"(?<![\w:/.])(/(home|tmp|root|usr|opt|var|mnt|work|Users)/|[A-Z]:\\)")


@pytest.fixture(scope="module")
def table() -> Any:
    return compatibility_table.read(DOCS / "compatibility.json")


def test_every_release_has_a_whole_results(table: Any) -> None:
    lacking = [one["environment"] for one in table["releases"] if "absent" in one or not one["complete"]]

    assert (lacking, len(table["releases"]) >= 45) == ([], True)


def test_every_cell_is_as_recorded(table: Any) -> None:
    red = [(row["id"], one["releases"]) for row in table["claims"] for one in row["outcomes"] if not is_explained(one)]

    assert red == []


def test_every_broken_cell_has_its_cause(table: Any) -> None:
    broken = [one for row in table["claims"] for one in row["outcomes"] if one["verdict"] == "broken"]

    assert [one for one in broken if one["known_issue"] is None] == []


def test_no_place_of_a_machine_is_in_it() -> None:
    text = (DOCS / "compatibility.json").read_text(encoding="utf-8")

    assert PLACES.findall(text) == []


@pytest.mark.parametrize(
    ("name", "render"),
    [
        ("compatibility.md", table_markdown.page),
        ("compatibility.html", page.render),
        ("what-changed.md", release_changes.page),
    ],
)
def test_each_page_is_that_of_the_data(table: Any, name: str, render: Any) -> None:
    pytest.importorskip("jinja2", reason="the page is made with Jinja2, of the extra `report`")
    # Told apart by length first, because the difference of two texts of a megabyte takes minutes to show.
    built, committed = render(table), (DOCS / name).read_text(encoding="utf-8")

    assert len(built) == len(committed)
    assert built == committed
