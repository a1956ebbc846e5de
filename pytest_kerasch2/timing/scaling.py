"""How the time of a step depends on its batch: a fixed cost, a cost of each image, and where a GPU overtakes a CPU."""

from __future__ import annotations

import io
import math
import statistics
import textwrap
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Sequence

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.foreign import terminal
from pytest_kerasch2.stats import bootstrap
from pytest_kerasch2.stats.paired_sequential import Interval
from pytest_kerasch2.timing.benchmark_summary import BenchmarkRow, digits, duration

MODE = "fit"
# Fewer batch sizes cannot show that a line does not fit.
MIN_SIZES = 3
# A law that lies further off than this, as a share of a step, is none.
MAX_RESIDUAL = 0.1
# How often a ratio may lie outside of its interval.
RATIO_ALPHA = 0.05


@dataclass(frozen=True)
class StepCurve:
    """The steps of `fit` of one network on one device, by batch size.

    Attributes:
        device: its name.
        network: see `BenchmarkRow`.
        blocks: seconds of a step in each block, by batch size; of several rows of one size each by itself.
        least: seconds that a step takes at least, by batch size, where that is known.
        source: the number of its file, counted from 1; 0 if there is one file.
    """

    device: str
    network: str
    blocks: Mapping[int, Sequence[Sequence[float]]]
    least: Mapping[int, float]
    source: int = 0

    @property
    def kind(self) -> str:
        """Return `cpu` or `gpu`."""
        return self.device.partition(":")[0]

    @property
    def name(self) -> str:
        """Return the device, with the number of its file where there are several."""
        return f"{self.device} [{self.source}]" if self.source else self.device

    @property
    def steps(self) -> dict[int, float]:
        """Return the seconds of a step: the median of the blocks; of several rows of one size, the mean of theirs."""
        return {size: _mean([statistics.median(row) for row in rows]) for size, rows in self.blocks.items()}

    def quartiles(self, size: int) -> tuple[float, float]:
        """Return between which the middle half of the blocks lies, in seconds of a step."""
        import numpy as np

        low, high = zip(*(np.percentile(row, [25, 75]) for row in self.blocks[size]))
        return _mean(low), _mean(high)


def _mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def step_curves(rows: Sequence[BenchmarkRow], source: int = 0) -> list[StepCurve]:
    """Return a curve for each network and device of which steps of `fit` were measured.

    Networks of another type or size are kept apart.
    """
    fit_rows = [row for row in rows if row.mode == MODE and row.measurement is not None]
    result = []
    for network, device in dict.fromkeys((row.network, row.device) for row in fit_rows):
        same = sorted(
            (row for row in fit_rows if (row.network, row.device) == (network, device)), key=lambda row: row.batch_size
        )
        blocks: dict[int, list[list[float]]] = {}
        for row in same:
            blocks.setdefault(row.batch_size, []).append(
                [one.step_seconds for one in row.measurement.blocks] if row.measurement else []
            )
        least = {row.batch_size: row.roofline_seconds for row in same if row.roofline_seconds is not None}
        result.append(StepCurve(device, network, blocks, least, source))
    return result


@dataclass(frozen=True)
class LinearCost:
    """The time of a step, as a sum of two parts.

    Attributes:
        fixed: seconds of a step, however small.
        each: seconds of an image.
        off: the largest distance of a measured step from this, as a share of it.
        furthest: the batch size of that step.
    """

    fixed: float
    each: float
    off: float
    furthest: int

    @property
    def holds(self) -> bool:
        """Return whether it tells the measured steps."""
        return self.off <= MAX_RESIDUAL

    def __call__(self, size: int) -> float:
        """Return the seconds of a step of a batch size."""
        return self.fixed + self.each * size


def fit_linear_cost(steps: Mapping[int, float]) -> LinearCost:
    """Return the fixed cost and the cost of an image that fit best, all batch sizes counting alike.

    Args:
        steps: seconds of a step, by its batch size; of two sizes at least.
    """
    # The squares of relative distances are the least, which is linear in both: sums of 1/t, n/t and their products.
    rows = [(1 / seconds, size / seconds) for size, seconds in steps.items()]
    aa, ab, bb = (sum(one[i] * one[j] for one in rows) for i, j in ((0, 0), (0, 1), (1, 1)))
    a, b = (sum(one[i] for one in rows) for i in (0, 1))
    determinant = aa * bb - ab * ab
    fixed, each = (a * bb - b * ab) / determinant, (b * aa - a * ab) / determinant
    if fixed < 0 or each < 0:
        # A step of a negative part is none: then the other part is all there is.
        fixed, each = (0.0, b / bb) if fixed < 0 else (a / aa, 0.0)
    off = {size: abs(fixed + each * size - seconds) / seconds for size, seconds in steps.items()}
    furthest = max(off, key=lambda size: off[size])
    return LinearCost(fixed, each, off[furthest], furthest)


@dataclass(frozen=True)
class GpuComparison:
    """A GPU against the CPU that was measured beside it.

    Attributes:
        ratios: by batch size, how many times as quick the GPU is, with the interval of `bootstrap.ratio_of_medians`.
    """

    cpu: StepCurve
    gpu: StepCurve
    ratios: Mapping[int, Interval]

    @property
    def last_slower(self) -> int | None:
        """Return the largest batch whose interval lies wholly on the side of the CPU."""
        return max((size for size, ratio in self.ratios.items() if ratio.high < 1), default=None)

    @property
    def first_faster(self) -> int | None:
        """Return the smallest batch, larger than `slower`, whose interval lies wholly on the side of the GPU."""
        sizes = [size for size, ratio in self.ratios.items() if ratio.low > 1]
        return min((size for size in sizes if size > (self.last_slower or 0)), default=None)

    @property
    def line(self) -> str:
        """Return where the GPU overtakes, as far as that is known."""
        cpu, gpu, slower, quicker = self.cpu.name, self.gpu.name, self.last_slower, self.first_faster
        if quicker is None and slower is None:
            return f"{gpu} and {cpu} do not differ measurably at any of these batches."
        if quicker is None:
            return f"{gpu} is slower than {cpu} at batches of {slower}, and quicker at none that is larger here."
        if slower is not None:
            return f"{gpu} overtakes {cpu} between batches of {slower} and {quicker}."
        if quicker == min(self.ratios):
            return f"{gpu} is quicker than {cpu} at the smallest of these batches already, {quicker}."
        return f"{gpu} is quicker than {cpu} at batches of {quicker}; at smaller ones they do not differ measurably."


def gpu_comparisons(curves: Sequence[StepCurve]) -> list[GpuComparison]:
    """Compare each GPU with the CPU of the same network and the same file; others are of other machines or minutes."""
    cpus = {(one.source, one.network): one for one in reversed(curves) if one.kind == "cpu"}
    pairs = [(cpus.get((one.source, one.network)), one) for one in curves if one.kind == "gpu"]
    return [_gpu_comparison(cpu, gpu) for cpu, gpu in pairs if cpu is not None and set(cpu.blocks) & set(gpu.blocks)]


def _gpu_comparison(cpu: StepCurve, gpu: StepCurve) -> GpuComparison:
    shared = sorted(set(cpu.blocks) & set(gpu.blocks))
    ratio = bootstrap.ratio_of_medians
    return GpuComparison(cpu, gpu, {size: ratio(cpu.blocks[size], gpu.blocks[size], RATIO_ALPHA) for size in shared})


def scaling_lines(curves: Sequence[StepCurve]) -> Iterator[str]:
    """Yield the lines of the curves of one network: the linear cost where it fits, and where a GPU overtakes."""
    for curve in curves:
        steps = curve.steps
        if len(steps) >= MIN_SIZES:
            yield _cost_text(curve.name, steps)
    for one in gpu_comparisons(curves):
        yield one.line


def _cost_text(name: str, steps: Mapping[int, float]) -> str:
    law = fit_linear_cost(steps)
    if law.holds:
        return (
            f"On {name}, a step of fit takes about {duration(law.fixed)} and {duration(law.each)} an image "
            f"(batches of {min(steps)} to {max(steps)}; the furthest lies {100 * law.off:.0f} % off)."
        )
    images = ", ".join(f"{duration(seconds / size)} of {size}" for size, seconds in steps.items())
    return (
        f"On {name}, a step of fit is no sum of a fixed cost and a cost of each image: the nearest such sum lies "
        f"{100 * law.off:.0f} % off at batches of {law.furthest}. What an image takes, in batches: {images}."
    )


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


def largest_network(curves: Sequence[StepCurve]) -> list[StepCurve]:
    """Return the curves of the network of which most was measured.

    Raises:
        InvalidArgument: no network was measured with several batch sizes.
    """
    groups = by_network(curves)
    if not groups:
        problem = f"fit was timed with {', '.join(map(str, batch_sizes(curves))) or 'none'}"
        raise InvalidArgument("No network was timed with several batch sizes", problem, "time several of one network")
    return groups[0]


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
        compared = gpu_comparisons(group)
        console.print()
        console.print(terminal(f"A step of fit by batch size ({group[0].network})"), style="bold", markup=False)
        console.print(_scaling_table(group, compared))
        if compared:
            console.print("\n".join(textwrap.wrap(RATIO_LEGEND, width)), style="dim", markup=False)
        for line in scaling_lines(group):
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
