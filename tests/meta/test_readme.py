"""The README is also the page of the package index, where a link into a folder leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

PROJECT = Path(__file__).parents[2]
README = PROJECT / "README.md"
OWN = re.compile(
    r"https://(?:github\.com/([\w-]+/[\w-]+)/(?:blob|tree)|raw\.githubusercontent\.com/([\w-]+/[\w-]+))/main/(.+)"
)
HERE = "pytest-kerasch2/pytest-kerasch2"


def _text() -> str:
    # What stands in a block of code is no link.
    return re.sub(r"```.*?```", "", README.read_text(encoding="utf-8"), flags=re.DOTALL)


def _targets() -> list[str]:
    inline = re.findall(r"\]\(([^)\s]+)[^)]*\)", _text())
    named = re.findall(r"^\[[^\]]+\]:\s*(\S+)", _text(), flags=re.MULTILINE)
    return [*inline, *named, *re.findall(r"(?:href|src)=\"([^\"]+)\"", _text())]


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+\s+(.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in headings}


def test_there_are_links() -> None:
    assert len(_targets()) > 10


@pytest.mark.parametrize("target", sorted(set(_targets())))
def test_a_link_is_absolute_or_an_anchor(target: str) -> None:
    assert target.startswith(("https://", "#"))


def test_an_anchor_is_a_heading() -> None:
    anchors = _anchors(README.read_text(encoding="utf-8"))

    assert [one for one in _targets() if one.startswith("#") and one[1:] not in anchors] == []


@pytest.mark.parametrize("target", sorted({one for one in _targets() if "pytest-kerasch2/pytest-kerasch2" in one}))
def test_a_link_into_the_repository_leads_to_a_file(target: str) -> None:
    match = OWN.fullmatch(target.partition("#")[0])
    if match is None:
        assert "/blob/" not in target
        return

    assert ((match[1] or match[2]), (PROJECT / unquote(match[3])).exists()) == (HERE, True)


@pytest.mark.parametrize("target", sorted({one for one in _targets() if one.endswith((".png", ".svg"))}))
def test_a_picture_is_served_as_a_file(target: str) -> None:
    assert "/blob/" not in target
