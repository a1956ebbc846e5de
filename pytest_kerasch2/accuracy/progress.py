"""What a calibration shows while it goes on: how many seeds are done, what the latest gave, how long the rest takes."""

from __future__ import annotations

import contextlib
from typing import Callable, Iterator

from pytest_kerasch2 import foreign
from pytest_kerasch2.accuracy import metrics
from pytest_kerasch2.accuracy.curve import WORDS
from pytest_kerasch2.accuracy.runs import Run
from pytest_kerasch2.errors import InvalidArgument


@contextlib.contextmanager
def shown(wanted: int) -> Iterator[Callable[[Run, int, int], None]]:
    """Yield what is to be called after each seed; without a terminal it writes a line for each."""
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
            line = f"seed {run.seed}: {last_values(run)}"
            console.print(foreign.terminal(f"{line}, after {run.seconds:.0f} s"), markup=False)

        yield told


def last_values(run: Run) -> str:
    """Return what a training reached at its end: its metric, and its loss where that is another."""
    if run.test_accuracy and run.test_loss:
        return f"{last_value(run, 'test_accuracy')}, loss {run.test_loss[-1]:.4f}"
    try:
        return last_value(run, metrics.default(tuple(run.curves)).name)
    except InvalidArgument:
        return last_value(run, tuple(run.curves)[-1])


def last_value(run: Run, name: str) -> str:
    """Return the last value of one curve, with its name."""
    found = metrics.aligned(tuple(run.curves), (name,))
    here = next((ours for ours, theirs in found.items() if theirs == name), name)
    values = run.series(here)
    digits = ".4f" if name == "test_accuracy" else ".5g"
    return f"{WORDS.get(name, name)} {values[-1]:{digits}}" if values else f"no {name}"
