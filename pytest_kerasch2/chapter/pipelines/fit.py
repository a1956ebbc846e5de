"""Data pipelines: what `fit` and `evaluate` do with a data set, and what the number of steps is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import numpy as np

from pytest_kerasch2 import models
from pytest_kerasch2.chapter.pipelines import faults, workarounds
from pytest_kerasch2.chapter.pipelines.probes import SEED, numbered
from pytest_kerasch2.checks import captured, common_faults
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, in_subprocess, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.data import keras_loaders, synthetic
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import pipeline
from pytest_kerasch2.subprocesses.job import Job

_KERAS = "https://github.com/keras-team/keras/blob/"
_TENSORFLOW = "https://github.com/tensorflow/tensorflow/"
# Ten passes over the four batches of the data sets in the child: whoever has not stopped by then never will.
_PATIENCE = 40
_ONE_PASS = "ended after 4 batches of 4"
_EPOCHS, _STEPS = 2, 3


def _data(count: int = 128) -> tuple[Any, Any]:
    """Return so many images with labels from 0 to 9; the smallest network does for all that is asked here."""
    data = numbered(count)
    return data.x, data.y % 10


def _compiled(tf: Any, dropout: float = 0.2, optimizer: Any = None) -> Any:
    api.set_seed(SEED)
    return models.style("functional").compiled(tf, models.Network(hidden=8, dropout=dropout), optimizer)


def _trained(record: Recorder, what: str, model: Any, call: Any) -> None:
    """Require that a call of `fit` takes two epochs of three steps, and changes the weights."""
    before = model.get_weights()
    history = record.runs(what, call)
    record.equal("epochs", expected=_EPOCHS, actual=len(history.history["loss"]))
    record.equal("steps in all", expected=_EPOCHS * _STEPS, actual=int(model.optimizer.iterations.numpy()))
    # Not their bits: those differ from one kind of processor to the other.
    changed = bool((before[0] != model.get_weights()[0]).any())
    record.equal("training changed the weights", expected=True, actual=changed)


def _trains_like_arrays(tf: Any, record: Recorder, fit: Callable[[Any, Any], Any]) -> None:
    """Require of `fit(model, endless data set)`, three steps, that it trains as these three batches do as arrays.

    Without dropout, and by plain gradient descent; the batches are neither shuffled nor flipped.
    """
    x, y = _data()
    model = _compiled(tf, dropout=0.0, optimizer=tf.keras.optimizers.SGD())
    start = model.get_weights()
    fit(model, tf.data.Dataset.from_tensor_slices((x, y)).batch(32).repeat())
    from_data_set = model.get_weights()

    model.set_weights(start)
    model.fit(x[: 32 * _STEPS], y[: 32 * _STEPS], batch_size=32, epochs=1, shuffle=False, verbose=0)

    for index, (one, two) in enumerate(zip(model.get_weights(), from_data_set)):
        # Numbers are added up in other orders on some releases.
        same = bool(np.allclose(one, two, rtol=1e-4, atol=1e-6))
        record.equal(f"array {index} after three batches, as after these batches as arrays", expected=True, actual=same)


@claim(
    "pipeline.fit-takes-data-set",
    "fit takes the data set as it is, images and labels in one; each epoch is as long as steps_per_epoch says.",
    "prose",
)
@detects(faults.fit_takes_one_step, faults.fit_learns_nothing)
@tolerates(faults.batch_prefetched, common_faults.other_seed)
def fit_takes_data_set(tf: Any, record: Recorder) -> None:
    """Train on the printed pipeline."""
    model, dataset = _compiled(tf), pipeline.as_printed(tf, *_data())

    named = {"epochs": _EPOCHS, "steps_per_epoch": _STEPS, "verbose": 0}
    _trained(record, "fit(train_dataset, epochs, steps_per_epoch)", model, lambda: model.fit(dataset, **named))
    _trains_like_arrays(tf, record, lambda model, batches: model.fit(batches, **{**named, "epochs": 1}))


@claim(
    "pipeline.fit-as-printed",
    "fit takes a batch size beside a data set that is in batches already, as it is printed.",
    "code",
)
@known_issue(
    until="2.1",
    cause="Keras refused a batch size for what comes in batches by itself; later releases pass over it",
    source=_TENSORFLOW + "blob/v2.0.0/tensorflow/python/keras/engine/training.py#L1809-L1818",
    symptom=r"ValueError: The `batch_size` argument must not be specified",
    workaround=workarounds.FIT,
)
@fixed_by(faults.fit_leaves_out_batch_size)
@detects(faults.fit_takes_one_step, faults.fit_learns_nothing)
@tolerates(faults.batch_prefetched, common_faults.other_seed)
def fit_as_printed(tf: Any, record: Recorder) -> None:
    """Train with the four printed arguments; that the model's name is another one is told elsewhere."""
    model, dataset = _compiled(tf), pipeline.as_printed(tf, *_data())

    named = {"batch_size": 32, "epochs": _EPOCHS, "steps_per_epoch": _STEPS, "verbose": 0}
    what = "fit(train_dataset, batch_size, epochs, steps_per_epoch)"
    _trained(record, what, model, lambda: model.fit(dataset, **named))
    _trains_like_arrays(tf, record, lambda model, batches: model.fit(batches, **{**named, "epochs": 1}))


@claim("pipeline.fit-takes-iterator", "fit takes an iterator over the data set.", "prose")
@known_issue(
    until="2.1",
    cause="Keras wants the data set itself, and refuses an iterator made from it",
    source=_TENSORFLOW + "issues/35843",
    symptom=r"ValueError: For performance reasons Keras `fit`",
    workaround=workarounds.FIT,
)
@known_issue(
    since="2.2",
    until="2.3",
    cause="an iterator over a data set is claimed by two of Keras's data adapters at once",
    source=_TENSORFLOW + "pull/43874",
    symptom=r"RuntimeError: Data adapters should be mutually exclusive",
    workaround=workarounds.FIT,
)
@known_issue(
    since="3.0",
    of="keras",
    cause="Keras 3 knows data sets and Python generators, and no iterators",
    source=_KERAS + "v3.15.1/keras/src/trainers/data_adapters/__init__.py",
    symptom=r"ValueError: Unrecognized data type",
    workaround=workarounds.FIT,
)
@fixed_by(faults.fit_takes_iterators)
@detects(faults.fit_takes_one_step, faults.fit_learns_nothing)
@tolerates(faults.batch_prefetched, common_faults.other_seed)
def fit_takes_iterator(tf: Any, record: Recorder) -> None:
    """Train on `iter(train_dataset)`."""
    model, iterator = _compiled(tf), iter(pipeline.as_printed(tf, *_data()))

    named = {"epochs": _EPOCHS, "steps_per_epoch": _STEPS, "verbose": 0}
    _trained(record, "fit(iter(train_dataset), ...)", model, lambda: model.fit(iterator, **named))
    _trains_like_arrays(tf, record, lambda model, batches: model.fit(iter(batches), **{**named, "epochs": 1}))


@claim(
    "pipeline.plumbing",
    "A data set takes the preparation off fit: batches made by it train like batches made by fit of the same arrays.",
    "prose",
)
@detects(faults.fit_skips_last_batch)
@tolerates(faults.batch_prefetched, common_faults.other_seed)
def plumbing(tf: Any, record: Recorder) -> None:
    """Train twice from the same weights and in the same order, without dropout, and compare the weights bit for bit.

    Plain gradient descent carries nothing over from the first training to the second.
    """
    x, y = _data(100)
    model = _compiled(tf, dropout=0.0, optimizer=tf.keras.optimizers.SGD())
    start = model.get_weights()
    model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(32), epochs=1, verbose=0)
    from_data_set = model.get_weights()

    model.set_weights(start)
    model.fit(x, y, batch_size=32, epochs=1, shuffle=False, verbose=0)

    record.equal("training changed the weights", expected=True, actual=bool((start[0] != from_data_set[0]).any()))
    for name, one, other in zip(("kernel", "bias") * 2, model.get_weights(), from_data_set):
        what = f"{name} after an epoch of 100 images, of both trainings the same bits"
        record.equal(what, expected=True, actual=one.tobytes() == other.tobytes())


@claim(
    "pipeline.steps-per-epoch",
    "The number of steps, len(train_x) // batch_size, is 1875, which is one pass over the training set.",
    "code",
)
@detects(faults.batch_of_twice_the_size, faults.slices_are_whole)
@tolerates(faults.batch_prefetched, common_faults.other_seed)
def steps_per_epoch(tf: Any, mnist: Any, scratch: Path, record: Recorder) -> None:
    """Count the batches of the genuine training set, given as an array and as a tensor, and what Keras loads of it.

    Keras's own loader finds an archive of the true shape.
    """
    synthetic.make(scratch, ["mnist"])
    with keras_loaders.genuine_loaders(tf, str(scratch), ["mnist"]):
        loaded = tf.keras.datasets.mnist.load_data()[0][0]
    record.equal("training images that load_data gives", expected=32 * 1875, actual=len(loaded))
    tensor = tf.constant(mnist.x_train)
    for kind, train_x in (("array", mnist.x_train), ("tensor", tensor)):
        record.equal(f"len(train_x) // 32 of the {kind}", expected=1875, actual=len(train_x) // 32)
    batched = tf.data.Dataset.from_tensor_slices((tensor, tf.constant(mnist.y_train))).batch(32)
    count = int(tf.data.experimental.cardinality(batched))
    record.equal("batches of MNIST's training set", expected=1875, actual=count)
    record.equal("images that would be left over", expected=0, actual=len(mnist.x_train) % 32)


class _StillGoing(Exception):
    """Raised to end what does not end by itself."""


def _counted(tf: Any, call: Any, patience: int = _PATIENCE) -> captured.Attempt:
    """Return `batches` seen, and whether the call `ended` by itself, or the `error` that it raised."""
    seen = {"batches": 0}

    class Counter(tf.keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen["batches"] += 1
            if seen["batches"] >= patience:
                raise _StillGoing

        on_test_batch_end = on_train_batch_end

    def bounded() -> bool:
        try:
            call(Counter())
        except _StillGoing:
            return False
        return True

    tried = captured.attempt(bounded)
    return {**tried, **seen}


def without_steps() -> Any:
    """Return what comes of `fit` and `evaluate` without a number of steps, in a child: one may never return."""
    tf = api.tensorflow()
    x, y = _data()
    model = _compiled(tf)
    train = pipeline.as_printed(tf, x, y)
    once = pipeline.stages_as_printed(tf, x, y).flipped
    # One batch is smaller, so that what is left out, or counts for more than its images, is missed.
    x_test, y_test = x[:100], y[:100]
    test = pipeline.as_printed_for_test(tf, train, x_test, y_test)
    evaluated = _counted(tf, lambda counter: model.evaluate(test, verbose=0, callbacks=[counter]))
    scores = {}
    if _answer(evaluated) == _ONE_PASS:
        scores["data set"] = [float(one) for one in model.evaluate(test, verbose=0)]
        scores["arrays"] = [float(one) for one in model.evaluate(x_test, y_test, batch_size=32, verbose=0)]
    return {
        "scores": scores,
        "evaluated": evaluated,
        "endless for long": _counted(
            tf, lambda counter: model.fit(train, epochs=1, verbose=0, callbacks=[counter]), 10 * _PATIENCE
        ),
        "finite": _counted(tf, lambda counter: model.fit(once, epochs=1, verbose=0, callbacks=[counter])),
        "endless": _counted(tf, lambda counter: model.fit(train, epochs=1, verbose=0, callbacks=[counter])),
    }


_CHILD = Job("pytest_kerasch2.chapter.pipelines.fit:without_steps", deadline=120.0, place=3)


def _answer(tried: Any) -> str:
    """Return in words what came of a call."""
    if "error" in tried:
        return str(tried["error"])
    return f"{'ended' if tried['value'] else 'was still going'} after {tried['batches']} batches of 4"


@claim(
    "pipeline.steps-required",
    "Because the data set repeats, fit needs steps_per_epoch: without it no epoch comes to an end.",
    "code",
)
@detects(faults.fit_ends_by_itself)
@tolerates(common_faults.other_seed)
@in_subprocess(_CHILD)
def steps_required(child: Any, record: Recorder) -> None:
    """Train without the number: on the data set before `repeat`, and on the endless one."""
    finite, endless = child["finite"], child["endless"]

    record.equal("without repeat and without steps, fit", expected=_ONE_PASS, actual=_answer(finite))
    record.true(
        "with repeat and without steps, no epoch ends", holds=endless.get("value") is not True, found=_answer(endless)
    )
    longer = child["endless for long"]
    record.true("nor does it with more patience", holds=longer.get("value") is not True, found=_answer(longer))


@claim("pipeline.steps-demanded", "fit demands steps_per_epoch of whoever gives it a repeating data set.", "code")
@known_issue(
    since="3.0",
    of="keras",
    cause="Keras 3 asks for nothing: without steps_per_epoch the first epoch on a repeating data set runs for ever",
    source=_KERAS + "v3.15.1/keras/src/trainers/trainer.py#L688-L702",
    symptom=r"was still going after 40 batches of 4",
    workaround=workarounds.FIT,
)
@fixed_by(faults.fit_asks_for_steps)
@detects(faults.fit_ends_by_itself)
@tolerates(common_faults.other_seed)
@in_subprocess(_CHILD)
def steps_demanded(child: Any, record: Recorder) -> None:
    """Read the error."""
    answer = _answer(child["endless"])

    record.matches(
        "fit on a repeating data set without steps", pattern=r"ValueError: .*must specify.*steps", actual=answer
    )


@claim(
    "pipeline.evaluation",
    "The data set for testing is evaluated as the arrays were before, with nothing but itself.",
    "prose",
)
@known_issue(
    of="keras",
    until="2",
    cause="what is printed as the data set for testing is the endless training data: Keras 2 refuses it without steps",
    source=_KERAS + "v2.15.0/keras/engine/data_adapter.py",
    symptom=r"must specify.*steps",
    workaround=workarounds.EVALUATION,
)
@known_issue(
    since="3.0",
    of="keras",
    cause="what is printed as the data set for testing is the endless training data, which Keras 3 evaluates for ever",
    source=_KERAS + "v3.15.1/keras/src/trainers/trainer.py#L688-L702",
    symptom=r"was still going after 40 batches of 4",
    workaround=workarounds.EVALUATION,
)
@fixed_by(faults.test_data_once)
@detects(faults.evaluate_sees_one_batch)
@in_subprocess(_CHILD)
def evaluation(child: Any, record: Recorder) -> None:
    """Evaluate what the printed lines call the data set for testing."""
    answer = _answer(child["evaluated"])

    record.equal("evaluate(test_dataset)", expected=_ONE_PASS, actual=answer)
    scores = child["scores"]
    record.equal("numbers that it gives", expected=2, actual=len(scores["data set"]))
    for what, of_batches, of_arrays in zip(("loss", "accuracy"), scores["data set"], scores["arrays"]):
        same = bool(np.isclose(of_batches, of_arrays, rtol=1e-4, atol=1e-6))
        record.equal(f"its {what} is that of the arrays", expected=True, actual=same)
