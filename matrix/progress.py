"""What a run of the matrix shows while it goes on: a line for each column that is done, and how long the rest takes."""

from __future__ import annotations

import contextlib
import threading
from typing import Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from matrix import merging, paths
from matrix.columns import Column
from matrix.verify import ColumnOutcome
from pytest_kerasch2.foreign import terminal
from pytest_kerasch2.report.chapter_summary import VERDICTS, WORDS, counts

# Lines of its log that are shown for a column whose run failed: where it ran is out of reach afterwards, as in CI.
LOG_LINES = 60


class ProgressDisplay:
    """The terminal; without one, only the lines of the columns are written."""

    def __init__(self) -> None:
        """Begin with nothing to show."""
        self._console = Console(highlight=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("remaining"),
            TimeRemainingColumn(),
            console=self._console,
            # A column takes a minute: the speed is that of the whole run.
            speed_estimate_period=36_000,
            disable=not self._console.is_terminal,
        )
        self._busy: list[str] = []
        self._lock = threading.Lock()

    def say(self, line: str) -> None:
        """Show a line."""
        self._console.print(terminal(line), markup=False)

    def unchanged(self, columns: Sequence[Column], failed: Sequence[Column]) -> None:
        """Say of how many columns the results files are of today's files already, and which of them had failed."""
        if columns:
            self.say(f"{len(columns)} not run again: nothing they depend on has changed")
        for column in failed:
            self.say(f"{column.environment}: not as recorded when it was run")

    @contextlib.contextmanager
    def showing(self, count: int) -> Iterator[None]:
        """Show progress while so many columns are run."""
        with self._progress:
            self._task = self._progress.add_task("", total=count)
            yield

    def begin(self, column: Column) -> None:
        """Show that a column is being verified."""
        with self._lock:
            self._busy.append(column.environment)
            self._progress.update(self._task, description=", ".join(self._busy))

    def end(self, outcome: ColumnOutcome) -> None:
        """Show what came of a column."""
        with self._lock:
            self._busy.remove(outcome.column.environment)
            self._progress.update(self._task, advance=1, description=", ".join(self._busy))
        for line in lines(outcome):
            self.say(line)


def lines(outcome: ColumnOutcome) -> list[str]:
    """Return what is to be said of a column that is done."""
    head = f"{outcome.column.environment}: "
    if outcome.results is None:
        return [f"{head}no results file: {outcome.reason}", *(_end_of_log(outcome.column) if outcome.failed else [])]
    counted = counts(outcome.results["claims"])
    summary = ", ".join(f"{counted[verdict]} {WORDS[verdict]}" for verdict in VERDICTS)
    wrong = merging.unexplained(outcome.results)
    more = [f"  not as recorded: {name}" for name in wrong]
    if outcome.failed and not wrong:
        more = ["  pytest failed, though each verdict is as recorded: see its log"]
    return [f"{head}{summary}; {outcome.seconds:.0f} s", *more]


def _end_of_log(column: Column) -> list[str]:
    """Return the last lines of a column's log: of a run that hung, the stack that pytest writes into it."""
    log = paths.log(column.environment)
    if not log.exists():
        return []
    return [f"  | {line}" for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]]
