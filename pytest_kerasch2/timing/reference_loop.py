"""The reference step: a step of training as Keras defines it, in a loop of our own, on each backend.

The loss is the model's own, with all that Keras does to it: masks, weights of samples, classes and outputs, reduction,
regularization and what layers add. Gradients, and asking the optimizer to apply them, are ours: what a model, or
Keras's loops, do in the timed path is no part of it.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
from typing import Any, Callable, Sequence

import numpy as np

from pytest_kerasch2.errors import NotApplicable
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import benchmark_data, nested_arrays
from pytest_kerasch2.timing.batch_sources import Batch, batch_size_of

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
    """Return why the loss of a model cannot be computed in a loop of our own; an empty text where it can."""
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
    return tuple(map(benchmark_data.tensors, (x, y, weight)))[: max(2, len(batch))]


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
        told: what the model is called with, beside its inputs.
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
        found = "before TensorFlow 2.2, Keras keeps weights and masks of a loss to itself"
        raise NotApplicable("A loss is to be computed in a loop of our own", found)
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
        told = {"training": True, "optimizer_variables": state}
        (_, aux), gradients = differentiated(weights, others, metrics, x, y, weight, **told)
        return (*optimizer.stateless_apply(state, gradients, weights), aux[2])

    compiled = jax.jit(moved)

    def step(x: Any, y: Any = None, weight: Any = None) -> None:
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
        rooms = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
        weights, others, state = ([one.value for one in room] for room in rooms)
        metrics = [one.value for one in model.metrics_variables]
        found = compiled(weights, others, metrics, state, x, y, weight)
        for room, values in zip((rooms[0], rooms[2], rooms[1]), found):
            for variable, value in zip(room, values):
                variable.assign(value)

    return step


def _on_torch(model: Any) -> Step:
    torch = importlib.import_module("torch")
    optimizer, told = model.optimizer, training_option(model)

    def step(x: Any, y: Any = None, weight: Any = None) -> None:
        model.zero_grad()
        optimizer.scale_loss(batch_loss(model, (x, y, weight), told)).backward()
        weights = model.trainable_weights
        with torch.no_grad():
            optimizer.apply([one.value.grad for one in weights], weights)

    return step


def has_fixed_batch(model: Any, batch_size: int) -> bool:
    """Whether a model is of batches of this size, and may take no other, as one with a state between them does."""
    # A model that is not built has no inputs yet, or says so when it is asked for them.
    with contextlib.suppress(AttributeError, ValueError, RuntimeError):
        return any(tuple(one.shape)[:1] == (batch_size,) for one in model.inputs or ())
    return False
