"""The table of steps by their batch: a column for each device, and for each GPU how many times as quick it is."""

from __future__ import annotations

import io
import textwrap
from typing import Any, Sequence

from pytest_kerasch2.foreign import terminal
from pytest_kerasch2.timing import scaling
from pytest_kerasch2.timing.scaling import GpuComparison, StepCurve
from pytest_kerasch2.timing.table import digits, duration

MISSING = "not measured"
# The column of a GPU where there is none.
NO_GPU_COLUMN = "gpu"
RATIO_LEGEND = (
    "ratio: time on the CPU over that on the GPU, and what 95 of 100 draws of their blocks give: of these runs alone"
)


def by_network(curves: Sequence[StepCurve]) -> list[list[StepCurve]]:
    """Return the curves of each network with several batch sizes, that with the most of them first."""
    groups = [[one for one in curves if one.network == name] for name in dict.fromkeys(one.network for one in curves)]
    several = [group for group in groups if len(batch_sizes(group)) > 1]
    return sorted(several, key=lambda group: -sum(len(one.blocks) for one in group))


def batch_sizes(curves: Sequence[StepCurve]) -> list[int]:
    """Return the batch sizes of some curves, the smallest first."""
    return sorted({size for one in curves for size in one.blocks})


def scaling_text(curves: Sequence[StepCurve], width: int, colour: bool) -> str:
    """Return the tables as text, each with what it tells; none where there are no several batch sizes.

    Args:
        width: columns of the terminal.
        colour: whether the text may carry colours.
    """
    from rich.console import Console

    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=colour, no_color=not colour, highlight=False)
    for group in by_network(curves):
        compared = scaling.gpu_comparisons(group)
        console.print()
        console.print(terminal(f"A step of fit by batch size ({group[0].network})"), style="bold", markup=False)
        console.print(_scaling_table(group, compared))
        if compared:
            console.print("\n".join(textwrap.wrap(RATIO_LEGEND, width)), style="dim", markup=False)
        for line in scaling.scaling_lines(group):
            console.print(terminal(line), markup=False, soft_wrap=True)
    return "\n".join(line.rstrip() for line in stream.getvalue().split("\n"))


def _scaling_table(group: Sequence[StepCurve], compared: Sequence[GpuComparison]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    without = [] if any(one.kind == "gpu" for one in group) else [NO_GPU_COLUMN]
    ratios = [f"{one.gpu.name}: ratio" for one in compared]
    for head in ("batch", *(one.name for one in group), *without, *ratios):
        # As text: the brackets of a file's number are no markup.
        table.add_column(Text(terminal(head)), justify="right")
    for size in batch_sizes(group):
        cells = [_step_text(one, size) for one in group] + [MISSING] * len(without)
        table.add_row(str(size), *cells, *(_ratio_text(one, size) for one in compared))
    return table


def _step_text(curve: StepCurve, size: int) -> str:
    if size not in curve.blocks:
        return MISSING
    low, high = curve.quartiles(size)
    step = curve.steps[size]
    return f"{duration(step)} ± {50 * (high - low) / step:.0f} %"


def _ratio_text(one: GpuComparison, size: int) -> str:
    ratio = one.ratios.get(size)
    return "" if ratio is None else f"{digits(ratio.estimate)} ({digits(ratio.low)} to {digits(ratio.high)})"
