"""How far apart runs of steps are, by how they move the weights: what scatters by chance, and what lies beyond it."""

from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np

# Shares by which a run may be off at least: what another order of additions does is much less.
LEAST = {"along": 0.05, "far": 0.05, "weights": 0.05, "loss": 0.1}
# Of what runs by hand scatter, so much is allowed: by six of them, an honest one is so far off about once in a
# thousand, and so less than once in a hundred thousand two times in turn.
SCATTERS = 6.0
# Where chance allows more than this, nothing is proved.
MOST = 0.5


@dataclass(frozen=True)
class Moved:
    """What a run did.

    Attributes:
        way: how the weights moved, all of them in one vector.
        loss: on its images after it.
        sizes: of the parts of the way that belong to one weight each; one part where there are none.
    """

    way: Any
    loss: float
    sizes: tuple[int, ...] = ()


def off(references: Sequence[Moved], found: Sequence[Moved]) -> dict[str, float]:
    """Return by what share runs are off from those by hand, on the mean."""
    usual, those = _told(references, references), _told(found, references)
    return {name: abs(statistics.mean(those[name]) - statistics.mean(usual[name])) for name in usual}


def allowed(references: Sequence[Moved]) -> dict[str, float]:
    """Return by what share they may be off."""
    usual = _told(references, references)
    return {name: max(LEAST[name], SCATTERS * statistics.stdev(values)) for name, values in usual.items()}


def alike(references: Sequence[Moved], found: Sequence[Moved]) -> float:
    """Return how much nearer to each other runs are than any two of the reference, as a share; zero if they are not.

    Of steps in which nothing is drawn, which all go the same way, it is zero too. It tells nothing of epochs: where a
    seed is set, Keras draws the same order in each call of `fit`.
    """
    least, usual = _nearest(references), float(np.linalg.norm(np.mean([one.way for one in references], 0)))
    if least < LEAST["far"] * usual or not least:
        return 0.0
    return max(0.0, 1 - _nearest(found) / least)


def _nearest(runs: Sequence[Moved]) -> float:
    pairs = itertools.combinations(runs, 2)
    return min((float(np.linalg.norm(one.way - other.way)) for one, other in pairs), default=math.inf)


def _told(runs: Sequence[Moved], references: Sequence[Moved]) -> dict[str, list[float]]:
    """Return for each run how far it went along the usual way, in all, and from it, and the logarithm of its loss.

    The distance from the usual way is one in which each weight counts alike, however little it moves.

    What is usual is the mean of runs by hand, as many for each: one by hand is not compared with itself.
    """
    told: dict[str, list[float]] = {"along": [], "far": [], "weights": [], "loss": []}
    scale = _scale(references)
    for run in runs:
        others = [one for one in references if one is not run][1 - len(references) :]
        mean = np.mean([one.way for one in others], 0)
        told["along"].append(float(run.way @ mean / (mean @ mean)))
        told["far"].append(float(np.linalg.norm(run.way) / np.mean([np.linalg.norm(one.way) for one in others])))
        told["weights"].append(float(np.linalg.norm((run.way - mean) * scale)))
        # A loss that is zero or less has no share by which it is off.
        usual = [one.loss for one in (run, *others)]
        told["loss"].append(math.log(usual[0] / statistics.mean(usual[1:])) if min(usual) > 0 else 0.0)
    return told


def _scale(references: Sequence[Moved]) -> Any:
    """Return factors of the way by which each weight moves alike, all by one, and those that scatter by none."""
    ways = np.stack([one.way for one in references])
    mean, sizes = ways.mean(0), references[0].sizes or (ways.shape[1],)
    parts = [slice(end - size, end) for size, end in zip(sizes, np.cumsum(sizes))]
    norms = [float(np.linalg.norm(mean[part])) for part in parts]
    apart = [float(np.mean(np.linalg.norm(ways[:, part] - mean[part], axis=1))) for part in parts]
    told = [1 / norm if norm and by <= MOST * norm else 0.0 for norm, by in zip(norms, apart)]
    return np.repeat(told, sizes) / max(1.0, np.count_nonzero(told) ** 0.5)
