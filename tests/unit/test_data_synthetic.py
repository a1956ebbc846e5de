"""Stand-ins: archives of the true form and shape."""

from __future__ import annotations

import pathlib
import time

import numpy as np
import pytest

from pytest_kerasch2.data import archives, sources, synthetic
from pytest_kerasch2.data.registry import NAMES, record_of
from tests.builders.trusted_archives import vouched


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    place = tmp_path_factory.mktemp("standins")
    synthetic.make(place)
    return place


@pytest.fixture(scope="module")
def loaded(folder: pathlib.Path) -> dict[str, sources.DataSet]:
    # The two CIFARs take 370 MB together, so only what is asked of them below is kept.
    return {name: synthetic.load(name, folder) for name in NAMES if not name.startswith("cifar")}


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("cifar")])
def test_the_arrays_have_the_documented_shapes(loaded: dict[str, sources.DataSet], name: str) -> None:
    facts = record_of(name).arrays

    shapes = {fact.name: getattr(loaded[name], fact.name).shape for fact in facts}

    assert shapes == {fact.name: fact.shape for fact in facts}


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("cifar")])
def test_the_arrays_have_the_documented_types(loaded: dict[str, sources.DataSet], name: str) -> None:
    names = {"lists": "object", "float": "float32"}

    types = [str(getattr(loaded[name], fact.name).dtype) for fact in record_of(name).arrays]

    assert types == [names.get(fact.dtype, fact.dtype) for fact in record_of(name).arrays]


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_the_cifars_have_the_documented_shapes_types_and_classes(folder: pathlib.Path, name: str) -> None:
    record = record_of(name)

    data = synthetic.load(name, folder)

    assert [(getattr(data, fact.name).shape, str(getattr(data, fact.name).dtype)) for fact in record.arrays] == [
        (fact.shape, fact.dtype) for fact in record.arrays
    ]
    assert len(np.unique(data.y_test)) == record.classes


@pytest.mark.parametrize("name", ["fashion_mnist", "imdb", "mnist", "reuters"])
def test_every_class_occurs_in_both_parts(loaded: dict[str, sources.DataSet], name: str) -> None:
    every = set(range(record_of(name).classes or 0))

    seen = [set(loaded[name].y_train.tolist()), set(loaded[name].y_test.tolist())]

    assert seen == [every, every]


def test_a_stand_in_says_that_it_is_one(loaded: dict[str, sources.DataSet]) -> None:
    assert {data.source for data in loaded.values()} == {"stand-in"}


def test_all_of_them_take_a_few_megabytes(folder: pathlib.Path) -> None:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    assert size < 5_000_000


def test_the_bytes_are_the_same_every_time_whatever_the_clock_says(
    folder: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 86_400.0 * 365 * 40)

    synthetic.make(tmp_path, ["boston_housing", "fashion_mnist"])

    again = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*z"))
    assert [(tmp_path / path).read_bytes() for path in again] == [(folder / path).read_bytes() for path in again]


def test_object_arrays_go_by_the_module_name_that_every_numpy_knows(folder: pathlib.Path) -> None:
    array = np.empty(1, dtype=object)

    content = synthetic.pickled(array)

    assert b"numpy.core.multiarray" in content
    assert b"numpy._core" not in content


def test_numpy_itself_can_read_the_lists(folder: pathlib.Path) -> None:
    record = record_of("reuters")
    ours = archives.read_npz(folder / "reuters.npz", record.stored)["x"]

    with np.load(str(folder / "reuters.npz"), allow_pickle=True) as archive:
        theirs = archive["x"]

    assert ours.tolist() == theirs.tolist()


def test_a_vouched_record_takes_the_stand_ins_for_genuine(folder: pathlib.Path) -> None:
    record = vouched(record_of("mnist"), folder)

    data = sources.data_set(record, synthetic.paths_of(record, folder), source="mirror")

    assert data.source == "mirror"
