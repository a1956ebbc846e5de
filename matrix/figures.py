"""Trains on releases for the printed figures, before the user's eyes, and keeps what came of it beside the pins.

Twelve trainings of ten epochs take as long as verifying many columns, and seldom need to be done again: a table takes
the figures of a column from here.
"""

from __future__ import annotations

import sys
from typing import Sequence

from matrix import paths, single, verify
from matrix.columns import Column, Releases
from matrix.errors import Absent, Unfinished
from pytest_kerasch2.chapter.printed_numbers.shared import CURVES
from pytest_kerasch2.claims import results

FAILED = 1
INTERRUPTED = 130
# pytest's exit status after Ctrl-C.
STOPPED = 2
# The module of the claims that training decides.
SECTION = "printed_numbers"


def train(releases: Releases, names: Sequence[str]) -> int:
    """Train on the columns of these names, one after the other; trainings that are kept are not done again.

    Returns:
        0; 1 where a column cannot be had, its run did not end, or a figure is not as recorded; 130 after Ctrl-C.

    Raises:
        InvalidArgument: there is no column of a name.
    """
    chosen = releases.chosen(names)
    paths.make()
    paths.FIGURES.mkdir(exist_ok=True)
    failed = False
    for column in chosen:
        status = _train(releases, column)
        if status == STOPPED:
            return INTERRUPTED
        failed = failed or status != 0
    return FAILED if failed else 0


def _train(releases: Releases, column: Column) -> int:
    sys.stdout.write(f"{column.environment}\n")
    sys.stdout.flush()
    folder = verify.work_folder(column)
    results_file = folder / "figures.json"
    results_file.unlink(missing_ok=True)
    try:
        environment = single.environment_of(releases, column)
        module = str(environment.chapter / SECTION)
        # Of all columns together: what is the same training on two of them is done once.
        kept = f"--chapter-trainings={paths.TRAININGS}"
        arguments = ["--chapter-accuracy", kept, f"--chapter-results={results_file}", module]
        status = single.run_pytest(environment, folder, arguments)
    except (Absent, Unfinished) as error:
        sys.stderr.write(f"{column.environment}: {error}\n")
        return FAILED
    if status not in verify.WHOLE or not results_file.exists():
        return status or FAILED
    trained = results.read(results_file)
    # Equal bits and times tell some without any training.
    if not any(line.startswith(CURVES) for entry in trained["claims"] for line in entry["evidence"]):
        sys.stderr.write(f"{column.environment}: its run told no figure; what was kept stays\n")
        return FAILED
    results.write(trained, paths.figures(column.environment))
    return status
