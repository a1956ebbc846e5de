"""What a reader writes instead: the data pipeline, training on it, and what became of Estimators."""

from __future__ import annotations

from typing import Any

import numpy

from pytest_kerasch2.chapter.workarounds import (
    IMAGES,
    Names,
    data,
    has_learnt,
    lines,
    trains,
    with_class,
    with_compiled,
)
from pytest_kerasch2.claims.model import Workaround
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import pipeline

BATCH = 32


def _numbered(tf: Any) -> Names:
    """Return images that say which one they are: image n is n/64 on its left half, and zero on its right."""
    api.require_tensorflow("tf.data")
    names = data(tf)
    count = len(names["train_y"])
    pictures = numpy.zeros((count, 28, 28), "float32")
    pictures[:, :, :14] = ((numpy.arange(count) + 1) / count)[:, None, None]
    for part in ("train", "test"):
        names[f"{part}_x"] = api.tensor(pictures)
    return names


def _with_batches(names: Names) -> Names:
    api.require_tensorflow("tf.data")
    images, labels = names["train_x"], names["train_y"]
    return {**names, "train_dataset": pipeline.as_meant(names["tf"], images, labels, batch_size=BATCH)}


def _class_and_batches(tf: Any) -> Names:
    return _with_batches(with_class(tf))


def _compiled_and_batches(tf: Any) -> Names:
    return _with_batches(with_compiled(tf))


def _adam_and_batches(tf: Any) -> Names:
    return {**_compiled_and_batches(tf), "optimiser": tf.keras.optimizers.Adam()}


def _shuffled_and_flipped(names: Names, record: Recorder) -> None:
    """Images change their company from round to round, each is turned by itself, and left to right."""
    images = numpy.concatenate([batch.numpy() for batch, _ in names["train_dataset"].take(8)])
    which = [sorted(images[start : start + BATCH].max(axis=(1, 2)).tolist()) for start in (0, 2 * BATCH)]
    record.true("other images in the first batch of the next round", holds=which[0] != which[1], found=BATCH)
    turned = images[:, 0, 27] > 0
    mixed = [bool(0 < part.sum() < BATCH) for part in numpy.split(turned, 8)]
    record.equal("batches in which some images are turned and some not", expected=8, actual=sum(mixed))
    halves = (images[:, :, :14].max(axis=(1, 2)) > 0) ^ (images[:, :, 14:].max(axis=(1, 2)) > 0)
    record.all_true("each image is still whole, and on one side", mask=halves)


def _each_test_image_once(names: Names, record: Recorder) -> None:
    seen = numpy.concatenate([batch.numpy() for batch, _ in names["test_dataset"]])
    record.same_bits("the images for testing", expected=api.array(names["test_x"]), actual=seen)


def _tested(names: Names, record: Recorder) -> None:
    _each_test_image_once(names, record)
    record.equal("numbers of the evaluation", expected=2, actual=len(names["scores"]))


def _trained(names: Names, record: Recorder) -> None:
    has_learnt("model5")(names, record)
    trains("model5")(names, record)
    record.equal("steps of an epoch", expected=IMAGES // BATCH, actual=names["steps_per_epoch"])


def _encoded(names: Names, record: Recorder) -> None:
    shape = tuple(int(size) for size in names["encoded"].shape)
    # One number for the age, one for each of two kinds, and one for kinds not seen before.
    record.equal("the shape of the encoded rows", expected=(3, 4), actual=shape)


def _tensorflow_alone(tf: Any) -> Names:
    api.require_tensorflow("tf.data")
    return {"tf": tf}


PIPELINE = Workaround(
    lines("""
        batch_size = 32
        buffer_size = 10000

        def flip(x, y):
            return tf.image.random_flip_left_right(x[..., tf.newaxis])[..., 0], y

        train_dataset = tf.data.Dataset.from_tensor_slices((train_x, train_y))
        train_dataset = train_dataset.shuffle(buffer_size).map(flip).batch(batch_size).repeat()
    """),
    _numbered,
    _shuffled_and_flipped,
    block="training-pipeline",
)
TEST_PIPELINE = Workaround(
    lines("""
        test_dataset = tf.data.Dataset.from_tensor_slices((test_x, test_y)).batch(batch_size)
    """),
    _numbered,
    _each_test_image_once,
    block="test-pipeline",
)
EVALUATION = Workaround(
    lines("""
        test_dataset = tf.data.Dataset.from_tensor_slices((test_x, test_y)).batch(batch_size)
        scores = model1.evaluate(test_dataset)
    """),
    with_compiled,
    _tested,
)
COMPILE_AND_FIT = Workaround(
    lines("""
        model5 = MyModel()
        steps_per_epoch = len(train_x) // batch_size
        optimiser = tf.keras.optimizers.Adam()
        model5.compile(optimizer=optimiser, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        model5.fit(train_dataset, epochs=epochs, steps_per_epoch=steps_per_epoch)
    """),
    _class_and_batches,
    _trained,
    block="pipeline-training",
)
FIT = Workaround(
    lines("""
        model1.fit(train_dataset, epochs=epochs, steps_per_epoch=len(train_x) // batch_size)
    """),
    _compiled_and_batches,
    has_learnt("model1"),
)
STEP_BY_STEP = Workaround(
    lines("""
        for images, labels in train_dataset.take(2):
            with tf.GradientTape() as tape:
                predictions = model1(images, training=True)
                loss = tf.reduce_mean(tf.keras.losses.sparse_categorical_crossentropy(labels, predictions))
            gradients = tape.gradient(loss, model1.trainable_variables)
            optimiser.apply_gradients(zip(gradients, model1.trainable_variables))
    """),
    _adam_and_batches,
    has_learnt("model1"),
)
FEATURES = Workaround(
    lines("""
        rows = tf.data.Dataset.from_tensor_slices({"age": [20.0, 30.0, 40.0], "kind": ["cat", "dog", "cat"]})
        columns = tf.keras.utils.FeatureSpace({"age": "float", "kind": "string_categorical"}, output_mode="concat")
        columns.adapt(rows)
        encoded = columns({"age": [20.0, 30.0, 40.0], "kind": ["cat", "dog", "fox"]})
    """),
    _tensorflow_alone,
    _encoded,
)
