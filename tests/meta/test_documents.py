"""Links of the documents lead to what is there: a file of the project, or a heading."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def _text(page: Path) -> str:
    # What stands in a block of code, or between backticks, is no link.
    return re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def _anchors(page: Path) -> set[str]:
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+\s+(.+)$", text, flags=re.MULTILINE)
    names = {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in headings}
    return names | set(re.findall(r"<a id=\"([^\"]+)\"", text))


def _leads_nowhere(page: Path, target: str) -> bool:
    name, _, anchor = unquote(target).partition("#")
    place = page.parent / name if name else page
    return not place.exists() or bool(anchor and place.suffix == ".md" and anchor not in _anchors(place))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_links_of_a_page_lead_to_a_file_and_a_heading(page: Path) -> None:
    targets = {one for one in re.findall(r"\]\(([^)\s]+)\)", _text(page)) if not re.match(r"\w+:", one)}

    assert [one for one in sorted(targets) if _leads_nowhere(page, one)] == []
