"""What GitHub Actions shows: a step summary, and an annotation for each verdict that is not as recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

from pytest_kerasch2 import files, foreign
from pytest_kerasch2.report.chapter_summary import unexpected, unexplained
from pytest_kerasch2.report.markdown import page


def runs_here(environ: Mapping[str, str]) -> bool:
    """Return whether this process is a step of a GitHub workflow."""
    return environ.get("GITHUB_ACTIONS") == "true"


def commands(results: Mapping[str, Any]) -> list[str]:
    """Return a workflow command for each verdict that is not as recorded, and one notice with the counts."""
    lines = [
        f"::error title={foreign.parameter(claim['id'])}::"
        + foreign.message(f"{claim['verdict']}, expected {claim['expected']}: {claim['statement']} {unexpected(claim)}")
        for claim in unexplained(results["claims"])
    ]
    unfinished = "of some claims" if results.get("selected", False) else "interrupted"
    counted = f"{len(results['claims'])} claims, run {'complete' if results['complete'] else unfinished}"
    return [*lines, f"::notice title=Keras chapter::{foreign.message(counted)}"]


def append_summary(results: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """Append the report to the step summary, where the runner names a file for it.

    Raises:
        CannotWrite: it cannot be written.
    """
    name = environ.get("GITHUB_STEP_SUMMARY", "")
    if name:
        files.append_text(page(results), Path(name))
