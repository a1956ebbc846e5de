"""How the time of a step depends on its batch: a fixed cost, a cost of each image, and where a GPU overtakes a CPU."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Iterator, Mapping, Sequence

from pytest_kerasch2.stats import bootstrap
from pytest_kerasch2.stats.paired_sequential import Span
from pytest_kerasch2.timing.table import Row, duration

MODE = "fit"
# Of so few batch sizes at least two numbers can be told, and be wrong.
FEWEST = 3
# A law that lies further off than this, as a share of a step, is none.
MOST_OFF = 0.1
# How often a ratio may lie outside of its interval.
ERROR = 0.05


@dataclass(frozen=True)
class Curve:
    """The steps of `fit` of one network on one device, by batch size.

    Attributes:
        device: its name.
        network: see `Row`.
        blocks: seconds of a step in each block, by batch size; of several rows of one size each by itself.
        least: seconds that a step takes at least, by batch size, where that is known.
        source: by which of several files it was told, counted from 1; 0 where there is one alone.
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


def curves(rows: Sequence[Row], source: int = 0) -> list[Curve]:
    """Return a curve for each network and device of which steps of `fit` were measured.

    Networks of another type or size are told apart.
    """
    its = [row for row in rows if row.mode == MODE and row.found is not None]
    found = []
    for network, device in dict.fromkeys((row.network, row.device) for row in its):
        same = sorted((row for row in its if (row.network, row.device) == (network, device)), key=_size)
        blocks: dict[int, list[list[float]]] = {}
        for row in same:
            blocks.setdefault(row.batch_size, []).append([one.each for one in row.found.blocks] if row.found else [])
        least = {row.batch_size: row.limit for row in same if row.limit is not None}
        found.append(Curve(device, network, blocks, least, source))
    return found


def _size(row: Row) -> int:
    return row.batch_size


@dataclass(frozen=True)
class Law:
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
        return self.off <= MOST_OFF

    def __call__(self, size: int) -> float:
        """Return the seconds of a step of a batch size."""
        return self.fixed + self.each * size


def law(steps: Mapping[int, float]) -> Law:
    """Return the fixed cost and the cost of an image that fit best, all batch sizes counting alike.

    Args:
        steps: seconds of a step, by its batch size; of two sizes at least.
    """
    # The squares of relative distances are the least, which is linear in both: sums of 1/t, n/t and their products.
    rows = [(1 / seconds, size / seconds) for size, seconds in steps.items()]
    aa, ab, bb = (sum(one[i] * one[j] for one in rows) for i, j in ((0, 0), (0, 1), (1, 1)))
    a, b = (sum(one[i] for one in rows) for i in (0, 1))
    whole = aa * bb - ab * ab
    fixed, each = (a * bb - b * ab) / whole, (b * aa - a * ab) / whole
    if fixed < 0 or each < 0:
        # A step of a negative part is none: then the other part is all there is.
        fixed, each = (0.0, b / bb) if fixed < 0 else (a / aa, 0.0)
    off = {size: abs(fixed + each * size - seconds) / seconds for size, seconds in steps.items()}
    furthest = max(off, key=lambda size: off[size])
    return Law(fixed, each, off[furthest], furthest)


@dataclass(frozen=True)
class Against:
    """A GPU against the CPU that was measured beside it.

    Attributes:
        ratios: by batch size, how many times as quick the GPU is, with the interval of `resampling.ratio_of_medians`.
    """

    cpu: Curve
    gpu: Curve
    ratios: Mapping[int, Span]

    @property
    def slower(self) -> int | None:
        """Return the largest batch whose interval lies wholly on the side of the CPU."""
        return max((size for size, ratio in self.ratios.items() if ratio.high < 1), default=None)

    @property
    def quicker(self) -> int | None:
        """Return the smallest batch, larger than `slower`, whose interval lies wholly on the side of the GPU."""
        sizes = [size for size, ratio in self.ratios.items() if ratio.low > 1]
        return min((size for size in sizes if size > (self.slower or 0)), default=None)

    @property
    def line(self) -> str:
        """Return where the GPU overtakes, as far as that is known."""
        cpu, gpu, slower, quicker = self.cpu.name, self.gpu.name, self.slower, self.quicker
        if quicker is None and slower is None:
            return f"{gpu} and {cpu} cannot be told apart at any of these batches."
        if quicker is None:
            return f"{gpu} is slower than {cpu} at batches of {slower}, and quicker at none that is larger here."
        if slower is not None:
            return f"{gpu} overtakes {cpu} between batches of {slower} and {quicker}."
        if quicker == min(self.ratios):
            return f"{gpu} is quicker than {cpu} at the smallest of these batches already, {quicker}."
        return f"{gpu} is quicker than {cpu} at batches of {quicker}; at smaller ones they cannot be told apart."


def against(found: Sequence[Curve]) -> list[Against]:
    """Compare each GPU with the CPU of the same network and the same file; others are of other machines or minutes."""
    cpus = {(one.source, one.network): one for one in reversed(found) if one.kind == "cpu"}
    pairs = [(cpus.get((one.source, one.network)), one) for one in found if one.kind == "gpu"]
    return [_against(cpu, gpu) for cpu, gpu in pairs if cpu is not None and set(cpu.blocks) & set(gpu.blocks)]


def _against(cpu: Curve, gpu: Curve) -> Against:
    shared = sorted(set(cpu.blocks) & set(gpu.blocks))
    ratio = bootstrap.ratio_of_medians
    return Against(cpu, gpu, {size: ratio(cpu.blocks[size], gpu.blocks[size], ERROR) for size in shared})


def lines(found: Sequence[Curve]) -> Iterator[str]:
    """Yield what is told of curves of one network: two parts of a step where they tell it, and who overtakes whom."""
    for curve in found:
        steps = curve.steps
        if len(steps) >= FEWEST:
            yield _parts(curve.name, steps)
    for one in against(found):
        yield one.line


def _parts(name: str, steps: Mapping[int, float]) -> str:
    told = law(steps)
    if told.holds:
        return (
            f"On {name}, a step of fit takes about {duration(told.fixed)} and {duration(told.each)} an image "
            f"(batches of {min(steps)} to {max(steps)}; the furthest lies {100 * told.off:.0f} % off)."
        )
    images = ", ".join(f"{duration(seconds / size)} of {size}" for size, seconds in steps.items())
    return (
        f"On {name}, a step of fit is no sum of a fixed cost and a cost of each image: the nearest such sum lies "
        f"{100 * told.off:.0f} % off at batches of {told.furthest}. What an image takes, in batches: {images}."
    )
