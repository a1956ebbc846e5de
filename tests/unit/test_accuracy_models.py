"""What a gate says of somebody's model that cannot be trained as the reference was: on the real Keras."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Callable

import pytest

from pytest_kerasch2.accuracy import gate
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.data import preprocessing, sources
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error, TrainingFailed
from pytest_kerasch2.framework import api
from tests.builders.synthetic_trainings import NEW, make_reference, run

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
# TensorFlow's own, of old releases.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
RECIPE = Recipe(epochs=1)
SEEDS = make_reference(epochs=1)


@pytest.fixture(scope="module")
def digits() -> Any:
    whole = preprocessing.prepared(sources.load("digits"))
    few = {"x_train": whole.x_train[:96], "y_train": whole.y_train[:96]}
    return replace(whole, **few, x_test=whole.x_test[:32], y_test=whole.y_test[:32])


def _layers(classes: int = 10, last: str = "softmax") -> Any:
    keras = api.keras()
    dense = keras.layers.Dense(classes, activation=last)
    return keras.Sequential([keras.layers.Flatten(), dense])


def _compiled(**how: Any) -> Any:
    model = _layers()
    model.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", **how})
    return model


def _among_three() -> Any:
    return api.keras().metrics.SparseTopKCategoricalAccuracy(k=3, name="among-three")


def _ask(build: Callable[[], Any], data: Any) -> Any:
    return gate.gate_training(SEEDS, gate.training_of_model(build, data, RECIPE), seeds=NEW)


def _refused(build: Callable[[], Any], data: Any) -> KerasCh2Error:
    with pytest.raises(KerasCh2Error) as caught:
        _ask(build, data)
    return caught.value


def test_a_model_that_is_not_compiled_is_trained(digits: Any) -> None:
    seen: list[TrainingRun] = []

    gate.gate_training(
        SEEDS, gate.training_of_model(_layers, digits, RECIPE), on_run=lambda one, decision: seen.append(one)
    )

    assert len(seen[0].test_accuracy) == 1


@pytest.mark.parametrize("classes", [2, 9, 11])
def test_a_model_of_another_number_of_classes(digits: Any, classes: int) -> None:
    text = str(_refused(lambda: _layers(classes), digits))

    assert (
        f"The model has {classes} outputs but the data digits has 10 classes. Give it one output for each class."
        in text
    )


@pytest.mark.parametrize("metrics", [lambda: None, lambda: [_among_three()]], ids=["none", "another"])
def test_a_model_that_does_not_tell_its_accuracy(digits: Any, metrics: Callable[[], Any]) -> None:
    error = _refused(lambda: _compiled(metrics=metrics()), digits)

    assert isinstance(error, InvalidArgument)
    assert str(error).startswith("The model has no accuracy, but ")
    assert str(error).endswith("Compile it with metrics=['accuracy'].")


def test_the_accuracy_is_known_by_its_name(digits: Any) -> None:
    """Another metric may stand before it."""
    first = gate.training_of_model(lambda: _compiled(metrics=["accuracy"]), digits, RECIPE)
    second = gate.training_of_model(lambda: _compiled(metrics=[_among_three(), "accuracy"]), digits, RECIPE)

    assert second(3).test_accuracy == first(3).test_accuracy


@pytest.mark.parametrize(
    ("lacking", "expected"),
    [
        (
            {"x_train": None, "y_train": None},
            "The training data must have as many labels as images, got 0 images and 0 labels.",
        ),
        ({"y_train": None}, "The training data must have as many labels as images, got 96 images and 0 labels."),
        ({"y_train": ()}, "The training data must have as many labels as images, got 96 images and 0 labels"),
        ({"x_test": (), "y_test": ()}, "The test data must have as many labels as images, got 0 images and 0 labels"),
        ({"y_test": None}, "The test data must have as many labels as images, got 32 images and 0 labels"),
    ],
)
def test_empty_or_unlabelled_data(digits: Any, lacking: dict[str, Any], expected: str) -> None:
    error = _refused(_layers, replace(digits, **lacking))

    assert (isinstance(error, InvalidArgument), str(error).startswith(expected)) == (True, True)


def test_a_loss_that_explodes(digits: Any) -> None:
    fast = lambda: _compiled(optimizer=api.keras().optimizers.SGD(1e38), metrics=["accuracy"])  # noqa: E731

    error = _refused(fast, digits)

    assert isinstance(error, TrainingFailed)
    assert re.match(r"The training with seed \d+ diverged: loss is ", str(error))


def test_a_factory_that_raises(digits: Any) -> None:
    def build() -> Any:
        raise OSError("no weights")

    assert str(_refused(build, digits)).startswith(
        "The training function raised an error: OSError: no weights, in line "
    )


@pytest.mark.parametrize("given", [None, "a model", run(3)], ids=["nothing", "text", "run"])
def test_a_factory_that_makes_no_model(digits: Any, given: Any) -> None:
    assert isinstance(_refused(lambda: given, digits), (TrainingFailed, InvalidArgument))


def test_a_model_for_other_images(digits: Any) -> None:
    keras = api.keras()

    text = str(_refused(lambda: keras.Sequential([keras.layers.Reshape((5,)), keras.layers.Dense(10)]), digits))

    assert text.startswith("The model does not take 28 x 28 images in float32 from 0 to 1, and integer labels")
    assert "\n" not in text


def _flat() -> Any:
    keras = api.keras()
    return keras.Sequential([keras.layers.InputLayer((784,)), keras.layers.Dense(10, activation="softmax")])


def _one_hot() -> Any:
    return _compiled(loss="categorical_crossentropy", metrics=["accuracy"])


def _one_hot_object() -> Any:
    return _compiled(loss=api.keras().losses.CategoricalCrossentropy(), metrics=["accuracy"])


def _two_heads() -> Any:
    keras = api.keras()
    images = keras.Input((28, 28))
    inner = keras.layers.Flatten()(images)
    return keras.Model(images, [keras.layers.Dense(10)(inner), keras.layers.Dense(10)(inner)])


@pytest.mark.parametrize("build", [_flat, _one_hot, _one_hot_object, _two_heads])
def test_a_model_that_does_not_fit_is_said_in_one_line_with_what_the_gate_gives(build: Any, digits: Any) -> None:
    text = str(_refused(build, digits))

    assert ("label" in text, "gate gives" in text) == (True, True)
    assert [letter for letter in text if not letter.isprintable()] == []
    assert "0. 0. 0." not in text


def _same() -> Any:
    model = _layers()
    return lambda: model


def _same_layers() -> Any:
    keras = api.keras()
    layers = [keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    return lambda: keras.Sequential(layers)


def _same_layer_within() -> Any:
    keras = api.keras()
    inner = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(16, activation="relu")])
    return lambda: keras.Sequential([inner, keras.layers.Dense(10, activation="softmax")])


def _copied_weights() -> Any:
    keras = api.keras()
    results: list[Any] = []

    def build() -> Any:
        model = keras.Sequential([keras.layers.InputLayer((28, 28)), *_layers().layers])
        if results:
            model.set_weights(results[-1].get_weights())
        results.append(model)
        return model

    return build


@pytest.mark.parametrize("factory", [_same, _same_layers, _same_layer_within, _copied_weights])
def test_a_factory_that_returns_what_was_trained_is_refused(factory: Any, digits: Any) -> None:
    error = _refused(factory(), digits)

    assert isinstance(error, InvalidArgument)
    assert "trained already" in str(error)
    assert "each time it is called" in str(error)


def test_a_model_that_somebody_trained_is_refused_at_once(digits: Any) -> None:
    model = _compiled(metrics=["accuracy"])
    model.fit(digits.x_train, digits.y_train, epochs=1, verbose=0)

    assert "has been trained already" in str(_refused(lambda: model, digits))


def test_a_new_model_with_the_same_pretrained_weights_each_time_is_trained(digits: Any) -> None:
    keras = api.keras()
    frozen = keras.Sequential([keras.layers.InputLayer((28, 28)), keras.layers.Flatten(), keras.layers.Dense(16)])
    weights = frozen.get_weights()

    def build() -> Any:
        inner = keras.Sequential([keras.layers.InputLayer((28, 28)), keras.layers.Flatten(), keras.layers.Dense(16)])
        inner.set_weights(weights)
        inner.trainable = False
        return keras.Sequential([inner, keras.layers.Dense(10, activation="softmax")])

    train = gate.training_of_model(build, digits, RECIPE)

    assert [len(train(seed).test_accuracy) for seed in (1, 2, 3)] == [1, 1, 1]


def test_a_training_that_goes_on_with_the_same_model_is_refused(digits: Any) -> None:
    model = _compiled(metrics=["accuracy"])

    def train(seed: int) -> Any:
        given = (digits.x_train, digits.y_train)
        return model.fit(*given, validation_data=given, epochs=1, verbose=0)

    with pytest.raises(InvalidArgument, match="Two trainings are of the same model"):
        gate.gate_training(SEEDS, train, seeds=NEW)
