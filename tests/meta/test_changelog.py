"""The fragments of the changelog are of a known kind, short, and for a user."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "changelog.d"
FRAGMENTS = sorted(path for path in FOLDER.glob("*") if path.name != "README.md")
KINDS = "added|changed|deprecated|removed|fixed|security"


def test_a_fragment_is_named_by_its_subject_and_its_kind() -> None:
    wrong = [path.name for path in FRAGMENTS if not re.fullmatch(rf"(\d+|\+[\w-]+)\.({KINDS})\.md", path.name)]

    assert wrong == []


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_is_a_short_paragraph(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert text.endswith(".\n")
    assert len(text.splitlines()) <= 6
    assert "\n\n" not in text


def test_the_changelog_has_the_place_for_them() -> None:
    text = (FOLDER.parent / "CHANGELOG.md").read_text(encoding="utf-8")

    assert text.count("<!-- towncrier release notes start -->\n") == 1
