"""Parts of learning curves: decay, differences between seeds, noise of epochs, and noise of a small test set.

Each function works on many seeds at once: an array has a row for each seed and a column for each epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List

import numpy as np

# A row for each seed, a column for each epoch.
Table = Any
History = Dict[str, List[float]]
Generator = np.random.Generator

# How much of the noise of an epoch is still there after the next one.
MEMORY = 0.5


@dataclass(frozen=True)
class Noise:
    """How the seeds of one training differ.

    Attributes:
        seed: standard deviation between seeds, which lasts the whole training.
        epoch: standard deviation from epoch to epoch.
        speed: standard deviation of how quickly a seed learns.
        tails: degrees of freedom of Student's distribution for the seeds; many are normal, few have heavy tails.
    """

    seed: float
    epoch: float
    speed: float = 0.0
    tails: float = 30.0

    def draw(self, random: Generator, seeds: int, epochs: int) -> Table:
        """Return deviations of so many seeds and epochs."""
        scale = np.sqrt((self.tails - 2) / self.tails)
        lasting = self.seed * scale * random.standard_t(self.tails, (seeds, 1))
        return lasting + self.epoch * remembered(random.standard_normal((seeds, epochs)))


def remembered(fresh: Table) -> Table:
    """Return noise of unit variance in which an epoch resembles the one before."""
    values = np.array(fresh)
    kept = np.sqrt(1 - MEMORY**2)
    for epoch in range(1, values.shape[1]):
        values[:, epoch] = MEMORY * values[:, epoch - 1] + kept * fresh[:, epoch]
    return values


def decay(random: Generator, seeds: int, epochs: int, *, ends: tuple[float, float], pace: float, speed: float) -> Table:
    """Return curves that fall from the first end to the second, each seed at a pace of its own."""
    first, last = ends
    paces = pace * np.exp(speed * random.standard_normal((seeds, 1)))
    return last + (first - last) * np.exp(-np.arange(epochs) / paces)


def share_of(random: Generator, wrong: Table, examples: int) -> Table:
    """Return the share of right answers on so many examples, where each is wrong with the given probability."""
    return 1 - random.binomial(examples, np.clip(wrong, 0, 1)) / examples


def histories(**series: Table) -> list[History]:
    """Return one mapping for each seed, from the name of a metric to its values by epoch."""
    rows = {name: np.asarray(table).tolist() for name, table in series.items()}
    count = len(next(iter(rows.values())))
    return [{name: list(values[seed]) for name, values in rows.items()} for seed in range(count)]


Draw = Callable[[Generator, int], List[History]]
