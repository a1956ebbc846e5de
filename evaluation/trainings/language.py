"""A language model in NumPy: the next letter of made-up sentences from the five before, judged by perplexity."""

from __future__ import annotations

import functools

import numpy as np

from evaluation.trainings.dense import Array, Dense
from evaluation.trainings.faults import BY_NAME, NOTHING, Fault
from evaluation.trainings.tables import Examples

METRIC = "val_perplexity:lower"
EPOCHS, BATCH, HIDDEN, RATE = 8, 64, 48, 0.005
CONTEXT, SENTENCES = 5, 420
SUBJECTS = ("the old ship", "a grey cat", "our model", "the river", "my teacher", "some number")
VERBS = ("learns", "crosses", "forgets", "carries", "counts", "follows")
OBJECTS = ("the long road", "seven stones", "a quiet word", "its own weight", "the last train", "every letter")
LETTERS = sorted({*" .", *"".join((*SUBJECTS, *VERBS, *OBJECTS))})


def train(seed: int, fault: str = NOTHING) -> dict[str, list[float]]:
    """Train once."""
    planted = BY_NAME[fault]
    data = sentences(planted)
    random = np.random.RandomState(seed)
    network = Dense(random, data.inputs.shape[1], HIDDEN, len(LETTERS), RATE * planted.rate)
    history: dict[str, list[float]] = {"loss": [], "val_loss": [], "val_perplexity": []}
    for _ in range(EPOCHS):
        for inputs, targets in data.batches(random, BATCH, planted):
            network.step(inputs, targets, _slope)
        tested = _cross_entropy(network(data.test_inputs), data.test_targets)
        history["loss"].append(_cross_entropy(network(data.inputs), data.targets))
        history["val_loss"].append(tested)
        history["val_perplexity"].append(float(np.exp(tested)))
    return history


@functools.lru_cache(maxsize=None)
def sentences(fault: Fault) -> Examples:
    """Return contexts and the letters that follow, a quarter of the sentences kept for testing."""
    random = np.random.RandomState(0)
    text = [" ".join(random.choice(words) for words in (SUBJECTS, VERBS, OBJECTS)) + ". " for _ in range(SENTENCES)]
    tested = SENTENCES // 4
    kept = tested + round(fault.data * (SENTENCES - tested))
    inputs, targets = _pairs("".join(text[tested:kept]), fault)
    changed = random.permutation(len(targets))[: round(fault.noise * len(targets))]
    targets[changed] = targets[random.permutation(changed)]
    return Examples(inputs, targets, *_pairs("".join(text[:tested]), fault))


def _pairs(text: str, fault: Fault) -> tuple[Array, Array]:
    places = np.array([LETTERS.index(letter) for letter in text])
    windows = np.stack([places[start : len(places) - CONTEXT + start] for start in range(CONTEXT)], axis=1)
    # Not normalized: the number of a letter stands for the letter.
    inputs = np.eye(len(LETTERS))[windows].reshape(len(windows), -1) if fault.normalized else windows.astype(float)
    return inputs, places[CONTEXT:]


def _softmax(logits: Array) -> Array:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _slope(logits: Array, targets: Array) -> Array:
    result = _softmax(logits)
    result[np.arange(len(targets)), targets] -= 1
    return result


def _cross_entropy(logits: Array, targets: Array) -> float:
    chosen = _softmax(logits)[np.arange(len(targets)), targets]
    return float(-np.mean(np.log(np.maximum(chosen, 1e-12))))
