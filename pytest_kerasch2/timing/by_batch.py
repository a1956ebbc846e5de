"""How the time of a step depends on its batch: a fixed cost, a cost of each image, and where a GPU overtakes a CPU."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Iterator, Mapping, Sequence

from pytest_kerasch2.timing.table import Row, duration

MODE = "fit"
# Of so few batch sizes at least two numbers can be told, and be wrong.
FEWEST = 3


@dataclass(frozen=True)
class Law:
    """The time of a step, as a sum of two parts.

    Attributes:
        fixed: seconds of a step, however small.
        each: seconds of an image.
        off: the largest distance of a measured step from this, as a share of it.
    """

    fixed: float
    each: float
    off: float


def law(steps: Mapping[int, float]) -> Law:
    """Give the fixed cost and the cost of an image that fit best, all batch sizes counting alike.

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
    off = max(abs(fixed + each * size - seconds) / seconds for size, seconds in steps.items())
    return Law(fixed, each, off)


def overtakes(cpu: Mapping[int, float], gpu: Mapping[int, float]) -> tuple[int, int] | None:
    """Give the batch sizes between which a GPU overtakes a CPU: the last where it is slower, the first where it is not.

    Gives:
        (0, n) where it is as quick from the first size n on; None where it is slower at the last.
    """
    shared = sorted(set(cpu) & set(gpu))
    slower = [size for size in shared if gpu[size] > cpu[size]]
    if not shared or shared[-1] in slower:
        return None
    last = slower[-1] if slower else 0
    return last, next(size for size in shared if size > last)


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Give what is told of the steps of `fit` by their batches, for each device, and of a GPU against a CPU.

    Networks of another type or size are told apart.
    """
    for network in dict.fromkeys(row.network for row in rows if row.found is not None):
        yield from _of_network([row for row in rows if row.network == network and row.found is not None])


def _of_network(rows: Sequence[Row]) -> Iterator[str]:
    steps = {name: of_device(rows, name) for name in dict.fromkeys(row.device for row in rows)}
    for name, found in steps.items():
        if len(found) >= FEWEST:
            told = law(found)
            yield (
                f"On {name}, a step of fit takes about {duration(told.fixed)} and {duration(told.each)} an image "
                f"(batches of {min(found)} to {max(found)}; the furthest lies {100 * told.off:.0f} % off)."
            )
    cpu, gpu = (next((steps[name] for name in steps if name.startswith(kind)), {}) for kind in ("cpu", "gpu"))
    for size in sorted(set(cpu) & set(gpu)):
        yield f"  batches of {size}: {cpu[size] / gpu[size]:.2f} times as quick on the GPU"
    if set(cpu) & set(gpu):
        between = overtakes(cpu, gpu)
        if between is None:
            yield "  the GPU is not the quicker one at the largest of these."
        else:
            below, above = between
            yield f"  the GPU overtakes the CPU {f'between {below} and' if below else 'at or below'} {above}."


def of_device(rows: Sequence[Row], device: str) -> dict[int, float]:
    """Give the seconds of a step of `fit` on a device, by batch size; of several rows of one size, their mean."""
    found: dict[int, list[float]] = {}
    for row in rows:
        if row.device == device and row.mode == MODE and row.found is not None:
            found.setdefault(row.batch_size, []).append(row.found.each)
    return {size: math.exp(sum(map(math.log, times)) / len(times)) for size, times in sorted(found.items())}
