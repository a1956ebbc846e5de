"""Writes docs/claims.md from the suite itself: `python docs/write_claims.py` (needs the project, not TensorFlow)."""

from __future__ import annotations

from pathlib import Path

from pytest_kerasch2.chapter import check_list
from pytest_kerasch2.files import write_text
from pytest_kerasch2.report.claim_list import page

PLACE = Path(__file__).with_name("claims.md")


def main() -> None:
    """Write the page."""
    write_text(page(check_list.all_checks(), check_list.headings()), PLACE)


if __name__ == "__main__":
    main()
