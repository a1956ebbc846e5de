"""What the checks of the pipeline look with: numbered images, and the ways in which one can have been turned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

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


def has_no_end(tf: Any, dataset: Any) -> bool:
    """Return whether TensorFlow knows the data set to be infinite."""
    experimental = tf.data.experimental
    return bool(int(experimental.cardinality(dataset)) == experimental.INFINITE_CARDINALITY)
