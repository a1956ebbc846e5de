"""What this Keras wrote, and what the user has registered or named, is loaded; the rest is refused with what helps."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import numpy as np
import pytest

from pytest_kerasch2.errors import FrameworkMissing, InvalidArgument, UnsafeFile
from pytest_kerasch2.framework import api
from pytest_kerasch2.serialization import form, optimizer_state, same_optimizer_state
from tests.builders.user_models import SECOND_GENERATION, THIRD_GENERATION, X, registering

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning", "ignore:.*:PendingDeprecationWarning"
)


@pytest.fixture(scope="module")
def keras():
    try:
        return api.keras()
    except FrameworkMissing as error:
        pytest.skip(str(error))


@pytest.fixture
def third_generation(keras):
    if not api.is_keras3():
        pytest.skip("a format of Keras 3")
    return keras


def _predicted(model: Any, x: Any) -> list[Any]:
    prediction = model.predict(x, verbose=0)
    return [np.asarray(one) for one in (prediction if isinstance(prediction, list) else [prediction])]


@pytest.mark.parametrize("kind", sorted(THIRD_GENERATION))
def test_what_keras_wrote_is_loaded_and_predicts_the_same(keras, kind, tmp_path):
    builders = THIRD_GENERATION if api.is_keras3() else SECOND_GENERATION
    if kind not in builders or (kind == "looked up" and not api.runs_on_tensorflow()):
        pytest.skip("this release does not have it")
    model, x = builders[kind](keras)
    if kind.startswith("quantized") and not hasattr(model, "quantize"):
        pytest.skip("this release does not quantize")
    saved = form("keras")

    back = saved.load(keras, saved.save(model, saved.path(tmp_path)))

    for expected, actual in zip(_predicted(model, x), _predicted(back, x)):
        np.testing.assert_array_equal(actual, expected)
    same_optimizer_state(expected=optimizer_state(model), actual=optimizer_state(back))


class Unregistered:
    """Holds what a user forgot to register."""

    @staticmethod
    def model(keras: Any) -> tuple[Any, Any]:
        class Forgotten(keras.layers.Layer):  # type: ignore[misc, name-defined]
            def call(self, x: Any) -> Any:
                return 3 * x

        return keras.Sequential([keras.Input((4,)), Forgotten()]), Forgotten


def test_a_class_that_is_not_registered_is_refused_with_the_name_to_pass(third_generation, tmp_path):
    model, _ = Unregistered.model(third_generation)
    saved = form("keras")
    path = saved.save(model, saved.path(tmp_path))

    with pytest.raises(UnsafeFile, match=r"custom_objects=\{'Forgotten': Forgotten\}"):
        saved.load(third_generation, path)


def test_a_class_that_is_named_is_loaded(third_generation, tmp_path):
    model, forgotten = Unregistered.model(third_generation)
    saved = form("keras")
    path = saved.save(model, saved.path(tmp_path))

    back = saved.load(third_generation, path, custom_objects={"Forgotten": forgotten})

    np.testing.assert_array_equal(back.predict(X, verbose=0), 3 * X)


def test_a_class_in_a_scope_of_custom_objects_is_loaded(third_generation, tmp_path):
    model, forgotten = Unregistered.model(third_generation)
    saved = form("keras")
    path = saved.save(model, saved.path(tmp_path))

    with third_generation.utils.custom_object_scope({"Forgotten": forgotten}):
        back = saved.load(third_generation, path)

    np.testing.assert_array_equal(back.predict(X, verbose=0), 3 * X)


def test_a_class_that_was_registered_elsewhere_is_loaded_by_its_own_name(third_generation, tmp_path):
    keras, saved = third_generation, form("keras")

    class Elsewhere(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, x):
            return 3 * x

    registering(keras)(Elsewhere)
    path = saved.save(keras.Sequential([keras.Input((4,)), Elsewhere()]), saved.path(tmp_path))
    del keras.utils.get_custom_objects()["kerasch2-tests>Elsewhere"]

    with pytest.raises(UnsafeFile, match="kerasch2-tests>Elsewhere"):
        saved.load(keras, path)
    back = saved.load(keras, path, custom_objects={"Elsewhere": Elsewhere})

    np.testing.assert_array_equal(back.predict(X, verbose=0), 3 * X)


def test_a_function_that_nobody_knows_is_named(third_generation, tmp_path):
    keras, saved = third_generation, form("keras")

    def strange(x):
        return 3 * x

    path = saved.save(
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation=strange)]), saved.path(tmp_path)
    )

    with pytest.raises(UnsafeFile, match=r"custom_objects=\{'strange': strange\}"):
        saved.load(keras, path)
    assert saved.load(keras, path, custom_objects={"strange": strange}).layers[0].activation is strange


@pytest.mark.parametrize("name", ["keras", "h5"])
def test_a_lambda_is_refused_and_loaded_when_trusted(keras, name, tmp_path):
    saved = form(name)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: 2 * x, output_shape=(4,))])
    path = saved.save(model, saved.path(tmp_path))

    with pytest.raises(UnsafeFile, match="trusted=True"):
        saved.load(keras, path)
    np.testing.assert_array_equal(_predicted(saved.load(keras, path, trusted=True), X)[0], 2 * X)
    # To trust one file leaves Keras as careful with the next as it was.
    with pytest.raises(UnsafeFile):
        saved.load(keras, path)


def test_an_operation_in_hdf5_is_said_to_need_another_format(third_generation, tmp_path):
    inputs = third_generation.Input((4,))
    saved = form("h5")
    path = saved.save(third_generation.Model(inputs, inputs[:, 1:]), saved.path(tmp_path))

    with pytest.raises(InvalidArgument, match=r"Save the model as \.keras"):
        saved.load(third_generation, path)


@pytest.mark.parametrize("named", [{"module": "os", "class_name": "system"}, {"module": "keras.utils"}])
def test_a_file_that_names_another_module_is_refused(third_generation, named, tmp_path):
    saved = form("keras")
    model = third_generation.Sequential([third_generation.Input((4,)), third_generation.layers.Dense(2)])
    path = saved.save(model, saved.path(tmp_path))
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(tmp_path / "other.keras", "w") as other:
        for part in whole.namelist():
            text = whole.read(part)
            if part == "config.json":
                config = json.loads(text)
                config["config"]["layers"][1].update(class_name="Progbar", registered_name=None)
                config["config"]["layers"][1].update(named)
                text = json.dumps(config).encode()
            other.writestr(part, text)

    with pytest.raises(UnsafeFile):
        saved.load(third_generation, tmp_path / "other.keras")


def test_weights_in_shards_are_loaded(third_generation, tmp_path):
    def builders():
        return third_generation.Sequential([third_generation.Input((4,)), third_generation.layers.Dense(2)])

    first, second = builders(), builders()
    try:
        first.save_weights(str(tmp_path / "m.weights.json"), max_shard_size=0.1)
    except (TypeError, ValueError):
        pytest.skip("this release does not write shards")

    form("weights-h5-long").load(third_generation, tmp_path / "m.weights.json", into=second)

    np.testing.assert_array_equal(second.predict(X, verbose=0), first.predict(X, verbose=0))
