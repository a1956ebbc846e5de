"""Blind faults of the section on the backend."""

from __future__ import annotations

import contextlib
import functools
import importlib
import re
import sys
import types
from contextlib import contextmanager
from typing import Any, Iterator
from unittest import mock

from evaluation.blind_faults import blind
from evaluation.blind_faults.library import after_import, everywhere, twins, without
from pytest_kerasch2.checks.common_faults import fault, replaced, wrapped, wrapped_method
from pytest_kerasch2.framework import api, packages


@contextmanager
def _without_backend(parent: str) -> Iterator[None]:
    """Let `from PARENT import backend` fail."""
    module = importlib.import_module(parent)
    names = {f"{parent}.backend", f"{module.__name__}.backend"}
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.dict(sys.modules, dict.fromkeys(names)))
        for one in {id(found): found for found in (module, *_as_attribute(parent))}.values():
            if hasattr(one, "backend"):
                stack.enter_context(mock.patch.object(one, "backend"))
                delattr(one, "backend")
        yield


@contextmanager
def _backend_is(parent: str, value: Any) -> Iterator[None]:
    """Let `from PARENT import backend` give another module."""
    module = importlib.import_module(parent)
    with contextlib.ExitStack() as stack:
        for one in {id(found): found for found in (module, *_as_attribute(parent))}.values():
            stack.enter_context(replaced(one, "backend", value))
        yield


def _as_attribute(parent: str) -> list[Any]:
    return [api.keras()] if parent == "tensorflow.keras" else []


no_tf_backend = blind("backend.import-tensorflow")(
    fault("tensorflow.keras has no backend.", _without_backend, "tensorflow.keras")
)
tf_backend_is_utils = blind("backend.import-tensorflow")(
    fault(
        "The backend of tensorflow.keras is the module of its utilities.",
        lambda: _backend_is("tensorflow.keras", api.keras().utils),
    )
)
tf_backend_is_empty = blind("backend.import-tensorflow")(
    fault(
        "The backend of tensorflow.keras is a placeholder with nothing in it.",
        _backend_is,
        "tensorflow.keras",
        types.ModuleType("backend"),
    )
)
no_keras_backend = blind("backend.import-keras")(fault("keras has no backend.", _without_backend, "keras"))
keras_backend_is_empty = blind("backend.import-keras")(
    fault(
        "The backend of keras is a placeholder with nothing in it.", _backend_is, "keras", types.ModuleType("backend")
    )
)
keras_backend_is_none = blind("backend.import-keras")(
    fault("The backend of keras is None.", _backend_is, "keras", None)
)


@contextmanager
def _keras_constant(change: Any) -> Iterator[None]:
    module = importlib.import_module("keras").backend
    with contextlib.ExitStack() as stack:
        if hasattr(module, "constant"):
            stack.enter_context(wrapped(module, "constant", change))
        yield


@blind("backend.import-keras-constant")
@contextmanager
def keras_without_constant() -> Iterator[None]:
    """The backend of keras has no constant, that of tf.keras has."""
    module = importlib.import_module("keras").backend
    with without(module, "constant") if hasattr(module, "constant") else contextlib.nullcontext():
        yield


def _nothing(original: Any, *arguments: Any, **named: Any) -> None:
    return None


keras_constant_gives_nothing = blind("backend.import-keras-constant")(
    fault("constant of keras's backend gives nothing.", _keras_constant, _nothing)
)


# many functions

_SETTINGS = ("backend", "clear_", "epsilon", "floatx", "get_uid", "image_data_format", "reset_uids", "set_")


def _backend_rooms() -> list[Any]:
    """Return the modules in which readers find the backend's functions; not one that Keras itself works with."""
    own = getattr(sys.modules.get("keras.engine.base_layer"), "K", None)
    rooms = [room for room in twins("backend") if room is not own]
    behind = [getattr(room, "_tfmw_wrapped_module", None) for room in rooms]
    return list({id(room): room for room in (*rooms, *behind) if room is not None}.values())


def _functions(room: Any) -> list[str]:
    """Return the public functions of a module, but for its settings, in the order of the alphabet."""
    found = sorted(name for name, value in vars(room).items() if callable(value) and not name.startswith("_"))
    return [name for name in found if not name.startswith(_SETTINGS)]


@blind("backend.many-functions")
@contextmanager
def ninety_nine_functions() -> Iterator[None]:
    """The backend has 99 functions: the last ones of the alphabet are gone."""
    with contextlib.ExitStack() as stack:
        for room in _backend_rooms():
            total = sum(callable(value) for name, value in vars(room).items() if not name.startswith("_"))
            for name in _functions(room)[::-1][: max(0, total - 99)]:
                stack.enter_context(without(room, name))
        yield


@contextmanager
def _half_of_the_functions(change: Any) -> Iterator[None]:
    """Replace each second function of the backend by `change(it, the one before it in the alphabet)`."""
    with contextlib.ExitStack() as stack:
        for room in _backend_rooms():
            names = _functions(room)
            functions = [getattr(room, name) for name in names]
            for index in range(1, len(names), 2):
                other = change(functions[index], functions[index - 1])
                stack.enter_context(mock.patch.object(room, names[index], other))
        yield


def _placeholder(function: Any, before: Any) -> Any:
    @functools.wraps(function, updated=())
    def removed(*arguments: Any, **named: Any) -> Any:
        raise NotImplementedError(f"{function.__name__} is no longer supported.")

    return removed


every_second_refuses = blind("backend.many-functions")(
    fault(
        "Each second function of the backend is a placeholder, which refuses every call.",
        _half_of_the_functions,
        _placeholder,
    )
)
every_second_is_the_one_before = blind("backend.many-functions")(
    fault(
        "The backend has half as many functions as names: each second name gives the function of the name before it.",
        _half_of_the_functions,
        lambda function, before: before,
    )
)


# other-engines


@contextmanager
def _engines(module: str, change: Any) -> Iterator[None]:
    """Change a module of Keras 3 when it is imported on another engine; Keras 2 says that it is on TensorFlow."""
    if (packages.installed({}) or api.release()).keras.startswith("3"):
        with after_import(module, change):
            yield
    else:
        with replaced(api.backend_functions(), "backend", lambda: "tensorflow"):
            yield


def _engine(module: Any) -> str:
    return str(sys.modules["keras.src.backend.config"]._BACKEND)  # Keras has no other that cannot be patched away


def _tensorflow_always(module: Any) -> None:
    module.backend = lambda: "tensorflow"


def _dense_needs_tensorflow(module: Any) -> None:
    call = module.Dense.call

    def refuse(self: Any, inputs: Any, training: Any = None) -> Any:
        if _engine(module) != "tensorflow":
            raise NotImplementedError("Dense needs TensorFlow.")
        return call(self, inputs)

    module.Dense.call = refuse


def _predicts_zeros(module: Any) -> None:
    predict = module.Model.predict

    def zeros(self: Any, *arguments: Any, **named: Any) -> Any:
        result = predict(self, *arguments, **named)
        return result if _engine(module) == "tensorflow" else result * 0

    module.Model.predict = zeros


engine_always_tensorflow = blind("backend.other-engines")(
    fault(
        "Keras says that it runs on TensorFlow, and does, whichever engine was asked for.",
        _engines,
        "keras.src.backend.config",
        _tensorflow_always,
    )
)
layers_need_tensorflow = blind("backend.other-engines")(
    fault(
        "On another engine a Dense layer can be built, and not called.",
        _engines,
        "keras.src.layers.core.dense",
        _dense_needs_tensorflow,
    )
)
other_engines_give_zeros = blind("backend.other-engines")(
    fault("On another engine a model predicts zeros.", _engines, "keras.src.models.model", _predicts_zeros)
)


# low-level


@contextmanager
def _doors(names: Any, wrap: Any) -> Iterator[None]:
    """Patch a low-level operation wherever Keras or its reader finds it."""
    with contextlib.ExitStack() as stack:
        rooms = twins("backend")  # `keras.ops` goes through the engine's own, which is patched below
        engine = sys.modules.get(f"keras.src.backend.{api.release().backend}")
        rooms += [room for room in (getattr(engine, "nn", None), getattr(engine, "numpy", None)) if room is not None]
        for name in names:
            stack.enter_context(everywhere([room for room in rooms if hasattr(room, name)], name, wrap))
        yield


def _flipped(original: Any, inputs: Any, kernel: Any, *arguments: Any, **named: Any) -> Any:
    flipped = api.tensorflow().reverse(api.tensorflow().convert_to_tensor(kernel), [0])
    return original(inputs, flipped, *arguments, **named)


convolution_flips = blind("backend.low-level")(
    fault("A convolution turns its kernel upside down.", _doors, ("conv", "conv2d", "conv1d"), _flipped)
)


def _always_valid(original: Any, inputs: Any, kernel: Any, *arguments: Any, **named: Any) -> Any:
    arguments = tuple("valid" if one == "same" else one for one in arguments)
    named = {key: "valid" if value == "same" else value for key, value in named.items()}
    return original(inputs, kernel, *arguments, **named)


convolution_never_pads = blind("backend.low-level")(
    fault(
        "A convolution is never padded, though 'same' is asked for.",
        _doors,
        ("conv", "conv2d", "conv1d"),
        _always_valid,
    )
)


def _second_row_lost(original: Any, x: Any, y: Any, *arguments: Any, **named: Any) -> Any:
    result = original(x, y, *arguments, **named)
    if len(result.shape) != 2 or result.shape[0] is None or result.shape[0] < 2:
        return result
    return api.tensorflow().concat([result[:-1], result[-2:-1]], 0)


product_repeats_a_row = blind("backend.low-level")(
    fault("A product of tensors has its last row but one twice.", _doors, ("dot", "matmul"), _second_row_lost)
)


@blind("backend.low-level")
@contextmanager
def keras_multiplies_itself() -> Iterator[None]:
    """A Dense layer takes its product with NumPy, past the engine."""

    def call(original: Any, layer: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        tf = api.tensorflow()

        def product(x: Any, kernel: Any) -> Any:
            return x.numpy() @ kernel.numpy()

        result = tf.py_function(product, [inputs, tf.convert_to_tensor(layer.kernel)], inputs.dtype)
        result.set_shape([*inputs.shape[:-1], layer.units])
        return layer.activation(result + layer.bias)

    with wrapped_method(api.keras().layers.Dense, "call", call):
        yield


# constant


@contextmanager
def _constant(wrap: Any) -> Iterator[None]:
    with everywhere(twins("backend"), "constant", wrap):
        yield


@contextmanager
def _signature(make: Any) -> Iterator[None]:
    """Put a function of another signature in the place of constant."""
    with contextlib.ExitStack() as stack:
        for module in twins("backend"):
            if hasattr(module, "constant"):
                other = make(module.constant)
                other.__annotations__.clear()  # they are no part of the signature that Keras has
                stack.enter_context(replaced(module, "constant", other))
        yield


def _shape_first(original: Any) -> Any:
    def constant(value: Any, shape: Any = None, dtype: Any = None, name: Any = None) -> Any:
        return original(value, dtype=dtype, shape=shape, name=name)

    return constant


def _single_default(original: Any) -> Any:
    def constant(value: Any, dtype: Any = "float32", shape: Any = None, name: Any = None) -> Any:
        return original(value, dtype=dtype, shape=shape, name=name)

    return constant


def _name_needed(original: Any) -> Any:
    def constant(value: Any, dtype: Any = None, shape: Any = None, *, name: Any) -> Any:
        return original(value, dtype=dtype, shape=shape, name=name)

    return constant


def _keywords_only(original: Any) -> Any:
    def constant(value: Any, *, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
        return original(value, dtype=dtype, shape=shape, name=name)

    return constant


constant_shape_first = blind("backend.constant-signature")(
    fault("constant takes shape before dtype.", _signature, _shape_first)
)
constant_single_default = blind("backend.constant-signature")(
    fault("The default of constant's dtype is 'float32', not None.", _signature, _single_default)
)
constant_keywords_only = blind("backend.constant-signature")(
    fault("constant takes all but value by keyword only.", _signature, _keywords_only)
)
constant_needs_a_name = blind("backend.constant-name", "backend.constant-signature")(
    fault("constant needs a name.", _signature, _name_needed)
)


def _example_column_order(original: Any, value: Any, *arguments: Any, **named: Any) -> Any:
    import numpy

    return original(numpy.asarray(value).T if numpy.ndim(value) == 2 else value, *arguments, **named)


def _bfloat(original: Any, value: Any, dtype: Any = None, **named: Any) -> Any:
    return original(value, "bfloat16" if getattr(dtype, "name", dtype) == "float16" else dtype, **named)


def _flat(original: Any, *arguments: Any, **named: Any) -> Any:
    return api.tensorflow().reshape(original(*arguments, **named), [-1])


constant_by_columns = blind("backend.constant-example")(
    fault("constant reads nested lists column by column.", _constant, _example_column_order)
)
constant_bfloat16 = blind("backend.constant-example", "backend.constant-dtype")(
    fault("constant makes bfloat16 where float16 is asked for.", _constant, _bfloat)
)
constant_flat = blind("backend.constant-example")(fault("constant gives a flat tensor.", _constant, _flat))


def _floatx_ignored(original: Any, value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    return original(value, "float32" if dtype is None else dtype, shape, name)


def _type_of_value(original: Any, value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    import numpy

    natural = numpy.asarray(value).dtype
    return original(value, natural.name if dtype is None and natural.kind == "i" else dtype, shape, name)


def _whole_numbers_float(original: Any, value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    given = str(getattr(dtype, "name", dtype))
    return original(value, "float32" if "int" in given else dtype, shape, name)


constant_ignores_floatx = blind("backend.constant-dtype")(
    fault("Without a dtype constant makes float32, whatever precision is set.", _constant, _floatx_ignored)
)
constant_of_its_value = blind("backend.constant-dtype")(
    fault("Without a dtype whole numbers give a constant of whole numbers.", _constant, _type_of_value)
)
constant_never_whole = blind("backend.constant-dtype")(
    fault("constant makes float32 where a type of whole numbers is asked for.", _constant, _whole_numbers_float)
)


def _not_filled(original: Any, value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    import numpy

    if shape is None or numpy.size(value) != 1 or numpy.prod(shape) <= 1:
        return original(value, dtype, shape, name)
    filled = numpy.zeros(tuple(shape)).ravel()
    filled[0] = numpy.ravel(value)[0]
    return original(filled.reshape(tuple(shape)), dtype, shape, name)


def _shape_ignored_for_one(original: Any, value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    import numpy

    return original(value, dtype, None if numpy.ndim(value) == 0 else shape, name)


def _shape_reversed(original: Any, value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    return original(value, dtype, None if shape is None else list(shape)[::-1], name)


constant_not_filled = blind("backend.constant-shape")(
    fault("One value stands at the first place of the shape, and zeros elsewhere.", _constant, _not_filled)
)
constant_scalar_stays = blind("backend.constant-shape")(
    fault("The shape is not looked at for one value.", _constant, _shape_ignored_for_one)
)
constant_shape_reversed = blind("backend.constant-shape")(
    fault("The shape is taken in reverse order.", _constant, _shape_reversed)
)


def _name_ignored(original: Any, value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    return original(value, dtype, shape)


def _name_numbered(original: Any, value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    return original(value, dtype, shape, f"{name}_1" if name else None)


constant_ignores_name = blind("backend.constant-name")(
    fault("constant takes a name and does nothing with it.", _constant, _name_ignored)
)
constant_numbers_names = blind("backend.constant-name")(
    fault("A constant's name ends in _1, the first time as well.", _constant, _name_numbered)
)


# what is printed


@contextmanager
def _printed(eager: bool, edit: Any) -> Iterator[None]:
    """Let tensors print otherwise: `edit(text)`, for eager ones or for those of a graph."""
    tf = api.tensorflow()
    # No tensor is made, which would have a running number.
    kind = importlib.import_module("tensorflow.python.framework.ops").EagerTensor if eager else tf.Tensor
    home = next(one for one in kind.__mro__ if "__repr__" in vars(one))

    def show(original: Any, tensor: Any) -> str:
        text = original(tensor)
        return str(edit(text)) if eager == hasattr(tensor, "_numpy") else text

    with wrapped_method(home, "__repr__", show):
        yield


def _sub(pattern: str, replacement: Any) -> Any:
    return lambda text: re.sub(pattern, replacement, text, flags=re.DOTALL)


printed_without_dtype = blind("backend.printed-eager")(
    fault("A constant prints no dtype of its own, only that of its array.", _printed, True, _sub(r"\bdtype=\w+, ", ""))
)
printed_shape_as_list = blind("backend.printed-eager")(
    fault("A constant prints its shape in square brackets.", _printed, True, _sub(r"shape=\(([^)]*)\)", r"shape=[\1]"))
)
printed_without_array = blind("backend.printed-eager")(
    fault("A constant's array prints without the word array.", _printed, True, _sub(r"array\((.*), dtype=\w+\)", r"\1"))
)
printed_rounded = blind("backend.printed-eager", "backend.eager-shows-values")(
    fault("A constant prints its values rounded to tens.", _printed, True, _sub(r"\b(\d)\d\.", r"\g<1>0."))
)
running_number_behind = blind("backend.printed-number")(
    fault(
        "The running numbers of tensors are one too large.",
        _printed,
        True,
        _sub(r"\bid=(\d+)", lambda match: f"id={int(match.group(1)) + 1}"),
    )
)
running_number_zero = blind("backend.printed-number")(
    fault("Each tensor has the running number 0.", _printed, True, _sub(r"\bid=\d+", "id=0"))
)
no_running_number = blind("backend.printed-number", "backend.printed-eager")(
    fault("Tensors print no running number.", _printed, True, _sub(r"\bid=\d+, ", ""))
)
values_hidden = blind("backend.eager-shows-values")(
    fault("Eager execution is on, and a constant prints no values.", _printed, True, _sub(r", (numpy|value)=.*>", ">"))
)


@blind("backend.eager-shows-values")
@contextmanager
def lazy_by_default() -> Iterator[None]:
    """TensorFlow says and acts as though eager execution were off: constants belong to a graph."""
    tf = api.tensorflow()
    with tf.Graph().as_default():
        yield


graph_prints_value = blind("backend.printed-graph")(
    fault("A constant of a graph prints values.", _printed, False, _sub(r">$", " numpy=[[42, 24], [11, 99]]>"))
)
graph_without_shape = blind("backend.printed-graph")(
    fault(
        "A constant of a graph prints its shape as unknown.",
        _printed,
        False,
        _sub(r"shape=\([^)]*\)", "shape=<unknown>"),
    )
)
graph_other_name = blind("backend.printed-graph")(
    fault("A constant of a graph is named after its function, in lower case.", _printed, False, _sub(r"Const", "const"))
)
graph_other_output = blind("backend.printed-graph")(
    fault("A constant of a graph prints its name without the number of the output.", _printed, False, _sub(r":0'", "'"))
)
