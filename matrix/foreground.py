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

from matrix import environments, interrupts, places, sources, states, verifying
from matrix.columns import Column, Releases
from matrix.environments import Environment
from matrix.errors import Absent, Unfinished
from matrix.processes import Processes
from pytest_kerasch2.claims import results

ABSENT = 1


def verify(releases: Releases, name: str, arguments: Sequence[str]) -> int:
    """Verify the chapter on one column, always, and show pytest's own output.

    Without arguments its results file is kept for the table. With some, perhaps only a part is run: nothing is kept.

    Returns:
        pytest's exit status, or 1 where the column cannot be had.

    Raises:
        InvalidArgument: there is no column of that name.
    """
    places.make()
    (column,) = releases.chosen([name])
    now = states.fingerprint(column, sources.read(places.PLUGIN))
    began = time.monotonic()
    try:
        environment = environment_of(releases, column)
        folder = verifying.work_folder(column)
        made = None if arguments else folder / "results.json"
        if made is not None:
            made.unlink(missing_ok=True)
        kept = [] if made is None else [f"--chapter-results={made}"]
        status = run_pytest(environment, folder, [*kept, *arguments])
        if made is not None and not made.exists():
            verifying.require_import(column, environment)
    except (Absent, Unfinished) as error:
        if not arguments:
            verifying.keep_absence(column, str(error), leave=isinstance(error, Unfinished))
        sys.stderr.write(f"{name}: {error}\n")
        return ABSENT
    if made is not None and status in verifying.WHOLE:
        seconds = round(time.monotonic() - began, 1)
        verifying.keep(column, results.read(made), states.State(now, status != 0, seconds))
    return status


def environment_of(releases: Releases, column: Column) -> Environment:
    """Make the environment of a column, or bring it up to date.

    Raises:
        Absent: it cannot be had.
        Unfinished: making it did not end.
    """
    log = places.log(column.environment)
    log.write_bytes(b"")
    with tempfile.TemporaryDirectory(dir=places.WHEELS) as wheels, Processes() as processes:
        # The hash first: what is saved while the wheel is built counts as not built yet.
        built = sources.whole(places.PLUGIN)
        # Several of these may be started at once, by `tox run -p`; the build writes beside the source.
        with FileLock(places.WHEELS / "building.lock"):
            wheel = environments.build_wheel(Path(wheels), processes, log)
        maker = environments.Maker(releases.as_of, wheel, built, processes)
        return maker.make(column, log, os.environ)


def run_pytest(environment: Environment, folder: Path, arguments: Sequence[str]) -> int:
    """Let pytest verify the chapter, show what it says, and give its exit status."""
    command = verifying.command_for(environment, folder, None, more=arguments)
    with interrupts.left_to_the_child():
        return subprocess.run(command, cwd=folder, env=dict(environment.variables), check=False).returncode
