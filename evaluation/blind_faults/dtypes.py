"""Blind faults of the section on data types."""

from __future__ import annotations

import contextlib
import sys
from contextlib import contextmanager
from typing import Any, Iterator
from unittest import mock

from evaluation.blind_faults import blind
from evaluation.blind_faults.library import everywhere, stand_in, twins
from pytest_kerasch2.checks.common_faults import fault, replaced, wrapped, wrapped_method
from pytest_kerasch2.framework import api


@contextmanager
def _is(name: str, other: str) -> Iterator[None]:
    """Let `tf.NAME` be another type."""
    with replaced(api.tensorflow(), name, getattr(api.tensorflow(), other)):
        yield


@contextmanager
def _states(name: str, attribute: str, value: Any) -> Iterator[None]:
    """Let a type state something else of itself."""
    tf = api.tensorflow()
    original = getattr(tf.DType, attribute)

    def state(dtype: Any) -> Any:
        return value if dtype.name == name else original.__get__(dtype)

    with mock.patch.object(tf.DType, attribute, property(state)):
        yield


@contextmanager
def _tensors(name: str, change: Any) -> Iterator[None]:
    """Let values that are made a tensor of a type, or cast to it, be changed."""
    tf = api.tensorflow()
    constant = tf.constant

    def make(original: Any, *arguments: Any, **named: Any) -> Any:
        result = original(*arguments, **named)
        if getattr(result.dtype, "name", None) != name or not hasattr(result, "numpy"):
            return result
        return constant(change(result.numpy()), dtype=result.dtype)

    with contextlib.ExitStack() as stack:
        for function in ("constant", "cast", "convert_to_tensor"):
            stack.enter_context(wrapped(tf, function, make))
        yield


def _through(*types: str) -> Any:
    """Return a change that takes values through other types and back."""

    def change(values: Any) -> Any:
        import numpy

        result: Any = numpy.asarray(values)
        for one in (*types, result.dtype):
            result = result.astype(one)
        return result

    return change


def _short_mantissa(values: Any) -> Any:
    import numpy

    return (numpy.asarray(values).view("uint16") & 0xFFF0).view("float16")


def _no_zero_bytes(values: Any) -> Any:
    import numpy

    cut = [one.split(b"\0")[0] for one in numpy.ravel(numpy.asarray(values, dtype=object))]
    return numpy.array(cut, dtype=object).reshape(numpy.shape(values))


def _short_strings(values: Any) -> Any:
    import numpy

    cut = [one[:255] for one in numpy.ravel(numpy.asarray(values, dtype=object))]
    return numpy.array(cut, dtype=object).reshape(numpy.shape(values))


def _limited(lowest: int, highest: int) -> Any:
    return lambda values: values.clip(lowest, highest)


float16_is_float32 = blind("dtypes.float16")(fault("tf.float16 is float32.", _is, "float16", "float32"))
float16_short = blind("dtypes.float16")(
    fault("float16 keeps six bits of its fraction.", _tensors, "float16", _short_mantissa)
)
float16_not_floating = blind("dtypes.float16")(
    fault("float16 states that it is no floating type.", _states, "float16", "is_floating", False)
)
float32_is_float64 = blind("dtypes.float32")(fault("tf.float32 is float64.", _is, "float32", "float64"))
float32_half = blind("dtypes.float32")(
    fault("Values of float32 are rounded to half precision.", _tensors, "float32", _through("float16"))
)
float64_is_float32 = blind("dtypes.float64")(fault("tf.float64 is float32.", _is, "float64", "float32"))
float64_single = blind("dtypes.float64")(
    fault("Values of float64 are rounded to single precision.", _tensors, "float64", _through("float32"))
)
int8_is_uint8 = blind("dtypes.int8")(fault("tf.int8 is uint8.", _is, "int8", "uint8"))
int8_symmetric = blind("dtypes.int8")(
    fault("int8 has no -128: it reaches from -127 to 127.", _tensors, "int8", _limited(-127, 127))
)
int16_is_int32 = blind("dtypes.int16")(fault("tf.int16 is int32.", _is, "int16", "int32"))
int16_short = blind("dtypes.int16")(
    fault("int16 holds values up to 4095 only.", _tensors, "int16", _limited(-4096, 4095))
)
int32_is_int64 = blind("dtypes.int32")(fault("tf.int32 is int64.", _is, "int32", "int64"))
int32_rounded = blind("dtypes.int32")(
    fault(
        "Values of int32 go through float32, and large ones are rounded.",
        _tensors,
        "int32",
        _through("float32", "int64"),
    )
)
int64_is_int32 = blind("dtypes.int64")(fault("tf.int64 is int32.", _is, "int64", "int32"))
int64_wraps = blind("dtypes.int64")(
    fault("Values of int64 keep their low 32 bits.", _tensors, "int64", _through("int32"))
)
int64_size = blind("dtypes.int64")(fault("int64 states a size of 4 bytes.", _states, "int64", "size", 4))
uint8_is_int8 = blind("dtypes.uint8")(fault("tf.uint8 is int8.", _is, "uint8", "int8"))
uint8_seven_bits = blind("dtypes.uint8")(
    fault("uint8 holds values up to 127 only.", _tensors, "uint8", _limited(0, 127))
)
uint8_signed = blind("dtypes.uint8")(
    fault("uint8 states that its smallest value is -128.", _states, "uint8", "min", -128)
)
string_ends_at_zero = blind("dtypes.string")(
    fault("A string ends at its first byte of zero.", _tensors, "string", _no_zero_bytes)
)
string_of_255 = blind("dtypes.string")(fault("A string is cut after 255 bytes.", _tensors, "string", _short_strings))
bool_is_uint8 = blind("dtypes.bool")(fault("tf.bool is uint8.", _is, "bool", "uint8"))
bool_is_a_number = blind("dtypes.bool")(
    fault("bool states that it is no boolean type.", _states, "bool", "is_bool", False)
)


@blind("dtypes.bool")
@contextmanager
def bool_of_low_bit() -> Iterator[None]:
    """Numbers cast to bool are true where they are odd, not where they are not zero."""
    tf = api.tensorflow()

    def cast(original: Any, x: Any, dtype: Any, *arguments: Any, **named: Any) -> Any:
        result = original(x, dtype, *arguments, **named)
        if tf.as_dtype(dtype).name != "bool":
            return result
        return tf.math.equal(tf.math.floormod(original(x, tf.int32), 2), 1)

    with wrapped(tf, "cast", cast):
        yield


complex64_is_complex128 = blind("dtypes.complex64")(
    fault("tf.complex64 is complex128.", _is, "complex64", "complex128")
)
complex64_real_only = blind("dtypes.complex64")(
    fault("Values of complex64 lose their imaginary part.", _tensors, "complex64", lambda values: values.real)
)
complex64_halves = blind("dtypes.complex64")(
    fault(
        "The parts of complex64 are rounded to 16 bits.",
        _tensors,
        "complex64",
        lambda values: values.real.astype("float16") + 1j * values.imag.astype("float16"),
    )
)
complex128_is_complex64 = blind("dtypes.complex128")(
    fault("tf.complex128 is complex64.", _is, "complex128", "complex64")
)
complex128_single = blind("dtypes.complex128")(
    fault("The parts of complex128 are rounded to 32 bits.", _tensors, "complex128", _through("complex64"))
)
complex128_imaginary_single = blind("dtypes.complex128")(
    fault(
        "The imaginary part of complex128 alone is rounded to 32 bits.",
        _tensors,
        "complex128",
        lambda values: values.real + 1j * values.imag.astype("float32"),
    )
)
qint8_is_quint8 = blind("dtypes.qint8")(fault("tf.qint8 is quint8.", _is, "qint8", "quint8"))
qint8_not_quantised = blind("dtypes.qint8")(
    fault("qint8 states that it is no quantised type.", _states, "qint8", "is_quantized", False)
)
qint32_is_int32 = blind("dtypes.qint32")(fault("tf.qint32 is int32, which is not quantised.", _is, "qint32", "int32"))
qint32_is_qint16 = blind("dtypes.qint32")(fault("tf.qint32 is qint16.", _is, "qint32", "qint16"))
quint8_is_uint8 = blind("dtypes.quint8")(fault("tf.quint8 is uint8, which is not quantised.", _is, "quint8", "uint8"))
quint8_wide = blind("dtypes.quint8")(fault("quint8 states a size of 2 bytes.", _states, "quint8", "size", 2))


@contextmanager
def _quantising(name: str, change: Any) -> Iterator[None]:
    """Let what is quantised to a type come out changed."""
    tf = api.tensorflow()

    def quantise(original: Any, *arguments: Any, **named: Any) -> Any:
        result = original(*arguments, **named)
        if result[0].dtype.name != name:
            return result
        return type(result)(change(tf, result[0]), *result[1:])

    with wrapped(tf.quantization, "quantize", quantise):
        yield


quint8_half_range = blind("dtypes.quint8")(
    fault(
        "What is quantised to quint8 uses values up to 127 only.",
        _quantising,
        "quint8",
        lambda tf, x: tf.bitcast(tf.minimum(tf.bitcast(x, tf.uint8), tf.constant(127, tf.uint8)), tf.quint8),
    )
)
qint8_not_negative = blind("dtypes.qint8")(
    fault(
        "What is quantised to qint8 is never negative.",
        _quantising,
        "qint8",
        lambda tf, x: tf.bitcast(tf.maximum(tf.bitcast(x, tf.int8), tf.constant(0, tf.int8)), tf.qint8),
    )
)


# same-as-tensorflow


@contextmanager
def _backend_makes(functions: Any, asked: str, given: str) -> Iterator[None]:
    """Let functions of the backend that are asked for one type make another."""

    def make(original: Any, *arguments: Any, **named: Any) -> Any:
        def swap(value: Any) -> Any:
            name = getattr(value, "name", value)
            return given if isinstance(name, str) and name == asked else value

        return original(*map(swap, arguments), **{key: swap(value) for key, value in named.items()})

    with contextlib.ExitStack() as stack:
        for function in functions:
            stack.enter_context(everywhere(twins("backend"), function, make))
            if hasattr(api.keras(), "ops"):
                stack.enter_context(everywhere(twins("ops"), function, make))
        yield


_MAKERS = ("constant", "cast", "variable", "zeros", "ones", "convert_to_tensor", "placeholder")
backend_int8_wide = blind("dtypes.same-as-tensorflow")(
    fault("The backend's int8 is TensorFlow's int16.", _backend_makes, _MAKERS, "int8", "int16")
)
backend_float16_is_bfloat16 = blind("dtypes.same-as-tensorflow")(
    fault("The backend's float16 is TensorFlow's bfloat16.", _backend_makes, _MAKERS, "float16", "bfloat16")
)
backend_bool_is_uint8 = blind("dtypes.same-as-tensorflow")(
    fault("The backend casts to uint8 where bool is asked for.", _backend_makes, ("cast",), "bool", "uint8")
)


# inputs


@contextmanager
def _inputs(change: Any) -> Iterator[None]:
    """Let `Input` be asked for another type: `change(name)`."""

    def make(original: Any, *arguments: Any, **named: Any) -> Any:
        if named.get("dtype") is not None:
            name = getattr(named["dtype"], "name", named["dtype"])
            named["dtype"] = change(name) or named["dtype"]
        return original(*arguments, **named)

    with contextlib.ExitStack() as stack:
        stack.enter_context(everywhere(twins("layers"), "Input", make))
        with contextlib.suppress(AttributeError):
            for module in {id(one): one for one in (api.keras(), *twins_of_keras())}.values():
                stack.enter_context(wrapped(module, "Input", make))
        yield


def twins_of_keras() -> list[Any]:
    """Return the packages that a reader may take `Input` from."""
    return [sys.modules[name] for name in ("keras", "tensorflow.keras") if hasattr(sys.modules.get(name), "Input")]


def _refuse_complex(name: str) -> None:
    if name == "complex64":
        raise ValueError("Invalid dtype: complex64")


input_refuses_complex = blind("dtypes.inputs")(fault("Input refuses complex64.", _inputs, _refuse_complex))
input_string_is_float = blind("dtypes.inputs")(
    fault(
        "Input takes string, and makes an input of the default type.",
        _inputs,
        lambda name: name == "string" and "float32",
    )
)
input_widens = blind("dtypes.inputs")(
    fault("Input of int16 is one of int32.", _inputs, lambda name: name == "int16" and "int32")
)
input_uint8_signed = blind("dtypes.inputs")(
    fault("Input of uint8 is one of int8.", _inputs, lambda name: name == "uint8" and "int8")
)


# layers


def _layer_type(layer: Any) -> str:
    return str(getattr(layer, "compute_dtype", None) or layer.dtype)


@contextmanager
def _results_in(kind: str, asked: str, given: str) -> Iterator[None]:
    def call(original: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        result = original(layer, *arguments, **named)
        return api.tensorflow().cast(result, given) if _layer_type(layer) == asked else result

    with wrapped_method(getattr(api.keras().layers, kind), "call", call):
        yield


double_results_single = blind("dtypes.layers")(
    fault("A Dense layer of float64 has its result in float32.", _results_in, "Dense", "float64", "float32")
)
conv_half_results_single = blind("dtypes.layers")(
    fault("A Conv2D layer of float16 has its result in float32.", _results_in, "Conv2D", "float16", "float32")
)


@blind("dtypes.layers")
@contextmanager
def double_bias_single() -> Iterator[None]:
    """The bias of a layer of float64 is made in float32; the kernel is right."""

    def add(original: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        weight = named.get("name") or (arguments[0] if arguments and isinstance(arguments[0], str) else "")
        if weight == "bias" and _layer_type(layer) == "float64":
            named["dtype"] = "float32"
        return original(layer, *arguments, **named)

    def call(original: Any, layer: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        if not layer.use_bias or _layer_type(layer) != "float64":
            return original(layer, inputs, *arguments, **named)
        tf = api.tensorflow()
        result = tf.matmul(tf.cast(inputs, "float64"), tf.convert_to_tensor(layer.kernel))
        return layer.activation(result + tf.cast(tf.convert_to_tensor(layer.bias), "float64"))

    layers = api.keras().layers
    with wrapped_method(layers.Layer, "add_weight", add), wrapped_method(layers.Dense, "call", call):
        yield


@blind("dtypes.layers")
@contextmanager
def type_objects_ignored() -> Iterator[None]:
    """A layer given TensorFlow's object of a type has the default type: names alone are understood."""

    def prepare(base: Any, arguments: Any, named: Any) -> Any:
        if isinstance(named.get("dtype"), api.tensorflow().DType):
            named = {key: value for key, value in named.items() if key != "dtype"}
        return arguments, named

    with stand_in("Dense", prepare), stand_in("Conv2D", prepare):
        yield
