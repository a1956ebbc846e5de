"""What the installed TensorFlow does only once, when it is imported or its devices start: each in a child process."""

from __future__ import annotations

import pytest

from pytest_kerasch2.framework import api
from pytest_kerasch2.subprocesses.job import Job, value_of
from pytest_kerasch2.subprocesses.runner import run

pytestmark = pytest.mark.skipif(api.installed() is None, reason="no TensorFlow here")
SPLIT = """
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import api, devices, state
def split():
    tf = api.tensorflow()
    before = state.read()
    one, two = devices.two_logical_cpus(tf)
    with tf.device(two):
        where = tf.ones(2).device
    return [where, [difference.name for difference in state.differences(before, state.read())]]
def too_late():
    tf = api.tensorflow()
    tf.ones(2)
    try:
        return devices.two_logical_cpus(tf)
    except InvalidArgument as error:
        return str(error)
def hidden():
    tf = api.tensorflow()
    before = state.read()
    room = tf.config if hasattr(tf.config, "set_visible_devices") else tf.config.experimental
    room.set_visible_devices([], "CPU")
    return [difference.name for difference in state.differences(before, state.read())]
def edited(text):
    api.keras_home().mkdir(parents=True, exist_ok=True)
    (api.keras_home() / "keras.json").write_text(text)
    return [api.backend_functions().floatx(), str(api.keras_home())]
"""


@pytest.fixture
def in_subprocess(tmp_path, monkeypatch):
    (tmp_path / "framework_targets.py").write_text(SPLIT)
    monkeypatch.syspath_prepend(str(tmp_path))
    return lambda name, *arguments: value_of(run(Job(f"framework_targets:{name}", arguments, deadline=120.0)))


def test_the_cpu_can_be_split_in_a_child(in_subprocess):
    where, changed = in_subprocess("split")

    assert where.endswith("CPU:1")
    assert changed == ["logical devices"]


@pytest.mark.slow  # starts TensorFlow in a process of its own
def test_the_cpu_cannot_be_split_any_more(in_subprocess):
    assert "The CPU cannot be split any more" in in_subprocess("too_late")


@pytest.mark.slow  # starts TensorFlow in a process of its own
def test_hidden_devices_are_named(in_subprocess):
    assert in_subprocess("hidden") == ["visible devices"]


def test_a_child_can_write_the_config_file_that_it_imports_with(in_subprocess):
    floatx, home = in_subprocess("edited", '{"floatx": "float64"}')

    assert floatx == "float64"
    assert home.endswith(".keras")
