from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pytest_kerasch2.accuracy import runs, training
from pytest_kerasch2.accuracy.settings import FEEDS, Recipe, read_recipe
from pytest_kerasch2.data import preprocessing, sources
from pytest_kerasch2.errors import InvalidArgument, TrainingFailed
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import STYLES, style

# TensorFlow's own, of old releases.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
BRIEF = Recipe(epochs=2)
QUICK_STYLES = ("sequential-list", "subclass")


@pytest.fixture(scope="module")
def data() -> Any:
    whole = preprocessing.prepared(sources.load("digits"))
    # So few that an epoch is no whole number of calls, nor of batches
    return replace(whole, x_train=whole.x_train[:330], y_train=whole.y_train[:330], x_test=whole.x_test[:50])


@pytest.fixture(scope="module")
def tested(data: Any) -> Any:
    return replace(data, y_test=data.y_test[:50])


def _curve(run: runs.TrainingRun) -> Any:
    return replace(run, seconds=0.0)


def _orders(data: Any, seed: int) -> list[list[int]]:
    """The places of the images in the order in which the trainer gives them, by epoch."""
    keras, seen = api.keras(), []

    class Seeing(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any, training: Any = None) -> Any:
            # The test images are looked at without training
            if training:
                seen.extend(api.array(x)[:, 0].astype(int).tolist())
            return x

    def build() -> Any:
        model = keras.Sequential([Seeing(), keras.layers.Dense(10, activation="softmax")])
        accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=[accuracy], run_eagerly=True)
        return model

    count = len(data.x_train)
    places = np.arange(count, dtype="float32").reshape(count, 1)
    training.train(BRIEF, replace(data, x_train=places, x_test=data.x_test[:, 0, :1]), seed, build)
    return [seen[:count], seen[count:]]


def _printed(data: Any, seed: int) -> tuple[Any, dict[str, list[float]]]:
    """The printed `fit`, with the model that it trained and the history of its two epochs."""
    one_order = api.runs_on_tensorflow() and api.is_keras3()
    orders = _orders(data, seed) if one_order else []
    api.fresh_session(seed)
    model = style("sequential-list").compiled(api.tensorflow())
    if not one_order:
        return model, model.fit(data.x_train, data.y_train, batch_size=32, epochs=2, verbose=0).history
    given: Any = {"batch_size": 32, "shuffle": False, "verbose": 0}
    parts = [model.fit(data.x_train[order], data.y_train[order], **given).history for order in orders]
    return model, {name: [part[name][0] for part in parts] for name in parts[0]}


def test_the_curve_is_that_of_the_printed_fit(tested: Any) -> None:
    _, printed = _printed(tested, seed=5)

    run = training.train(BRIEF, tested, seed=5)

    assert run.loss == pytest.approx(printed["loss"], abs=5e-7)
    assert run.accuracy == pytest.approx(printed["accuracy"], abs=5e-7)


def test_the_last_test_figures_are_those_of_the_printed_evaluate(tested: Any) -> None:
    model, _ = _printed(tested, seed=5)
    loss, accuracy = model.evaluate(tested.x_test, tested.y_test, verbose=0)

    run = training.train(BRIEF, tested, seed=5)

    assert (run.test_loss[-1], run.test_accuracy[-1]) == (pytest.approx(loss, rel=1e-5), pytest.approx(accuracy))


def test_each_epoch_has_an_order_of_its_own(tested: Any) -> None:
    first, second = _orders(tested, seed=5)

    assert (sorted(first), sorted(second), first != second) == (list(range(330)), list(range(330)), True)


def test_where_no_batch_is_smaller_the_batches_are_those_of_the_same_order(tested: Any) -> None:
    if not (api.runs_on_tensorflow() and api.is_keras3()):
        pytest.skip("Keras itself shuffles there")
    numbered = replace(tested, x_train=tested.x_train[:320], y_train=np.arange(320))
    ones = replace(BRIEF, batch_size=1)

    def places(recipe: Recipe) -> list[int]:
        api.fresh_session(5)
        fed = training._shuffled(api.tensorflow(), recipe, numbered, 5)
        return [int(place) for _, some in fed for place in np.asarray(some)]

    fed = [np.asarray(images).shape for images, _ in training._shuffled(api.tensorflow(), BRIEF, numbered, 5)]
    # By 33 the last batch is smaller, and each is gathered by itself.
    assert (places(BRIEF), fed) == (places(replace(BRIEF, batch_size=33)), [(32, 28, 28)] * 10)
    assert sorted(places(ones)) == list(range(320))


def test_the_same_seed_gives_the_same_curve(tested: Any) -> None:
    assert _curve(training.train(BRIEF, tested, 7)) == _curve(training.train(BRIEF, tested, 7))


def test_another_seed_gives_another(tested: Any) -> None:
    assert training.train(BRIEF, tested, 7).loss != training.train(BRIEF, tested, 8).loss


@pytest.mark.parametrize(
    "name",
    [pytest.param(one.name, marks=() if one.name in QUICK_STYLES else pytest.mark.slow) for one in STYLES],
)
def test_each_style_is_trained(tested: Any, name: str) -> None:
    run = training.train(replace(BRIEF, style=name), tested, 3)

    assert run.loss[1] < run.loss[0]


@pytest.mark.parametrize("feed", [FEEDS[1], *(pytest.param(one, marks=pytest.mark.slow) for one in FEEDS[2:])])
def test_each_pipeline_feeds_it(tested: Any, feed: str) -> None:
    run = training.train(replace(BRIEF, feed=feed), tested, 3)

    assert [len(curve) for curve in (run.loss, run.accuracy, run.test_loss, run.test_accuracy)] == [2, 2, 2, 2]


def test_a_training_that_diverges_has_no_curve(tested: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    curve = {"loss": [0.5, float("nan")], "accuracy": [0.8, 0.1]}
    monkeypatch.setattr(api.keras().Model, "fit", lambda self, **given: SimpleNamespace(history=curve))

    with pytest.raises(TrainingFailed, match="diverged"):
        training.train(BRIEF, tested, 3)


@pytest.mark.parametrize("wrong", [{"style": "other"}, {"feed": "other"}, {"epochs": 0}, {"batch_size": 0}])
def test_what_cannot_be_trained_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        Recipe(**wrong)


def test_a_recipe_is_read_as_it_was_written() -> None:
    assert read_recipe(BRIEF.to_dict()) == BRIEF


def test_a_recipe_of_another_time_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="unknown fields"):
        read_recipe({**BRIEF.to_dict(), "optimizer": "sgd"})


class _Compiled:
    def compile(self, optimizer: Any = None, steps_per_execution: int = 1) -> None: ...


@pytest.mark.parametrize(
    ("keras", "on_tensorflow", "steps"),
    [
        ("2.15.0", True, True),
        ("3.0.5", True, False),
        ("3.6.0", True, False),
        ("3.7.0", True, True),
        ("3.6.0", False, True),
    ],
)
def test_steps_at_once_are_asked_for_where_keras_does_them_right(
    monkeypatch: pytest.MonkeyPatch, keras: str, on_tensorflow: bool, steps: bool
) -> None:
    monkeypatch.setattr(api, "release", lambda: SimpleNamespace(keras=keras))
    monkeypatch.setattr(api, "runs_on_tensorflow", lambda: on_tensorflow)

    assert training._quicker(_Compiled()) == ({"steps_per_execution": training.STEPS_AT_ONCE} if steps else {})
