"""The end of a run on pytest's terminal, and on GitHub where it runs there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, Sequence

from pytest_kerasch2.claims.model import Record
from pytest_kerasch2.errors import CannotWrite
from pytest_kerasch2.report import github, rendering
from pytest_kerasch2.variables import VARIABLES


def show_results(results: Mapping[str, Any], terminalreporter: Any, path: Path | None) -> None:
    """Print the verdicts, say where the results file lies, and tell GitHub where this is one of its steps."""
    writer = terminalreporter.config.get_terminal_writer()
    terminalreporter.section("the Keras chapter, verified")
    terminalreporter.write(rendering.table(results, width=writer.fullwidth, colour=writer.hasmarkup))
    if path is not None and path.is_file():
        terminalreporter.write_line(f"Results: {path}")
    if github.runs_here(VARIABLES):
        for line in github.commands(results):
            terminalreporter.write_line(line)
        try:
            github.append_summary(results, VARIABLES)
        except CannotWrite as error:
            terminalreporter.write_line(f"The step summary is not written. {error}", red=True)


def show_faults(records: list[Record], injected: Sequence[Mapping[str, Any]], terminalreporter: Any) -> None:
    """Print how many injected faults were caught, and which claims were not shown able to fail on this release.

    Args:
        records: one for each run with something injected.
        injected: for each of these, `claim`, `name`, `harmful`, `shown` (`passed`, `failed` or `skipped`).
    """
    faults = [one for one in injected if one["harmful"]]
    detected = [one for one in faults if one["shown"] == "passed"]
    claims = sorted({record.claim.id for record in records})
    proven = {one["claim"] for one in detected}
    terminalreporter.section("the checks, verified")
    harmless = [one for one in injected if not one["harmful"]]
    tolerated = sum(one["shown"] == "passed" for one in harmless)
    lines = [
        f"injected faults detected: {len(detected)} of {len(faults)} "
        f"({sum(one['shown'] == 'skipped' for one in faults)} could not be tried on this release)",
        f"benign changes that left the verdict: {tolerated} of {len(harmless)}",
        f"claims shown able to fail here: {len(proven)} of {len(claims)}",
    ]
    lines += [f"  not shown here: {claim}" for claim in claims if claim not in proven]
    for line in lines:
        terminalreporter.write_line(line)
