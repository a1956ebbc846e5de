"""The table of data types, row by row, and whether Keras's types are TensorFlow's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_kerasch2.chapter.backend import faults as backend_faults
from pytest_kerasch2.chapter.dtypes import faults
from pytest_kerasch2.chapter.early_keras import on_early_keras
from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.checks.properties import examples
from pytest_kerasch2.claims.decorators import claim, detects, extends, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        name: the type is `tf.<name>`.
        kind: one of the words that `kind_of` gives.
        bits: the width of one value; None where the table gives none.
        sample: a value of it.
    """

    name: str
    kind: str
    bits: int | None
    sample: Any = 1

    @property
    def statement(self) -> str:
        """Return the row as a sentence of ours."""
        width = "" if self.bits is None else f"{self.bits}-bit "
        parts = "" if self.bits is None else f", two floats of {self.bits // 2} bits each"
        described = {
            "string": "an array of bytes of any length",
            "bool": "a boolean",
            "complex": f"a {width}complex number{parts}",
        }
        return f"tf.{self.name} is {described.get(self.kind, f'a {width}{self.kind} number')}."


ROWS = (
    Row("float16", "floating", 16),
    Row("float32", "floating", 32),
    Row("float64", "floating", 64),
    Row("int8", "signed integer", 8),
    Row("int16", "signed integer", 16),
    Row("int32", "signed integer", 32),
    Row("int64", "signed integer", 64),
    Row("uint8", "unsigned integer", 8),
    Row("string", "string", None, "text"),
    Row("bool", "bool", None, True),
    Row("complex64", "complex", 64),
    Row("complex128", "complex", 128),
    Row("qint8", "quantised signed integer", 8),
    Row("qint32", "quantised signed integer", 32),
    Row("quint8", "quantised unsigned integer", 8),
)


def kind_of(dtype: Any) -> str:
    """Return the kind of a TensorFlow type in words, from what TensorFlow says of it."""
    import numpy

    properties = {
        "floating": dtype.is_floating,
        "complex": dtype.is_complex,
        "bool": dtype.is_bool,
        "string": dtype.name == "string",
    }
    for word, is_so in properties.items():
        if is_so:
            return word
    if dtype.is_quantized:
        # A quantised type is stored as a NumPy record with one whole number
        signed = numpy.dtype(dtype.as_numpy_dtype)[0].kind == "i"
        return f"quantised {'signed' if signed else 'unsigned'} integer"
    return "unsigned integer" if dtype.is_unsigned else "signed integer" if dtype.is_integer else "something else"


# -- what values of each kind show


def _floats(tf: Any, row: Row, dtype: Any, record: Recorder) -> None:
    import numpy

    fraction = {16: 10, 32: 23, 64: 52}[row.bits or 0]
    step = 2.0**-fraction
    values = tf.constant([1.0 + step, 1.0 + step / 2], dtype=dtype).numpy().astype(numpy.float64)
    record.equal(f"smallest step above 1: 2 ** -{fraction}", expected=step, actual=float(values[0] - 1.0))
    record.equal("half that step is lost", expected=1.0, actual=float(values[1]))


def _integers(tf: Any, row: Row, dtype: Any, record: Recorder) -> None:
    bits = row.bits or 0
    low, high = (0, 2**bits - 1) if row.kind.startswith("unsigned") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    held = [int(value) for value in tf.constant([low, high], dtype=dtype).numpy()]
    record.equal("smallest and largest value", expected=[low, high], actual=held)
    record.equal("its own account of them", expected=[low, high], actual=[int(dtype.min), int(dtype.max)])


def _complex(tf: Any, row: Row, dtype: Any, record: Recorder) -> None:
    number = tf.constant(3 - 4j, dtype=dtype)
    for part, function, value in (("real", tf.math.real, 3.0), ("imaginary", tf.math.imag, -4.0)):
        component = function(number)
        record.equal(f"type of the {part} part", expected=f"float{(row.bits or 0) // 2}", actual=component.dtype.name)
        record.equal(f"the {part} part of 3 - 4j", expected=value, actual=float(component))
    step = 2.0 ** -{64: 23, 128: 52}[row.bits or 0]
    for part, function, unit in (("real", tf.math.real, 1), ("imaginary", tf.math.imag, 1j)):
        values = function(tf.constant([unit * (1 + step), unit * (1 + step / 2)], dtype=dtype)).numpy()
        rests = [float(value) - 1.0 for value in values]
        record.equal(f"steps of one and one half above 1, {part} part", expected=[step, 0.0], actual=rests)


def _strings(tf: Any, row: Row, dtype: Any, record: Recorder) -> None:
    texts = [b"", b"a", b"\x00\xff", b"z" * 1000]
    constant = tf.constant(texts, dtype=dtype)
    lengths = tf.strings.length(constant).numpy().tolist()
    record.equal("lengths of four in one tensor", expected=[0, 1, 2, 1000], actual=lengths)
    record.true("their bytes come back", holds=constant.numpy().tolist() == texts, found=constant.numpy().tolist()[:3])


def _booleans(tf: Any, row: Row, dtype: Any, record: Recorder) -> None:
    constant = tf.constant([True, False], dtype=dtype)
    record.equal("values", expected=[True, False], actual=constant.numpy().tolist())
    record.equal("not", expected=[False, True], actual=tf.logical_not(constant).numpy().tolist())
    cast = tf.cast([0, 1, 2, -3, 256], dtype).numpy().tolist()
    record.equal("whole numbers, true unless they are zero", expected=[False, True, True, True, True], actual=cast)
    record.equal("as numbers", expected=[1, 0], actual=tf.cast(constant, tf.int32).numpy().tolist())


def _quantised(tf: Any, row: Row, dtype: Any, record: Recorder) -> None:
    values = [-1.0, 0.0, 0.5]
    stored, low, high = tf.quantization.quantize(values, -1.0, 1.0, dtype)
    record.equal("type of a quantised tensor", expected=row.name, actual=stored.dtype.name)
    back = tf.quantization.dequantize(stored, low, high).numpy()
    for value, restored in zip(values, back):
        record.close(f"{value} quantised and back", expected=value, actual=round(float(restored), 6), within=2 / 2**8)


_LOOKS: dict[str, Callable[[Any, Row, Any, Recorder], None]] = {
    "floating": _floats,
    "signed integer": _integers,
    "unsigned integer": _integers,
    "complex": _complex,
    "string": _strings,
    "bool": _booleans,
    "quantised signed integer": _quantised,
    "quantised unsigned integer": _quantised,
}


def _check_of(row: Row) -> Callable[[Any, Recorder], None]:
    @claim(f"dtypes.{row.name}", row.statement, "table")
    @detects(faults.types_exchanged)
    @tolerates(faults.types_looked_up)
    def look(tf: Any, record: Recorder) -> None:
        dtype: Any = getattr(tf, row.name, None)
        name = getattr(dtype, "name", "nothing of this name")
        record.equal(f"tf.{row.name}", expected=row.name, actual=name)
        record.equal("kind", expected=row.kind, actual=kind_of(dtype))
        if row.bits is not None:
            record.equal("bits of one value", expected=row.bits, actual=8 * dtype.size)
        _LOOKS[row.kind](tf, row, dtype, record)

    look.__name__ = look.__qualname__ = f"row_{row.name}"
    look.__doc__ = f"Look at the row of {row.name}."
    return look


# One claim for each row of the table, under a name by which it can be selected
globals().update({f"row_{row.name}": _check_of(row) for row in ROWS})


# -- Keras's types are TensorFlow's


@claim("dtypes.same-as-tensorflow", "The types of Keras's backend are those of TensorFlow.", "prose")
@detects(backend_faults.constant_without_dtype)
@tolerates(common_faults.other_seed)
def same_as_tensorflow(tf: Any, record: Recorder) -> None:
    """Make a constant of each row's type by its name, and compare with TensorFlow's object."""
    api.require_tensorflow("That the types are TensorFlow's")
    functions = api.backend_functions()
    for row in ROWS:
        make = partial(functions.constant, [row.sample], dtype=row.name)
        constant = record.runs(f"a constant of {row.name}", make)
        record.equal("its type for TensorFlow", expected=getattr(tf, row.name).name, actual=constant.dtype.name)
        record.equal("its type for Keras", expected=row.name, actual=functions.dtype(constant))
        if row.kind != "string" and not row.kind.startswith("quantised"):
            cast = record.runs(f"a cast to {row.name}", partial(functions.cast, np.ones(2, "float32"), row.name))
            record.equal("its type for TensorFlow", expected=getattr(tf, row.name).name, actual=cast.dtype.name)
    record.equal("the default precision", expected=tf.float32.name, actual=tf.as_dtype(functions.floatx()).name)


@claim("dtypes.inputs", "Keras takes each type of the table, for instance for an input.", "prose")
@known_issue(
    cause="The first Keras 3 has neither the complex types nor the quantised ones in its list of types.",
    source="https://github.com/keras-team/keras/blob/v3.5.0/keras/src/backend/common/dtypes.py",
    symptom="an input of complex64: ValueError",
    since="3.0",
    until="3.5",
    of="keras",
)
@known_issue(
    cause="Keras 3 keeps a list of types of its own, in which the quantised ones are not.",
    source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/backend/common/variables.py",
    symptom="an input of qint8: ValueError",
    since="3.0",
    of="keras",
)
@detects(faults.inputs_of_float32)
@tolerates(common_faults.other_seed)
@fixed_by(faults.inputs_of_any_type)
def inputs(tf: Any, record: Recorder) -> None:
    """Make an input of each."""
    api.require_eager("That each of TensorFlow's types can be an input's")
    for row in ROWS:
        tensor = record.runs(f"an input of {row.name}", partial(tf.keras.Input, shape=(2,), dtype=row.name))
        record.equal("its type", expected=row.name, actual=api.dtype_name(tensor.dtype))


@claim(
    "dtypes.layers",
    "A layer given one of the floating types, by name or as TensorFlow's object, has its weights and result in it.",
    "prose",
)
@known_issue(
    of="keras",
    since="3.0",
    backends=("jax",),
    cause="JAX makes no numbers of 64 bits unless it is told to: a layer of float64 gives results of float32.",
    source="https://docs.jax.dev/en/latest/default_dtypes.html",
    symptom="layer of float64: .*, not",
)
@on_early_keras(
    "https://github.com/keras-team/keras/blob/2.2.4/keras/engine/base_layer.py",
    "Keras 2.2 makes the weights of a layer in the precision that is set, whatever type the layer was given.",
    "different DataTypes 'Float' and 'Float16'",
    until="2.2",
)
@fixed_by(faults.wide_numbers)
@detects(faults.results_of_float32)
@tolerates(common_faults.zero_weights)
def layers(tf: Any, record: Recorder) -> None:
    """Make a layer of each, both ways; without TensorFlow by name, before its objects are asked for."""
    for name in ("float16", "float32", "float64"):
        for given_ in (name, getattr(tf, name)) if api.runs_on_tensorflow() else (name,):
            layer = tf.keras.layers.Dense(2, dtype=given_)
            result = api.call(layer, np.ones((1, 3), name))
            dtypes = [api.dtype_name(one.dtype) for one in (layer.kernel, layer.bias, result)]
            record.equal(f"kernel, bias and result of a layer of {name}", expected=[name] * 3, actual=dtypes)
            if api.runs_on_tensorflow():
                # torch has no convolution of float16 on every processor
                layer = tf.keras.layers.Conv2D(2, 2, dtype=given_)
                result = api.call(layer, np.ones((1, 3, 3, 2), name))
                dtypes = [api.dtype_name(one.dtype) for one in (layer.kernel, layer.bias, result)]
                record.equal(f"the same of a convolution of {name}", expected=[name] * 3, actual=dtypes)
    api.require_tensorflow("A type given as TensorFlow's object")


def _policies(tf: Any) -> dict[str, tuple[Any, str, str]]:
    """Return by name the policies of this release, each with the type it computes in and that of its weights."""
    room = tf.keras.mixed_precision
    kind = getattr(room, "Policy", None) or room.experimental.Policy
    policies = {}
    for name in ("float16", "float32", "float64", "mixed_float16"):
        computed, kept = ("float16", "float32") if name.startswith("mixed") else (name, name)
        try:
            policies[name] = (kind(name), computed, kept)
        except (TypeError, ValueError):  # TensorFlow 2.0 has no mixed policy of this name
            continue
    return policies


@extends(layers)
@known_issue(
    of="keras",
    since="3.0",
    backends=("jax",),
    cause="JAX makes no numbers of 64 bits unless it is told to: a layer of float64 gives results of float32.",
    source="https://docs.jax.dev/en/latest/default_dtypes.html",
    symptom="under float64 is not as claimed: float32",
)
@fixed_by(faults.wide_numbers)
@detects(faults.results_of_float32)
@tolerates(common_faults.zero_weights)
def any_policy(tf: Any, record: Recorder) -> None:
    """Policy in, types out: a plain one is weights and result; a mixed one computes in float16 and keeps float32."""
    api.require_eager("A dtype policy")
    policies = _policies(tf)
    record.saw(f"policies of this release: {', '.join(sorted(policies))}")
    kinds = st.sampled_from(["Dense", "Conv1D", "Flatten", "Activation"])
    sizes = st.integers(min_value=1, max_value=4)

    @examples(25)
    @given(st.sampled_from(sorted(policies)), kinds, sizes)
    def types(name: str, kind: str, size: int) -> None:
        local = Recorder()
        policy, computed, kept = policies[name]
        arguments = {"Dense": (size,), "Conv1D": (size, 1), "Activation": ("relu",)}.get(kind, ())
        layer = getattr(tf.keras.layers, kind)(*arguments, dtype=policy)
        result = layer(api.tensor(np.ones((1, 2, size), computed)))
        local.equal(f"result of {kind} under {name}", expected=computed, actual=api.dtype_name(result.dtype))
        for weight in layer.weights:
            local.equal(f"weight of {kind} under {name}", expected=kept, actual=api.dtype_name(weight.dtype))

    record.always("policy in, types out", 25, types)
