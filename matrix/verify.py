"""Verifies the chapter on one column, and keeps what came of it."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from matrix import fingerprints, merging, paths
from matrix.columns import Column
from matrix.environments import Environment, Maker, last_words, publishable
from matrix.errors import Absent, Unfinished
from matrix.fingerprints import ColumnWork, Fingerprint, State
from pytest_kerasch2.claims import results
from pytest_kerasch2.claims.results import Results
from pytest_kerasch2.errors import BadResults
from pytest_kerasch2.files import write_text

# Seconds in which all sections must be done; one column takes one or two minutes.
DEADLINE = 900.0
# Seconds after which a check that goes on writes where it is into the log.
CHECK_SECONDS = 240
# pytest's exit statuses after which the results file is whole: all as recorded, and something not as recorded.
WHOLE = (0, 1)


@dataclass(frozen=True)
class ColumnOutcome:
    """What came of a column.

    Attributes:
        results: of all sections; None where the column could not be had.
        failed: a verdict is not as recorded, or the run did not end.
        reason: why there is no results file.
        seconds: wall time.
    """

    column: Column
    results: Results | None
    failed: bool
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Verifier:
    """Verifies columns.

    Attributes:
        claims: module of a section -> ids of the claims that it decides; needed where a part of a column is run.
    """

    maker: Maker
    claims: Mapping[str, frozenset[str]]

    def verify(self, column: Column, work: ColumnWork, now: Fingerprint) -> ColumnOutcome:
        """Run what is to be run, and keep the results file or say why there is none.

        Raises:
            Stopped: the user stops; what was kept before is still kept.
        """
        began = time.monotonic()
        log = paths.log(column.environment)
        log.write_bytes(b"")
        try:
            environment = self.maker.make(column, log, os.environ)
            status, part = self._run(column, environment, work.sections, log)
        except (Absent, Unfinished, BadResults) as error:
            # Of a results file that the run read itself, the message names the place on this machine.
            reason = str(error) if not isinstance(error, BadResults) else publishable(str(error))
            failed = not isinstance(error, Absent)
            keep_absence(column, reason, leave=failed)
            return ColumnOutcome(column, None, failed, reason, time.monotonic() - began)
        return self._keep(column, work, now, (status, part), time.monotonic() - began)

    def _run(self, column: Column, environment: Environment, sections: Sequence[str], log: Path) -> tuple[int, Results]:
        folder = work_folder(column)
        results_file = folder / "results.json"
        results_file.unlink(missing_ok=True)
        where = ["-o", f"faulthandler_timeout={CHECK_SECONDS}"]
        command = command_for(environment, folder, results_file, sections, where)
        options = {"environ": environment.variables, "folder": folder, "deadline": DEADLINE}
        status = self.maker.processes.run(command, log, **options)  # type: ignore[arg-type]
        if status in WHOLE and results_file.exists():
            return status, results.read(results_file)
        reason = last_words(log)
        require_import(column, environment)
        raise Unfinished("Its run gave no whole results", f"exit status {status}: {reason}", f"see {log.name}")

    def _keep(
        self, column: Column, work: ColumnWork, now: Fingerprint, came: tuple[int, Results], seconds: float
    ) -> ColumnOutcome:
        status, new = came
        before = fingerprints.read(paths.state(column.environment))
        failed = status == 1
        if work.sections and before is not None:
            others = [ids for name, ids in self.claims.items() if name not in work.sections]
            stored = results.read(paths.results(column.environment))
            new = merging.merged(stored, new, frozenset().union(*others))
            seconds_of_all = before.seconds
        else:
            seconds_of_all = seconds
        keep(column, new, State(now, failed, round(seconds_of_all, 1)))
        return ColumnOutcome(column, new, failed, seconds=seconds)


def keep(column: Column, new: Results, state: State) -> None:
    """Keep the results file of a column and of what files it is."""
    # The state last: without it, or with that of before, the column is run again.
    paths.state(column.environment).unlink(missing_ok=True)
    results.write(new, paths.results(column.environment))
    paths.absence(column.environment).unlink(missing_ok=True)
    fingerprints.write(state, paths.state(column.environment))


def keep_absence(column: Column, reason: str, *, leave: bool = False) -> None:
    """Keep why a column has no results file; one of other files than today's is not left in its place.

    Args:
        leave: leave it all the same, because the next run may well replace it; until then no table is made of it.
    """
    if not leave:
        paths.state(column.environment).unlink(missing_ok=True)
        paths.results(column.environment).unlink(missing_ok=True)
    write_text(reason + "\n", paths.absence(column.environment))


def work_folder(column: Column) -> Path:
    """Return the folder in which pytest runs: it holds empty settings, and nothing that could be imported."""
    folder = paths.WORK / column.environment
    folder.mkdir(parents=True, exist_ok=True)
    write_text("[pytest]\n", folder / "pytest.ini")
    return folder


def command_for(
    environment: Environment,
    folder: Path,
    results_file: Path | None,
    sections: Sequence[str] = (),
    more: Sequence[str] = (),
) -> list[str]:
    """Return the command that verifies the chapter, or some sections of it.

    Args:
        results_file: the results file to be written, or None.
        more: the user's own arguments for pytest.
    """
    output = [] if results_file is None else [f"--chapter-results={results_file}"]
    settings = ["-c", str(folder / "pytest.ini"), "-p", "no:cacheprovider"]
    tests = [str(environment.chapter / name) for name in sections]
    return [str(environment.python), "-m", "pytest", "--chapter", *settings, *output, *more, *tests]


def require_import(column: Column, environment: Environment) -> None:
    """Require that the environment can import what it is for.

    Raises:
        Absent: it cannot.
    """
    command = [str(environment.python), "-c", f"import {column.imports}"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=dict(environment.variables),
            timeout=300,
            check=False,
            # Ctrl-C, which ends it too, would be taken for its answer.
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise Absent(f"It cannot import {column.imports}", "it did not end in 300 s", "mend its pins") from error
    if done.returncode:
        reason = f"exit status {done.returncode}: {publishable(done.stderr)}"
        raise Absent(f"It cannot import {column.imports}", reason, "mend its pins")
