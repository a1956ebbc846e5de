"""Writes docs/claims.md from the suite itself: `python docs/write_claims.py` (needs the project, not TensorFlow)."""

from __future__ import annotations

from pathlib import Path

from pytest_kerasch2.files import write_text
from pytest_kerasch2.report.claim_list import page
from pytest_kerasch2.suite import collection

PLACE = Path(__file__).with_name("claims.md")


def main() -> None:
    """Write the page."""
    write_text(page(collection.all_checks(), collection.headings()), PLACE)


if __name__ == "__main__":
    main()
