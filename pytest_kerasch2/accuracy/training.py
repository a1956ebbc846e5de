"""One training of the chapter's network, from its seed to its curve of losses and accuracies.

The numbers are those of the printed `fit`. What makes it quicker is Keras's own `steps_per_execution`, where the
release has it: several steps go to the framework as one call, and the numbers stay the same bit for bit, which a test
compares. What looks at the test images after each epoch draws no random numbers, and so changes none either.

The printed code sets no seed, and then each epoch has an order of its own. Once there is a seed, Keras 3 on TensorFlow
shuffles all epochs alike (`docs/findings/order_of_epochs.py`), so there the images are shuffled before they reach it.
"""

from __future__ import annotations

import inspect
import time
from typing import Any, Callable, Mapping

from pytest_kerasch2 import models
from pytest_kerasch2.accuracy import model_check, runs
from pytest_kerasch2.accuracy.runs import TrainingRun, to_float32
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import pipeline
from pytest_kerasch2.models.catalogue import LOSS

# What kept curves are of: trainings of another number are not theirs. 2: each epoch has an order of its own.
TRAINER = 2
# Steps that go as one call; a divisor of the 1,875 of MNIST, so that no epoch ends within one.
STEPS_AT_ONCE = 125
# Images that are looked at together; they are in no relation to the steps of training.
TESTED_AT_ONCE = 1000


def train(recipe: Recipe, data: Any, seed: int, build: Callable[[], Any] | None = None) -> TrainingRun:
    """Train once and return the curve.

    Args:
        recipe: how.
        data: a prepared data set: images float32 from 0 to 1, labels int64.
        seed: from 0 to 4294967295.
        build: gives the model to be trained, instead of the style of the recipe; one that is not compiled is compiled
            as in the chapter.

    Raises:
        InvalidArgument: the seed or the data cannot be used, or the model does not fit them.
        TrainingFailed: a loss is not finite, so that there is no curve.
        NotApplicable: a pipeline is asked for where Keras does not run on TensorFlow.
    """
    began = time.monotonic()
    check_data(data)
    tf = api.tensorflow()
    api.fresh_session(seed)
    model = _compiled(tf, models.style(recipe.style).build(tf) if build is None else build())
    if build is not None:
        model_check.check_model(model, data)
    test = _tester(data)
    fed = _fed(tf, recipe, data, seed)
    with model_check.explained_misfit(data, build is not None):
        history = model.fit(**fed, epochs=recipe.epochs, callbacks=[test], verbose=0).history
    run = TrainingRun(
        seed,
        to_float32(history["loss"]),
        to_float32(history["accuracy"]),
        to_float32(test.losses),
        to_float32(test.accuracies),
        round(time.monotonic() - began, 2),
    )
    return runs.check_finite(run)


def check_data(data: Any) -> None:
    """Check that data have images and labels to train on and to test with.

    Raises:
        InvalidArgument: images without labels, labels without images, or none at all.
    """
    for part, images, labels in (
        ("training", data.x_train, data.y_train),
        ("test", data.x_test, data.y_test),
    ):
        counts = f"{0 if images is None else len(images)} images and {0 if labels is None else len(labels)} labels"
        if images is None or labels is None or len(images) != len(labels) or not len(images):
            raise InvalidArgument(f"The {part} data must have as many labels as images, got {counts}")


def _compiled(tf: Any, model: Any) -> Any:
    if getattr(model, "optimizer", None) is None:
        model.compile(optimizer=tf.keras.optimizers.Adam(), loss=LOSS, metrics=["accuracy"], **_quicker(model))
    return model


def _quicker(model: Any) -> dict[str, int]:
    """Return what `compile` takes to do several steps as one call.

    Nothing before Keras 2.4, which cannot; nor on TensorFlow from 3.0 to 3.6, which writes the steps out one after the
    other: TensorFlow refuses more than 32 so, and `evaluate` of fewer batches fails, or tells a fraction of the
    accuracy (`docs/findings/steps_at_once.py`).
    """
    parameters = inspect.signature(type(model).compile).parameters
    release = tuple(map(int, api.release().keras.split(".")[:2]))
    wrong = api.runs_on_tensorflow() and (3, 0) <= release < (3, 7)
    return {"steps_per_execution": STEPS_AT_ONCE} if "steps_per_execution" in parameters and not wrong else {}


def _fed(tf: Any, recipe: Recipe, data: Any, seed: int) -> dict[str, Any]:
    """Return what `fit` takes to get its images, as the chapter prints it."""
    if recipe.feed == "arrays" and api.runs_on_tensorflow() and api.is_keras3():
        return {"x": _shuffled(tf, recipe, data, seed), "shuffle": False}
    if recipe.feed == "arrays":
        return {"x": data.x_train, "y": data.y_train, "batch_size": recipe.batch_size}
    api.require_tensorflow("The pipeline")
    dataset_of = pipeline.as_printed if recipe.feed == "pipeline-as-printed" else pipeline.as_meant
    steps = len(data.x_train) // recipe.batch_size
    fed = dataset_of(tf, data.x_train, data.y_train, batch_size=recipe.batch_size)
    # Keras warns of its own default: a data set is shuffled by itself or not at all.
    return {"x": fed, "steps_per_epoch": steps, "shuffle": False}


def _shuffled(tf: Any, recipe: Recipe, data: Any, seed: int) -> Any:
    """Return batches as `fit` makes them of arrays, in another order for each epoch."""
    with tf.device("CPU"):  # where data sets are computed
        images, labels = tf.constant(data.x_train), tf.constant(data.y_train)
    count, size = len(data.x_train), recipe.batch_size
    order = tf.data.Dataset.range(count).shuffle(count, seed=seed, reshuffle_each_iteration=True)
    if count % size:
        chosen = order.batch(size).map(lambda places: (tf.gather(images, places), tf.gather(labels, places)))
        return chosen.prefetch(1)

    def batches(places: Any) -> tuple[Any, Any]:
        # The same batches, many at once: to gather each by itself takes longer than Keras takes to.
        rows = tf.reshape(places, (-1, size))
        return tf.gather(images, rows), tf.gather(labels, rows)

    chosen = order.batch(size * STEPS_AT_ONCE).map(batches).unbatch()
    # Keras must know where an epoch ends before it has come there.
    return chosen.apply(tf.data.experimental.assert_cardinality(count // size)).prefetch(1)


def _tester(data: Any) -> Any:
    """Return a callback that evaluates the test images after each epoch."""

    class Tester(api.keras().callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.losses: list[float] = []
            self.accuracies: list[float] = []

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            figures = _evaluated(self.model, data)
            _require_accuracy(figures)
            self.losses.append(figures["loss"])
            self.accuracies.append(figures["accuracy"])

    return Tester()


def _evaluated(model: Any, data: Any) -> Mapping[str, float]:
    """Return what a model reaches on the test images, by names: the accuracy need not stand first behind the loss."""
    arguments: dict[str, Any] = {"batch_size": TESTED_AT_ONCE, "verbose": 0}
    if "return_dict" in inspect.signature(type(model).evaluate).parameters:
        return dict(model.evaluate(data.x_test, data.y_test, return_dict=True, **arguments))
    # TensorFlow 2.0 and 2.1
    values = model.evaluate(data.x_test, data.y_test, **arguments)
    return dict(zip(model.metrics_names, values if isinstance(values, list) else [values]))


def _require_accuracy(figures: Mapping[str, Any]) -> None:
    if "accuracy" not in figures:
        happened = f"The model has no accuracy, but {', '.join(figures)}"
        raise InvalidArgument(happened, remedy="compile it with metrics=['accuracy']")
