"""The installed TensorFlow behind the door: imported once for this module."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from pytest_kerasch2.errors import DeviceMissing, InvalidArgument
from pytest_kerasch2.framework import api, devices, state

pytestmark = pytest.mark.skipif(api.installed() is None, reason="no TensorFlow here")


@pytest.fixture(scope="module", autouse=True)
def tf(tmp_path_factory):
    # In a home without settings of Keras: those of the user would be read where they lie.
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("KERAS_HOME", raising=False)
        module = api.tensorflow()
        # Devices start with the first operation, for good; that is no leak of a test
        devices.Device("cpu", 0).wait()
    return module


@pytest.fixture(autouse=True)
def as_before(tf):
    with state.isolated():
        yield


def names(before):
    return sorted(difference.name for difference in state.differences(before, state.read()))


def weights(tf):
    return tf.keras.layers.Dense(3)(tf.ones((1, 2))).numpy().tolist()


def test_the_values_of_a_variable_are_given_and_not_the_variable(tf):
    values = api.array(tf.Variable([1.5, 2.5]))

    # TensorFlow 2.0 alone gives NumPy the variable itself, in an array of objects.
    assert (values.dtype.name, values.tolist()) == ("float32", [1.5, 2.5])


def test_the_import_agrees_with_the_metadata():
    assert api.release() == api.installed()


def test_modules_are_the_same_every_time(tf):
    assert api.tensorflow() is tf
    assert api.keras() is api.keras()
    assert api.backend_functions().floatx() == "float32"
    assert api.is_loaded()


def test_generation_is_that_of_the_release():
    assert api.is_keras3() == api.release().keras.startswith("3.")


def test_config_file_is_in_the_private_home():
    file = api.keras_home() / "keras.json"

    assert file.exists()
    assert Path(os.environ.get("HOME", "/")) not in file.parents


def test_seed_decides_weights_and_numbers(tf):
    import random

    import numpy as np

    drawn = []
    for _ in range(2):
        api.fresh_session(11)
        drawn.append((weights(tf), random.random(), np.random.random(), tf.random.uniform([2]).numpy().tolist()))

    assert drawn[0] == drawn[1]


def test_another_seed_gives_other_weights(tf):
    api.fresh_session(11)
    one = weights(tf)
    api.fresh_session(12)

    assert one != weights(tf)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "7", True, None])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(InvalidArgument, match=r"^seed must be an integer from 0"):
        api.set_seed(seed)


def test_fresh_session_keeps_the_policy():
    api.set_policy("float64")
    api.fresh_session(1)

    assert api.policy_name() == "float64"


def test_the_raw_order_loses_policy_and_seed_on_keras_3_only():
    """Control for ``fresh_session``: without its order there is something to lose."""
    api.set_policy("float64")
    api.clear_session()

    assert (api.policy_name() == "float64") == (not api.is_keras3())


def register(tf):
    tf.keras.utils.get_custom_objects()["Leak"] = object


def register_serializable(tf):
    if not hasattr(tf.keras.utils, "register_keras_serializable"):
        pytest.skip("not in this release")

    @tf.keras.utils.register_keras_serializable("leak")
    class Leak:
        def get_config(self):
            return {}


def run_eagerly(tf):
    getattr(tf.config, "run_functions_eagerly", getattr(tf.config, "experimental_run_functions_eagerly", None))(True)


def need(owner, name):
    if not hasattr(owner, name):
        pytest.skip(f"no {name} in this release")
    return getattr(owner, name)


def set_strategy(tf):
    tf.distribute.experimental_set_strategy(tf.distribute.OneDeviceStrategy("/cpu:0"))


def log_placement(tf):
    try:
        tf.debugging.set_log_device_placement(True)
    except RuntimeError:
        pytest.skip("2.0 refuses once its devices have started, so it cannot leak")


def keras_logging(tf):
    need(tf.keras.utils, "disable_interactive_logging")()


def draw_keras(tf):
    need(tf.keras, "random").normal((2,))


LEAKS = {
    "floatx": lambda tf: tf.keras.backend.set_floatx("float64"),
    "epsilon": lambda tf: tf.keras.backend.set_epsilon(1e-3),
    "image data format": lambda tf: tf.keras.backend.set_image_data_format("channels_first"),
    "dtype policy": lambda tf: api.set_policy("float64"),
    "custom objects": register,
    "custom objects+registered names": register_serializable,
    "name counters": lambda tf: tf.keras.layers.Dropout(0.5),
    "keras.json": lambda tf: (api.keras_home() / "keras.json").write_text("{}"),
    "functions run eagerly": run_eagerly,
    "random state of TensorFlow": lambda tf: tf.random.set_seed(768_431),
    "random state of Keras+name counters": draw_keras,
    "distribution strategy": set_strategy,
    "soft device placement": lambda tf: tf.config.set_soft_device_placement(not tf.config.get_soft_device_placement()),
    "device placement log": log_placement,
    "compiler for functions": lambda tf: tf.config.optimizer.set_jit(True),
    "graph optimizer options": lambda tf: tf.config.optimizer.set_experimental_options({"constant_folding": False}),
    "TensorFloat-32": lambda tf: need(tf.config.experimental, "enable_tensor_float_32_execution")(False),
    "op determinism": lambda tf: need(tf.config.experimental, "enable_op_determinism")(),
    "tf.data debug mode": lambda tf: need(tf.data.experimental, "enable_debug_mode")(),
    "traceback filtering": lambda tf: need(tf.debugging, "disable_traceback_filtering")(),
    "Keras logging": keras_logging,
    "loggers": lambda tf: tf.get_logger().setLevel("ERROR"),
}
# Keras 3 keeps these two among its flags
OTHER_NAME = {"Keras logging": "Keras flags"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(LEAKS))
def test_a_planted_leak_is_named_and_put_back(tf, name):
    before = state.read()

    LEAKS[name](tf)

    expected = OTHER_NAME.get(name, name) if api.is_keras3() else name
    assert set(expected.split("+")) <= set(names(before))
    assert state.restore(before) == ()
    assert names(before) == []


def test_learning_phase_of_keras_2(tf):
    if api.is_keras3():
        pytest.skip("Keras 3 has no learning phase")
    before = state.read()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tf.keras.backend.set_learning_phase(1)

    assert names(before) == ["learning phase"]
    assert state.restore(before) == ()


def test_an_open_device_scope_is_named(tf):
    before = state.read()
    with tf.device("/cpu:0"):
        assert names(before) == ["device scope"]
    assert names(before) == []


def test_a_graph_left_open_is_named(tf):
    before = state.read()
    with tf.Graph().as_default():
        assert "eager execution" in names(before)


@pytest.mark.filterwarnings("ignore")
def test_a_policy_left_to_floatx_is_left_to_it_again(tf):
    if api.is_keras3():
        pytest.skip("in Keras 3 the first look at the policy sets it")
    layers, functions = tf.keras.layers, api.backend_functions()
    with state.isolated():
        functions.set_floatx("float64")
        api.set_policy("float16")

    functions.set_floatx("float16")

    assert layers.Dense(2).dtype == "float16"


def test_training_leaks_nothing(tf):
    import numpy as np

    before = state.read()
    model = tf.keras.Sequential([tf.keras.layers.Dense(2), tf.keras.layers.Dropout(0.5)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)

    assert [str(leak) for leak in state.leaks(before, state.read())] == []
    assert state.restore(before) == ()


def test_random_numbers_go_on_where_they_stood(tf):
    """What a check draws in between does not change what comes after it."""
    api.fresh_session(5)
    expected = tf.random.uniform([3]).numpy().tolist()
    api.fresh_session(5)
    with state.isolated():
        tf.random.set_seed(99)
        tf.random.uniform([3])

    assert tf.random.uniform([3]).numpy().tolist() == expected


def test_reading_and_comparing_is_cheap():
    before = state.read()
    seconds = []
    for _ in range(50):
        began = time.perf_counter()
        state.differences(before, state.read())
        seconds.append(time.perf_counter() - began)

    assert sorted(seconds)[25] < 0.003


def test_the_cpu_is_present_and_takes_work(tf):
    cpu = devices.present()[0]
    with cpu.placed():
        tensor = tf.ones(3) * 2
    cpu.wait(tensor)

    assert str(cpu) == "cpu:0"
    assert tensor.device.endswith("CPU:0")


@pytest.mark.parametrize("words", ["cpu", "CPU", "cpu:0", " cpu , cpu:0,", "cpu,cpu"])
def test_words_for_the_cpu(words):
    assert [device.name for device in devices.choose(words)] == ["cpu:0"]


def test_no_words_mean_every_device():
    assert devices.choose(None) == devices.choose("") == devices.present()


def test_a_device_that_is_absent_is_missing():
    with pytest.raises(DeviceMissing, match=r"There is no gpu:99 .*the devices present are cpu:0"):
        devices.choose("cpu,gpu:99")


@pytest.mark.parametrize("word", ["tpu", "cpu0", "cpu:", "cpu:x", "gpu:-1", "cpu;gpu", "cpu:1²"])
def test_an_unknown_word_is_quoted_with_the_allowed_ones(word):
    with pytest.raises(InvalidArgument) as caught:
        devices.choose(f"cpu,{word}")

    assert repr(word) in str(caught.value)
    assert "cpu or cpu:N, gpu or gpu:N" in str(caught.value)


def test_a_call_on_values_gives_what_the_layer_gives():
    layer, values = api.keras().layers.Dense(2), np.ones((1, 3), "float32")

    called = api.array(api.call(layer, values))

    assert called.tolist() == api.array(layer(values)).tolist()


def test_a_sequential_model_of_a_declared_input_has_its_weights_at_once():
    assert api.sequential((6,), [api.keras().layers.Dense(4)]).count_params() == 28


def test_the_batch_of_a_placeholder_has_no_size():
    assert api.shape(api.keras().Input(shape=(28, 28))) == (None, 28, 28)
