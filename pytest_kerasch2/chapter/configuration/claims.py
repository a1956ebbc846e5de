"""The configuration's four values in the process: defaults, allowed values, getters and setters, and what they do."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.chapter.configuration import faults, source, workarounds
from pytest_kerasch2.chapter.configuration.observations import FIRST_LAYERS, weights_of_layers
from pytest_kerasch2.chapter.early_keras import on_early_keras
from pytest_kerasch2.checks.properties import examples
from pytest_kerasch2.claims.decorators import claim, detects, extends, fixed_by, in_subprocess, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

FORMATS = ("channels_last", "channels_first")
PRECISIONS = ("float16", "float32", "float64")
KERAS = "https://github.com/keras-team/keras/blob"


def refusal(call: Callable[[], Any]) -> str:
    """Return the name of the error that the call raises, or `accepted`; its words may list a set, in any order."""
    try:
        call()
    except (AssertionError, TypeError, ValueError) as error:
        return type(error).__name__
    return "accepted"


def refused(record: Recorder, what: str, call: Callable[[], Any]) -> None:
    """Require that the call is refused."""
    answer = refusal(call)
    record.true(f"{what} is refused", holds=answer != "accepted", found=answer)


# -- defaults


@claim("config.format-default", "On TensorFlow the image format is channels_last by default.", "prose")
@detects(faults.moved_defaults)
@tolerates(faults.defaults_set_again)
def format_default(tf: Any, record: Recorder) -> None:
    """Ask the getter, and a layer that was told no format."""
    api.require_tensorflow("The default on TensorFlow")
    functions = api.backend_functions()

    record.equal("engine", expected="tensorflow", actual=functions.backend())
    record.equal("image_data_format()", expected="channels_last", actual=functions.image_data_format())
    layer = tf.keras.layers.Conv2D(1, 1)
    record.equal("data_format of a convolution", expected="channels_last", actual=layer.data_format)


@claim("config.epsilon-default", "Epsilon is 1e-07 by default.", "output")
@detects(faults.moved_defaults)
@tolerates(faults.defaults_set_again)
def epsilon_default(tf: Any, record: Recorder) -> None:
    """Ask the getter."""
    record.equal("epsilon()", expected=1e-07, actual=api.backend_functions().epsilon())


@claim("config.floatx-default", "The default precision is float32.", "output")
@detects(faults.moved_defaults)
@tolerates(faults.defaults_set_again)
def floatx_default(tf: Any, record: Recorder) -> None:
    """Ask the getter, and layers that were told no precision."""
    record.equal("floatx()", expected="float32", actual=api.backend_functions().floatx())
    record.equal("weights of layers", expected="float32", actual=weights_of_layers(tf.keras.layers))


# -- allowed values


@claim("config.format-values", "The image format is a text, either channels_last or channels_first.", "prose")
@detects(faults.accepts_anything, faults.narrow_setters)
@tolerates(faults.defaults_set_again)
def format_values(tf: Any, record: Recorder) -> None:
    """Set both and see a layer follow; try others."""
    functions = api.backend_functions()
    with source.kept():
        for name in FORMATS:
            record.runs(f"set_image_data_format('{name}')", partial(functions.set_image_data_format, name))
            record.equal("format set and read", expected=name, actual=functions.image_data_format())
            layer = tf.keras.layers.MaxPool2D()
            record.equal("data_format of a pooling layer", expected=name, actual=layer.data_format)
        for wrong in ("channels_middle", "NHWC", ""):
            refused(record, f"image format {wrong!r}", partial(functions.set_image_data_format, wrong))


@claim("config.floatx-values", "The precision is one of float16, float32 and float64, and nothing else.", "prose")
@known_issue(
    cause="Keras 3 takes bfloat16 as a default precision too (through the setter; its file still refuses it).",
    source=f"{KERAS}/v3.15.1/keras/src/backend/config.py",
    symptom="'bfloat16' is refused: accepted",
    since="3.0.3",
    of="keras",
)
@detects(faults.accepts_anything, faults.narrow_setters)
@tolerates(faults.defaults_set_again)
@fixed_by(faults.bfloat16_refused)
def floatx_values(tf: Any, record: Recorder) -> None:
    """Set the three; try others."""
    functions = api.backend_functions()
    with source.kept():
        for name in PRECISIONS:
            record.runs(f"set_floatx('{name}')", partial(functions.set_floatx, name))
            record.equal("precision set and read", expected=name, actual=functions.floatx())
        for wrong in ("int32", "float128", "float", "half", "double", "FLOAT32", "string", "", "bfloat16"):
            refused(record, f"precision {wrong!r}", partial(functions.set_floatx, wrong))


# -- getters and setters


@claim("config.format-accessors", "The backend has a getter and a setter for the image format.", "prose")
@detects(faults.deaf_setters, faults.narrow_setters)
@tolerates(faults.defaults_set_again)
def format_accessors(tf: Any, record: Recorder) -> None:
    """Set it and read it, there and back."""
    functions = api.backend_functions()
    with source.kept():
        for name in ("channels_first", "channels_last"):
            functions.set_image_data_format(name)
            record.equal("set_image_data_format, then the getter", expected=name, actual=functions.image_data_format())


@claim("config.epsilon-accessors", "The backend has a getter and a setter for epsilon.", "prose")
@detects(faults.deaf_setters)
@tolerates(faults.defaults_set_again)
def epsilon_accessors(tf: Any, record: Recorder) -> None:
    """Set it and read it."""
    functions = api.backend_functions()
    with source.kept():
        for value in (1e-3, 0.25, 1e-12):
            functions.set_epsilon(value)
            record.equal("set_epsilon, then the getter", expected=value, actual=functions.epsilon())


@claim("config.floatx-accessors", "The backend has a getter and a setter for the precision.", "prose")
@detects(faults.deaf_setters, faults.narrow_setters)
@tolerates(faults.defaults_set_again)
def floatx_accessors(tf: Any, record: Recorder) -> None:
    """Set it and read it, there and back."""
    functions = api.backend_functions()
    with source.kept():
        for name in (*PRECISIONS, "float32"):
            functions.set_floatx(name)
            record.equal("set_floatx, then the getter", expected=name, actual=functions.floatx())


@claim("config.backend-getter", "The backend has a getter for the name of the engine.", "prose")
@detects(faults.engine_called_otherwise)
@tolerates(faults.defaults_set_again)
def backend_getter(tf: Any, record: Recorder) -> None:
    """Ask it, and look at what a tensor is."""
    name = record.runs("backend()", lambda: api.backend_functions().backend())
    release = api.installed()
    assert release is not None
    record.equal("the engine", expected=release.backend, actual=name)
    if api.runs_on_tensorflow() or api.is_keras3():
        # By what its tensors are, for the release may be known from this very getter
        kind = type(api.tensor(np.ones(1, "float32"))).__module__.partition(".")[0]
        record.true(f"tensors are those of {name}", holds=kind.startswith(name), found=f"they come from {kind}")


@claim("config.backend-setter", "The backend has a setter for the engine.", "prose")
@on_early_keras(
    "backend/load_backend.py",
    "There never was one: Keras chooses the engine while it is imported, by its file or by KERAS_BACKEND.",
    "set_backend.*no such function",
    workaround=workarounds.CHOOSE_THEANO,
)
@known_issue(
    of="keras",
    until="2",
    cause="There never was one: Keras 2 inside TensorFlow has TensorFlow as its one engine.",
    source=f"{KERAS}/v2.15.0/keras/backend.py",
    symptom="set_backend.*no such function",
    workaround=workarounds.ASK,
)
@known_issue(
    of="keras",
    since="3.0",
    cause="There never was one: Keras 3 chooses the engine while it is imported.",
    source=f"{KERAS}/v3.15.1/keras/src/backend/config.py",
    symptom="set_backend.*no such function",
    workaround=workarounds.CHOOSE,
)
@detects(faults.engine_set_in_vain)
@tolerates(faults.defaults_set_again)
@fixed_by(faults.engine_can_be_set)
def backend_setter(tf: Any, record: Recorder) -> None:
    """Look for it, and see the getter follow it."""
    functions = api.backend_functions()
    there = callable(getattr(functions, "set_backend", None))
    record.true("set_backend", holds=there, found="there" if there else "no such function")
    for name in ("theano", "cntk"):
        functions.set_backend(name)
        record.equal("set_backend, then the getter", expected=name, actual=functions.backend())


# -- properties of the accessors


@extends(epsilon_accessors)
@detects(faults.coarse_epsilon, faults.deaf_setters)
@tolerates(faults.defaults_set_again)
def any_epsilon(tf: Any, record: Recorder) -> None:
    """Whatever number is set is the number that is read, to the last bit."""
    functions = api.backend_functions()

    @examples(60)
    @given(st.floats(min_value=0.0, max_value=1.0))
    def round_trip(value: float) -> None:
        local = Recorder()
        functions.set_epsilon(value)
        local.same_bits("epsilon", expected=value, actual=functions.epsilon())

    with source.kept():
        record.always("epsilon set is epsilon read", 60, round_trip)


@extends(floatx_accessors)
@detects(faults.narrow_setters, faults.deaf_setters)
@tolerates(faults.defaults_set_again)
def any_values(tf: Any, record: Recorder) -> None:
    """Any precision and any format, set in any order, are read back, and neither touches the other."""
    functions = api.backend_functions()

    @examples(40)
    @given(st.lists(st.sampled_from([*PRECISIONS, *FORMATS]), min_size=1, max_size=6))
    def round_trip(names: list[str]) -> None:
        local = Recorder()
        last = {"float": functions.floatx(), "channels": functions.image_data_format()}
        for name in names:
            kind = "float" if name in PRECISIONS else "channels"
            (functions.set_floatx if kind == "float" else functions.set_image_data_format)(name)
            last[kind] = name
        local.equal("precision", expected=last["float"], actual=functions.floatx())
        local.equal("format", expected=last["channels"], actual=functions.image_data_format())

    with source.kept():
        record.always("precision and format set are those read", 40, round_trip)


# -- what they do


@claim(
    "config.epsilon-fuzz",
    "Epsilon is a small floating-point number that keeps some operations from dividing by zero.",
    "prose",
)
@detects(faults.no_fuzz, faults.deaf_setters)
@tolerates(faults.defaults_set_again)
def epsilon_fuzz(tf: Any, record: Recorder) -> None:
    """Take the percentage error of a target of zero, which divides by that target."""
    functions = api.backend_functions()
    loss = source.percentage_error()
    zero, one = (api.tensor(np.full((1, 1), value, "float32")) for value in (0.0, 1.0))

    def error_of_zero() -> float:
        return float(api.array(loss(zero, one)))

    with source.kept():
        record.equal("type of epsilon", expected="float", actual=type(functions.epsilon()).__name__)
        record.close("100 * 1 / 1e-07", expected=1e9, actual=error_of_zero(), within=1e4)
        functions.set_epsilon(1e-3)
        record.close("100 * 1 / 1e-03", expected=1e5, actual=error_of_zero(), within=1.0)
        functions.set_epsilon(0.0)
        if api.release().backend == "cntk":
            # Its own division never is by zero.
            return
        record.equal("100 * 1 / 0, without epsilon", expected=float("inf"), actual=error_of_zero())


@claim(
    "config.set-floatx",
    "After the setter is given any of the three precisions, the first layer of a process makes weights of it.",
    "code",
)
@in_subprocess(*FIRST_LAYERS)
@detects(faults.deaf_setters, faults.narrow_setters)
@tolerates(faults.defaults_set_again)
def set_floatx(child: Any, record: Recorder) -> None:
    """Set each in a process of its own, and make layers of several kinds."""
    for name, weights in zip(PRECISIONS, child):
        record.equal(f"weights of the first layers after set_floatx('{name}')", expected=name, actual=weights)


@claim(
    "config.set-floatx-again",
    "Set again while a program runs, the precision is used from then on: later layers make weights of it.",
    "code",
)
@known_issue(
    cause="In Keras 3 the first layer fixes a dtype policy, after which the precision set is without effect on layers.",
    source=f"{KERAS}/v3.15.1/keras/src/dtype_policies/dtype_policy.py",
    symptom="weights after set_floatx.*float32, not float16",
    since="3.0",
    of="keras",
    workaround=chapter_workarounds.POLICY,
)
@detects(faults.deaf_setters, faults.narrow_setters)
@tolerates(faults.defaults_set_again)
@fixed_by(faults.floatx_sets_policy)
def set_floatx_again(tf: Any, record: Recorder) -> None:
    """Make layers, one after the other, each after another precision was set, a higher or a lower one."""
    functions = api.backend_functions()
    record.saw(f"policy before: a first layer's weights are {weights_of_layers(tf.keras.layers)}")
    with source.kept():
        for name in (*PRECISIONS, *PRECISIONS[::-1]):
            functions.set_floatx(name)
            weights = weights_of_layers(tf.keras.layers)
            record.equal(f"weights after set_floatx('{name}')", expected=name, actual=weights)
