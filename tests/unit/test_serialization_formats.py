from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pytest_kerasch2.errors import ClaimBroken, FrameworkMissing, InvalidArgument
from pytest_kerasch2.framework.api import tensorflow
from pytest_kerasch2.models import Network, built, style
from pytest_kerasch2.models.catalogue import train
from pytest_kerasch2.serialization import (
    FORMATS,
    available,
    form,
    inspect,
    optimizer_state,
    same_optimizer_state,
    same_predictions,
    same_weights,
)

# Keras 2.13 to 2.15 warn that HDF5 is legacy, which is a claim of its own and not the matter here.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore:You are saving your model as an HDF5 file"
)

NETWORK = Network(hidden=3, activations="strings", dropout=0.0)


@pytest.fixture(scope="module")
def tf():
    try:
        return tensorflow()
    except FrameworkMissing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def digits():
    random = np.random.RandomState(3)
    return random.rand(128, 28, 28).astype("float32"), random.randint(0, 10, 128).astype("int64")


@pytest.fixture(params=FORMATS, ids=lambda one: one.name)
def any_format(request, tf):
    if request.param not in available(tf):
        pytest.skip("this release does not write it")
    return request.param


@pytest.fixture(scope="module")
def trained(tf, digits):
    return style("functional").trained(tf, digits, steps=2, network=NETWORK)


def test_what_is_saved_predicts_the_same_bits(tf, digits, trained, any_format, tmp_path):
    path = any_format.save(trained, any_format.path(tmp_path))
    into = built(style("functional").build(tf, NETWORK))
    loaded = any_format.load(tf, path, into=into, trusted=any_format.folder)

    predict = loaded.serve if any_format.name == "export" else loaded
    same_predictions(expected=np.asarray(trained(digits[0])), actual=np.asarray(predict(digits[0])))


def test_saving_again_replaces_the_old_one_and_leaves_nothing_beside_it(tf, any_format, tmp_path):
    # Not compiled: Keras 3 warns when it loads a model that was compiled and never fitted.
    first, second = (style("functional").build(tf, NETWORK) for _ in range(2))
    path = any_format.path(tmp_path)

    any_format.save(first, path)
    any_format.save(second, path)

    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    into = built(style("functional").build(tf, NETWORK))
    loaded = any_format.load(tf, path, into=into, trusted=any_format.folder)
    if any_format.name != "export":
        same_weights(expected=second.get_weights(), actual=loaded.get_weights())


class _Breaks:
    def save(self, path, **_):
        Path(path).write_bytes(b"half")
        raise OSError("disk full")

    save_weights = export = save


@pytest.mark.parametrize("name", ["h5", "keras", "weights-h5"])
def test_a_save_that_fails_leaves_the_old_file_and_no_part(name, tmp_path):
    one = form(name)
    path = one.path(tmp_path)
    path.write_bytes(b"old")

    with pytest.raises(OSError, match="disk full"):
        one.save(_Breaks(), path)

    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "place", "message"),
    [
        ("h5", "no-such-folder/model.h5", "The folder '.*no-such-folder' does not exist"),
        ("h5", "model.hdf5", r"End it in \.h5"),
        ("weights-h5-long", "model.h5", r"End it in \.weights\.h5"),
        ("h5", "folder.h5", "a folder named folder.h5"),
    ],
)
def test_a_place_that_cannot_be_saved_to_is_refused_before_anything_is_written(name, place, message, tmp_path):
    (tmp_path / "folder.h5").mkdir()

    with pytest.raises(InvalidArgument, match=message):
        form(name).save(_Breaks(), tmp_path / place)

    assert len(list(tmp_path.iterdir())) == 1


def test_nothing_to_load_and_nowhere_to_load_to_are_said(tf, trained, tmp_path):
    with pytest.raises(InvalidArgument, match=r"There is no file .* to load"):
        form("h5").load(tf, tmp_path / "absent.h5")

    path = form("weights-h5-long").save(trained, tmp_path / "w.weights.h5")
    with pytest.raises(InvalidArgument, match="into="):
        form("weights-h5-long").load(tf, path)


def test_an_unknown_format_is_named_with_the_known_ones():
    with pytest.raises(InvalidArgument, match=r"'onnx'.*saved-model"):
        form("onnx")


def test_the_h5_file_holds_what_the_chapter_lists(trained, tmp_path):
    path = form("h5").save(trained, tmp_path / "m.h5")

    contents = inspect(path)

    assert contents.kind == "hdf5"
    assert contents.architecture["class_name"] in ("Model", "Functional")
    assert contents.training_config["loss"] == "sparse_categorical_crossentropy"
    # Keras 2.11 to 2.15 write "Custom>Adam".
    assert contents.training_config["optimizer_config"]["class_name"].rpartition(">")[2] == "Adam"
    assert sorted(one.shape for one in contents.weights) == [(3,), (3, 10), (10,), (784, 3)]
    state = optimizer_state(trained)
    assert sorted(one.shape for one in contents.optimizer_weights) == sorted(array.shape for array in state)
    assert (contents.backend, contents.keras_version[:2]) in (("tensorflow", "2."), ("tensorflow", "3."))


def test_a_file_of_weights_alone_names_no_architecture(tf, trained, tmp_path):
    for one in available(tf):
        if one.holds == "weights":
            contents = inspect(one.save(trained, one.path(tmp_path)))
            assert contents.architecture is None
            assert contents.training_config is None
            assert sorted(each.shape for each in contents.weights) == [(3,), (3, 10), (10,), (784, 3)]


def test_keras_saved_after_h5_still_names_its_optimizer(tf, digits, tmp_path):
    model = style("functional").trained(tf, digits, steps=2, network=NETWORK)

    form("h5").save(model, tmp_path / "m.h5")
    path = form("keras").save(model, tmp_path / "m.keras")

    loaded = form("keras").load(tf, path)
    assert type(loaded.optimizer).__name__ == "Adam"
    same_optimizer_state(expected=optimizer_state(model), actual=optimizer_state(loaded))


def test_training_goes_on_from_a_keras_file_as_if_never_interrupted(tf, digits, tmp_path):
    model = style("functional").trained(tf, digits, steps=2, network=NETWORK)
    path = form("keras").save(model, tmp_path / "m.keras")
    rest = (digits[0][64:], digits[1][64:])

    loaded = form("keras").load(tf, path)
    train(loaded, rest, 2)
    train(model, rest, 2)

    same_weights(expected=model.get_weights(), actual=loaded.get_weights())


def test_training_that_forgets_the_optimizers_state_is_told_apart(tf, digits, tmp_path):
    # The control of the test above.
    model = style("functional").trained(tf, digits, steps=2, network=NETWORK)
    forgetful = style("functional").compiled(tf, NETWORK)
    forgetful.set_weights(model.get_weights())
    rest = (digits[0][64:], digits[1][64:])

    train(forgetful, rest, 2)
    train(model, rest, 2)

    with pytest.raises(ClaimBroken):
        same_weights(expected=model.get_weights(), actual=forgetful.get_weights())


@pytest.mark.parametrize("name", ["sequential-list", "sequential-add", "functional"])
def test_no_honest_file_is_refused(tf, digits, name, tmp_path):
    network = Network(hidden=2)
    model = style(name).trained(tf, digits, steps=1, network=network)

    for one in available(tf):
        if not one.folder:
            inspect(one.save(model, one.path(tmp_path, one.name)))
