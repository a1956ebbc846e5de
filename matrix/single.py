"""Verifies one column before the user's eyes, with his own arguments for pytest."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Sequence

from filelock import FileLock

from matrix import environments, fingerprints, interrupts, paths, sources, verify
from matrix.columns import Column, Releases
from matrix.environments import Environment
from matrix.errors import Absent, Unfinished
from matrix.processes import Processes
from pytest_kerasch2.claims import results

ABSENT = 1


def verify_column(releases: Releases, name: str, arguments: Sequence[str]) -> int:
    """Verify the chapter on one column, always, and show pytest's own output.

    Without arguments its results file is kept for the table. With some, perhaps only a part is run: nothing is kept.

    Returns:
        pytest's exit status, or 1 where the column cannot be had.

    Raises:
        InvalidArgument: there is no column of that name.
    """
    paths.make()
    (column,) = releases.chosen([name])
    now = fingerprints.fingerprint(column, sources.read(paths.PLUGIN))
    began = time.monotonic()
    try:
        environment = environment_of(releases, column)
        folder = verify.work_folder(column)
        results_file = None if arguments else folder / "results.json"
        if results_file is not None:
            results_file.unlink(missing_ok=True)
        options = [] if results_file is None else [f"--chapter-results={results_file}"]
        status = run_pytest(environment, folder, [*options, *arguments])
        if results_file is not None and not results_file.exists():
            verify.require_import(column, environment)
    except (Absent, Unfinished) as error:
        if not arguments:
            verify.keep_absence(column, str(error), leave=isinstance(error, Unfinished))
        sys.stderr.write(f"{name}: {error}\n")
        return ABSENT
    if results_file is not None and status in verify.WHOLE:
        seconds = round(time.monotonic() - began, 1)
        verify.keep(column, results.read(results_file), fingerprints.State(now, status != 0, seconds))
    return status


def environment_of(releases: Releases, column: Column) -> Environment:
    """Make the environment of a column, or bring it up to date.

    Raises:
        Absent: it cannot be had.
        Unfinished: making it did not end.
    """
    log = paths.log(column.environment)
    log.write_bytes(b"")
    with tempfile.TemporaryDirectory(dir=paths.WHEELS) as wheels, Processes() as processes:
        # The hash first: what is saved while the wheel is built counts as not built yet.
        built = sources.whole(paths.PLUGIN)
        # Several of these may be started at once, by `tox run -p`; the build writes beside the source.
        with FileLock(paths.WHEELS / "building.lock"):
            wheel = environments.build_wheel(Path(wheels), processes, log)
        maker = environments.Maker(releases.as_of, wheel, built, processes)
        return maker.make(column, log, os.environ)


def run_pytest(environment: Environment, folder: Path, arguments: Sequence[str]) -> int:
    """Let pytest verify the chapter, show what it says, and give its exit status."""
    command = verify.command_for(environment, folder, None, more=arguments)
    with interrupts.left_to_the_child():
        return subprocess.run(command, cwd=folder, env=dict(environment.variables), check=False).returncode
