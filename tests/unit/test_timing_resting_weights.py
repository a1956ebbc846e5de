"""Weights that steps leave as they are: those that have come to rest are told from those that are not trained."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import pytest

from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.timing import reference_loop
from pytest_kerasch2.timing.workload import Workload, make_workload

# TensorFlow's own, of old releases.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture
def linear() -> Workload:
    api.fresh_session(0)
    keras = api.keras()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.RandomState(0).normal(size=(64, 3)).astype("float32")
    return make_workload(model, (x, x.sum(1, keepdims=True)), 32, devices.one("cpu"))


def _fitted(of: Workload) -> Callable[[int], Any]:
    return lambda steps: of.model.fit(of.x, of.y, epochs=steps // 2, verbose=0)


def test_weights_that_are_trained_do_not_stay(linear: Workload) -> None:
    assert reference_loop.resting_weights(linear, _fitted(linear), 2) == set()


def test_weights_that_nothing_trains_stay(linear: Workload) -> None:
    assert reference_loop.resting_weights(linear, lambda steps: None, 2) == set(linear.weight_hashes())


def test_the_weights_are_put_back(linear: Workload) -> None:
    before = linear.weight_hashes()

    reference_loop.resting_weights(linear, _fitted(linear), 2)

    assert linear.weight_hashes() == before
