"""What a reader writes instead: the data pipeline, training on it, and what became of Estimators."""

from __future__ import annotations

from typing import Any

import numpy

from pytest_kerasch2.chapter.workarounds import Names, data, learnt, lines, trains, with_compiled, with_network
from pytest_kerasch2.claims.model import Workaround
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import pipeline

BATCH = 32


def _numbered(tf: Any) -> Names:
    """Return images that say which one they are: image n is n/64 on its left half, and zero on its right."""
    api.require_tensorflow("tf.data")
    names = data(tf)
    count = len(names["train_labels"])
    pictures = numpy.zeros((count, 28, 28), "float32")
    pictures[:, :, :14] = ((numpy.arange(count) + 1) / count)[:, None, None]
    for part in ("train", "test"):
        names[f"{part}_images"] = api.tensor(pictures)
    return names


def _with_batches(names: Names) -> Names:
    api.require_tensorflow("tf.data")
    images, labels = names["train_images"], names["train_labels"]
    return {**names, "batches": pipeline.as_meant(names["tf"], images, labels, batch_size=BATCH)}


def _network_and_batches(tf: Any) -> Names:
    return _with_batches(with_network(tf))


def _compiled_and_batches(tf: Any) -> Names:
    return _with_batches(with_compiled(tf))


def _adam_and_batches(tf: Any) -> Names:
    return {**_compiled_and_batches(tf), "adam": tf.keras.optimizers.Adam()}


def _shuffled_and_flipped(names: Names, record: Recorder) -> None:
    """Images change their company from round to round, each is turned by itself, and left to right."""
    images = numpy.concatenate([batch.numpy() for batch, _ in names["batches"].take(8)])
    which = [sorted(images[start : start + BATCH].max(axis=(1, 2)).tolist()) for start in (0, 2 * BATCH)]
    record.true("other images in the first batch of the next round", holds=which[0] != which[1], found=BATCH)
    turned = images[:, 0, 27] > 0
    mixed = [bool(0 < part.sum() < BATCH) for part in numpy.split(turned, 8)]
    record.equal("batches in which some images are turned and some not", expected=8, actual=sum(mixed))
    halves = (images[:, :, :14].max(axis=(1, 2)) > 0) ^ (images[:, :, 14:].max(axis=(1, 2)) > 0)
    record.all_true("each image is still whole, and on one side", mask=halves)


def _each_test_image_once(names: Names, record: Recorder) -> None:
    seen = numpy.concatenate([batch.numpy() for batch, _ in names["test_batches"]])
    record.same_bits("the images for testing", expected=api.array(names["test_images"]), actual=seen)


def _tested(names: Names, record: Recorder) -> None:
    _each_test_image_once(names, record)
    record.equal("numbers of the evaluation", expected=2, actual=len(names["scores"]))


def _trained(names: Names, record: Recorder) -> None:
    learnt(names, record)
    trains(names, record)


def _encoded(names: Names, record: Recorder) -> None:
    shape = tuple(int(size) for size in names["encoded"].shape)
    # One number for the age, one for each of two kinds, and one for kinds not seen before.
    record.equal("the shape of the encoded rows", expected=(3, 4), actual=shape)


def _rows(tf: Any) -> Names:
    api.require_tensorflow("tf.data")
    rows = {"age": [20.0, 30.0, 40.0], "kind": ["cat", "dog", "cat"]}
    return {"tf": tf, "rows": tf.data.Dataset.from_tensor_slices(rows)}


PIPELINE = Workaround(
    lines("""
        def flipped(image, label):
            return tf.image.random_flip_left_right(image[..., tf.newaxis])[..., 0], label

        batches = tf.data.Dataset.from_tensor_slices((train_images, train_labels))
        batches = batches.shuffle(10000).map(flipped).batch(32).repeat()
    """),
    _numbered,
    _shuffled_and_flipped,
)
TEST_PIPELINE = Workaround(
    lines("""
        test_batches = tf.data.Dataset.from_tensor_slices((test_images, test_labels)).batch(32)
    """),
    _numbered,
    _each_test_image_once,
)
EVALUATION = Workaround(
    lines("""
        test_batches = tf.data.Dataset.from_tensor_slices((test_images, test_labels)).batch(32)
        scores = network.evaluate(test_batches)
    """),
    with_compiled,
    _tested,
)
COMPILE_AND_FIT = Workaround(
    lines("""
        network.compile(optimizer=tf.keras.optimizers.Adam(), loss="sparse_categorical_crossentropy",
                        metrics=["accuracy"])
        network.fit(batches, epochs=rounds, steps_per_epoch=len(train_images) // per_batch)
    """),
    _network_and_batches,
    _trained,
)
FIT = Workaround(
    lines("""
        network.fit(batches, epochs=rounds, steps_per_epoch=len(train_images) // per_batch)
    """),
    _compiled_and_batches,
    learnt,
)
STEP_BY_STEP = Workaround(
    lines("""
        for images, labels in batches.take(2):
            with tf.GradientTape() as tape:
                chances = network(images, training=True)
                loss = tf.reduce_mean(tf.keras.losses.sparse_categorical_crossentropy(labels, chances))
            gradients = tape.gradient(loss, network.trainable_variables)
            adam.apply_gradients(zip(gradients, network.trainable_variables))
    """),
    _adam_and_batches,
    learnt,
)
FEATURES = Workaround(
    lines("""
        columns = tf.keras.utils.FeatureSpace(
            {"age": "float_normalized", "kind": "string_categorical"}, output_mode="concat")
        columns.adapt(rows)
        encoded = columns({"age": [20.0, 30.0, 40.0], "kind": ["cat", "dog", "fox"]})
    """),
    _rows,
    _encoded,
)
