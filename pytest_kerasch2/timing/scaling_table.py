"""The table of steps by their batch: a column for each device, and for each GPU how many times as quick it is."""

from __future__ import annotations

import io
import textwrap
from typing import Any, Sequence

from pytest_kerasch2.foreign import terminal
from pytest_kerasch2.timing import scaling
from pytest_kerasch2.timing.scaling import Against, Curve
from pytest_kerasch2.timing.table import digits, duration

MISSING = "not measured"
# The column of a GPU where there is none.
NONE = "gpu"
LEGEND = (
    "ratio: time on the CPU over that on the GPU, and what 95 of 100 draws of their blocks give: of these runs alone"
)


def of_networks(found: Sequence[Curve]) -> list[list[Curve]]:
    """Return the curves of each network with several batch sizes, that with the most of them first."""
    groups = [[one for one in found if one.network == name] for name in dict.fromkeys(one.network for one in found)]
    several = [group for group in groups if len(sizes(group)) > 1]
    return sorted(several, key=lambda group: -sum(len(one.blocks) for one in group))


def sizes(found: Sequence[Curve]) -> list[int]:
    """Return the batch sizes of some curves, the smallest first."""
    return sorted({size for one in found for size in one.blocks})


def text(found: Sequence[Curve], width: int, colour: bool) -> str:
    """Return the tables as text, each with what it tells; none where there are no several batch sizes.

    Args:
        width: columns of the terminal.
        colour: whether the text may carry colours.
    """
    from rich.console import Console

    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=colour, no_color=not colour, highlight=False)
    for group in of_networks(found):
        compared = scaling.against(group)
        console.print()
        console.print(terminal(f"A step of fit by batch size ({group[0].network})"), style="bold", markup=False)
        console.print(_table(group, compared))
        if compared:
            console.print("\n".join(textwrap.wrap(LEGEND, width)), style="dim", markup=False)
        for line in scaling.lines(group):
            console.print(terminal(line), markup=False, soft_wrap=True)
    return "\n".join(line.rstrip() for line in stream.getvalue().split("\n"))


def _table(group: Sequence[Curve], compared: Sequence[Against]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    without = [] if any(one.kind == "gpu" for one in group) else [NONE]
    ratios = [f"{one.gpu.name}: ratio" for one in compared]
    for head in ("batch", *(one.name for one in group), *without, *ratios):
        # As text: the brackets of a file's number are no markup.
        shown.add_column(Text(terminal(head)), justify="right")
    for size in sizes(group):
        cells = [_step(one, size) for one in group] + [MISSING] * len(without)
        shown.add_row(str(size), *cells, *(_ratio(one, size) for one in compared))
    return shown


def _step(curve: Curve, size: int) -> str:
    if size not in curve.blocks:
        return MISSING
    low, high = curve.quartiles(size)
    step = curve.steps[size]
    return f"{duration(step)} ± {50 * (high - low) / step:.0f} %"


def _ratio(one: Against, size: int) -> str:
    ratio = one.ratios.get(size)
    return "" if ratio is None else f"{digits(ratio.found)} ({digits(ratio.low)} to {digits(ratio.high)})"
