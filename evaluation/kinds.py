"""The kinds of training whose gates are simulated: each draws histories like those of real trainings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.curves import Draw, Generator, History, Noise, Table, decay, histories, remembered, share_of

EPOCHS = 6
PATIENCE = 3


@dataclass(frozen=True)
class Kind:
    """One kind of training.

    Attributes:
        name: short, for a table.
        metric: what the margin refers to, as `--metric` takes it.
        about: what the training is like.
        draw: returns so many histories.
        stuck: returns so many histories of seeds that never learn.
        margin: a margin as somebody would write it for this training, in the units of the metric.
        fresh: returns so many histories of new seeds, where those of the reference come from somewhere else.
    """

    name: str
    metric: str
    about: str
    draw: Draw
    stuck: Draw
    margin: float
    fresh: Draw | None = None

    def new(self, random: Generator, trainings: int) -> list[History]:
        """Return so many unchanged new trainings."""
        return (self.fresh or self.draw)(random, trainings)

    @property
    def asked(self) -> str:
        """Return the name of the metric."""
        return self.metric.rpartition(":")[0]

    @property
    def sign(self) -> int:
        """Return 1 where higher is better, and -1 where lower is."""
        return 1 if self.metric.endswith(":higher") else -1


def _flat(level: float, random: Generator, seeds: int, epochs: int = EPOCHS, noise: float = 1e-3) -> Table:
    return level * (1 + noise * np.abs(random.standard_normal((seeds, epochs))))


def accuracy(random: Generator, seeds: int) -> list[History]:
    """Draw a classifier with 10,000 test images."""
    noise = Noise(seed=0.06, epoch=0.04).draw(random, seeds, EPOCHS)
    wrong = decay(random, seeds, EPOCHS, ends=(0.12, 0.02), pace=1.1, speed=0.05) * np.exp(noise)
    tested = wrong * np.exp(0.03 * random.standard_normal(wrong.shape))
    return histories(
        loss=3.1 * wrong * np.exp(0.01 * random.standard_normal(wrong.shape)),
        accuracy=share_of(random, wrong, 60_000),
        val_loss=3.3 * tested * np.exp(0.02 * random.standard_normal(wrong.shape)),
        val_accuracy=share_of(random, tested, 10_000),
    )


def accuracy_stuck(random: Generator, seeds: int) -> list[History]:
    """Draw a classifier that guesses among ten classes."""
    loss, tested = (_flat(np.log(10), random, seeds) for _ in range(2))
    guess = np.full((seeds, EPOCHS), 0.1)
    return histories(loss=loss, accuracy=guess, val_loss=tested, val_accuracy=guess)


def few_examples(random: Generator, seeds: int) -> list[History]:
    """Draw a classifier with 360 test images, whose accuracy has a name that Keras gives."""
    noise = Noise(seed=0.10, epoch=0.06, tails=8).draw(random, seeds, EPOCHS)
    wrong = decay(random, seeds, EPOCHS, ends=(0.5, 0.04), pace=0.88, speed=0.08) * np.exp(noise)
    return histories(
        loss=3.0 * wrong,
        sparse_categorical_accuracy=share_of(random, wrong, 1437),
        val_loss=3.2 * wrong * np.exp(0.08 * random.standard_normal(wrong.shape)),
        val_sparse_categorical_accuracy=share_of(random, wrong, 360),
    )


def few_examples_stuck(random: Generator, seeds: int) -> list[History]:
    """Draw the same where it guesses."""
    loss, tested = (_flat(np.log(10), random, seeds) for _ in range(2))
    guess = np.full((seeds, EPOCHS), 36 / 360)
    names = ("sparse_categorical_accuracy", "val_sparse_categorical_accuracy")
    return histories(loss=loss, val_loss=tested, **dict.fromkeys(names, guess))


def saturated(random: Generator, seeds: int) -> list[History]:
    """Draw a classifier that is right on nearly all of 200 test examples, so that most seeds agree exactly."""
    noise = Noise(seed=0.3, epoch=0.1).draw(random, seeds, EPOCHS)
    wrong = decay(random, seeds, EPOCHS, ends=(0.2, 0.0008), pace=0.66, speed=0.1) * np.exp(noise)
    return histories(
        loss=2.0 * wrong + 1e-4,
        accuracy=share_of(random, wrong, 800),
        val_loss=2.4 * wrong + 2e-4,
        val_accuracy=share_of(random, wrong, 200),
    )


def regression(random: Generator, seeds: int) -> list[History]:
    """Draw a regression in units of its target, with heavy tails and single epochs that go wrong."""
    noise = Noise(seed=0.04, epoch=0.03, tails=5).draw(random, seeds, EPOCHS)
    squared = decay(random, seeds, EPOCHS, ends=(26_000.0, 2900.0), pace=1.38, speed=0.06) * np.exp(noise)
    spikes = np.where(random.random(squared.shape) < 0.02, 1.25, 1.0)
    tested = 1.05 * squared * np.exp(0.02 * random.standard_normal(squared.shape)) * spikes
    return histories(
        loss=squared,
        mae=0.8 * np.sqrt(squared),
        val_loss=tested,
        val_mae=0.81 * np.sqrt(tested) * np.exp(0.005 * random.standard_normal(squared.shape)),
    )


def regression_stuck(random: Generator, seeds: int) -> list[History]:
    """Draw a regression that never gets beyond its first epoch."""
    squared, tested = (_flat(28_000.0, random, seeds) for _ in range(2))
    return histories(loss=squared, mae=0.8 * np.sqrt(squared), val_loss=tested, val_mae=0.8 * np.sqrt(tested))


def auc(random: Generator, seeds: int) -> list[History]:
    """Draw a binary classifier judged by the area under its curve."""
    noise = Noise(seed=0.05, epoch=0.04, tails=8).draw(random, seeds, EPOCHS)
    lost = decay(random, seeds, EPOCHS, ends=(0.25, 0.06), pace=1.1, speed=0.06) * np.exp(noise)
    tested = 1.1 * lost * np.exp(0.03 * random.standard_normal(lost.shape))
    return histories(
        loss=0.1 + 2.4 * lost * np.exp(0.01 * random.standard_normal(lost.shape)),
        auc=1 - lost,
        val_loss=0.1 + 2.4 * tested,
        val_auc=1 - tested,
    )


def auc_stuck(random: Generator, seeds: int) -> list[History]:
    """Draw a binary classifier that ranks by chance."""
    loss, tested = (_flat(np.log(2), random, seeds) for _ in range(2))
    chance = 0.5 + 0.004 * random.standard_normal((seeds, EPOCHS))
    return histories(loss=loss, auc=chance, val_loss=tested, val_auc=chance)


def f1(random: Generator, seeds: int) -> list[History]:
    """Draw a user's own F1 on 600 examples of which 90 are positive, from counts of right and wrong answers."""
    noise = Noise(seed=0.08, epoch=0.06).draw(random, seeds, EPOCHS)
    missed = decay(random, seeds, EPOCHS, ends=(0.6, 0.15), pace=1.1, speed=0.06) * np.exp(noise)
    hits = random.binomial(90, np.clip(1 - missed, 0, 1))
    wrong = random.binomial(510, np.clip(0.2 * missed, 0, 1))
    return histories(
        loss=missed,
        val_loss=1.1 * missed * np.exp(0.03 * random.standard_normal(missed.shape)),
        val_f1=2 * hits / (hits + wrong + 90),
    )


def f1_stuck(random: Generator, seeds: int) -> list[History]:
    """Draw a detector that never finds anything."""
    loss, tested = (_flat(np.log(2), random, seeds) for _ in range(2))
    return histories(loss=loss, val_loss=tested, val_f1=np.zeros((seeds, EPOCHS)))


def perplexity(random: Generator, seeds: int) -> list[History]:
    """Draw a language model, whose seeds differ by some thousandths."""
    noise = Noise(seed=0.004, epoch=0.002).draw(random, seeds, EPOCHS)
    loss = decay(random, seeds, EPOCHS, ends=(5.2, 3.4), pace=1.65, speed=0.01) + noise
    tested = loss + 0.15 + 0.003 * random.standard_normal(loss.shape)
    return histories(loss=loss, val_loss=tested, perplexity=np.exp(loss), val_perplexity=np.exp(tested))


def perplexity_stuck(random: Generator, seeds: int) -> list[History]:
    """Draw a language model that knows how frequent letters are, and no more."""
    loss, tested = (_flat(6.1, random, seeds, noise=1e-4) for _ in range(2))
    return histories(loss=loss, val_loss=tested, perplexity=np.exp(loss), val_perplexity=np.exp(tested))


def loss_alone(random: Generator, seeds: int) -> list[History]:
    """Draw a training that keeps its training loss and nothing else."""
    noise = Noise(seed=0.03, epoch=0.02, tails=8).draw(random, seeds, EPOCHS)
    return histories(loss=decay(random, seeds, EPOCHS, ends=(1.5, 0.4), pace=1.65, speed=0.04) * np.exp(noise))


def loss_alone_stuck(random: Generator, seeds: int) -> list[History]:
    """Draw the same where nothing is learned."""
    return histories(loss=_flat(1.6, random, seeds))


def negative_loss(random: Generator, seeds: int) -> list[History]:
    """Draw a density model, whose loss is a negative logarithm that falls below zero."""
    noise = Noise(seed=0.03, epoch=0.02).draw(random, seeds, EPOCHS)
    loss = decay(random, seeds, EPOCHS, ends=(1.4, -0.9), pace=1.38, speed=0.03) + noise
    return histories(loss=loss, val_loss=loss + 0.05 + 0.02 * random.standard_normal(loss.shape))


def negative_loss_stuck(random: Generator, seeds: int) -> list[History]:
    """Draw a density model that stays at the prior."""
    loss, tested = (_flat(1.42, random, seeds) for _ in range(2))
    return histories(loss=loss, val_loss=tested)


def two_outputs(random: Generator, seeds: int) -> list[History]:
    """Draw a model of two outputs, which share what the seed does: a class and a number."""
    shared = Noise(seed=0.05, epoch=0.03).draw(random, seeds, EPOCHS)
    wrong = decay(random, seeds, EPOCHS, ends=(0.4, 0.1), pace=1.1, speed=0.05) * np.exp(shared)
    off = decay(random, seeds, EPOCHS, ends=(9.0, 2.0), pace=1.1, speed=0.05) * np.exp(
        0.6 * shared + Noise(seed=0.03, epoch=0.03).draw(random, seeds, EPOCHS)
    )
    tested = wrong * np.exp(0.02 * random.standard_normal(wrong.shape))
    return histories(
        loss=3 * wrong + off,
        label_loss=3 * wrong,
        number_loss=off,
        label_accuracy=share_of(random, wrong, 20_000),
        number_mae=0.8 * np.sqrt(off),
        val_loss=3 * tested + 1.1 * off,
        val_label_loss=3 * tested,
        val_number_loss=1.1 * off,
        val_label_accuracy=share_of(random, tested, 2_000),
        val_number_mae=0.82 * np.sqrt(off),
    )


def two_outputs_stuck(random: Generator, seeds: int) -> list[History]:
    """Draw the same where neither output learns."""
    label, number = _flat(np.log(4), random, seeds), _flat(9.5, random, seeds)
    guess = np.full((seeds, EPOCHS), 0.25)
    parts = {"loss": label + number, "label_loss": label, "number_loss": number, "label_accuracy": guess}
    parts["number_mae"] = 0.8 * np.sqrt(number)
    return histories(**parts, **{f"val_{name}": table for name, table in parts.items()})


def reduced_rate(random: Generator, seeds: int) -> list[History]:
    """Draw a classifier whose learning rate is halved where its loss rests; Keras keeps the rate in the history."""
    noise = Noise(seed=0.05, epoch=0.04).draw(random, seeds, EPOCHS)
    loss = decay(random, seeds, EPOCHS, ends=(1.2, 0.3), pace=1.1, speed=0.05) * np.exp(noise)
    tested = loss * np.exp(0.05 * random.standard_normal(loss.shape))
    rested = np.cumsum(np.diff(tested, axis=1, prepend=np.inf) > 0, axis=1)
    return histories(
        loss=loss,
        val_loss=tested,
        val_accuracy=share_of(random, 0.3 * tested, 5_000),
        learning_rate=1e-3 * 0.5 ** np.minimum(rested, 4),
    )


def reduced_rate_stuck(random: Generator, seeds: int) -> list[History]:
    """Draw the same where nothing is learned, and the rate falls at once."""
    loss, tested = (_flat(np.log(5), random, seeds) for _ in range(2))
    rate = np.tile(1e-3 * 0.5 ** np.minimum(np.arange(EPOCHS), 4), (seeds, 1))
    return histories(loss=loss, val_loss=tested, val_accuracy=np.full((seeds, EPOCHS), 0.2), learning_rate=rate)


def stopped_early(random: Generator, seeds: int) -> list[History]:
    """Draw a regression that Keras's EarlyStopping ends: each seed at an epoch of its own."""
    epochs = 25
    noise = Noise(seed=0.03, epoch=0.015).draw(random, seeds, epochs)
    loss = decay(random, seeds, epochs, ends=(3.0, 0.3), pace=3.0, speed=0.08) * np.exp(noise)
    # What is learned by heart makes the loss on new data rise again.
    heart = 0.004 * np.arange(epochs) ** 1.3 * np.exp(0.1 * random.standard_normal((seeds, 1)))
    tested = (loss + heart) * np.exp(0.02 * remembered(random.standard_normal(loss.shape)))
    whole = histories(loss=loss, mae=0.8 * np.sqrt(loss), val_loss=tested, val_mae=0.8 * np.sqrt(tested))
    return [_stopped(one) for one in whole]


def stopped_early_stuck(random: Generator, seeds: int) -> list[History]:
    """Draw the same where nothing is learned, which ends as soon as patience allows."""
    squared, tested = (_flat(3.1, random, seeds, epochs=25) for _ in range(2))
    whole = histories(loss=squared, mae=0.8 * np.sqrt(squared), val_loss=tested, val_mae=0.8 * np.sqrt(tested))
    return [_stopped(one) for one in whole]


def _stopped(history: History) -> History:
    """Return a history that ends where its validation loss has not been lower for PATIENCE epochs."""
    watched, best = history["val_loss"], 0
    for epoch, value in enumerate(watched):
        best = epoch if value < watched[best] else best
        if epoch - best >= PATIENCE:
            break
    return {name: values[: epoch + 1] for name, values in history.items()}


KINDS = (
    Kind("accuracy", "val_accuracy:higher", "classifier, 10,000 test images", accuracy, accuracy_stuck, 0.005),
    Kind(
        "few examples",
        "val_sparse_categorical_accuracy:higher",
        "classifier, 360 test images",
        few_examples,
        few_examples_stuck,
        0.04,
    ),
    Kind("saturated", "val_accuracy:higher", "nearly all of 200 right", saturated, accuracy_stuck, 0.02),
    Kind("regression", "val_mae:lower", "mse and mae, heavy tails, odd epochs", regression, regression_stuck, 3.0),
    Kind("AUC", "val_auc:higher", "binary classifier", auc, auc_stuck, 0.01),
    Kind("F1", "val_f1:higher", "user's metric, 90 positives of 600", f1, f1_stuck, 0.06),
    Kind("perplexity", "val_perplexity:lower", "language model", perplexity, perplexity_stuck, 0.6),
    Kind("loss alone", "loss:lower", "training loss, no validation", loss_alone, loss_alone_stuck, 0.04),
    Kind("negative loss", "val_loss:lower", "loss that falls below zero", negative_loss, negative_loss_stuck, 0.1),
    Kind("two outputs", "val_number_mae:lower", "per output", two_outputs, two_outputs_stuck, 0.12),
    Kind("rate in history", "val_accuracy:higher", "ReduceLROnPlateau", reduced_rate, reduced_rate_stuck, 0.02),
    Kind("EarlyStopping", "val_loss:lower", "unequal lengths", stopped_early, stopped_early_stuck, 0.05),
)
BY_NAME = {kind.name: kind for kind in KINDS}
