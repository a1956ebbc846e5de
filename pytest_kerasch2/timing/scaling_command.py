"""Shows steps by their batch: the work of `kerasch2 steps`, and the picture of a run of benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Iterable, Iterator, Sequence

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.report import pictures
from pytest_kerasch2.timing import breakdown_summary, results_file, scaling, scaling_plot, scaling_table
from pytest_kerasch2.timing.results_file import Stored
from pytest_kerasch2.timing.scaling import Curve

UNLIKE = "These are different machines: side by side they tell nothing of a device alone, and no ratio is told."


def draw(found: Sequence[Curve], notes: Sequence[str], path: Path) -> None:
    """Draw the curves of the network of which the most was measured.

    Args:
        found: the curves.
        notes: where they come from, a line each.
        path: of a file in .png or .svg, which is written whole or not at all.

    Raises:
        InvalidArgument: of no network were several batch sizes measured, or the picture cannot be written.
        FrameworkMissing: there is no Matplotlib.
    """
    group = _most(found)
    told = " ".join((*scaling.lines(group), *notes))
    title = "Time of a step by batch size"
    pictures.write(lambda matplotlib: scaling_plot.figure(matplotlib, group, notes), path, title, told, title)


def _most(found: Sequence[Curve]) -> list[Curve]:
    groups = scaling_table.of_networks(found)
    if not groups:
        sizes = ", ".join(map(str, scaling_table.sizes(found))) or "none"
        happened = "Nothing is known by batch size"
        raise InvalidArgument(happened, f"batch sizes of which fit was timed: {sizes}", "time several of one network")
    return groups[0]


def show(files: Sequence[Path], plots: Sequence[Path], width: int, said: Callable[[Iterable[str]], None]) -> None:
    """Return what runs that were kept say of steps by their batch, and draw it.

    Args:
        files: of `--benchmark-json`.
        plots: pictures to be drawn.
        width: columns of the terminal.
        said: is called with lines.

    Raises:
        BadResults: a file is missing, cut short or of another schema.
        InvalidArgument: a file is named twice, none tells of several batch sizes, or a picture cannot be written.
        FrameworkMissing: a picture is asked for, and there is no Matplotlib.
    """
    for plot in plots:
        pictures.refuse(plot)
    if len({path.absolute() for path in files}) < len(files):
        raise InvalidArgument("A run is compared with others", f"{', '.join(map(str, files))}", "name each file once")
    runs = [results_file.read(path) for path in files]
    several = len(runs) > 1
    found = [one for place, run in enumerate(runs, 1) for one in scaling.curves(run.rows, place if several else 0)]
    notes = list(_notes(runs))
    _most(found)
    tables = scaling_table.text(found, width, colour=False).rstrip("\n").split("\n")
    said([*notes, *tables, *(f"[{place}] {line}" if several else line for place, line in _apart(runs))])
    for plot in plots:
        draw(found, notes, plot)


def _apart(runs: Sequence[Stored]) -> Iterator[tuple[int, str]]:
    for place, run in enumerate(runs, 1):
        for line in breakdown_summary.lines(run.rows):
            yield place, line


def _notes(runs: Sequence[Stored]) -> Iterator[str]:
    for place, run in enumerate(runs, 1):
        yield f"[{place}] {run.line}" if len(runs) > 1 else run.line
    if len({run.machine for run in runs}) > 1:
        yield UNLIKE
