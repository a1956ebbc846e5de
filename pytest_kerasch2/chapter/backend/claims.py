"""The backend: its import, its engines, its low-level functions, and `constant`."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy
from hypothesis import given
from hypothesis import strategies as st

from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.chapter.backend import faults
from pytest_kerasch2.chapter.configuration import engine_faults
from pytest_kerasch2.chapter.configuration import faults as configuration_faults
from pytest_kerasch2.chapter.configuration import workarounds as configuration_workarounds
from pytest_kerasch2.chapter.configuration.observations import ENGINE, FIRST_USE
from pytest_kerasch2.chapter.configuration.source import kept
from pytest_kerasch2.chapter.early_keras import CNTK, on_early_keras
from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.checks.captured import value as value_of
from pytest_kerasch2.checks.properties import examples
from pytest_kerasch2.claims.decorators import claim, detects, extends, fixed_by, in_subprocess, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.errors import Inconclusive
from pytest_kerasch2.framework import api

VALUES = [[42, 24], [11, 99]]
_TYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8")
TENSORFLOW = "https://github.com/tensorflow/tensorflow/blob"
_TWO_KERAS = (
    "With tf_keras as tf.keras, the package keras is Keras 3: its keras.backend has settings of its own, no constant()."
)
_WITHOUT_KERAS = "TensorFlow before 2.5 does not bring the package keras: with TensorFlow alone there is none."


# Stands above each check of `constant`
no_constant = known_issue(
    of="keras",
    since="3.0",
    backends=("jax", "torch"),
    cause="keras.backend of Keras 3 has settings only; `constant` is left in tf.keras.backend, which is TensorFlow's.",
    source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/legacy/backend.py",
    symptom="has no attribute 'constant'",
    workaround=chapter_workarounds.CONSTANT,
)


def example(tf: Any) -> Any:
    """Return the constant of the chapter's example."""
    float16 = tf.float16 if api.runs_on_tensorflow() else "float16"
    return api.backend_functions().constant(VALUES, dtype=float16, shape=[2, 2])


# -- the import, the engines, the operations


@claim("backend.import-tensorflow", "The backend can be imported from tensorflow.keras.", "code")
@detects(faults.constant_lost)
@tolerates(common_faults.other_seed)
def import_tensorflow(tf: Any, record: Recorder) -> None:
    """Run the line, and use what it binds."""
    names: dict[str, Any] = {}

    line = "from tensorflow.keras import backend as K"
    api.require_tensorflow(f"`{line}`")
    record.runs(line, lambda: exec(line, names))

    constant = record.runs("K.constant(1.0)", lambda: names["K"].constant(1.0))
    record.equal("its value", expected=1.0, actual=float(constant))


@claim("backend.import-keras", "The backend is imported by `from keras import backend`.", "code")
@known_issue(
    cause=_WITHOUT_KERAS,
    source=f"{TENSORFLOW}/v2.4.0/tensorflow/tools/pip_package/setup.py",
    symptom="No module named 'keras'",
    until="2.4",
    workaround=chapter_workarounds.BACKEND,
)
@known_issue(
    cause="TensorFlow 2.5 brings a keras beside its own tf.keras: two backends, each with values of its own.",
    source=f"{TENSORFLOW}/v2.5.0/tensorflow/tools/pip_package/setup.py",
    symptom="epsilon set in tensorflow.keras, read in keras: 1e-07",
    since="2.5",
    until="2.5",
    workaround=chapter_workarounds.BACKEND,
)
@known_issue(
    cause=_TWO_KERAS,
    source=f"{TENSORFLOW}/v2.16.1/tensorflow/python/util/lazy_loader.py",
    symptom="epsilon set in tensorflow.keras, read in keras: 1e-07",
    since="2.16",
    until="2",
    of="keras",
    workaround=chapter_workarounds.BACKEND,
)
@in_subprocess(FIRST_USE)
@detects(faults.keras_alone_lost)
@tolerates(configuration_faults.writes_compactly)
@fixed_by(faults.keras_alone_is_ours)
def import_keras(child: Any, record: Recorder) -> None:
    """Run the line where TensorFlow alone was installed, and see whether it is the backend of tensorflow.keras."""
    observed = value_of(record, "from keras import backend as K", child["alone"])
    what = f"epsilon set in {child['package']}, read in keras"
    record.equal(what, expected=0.125, actual=observed["epsilon"])


@claim("backend.import-keras-constant", "The backend imported from keras has the function constant.", "code")
@known_issue(
    cause=_WITHOUT_KERAS,
    source=f"{TENSORFLOW}/v2.4.0/tensorflow/tools/pip_package/setup.py",
    symptom="No module named 'keras'",
    until="2.4",
    workaround=chapter_workarounds.BACKEND_CONSTANT,
)
@known_issue(
    cause="In Keras 3 keras.backend has settings only; `constant` is left in tf.keras.backend, deprecated.",
    source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/legacy/backend.py",
    symptom="has no attribute 'constant'",
    since="3.0",
    of="keras",
    workaround=chapter_workarounds.CONSTANT,
)
@known_issue(
    cause=_TWO_KERAS,
    source=f"{TENSORFLOW}/v2.16.1/tensorflow/python/util/lazy_loader.py",
    symptom="has no attribute 'constant'",
    since="2.16",
    until="2",
    of="keras",
    workaround=chapter_workarounds.BACKEND_CONSTANT,
)
@in_subprocess(FIRST_USE)
@detects(faults.keras_alone_lost)
@tolerates(configuration_faults.writes_compactly)
@fixed_by(faults.keras_alone_is_ours)
def import_keras_constant(child: Any, record: Recorder) -> None:
    """Make the chapter's constant with it."""
    values = value_of(record, "K.constant, K from keras", child["alone_constant"])
    record.equal("values", expected=VALUES, actual=values)


@claim("backend.other-engines", "Keras is a library of models that can run on another engine than TensorFlow.", "prose")
@known_issue(
    cause="Keras 2 inside TensorFlow has TensorFlow as its one engine; KERAS_BACKEND, too, is never read.",
    source="https://github.com/keras-team/keras/blob/v2.15.0/keras/backend.py",
    symptom="engine under KERAS_BACKEND=numpy: tensorflow, not numpy",
    until="2",
    of="keras",
    backends=("tensorflow",),
    workaround=configuration_workarounds.ASK,
)
@in_subprocess(ENGINE)
@detects(engine_faults.no_other_engine)
@tolerates(configuration_faults.unknown_key)
@fixed_by(engine_faults.every_engine_there)
def other_engines(child: Any, record: Recorder) -> None:
    """Ask for the engine that needs the least, NumPy, or for the one that this run is on, and compute a layer on it."""
    answer = child["variable"]
    other = answer["other"]
    record.equal(f"engine under KERAS_BACKEND={other}", expected=other, actual=answer["chosen"])
    missing = re.match(r"ModuleNotFoundError: No module named '(?!keras)(\w+)'", answer["error"] or "")
    if missing:
        what = f"Keras offers the engine {other}, which needs {missing.group(1)}"
        raise Inconclusive(what, answer["error"], f"pip install {missing.group(1)}")
    record.equal("import of Keras on it", expected="runs", actual=answer["error"] or "runs")
    if "model" in answer:
        model = value_of(record, "a model on it", answer["model"])
        record.matches("type of what the model gives", pattern=f"^{other}", actual=model["type"])
        record.equal("a layer of ones on three ones", expected=[[3.0]], actual=model["values"])
        record.equal("what it predicts for two rows", expected=[[3.0], [3.0]], actual=model["predicted"])


@claim(
    "backend.low-level",
    "The engine does low-level operations for Keras, such as products of tensors and convolutions.",
    "prose",
)
@detects(faults.products_added)
@tolerates(common_faults.other_seed)
def low_level(tf: Any, record: Recorder) -> None:
    """Do one of each, of whole numbers, which are summed without error; on TensorFlow look at who does a layer's."""
    functions = faults.operations()
    drawn = numpy.random.RandomState(7)
    one, other, image, kernel = (
        drawn.randint(-9, 9, shape).astype("float32") for shape in ((3, 4), (4, 2), (1, 5, 4, 2), (3, 3, 2, 3))
    )
    product = functions.dot(api.tensor(one), api.tensor(other))
    record.equal("a product, 3 x 4 by 4 x 2", expected=(one @ other).tolist(), actual=api.array(product).tolist())
    # Theano turns the kernel round, as the word convolution means it.
    lying = kernel[::-1, ::-1] if api.release().backend == "theano" else kernel
    convolve = functions.conv2d if hasattr(functions, "conv2d") else functions.conv
    for padding, edge in (("valid", 0), ("same", 1)):
        how = {"kernel": api.tensor(kernel), "data_format": "channels_last", "padding": padding}
        convolved = api.array(api.call(convolve, api.tensor(image), **how))[0]
        expected = _convolved(numpy.pad(image[0], ((edge, edge), (edge, edge), (0, 0)), mode="constant"), lying)
        record.equal(f"a convolution, {padding}", expected=expected.tolist(), actual=convolved.tolist())
    if api.runs_on_tensorflow():
        for layer, item, operation in (
            (tf.keras.layers.Dense(2), (4,), "MatMul"),
            (tf.keras.layers.Conv2D(2, 3), (5, 4, 2), "Conv2D"),
        ):
            what = f"operations of TensorFlow in a layer {type(layer).__name__}"
            record.contains(what, expected=operation, actual=_operations_of(tf, layer, (3, *item)))


def _convolved(image: Any, kernel: Any) -> Any:
    """Return what a window of the kernel's size sums up at each place of an image, with the kernel as it lies."""
    height, width = (size - of + 1 for size, of in zip(image.shape[:2], kernel.shape[:2]))
    windows = [
        [image[row : row + kernel.shape[0], column : column + kernel.shape[1]] for column in range(width)]
        for row in range(height)
    ]
    return numpy.tensordot(numpy.array(windows), kernel, axes=3)


def _operations_of(tf: Any, layer: Any, shape: tuple[int, ...]) -> list[str]:
    layer.build(shape)
    traced = tf.function(lambda inputs: layer(inputs)).get_concrete_function(tf.TensorSpec(shape, tf.float32))
    return sorted({operation.type for operation in traced.graph.get_operations()})


# -- constant


@claim(
    "backend.constant-signature", "constant takes value, dtype=None, shape=None and name=None, in this order.", "code"
)
@no_constant
@fixed_by(faults.constant_there)
@detects(faults.constant_with_other_arguments)
@tolerates(faults.constant_documented)
def constant_signature(tf: Any, record: Recorder) -> None:
    """Read the signature."""
    signature = inspect.signature(api.backend_functions().constant)
    record.equal("signature", expected="(value, dtype=None, shape=None, name=None)", actual=str(signature))


@claim(
    "backend.constant-example",
    "The example gives a constant of the four values, of type float16 and of shape 2 x 2.",
    "code",
)
@no_constant
@fixed_by(faults.constant_there)
@detects(faults.constant_transposed, faults.constant_without_dtype)
@tolerates(faults.constant_of_array)
def constant_example(tf: Any, record: Recorder) -> None:
    """Make it."""
    const = example(tf)
    record.equal("values", expected=[[42.0, 24.0], [11.0, 99.0]], actual=api.array(const).tolist())
    record.equal("dtype", expected="float16", actual=api.dtype_name(const.dtype))
    record.equal("shape", expected=(2, 2), actual=tuple(api.array(const).shape))


@claim("backend.constant-dtype", "dtype is the type of the tensor made; without it, the precision set.", "prose")
@no_constant
@on_early_keras(
    CNTK,
    "On CNTK constants and variables are made of the three floating types alone.",
    'data type "int32" is not supported',
    backends=("cntk",),
)
@fixed_by(faults.constant_there)
@detects(faults.constant_without_dtype)
@tolerates(faults.constant_of_array)
def constant_dtype(tf: Any, record: Recorder) -> None:
    """Name types, and name none."""
    functions = api.backend_functions()
    objects = (tf.float64, "int32", tf.uint8) if api.runs_on_tensorflow() else ("float64", "int32", "uint8")
    for dtype in objects:
        dtype_name = api.dtype_name(functions.constant([[1, 2]], dtype=dtype).dtype)
        record.equal("dtype given is the dtype made", expected=api.dtype_name(dtype), actual=dtype_name)
    for name in _TYPES:
        dtype_name = api.dtype_name(functions.constant([[1, 2]], dtype=name).dtype)
        record.equal("dtype given by name is the dtype made", expected=name, actual=dtype_name)
    with kept():
        functions.set_floatx("float16")
        dtype_name = api.dtype_name(functions.constant([[1, 2]]).dtype)
        record.equal("no dtype, precision float16", expected="float16", actual=dtype_name)


@claim("backend.constant-shape", "shape is the shape of the tensor made, which one value can fill.", "prose")
@no_constant
@on_early_keras(
    CNTK,
    "On CNTK a constant's values are multiplied with ones of the shape, so four values do not fit 2 x 2.",
    "ValueError: operands could not be broadcast",
    backends=("cntk",),
)
@fixed_by(faults.constant_there)
@detects(faults.constant_without_shape)
@tolerates(faults.constant_of_array)
def constant_shape(tf: Any, record: Recorder) -> None:
    """Fill a shape with one value; lay out a list in a shape; name no shape."""
    functions = api.backend_functions()
    filled = functions.constant(7, shape=[2, 3])
    record.equal("7 in shape 2 x 3", expected=[[7.0] * 3] * 2, actual=api.array(filled).tolist())
    laid = functions.constant([1, 2, 3, 4], shape=[2, 2])
    unshaped = functions.constant([1, 2, 3, 4])
    record.equal("shape of four values without shape", expected=(4,), actual=tuple(api.array(unshaped).shape))
    record.equal("four values in shape 2 x 2", expected=[[1.0, 2.0], [3.0, 4.0]], actual=api.array(laid).tolist())


@claim("backend.constant-name", "name is an optional name of the constant.", "prose")
@no_constant
@fixed_by(faults.constant_there)
@detects(faults.constant_without_name)
@tolerates(faults.constant_of_array)
def constant_name(tf: Any, record: Recorder) -> None:
    """Return one and none, in a graph, where tensors have names; eagerly it is taken and not needed."""
    functions = api.backend_functions()
    eager = record.runs("a name, eagerly", lambda: functions.constant(1.0, name="mine"))
    record.equal("value of the eager constant", expected=1.0, actual=float(api.array(eager)))
    if not api.runs_eagerly():
        # All that Keras makes there is part of a graph. Theano keeps one object for equal constants, with the first
        # one's name, hence a number that none has had.
        constant = functions.constant(numpy.random.RandomState().random_sample(), name="mine")
        record.contains("its name", expected="mine", actual=str(constant.name))
        return
    with tf.Graph().as_default():
        record.equal("a name, in a graph", expected="mine:0", actual=functions.constant(1.0, name="mine").name)
        unnamed = record.runs("no name, in a graph", lambda: functions.constant(1.0))
        record.equal("no name, in a graph", expected="Const:0", actual=unnamed.name)


@extends(constant_example)
@no_constant
@fixed_by(faults.constant_there)
@detects(faults.constant_transposed, faults.constant_without_dtype, faults.constant_without_shape)
@tolerates(faults.constant_of_array)
def any_constant(tf: Any, record: Recorder) -> None:
    """Values, type and shape in are values, type and shape out; a single value fills the shape."""
    functions = api.backend_functions()
    # CNTK has no integers, and ends the process over an array without values.
    on_cntk = api.release().backend == "cntk"
    shapes = st.lists(st.integers(min_value=int(on_cntk), max_value=4), max_size=3)
    types = _TYPES[:3] if on_cntk else _TYPES

    @examples(60)
    @given(shapes, st.sampled_from(types), st.booleans(), st.integers(min_value=1, max_value=100))
    def in_is_out(shape: list[int], dtype: str, single: bool, first: int) -> None:
        local = Recorder()
        count = int(numpy.prod(shape, dtype=int))
        expected = (numpy.arange(count) % 27 + first).reshape(shape).astype(dtype)
        if single:
            expected = numpy.full(shape, first, dtype=dtype)
        constant = functions.constant(first if single else expected.tolist(), dtype=dtype, shape=shape)
        local.same_bits("constant", expected=expected, actual=api.array(constant))
        local.equal("dtype", expected=dtype, actual=api.dtype_name(constant.dtype))

    record.always("constant keeps values, type and shape", 60, in_is_out)
