"""One training of the chapter's network, from its seed to its curve of losses and accuracies.

The numbers are those of the printed `fit`. What makes it quicker is Keras's own `steps_per_execution`, where the
release has it: several steps go to the framework as one call, and the numbers stay the same bit for bit, which a test
compares. What looks at the test images after each epoch draws no random numbers, and so changes none either.
"""

from __future__ import annotations

import inspect
import math
import time
from dataclasses import asdict, dataclass
from typing import Any

from pytest_kerasch2 import models
from pytest_kerasch2.accuracy.recipe import Recipe
from pytest_kerasch2.errors import CouldNotTell
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import pipeline
from pytest_kerasch2.models.catalogue import LOSS

# Steps that go as one call; a divisor of the 1,875 of MNIST, so that no epoch ends within one.
STEPS_AT_ONCE = 125
# Images that are looked at together; they are in no relation to the steps of training.
TESTED_AT_ONCE = 1000


@dataclass(frozen=True)
class Run:
    """What one seed gave.

    Attributes:
        seed: of Python, NumPy and the framework.
        loss: mean loss of training in each epoch, dropout at work, as `fit` tells it.
        accuracy: share of the training images recognised in each epoch, likewise.
        test_loss: mean loss on the test images after each epoch.
        test_accuracy: share of the test images recognised after each epoch.
        seconds: wall time.
    """

    seed: int
    loss: tuple[float, ...]
    accuracy: tuple[float, ...]
    test_loss: tuple[float, ...]
    test_accuracy: tuple[float, ...]
    seconds: float = 0.0

    @property
    def plain(self) -> dict[str, Any]:
        """Give what a file says of it."""
        return asdict(self)


def train(recipe: Recipe, data: Any, seed: int) -> Run:
    """Train once and give the curve.

    Args:
        recipe: how.
        data: a prepared data set: images float32 from 0 to 1, labels int64.
        seed: from 0 to 4294967295.

    Raises:
        BadSetting: the seed cannot be used.
        CouldNotTell: a loss is not finite, so that there is no curve.
        NotApplicable: a pipeline is asked for where Keras does not run on TensorFlow.
    """
    began = time.monotonic()
    tf = api.tensorflow()
    api.fresh_session(seed)
    model = models.style(recipe.style).build(tf)
    model.compile(optimizer=tf.keras.optimizers.Adam(), loss=LOSS, metrics=["accuracy"], **_quicker(model))
    test = _tester(data)
    history = model.fit(**_fed(tf, recipe, data), epochs=recipe.epochs, callbacks=[test], verbose=0).history
    run = Run(
        seed,
        _numbers(history["loss"]),
        _numbers(history["accuracy"]),
        _numbers(test.losses),
        _numbers(test.accuracies),
        round(time.monotonic() - began, 2),
    )
    if not all(map(math.isfinite, (*run.loss, *run.test_loss))):
        raise CouldNotTell("A training diverged", f"losses {run.loss} with seed {seed}", "look at the data")
    return run


def _quicker(model: Any) -> dict[str, int]:
    """Give what `compile` takes to do several steps as one call; nothing before Keras 2.4, which cannot."""
    known = inspect.signature(type(model).compile).parameters
    return {"steps_per_execution": STEPS_AT_ONCE} if "steps_per_execution" in known else {}


def _fed(tf: Any, recipe: Recipe, data: Any) -> dict[str, Any]:
    """Give what `fit` takes to get its images, as the chapter prints it."""
    if recipe.feed == "arrays":
        return {"x": data.x_train, "y": data.y_train, "batch_size": recipe.batch_size}
    api.require_tensorflow("The pipeline")
    made = pipeline.as_printed if recipe.feed == "pipeline-as-printed" else pipeline.as_meant
    steps = len(data.x_train) // recipe.batch_size
    fed = made(tf, data.x_train, data.y_train, batch_size=recipe.batch_size)
    # Keras warns of its own default: a data set is shuffled by itself or not at all.
    return {"x": fed, "steps_per_epoch": steps, "shuffle": False}


def _tester(data: Any) -> Any:
    """Give a callback that evaluates the test images after each epoch."""

    class Tester(api.keras().callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.losses: list[float] = []
            self.accuracies: list[float] = []

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            found = self.model.evaluate(data.x_test, data.y_test, batch_size=TESTED_AT_ONCE, verbose=0)
            self.losses.append(found[0])
            self.accuracies.append(found[1])

    return Tester()


def _numbers(values: Any) -> tuple[float, ...]:
    # Float32 numbers hold no more than these digits, and in a file the others would look like knowledge.
    return tuple(float(f"{float(value):.7g}") for value in values)
