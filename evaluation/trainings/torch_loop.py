"""A plain PyTorch loop: small images of digits, judged by the macro F1 of the validation images."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from evaluation.trainings.faults import BY_NAME, NOTHING
from evaluation.trainings.tables import examples

METRIC = "val_f1:higher"
EPOCHS, BATCH, HIDDEN, RATE, CLASSES = 8, 64, 48, 0.003, 10


def train(seed: int, fault: str = NOTHING) -> dict[str, list[float]]:
    """Train once."""
    torch = importlib.import_module("torch")

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    planted = BY_NAME[fault]
    data = examples("digits", planted)
    random = np.random.RandomState(seed)
    network = torch.nn.Sequential(
        torch.nn.Linear(data.inputs.shape[1], HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, CLASSES)
    )
    optimizer = torch.optim.Adam(network.parameters(), RATE * planted.rate)
    criterion = torch.nn.CrossEntropyLoss()
    history: dict[str, list[float]] = {"loss": [], "val_loss": [], "val_f1": []}
    for _ in range(EPOCHS):
        losses = []
        for inputs, targets in data.batches(random, BATCH, planted):
            optimizer.zero_grad()
            loss = criterion(network(torch.from_numpy(inputs)), torch.from_numpy(targets))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        with torch.no_grad():
            logits = network(torch.from_numpy(data.test_inputs))
            tested = criterion(logits, torch.from_numpy(data.test_targets)).item()
        history["loss"].append(float(np.mean(losses)))
        history["val_loss"].append(tested)
        history["val_f1"].append(macro_f1(logits.argmax(1).numpy(), data.test_targets))
    return history


def macro_f1(output: Any, target: Any) -> float:
    """Return the mean over the classes of the F1 of each."""
    hits = [np.sum((output == one) & (target == one)) for one in range(CLASSES)]
    lines = [np.sum(output == one) + np.sum(target == one) for one in range(CLASSES)]
    return float(np.mean([2 * hit / max(count, 1) for hit, count in zip(hits, lines)]))
