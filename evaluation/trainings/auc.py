"""A binary classifier in NumPy: whether a tumour is benign, judged by the area under the curve."""

from __future__ import annotations

import numpy as np

from evaluation.trainings.dense import Array, Dense
from evaluation.trainings.faults import BY_NAME, NOTHING
from evaluation.trainings.tables import examples

METRIC = "val_auc:higher"
EPOCHS, BATCH, HIDDEN, RATE = 10, 16, 16, 0.003


def train(seed: int, fault: str = NOTHING) -> dict[str, list[float]]:
    """Train once."""
    planted = BY_NAME[fault]
    data = examples("tumours", planted)
    random = np.random.RandomState(seed)
    network = Dense(random, data.inputs.shape[1], HIDDEN, 1, RATE * planted.rate)
    history: dict[str, list[float]] = {"loss": [], "val_loss": [], "val_auc": []}
    for _ in range(EPOCHS):
        for inputs, targets in data.batches(random, BATCH, planted):
            network.step(inputs, targets[:, None], lambda output, target: _sigmoid(output) - target)
        tested = network(data.test_inputs)[:, 0]
        history["loss"].append(_cross_entropy(network(data.inputs)[:, 0], data.targets))
        history["val_loss"].append(_cross_entropy(tested, data.test_targets))
        history["val_auc"].append(area(tested, data.test_targets))
    return history


def _sigmoid(logits: Array) -> Array:
    return 1 / (1 + np.exp(-np.clip(logits, -50, 50)))


def _cross_entropy(logits: Array, targets: Array) -> float:
    return float(np.mean(np.logaddexp(0, logits) - targets * logits))


def area(scores: Array, targets: Array) -> float:
    """Return how probable it is that a positive example scores higher than a negative one; ties count half."""
    positive, negative = scores[targets > 0.5], scores[targets < 0.5]
    above = (positive[:, None] > negative).mean()
    return float(above + 0.5 * (positive[:, None] == negative).mean())
