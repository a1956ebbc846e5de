"""How far apart runs of steps are, by how they move the weights: what scatters by chance, and what lies beyond it."""

from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np

# Shares by which a run may be off at least: what another order of additions does is much less.
MIN_ALLOWED = {"along": 0.05, "far": 0.05, "weights": 0.05, "loss": 0.1}
# Of what runs by hand scatter, so much is allowed: by six of them, an honest one is so far off about once in a
# thousand, and so less than once in a hundred thousand two times in turn.
ALLOWED_DEVIATIONS = 6.0
# Where chance allows more than this, nothing is proved.
MAX_ALLOWED = 0.5


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Attributes:
        way: how the weights moved, all of them in one vector.
        loss: on its images after it.
        sizes: of the parts of the way that belong to one weight each; one part where there are none.
    """

    path: Any
    loss: float
    sizes: tuple[int, ...] = ()


def deviations_of(references: Sequence[RunResult], runs: Sequence[RunResult]) -> dict[str, float]:
    """Return by what share runs are off from those by hand, on the mean."""
    usual, values = _features(references, references), _features(runs, references)
    return {name: abs(statistics.mean(values[name]) - statistics.mean(usual[name])) for name in usual}


def limits_of(references: Sequence[RunResult]) -> dict[str, float]:
    """Return by what share they may be off."""
    usual = _features(references, references)
    return {name: max(MIN_ALLOWED[name], ALLOWED_DEVIATIONS * statistics.stdev(values)) for name, values in usual.items()}


def excess_similarity(references: Sequence[RunResult], runs: Sequence[RunResult]) -> float:
    """Return how much nearer to each other runs are than any two of the reference, as a share; zero if they are not.

    Of steps in which nothing is drawn, which all go the same way, it is zero too. It tells nothing of epochs: where a
    seed is set, Keras draws the same order in each call of `fit`.
    """
    least, usual = _smallest_distance(references), float(np.linalg.norm(np.mean([one.path for one in references], 0)))
    if least < MIN_ALLOWED["far"] * usual or not least:
        return 0.0
    return max(0.0, 1 - _smallest_distance(runs) / least)


def _smallest_distance(runs: Sequence[RunResult]) -> float:
    pairs = itertools.combinations(runs, 2)
    return min((float(np.linalg.norm(one.path - other.path)) for one, other in pairs), default=math.inf)


def _features(runs: Sequence[RunResult], references: Sequence[RunResult]) -> dict[str, list[float]]:
    """Return for each run how far it went along the usual way, in all, and from it, and the logarithm of its loss.

    The distance from the usual way is one in which each weight counts alike, however little it moves.

    What is usual is the mean of runs by hand, as many for each: one by hand is not compared with itself.
    """
    features: dict[str, list[float]] = {"along": [], "far": [], "weights": [], "loss": []}
    scale = _weight_scale(references)
    for run in runs:
        others = [one for one in references if one is not run][1 - len(references) :]
        mean = np.mean([one.path for one in others], 0)
        features["along"].append(float(run.path @ mean / (mean @ mean)))
        features["far"].append(float(np.linalg.norm(run.path) / np.mean([np.linalg.norm(one.path) for one in others])))
        features["weights"].append(float(np.linalg.norm((run.path - mean) * scale)))
        # A loss that is zero or less has no share by which it is off.
        usual = [one.loss for one in (run, *others)]
        features["loss"].append(math.log(usual[0] / statistics.mean(usual[1:])) if min(usual) > 0 else 0.0)
    return features


def _weight_scale(references: Sequence[RunResult]) -> Any:
    """Return factors of the way by which each weight moves alike, all by one, and those that scatter by none."""
    ways = np.stack([one.path for one in references])
    mean, sizes = ways.mean(0), references[0].sizes or (ways.shape[1],)
    parts = [slice(end - size, end) for size, end in zip(sizes, np.cumsum(sizes))]
    norms = [float(np.linalg.norm(mean[part])) for part in parts]
    scatter = [float(np.mean(np.linalg.norm(ways[:, part] - mean[part], axis=1))) for part in parts]
    factors = [1 / norm if norm and by <= MAX_ALLOWED * norm else 0.0 for norm, by in zip(norms, scatter)]
    return np.repeat(factors, sizes) / max(1.0, np.count_nonzero(factors) ** 0.5)
