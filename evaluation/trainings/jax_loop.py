"""A plain JAX loop with two outputs: which digit an image shows, and how much ink it has."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from evaluation.trainings.faults import BY_NAME, NOTHING
from evaluation.trainings.tables import Examples, examples

METRIC = "val_ink_mae:lower"
EPOCHS, BATCH, HIDDEN, RATE, MOMENTUM, CLASSES = 8, 64, 48, 0.01, 0.9, 10


def train(seed: int, fault: str = NOTHING) -> dict[str, list[float]]:
    """Train once."""
    jax = importlib.import_module("jax")

    planted = BY_NAME[fault]
    data = examples("digits", planted)
    step, measures = _compiled()
    weights = _drawn(jax.random.PRNGKey(seed), data.inputs.shape[1])
    speeds = jax.tree_util.tree_map(lambda one: 0 * one, weights)
    random = np.random.RandomState(seed)
    history: dict[str, list[float]] = {}
    for _ in range(EPOCHS):
        for inputs, targets in data.batches(random, BATCH, planted):
            # The last batch has another shape, which would be compiled anew.
            if len(inputs) == BATCH:
                ink = _ink(inputs, data)
                weights, speeds = step(weights, speeds, inputs, targets, ink, RATE * planted.rate)
        for prefix, inputs, targets in (("", data.inputs, data.targets), ("val_", data.test_inputs, data.test_targets)):
            for name, value in measures(weights, inputs, targets, _ink(inputs, data)).items():
                history.setdefault(f"{prefix}{name}", []).append(float(value))
    return history


def _ink(inputs: Any, data: Examples) -> Any:
    totals = data.inputs.mean(axis=1)
    return ((inputs.mean(axis=1) - totals.mean()) / totals.std()).astype("float32")


def _drawn(key: Any, inputs: int) -> dict[str, Any]:
    jax = importlib.import_module("jax")

    keys = jax.random.split(key, 3)
    shapes = {"hidden": (inputs, HIDDEN), "digit": (HIDDEN, CLASSES), "ink": (HIDDEN, 1)}
    return {
        name: (jax.random.normal(one, shape) * np.sqrt(1 / shape[0]), np.zeros(shape[1], "float32"))
        for one, (name, shape) in zip(keys, shapes.items())
    }


@functools.lru_cache(maxsize=1)
def _compiled() -> tuple[Any, Any]:
    jax, jnp = importlib.import_module("jax"), importlib.import_module("jax.numpy")

    def measures(weights: Any, inputs: Any, targets: Any, ink: Any) -> dict[str, Any]:
        hidden = jax.nn.relu(inputs @ weights["hidden"][0] + weights["hidden"][1])
        logits = hidden @ weights["digit"][0] + weights["digit"][1]
        off = (hidden @ weights["ink"][0] + weights["ink"][1])[:, 0] - ink
        digit = -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), targets[:, None], axis=1))
        right = jnp.mean(logits.argmax(1) == targets)
        parts = {"digit_loss": digit, "ink_loss": jnp.mean(off**2), "digit_accuracy": right}
        return {"loss": digit + jnp.mean(off**2), "ink_mae": jnp.mean(jnp.abs(off)), **parts}

    def step(weights: Any, speeds: Any, inputs: Any, targets: Any, ink: Any, rate: float) -> tuple[Any, Any]:
        slopes = jax.grad(lambda given: measures(given, inputs, targets, ink)["loss"])(weights)
        moved = jax.tree_util.tree_map(lambda speed, slope: MOMENTUM * speed - rate * slope, speeds, slopes)
        return jax.tree_util.tree_map(lambda one, speed: one + speed, weights, moved), moved

    return jax.jit(step), jax.jit(measures)
