"""What a user gives as `data`: brought to arrays or to batches, or refused in one sentence that names it."""

from __future__ import annotations

from collections import namedtuple
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import benchmark_data, nested_arrays
from pytest_kerasch2.timing.workload import make_workload

X, Y = np.arange(24.0).reshape(8, 3), np.arange(8)


@pytest.mark.parametrize(
    "data",
    [
        (X, Y),
        [X, Y],
        (X.tolist(), Y.tolist()),
        ({"a": X, "b": Y}, Y),
        ([X, Y], {"p": Y, "q": [X, X]}),
        (X, None),
        X,
        {"a": X},
        (X,),
        SimpleNamespace(x_train=X, y_train=Y),
    ],
)
def test_arrays_in_any_structure_have_their_items_counted(data: Any) -> None:
    assert benchmark_data.read_data(data).items == 8


def test_weights_come_third() -> None:
    feed = benchmark_data.read_data((X, Y, np.ones(8)))

    assert np.array_equal(feed.sample_weight, np.ones(8))


def test_a_single_array_of_weights_is_given_to_each_output() -> None:
    feed = benchmark_data.read_data((X, {"p": Y, "q": Y}, np.ones(8)))

    assert set(feed.sample_weight) == {"p", "q"}


def test_items_are_cut_from_each_array_of_a_structure() -> None:
    pair = namedtuple("pair", "a b")

    feed = nested_arrays.cut({"x": pair(X, [Y])}, 2, 4)

    assert [leaf.tolist() for leaf in nested_arrays.values(feed)] == [X[2:4].tolist(), [2, 3]]


def test_leaves_have_a_path() -> None:
    assert [path for path, _ in nested_arrays.leaves({"a": [X, X]}, "x")] == ["x['a'][0]", "x['a'][1]"]


def test_a_column_of_pandas_is_a_column() -> None:
    series = SimpleNamespace(to_numpy=lambda: Y, shape=(8,))

    assert benchmark_data.read_data((series, Y)).x.shape == (8, 1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (7, "must be .* got int"),
        ((X, Y, Y, Y), "got a tuple of 4 parts"),
        (({}, Y), "x must hold at least one array, got an empty mapping"),
        ((X, []), "y must hold at least one array, got an empty list"),
        ((X, Y[:3]), "arrays of equal length, but x has 8, y has 3"),
        (({"a": X, "b": X[:2]}, Y), r"x\['a'\] has 8, x\['b'\] has 2"),
        ((X[:0], Y[:0]), "its arrays are empty"),
        (([[1, 2], [3]], [0, 1]), "x must be a list of rows of equal length"),
        ((object(), Y), "x must be an array, or a list, tuple or mapping of arrays, got object"),
        ((None, Y), "got None for x"),
        ((np.float32(1), Y), "x must have an item for each input"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(data: Any, message: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^data.*{message}"):
        benchmark_data.read_data(data)


def _batches(count: int) -> Any:
    for _ in range(count):
        yield X, Y


def test_a_generator_is_read_ahead_and_gives_all_of_its_batches_again() -> None:
    source = benchmark_data.read_source(_batches(20), benchmark_data.GENERATOR)

    assert (len(source.first_batches), source.batch_size, sum(1 for _ in source.data)) == (16, 8, 20)


def test_a_generator_that_ends_early_is_refused() -> None:
    with pytest.raises(
        InvalidArgument, match="data must be a generator that does not end, but it ended after 3 batches"
    ):
        benchmark_data.read_data(_batches(3))


def test_a_generator_that_ends_later_is_refused_then() -> None:
    source = benchmark_data.read_source(_batches(20), benchmark_data.GENERATOR)
    list(source.data)

    with pytest.raises(InvalidArgument, match="it ended after 20 batches"):
        source.check_not_ended()


def test_a_source_without_batches_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="data must give at least one batch"):
        benchmark_data.read_data(_batches(0))


def test_single_items_are_no_batches() -> None:
    with pytest.raises(InvalidArgument, match=r"call its batch\(\) first"):
        benchmark_data.read_data(iter([(np.float32(1), np.int64(0))] * 20))


def test_batches_of_another_shape_are_not_kept() -> None:
    given = [(X, Y), (X[:3], Y[:3])] * 10

    assert len(benchmark_data.read_source(iter(given), benchmark_data.GENERATOR).first_batches) == 8


def test_weights_of_classes_are_those_of_their_labels() -> None:
    feed = benchmark_data.weights_of_classes(np.array([0, 2, 1]), {0: 3.0, 2: 0.5})

    assert feed.tolist() == [3.0, 0.5, 1.0]


def test_weights_of_classes_have_to_be_a_mapping() -> None:
    model = SimpleNamespace(fit=None)

    with pytest.raises(InvalidArgument, match="class_weight must be a mapping"):
        make_workload(model, (X, Y), 4, SimpleNamespace(name="cpu:0"), [1.0, 2.0])  # type: ignore[arg-type]


def test_labels_may_be_written_with_a_place_for_each() -> None:
    feed = benchmark_data.weights_of_classes(np.eye(3)[[0, 2]], {0: 3.0, 2: 0.5}, np.array([2.0, 2.0]))

    assert feed.tolist() == [6.0, 1.0]


@pytest.mark.parametrize(("value", "message"), [(np.array([1.0, np.nan, np.inf]), "x holds 2 of 3"), (Y, "")])
def test_what_is_not_a_number_is_counted(value: Any, message: str) -> None:
    assert nested_arrays.not_finite(value, "x") == message


@pytest.mark.parametrize("kind", ["known", "unknown", "endless"])
def test_a_data_set_tells_its_epochs(kind: str) -> None:
    api.require_tensorflow("tf.data")
    data = api.tensorflow().data.Dataset.from_tensor_slices((X, Y)).batch(2)
    data = {"known": data, "unknown": data.filter(lambda x, y: True), "endless": data.repeat()}[kind]

    source = benchmark_data.read_data(data).source

    assert source is not None
    message = {
        "known": (4, None),
        "unknown": (4, 4),
        "endless": (benchmark_data.ENDLESS_EPOCH, benchmark_data.ENDLESS_EPOCH),
    }
    assert (source.batches, source.steps) == message[kind]
