"""A model and its data, ready to be timed, and how timing restores what it changes of the model."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import operator
import warnings
from dataclasses import dataclass, replace
from typing import Any, ContextManager, Iterable, Iterator, Mapping, Sequence

import numpy as np

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.framework.devices import Device
from pytest_kerasch2.timing import nested_arrays
from pytest_kerasch2.timing.benchmark_data import PART_NAMES, Batch, BatchSource, BenchmarkData, read_data
from pytest_kerasch2.timing.memory import Gauge


@dataclass(frozen=True)
class Workload:
    """A model and the data of its steps.

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
        """Return how many different batches can be taken one by one."""
        return len(self.source.first_batches) if self.source else self.batches

    def batch(self, number: int) -> Batch:
        """Return one of the batches: inputs, and targets and weights where there are any; behind the last the first."""
        if self.source:
            return self.source.first_batches[number % self.distinct_batches]
        first = number % self.batches * self.batch_size
        parts = (self.x, self.y, self.sample_weight)
        return without_missing(nested_arrays.cut(parts, first, first + self.batch_size))

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
        """Return how often the optimizer has changed the weights, by its own count; None if it does not count."""
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
        """Refuse a model on another device than its steps: their time would belong to neither device.

        Raises:
            InvalidArgument: a weight is on another device.
        """
        for weight in self.trained_weights:
            place = devices.where(weight)
            if place and place != self.device.name:
                problem = f"{weight.name} on {place}, and steps on {self.device.name}"
                remedy = "make the model with the fixture device, or where the framework places it on that device"
                raise InvalidArgument("model must be on the device of its steps", problem, remedy)

    def build(self) -> None:
        """Let a model make its weights, so that they can be restored."""
        if getattr(self.model, "built", True) and self.trained_weights:
            return
        with contextlib.suppress(Exception), warnings.catch_warnings():
            # What it cannot do here, it says again where it is timed.
            warnings.simplefilter("ignore")
            self.model(nested_arrays.tensors(self.batch(0)[0]))

    def gauge(self) -> Gauge | None:
        """Return what reads the memory that steps take."""
        return Gauge(self.device)

    def restored(self) -> ContextManager[None]:
        """Return a context at whose end the model is as it was at its beginning."""
        return model_restored(self.model)

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
        """Return the workload with its data repeated, so that an epoch has this many batches if memory allows.

        Args:
            max_bytes: of an epoch, unless its data are larger already.
        """
        distinct = [nested_arrays.dense(self.batch(place)) for place in range(self.distinct_batches)]
        size = max(1, sum(nested_arrays.bytes_of(one) for one in distinct) // len(distinct))
        count = min(batches, max(self.batches, max_bytes // size))
        if self.source:
            chosen = [self.source.first_batches[place % self.distinct_batches] for place in range(count)]
            return replace(self, source=self.source.replayed(chosen))
        parts = nested_arrays.repeated((self.x, self.y, self.sample_weight), count * self.batch_size)
        return replace(self, **dict(zip(PART_NAMES, parts)))


def without_missing(parts: tuple[Any, ...]) -> Batch:
    """Return a batch without what is missing at its end."""
    count = max(place for place, one in enumerate(parts) if one is not None) + 1
    return tuple(parts[:count])


def weight_size(weight: Any) -> int:
    """Return how many numbers a weight has."""
    sides = [int(side) for side in weight.shape]
    return functools.reduce(operator.mul, sides, 1)


def make_workload(
    model: Any, data: Any, batch_size: int | None, device: Device, class_weight: Mapping[int, float] | None = None
) -> Workload:
    """Return a model and its data, ready to be timed.

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
    feed = read_data(data)
    if feed.source:
        workload = Workload(model, None, None, feed.source.batch_size, device, None, class_weight, feed.source)
    else:
        if batch_size > feed.items:
            raise InvalidArgument(f"batch_size must be at most the {feed.items} items of data, got {batch_size}")
        # Whole batches alone, so that each step is like the others.
        whole = feed.items // batch_size * batch_size
        x, y, weight = nested_arrays.cut((feed.x, feed.y, feed.sample_weight), 0, whole)
        workload = Workload(model, x, y, batch_size, device, weight, class_weight)
    workload.check_device()
    return workload


# What Keras sets on a model while it trains or evaluates.
ATTRIBUTES = ("history", "stop_training")
# What its compiled steps are made from.
FUNCTION_ATTRIBUTES = ("steps_per_execution", "train_step")
ABSENT = object()
# The compiled functions of a Keras model. `fit` of 2.0 and 2.1 uses none of them.
FUNCTIONS = ("train_function", "test_function", "predict_function")


@contextlib.contextmanager
def variables_restored(model: Any) -> Iterator[None]:
    """Put the weights of a model, and what its optimizers and metrics remember, back at the end."""
    changed = training_variables(model)
    before = list(map(copy_of, changed))
    try:
        yield
    finally:
        assign_values(changed, before)


@contextlib.contextmanager
def model_restored(model: Any) -> Iterator[None]:
    """Put back variables, and the attributes in which Keras keeps what it has done."""
    before = {name: vars(model).get(name, ABSENT) for name in (*ATTRIBUTES, *FUNCTION_ATTRIBUTES)}
    try:
        with variables_restored(model):
            yield
    finally:
        changed = [name for name, value in before.items() if vars(model).get(name, ABSENT) is not value]
        for name in changed:
            if before[name] is ABSENT:
                delattr(model, name)
            else:
                setattr(model, name, before[name])
        if set(FUNCTION_ATTRIBUTES) & set(changed):
            forget_functions(model)


def forget_functions(model: Any) -> None:
    """Let Keras make the compiled steps of a model anew: they do what they were made for."""
    for name in FUNCTIONS:
        if hasattr(model, name):
            setattr(model, name, None)


def training_variables(model: Any) -> list[Any]:
    """Return all that training changes: variables of the model, of its optimizers and of its metrics, each once."""
    by_id: dict[int, Any] = {}
    of_optimizers = itertools.chain.from_iterable(_of(one, "variables") for one in optimizers_of(model))
    for group in (_of(model, "variables"), of_optimizers, _of_metrics(model), _of_states(model)):
        by_id.update((id(one), one) for one in group)
    return list(by_id.values())


def _of(holder: Any, name: str) -> Sequence[Any]:
    # Keras raises ValueError for what has not been built.
    with contextlib.suppress(ValueError, AttributeError, NotImplementedError):
        held = getattr(holder, name)
        # Of optimizers a method up to Keras 2.10, and from 2.11 on a property.
        return list(held() if callable(held) else held)
    return []


def _of_metrics(model: Any) -> Iterator[Any]:
    for one in _of(model, "metrics"):
        yield from _of(one, "variables")


def _of_states(model: Any) -> Iterator[Any]:
    """Return what layers keep from one batch to the next: Keras 3 counts it among the variables of none."""
    for layer in _of(model, "layers"):
        yield from (one for one in nested_arrays.values(getattr(layer, "states", None)) if hasattr(one, "assign"))
        if hasattr(layer, "layers"):
            yield from _of_states(layer)


def optimizers_of(model: Any) -> list[Any]:
    """Return the optimizers of a model, also those of a custom `compile`, and of models in it."""
    own = getattr(model, "optimizer", None)
    by_id: dict[int, Any] = {} if own is None else {id(own): own}
    for one in _held(model, depth=3):
        if is_optimizer(one):
            by_id[id(one)] = one
    return list(by_id.values())


def is_optimizer(thing: Any) -> bool:
    """Whether something is an optimizer of Keras."""
    return hasattr(thing, "apply_gradients") and hasattr(thing, "variables")


def _held(holder: Any, depth: int) -> Iterable[Any]:
    """Return what a model holds, and what is held by models, lists and mappings in it."""
    own = getattr(holder, "optimizer", None)
    # Keras 2 keeps attributes in wrappers, and its layers in a list.
    for one in [own, *vars(holder).values(), *_of(holder, "layers")]:
        yield one
        if isinstance(one, Mapping):
            yield from one.values()
        elif isinstance(one, (list, tuple)):
            yield from one
        elif depth and hasattr(one, "compile") and hasattr(one, "fit"):
            yield from _held(one, depth - 1)


def copy_of(variable: Any) -> Any:
    """Return the values of a variable, which stay as they are whatever it becomes."""
    return np.array(api.array(variable))


def assign_values(targets: Sequence[Any], values: Sequence[Any]) -> None:
    """Assign values to variables."""
    for variable, value in zip(targets, values):
        variable.assign(value)
