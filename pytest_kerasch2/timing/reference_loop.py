"""The reference step: a step of training as Keras defines it, in a custom training loop, on each backend.

The loss is the model's own, with all that Keras does to it: masks, weights of samples, classes and outputs, reduction,
regularization and what layers add. Gradients, and asking the optimizer to apply them, are ours: what a model, or
Keras's loops, do in the timed path is no part of it.
"""

from __future__ import annotations

import importlib
import inspect
import warnings
from dataclasses import replace
from typing import Any, Callable, Iterable, Iterator, Sequence

import numpy as np

from pytest_kerasch2.errors import KerasCh2Error, NotApplicable
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import benchmark_data, nested_arrays
from pytest_kerasch2.timing.benchmark_data import SEQUENCE, Batch, BatchSource, batch_size_of
from pytest_kerasch2.timing.workload import Workload, assign_values, copy_of, variables_restored, without_missing

Step = Callable[..., Any]
# Where Keras's own methods are defined.
PACKAGES = ("keras", "tf_keras", "tensorflow")


def why_no_reference(model: Any) -> str:
    """Return why there is no reference step for a model; an empty text where there is one."""
    if is_overridden(model, "train_step"):
        return "the model has a train_step of its own"
    if getattr(model, "optimizer", None) is None:
        return "the model was compiled without an optimizer"
    return why_no_loss(model)


def why_no_loss(model: Any) -> str:
    """Return why the loss of a model cannot be computed by a reference loop; an empty text where it can."""
    if int(getattr(getattr(model, "distribute_strategy", None), "num_replicas_in_sync", 1)) > 1:
        return "the model is distributed over several replicas"
    if has_losses(model):
        return ""
    # Before 2.2 Keras keeps what it does to a loss to itself.
    loss = getattr(model, "loss", None)
    if loss is None or not (isinstance(loss, str) or callable(loss)):
        return "the model has no single loss"
    if str(getattr(loss, "reduction", "")).lower() == "sum":
        return "its loss is a sum over a batch"
    if len(getattr(model, "outputs", None) or [None]) != 1:
        return "the model has several outputs"
    return ""


def has_losses(model: Any) -> bool:
    """Whether Keras itself can be asked for the loss of a batch: from 2.2 on."""
    return hasattr(model, "compute_loss") or getattr(model, "compiled_loss", None) is not None


def is_overridden(model: Any, method: str) -> bool:
    """Whether a method or a property is the user's own, and not that of Keras."""
    if method in vars(model):
        return True
    attribute = getattr(type(model), method, None)
    attribute = getattr(attribute, "fget", attribute)
    return attribute is not None and str(getattr(attribute, "__module__", "")).partition(".")[0] not in PACKAGES


def eager_step(model: Any) -> Step:
    """Return a step on TensorFlow: forward, backward, update. It returns the loss.

    Raises:
        NotApplicable: there is no TensorFlow.
    """
    api.require_tensorflow("A step written by hand")
    tf, optimizer = api.tensorflow(), model.optimizer
    options = training_option(model)
    scaled, unscaled = _scaling(optimizer)

    def step(x: Any, y: Any = None, weight: Any = None) -> Any:
        with tf.GradientTape() as tape:
            value = batch_loss(model, (x, y, weight), options)
            whole = scaled(value)
        weights = model.trainable_variables
        gradients = unscaled(tape.gradient(whole, weights))
        optimizer.apply_gradients(zip(gradients, weights))
        return value

    return step


def compiled_step(model: Any) -> Step:
    """Return such a step, compiled where the backend compiles, on whichever backend Keras is."""
    if api.runs_on_tensorflow():
        return api.tensorflow().function(eager_step(model))  # type: ignore[no-any-return]
    return {"jax": _on_jax, "torch": _on_torch}[str(api.release().backend)](model)


def to_tensors(batch: Batch, class_weight: Any = None) -> Batch:
    """Return a batch as tensors; weights of classes are weights of its items."""
    if class_weight is not None:
        x, y, *weight = batch
        batch = (x, y, benchmark_data.weights_of_classes(y, class_weight, *weight))
    x, y, weight = (*batch, None, None)[:3]
    if nested_arrays.is_structure(y) and weight is not None and not nested_arrays.is_structure(weight):
        weight = nested_arrays.mapped(lambda _: weight, y)
    return tuple(map(nested_arrays.tensors, (x, y, weight)))[: max(2, len(batch))]


def mean_loss(model: Any, batches: Sequence[Batch], class_weight: Any = None) -> float:
    """Return the loss of some batches as `evaluate` tells it: nothing is dropped, each item counts alike.

    Args:
        class_weight: weights of classes; `evaluate` has none.
    """
    options = dict.fromkeys(training_option(model), False)
    losses = [float(api.array(batch_loss(model, to_tensors(one, class_weight), options))) for one in batches]
    return float(np.average(losses, weights=list(map(batch_size_of, batches))))


def batch_loss(model: Any, batch: Batch, options: Any = None) -> Any:
    """Return the loss of a batch, with all that Keras does to it.

    Args:
        options: what the model is called with, beside its inputs.
    """
    x, y, weight = (*batch, None, None)[:3]
    outputs = model(x, **(options or {}))
    if hasattr(model, "compute_loss"):
        return _compute_loss(model, {"x": x, "y": y, "y_pred": outputs, "sample_weight": weight}, options)
    compiled = getattr(model, "compiled_loss", None)
    if compiled is not None:
        return compiled(y, outputs, weight, regularization_losses=model.losses)
    return _before_2_2(model, y, outputs, weight)


def _compute_loss(model: Any, arguments: Any, options: Any) -> Any:
    parameters = inspect.signature(model.compute_loss).parameters
    if "training" in parameters:
        arguments = {**arguments, "training": bool((options or {}).get("training", True))}
    return model.compute_loss(**arguments)


def _before_2_2(model: Any, y: Any, outputs: Any, weight: Any) -> Any:
    tf = api.tensorflow()
    if weight is not None or getattr(outputs, "_keras_mask", None) is not None:
        problem = "before TensorFlow 2.2, Keras keeps weights and masks of a loss to itself"
        raise NotApplicable("The reference loss cannot be computed", problem)
    # One number for each output of one unit: what Keras does before it asks a loss.
    single = len(y.shape) == len(outputs.shape) - 1 and outputs.shape[-1] == 1
    value = tf.reduce_mean(tf.keras.losses.get(model.loss)(y[..., None] if single else y, outputs))
    # What layers add, such as the sizes of weights.
    return tf.add_n([value, *(tf.cast(one, value.dtype) for one in model.losses)])


def training_option(model: Any) -> dict[str, bool]:
    """Return how Keras tells a model that it trains: Keras 3 does not tell one whose `call` does not ask."""
    asks = "training" in inspect.signature(model.call).parameters
    return {"training": True} if asks or not api.is_keras3() else {}


def finish_training(model: Any) -> None:
    """Do what `fit` does at its end: an optimizer that averages weights may replace them by their averages."""
    finish = getattr(model.optimizer, "finalize_variable_values", None)
    if finish is not None:
        finish(model.trainable_variables)


def _scaling(optimizer: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return what makes a loss larger for half precision, and gradients smaller again; Keras 3 does the second itself.

    An optimizer that has none of it leaves both as they are.
    """
    if hasattr(optimizer, "get_scaled_loss"):
        return optimizer.get_scaled_loss, optimizer.get_unscaled_gradients
    return getattr(optimizer, "scale_loss", lambda value: value), lambda gradients: gradients


def _on_jax(model: Any) -> Step:
    jax = importlib.import_module("jax")
    optimizer = model.optimizer
    differentiated = jax.value_and_grad(model.compute_loss_and_updates, has_aux=True)

    def moved(weights: Any, others: Any, metrics: Any, state: Any, x: Any, y: Any, weight: Any) -> Any:
        options = {"training": True, "optimizer_variables": state}
        (_, aux), gradients = differentiated(weights, others, metrics, x, y, weight, **options)
        return (*optimizer.stateless_apply(state, gradients, weights), aux[2])

    compiled = jax.jit(moved)

    def step(x: Any, y: Any = None, weight: Any = None) -> None:
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
        rooms = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
        weights, others, state = ([one.value for one in room] for room in rooms)
        metrics = [one.value for one in model.metrics_variables]
        results = compiled(weights, others, metrics, state, x, y, weight)
        for room, values in zip((rooms[0], rooms[2], rooms[1]), results):
            for variable, value in zip(room, values):
                variable.assign(value)

    return step


def _on_torch(model: Any) -> Step:
    torch = importlib.import_module("torch")
    optimizer, options = model.optimizer, training_option(model)

    def step(x: Any, y: Any = None, weight: Any = None) -> None:
        model.zero_grad()
        optimizer.scale_loss(batch_loss(model, (x, y, weight), options)).backward()
        weights = model.trainable_weights
        with torch.no_grad():
            optimizer.apply([one.value.grad for one in weights], weights)

    return step


# Steps from each of so many places in the data that show whether weights move.
PLACES = 3
STEPS = 25
# Weights are so many times what they were to see whether they have come to rest.
OTHER_START = 1.25


class NoReference(Exception):
    """There is no reference step for a model; its text says why."""


class ReferenceSteps:
    """Does steps of the reference, one for each batch that it is given."""

    def __init__(self, workload: Workload) -> None:
        """Begin with the model as it is."""
        self.workload = workload
        self.step = attempt(lambda: compiled_step(workload.model))

    def __call__(self, batches: Iterable[Batch]) -> None:
        """Do a step with each batch.

        Raises:
            NoReference: it cannot be done.
        """
        for batch in batches:
            tensors = to_tensors(batch, self.workload.class_weight)
            attempt(lambda given=tensors: self.step(*given))  # type: ignore[misc]


def attempt(call: Callable[[], Any]) -> Any:
    """Return what a call returns.

    Raises:
        NoReference: it raises something that is none of our errors. The timed path has done its first step by then, so
            that what fails here is no fault of the model.
    """
    try:
        with warnings.catch_warnings():
            # What Keras warns of, it has warned of where it did the step itself.
            warnings.simplefilter("ignore")
            return call()
    except NotApplicable as error:
        raise NoReference(error.found) from error
    except (KerasCh2Error, NoReference):
        raise
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
        # An error within a traced function says last what has happened, and first where.
        reason = (lines[-1] if lines[0].endswith(":") else lines[0])[:100]
        raise NoReference(f"the reference step cannot be done ({type(error).__name__}: {reason})") from error


def moving_weights(workload: Workload, steps: int) -> set[str]:
    """Return the weights that reference steps move from where the model is now; none where there is no reference.

    They move for sure: from each of several places in the data. The model is restored.
    """
    if why_no_reference(workload.model):
        return set()
    names: set[str] | None = None
    try:
        reference = ReferenceSteps(workload)
        for place in range(PLACES):
            first = place * workload.distinct_batches // PLACES
            with variables_restored(workload.model):
                before = workload.weight_hashes()
                reference(workload.batch(first + number) for number in range(min(steps, STEPS)))
                workload.finish()
                moved = {name for name, one in workload.weight_hashes().items() if before.get(name) != one}
            names = moved if names is None else names & moved
    except NoReference:
        return set()
    return names or set()


def resting_weights(workload: Workload, run: Callable[[int], Any], steps: int) -> set[str]:
    """Return the weights that steps leave as they are from another start too; the model is restored.

    Weights that have come to rest, as at an optimum, come back to where they rest from wherever they begin.

    Args:
        run: does so many steps.
    """
    with variables_restored(workload.model):
        assign_values(workload.trained_weights, [OTHER_START * copy_of(one) for one in workload.trained_weights])
        before = workload.weight_hashes()
        run(steps)
        workload.finish()
        return {name for name, one in workload.weight_hashes().items() if before.get(name) == one}


def last_batches(workload: Workload, count: int, rolled: bool = False) -> Workload:
    """Return a subject with the last batches.

    Args:
        rolled: each input has the target of another, so that there is much to learn after any training; whoever kept
            what the first batches gave has nothing for these.
    """
    parts = (workload.x, workload.y, workload.sample_weight)
    if workload.source is None and all(map(nested_arrays.is_dense, nested_arrays.values(parts))):
        first = (workload.batches - count) * workload.batch_size
        batch = nested_arrays.dense(nested_arrays.cut(parts, first, first + count * workload.batch_size))
        return replace(workload, **dict(zip(benchmark_data.PART_NAMES, _roll_batch(batch) if rolled else batch)))
    batches = [workload.batch(place) for place in range(workload.distinct_batches - count, workload.distinct_batches)]
    if rolled:
        batches = [_roll_batch(one) for one in batches]
    source = workload.source or BatchSource(SEQUENCE, None, batches, len(batches), 0)
    return replace(workload, x=None, y=None, sample_weight=None, source=attempt(lambda: source.replayed(batches)))


def _roll_batch(batch: Any) -> Any:
    """Return a batch whose targets, and their weights, belong to the input before."""
    return (batch[0], *(nested_arrays.mapped(_roll, one) for one in batch[1:]))


def _roll(leaf: Any) -> Any:
    return np.roll(nested_arrays.dense(leaf), 1, axis=0) if nested_arrays.is_dense(leaf) else leaf


def epochs(few: Workload, count: int, rng: np.random.RandomState) -> Iterator[Batch]:
    """Return the batches of so many epochs, in an order that is drawn where Keras draws one."""
    for _ in range(count):
        yield from map(shuffled(few, rng).batch, range(few.batches))


def shuffled(few: Workload, rng: np.random.RandomState) -> Workload:
    """Return a subject with the same items in an order that is drawn; what is not an array keeps its own."""
    if few.source is not None:
        return few
    order = rng.permutation(few.items)
    return replace(
        few, **dict(zip(benchmark_data.PART_NAMES, nested_arrays.ordered((few.x, few.y, few.sample_weight), order)))
    )


def batches_of(few: Workload) -> list[Batch]:
    """Return all batches of an epoch."""
    return [without_missing(few.batch(place)) for place in range(few.batches)]
