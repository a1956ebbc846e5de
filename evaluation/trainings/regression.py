"""A regression in NumPy: the progress of diabetes, judged by the mean absolute error; also stopped early."""

from __future__ import annotations

from typing import Any

import numpy as np

from evaluation.trainings.dense import Dense
from evaluation.trainings.faults import BY_NAME, NOTHING
from evaluation.trainings.tables import examples

METRIC = "val_mae:lower"
EPOCHS, BATCH, HIDDEN, RATE = 15, 32, 32, 0.01
# Of the one that stops early.
LONGEST, PATIENCE = 60, 4
# Targets are brought near one, as the last layer is linear.
UNIT = 100.0


def train(seed: int, fault: str = NOTHING) -> dict[str, list[float]]:
    """Train for a fixed number of epochs."""
    return _trained(seed, fault, EPOCHS, EPOCHS)


def train_stopped(seed: int, fault: str = NOTHING) -> dict[str, list[float]]:
    """Train until the validation loss has not been lower for some epochs, as Keras's EarlyStopping does."""
    return _trained(seed, fault, LONGEST, PATIENCE)


def _trained(seed: int, fault: str, longest: int, patience: int) -> dict[str, list[float]]:
    planted = BY_NAME[fault]
    data = examples("diabetes", planted)
    random = np.random.RandomState(seed)
    network = Dense(random, data.inputs.shape[1], HIDDEN, 1, RATE * planted.rate)
    history: dict[str, list[float]] = {"loss": [], "mae": [], "val_loss": [], "val_mae": []}
    for epoch in range(longest):
        for inputs, targets in data.batches(random, BATCH, planted):
            network.step(inputs, targets[:, None] / UNIT, lambda output, target: 2 * (output - target))
        for prefix, inputs, targets in (
            ("", data.inputs, data.targets),
            ("val_", data.test_inputs, data.test_targets),
        ):
            off = UNIT * network(inputs)[:, 0] - targets
            history[f"{prefix}loss"].append(float(np.mean(off**2)))
            history[f"{prefix}mae"].append(float(np.mean(np.abs(off))))
        best: Any = int(np.argmin(history["val_loss"]))
        if epoch - best >= patience:
            break
    return history
