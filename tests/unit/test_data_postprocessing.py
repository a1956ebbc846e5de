"""What is made of the stored arrays, on a few rows; the genuine loaders are compared elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_kerasch2.data import postprocessing
from pytest_kerasch2.data.registry import record_of


def _lists(*lists: Any) -> np.ndarray:
    array = np.empty(len(lists), dtype=object)
    for index, item in enumerate(lists):
        array[index] = item
    return array


def test_words_are_shifted_by_three_behind_a_start_and_the_highest_counts_as_unknown() -> None:
    stored = {"x": _lists([5, 9], [9, 1], [8], [2], [3]), "y": np.arange(5)}

    x_train, y_train, x_test, y_test = postprocessing.assembled(record_of("reuters"), stored)

    coded = dict(zip([*y_train, *y_test], [*x_train, *x_test]))
    assert coded == {0: [1, 8, 2], 1: [1, 2, 4], 2: [1, 11], 3: [1, 5], 4: [1, 6]}


def test_a_fifth_of_the_shuffled_rows_is_for_testing_and_rows_keep_their_targets() -> None:
    stored = {"x": np.arange(10.0).reshape(10, 1), "y": np.arange(10.0)}

    x_train, y_train, x_test, y_test = postprocessing.assembled(record_of("boston_housing"), stored)

    assert (x_train[:, 0].tolist(), x_test[:, 0].tolist()) == (y_train.tolist(), y_test.tolist())
    assert (len(y_test), sorted([*y_train, *y_test]), y_train.tolist() != list(range(8))) == (2, list(range(10)), True)


def test_the_order_is_that_of_seed_113() -> None:
    expected = np.arange(10)
    np.random.RandomState(113).shuffle(expected)

    quartet = postprocessing.assembled(
        record_of("boston_housing"), {"x": np.arange(10).reshape(10, 1), "y": np.arange(10)}
    )

    assert [*quartet[1], *quartet[3]] == expected.tolist()


def test_the_order_of_others_is_left_alone() -> None:
    np.random.seed(7)
    before = np.random.get_state()[1].tolist()

    postprocessing.assembled(record_of("boston_housing"), {"x": np.arange(10).reshape(10, 1), "y": np.arange(10)})

    assert np.random.get_state()[1].tolist() == before


def test_pixels_of_a_batch_come_channels_last() -> None:
    record = record_of("cifar100")
    rows = np.arange(3072, dtype=np.int64).reshape(1, 3072)
    labels = {"fine_labels": [42], "coarse_labels": [7]}
    stored = {facts.name: (rows, labels) for facts in record.stored}

    x_train, y_train, _, _ = postprocessing.assembled(record, stored)

    assert (x_train.shape, x_train[0, 0, 1].tolist(), y_train.tolist()) == ((1, 32, 32, 3), [1, 1025, 2049], [[42]])
