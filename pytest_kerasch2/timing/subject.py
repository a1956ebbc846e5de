"""A model and its data, made ready to be timed: what is seen of it from outside while it does its steps."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import operator
from dataclasses import dataclass
from typing import Any, Iterator, Sequence

import numpy as np

from pytest_kerasch2.errors import BadSetting
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.framework.devices import Device


@dataclass(frozen=True)
class Subject:
    """What does the steps.

    Attributes:
        model: a compiled Keras model.
        x, y: arrays with at least one batch.
        batch_size: images a step.
        device: where the steps are done.
    """

    model: Any
    x: Any
    y: Any
    batch_size: int
    device: Device

    @property
    def batches(self) -> int:
        """Give how many whole batches the data have."""
        return len(self.x) // self.batch_size

    def batch(self, number: int) -> tuple[Any, Any]:
        """Give one of the batches; behind the last comes the first again."""
        first = number % self.batches * self.batch_size
        return self.x[first : first + self.batch_size], self.y[first : first + self.batch_size]

    def updates(self) -> int:
        """Give how often the optimizer has changed the weights, as it counts itself."""
        return int(api.array(self.model.optimizer.iterations))

    def weights(self) -> dict[str, str]:
        """Give a hash of each weight that is trained, by its place and name."""
        found = enumerate(self.model.trainable_weights)
        return {
            f"{place}: {one.name}": hashlib.sha256(api.array(one).tobytes()).hexdigest()[:12] for place, one in found
        }

    def refuse_elsewhere(self) -> None:
        """Refuse a model on another device than its steps are to be on: their time would not be of either.

        Raises:
            BadSetting: a weight is on another device.
        """
        try:
            weights = self.model.trainable_weights
        except ValueError:
            # It is not built yet, and will be where its steps are.
            return
        for weight in weights:
            place = devices.where(weight)
            if place and place != self.device.name:
                found = f"{weight.name} on {place}, and steps on {self.device.name}"
                remedy = "make the model with the fixture device, or where the framework places it on that device"
                raise BadSetting("A model is on another device than its steps", found, remedy)

    def tracing(self) -> bool:
        """Tell, from within the model, whether it is being traced, and not computing."""
        if api.runs_on_tensorflow():
            return not api.tensorflow().executing_eagerly()
        # Under JAX, Python comes through a compiled step only to trace it; torch computes each time.
        return api.release().backend == "jax"

    def finish(self) -> None:
        """Return when all that was sent to the device is done: the end of what is timed."""
        self.wait()

    def wait(self) -> None:
        """Return when all that was sent to the device is done: what the end of what is timed is held to."""
        # The smallest weight is there when the last step is done, and is quick to fetch. It is found by its shape: to
        # fetch all of them would be a part of what is timed.
        self.device.wait(min(self.model.trainable_weights, key=size_of, default=None))


@contextlib.contextmanager
def put_back(model: Any) -> Iterator[None]:
    """Put the weights of a model, and what its optimizer remembers, back at the end."""
    changing = variables(model)
    before = list(map(copied, changing))
    try:
        yield
    finally:
        assign(changing, before)


def variables(model: Any) -> list[Any]:
    """Give all that training changes: those of the model and of its optimizer."""
    held = model.optimizer.variables
    # A method up to Keras 2.10, and from 2.11 on a property.
    return [*model.variables, *(held() if callable(held) else held)]


def copied(variable: Any) -> Any:
    """Give the values of a variable, which stay as they are whatever it becomes."""
    return np.array(api.array(variable))


def assign(changing: Sequence[Any], values: Sequence[Any]) -> None:
    """Give variables their values."""
    for variable, value in zip(changing, values):
        variable.assign(value)


def size_of(weight: Any) -> int:
    """Give how many numbers a weight has."""
    sides = [int(side) for side in weight.shape]
    return functools.reduce(operator.mul, sides, 1)


def subject(model: Any, data: Any, batch_size: int, device: Device) -> Subject:
    """Make a model and its data ready.

    Args:
        model: a compiled Keras model.
        data: a prepared data set, or a pair of arrays; what is left over after whole batches is not taken.
        batch_size: images a step.
        device: where.

    Raises:
        BadSetting: the model is not compiled, or on another device; the data are no arrays of one length, or hold less
            than one batch.
    """
    if getattr(model, "optimizer", None) is None:
        raise BadSetting("A model to be timed is not compiled", f"{model!r}"[:80], "call its compile first")
    x, y = (data.x_train, data.y_train) if hasattr(data, "x_train") else _pair(data)
    if len(x) != len(y):
        found = f"{len(x)} and {len(y)}"
        raise BadSetting("Inputs and targets to be timed with are of other lengths", found, "give as many of both")
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise BadSetting("A batch size is no whole number above zero", repr(batch_size), "give one, such as 32")
    if batch_size > len(x):
        found = f"batches of {batch_size}, {len(x)} inputs"
        raise BadSetting("A batch is larger than the data", found, "give more data, or a smaller batch size")
    # Whole batches alone, so that each step is like the others.
    whole = len(x) // batch_size * batch_size
    made = Subject(model, x[:whole], y[:whole], batch_size, device)
    made.refuse_elsewhere()
    return made


def _pair(data: Any) -> tuple[Any, Any]:
    if not isinstance(data, (tuple, list)) or len(data) != 2 or not all(hasattr(one, "shape") for one in data):
        found = f"it is of type {type(data).__name__}"
        raise BadSetting("`data` is no data to be timed with", found, "give a prepared data set, or (inputs, targets)")
    return data[0], data[1]
