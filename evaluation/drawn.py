"""Kinds of training whose histories are those of seeds that were really trained: see `evaluation.pool`."""

from __future__ import annotations

import statistics
from typing import Sequence

from evaluation import pool
from evaluation.curves import Draw, Generator, History
from evaluation.kinds import Kind
from evaluation.trainings import catalogue

# Of the seeds of a pool, those from which references are drawn; the others are new trainings.
OLD = 2 / 3
# A given margin, in standard deviations of the seeds.
DEVIATIONS = 2.5
NAME = "{} (real)"


def kinds() -> list[Kind]:
    """Return a kind for each training that has a pool."""
    results = []
    for training in catalogue.TRAININGS:
        histories = pool.read(training)
        if histories:
            results.append(kind_of(NAME.format(training.name), training.metric, training.about, histories))
    return results


def kind_of(name: str, metric: str, about: str, histories: Sequence[History]) -> Kind:
    """Return the kind whose references come from the first seeds, and whose new trainings from the others."""
    border = round(OLD * len(histories))
    asked = metric.rpartition(":")[0]
    spread = statistics.stdev(history[asked][-1] for history in histories[:border])
    old, new = drawing(histories[:border]), drawing(histories[border:])
    return Kind(name, metric, about, old, new, DEVIATIONS * spread, fresh=new)


def drawing(histories: Sequence[History]) -> Draw:
    """Return what draws from some histories, none twice for one gate."""

    def draw(random: Generator, count: int) -> list[History]:
        return [histories[place] for place in random.permutation(len(histories))[:count]]

    return draw
