"""A model and its data, made ready to be timed: what is seen of it from outside while it does its steps."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import operator
import warnings
from dataclasses import dataclass, replace
from typing import Any, ContextManager, Mapping

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.framework.devices import Device
from pytest_kerasch2.timing import benchmark_data as feeds
from pytest_kerasch2.timing import model_changes
from pytest_kerasch2.timing.batch_sources import Batch, BatchSource
from pytest_kerasch2.timing.benchmark_data import BenchmarkData
from pytest_kerasch2.timing.memory import Gauge
from pytest_kerasch2.timing.model_changes import assign_values, copy_of, training_variables, variables_restored

__all__ = ["Workload", "assign_values", "copy_of", "make_workload", "training_variables", "variables_restored", "weight_size"]


@dataclass(frozen=True)
class Workload:
    """What does the steps.

    Attributes:
        model: a Keras model.
        x, y: structures of arrays with at least one batch; None where a source gives the batches.
        batch_size: items a step.
        device: where the steps are done.
        sample_weight: weights of the items, or None.
        class_weight: weights of classes, as `fit` takes them, or None.
        source: what gives batches by itself, or None.
    """

    model: Any
    x: Any
    y: Any
    batch_size: int
    device: Device
    sample_weight: Any = None
    class_weight: Mapping[int, float] | None = None
    source: BatchSource | None = None

    @property
    def items(self) -> int:
        """Return how many inputs there are in an epoch."""
        return BenchmarkData(self.x, self.y, self.sample_weight, self.source).items

    @property
    def batches(self) -> int:
        """Return how many batches an epoch has."""
        return self.source.batches if self.source else self.items // self.batch_size

    @property
    def distinct_batches(self) -> int:
        """Return how many different batches can be had one by one."""
        return len(self.source.first_batches) if self.source else self.batches

    def batch(self, number: int) -> Batch:
        """Return one of the batches: inputs, and targets and weights where there are any; behind the last the first."""
        if self.source:
            return self.source.first_batches[number % self.distinct_batches]
        first = number % self.batches * self.batch_size
        parts = (self.x, self.y, self.sample_weight)
        return without_missing(feeds.cut(parts, first, first + self.batch_size))

    def fit_arguments(self, *, targets: bool = True) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return what `fit`, `evaluate` or `predict` are called with, as positional and named arguments.

        Args:
            targets: False for `predict`, which takes inputs alone.
        """
        if self.source:
            steps = {} if self.source.steps is None else {"steps": self.source.steps}
            return (self.source.data,), {"verbose": 0, **steps}
        options = {"batch_size": self.batch_size, "verbose": 0}
        if not targets:
            return (self.x,), options
        if self.sample_weight is not None:
            options["sample_weight"] = self.sample_weight
        return (self.x, self.y), options

    def update_count(self) -> int | None:
        """Return how often the optimizer has changed the weights, as it counts itself; None where it does not."""
        iterations = getattr(getattr(self.model, "optimizer", None), "iterations", None)
        return None if iterations is None else int(api.array(iterations))

    @property
    def trained_weights(self) -> list[Any]:
        """Return the weights that are trained; none where the model is not built."""
        # Keras says so of a model that is not built.
        with contextlib.suppress(ValueError):
            return list(getattr(self.model, "trainable_weights", ()))
        return []

    def weight_hashes(self) -> dict[str, str]:
        """Return a hash of each weight that is trained, by its place and name."""
        return {
            f"{place}: {one.name}": hashlib.sha256(api.array(one).tobytes()).hexdigest()[:12]
            for place, one in enumerate(self.trained_weights)
        }

    def check_device(self) -> None:
        """Refuse a model on another device than its steps are to be on: their time would not be of either.

        Raises:
            InvalidArgument: a weight is on another device.
        """
        for weight in self.trained_weights:
            place = devices.where(weight)
            if place and place != self.device.name:
                problem = f"{weight.name} on {place}, and steps on {self.device.name}"
                remedy = "make the model with the fixture device, or where the framework places it on that device"
                raise InvalidArgument("A model is on another device than its steps", problem, remedy)

    def build(self) -> None:
        """Let a model make its weights, so that they can be put back."""
        if getattr(self.model, "built", True) and self.trained_weights:
            return
        with contextlib.suppress(Exception), warnings.catch_warnings():
            # What it cannot do here, it says again where it is timed.
            warnings.simplefilter("ignore")
            self.model(feeds.tensors(self.batch(0)[0]))

    def gauge(self) -> Gauge | None:
        """Return what reads the memory that steps take."""
        return Gauge(self.device)

    def restored(self) -> ContextManager[None]:
        """Return a context at whose end the model is as it was at its beginning."""
        return model_changes.model_restored(self.model)

    def is_tracing(self) -> bool:
        """Whether, seen from within the model, it is being traced, and not computing."""
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
        self.device.wait(min(self.trained_weights, key=weight_size, default=None))

    def enlarged(self, batches: int, max_bytes: int) -> Workload:
        """Return the data once or several times, so that an epoch has so many batches if that is not too much.

        Args:
            largest: bytes that an epoch may have, if it is not so large by itself.
        """
        distinct = [feeds.dense(self.batch(place)) for place in range(self.distinct_batches)]
        size = max(1, sum(feeds.bytes_of(one) for one in distinct) // len(distinct))
        count = min(batches, max(self.batches, max_bytes // size))
        if self.source:
            chosen = [self.source.first_batches[place % self.distinct_batches] for place in range(count)]
            return replace(self, source=self.source.replayed(chosen))
        parts = feeds.repeated((self.x, self.y, self.sample_weight), count * self.batch_size)
        return replace(self, **dict(zip(feeds.PART_NAMES, parts)))


def without_missing(parts: tuple[Any, ...]) -> Batch:
    """Return a batch without what is missing at its end."""
    count = max(place for place, one in enumerate(parts) if one is not None) + 1
    return tuple(parts[:count])


def weight_size(weight: Any) -> int:
    """Return how many numbers a weight has."""
    sides = [int(side) for side in weight.shape]
    return functools.reduce(operator.mul, sides, 1)


def make_workload(
    model: Any,
    data: Any,
    batch_size: int | None,
    device: Device,
    class_weight: Mapping[int, float] | None = None,
) -> Workload:
    """Return a model and its data, made ready.

    Args:
        model: a Keras model.
        data: whatever `fit` accepts; of arrays, what is left over after whole batches is not taken.
        batch_size: items a step; a source of batches has its own.
        device: where.
        class_weight: as for `fit`.

    Raises:
        InvalidArgument: the model is none, or on another device; the data cannot be used, or hold less than one batch;
            the weights of classes are no mapping.
    """
    if not hasattr(model, "predict_on_batch") and not hasattr(model, "fit"):
        happened = f"model must be a Keras model, got {type(model).__name__}"
        raise InvalidArgument(happened, "", "time the step of another loop with step_benchmark.step")
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise InvalidArgument(f"batch_size must be a positive integer, got {batch_size!r}")
    if class_weight is not None and not isinstance(class_weight, Mapping):
        happened = f"class_weight must be a mapping from classes to weights, got {type(class_weight).__name__}"
        raise InvalidArgument(happened, "", "write it as {0: 1.0, 1: 2.0}")
    feed = feeds.read_data(data)
    if feed.source:
        workload = Workload(model, None, None, feed.source.batch_size, device, None, class_weight, feed.source)
    else:
        if batch_size > feed.items:
            raise InvalidArgument(f"batch_size must be at most the {feed.items} items of data, got {batch_size}")
        # Whole batches alone, so that each step is like the others.
        whole = feed.items // batch_size * batch_size
        x, y, weight = feeds.cut((feed.x, feed.y, feed.sample_weight), 0, whole)
        workload = Workload(model, x, y, batch_size, device, weight, class_weight)
    workload.check_device()
    return workload
