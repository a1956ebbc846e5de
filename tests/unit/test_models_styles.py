from __future__ import annotations

import numpy as np
import pytest

from pytest_kerasch2.errors import FrameworkMissing, InvalidArgument
from pytest_kerasch2.framework.api import tensorflow
from pytest_kerasch2.models import STYLES, Network, built, copy_weights, layer

# TensorFlow's own import and tracing warn, in one way on CPython 3.7 and in another on 3.13.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

SMALL = Network(hidden=6)


@pytest.fixture(scope="module")
def tf():
    try:
        return tensorflow()
    except FrameworkMissing as error:
        pytest.skip(str(error))


@pytest.fixture(params=STYLES, ids=lambda one: one.name)
def any_style(request):
    return request.param


def _digits(count, network=SMALL):
    random = np.random.RandomState(7)
    images = random.rand(count, *network.pixels).astype("float32")
    return images, random.randint(0, network.classes, count).astype("int64")


def test_only_a_declared_input_gives_weights_before_the_first_call(tf, any_style):
    model = any_style.build(tf, SMALL)

    assert _has_weights(model) is any_style.sees_its_input


def _has_weights(model):
    try:
        return bool(model.weights)
    except ValueError:
        # What Keras 2 does for a Sequential model; a subclassed one gives an empty list.
        return False


def test_the_parameters_are_those_of_the_formulas(tf, any_style):
    model = built(any_style.build(tf, Network()), Network())

    assert model.count_params() == 407050
    assert layer(model, "hidden").count_params() == 401920
    assert layer(model, "output").count_params() == 5130


def test_every_role_is_found_with_its_widths(tf, any_style):
    model = built(any_style.build(tf, Network(hidden=3, classes=4, dropout=0.5)))

    assert layer(model, "hidden").units == 3
    assert layer(model, "output").units == 4
    assert layer(model, "dropout").rate == 0.5
    assert layer(model, "flatten").count_params() == 0


def test_an_unknown_role_is_refused(tf):
    with pytest.raises(InvalidArgument, match="'last'"):
        layer(STYLES[2].build(tf, SMALL), "last")


def test_a_model_without_the_layer_is_refused(tf):
    empty = tf.keras.models.Sequential([tf.keras.layers.Flatten()])

    with pytest.raises(InvalidArgument, match="no dropout layer"):
        layer(empty, "dropout")


@pytest.mark.parametrize("network", [SMALL, SMALL.with_strings(), Network(pixels=(3, 5), hidden=4, classes=3)])
def test_equal_weights_give_the_same_bits_in_every_style(tf, network):
    images, _ = _digits(40, network)
    first = built(STYLES[0].build(tf, network), network)
    expected = np.asarray(first(images)).tobytes()

    for other in STYLES[1:]:
        model = built(other.build(tf, network), network)
        copy_weights(source=first, target=model)
        assert np.asarray(model(images)).tobytes() == expected, other.name


def test_unequal_weights_do_not(tf):
    # The control of the test above.
    images, _ = _digits(40)
    first, second = (built(STYLES[0].build(tf, SMALL)) for _ in range(2))

    assert np.asarray(first(images)).tobytes() != np.asarray(second(images)).tobytes()


def test_the_list_alone_prints_its_hidden_activation_as_a_function(tf, any_style):
    # Keras up to 2.15 keeps what it was given, so that the name tells nothing apart there; the choice is what counts.
    chosen = {}
    spy = Network(hidden=2)
    object.__setattr__(spy, "hidden_activation_or", lambda printed: chosen.setdefault("hidden", printed))
    object.__setattr__(spy, "output_activation_or", lambda printed: chosen.setdefault("output", printed))

    any_style.build(tf, spy)

    assert chosen["output"] is tf.nn.softmax
    assert chosen["hidden"] is (tf.nn.relu if any_style.name == "sequential-list" else chosen["hidden"])
    assert (chosen["hidden"] == "relu") is (any_style.name != "sequential-list")


def test_training_takes_the_steps_asked_for(tf, any_style):
    model = any_style.trained(tf, _digits(70), steps=2, network=SMALL)

    assert int(model.optimizer.iterations.numpy()) == 2


def test_too_few_images_are_refused(tf):
    with pytest.raises(InvalidArgument, match="at least 64 images, got 63"):
        STYLES[0].trained(tf, _digits(63), steps=2, network=SMALL)


def test_another_optimizer_can_be_handed_in(tf):
    model = STYLES[2].compiled(tf, SMALL, optimizer=tf.keras.optimizers.SGD())

    assert type(model.optimizer).__name__ == "SGD"


def test_the_subclass_alone_needs_its_class_named(tf, any_style):
    reference = any_style.custom_objects(tf, SMALL)

    assert list(reference) == (["SubclassedModel"] if any_style.name == "subclass" else [])
