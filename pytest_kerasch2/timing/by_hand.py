"""A step of training as it is written by hand, on each backend: what other ways to do a step are held to."""

from __future__ import annotations

import contextlib
import importlib
import inspect
from typing import Any, Callable

import numpy as np

from pytest_kerasch2.framework import api

Step = Callable[[Any, Any], Any]


def why_not(model: Any) -> str:
    """Give why a step of a model cannot be written by hand here; nothing where it can."""
    loss = getattr(model, "loss", None)
    if loss is None or not (isinstance(loss, str) or callable(loss)):
        return "the model has no single loss"
    if str(getattr(loss, "reduction", "")).lower() == "sum":
        return "its loss is a sum over a batch"
    if len(getattr(model, "outputs", None) or [None]) != 1:
        return "the model has several outputs"
    return ""


def is_of_size(model: Any, batch_size: int) -> bool:
    """Give whether a model is of batches of this size, and may take no other, as one with a state between them does."""
    # A model that is not built has no inputs yet, or says so when it is asked for them.
    with contextlib.suppress(AttributeError, ValueError, RuntimeError):
        return any(tuple(one.shape)[:1] == (batch_size,) for one in model.inputs or ())
    return False


def eager(model: Any) -> Step:
    """Give a step on TensorFlow: forward, backward, update. It gives the loss.

    Raises:
        NotApplicable: there is no TensorFlow.
    """
    api.require_tensorflow("A step written by hand")
    tf, optimizer = api.tensorflow(), model.optimizer
    loss, told = tf.keras.losses.get(model.loss), training(model)
    scaled, unscaled = _scaling(optimizer)

    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(_value(loss, y, model(x, **told)))
            # What layers add, such as the sizes of weights.
            whole = scaled(tf.add_n([value, *(tf.cast(one, value.dtype) for one in model.losses)]))
        gradients = unscaled(tape.gradient(whole, model.trainable_variables))
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return value

    return step


def step(model: Any) -> Step:
    """Give such a step, compiled where the backend compiles, on whichever backend Keras is."""
    if api.runs_on_tensorflow():
        return api.tensorflow().function(eager(model))  # type: ignore[no-any-return]
    return {"jax": _on_jax, "torch": _on_torch}[str(api.release().backend)](model)


def loss(model: Any, x: Any, y: Any, batch_size: int) -> float:
    """Give the loss of some inputs as `evaluate` tells it: their mean where nothing is dropped, and what layers add."""
    value_of = api.keras().losses.get(model.loss)
    found, added = [], 0.0
    for first in range(0, len(x), batch_size):
        part = slice(first, first + batch_size)
        outputs = model(api.tensor(x[part]), training=False)
        found.append(float(np.mean(api.array(_value(value_of, api.tensor(y[part]), outputs)).astype("float64"))))
        added = sum(float(api.array(one)) for one in model.losses)
    return float(np.mean(found)) + added


def _value(value_of: Callable[[Any, Any], Any], y: Any, outputs: Any) -> Any:
    # One number for each output of one unit: what Keras does before it asks a loss.
    single = len(y.shape) == len(outputs.shape) - 1 and outputs.shape[-1] == 1
    return value_of(y[..., None] if single else y, outputs)


def training(model: Any) -> dict[str, bool]:
    """Give how Keras tells a model that it trains: Keras 3 does not tell one whose `call` does not ask."""
    asks = "training" in inspect.signature(model.call).parameters
    return {"training": True} if asks or not api.is_keras3() else {}


def _scaling(optimizer: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Give what makes a loss larger for half precision, and gradients smaller again; Keras 3 does the second itself."""
    if hasattr(optimizer, "get_scaled_loss"):
        return optimizer.get_scaled_loss, optimizer.get_unscaled_gradients
    return getattr(optimizer, "scale_loss", lambda value: value), lambda gradients: gradients


def _on_jax(model: Any) -> Step:
    jax = importlib.import_module("jax")
    keras, optimizer, told = api.keras(), model.optimizer, training(model)
    value_of = keras.losses.get(model.loss)

    def whole(weights: Any, others: Any, x: Any, y: Any) -> Any:
        outputs, others, added = model.stateless_call(weights, others, x, return_losses=True, **told)
        value = keras.ops.mean(_value(value_of, y, outputs)) + sum(added)
        return optimizer.scale_loss(value), others

    def moved(weights: Any, others: Any, state: Any, x: Any, y: Any) -> Any:
        gradients, others = jax.grad(whole, has_aux=True)(weights, others, x, y)
        return (*optimizer.stateless_apply(state, gradients, weights), others)

    compiled = jax.jit(moved)

    def one(x: Any, y: Any) -> None:
        rooms = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
        weights, others, state = ([one.value for one in room] for room in rooms)
        found = compiled(weights, others, state, x, y)
        for room, values in zip((rooms[0], rooms[2], rooms[1]), found):
            for variable, value in zip(room, values):
                variable.assign(value)

    return one


def _on_torch(model: Any) -> Step:
    torch = importlib.import_module("torch")
    keras, optimizer, told = api.keras(), model.optimizer, training(model)
    value_of = keras.losses.get(model.loss)

    def one(x: Any, y: Any) -> None:
        model.zero_grad()
        whole = keras.ops.mean(_value(value_of, y, model(x, **told))) + sum(model.losses)
        optimizer.scale_loss(whole).backward()
        weights = model.trainable_weights
        with torch.no_grad():
            optimizer.apply([one.value.grad for one in weights], weights)

    return one
