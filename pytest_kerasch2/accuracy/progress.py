"""What a calibration shows while it goes on: how many seeds are done, what the latest gave, how long the rest takes."""

from __future__ import annotations

import contextlib
from typing import Callable, Iterator

from pytest_kerasch2.accuracy.training import Run


@contextlib.contextmanager
def shown(wanted: int) -> Iterator[Callable[[Run, int, int], None]]:
    """Give what is to be called after each seed; without a terminal it writes a line for each."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(highlight=False, soft_wrap=True)
    # The speed is that of the whole calibration: a training takes longer than the usual window.
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("remaining"), TimeRemainingColumn())
    bar = Progress(*columns, console=console, speed_estimate_period=360_000, disable=not console.is_terminal)
    with bar:
        task = bar.add_task("", total=wanted)

        def told(run: Run, done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)
            line = f"seed {run.seed}: test accuracy {run.test_accuracy[-1]:.4f}, loss {run.test_loss[-1]:.4f}"
            console.print(f"{line}, after {run.seconds:.0f} s", markup=False)

        yield told
