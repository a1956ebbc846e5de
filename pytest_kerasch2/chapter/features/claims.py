"""Features: the version, whose code it is, SavedModel, tf.data, distribution strategies, feature columns."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.chapter.features import deployment_faults, faults
from pytest_kerasch2.chapter.features.observations import SEVERAL_DEVICES
from pytest_kerasch2.chapter.features.reference import GROUPS
from pytest_kerasch2.chapter.pipelines import workarounds as pipelines_workarounds
from pytest_kerasch2.checks import captured, common_faults
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, in_subprocess, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api, state

_LEFT_OUT = "The attribute was left out of the public names when they were moved; it came back with Keras 3.3."
_NO_VERSION = "https://github.com/tensorflow/tensorflow/issues/62398"
_TF216 = "https://github.com/tensorflow/tensorflow/releases/tag/v2.16.1"


def _numbers(*shape: int) -> Any:
    return np.random.RandomState(11).uniform(0.1, 1.0, shape).astype("float32")


@claim(
    "features.version-attribute",
    "The version of the Keras that comes with TensorFlow is the text tf.keras.__version__.",
    "code",
)
@known_issue(
    of="keras",
    since="2.13",
    until="2.15",
    cause=_LEFT_OUT,
    source=_NO_VERSION,
    symptom="AttributeError: .* no attribute '__version__'",
    workaround=chapter_workarounds.VERSION,
)
@known_issue(
    of="keras",
    since="2.16",
    until="2",
    cause=_LEFT_OUT,
    source=_NO_VERSION,
    symptom="AttributeError: .* no attribute '__version__'",
    workaround=chapter_workarounds.LEGACY_VERSION,
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.2",
    cause="The attribute was left out of the public names until Keras 3.3.",
    source=_NO_VERSION,
    symptom="AttributeError: .* no attribute '__version__'",
    workaround=chapter_workarounds.VERSION,
)
@fixed_by(faults.version_given)
@detects(faults.version_wrong, faults.version_missing)
@tolerates(common_faults.other_seed)
def version_attribute(tf: Any, record: Recorder) -> None:
    """Read the attribute, and compare it with the package keras where TensorFlow takes its Keras from one."""
    version = record.runs("tf.keras.__version__", lambda: tf.keras.__version__)

    record.equal("what it is", expected="str", actual=type(version).__name__)
    record.matches("tf.keras.__version__", pattern=r"^\d+\.\d+\.\d+\S*$", actual=str(version))
    top = tf.keras.layers.Dense.__module__.split(".")[0]
    if top == "keras":
        record.equal("the same as of the package keras", expected=sys.modules["keras"].__version__, actual=version)


@claim("features.version-output", "The version printed is 2.2.4-tf.", "output")
@known_issue(
    since="2.1",
    until="2.12",
    cause="Keras moved on: this number is that of TensorFlow 2.0 and its previews alone.",
    source="https://github.com/tensorflow/tensorflow/blob/v2.1.0/tensorflow/python/keras/__init__.py",
    symptom=r"not 2\.2\.4-tf",
)
@known_issue(
    of="keras",
    since="2.13",
    until="2",
    cause=_LEFT_OUT,
    source=_NO_VERSION,
    symptom="AttributeError: .* no attribute '__version__'",
)
@known_issue(
    of="keras",
    since="3.0",
    cause="tf.keras is Keras 3, and from Keras 3.3 on it states that version.",
    source=_TF216,
    symptom=r"not 2\.2\.4-tf|no attribute '__version__'",
)
@fixed_by(faults.version_as_printed)
@detects(faults.version_wrong, faults.version_missing)
@tolerates(common_faults.other_seed)
def version_output(tf: Any, record: Recorder) -> None:
    """Print the version as the chapter does."""
    api.require_eager("`tf.keras.__version__`")
    version = record.runs("tf.keras.__version__", lambda: tf.keras.__version__)

    record.equal("printed", expected="2.2.4-tf", actual=str(version))


@claim(
    "features.part-of-tensorflow",
    "tf.keras is an implementation of Keras inside TensorFlow: its code belongs to the package tensorflow.",
    "prose",
)
@known_issue(
    since="2.6",
    cause="Keras left TensorFlow's tree: tf.keras is the separately released package keras, or tf_keras.",
    source="https://github.com/tensorflow/tensorflow/releases/tag/v2.6.0",
    symptom="is in the package (tf_)?keras",
)
@fixed_by(faults.inside_tensorflow)
@detects(faults.outside_tensorflow)
@tolerates(common_faults.other_seed)
def part_of_tensorflow(tf: Any, record: Recorder) -> None:
    """Ask three parts of tf.keras which package they are written in."""
    api.require_tensorflow("The package of tf.keras")
    parts = {"a layer": tf.keras.layers.Dense, "a model": tf.keras.Model, "an optimizer": tf.keras.optimizers.Adam}
    for what, part in parts.items():
        package = part.__module__.split(".")[0]
        holds = package.startswith("tensorflow")
        record.true(f"{what}, {part.__name__}", holds=holds, found=f"is in the package {package}")


@claim(
    "features.full-implementation",
    "tf.keras is full: it has the name of each layer, callback, initializer, activation, optimizer, regularizer and "
    "constraint of Keras 2.2.4, the reference implementation of then, and of each way to make a model.",
    "prose",
)
@known_issue(
    of="keras",
    until="2",
    only=("layers",),
    cause="The layers that ran on cuDNN alone are not in TensorFlow 2, where LSTM and GRU choose cuDNN by themselves.",
    source="https://github.com/tensorflow/tensorflow/blob/v2.0.0/tensorflow/python/keras/layers/cudnn_recurrent.py",
    symptom="^layers missing from tf.keras: CuDNNGRU, CuDNNLSTM, not none$",
)
@known_issue(
    of="keras",
    since="3.0",
    only=("layers",),
    cause="Keras 3 has neither the cuDNN layers nor the locally connected ones.",
    source="https://github.com/keras-team/keras/issues/18467",
    symptom="missing from tf.keras: .*LocallyConnected1D",
)
@fixed_by(faults.nothing_missing)
@detects(faults.gutted)
@tolerates(common_faults.other_seed)
@pytest.mark.parametrize("group", sorted(GROUPS))
def full_implementation(tf: Any, group: str, record: Recorder) -> None:
    """Look for each name in its module, and list those that are missing; what stands behind a name is not looked at."""
    api.require_eager("That tf.keras has all of Keras")
    home = getattr(tf.keras, group)
    missing = [name for name in GROUPS[group] if getattr(home, name, None) is None]

    record.saw(f"names of Keras 2.2.4 looked for in tf.keras.{group}: {len(GROUPS[group])}")
    record.equal(f"{group} missing from tf.keras", expected="none", actual=", ".join(missing) or "none")


@claim(
    "features.saved-model",
    "A model is written in the SavedModel format and read back with the same predictions.",
    "prose",
)
@detects(faults.stale_saved_model)
@tolerates(common_faults.other_seed)
def saved_model(tf: Any, scratch: Path, record: Recorder) -> None:
    """Save, list what was written, load, and ask both."""
    api.set_seed(2)
    layers = tf.keras.layers
    model = api.sequential((6,), [layers.Dense(5, activation="relu"), layers.Dense(4)])
    x = tf.constant(_numbers(8, 6))
    folder = scratch / "saved"

    # Loading and saving turn the loggers of TensorFlow 2.21 down for good
    with state.isolated():
        record.runs("tf.saved_model.save", lambda: tf.saved_model.save(model, str(folder)))
        loaded = tf.saved_model.load(str(folder))
    answers = next(iter(loaded.signatures["serving_default"](x).values())).numpy()

    parts = {entry.name for entry in folder.iterdir()} & {"saved_model.pb", "variables"}
    record.contains("files of the folder", expected="saved_model.pb", actual=sorted(parts))
    apart = float(np.abs(answers - np.asarray(model(x))).max())
    record.at_most("predictions of the file, away from the model's", limit=1e-6, actual=round(apart, 6))


@claim("features.tf-data", "fit takes a tf.data data set, and trains on it as on the same arrays.", "prose")
@detects(faults.shifted_data)
@tolerates(common_faults.zero_weights)
def tf_data(tf: Any, record: Recorder) -> None:
    """Train equal models on arrays and on a data set of the same batches, the last one short; then with weights too."""
    x, y, weights = _numbers(60, 6), np.arange(60) % 4, np.linspace(0, 2, 60, dtype="float32")
    targets = np.eye(4, dtype="float32")[y]
    _train_on_both(tf, record, "training", "sparse_categorical_crossentropy", (x, y))
    _train_on_both(tf, record, "training with a loss of one's own", _fourth_powers, (x, targets))
    _train_on_both(tf, record, "training with weights of samples", "mse", (x, targets, weights))


def _fourth_powers(targets: Any, answers: Any) -> Any:
    return (targets - answers) ** 4


def _train_on_both(tf: Any, record: Recorder, what: str, loss: Any, arrays: tuple[Any, ...]) -> None:
    models = [_classifier(tf, 7, loss) for _ in range(2)]
    begun = models[0].get_weights()

    fit = {"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0}
    models[0].fit(*arrays[:2], sample_weight=arrays[2] if len(arrays) > 2 else None, **fit)
    models[1].fit(tf.data.Dataset.from_tensor_slices(arrays).batch(16), epochs=2, verbose=0)

    for place, (one, other) in enumerate(zip(*(model.get_weights() for model in models))):
        record.same_bits(f"weights {place} after {what} on the data set", expected=one, actual=other)
    moved = max(float(np.abs(new - old).max()) for old, new in zip(begun, models[0].get_weights()))
    record.at_least(f"how far {what} moved a weight at the most", limit=1e-3, actual=round(moved, 4))


def _classifier(tf: Any, seed: int, loss: Any) -> Any:
    api.set_seed(seed)
    model = api.sequential((6,), [tf.keras.layers.Dense(4, activation="softmax")])
    model.compile(tf.keras.optimizers.SGD(0.5), loss, **api.eagerly())
    return model


@claim("features.tpu-strategy", "There is a distribution strategy for TPUs, and a resolver that finds them.", "prose")
@detects(faults.no_tpu_strategy)
@tolerates(common_faults.other_seed)
def tpu_strategy(tf: Any, record: Recorder) -> None:
    """Look for the class under the names it has had; training on a TPU needs one, and is not tried."""
    room = tf.distribute
    strategy: Any = getattr(room, "TPUStrategy", None) or getattr(room.experimental, "TPUStrategy", None)

    record.true("a strategy for TPUs", holds=strategy is not None, found="there" if strategy is not None else "missing")
    kin = issubclass(strategy, room.Strategy)
    record.true("it is a distribution strategy", holds=kin, found=strategy.__bases__[0].__name__)
    resolver: Any = getattr(room.cluster_resolver, "TPUClusterResolver", None)
    record.true("TPUClusterResolver", holds=callable(resolver), found="there" if resolver else "missing")
    kin = issubclass(resolver, room.cluster_resolver.ClusterResolver)
    record.true("it is a resolver of clusters", holds=kin, found=resolver.__bases__[0].__name__)


@claim(
    "features.distribution-strategies",
    "There are strategies for one device, several devices of a machine, several machines and parameter servers.",
    "prose",
)
@in_subprocess(SEVERAL_DEVICES)
@detects(faults.no_mirrored_strategy)
@tolerates(deployment_faults.other_seed)
def distribution_strategies(child: Any, record: Recorder) -> None:
    """Look for each under the names it has had, and ask on which devices those of one machine work."""
    observed = captured.value(record, "the strategies", child["strategies"])
    for name, homes in observed["there"].items():
        record.true(f"{name}Strategy", holds=bool(homes), found="there" if homes else "missing")
        record.true(f"{name}Strategy is a strategy", holds=all(homes), found=homes)
    record.equal("device of OneDeviceStrategy('/cpu:1')", expected=["CPU:1"], actual=observed["one"])
    record.equal("devices of MirroredStrategy", expected=["CPU:0", "CPU:1"], actual=observed["two"])


@claim(
    "features.feature-columns",
    "Feature columns turn structured data into the numbers on which a Keras model is trained to classify it.",
    "prose",
)
@known_issue(
    since="3.0",
    of="keras",
    cause="Keras 3 has no DenseFeatures, the layer that takes feature columns.",
    source="https://github.com/keras-team/keras/issues/18467",
    symptom="no attribute 'DenseFeatures'",
    workaround=pipelines_workarounds.FEATURES,
)
@fixed_by(faults.dense_features)
@detects(faults.columns_mixed_up)
@tolerates(common_faults.other_seed)
def feature_columns(tf: Any, record: Recorder) -> None:
    """Represent a number, its range and a word as columns, and train on them."""
    column = tf.feature_column
    word = column.categorical_column_with_vocabulary_list("kind", ["red", "white"])
    age = column.numeric_column("age")
    columns = [age, column.bucketized_column(age, [1.5, 2.5]), column.indicator_column(word)]
    rows = {"age": tf.constant([[1.0], [2.0], [3.0]]), "kind": tf.constant([["white"], ["red"], ["white"]])}

    layer = record.runs("tf.keras.layers.DenseFeatures", lambda: tf.keras.layers.DenseFeatures(columns))
    numbers = np.asarray(layer(rows)).tolist()

    expected = [[1.0, 1.0, 0.0, 0.0, 0.0, 1.0], [2.0, 0.0, 1.0, 0.0, 1.0, 0.0], [3.0, 0.0, 0.0, 1.0, 0.0, 1.0]]
    record.equal("three rows of a number, its range and a word", expected=expected, actual=numbers)
    model = tf.keras.Sequential([layer, tf.keras.layers.Dense(2, activation="softmax")])
    model.compile(tf.keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", run_eagerly=True)
    model.fit(rows, tf.constant([1, 0, 1]), epochs=1, batch_size=3, verbose=0)
    record.equal("parameters of the classifier on it, 6 * 2 + 2", expected=14, actual=int(model.count_params()))
