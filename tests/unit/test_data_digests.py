"""Digests of arrays: equal digests, equal data."""

from __future__ import annotations

import hashlib
import pathlib

import numpy as np
import pytest

from pytest_kerasch2.data import digests

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def _lists(*lists: list) -> np.ndarray:
    array = np.empty(len(lists), dtype=object)
    for index, item in enumerate(lists):
        array[index] = item
    return array


def test_the_digest_of_an_array_is_that_of_its_bytes() -> None:
    digest = digests.digest_of_array(IMAGES)

    assert digest == hashlib.sha256(bytes(range(24))).hexdigest()


def test_memory_layout_does_not_matter() -> None:
    turned = np.asfortranarray(IMAGES)

    assert digests.digest_of_array(turned) == digests.digest_of_array(IMAGES)


def test_lists_split_elsewhere_differ() -> None:
    first, second = _lists([1, 2], [3]), _lists([1], [2, 3])

    assert digests.digest_of_array(first) != digests.digest_of_array(second)


@pytest.mark.parametrize(
    "other",
    [
        [("y", IMAGES)],
        [("x", IMAGES.astype(np.int16))],
        [("x", IMAGES.reshape(3, 2, 4))],
        [("x", IMAGES + np.uint8(1))],
        [("x", IMAGES), ("y", IMAGES)],
    ],
    ids=["name", "type", "shape", "bytes", "number"],
)
def test_every_property_of_named_arrays_counts(other: list) -> None:
    digest = digests.digest_of_arrays([("x", IMAGES)])

    assert digests.digest_of_arrays(other) != digest


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path: pathlib.Path, algorithm: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc" * 1_000_000)

    digest = digests.digest_of_file(path, algorithm)

    assert digest == hashlib.new(algorithm, b"abc" * 1_000_000).hexdigest()
