"""What a gate says of somebody's model that cannot be trained as the reference was: on the real Keras."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable

import pytest

from pytest_kerasch2.accuracy import gate
from pytest_kerasch2.accuracy.recipe import Recipe
from pytest_kerasch2.accuracy.training import Run
from pytest_kerasch2.data import prepare, sources
from pytest_kerasch2.errors import BadSetting, KerasCh2Error, TrainingFailed
from pytest_kerasch2.framework import api
from tests.unit.accuracy_made import NEW, made, run

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
# TensorFlow's own, of old releases.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")]
RECIPE = Recipe(epochs=1)
SEEDS = made(epochs=1)


@pytest.fixture(scope="module")
def digits() -> Any:
    whole = prepare.prepared(sources.load("digits"))
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
    return gate.gate(SEEDS, gate.of_model(build, data, RECIPE), seeds=NEW)


def _refused(build: Callable[[], Any], data: Any) -> KerasCh2Error:
    with pytest.raises(KerasCh2Error) as caught:
        _ask(build, data)
    return caught.value


def test_a_model_that_is_not_compiled_is_trained(digits: Any) -> None:
    seen: list[Run] = []

    gate.gate(SEEDS, gate.of_model(_layers, digits, RECIPE), told=lambda one, decision: seen.append(one))

    assert len(seen[0].test_accuracy) == 1


@pytest.mark.parametrize("classes", [2, 9, 11])
def test_a_model_of_another_number_of_classes(digits: Any, classes: int) -> None:
    said = str(_refused(lambda: _layers(classes), digits))

    assert said.startswith("A model tells apart other classes than its data have. ")
    assert f"Found: {classes} outputs, and 10 classes in digits. To do: give it one output a class." in said


@pytest.mark.parametrize("metrics", [lambda: None, lambda: [_among_three()]], ids=["none", "another"])
def test_a_model_that_does_not_tell_its_accuracy(digits: Any, metrics: Callable[[], Any]) -> None:
    error = _refused(lambda: _compiled(metrics=metrics()), digits)

    assert isinstance(error, BadSetting)
    assert str(error).startswith("A model does not tell its accuracy. Found: ")
    assert str(error).endswith("To do: compile it with metrics=['accuracy'].")


def test_the_accuracy_is_known_by_its_name(digits: Any) -> None:
    """Another metric may stand before it."""
    first = gate.of_model(lambda: _compiled(metrics=["accuracy"]), digits, RECIPE)
    second = gate.of_model(lambda: _compiled(metrics=[_among_three(), "accuracy"]), digits, RECIPE)

    assert second(3).test_accuracy == first(3).test_accuracy


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        (
            {"x_train": None, "y_train": None},
            "The training data cannot be used. Found: 0 images, 0 labels. To do: give",
        ),
        ({"y_train": None}, "The training data cannot be used. Found: 96 images, 0 labels. To do: give images, and as"),
        ({"y_train": ()}, "The training data cannot be used. Found: 96 images, 0 labels"),
        ({"x_test": (), "y_test": ()}, "The test data cannot be used. Found: 0 images, 0 labels"),
        ({"y_test": None}, "The test data cannot be used. Found: 32 images, 0 labels"),
    ],
)
def test_empty_or_unlabelled_data(digits: Any, lacking: dict[str, Any], said: str) -> None:
    error = _refused(_layers, replace(digits, **lacking))

    assert (isinstance(error, BadSetting), str(error).startswith(said)) == (True, True)


def test_a_loss_that_explodes(digits: Any) -> None:
    fast = lambda: _compiled(optimizer=api.keras().optimizers.SGD(1e38), metrics=["accuracy"])  # noqa: E731

    error = _refused(fast, digits)

    assert isinstance(error, TrainingFailed)
    assert str(error).startswith("A training diverged. Found: losses (")


def test_a_factory_that_raises(digits: Any) -> None:
    def build() -> Any:
        raise OSError("no weights")

    assert str(_refused(build, digits)).startswith("A training raised an error. Found: OSError: no weights, in line ")


@pytest.mark.parametrize("given", [None, "a model", run(3)], ids=["nothing", "text", "run"])
def test_a_factory_that_makes_no_model(digits: Any, given: Any) -> None:
    assert isinstance(_refused(lambda: given, digits), (TrainingFailed, BadSetting))


def test_a_model_for_other_images(digits: Any) -> None:
    keras = api.keras()

    error = _refused(lambda: keras.Sequential([keras.layers.Reshape((5,)), keras.layers.Dense(10)]), digits)

    assert str(error).startswith("A training raised an error. Found: ")
    assert "\n" not in str(error)
