"""The public fixtures on the real TensorFlow, as a user's own tests use them."""

from __future__ import annotations

import re

import pytest

from pytest_kerasch2 import fixtures, models
from pytest_kerasch2.serialization import formats

NAMES = [
    "mnist",
    "fashion_mnist",
    "cifar10",
    "cifar100",
    "imdb",
    "reuters",
    "boston_housing",
    "california_housing",
    "digits",
    "prepared_mnist",
    "prepared_digits",
    "accuracy_gate",
    "step_benchmark",
    "device",
    "model_style",
    "sequential_list_style",
    "sequential_add_style",
    "functional_style",
    "subclass_style",
    "built_model",
    "compiled_model",
    "trained_model",
    "pipeline_as_printed",
    "pipeline_as_meant",
    "saved_model",
    "keras_state",
    "scratch",
]
OWN = """
import numpy as np


def test_device(device):
    import tensorflow as tf

    assert device.name == "cpu:0"
    device.wait(tf.constant(1.0))


def test_styles(built_model, compiled_model, trained_model):
    assert built_model.count_params() == 407050
    assert compiled_model.optimizer is not None
    assert int(np.asarray(trained_model.optimizer.iterations)) == 4


def test_each_style(sequential_list_style, sequential_add_style, functional_style, subclass_style):
    names = [style.name for style in (sequential_list_style, sequential_add_style, functional_style, subclass_style)]
    assert names == ["sequential-list", "sequential-add", "functional", "subclass"]


def test_pipelines(pipeline_as_printed, pipeline_as_meant, prepared_digits):
    few = prepared_digits.x_train[:64], prepared_digits.y_train[:64]
    for pipeline in (pipeline_as_printed, pipeline_as_meant):
        x, y = next(iter(pipeline(*few)))
        assert (x.shape, y.shape) == ((32, 28, 28), (32,))


def test_state_is_changed(keras_state):
    import tensorflow as tf

    tf.keras.backend.set_floatx("float16")


def test_state_was_put_back(scratch):
    import tensorflow as tf

    assert tf.keras.backend.floatx() == "float32"
    assert list(scratch.iterdir()) == []


def test_missing(reuters):
    raise AssertionError("never reached")
"""


def test_the_names_kept_in_words_are_those_of_the_rooms() -> None:
    assert tuple(style.name for style in models.STYLES) == fixtures.STYLE_NAMES
    assert tuple(form.name for form in formats.FORMATS) == fixtures.FORMAT_NAMES


def test_every_fixture_explains_itself(pytester: pytest.Pytester) -> None:
    output = pytester.runpytest_subprocess("--fixtures", "-p", "no:cacheprovider").stdout.str()

    for name in NAMES:
        assert re.search(rf"^{name}\b.*\n    \S", output, re.MULTILINE), f"{name} is not explained"


def test_the_fixtures_do_what_they_say(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(pytester.path))
    monkeypatch.setenv("KERASCH2_MIRROR", "")
    monkeypatch.setenv("TMPDIR", str(pytester.mkdir("tmp")))
    pytester.makepyfile(OWN)

    result = pytester.runpytest_subprocess("--chapter-offline", "--chapter-devices=cpu", "-p", "no:randomly", "-rs")

    result.assert_outcomes(passed=9, skipped=1)
    result.stdout.fnmatch_lines(["*SKIPPED*reuters is not on this machine*--chapter-mirror*"])
    assert not (pytester.path / ".keras").exists()


def test_a_device_that_is_not_there_is_told_without_a_traceback(preloaded: pytest.Pytester) -> None:
    preloaded.makepyfile("def test_anything(device):\n    pass\n")

    result = preloaded.runpytest_subprocess("--chapter-devices=gpu:7", "-p", "no:cacheprovider")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["There is no gpu:7 *the devices present are*"])
    assert "fixtures.py:" not in result.stdout.str()
