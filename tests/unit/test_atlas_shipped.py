"""Facts of the atlas that is shipped, each seen by a run of the releases."""

from __future__ import annotations

import pytest

from pytest_kerasch2.atlas import asking, atlas_file
from pytest_kerasch2.atlas.atlas_file import ATLAS, AtlasData
from pytest_kerasch2.claims.release import Release

NEWEST = Release("2.21.0", "3.15.1", "tensorflow")


@pytest.fixture(scope="module")
def data() -> AtlasData:
    return asking.shipped()


def test_it_is_small_enough_to_ship() -> None:
    assert 100_000 < ATLAS.stat().st_size <= 1_500_000


def test_it_is_a_part_of_the_package() -> None:
    assert ATLAS.parent.name == "atlas"
    assert ATLAS.name == "atlas.json.xz"


def test_it_has_the_releases_on_which_the_facts_below_were_seen(data: AtlasData) -> None:
    assert {"tf2.0", "tf2.5", "tf2.15", "tf2.16", "tf2.21", "keras3.0"} <= {one.name for one in data.releases}


# The causes of the research that need no rule by hand, by their rows there.
GONE = [
    ("tf.keras.Sequential.predict_classes", "2.6"),
    ("tf.keras.Sequential.predict_proba", "2.6"),
    ("tf.keras.Model.fit_generator", "2.16"),
    ("tf.keras.Model.predict_generator", "2.16"),
    ("tf.keras.layers.experimental.preprocessing.Rescaling", "2.16"),
    ("tf.estimator.DNNClassifier", "2.16"),
    ("tf.keras.estimator.model_to_estimator", "2.16"),
    ("tf.keras.layers.DenseFeatures", "2.16"),
    ("tf.keras.wrappers.scikit_learn.KerasClassifier", "2.13"),
    ("tf.keras.backend.function", "2.16"),
    ("tf.keras.backend.set_learning_phase", "2.16"),
    ("tf.keras.optimizers.SGD.lr", "2.16"),
    ("tf.keras.Model.reset_states", "2.16"),
    ("tf.keras.metrics.Mean.reset_states", "2.16"),
]


@pytest.mark.parametrize(("name", "since"), GONE)
def test_what_is_gone_is_gone_since_then(data: AtlasData, name: str, since: str) -> None:
    actual = asking.gone(data, name, NEWEST)

    assert actual is not None
    assert since in (actual.boundary.after, *actual.boundary.unwalked)


@pytest.mark.parametrize("where", ["losses", "metrics"])
def test_the_long_names_of_losses_went_with_a_later_keras_3_than_the_first(data: AtlasData, where: str) -> None:
    actual = asking.gone(data, f"tf.keras.{where}.mean_squared_error", NEWEST)
    first = Release("2.16.2", "3.0.5", "tensorflow")

    assert actual is not None
    assert (actual.series, actual.boundary.before.split(".")[0]) == ("Keras", "3")
    assert asking.gone(data, f"tf.keras.{where}.mean_squared_error", first) is None


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("tf.keras.Model.fit", "workers"),
        ("tf.keras.Model.fit", "use_multiprocessing"),
        ("tf.keras.Model.fit", "max_queue_size"),
        ("tf.keras.utils.to_categorical", "dtype"),
    ],
)
def test_a_parameter_that_went_is_gone_since_keras_3(data: AtlasData, name: str, parameter: str) -> None:
    actual = asking.gone(data, name, NEWEST, parameter)

    assert actual is not None
    assert (actual.boundary.before, actual.boundary.after) == ("2.15", "2.16")


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("tf.keras.losses.mean_squared_error", "tf.keras.losses.MSE"),
        ("tf.keras.metrics.mean_squared_error", "tf.keras.metrics.MSE"),
        ("tf.keras.layers.experimental.preprocessing.Rescaling", "tf.keras.layers.Rescaling"),
        ("keras.backend.constant", "tf.keras.backend.constant"),
    ],
)
def test_a_thing_that_moved_is_found(data: AtlasData, name: str, home: str) -> None:
    actual = asking.gone(data, name, NEWEST)

    assert actual is not None
    assert (actual.home, actual.how) == (home, "object")


def test_add_weight_takes_its_first_parameter_by_name_alone_since_keras_3(data: AtlasData) -> None:
    changes = asking.lookup("tf.keras.layers.Layer.add_weight", data)[0].changes
    places = [at for at, one in enumerate(data.releases) if one.name in ("tf2.15", "tf2.16")]
    entries = [asking.resolve(data, "tf.keras.layers.Layer.add_weight", at) for at in places]

    assert [entry.parameters[0] for entry in entries if entry and entry.parameters] == ["name=None", "*args"]
    assert any("default of trainable: None became True" in one.text for one in changes)


@pytest.mark.parametrize(
    "name",
    [
        *("tf.keras.layers.Dense", "tf.keras.Model.fit", "tf.keras.optimizers.Adam", "tf.keras.utils.set_random_seed"),
        *("tf.keras.layers.LSTM", "tf.data.Dataset.batch", "tf.keras.callbacks.ModelCheckpoint", "tf.GradientTape"),
        *("tf.keras.preprocessing.image.ImageDataGenerator", "tf.nn.relu", "tf.keras.layers.Layer.name"),
        "tf.keras.saving.load_model",
        *("tf.python.keras.layers", "keras.src.layers", "tf.experimental.dtensor.Mesh", "tf.Tensor.numpy"),
    ],
)  # fmt: skip
def test_what_is_there_or_was_not_looked_into_is_never_gone(data: AtlasData, name: str) -> None:
    assert asking.gone(data, name, NEWEST) is None


@pytest.mark.parametrize(
    ("name", "parameter"), [("tf.keras.layers.Embedding", "input_length"), ("tf.keras.optimizers.SGD", "lr")]
)
def test_what_may_be_taken_by_any_keyword_is_left_to_known_changes(data: AtlasData, name: str, parameter: str) -> None:
    assert asking.gone(data, name, NEWEST, parameter) is None


def test_no_name_of_a_release_is_gone_on_it(data: AtlasData) -> None:
    (place,) = (at for at, one in enumerate(data.releases) if one.name == "tf2.21")
    names = [name for name in list(data.places)[::25] if data.state(name, place) is not None and name[0] != "~"]

    assert len(names) > 300
    assert [name for name in names if asking.gone(data, name, NEWEST) is not None] == []


def test_it_is_read_once() -> None:
    assert asking.shipped() is atlas_file.shipped()
