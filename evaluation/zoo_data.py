"""Small data sets of the zoo, drawn from a seeded generator: each has something to learn."""

from __future__ import annotations

from typing import Any

import numpy as np

COUNT = 256


def table(drawn: Any, outputs: int = 1, width: int = 8, count: int = COUNT) -> tuple[Any, Any]:
    """Return inputs and real targets, which are a smooth function of them with noise."""
    x = drawn.normal(size=(count, width)).astype("float32")
    y = np.tanh(x @ drawn.normal(size=(width, outputs)) / 2) + 0.1 * drawn.normal(size=(count, outputs))
    return x, y.astype("float32")


def classes(drawn: Any, kinds: int = 4, width: int = 8, count: int = COUNT) -> tuple[Any, Any]:
    """Return inputs and the number of the class of each."""
    x = drawn.normal(size=(count, width)).astype("float32")
    return x, (x @ drawn.normal(size=(width, kinds))).argmax(1).astype("int32")


def binary(drawn: Any, width: int = 8, count: int = COUNT) -> tuple[Any, Any]:
    """Return inputs and targets of 0 and 1, one for each."""
    x = drawn.normal(size=(count, width)).astype("float32")
    return x, (x @ drawn.normal(size=(width, 1)) > 0).astype("float32")


def one_hot(labels: Any, kinds: int = 4) -> Any:
    """Return labels as rows with a single one."""
    return np.eye(kinds, dtype="float32")[labels]


def images(drawn: Any, channels: int = 1, side: int = 8, kinds: int = 3, count: int = 128) -> tuple[Any, Any]:
    """Return images from 0 to 1, brighter in the row of their class, and the classes."""
    labels = drawn.randint(0, kinds, count).astype("int32")
    x = drawn.uniform(0, 0.5, (count, side, side, channels)).astype("float32")
    for kind in range(kinds):
        x[labels == kind, 2 * kind] += 0.5
    return x, labels


def series(drawn: Any, steps: int = 6, width: int = 3, count: int = 128) -> tuple[Any, Any]:
    """Return sequences of vectors, and the mean of their first number."""
    x = drawn.normal(size=(count, steps, width)).astype("float32")
    return x, x[:, :, :1].mean(1)


def words(drawn: Any, length: int = 8, vocabulary: int = 30, kinds: int = 4, count: int = 128) -> tuple[Any, Any]:
    """Return sentences of word numbers padded with zeros, and a tag for each word (0 where padded)."""
    x = drawn.randint(1, vocabulary, (count, length)).astype("int32")
    for row, end in zip(x, drawn.randint(3, length + 1, count)):
        row[end:] = 0
    return x, np.where(x > 0, x % kinds, 0).astype("int32")
