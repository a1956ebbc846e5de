"""The sub-command `kerasch2 scaling`, and the plot of a benchmark run."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Iterable, Iterator, Sequence

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.report import pictures
from pytest_kerasch2.timing import results_file, scaling, scaling_plot, summary
from pytest_kerasch2.timing.results_file import StoredRun
from pytest_kerasch2.timing.scaling import StepCurve

DIFFERENT_MACHINES = "These are different machines: their times cannot be compared by device, and no ratio is shown."


def draw(curves: Sequence[StepCurve], notes: Sequence[str], path: Path) -> None:
    """Draw the curves of the network of which the most was measured.

    Args:
        found: the curves.
        notes: where they come from, a line each.
        path: of a file in .png or .svg, which is written whole or not at all.

    Raises:
        InvalidArgument: of no network were several batch sizes measured, or the picture cannot be written.
        FrameworkMissing: there is no Matplotlib.
    """
    group = _largest_network(curves)
    description = " ".join((*scaling.scaling_lines(group), *notes))
    title = "Time of a step by batch size"
    pictures.write(lambda matplotlib: scaling_plot.figure(matplotlib, group, notes), path, title, description, title)


def _largest_network(curves: Sequence[StepCurve]) -> list[StepCurve]:
    groups = scaling.by_network(curves)
    if not groups:
        sizes = ", ".join(map(str, scaling.batch_sizes(curves))) or "none"
        happened = "Nothing is known by batch size"
        raise InvalidArgument(happened, f"batch sizes of which fit was timed: {sizes}", "time several of one network")
    return groups[0]


def show(files: Sequence[Path], plots: Sequence[Path], width: int, on_lines: Callable[[Iterable[str]], None]) -> None:
    """Show the time of a step by batch size, from stored runs, and draw it.

    Args:
        files: of `--benchmark-json`.
        plots: pictures to be drawn.
        width: columns of the terminal.
        on_lines: is called with the lines.

    Raises:
        BadResults: a file is missing, cut short or of another schema.
        InvalidArgument: a file is named twice, none tells of several batch sizes, or a picture cannot be written.
        FrameworkMissing: a picture is asked for, and there is no Matplotlib.
    """
    for plot in plots:
        pictures.refuse(plot)
    if len({path.absolute() for path in files}) < len(files):
        raise InvalidArgument(f"FILE must name each run once, got {', '.join(map(str, files))}")
    runs = [results_file.read_run(path) for path in files]
    several = len(runs) > 1
    curves = [
        one for place, run in enumerate(runs, 1) for one in scaling.step_curves(run.rows, place if several else 0)
    ]
    notes = list(_notes(runs))
    _largest_network(curves)
    tables = scaling.scaling_text(curves, width, colour=False).rstrip("\n").split("\n")
    on_lines([*notes, *tables, *(f"[{place}] {line}" if several else line for place, line in _breakdowns(runs))])
    for plot in plots:
        draw(curves, notes, plot)


def _breakdowns(runs: Sequence[StoredRun]) -> Iterator[tuple[int, str]]:
    for place, run in enumerate(runs, 1):
        for line in summary.breakdown_lines(run.rows):
            yield place, line


def _notes(runs: Sequence[StoredRun]) -> Iterator[str]:
    for place, run in enumerate(runs, 1):
        yield f"[{place}] {run.line}" if len(runs) > 1 else run.line
    if len({run.machine for run in runs}) > 1:
        yield DIFFERENT_MACHINES
