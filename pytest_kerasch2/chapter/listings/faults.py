"""Injected faults, benign changes and fixes for the checks that run code blocks."""

from __future__ import annotations

import builtins
import contextlib
import sys
import types
from contextlib import contextmanager
from typing import Any, Callable, Iterator
from unittest import mock

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import block_texts
from pytest_kerasch2.chapter.backend.faults import home_of_constant
from pytest_kerasch2.chapter.saving.faults import any_weights_name
from pytest_kerasch2.checks.common_faults import fault, modules_named, replaced, wrapped, wrapped_method
from pytest_kerasch2.framework import api

windows_line_ends = fault(
    "The blocks are typed on Windows.",
    wrapped,
    block_texts,
    "text",
    lambda original, block: original(block).replace("\n", "\r\n"),
)
no_break_space = fault(
    "The blocks are copied from a reader program that puts no-break spaces where blanks were.",
    wrapped,
    block_texts,
    "text",
    lambda original, block: original(block).replace(" = ", "\u00a0=\u00a0"),
)
no_version = fault(
    "Keras states an empty version.", lambda: mock.patch.object(api.tensorflow().keras, "__version__", "", create=True)
)
known_version = fault(
    "The version of Keras is where the block looks for it.",
    lambda: mock.patch.object(api.tensorflow().keras, "__version__", api.release().keras, create=True),
)
keras_named = fault(
    "The name `keras` is there, as if it had been imported.",
    lambda: mock.patch.object(builtins, "keras", api.keras(), create=True),
)
deaf_set_floatx = fault(
    "Setting the precision is taken without a word and not done.",
    lambda: replaced(api.backend_functions(), "set_floatx", lambda value: None),
)


@contextmanager
def keras_package() -> Iterator[None]:
    """There is a package `keras`, whose backend is the one in TensorFlow."""
    package = types.ModuleType("keras")
    package.backend = api.backend_functions()  # type: ignore[attr-defined]
    with mock.patch.dict("sys.modules", {"keras": package, "keras.backend": package.backend}):
        yield


@contextmanager
def no_keras_package() -> Iterator[None]:
    """There is an empty package `keras`, as an unfinished installation leaves it."""
    with mock.patch.dict("sys.modules", {"keras": types.ModuleType("keras")}):
        sys.modules.pop("keras.backend", None)
        yield


def _with_dtype(dtype: str) -> Callable[..., Any]:
    def constant(original: Any, value: Any, *_: Any, **named: Any) -> Any:
        return original(value, **{**named, "dtype": dtype})

    return constant


@contextmanager
def constants_in_double() -> Iterator[None]:
    """Constants are made with 64 bits whatever was asked for."""
    home_of_constant()
    with contextlib.ExitStack() as stack:
        for place in modules_named("backend"):
            stack.enter_context(wrapped(place, "constant", _with_dtype("float64")))
        yield


def _parts_swapped(original: Any, *arguments: Any, **named: Any) -> Any:
    train, test = original(*arguments, **named)
    return test, train


def _labels_first(original: Any, *arguments: Any, **named: Any) -> Any:
    return tuple((labels, images) for images, labels in original(*arguments, **named))


parts_swapped = fault(
    "The loader of MNIST gives the test part first.",
    lambda: wrapped(api.keras().datasets.mnist, "load_data", _parts_swapped),
)
labels_before_images = fault(
    "The loader of Fashion-MNIST gives labels before images.",
    lambda: wrapped(api.keras().datasets.fashion_mnist, "load_data", _labels_first),
)


@contextmanager
def casts_to_half() -> Iterator[None]:
    """Casting gives 16 bits whatever was asked for."""
    tf = api.tensorflow()
    with wrapped(tf, "cast", lambda original, value, dtype: original(value, tf.float16)):
        yield


@contextmanager
def compiled_with_sgd() -> Iterator[None]:
    """Compiling puts plain gradient descent in the place of the optimizer that was given."""

    def compile_(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        return original(model, *arguments, **{**named, "optimizer": api.keras().optimizers.SGD()})

    with wrapped_method(api.keras().Model, "compile", compile_):
        yield


@contextmanager
def idle_fit() -> Iterator[None]:
    """Training leaves the weights as they were."""

    def fit(original: Any, model: Any, images: Any, *arguments: Any, **named: Any) -> Any:
        models.built(model)
        before = model.get_weights()
        history = original(model, images, *arguments, **named)
        model.set_weights(before)
        return history

    with wrapped_method(api.keras().Model, "fit", fit):
        yield


loss_alone = fault(
    "Evaluating gives the loss without the accuracy.",
    lambda: wrapped_method(
        api.keras().Model, "evaluate", lambda original, model, *data, **named: original(model, *data, **named)[:1]
    ),
)


@contextmanager
def adam_in_keras() -> Iterator[None]:
    """The optimizer is where the block looks for it."""
    keras = api.tensorflow().keras
    with mock.patch.object(keras, "Adam", keras.optimizers.Adam, create=True):
        yield


@contextmanager
def layers_in_tensorflow() -> Iterator[None]:
    """The layers are where the block looks for them."""
    tf = api.tensorflow()
    with mock.patch.object(tf, "layers", tf.keras.layers, create=True):
        yield


indentation_meant = fault(
    "The definition of the class is indented as it must have been meant.",
    replaced,
    block_texts,
    "text",
    block_texts.repaired,
)


@contextmanager
def indentation_and_adam_meant() -> Iterator[None]:
    """The last line is not indented, and the optimizer is where the block looks for it."""
    with adam_in_keras(), indentation_meant():
        yield


@contextmanager
def model_named() -> Iterator[None]:
    """Both names stand for one network, and `fit` passes over a batch size that comes with a data set."""

    def fit(original: Any, model: Any, data: Any, **named: Any) -> Any:
        named.pop("batch_size", None)
        return original(model, data, **named)

    network = models.style("sequential-list").build(api.tensorflow())
    with mock.patch.object(builtins, "model", network, create=True), mock.patch.object(
        builtins, "model5", network, create=True
    ), wrapped_method(api.keras().Model, "fit", fit):
        yield


model_made_before = fault(
    "An earlier block has made `model`.",
    wrapped,
    block_texts,
    "defined_before",
    lambda original, block: {*original(block), "model"},
)


@contextmanager
def model_made_before_and_any_weights_name() -> Iterator[None]:
    """An earlier block has made `model`, and weights are saved under any name."""
    with model_made_before(), any_weights_name():
        yield


no_flip = fault(
    "Mapping a function over a data set leaves the data set as it was.",
    lambda: replaced(api.tensorflow().data.Dataset, "map", lambda data, *arguments, **named: data.take(0)),
)
repeats_nothing = fault(
    "Repeating a data set gives an empty one.",
    lambda: replaced(api.tensorflow().data.Dataset, "repeat", lambda data, *arguments, **named: data.take(0)),
)
