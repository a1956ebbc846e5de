"""Injected faults, benign changes and fixes for the session: in what is typed, and in how it is typed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator
from unittest import mock

from pytest_kerasch2.chapter import block_texts
from pytest_kerasch2.chapter.listings.faults import windows_line_ends
from pytest_kerasch2.chapter.session import blocks, observations
from pytest_kerasch2.checks.common_faults import fault, replaced, wrapped
from pytest_kerasch2.framework import api

__all__ = ["windows_line_ends"]

CASTS = """
import tensorflow as tf
mnist = tf.keras.datasets.mnist
(train_x, train_y), (test_x, test_y) = mnist.load_data()
train_x, test_x = tf.cast(train_x / 255.0, tf.float32), tf.cast(test_x / 255.0, tf.float32)
train_y, test_y = tf.cast(train_y, tf.int64), tf.cast(test_y, tf.int64)
epochs = 10
"""


def _instead(block: str, change: Callable[[str], str]) -> Callable[..., str]:
    def text(original: Any, asked: str) -> str:
        written = str(original(asked))
        return change(written) if asked == block else written

    return text


nothing_shared = fault(
    "Each block is typed into a session of its own.",
    wrapped,
    observations,
    "_typed",
    lambda original, block, text, names: original(block, text, {"__name__": "__main__"}),
)
name_mistyped = fault(
    "The block that trains the first model is typed with a wrong name.",
    wrapped,
    block_texts,
    "text",
    _instead("fit", lambda text: text.replace("model1", "modle1")),
)
set_up_casts = fault(
    "The set-up of the functional example casts the data as the first example does.",
    wrapped,
    block_texts,
    "text",
    _instead("functional-data", lambda text: CASTS),
)
set_up_in_half = fault(
    "The set-up of the functional example casts the images to 16 bits.",
    wrapped,
    block_texts,
    "text",
    _instead("functional-data", lambda text: text.replace("tf.float32", "tf.float16")),
)
set_up_forgets_images = fault(
    "The set-up of the functional example leaves half of the images out.",
    wrapped,
    block_texts,
    "text",
    _instead("functional-data", lambda text: text + "train_x = train_x[:64]\n"),
)


@contextmanager
def no_adam() -> Iterator[None]:
    """The optimizer is nowhere."""
    with mock.patch.object(api.tensorflow().keras.optimizers, "Adam", None):
        yield


@contextmanager
def workarounds_printed() -> Iterator[None]:
    """The blocks are printed with the workarounds of this release."""
    written = blocks.mended(api.release())
    original = block_texts.text
    with replaced(block_texts, "text", lambda block: written[block] if block in written else original(block)):
        yield
