"""The chapter's data pipeline, as printed and as it was meant.

As printed, images without a channel axis are put into batches first, and the batches, not the images, are then
shuffled and flipped. A batch of shape (32, 28, 28) is for ``tf.image.random_flip_left_right`` ONE image, 32 high, 28
wide, with 28 channels. What it turns round is axis 1, which holds the rows of each handwritten digit: every digit of
the batch is put upside down, or none is, on one toss of a coin for each batch, the smaller last batch included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BATCH_SIZE = 32
BUFFER_SIZE = 10000


@dataclass(frozen=True)
class Stages:
    """The training pipeline after each of its operators, every one a data set of its own.

    Attributes:
        batched: images and labels in the order given, the last batch maybe smaller.
        shuffled: the same batches in random order; which images share a batch never changes.
        flipped: each batch as it was, or with all its images upside down.
        repeated: that, without an end.
    """

    batched: Any
    shuffled: Any
    flipped: Any
    repeated: Any


def stages_as_printed(
    tf: Any, x: Any, y: Any, *, batch_size: int = BATCH_SIZE, buffer_size: int = BUFFER_SIZE, seed: int | None = None
) -> Stages:
    """Return the printed training pipeline stage by stage.

    Args:
        tf: the TensorFlow module.
        x: images of shape (n, height, width), without a channel axis as everywhere in the chapter.
        y: n labels.
        batch_size: images per batch.
        buffer_size: batches, not images, from which the next one is drawn.
        seed: fixes order and flips together with TensorFlow's global seed.
    """
    batched = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size)
    shuffled = batched.shuffle(buffer_size, seed=seed)
    flipped = shuffled.map(lambda image, label: (tf.image.random_flip_left_right(image, seed=seed), label))
    return Stages(batched, shuffled, flipped, flipped.repeat())


def as_printed(
    tf: Any, x: Any, y: Any, *, batch_size: int = BATCH_SIZE, buffer_size: int = BUFFER_SIZE, seed: int | None = None
) -> Any:
    """Return the endless training data set that the printed lines make; arguments as for ``stages_as_printed``."""
    return stages_as_printed(tf, x, y, batch_size=batch_size, buffer_size=buffer_size, seed=seed).repeated


def as_printed_for_test(
    tf: Any, train: Any, x: Any, y: Any, *, batch_size: int = BATCH_SIZE, buffer_size: int = BUFFER_SIZE
) -> Any:
    """Return what the printed lines call the test data set: the *training* data set, repeated once more.

    The test images are put into batches and shuffled, and the next line overwrites the result.
    """
    test = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size).shuffle(buffer_size)
    test = train.repeat()
    return test  # noqa: RET504  # the overwriting is what the chapter prints


def flip_each(tf: Any, images: Any, seed: int | None = None) -> Any:
    """Return a batch of images of shape (n, height, width), each on its own flipped left to right or left alone."""
    with_channel = tf.expand_dims(images, -1)
    return tf.squeeze(tf.image.random_flip_left_right(with_channel, seed=seed), -1)


def as_meant(
    tf: Any, x: Any, y: Any, *, batch_size: int = BATCH_SIZE, buffer_size: int = BUFFER_SIZE, seed: int | None = None
) -> Any:
    """Return the endless training data set that the text describes: images shuffled, then each flipped or not.

    Arguments as for ``stages_as_printed``, but ``buffer_size`` counts images.
    """
    examples = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(buffer_size, seed=seed)
    flipped = examples.batch(batch_size).map(lambda image, label: (flip_each(tf, image, seed), label))
    return flipped.repeat()


def as_meant_for_test(tf: Any, x: Any, y: Any, *, batch_size: int = BATCH_SIZE) -> Any:
    """Return the test images once, in their order, unflipped, so that ``evaluate`` sees each exactly once."""
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size)
