"""The chapter's preparation of images and labels."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from pytest_kerasch2.data import preprocessing, sources
from pytest_kerasch2.data.registry import record_of
from pytest_kerasch2.errors import InvalidArgument

EVERY_BYTE = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)


def _data_set(x: np.ndarray, y: np.ndarray) -> sources.DataSet:
    return sources.DataSet("toy", x, y, x, y, "stand-in", "nowhere", "d1", record_of("mnist").arrays, "none")


def test_scaling_equals_the_printed_division_bit_for_bit() -> None:
    printed = (EVERY_BYTE / 255.0).astype(np.float32)

    scaled = preprocessing.scaled(EVERY_BYTE)

    assert scaled.tobytes() == printed.tobytes()


def test_scaling_by_256_would_be_seen() -> None:
    slip = (EVERY_BYTE / 256.0).astype(np.float32)

    scaled = preprocessing.scaled(EVERY_BYTE)

    assert scaled.tobytes() != slip.tobytes()


def test_scaled_images_run_from_0_to_1_in_float32() -> None:
    scaled = preprocessing.scaled(EVERY_BYTE)

    assert (scaled.dtype, scaled.min(), scaled.max()) == (np.float32, 0.0, 1.0)


def test_labels_become_int64_and_keep_their_shape() -> None:
    column = np.array([[3], [9]], dtype=np.uint8)

    labels = preprocessing.labelled(column)

    assert (labels.dtype, labels.tolist()) == (np.int64, [[3], [9]])


def test_no_float64_copy_is_made_on_the_way() -> None:
    images = np.zeros((2000, 28, 28), dtype=np.uint8)

    tracemalloc.start()
    preprocessing.scaled(images)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    # The result itself takes four bytes per pixel, a float64 copy would take eight more.
    assert peak < 5 * images.size


def test_a_prepared_data_set_keeps_name_and_digest_and_cannot_be_written() -> None:
    data = _data_set(EVERY_BYTE, np.arange(4, dtype=np.uint8))

    ready = preprocessing.prepared(data)

    assert (ready.name, ready.digest, ready.x_train.flags.writeable) == ("toy", "d1", False)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((2, 3)), np.zeros(2, dtype=np.uint8), "^images must be an array of bytes"),
        (EVERY_BYTE, np.zeros(4), "^labels must be integers, got an array of type float64"),
    ],
)
def test_what_is_no_set_of_images_in_classes_is_refused(x: np.ndarray, y: np.ndarray, message: str) -> None:
    data = _data_set(x, y)

    with pytest.raises(InvalidArgument, match=message):
        preprocessing.prepared(data)
