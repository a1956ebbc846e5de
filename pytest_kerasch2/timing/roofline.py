"""The least time that a step of a network can take on a machine.

It comes from the network's products and bytes, and from what the machine does with products of the same shapes and with
copies, measured on the spot.

A step of training multiplies three times for each dense layer: forward, backward for its weights, and backward for its
inputs (not for those of the first layer). Adam reads and writes the weight and two averages of each parameter, and the
gradient is written and read: eight numbers; four for plain descent, which keeps no averages. Nothing else is counted,
and of a product not what it takes to ask for it.
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from pytest_kerasch2.framework import api
from pytest_kerasch2.framework.devices import Device

NUMBERS_PER_PARAMETER = {"Adam": 8, "SGD": 4}
BYTES_PER_NUMBER = 4
# Layers that multiply nothing: what they do is taken for no time at all.
FREE_LAYERS = ("InputLayer", "Flatten", "Dropout", "Activation", "ReLU", "Softmax", "Rescaling", "Reshape")
# Seconds for which a product, or a copy, is repeated; the quickest round counts.
MEASURED_SECONDS = 0.05
ROUNDS = 5


@dataclass(frozen=True)
class StepCost:
    """What one step has to do.

    Attributes:
        products: shapes (m, k, n) of the products of an (m, k) with a (k, n) matrix.
        bytes: that are read and written at least.
        parameters: of the dense layers.
    """

    products: tuple[tuple[int, int, int], ...]
    bytes: float
    parameters: int

    @property
    def operations(self) -> float:
        """Return the multiplications and additions of the products."""
        return float(sum(2 * m * k * n for m, k, n in self.products))


def step_cost(model: Any, batch_size: int, trains: bool) -> StepCost | None:
    """Return what a step has to do, or None where it has other layers than dense ones, or is trained in another way.

    Args:
        trains: whether the step changes the weights.
    """
    numbers = _numbers(model) if trains else 1
    if numbers is None:
        return None
    sides: list[tuple[int, int]] = []
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Dense":
            sides.append(tuple(int(side) for side in layer.kernel.shape))  # type: ignore[arg-type]
        elif kind not in FREE_LAYERS:
            return None
    if not sides:
        return None
    products: list[tuple[int, int, int]] = []
    for place, (inputs, outputs) in enumerate(sides):
        products.append((batch_size, inputs, outputs))
        if trains:
            products.append((inputs, batch_size, outputs))
            if place:
                products.append((batch_size, outputs, inputs))
    parameters = sum(inputs * outputs + outputs for inputs, outputs in sides)
    moved = parameters * numbers + batch_size * sides[0][0]
    return StepCost(tuple(products), float(BYTES_PER_NUMBER * moved), parameters)


def _numbers(model: Any) -> int | None:
    """Return how many numbers a step of training moves for each parameter, or None where that is not known."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if getattr(optimizer, "momentum", 0) or len(model.trainable_weights) < len(model.weights):
        return None
    return NUMBERS_PER_PARAMETER.get(type(optimizer).__name__)


def least_seconds(cost: StepCost, device: Device, dtype: str) -> float:
    """Return the seconds that a step takes at least here.

    Args:
        dtype: in which the network computes, such as ``float32``.
    """
    call_seconds = _product((1, 1, 1), device, dtype)
    products = sum(max(_product(shape, device, dtype) - call_seconds, 0.0) for shape in cost.products)
    return max(products, cost.bytes * _seconds_of_byte(max(cost.parameters, 2**18), device))


@functools.lru_cache(maxsize=None)
def _product(shape: tuple[int, int, int], device: Device, dtype: str) -> float:
    """Return the seconds of one product."""
    m, k, n = shape
    random = np.random.default_rng(0)
    with device.placed():
        one, other = (_tensor(random.random(sides, dtype="float32"), dtype) for sides in ((m, k), (k, n)))
        multiply = _multiply()
        return _quickest(lambda: multiply(one, other), device)


@functools.lru_cache(maxsize=None)
def _seconds_of_byte(count: int, device: Device) -> float:
    """Return the seconds of a byte that is read or written, by adding one to so many float32 numbers.

    Without what it takes to ask for it, which on a GPU is longer than the work itself.
    """
    with device.placed():
        one, numbers = (_tensor(np.zeros(length, "float32"), "float32") for length in (1, count))
        whole, call_seconds = (_quickest(lambda array=array: array + 1, device) for array in (numbers, one))  # type: ignore[misc]
        return max(whole - call_seconds, 0.0) / (2 * BYTES_PER_NUMBER * count)


def _tensor(value: Any, dtype: str) -> Any:
    tensor = api.tensor(value)
    return api.tensorflow().cast(tensor, dtype) if api.runs_on_tensorflow() else api.keras().ops.cast(tensor, dtype)


def _multiply() -> Callable[[Any, Any], Any]:
    room = api.tensorflow() if api.runs_on_tensorflow() else api.keras().ops
    return room.matmul  # type: ignore[no-any-return]


def _quickest(call: Callable[[], Any], device: Device) -> float:
    """Return the seconds of a call, of the quickest of some rounds; many are sent before the device is waited for."""
    _round(call, 1, device)
    count = 1
    while True:
        took = _round(call, count, device)
        if took >= MEASURED_SECONDS / ROUNDS:
            break
        count *= 2
    return min([took, *(_round(call, count, device) for _ in range(ROUNDS - 1))]) / count


def _round(call: Callable[[], Any], count: int, device: Device) -> float:
    began = time.perf_counter()
    last = None
    for _ in range(count):
        last = call()
    # Of the result so much as is quickly fetched: it is there when all of it is.
    device.wait(None if last is None else last[:1])
    return time.perf_counter() - began
