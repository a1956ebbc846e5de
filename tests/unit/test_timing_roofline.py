from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_kerasch2 import models
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.timing import roofline
from pytest_kerasch2.timing.roofline import StepCost

# TensorFlow's own, of old releases.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture
def network() -> Any:
    tf = api.tensorflow()
    return models.built(models.style("sequential-list").compiled(tf))


def test_the_work_of_a_step_is_that_of_the_chapters_layers(network: Any) -> None:
    work = roofline.step_cost(network, 128, trains=True)

    # Twice 128 x (401,408 + 5,120) products for each of forward and weights, and those of the second layer's inputs.
    operations = 2 * 128 * (2 * (784 * 512 + 512 * 10) + 512 * 10)
    assert work is not None
    assert (work.operations, work.parameters, work.bytes) == (operations, 407050, 4 * (8 * 407050 + 128 * 784))


def test_to_evaluate_is_to_go_forward_alone(network: Any) -> None:
    work = roofline.step_cost(network, 32, trains=False)

    assert work is not None
    assert work.products == ((32, 784, 512), (32, 512, 10))


def test_other_layers_are_not_counted() -> None:
    model = SimpleNamespace(layers=[type("Conv2D", (), {})()])

    assert roofline.step_cost(model, 32, trains=False) is None


@pytest.mark.parametrize(("optimizer", "numbers"), [("SGD", 4), ("Adam", 8), ("RMSprop", None)])
def test_what_a_parameter_costs_is_that_of_the_optimizer(network: Any, optimizer: str, numbers: int | None) -> None:
    keras = api.keras()
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
    model.compile(optimizer=getattr(keras.optimizers, optimizer)(), loss="sparse_categorical_crossentropy")
    models.built(model)

    work = roofline.step_cost(model, 1, trains=True)

    assert (work and work.bytes) == (numbers and 4 * (numbers * (784 * 3 + 3) + 784))


def test_a_frozen_layer_makes_the_work_unknown(network: Any) -> None:
    network.layers[1].trainable = False

    assert roofline.step_cost(network, 32, trains=True) is None


# Asking for a product takes 0.1 s, which is no part of it.
@pytest.mark.parametrize(("bandwidth", "seconds"), [(1e12, 0.6), (100.0, 10.0)])
def test_the_longer_of_products_and_bytes_is_the_limit(
    monkeypatch: pytest.MonkeyPatch, bandwidth: float, seconds: float
) -> None:
    monkeypatch.setattr(roofline, "_product", lambda shape, device, dtype: 0.1 if shape == (1, 1, 1) else 0.4)
    monkeypatch.setattr(roofline, "_seconds_of_byte", lambda count, device: 1 / bandwidth)

    result = roofline.least_seconds(StepCost(((9, 9, 9), (9, 9, 9)), 1000.0, 1), devices.Device("cpu", 0), "float32")

    assert result == pytest.approx(seconds)


def test_a_larger_product_takes_longer_here() -> None:
    place = devices.Device("cpu", 0)

    small, large = (roofline._product((side, side, side), place, "float32") for side in (32, 1536))

    # A hundred thousand times the work; a machine under load is not as much slower for the first than for the second.
    assert large > small
