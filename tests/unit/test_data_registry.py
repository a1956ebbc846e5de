"""The records of Keras's data sets."""

from __future__ import annotations

import re

import pytest

from pytest_kerasch2.data import registry
from pytest_kerasch2.errors import InvalidArgument


def test_there_are_eight_data_sets_and_one_is_younger_than_keras_2() -> None:
    young = [record.name for record in registry.RECORDS if record.since > 2]

    assert (len(registry.NAMES), young) == (8, ["california_housing"])


@pytest.mark.parametrize("record", registry.RECORDS, ids=lambda record: record.name)
def test_every_archive_has_a_published_hash(record: registry.DataRecord) -> None:
    lengths = {"sha256": 64, "md5": 32}

    published = [archive.published for archive in record.archives]

    assert all(re.fullmatch(f"[0-9a-f]{{{lengths[algorithm]}}}", digest) for algorithm, digest in published)


@pytest.mark.parametrize("record", registry.RECORDS, ids=lambda record: record.name)
def test_every_record_names_the_four_arrays_in_order(record: registry.DataRecord) -> None:
    names = [facts.name for facts in record.arrays]

    assert names == ["x_train", "y_train", "x_test", "y_test"]


def test_only_the_arrays_of_mnist_are_known_by_hash() -> None:
    items = [record.name for record in registry.RECORDS if record.arrays_are_known]

    assert items == ["mnist"]


def test_fashion_mnist_lies_in_a_folder_of_its_own_as_its_names_are_those_of_mnist() -> None:
    record = registry.record_of("fashion_mnist")

    assert {archive.file.split("/")[0] for archive in record.archives} == {"fashion-mnist"}


def test_an_unknown_name_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(InvalidArgument) as caught:
        registry.record_of("mnsit")

    assert str(caught.value) == (
        "There is no data set 'mnsit'. Use one of boston_housing, california_housing, cifar10,"
        " cifar100, fashion_mnist, imdb, mnist, reuters, digits."
    )
