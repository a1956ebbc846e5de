from __future__ import annotations

import numpy as np
import pytest

from pytest_kerasch2.errors import FrameworkMissing
from pytest_kerasch2.framework import state
from pytest_kerasch2.framework.api import tensorflow
from pytest_kerasch2.models import pipeline

# TensorFlow's own import and tracing warn, in one way on CPython 3.7 and in another on 3.13.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

COUNT = 100


@pytest.fixture(autouse=True)
def _own_seed():
    # A seed set by one test would make every epoch of another draw alike.
    with state.isolated():
        yield


@pytest.fixture(scope="module")
def tf():
    try:
        return tensorflow()
    except FrameworkMissing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def images():
    # Every number once, so that each image, and each way to turn it, is told from every other.
    return np.arange(COUNT * 6 * 5, dtype="float32").reshape(COUNT, 6, 5)


@pytest.fixture(scope="module")
def labels():
    return np.arange(COUNT, dtype="int64")


def _turns(batch, numbers, images):
    fields = {"as it was": lambda one: one, "upside down": lambda one: one[::-1], "mirrored": lambda one: one[:, ::-1]}
    result = []
    for image, number in zip(batch.numpy(), numbers.numpy()):
        names = [name for name, turn in fields.items() if np.array_equal(image, turn(images[number]))]
        result.append(names[0] if names else "something else")
    return result


def test_printed_batches_keep_the_order_and_end_with_a_smaller_one(tf, images, labels):
    batches = [numbers.numpy().tolist() for _, numbers in pipeline.stages_as_printed(tf, images, labels).batched]

    assert batches == [list(range(32)), list(range(32, 64)), list(range(64, 96)), list(range(96, 100))]


def test_printed_shuffling_moves_batches_and_never_images(tf, images, labels):
    shuffled = pipeline.stages_as_printed(tf, images, labels).shuffled
    epochs = [[numbers.numpy().tolist() for _, numbers in shuffled] for _ in range(12)]

    assert {tuple(sorted(batch[0] for batch in epoch)) for epoch in epochs} == {(0, 32, 64, 96)}
    assert all(batch == list(range(batch[0], batch[0] + len(batch))) for epoch in epochs for batch in epoch)
    assert len({tuple(batch[0] for batch in epoch) for epoch in epochs}) > 1


def test_the_printed_flip_turns_whole_batches_upside_down(tf, images, labels):
    flipped = pipeline.stages_as_printed(tf, images, labels).flipped
    # In one pass: with a seed set, as an earlier test may leave it, each pass tosses the same coins.
    kinds = {frozenset(_turns(batch, numbers, images)) for batch, numbers in flipped.repeat(16)}

    assert kinds == {frozenset(["as it was"]), frozenset(["upside down"])}


def test_the_printed_flip_turns_the_last_small_batch_as_one_too(tf, images, labels):
    flipped = pipeline.stages_as_printed(tf, images[96:], labels[96:]).flipped
    kinds = {frozenset(_turns(batch, numbers, images)) for batch, numbers in flipped.repeat(30)}

    assert kinds == {frozenset(["as it was"]), frozenset(["upside down"])}


def test_the_printed_pipeline_has_no_end_and_keeps_labels_with_images(tf, images, labels):
    taken = list(pipeline.as_printed(tf, images, labels).take(8))

    assert [len(numbers) for _, numbers in taken].count(4) == 2
    assert all("something else" not in _turns(batch, numbers, images) for batch, numbers in taken)


def test_what_is_printed_as_test_data_is_the_training_data(tf, images, labels):
    train = pipeline.as_printed(tf, images, labels)
    test = pipeline.as_printed_for_test(tf, train, images + 1e6, labels)

    assert all(float(batch.numpy().max()) < 1e6 for batch, _ in test.take(6))


def test_as_meant_mixes_images_and_flips_each_on_its_own(tf, images, labels):
    taken = list(pipeline.as_meant(tf, images, labels).take(8))
    kinds = [frozenset(_turns(batch, numbers, images)) for batch, numbers in taken]

    assert [len(numbers) for _, numbers in taken] == [32, 32, 32, 4] * 2
    assert frozenset().union(*kinds) == {"as it was", "mirrored"}
    assert kinds[0] == {"as it was", "mirrored"}
    first_epoch = np.concatenate([numbers.numpy() for _, numbers in taken[:4]])
    assert sorted(first_epoch.tolist()) == list(range(COUNT))
    assert first_epoch.tolist() != list(range(COUNT))


def test_as_meant_for_test_gives_each_image_once_in_order(tf, images, labels):
    test = pipeline.as_meant_for_test(tf, images, labels)

    assert np.array_equal(np.concatenate([batch.numpy() for batch, _ in test]), images)


def test_a_seed_repeats_order_and_flips(tf, images, labels):
    runs = []
    for _ in range(2):
        tf.random.set_seed(3)
        taken = pipeline.as_printed(tf, images, labels, seed=5).take(6)
        runs.append([batch.numpy().tobytes() for batch, _ in taken])

    assert runs[0] == runs[1]
