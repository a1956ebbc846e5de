"""What the checks of the pipeline look with: numbered images, and the ways in which one can have been turned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_kerasch2.claims.recorder import Recorder

SEED = 20
AS_IT_WAS, LEFT_TO_RIGHT, UPSIDE_DOWN, OTHERWISE = "as it was", "left to right", "upside down", "otherwise"


@dataclass(frozen=True, eq=False)
class Numbered:
    """Images of which no two are alike, nor any like its own mirror images; the label of each is its number.

    Attributes:
        x: float32 of shape (n, height, width), from 0 to 1, without a channel axis as everywhere in the chapter.
        y: int64, from `first` on.
        first: the number of the first image.
    """

    x: Any
    y: Any
    first: int = 0

    def way(self, image: Any, label: Any) -> str:
        """Return how an image lies compared with the one of that number: one of the four constants above."""
        own = self.x[int(label) - self.first]
        ways = {AS_IT_WAS: own, LEFT_TO_RIGHT: own[:, ::-1], UPSIDE_DOWN: own[::-1]}
        return next((name for name, turned in ways.items() if np.array_equal(image, turned)), OTHERWISE)

    def ways(self, batch: Any) -> list[str]:
        """Return how each image of a batch (images, labels) lies."""
        return [self.way(image, label) for image, label in zip(*batch)]


def numbered(count: int, height: int = 28, width: int = 28, *, first: int = 0) -> Numbered:
    """Return so many images of noise, the same in every run."""
    x = np.random.RandomState(SEED + first).randint(1, 256, (count, height, width)).astype("float32") / np.float32(255)
    return Numbered(x, np.arange(first, first + count, dtype="int64"), first)


def elements(dataset: Any, at_most: int = 1000) -> list[tuple[Any, Any]]:
    """Return the elements of a data set as pairs of arrays, no more than so many, since it may have no end."""
    return [(image.numpy(), label.numpy()) for image, label in dataset.take(at_most)]


def labels(batches: list[tuple[Any, Any]]) -> list[int]:
    """Return all labels of some batches in their order."""
    return [int(label) for _, batch in batches for label in batch]


def kept_company(batches: list[tuple[Any, Any]]) -> int:
    """Return how many batches hold consecutive numbers only: images that stood side by side before."""
    return sum(bool((np.diff(np.sort(batch)) == 1).all()) for _, batch in batches)


def in_random_order(record: Recorder, what: str, orders: list[list[int]]) -> None:
    """Require of thirty orders of forty numbers that they are random: neighbours part, and each number moves.

    Of 39 neighbours two stay side by side in a random order, and a number comes to lie 13 places from its own. Both
    means, over thirty orders, are as far off as is let pass here once in more than ten thousand runs.
    """
    own = np.arange(len(orders[0]))
    beside = float(np.mean([(np.abs(np.diff(order)) == 1).sum() for order in orders]))
    moved = float(np.mean([np.abs(np.array(order) - own).mean() for order in orders]))
    record.true(f"{what}: neighbours that stay side by side are few", holds=beside < len(own) / 8, found=len(orders))
    mean = (len(own) ** 2 - 1) / (3 * len(own))
    record.true(
        f"{what}: a number moves by a third of all places", holds=abs(moved / mean - 1) < 0.2, found=len(orders)
    )
    first = {order[0] for order in orders}
    record.true(f"{what}: many come first in one of the passes", holds=len(first) > len(orders) / 3, found=len(orders))


def has_no_end(tf: Any, dataset: Any) -> bool:
    """Return whether TensorFlow knows the data set to be infinite."""
    experimental = tf.data.experimental
    return bool(int(experimental.cardinality(dataset)) == experimental.INFINITE_CARDINALITY)
