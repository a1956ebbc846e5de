"""Blind faults of the section on adoption and advantages."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import re
import sys
from contextlib import contextmanager
from typing import Any, Iterator
from unittest import mock

from evaluation.blind_faults import blind
from evaluation.blind_faults.library import (
    is_keras_own,
    looked_up,
    retold,
    silent_on,
    stand_in,
    telling,
    without,
    without_method,
)
from pytest_kerasch2.checks.common_faults import fault, modules_named, replaced, wrapped_method
from pytest_kerasch2.framework import api

# no-import-of-keras, standalone-module


@contextmanager
def _missing(room: str, name: str) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for module in modules_named(room):
            if hasattr(module, name):
                stack.enter_context(without(module, name))
        yield


@contextmanager
def _no_method(name: str) -> Iterator[None]:
    with without_method(api.keras().Model, name):
        yield


no_dense_in_tf_keras = blind("adoption.no-import-of-keras")(
    fault("tf.keras.layers has no Dense.", _missing, "layers", "Dense")
)
no_predict_in_tf_keras = blind("adoption.no-import-of-keras")(
    fault("Models of tf.keras have no predict.", _no_method, "predict")
)
no_evaluate_in_tf_keras = blind("adoption.no-import-of-keras")(
    fault("Models of tf.keras have no evaluate.", _no_method, "evaluate")
)


@blind("adoption.no-import-of-keras")
@contextmanager
def fit_trains_nothing() -> Iterator[None]:
    """Training by fit of tf.keras runs and leaves the weights as they were."""

    def fit(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        if not model.built:
            return original(model, *arguments, **named)
        before = model.get_weights()
        history = original(model, *arguments, **named)
        model.set_weights(before)
        return history

    with wrapped_method(api.keras().Model, "fit", fit):
        yield


@blind("adoption.standalone-module")
@contextmanager
def keras_not_importable() -> Iterator[None]:
    """There is no module keras of its own, only tf.keras."""
    importlib.import_module("keras")
    with mock.patch.dict(sys.modules, {"keras": None}):
        yield


@blind("adoption.standalone-module")
@contextmanager
def keras_without_models() -> Iterator[None]:
    """The module keras can be imported, and has neither Sequential nor Model."""
    keras = importlib.import_module("keras")
    with contextlib.ExitStack() as stack:
        for module in (keras, keras.models):
            for name in ("Sequential", "Model"):
                stack.enter_context(without(module, name))
        yield


@blind("adoption.standalone-module")
@contextmanager
def keras_sequential_forgets_layers() -> Iterator[None]:
    """A Sequential model of the module keras has none of the layers that it is given in a list."""
    keras = importlib.import_module("keras")
    base = keras.Sequential

    class Sequential(base):  # type: ignore[misc, valid-type]
        def __init__(self, layers: Any = None, **named: Any) -> None:
            super().__init__(**named)

    with replaced(keras, "Sequential", Sequential), replaced(keras.models, "Sequential", Sequential):
        yield


# one-interface


def _style(model: Any) -> str:
    if isinstance(model, api.keras().Sequential):
        return "sequential"
    return "functional" if getattr(model, "_is_graph_network", False) or _is_functional(model) else "subclass"


def _is_functional(model: Any) -> bool:
    return any(kind.__name__ == "Functional" for kind in type(model).__mro__)


@contextmanager
def _of_style(style: str, method: str, change: Any) -> Iterator[None]:
    """Let a method of models of one style be `change(original, model, ...)`."""

    def call(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        if _style(model) != style:
            return original(model, *arguments, **named)
        return change(original, model, *arguments, **named)

    with wrapped_method(api.keras().Model, method, call):
        yield


def _slower(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
    result = original(model, *arguments, **named)
    rate: Any = getattr(model.optimizer, "learning_rate", None)
    if hasattr(rate, "assign"):
        rate.assign(rate * 0.5)
    return result


def _whole_batches(original: Any, model: Any, x: Any, *arguments: Any, **named: Any) -> Any:
    result = original(model, x, *arguments, **named)
    return result[: len(result) // 32 * 32] if len(result) > 32 else result[:-1]


def _first_half(original: Any, model: Any, x: Any, y: Any = None, *arguments: Any, **named: Any) -> Any:
    half = (len(x) + 1) // 2
    return original(model, x[:half], None if y is None else y[:half], *arguments, **named)


def _one_epoch(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
    return original(model, *arguments, **dict(named, epochs=1))


sequential_learns_slower = blind("adoption.one-interface")(
    fault("compile halves the learning rate of a Sequential model.", _of_style, "sequential", "compile", _slower)
)
subclass_predicts_whole_batches = blind("adoption.one-interface")(
    fault(
        "predict of a model class leaves the rest out that does not fill a batch of 32.",
        _of_style,
        "subclass",
        "predict",
        _whole_batches,
    )
)
functional_evaluates_half = blind("adoption.one-interface")(
    fault(
        "evaluate of a functional model looks at the first half of the data.",
        _of_style,
        "functional",
        "evaluate",
        _first_half,
    )
)
subclass_one_epoch = blind("adoption.one-interface")(
    fault(
        "fit of a model class trains for one epoch, however many are asked for.",
        _of_style,
        "subclass",
        "fit",
        _one_epoch,
    )
)

# composable


@contextmanager
def _added(change: Any) -> Iterator[None]:
    """Let a model that is added to a Sequential one, or called on a symbolic input, be changed first."""
    keras = api.keras()

    def add(original: Any, outer: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        return original(outer, change(layer) if isinstance(layer, keras.Model) else layer, *arguments, **named)

    with wrapped_method(keras.Sequential, "add", add):
        yield


def _cloned(model: Any) -> Any:
    return api.keras().models.clone_model(model) if model.built else model


def _frozen(model: Any) -> Any:
    model.trainable = False
    return model


inner_model_is_copied = blind("adoption.composable")(
    fault("A model that is added to a model is copied: its weights there are new ones.", _added, _cloned)
)
inner_model_is_frozen = blind("adoption.composable")(
    fault("A model that is added to a model is frozen there.", _added, _frozen)
)


def _symbolic(value: Any) -> bool:
    try:
        return bool(api.keras().backend.is_keras_tensor(value))
    except ValueError:
        return False


@blind("adoption.composable")
@contextmanager
def inner_model_begins_anew() -> Iterator[None]:
    """A model that is called on a symbolic input, as a block, loses its weights: they are zeros from then on."""

    def call(original: Any, model: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        if _symbolic(inputs) and model.built and isinstance(model, api.keras().Model):
            model.set_weights([weight * 0 for weight in model.get_weights()])
        return original(model, inputs, *arguments, **named)

    with wrapped_method(api.keras().Model, "__call__", call):
        yield


# configurable-blocks


@contextmanager
def _states(kind: str, change: Any) -> Iterator[None]:
    def get_config(original: Any, layer: Any) -> Any:
        settings = dict(original(layer))
        change(settings)
        return settings

    with wrapped_method(getattr(api.keras().layers, kind), "get_config", get_config):
        yield


dense_forgets_bias = blind("adoption.configurable-blocks")(
    fault("Dense does not state whether it has a bias.", _states, "Dense", lambda settings: settings.pop("use_bias"))
)
dense_forgets_regularizer = blind("adoption.configurable-blocks")(
    fault(
        "Dense states no regulariser of its kernel, though it has one.",
        _states,
        "Dense",
        lambda settings: settings.update(kernel_regularizer=None),
    )
)
dropout_rounds = blind("adoption.configurable-blocks")(
    fault(
        "Dropout states its rate rounded to a tenth.",
        _states,
        "Dropout",
        lambda settings: settings.update(rate=round(settings["rate"], 1)),
    )
)
convolution_forgets_strides = blind("adoption.configurable-blocks")(
    fault("Conv2D states strides of one.", _states, "Conv2D", lambda settings: settings.update(strides=(1, 1)))
)
normalisation_forgets_epsilon = blind("adoption.configurable-blocks")(
    fault(
        "BatchNormalization does not state its epsilon.",
        _states,
        "BatchNormalization",
        lambda settings: settings.pop("epsilon"),
    )
)

# custom-layer


def _is_users(layer: Any) -> bool:
    return not is_keras_own(type(layer))


@contextmanager
def _users_layers(method: str, change: Any) -> Iterator[None]:
    """Change a method that layers of the user's own inherit."""

    def call(original: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        if not _is_users(layer) or isinstance(layer, api.keras().Model):
            return original(layer, *arguments, **named)
        return change(original, layer, *arguments, **named)

    with wrapped_method(api.keras().layers.Layer, method, call):
        yield


def _untrainable(original: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
    return original(layer, *arguments, **dict(named, trainable=False))


def _half_settings(original: Any, layer: Any) -> Any:
    return {key: value for key, value in original(layer).items() if key not in ("name", "dtype")}


custom_layers_not_trained = blind("adoption.custom-layer")(
    fault("Weights of a layer of the user's own are not trained.", _users_layers, "add_weight", _untrainable)
)
custom_layers_not_counted = blind("adoption.custom-layer")(
    fault(
        "The weights of a layer of the user's own count as none.",
        _users_layers,
        "count_params",
        lambda original, layer: 0 * original(layer),
    )
)
custom_layers_forget_name = blind("adoption.custom-layer")(
    fault(
        "A layer of the user's own does not state its name and its type.", _users_layers, "get_config", _half_settings
    )
)


@blind("adoption.custom-layer")
@contextmanager
def custom_layers_zeros() -> Iterator[None]:
    """Weights of a layer of the user's own begin at zero, whatever initialiser is asked for."""

    def add(original: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        if "initializer" in named:
            named = dict(named, initializer="zeros")
        return original(layer, *arguments, **named)

    with _users_layers("add_weight", add):
        yield


# custom-functions


def _lookup_by(default: str) -> Any:
    """Return a lookup that takes Keras's own thing where the user's is given."""

    def lookup(original: Any, identifier: Any = None, *arguments: Any, **named: Any) -> Any:
        users = callable(identifier) and not is_keras_own(identifier) and not is_keras_own(type(identifier))
        plain = inspect.isfunction(identifier) and not is_keras_own(identifier)
        return original(default if users or plain else identifier, *arguments, **named)

    return lookup


custom_activation_ignored = blind("adoption.custom-functions")(
    fault("A layer ignores an activation that the user wrote.", looked_up, "activations", _lookup_by("linear"))
)
custom_initializer_ignored = blind("adoption.custom-functions")(
    fault(
        "A layer ignores an initialiser that the user wrote.", looked_up, "initializers", _lookup_by("glorot_uniform")
    )
)
custom_loss_ignored = blind("adoption.custom-functions")(
    fault("A loss that the user wrote is the mean squared error.", looked_up, "losses", _lookup_by("mse"))
)
custom_metric_ignored = blind("adoption.custom-functions")(
    fault("A metric that the user wrote is the mean squared error.", looked_up, "metrics", _lookup_by("mse"))
)


@contextmanager
def _callbacks(name: str) -> Iterator[None]:
    lists = {getattr(sys.modules[api.keras().callbacks.Callback.__module__], "CallbackList", None)}
    lists.add(getattr(api.keras().callbacks, "CallbackList", None))
    with contextlib.ExitStack() as stack:
        for kind in lists - {None}:
            stack.enter_context(wrapped_method(kind, name, lambda original, *arguments, **named: None))
        yield


callbacks_miss_epoch_begin = blind("adoption.custom-functions")(
    fault("Callbacks are not told that an epoch begins.", _callbacks, "on_epoch_begin")
)
callbacks_miss_train_end = blind("adoption.custom-functions")(
    fault("Callbacks are not told that training ends.", _callbacks, "on_train_end")
)

# errors of data


@contextmanager
def _prepared(methods: Any, prepare: Any) -> Iterator[None]:
    """Let methods of models that take x and y take `prepare(model, x, y)` instead."""

    def call(original: Any, model: Any, x: Any = None, y: Any = None, *arguments: Any, **named: Any) -> Any:
        if x is not None and y is not None:
            x, y = prepare(model, x, y)
        return original(model, x, y, *arguments, **named)

    with contextlib.ExitStack() as stack:
        for name in methods:
            stack.enter_context(wrapped_method(api.keras().Model, name, call))
        yield


_TRAINING = ("fit", "evaluate", "train_on_batch", "test_on_batch")


def _array(value: Any) -> Any:
    return api.array(value)


def _sizes(model: Any, x: Any) -> tuple[Any, Any]:
    """Return how wide a model's data and its result are, built for data where it is not built yet, or None."""
    import numpy

    with contextlib.suppress(AttributeError, ValueError, RuntimeError):
        if not model.built:
            model.build((None, *numpy.shape(x)[1:]))
        return model.input_shape[-1], model.output_shape[-1]
    return None, None


def _fit_width(model: Any, x: Any, y: Any) -> Any:
    import numpy

    width, shape = _sizes(model, x)[0], numpy.shape(x)
    if width is None or len(shape) != 2 or shape[-1] == width:
        return x, y
    return numpy.resize(_array(x), (shape[0], width)), y


width_filled = blind("adoption.error-input-shape")(
    fault("Training takes data of a wrong width, cut or filled up.", _prepared, _TRAINING, _fit_width)
)
width_given_unnamed = blind("adoption.error-input-shape")(
    fault(
        "The message on a wrong width does not name the width given.",
        telling,
        silent_on(r"(, )?(but received( input with shape)?|received|found shape=|but input has incompatible shape).*"),
    )
)
width_expected_unnamed = blind("adoption.error-input-shape")(
    fault(
        "The message on a wrong width does not name the width expected.",
        telling,
        silent_on(
            r"expected axis -1 of input shape to have value \S+,?",
            r"expected shape=\([^)]*\),?",
            r"Expected shape \([^)]*\),?",
            r"expected \w*_?ndim=\d+,?",
            r"Arguments received.*",
        ),
    )
)
compile_unnamed = blind("adoption.error-not-compiled")(
    fault(
        "The message on a model that was not compiled does not speak of compiling.",
        telling,
        lambda text: re.sub(r"`?\w*\.?compile\w*(\([^)]*\))?`?", "that", text),
    )
)


@contextmanager
def _compiled_unasked(methods: Any) -> Iterator[None]:
    def call(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        if getattr(model, "optimizer", None) is None:
            model.compile("sgd", "mse")
        return original(model, *arguments, **named)

    with contextlib.ExitStack() as stack:
        for name in methods:
            stack.enter_context(wrapped_method(api.keras().Model, name, call))
        yield


fit_compiles = blind("adoption.error-not-compiled")(
    fault("fit compiles a model that was not compiled.", _compiled_unasked, ("fit",))
)
training_on_a_batch_compiles = blind("adoption.error-not-compiled")(
    fault("train_on_batch compiles a model that was not compiled.", _compiled_unasked, ("train_on_batch",))
)


def _fit_labels(model: Any, x: Any, y: Any) -> Any:
    import numpy

    shape, wanted = numpy.shape(y), _sizes(model, x)[1]
    if len(shape) < 2 or not wanted or shape[-1] in (1, wanted):
        return x, y
    return x, numpy.resize(_array(y), (shape[0], wanted)) if _by_class(model) else _array(y)[:, :1]


def _by_class(model: Any) -> bool:
    return "sparse" not in str(getattr(model, "loss", ""))


labels_fitted = blind("adoption.error-label-shape")(
    fault("Training takes labels of a wrong shape, cut or filled up.", _prepared, _TRAINING, _fit_labels)
)
labels_shape_unnamed = blind("adoption.error-label-shape")(
    fault(
        "The message on labels of a wrong shape names no shape of theirs.",
        telling,
        silent_on(
            r"target\.shape=\([^)]*\),?",
            r"labels shape \S+ \S+",
            r"logits and labels .*",
            r"\(None, 3\)",
            r"\[[\d, ]+\]",
        ),
    )
)
labels_expected_unnamed = blind("adoption.error-label-shape")(
    fault(
        "The message on labels of a wrong shape does not name the one expected.",
        telling,
        silent_on(r",? ?output\.shape=\([^)]*\)", r"Shapes? \S+ \S+ and", r"logits.*? and"),
    )
)


def _clipped(lowest: Any, highest: Any) -> Any:
    def prepare(model: Any, x: Any, y: Any) -> Any:
        import numpy

        classes = _sizes(model, x)[1]
        last = classes - 1 if highest and classes else None
        return x, y if lowest is last is None else numpy.clip(_array(y), lowest, last)

    return prepare


label_too_large_taken = blind("adoption.error-label-range")(
    fault("A label above the last class counts as the last class.", _prepared, _TRAINING, _clipped(None, True))
)
label_negative_taken = blind("adoption.error-label-range")(
    fault("A negative label counts as class 0.", _prepared, _TRAINING, _clipped(0, False))
)
label_range_unnamed = blind("adoption.error-label-range")(
    fault(
        "The message on a label that is no class does not name the range.",
        telling,
        silent_on(r"outside the valid range of \[[^\])]*[\])]"),
    )
)
label_unnamed = blind("adoption.error-label-range")(
    fault(
        "The message on a label that is no class does not name it.",
        telling,
        silent_on(r"label value of -?\d+", r"Label values:[^\n]*"),
    )
)


def _shortest(model: Any, x: Any, y: Any) -> Any:
    count = min(len(x), len(y))
    return x[:count], y[:count]


def _labels_cut(model: Any, x: Any, y: Any) -> Any:
    return x, y[: len(x)]


counts_cut = blind("adoption.error-cardinality")(
    fault("Images and labels of different number are cut to the smaller one.", _prepared, _TRAINING, _shortest)
)
labels_left_over = blind("adoption.error-cardinality")(
    fault("Labels left over when the images are used up are ignored.", _prepared, _TRAINING, _labels_cut)
)
counts_without_advice = blind("adoption.error-cardinality")(
    fault(
        "The message on images and labels of different number says not what to do.",
        telling,
        silent_on(
            r"(Make sure|Please provide)[^\n]*?samples?\.?|.?All arrays should[^.]*\.|Input arrays should have[^.]*\."
        ),
    )
)
count_of_labels_unnamed = blind("adoption.error-cardinality")(
    fault(
        "The message on images and labels of different number does not name that of labels.",
        telling,
        silent_on(r"'?y'? sizes: \d+", r"and \d+ target samples"),
    )
)


@contextmanager
def _dimension_added() -> Iterator[None]:
    """Let layers that need more dimensions than they are given add one."""

    def call(original: Any, layer: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        rank = len(getattr(inputs, "shape", ()))
        if isinstance(layer, api.keras().layers.Dense) and rank == 1:
            inputs = inputs[:, None] if not layer.built else inputs[None]
        return original(layer, inputs, *arguments, **named)

    with wrapped_method(api.keras().layers.Layer, "__call__", call):
        yield


rank_completed = blind("adoption.error-rank")(
    fault("A Dense layer takes data without the dimension of examples.", _dimension_added)
)
rank_given_unnamed = blind("adoption.error-rank")(
    fault(
        "The message on a dimension too few does not name the number given.",
        telling,
        silent_on(
            r"found ndim=\d+\.?",
            r"Full shape received:.*",
            r"but input has incompatible shape[^\n]*",
            r"Arguments received.*",
            r"Received:.*",
            r"shape=\([^)]*\)",
            r"with shape \([^)]*\)",
        ),
    )
)
rank_expected_unnamed = blind("adoption.error-rank")(
    fault(
        "The message on a dimension too few does not name the number expected.",
        telling,
        silent_on(r"expected (min_|max_)?ndim=\d+,?", r"Expected shape \([^)]*\),?", r"expected axis -1[^,]*,"),
    )
)


@blind("adoption.error-weights-shape")
@contextmanager
def weights_reshaped() -> Iterator[None]:
    """Weights of the wrong shape are taken where the number of their elements is right."""

    def set_weights(original: Any, layer: Any, weights: Any) -> Any:
        import numpy

        shapes = [tuple(numpy.shape(one)) for one in layer.get_weights()]
        if len(shapes) == len(weights):
            weights = [
                numpy.reshape(one, shape) if numpy.size(one) == numpy.prod(shape) else one
                for one, shape in zip(weights, shapes)
            ]
        return original(layer, weights)

    with wrapped_method(api.keras().layers.Layer, "set_weights", set_weights):
        yield


weights_given_unnamed = blind("adoption.error-weights-shape")(
    fault(
        "The message on weights of a wrong shape does not name the one given.",
        telling,
        silent_on(r"provided weight shape \([^)]*\)"),
    )
)
weights_expected_unnamed = blind("adoption.error-weights-shape")(
    fault(
        "The message on weights of a wrong shape does not name the one expected.",
        telling,
        silent_on(r"(?<!provided )weight shape \([^)]*\)"),
    )
)

# errors of names


@contextmanager
def _adding(prepare: Any = None, edit: Any = None) -> Iterator[None]:
    def add(original: Any, model: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        if prepare is not None:
            layer = prepare(layer)
            if layer is None:
                return None
        try:
            return original(model, layer, *arguments, **named)
        except Exception as error:
            if edit is None:
                raise
            raise retold(error, edit(str(error), layer)) from None

    with wrapped_method(api.keras().Sequential, "add", add):
        yield


def _is_layer(thing: Any) -> bool:
    return isinstance(thing, api.keras().layers.Layer) or hasattr(thing, "_keras_history")


not_a_layer_ignored = blind("adoption.error-not-a-layer")(
    fault("What is no layer is left out silently.", _adding, lambda layer: layer if _is_layer(layer) else None)
)
function_is_a_layer = blind("adoption.error-not-a-layer")(
    fault(
        "A function can be added: it is made a Lambda layer.",
        _adding,
        lambda layer: api.keras().layers.Lambda(layer) if callable(layer) and not _is_layer(layer) else layer,
    )
)
not_a_layer_unnamed = blind("adoption.error-not-a-layer")(
    fault(
        "The message on what is no layer does not name it.",
        _adding,
        None,
        lambda text, layer: re.sub(r"(Received|Found): .*", "", text),
    )
)
layer_unasked = blind("adoption.error-not-a-layer")(
    fault(
        "The message on what is no layer does not say that a layer is expected.",
        _adding,
        None,
        lambda text, layer: (
            "The object cannot be used here. "
            + text[text.find("Received") if "Received" in text else text.find("Found") :]
        ),
    )
)


def _told_otherwise(edit: Any) -> Any:
    """Return a lookup whose error reads otherwise: `edit(text, identifier)`."""

    def lookup(original: Any, identifier: Any = None, *arguments: Any, **named: Any) -> Any:
        try:
            return original(identifier, *arguments, **named)
        except Exception as error:
            raise retold(error, edit(str(error), str(identifier))) from None

    return lookup


def _by_default(default: str) -> Any:
    def lookup(original: Any, identifier: Any = None, *arguments: Any, **named: Any) -> Any:
        try:
            return original(identifier, *arguments, **named)
        except Exception:
            return original(default)

    return lookup


_ADVICE_OF_THE_FIX = (
    "The claim holds on TensorFlow 2.5 to 2.12 only; elsewhere the fix beneath the fault gives the advice that the "
    "fault takes away."
)


def _unnamed(text: str, identifier: str) -> str:
    return text.replace(identifier, "it")


def _no_advice(text: str, identifier: str) -> str:
    return f"Unknown: {identifier}"


loss_unnamed = blind("adoption.error-unknown-loss")(
    fault("The message on an unknown loss does not name it.", looked_up, "losses", _told_otherwise(_unnamed))
)
loss_defaults = blind("adoption.error-unknown-loss")(
    fault("An unknown loss is the mean squared error.", looked_up, "losses", _by_default("mse"))
)
loss_without_advice = blind("adoption.error-unknown-loss")(
    fault(
        "The message on an unknown loss says neither what is accepted nor what to do.",
        looked_up,
        "losses",
        _told_otherwise(_no_advice),
    )
)
optimizer_unnamed = blind("adoption.error-unknown-optimizer")(
    fault("The message on an unknown optimizer does not name it.", looked_up, "optimizers", _told_otherwise(_unnamed))
)
optimizer_defaults = blind("adoption.error-unknown-optimizer")(
    fault("An unknown optimizer is SGD.", looked_up, "optimizers", _by_default("sgd"))
)
optimizer_without_advice = blind("adoption.error-unknown-optimizer")(
    fault(
        "The message on an unknown optimizer says neither what is accepted nor what to do.",
        looked_up,
        "optimizers",
        _told_otherwise(_no_advice),
    )
)
metric_unnamed = blind("adoption.error-unknown-metric")(
    fault("The message on an unknown metric does not name it.", looked_up, "metrics", _told_otherwise(_unnamed))
)
metric_defaults = blind("adoption.error-unknown-metric")(
    fault("An unknown metric is the mean squared error.", looked_up, "metrics", _by_default("mse"))
)


@blind("adoption.error-unknown-metric", undetectable=_ADVICE_OF_THE_FIX)
@contextmanager
def metric_without_advice() -> Iterator[None]:
    """The message on an unknown metric says neither what is accepted nor what to do."""
    with looked_up("metrics", _told_otherwise(_no_advice)):
        yield


activation_unnamed = blind("adoption.error-unknown-activation")(
    fault("The message on an unknown activation does not name it.", looked_up, "activations", _told_otherwise(_unnamed))
)
activation_defaults = blind("adoption.error-unknown-activation")(
    fault("An unknown activation is none.", looked_up, "activations", _by_default("linear"))
)


@blind("adoption.error-unknown-activation", undetectable=_ADVICE_OF_THE_FIX)
@contextmanager
def activation_without_advice() -> Iterator[None]:
    """The message on an unknown activation says neither what is accepted nor what to do."""
    with looked_up("activations", _told_otherwise(_no_advice)):
        yield


# errors of arguments


def _known_only(base: Any, arguments: Any, named: Any) -> Any:
    known = {"name", "dtype", "trainable", "input_shape", "input_dim", "batch_input_shape", "weights", "autocast"}
    known |= set(inspect.signature(base.__init__).parameters)
    return arguments, {key: value for key, value in named.items() if key in known}


misspelt_ignored = blind("adoption.error-unknown-argument")(
    fault("A Dense layer ignores arguments that it does not know.", stand_in, "Dense", _known_only)
)
misspelt_layer_unnamed = blind("adoption.error-unknown-argument")(
    fault(
        "The message on a misspelt argument does not name the layer.",
        stand_in,
        "Dense",
        None,
        lambda text: re.sub(r"\bDense\b", "the layer", text),
    )
)
misspelt_unnamed = blind("adoption.error-unknown-argument")(
    fault(
        "The message on a misspelt argument does not name it.",
        stand_in,
        "Dense",
        None,
        lambda text: re.sub(r"\{[^}]*\}|'[^']*'\)?$", "", text),
    )
)


def _units(change: Any) -> Any:
    """Return a preparation of the units that a layer is given."""

    def prepare(base: Any, arguments: Any, named: Any) -> Any:
        if arguments:
            return (change(arguments[0]), *arguments[1:]), named
        return arguments, dict(named, units=change(named["units"]))

    return prepare


def _rate(change: Any) -> Any:
    def prepare(base: Any, arguments: Any, named: Any) -> Any:
        if arguments:
            return (change(arguments[0]), *arguments[1:]), named
        return arguments, dict(named, rate=change(named["rate"]))

    return prepare


_NUMBER = r"[-+]?\d+(\.\d+)?"
negative_units_taken = blind("adoption.error-negative-units")(
    fault("A negative number of units counts without its sign.", stand_in, "Dense", _units(abs))
)
negative_units_no_number = blind("adoption.error-negative-units")(
    fault(
        "The message on a negative number of units does not name the number.",
        stand_in,
        "Dense",
        None,
        silent_on(_NUMBER),
    )
)
negative_units_no_argument = blind("adoption.error-negative-units")(
    fault(
        "The message on a negative number of units does not name the argument.",
        stand_in,
        "Dense",
        None,
        silent_on(r"`?units`?=?"),
    )
)
negative_units_nothing_expected = blind("adoption.error-negative-units")(
    fault(
        "The message on a negative number of units does not say what is expected.",
        stand_in,
        "Dense",
        None,
        silent_on(r",? ?expected a positive integer\.?"),
    )
)
broken_units_taken = blind("adoption.error-broken-units")(
    fault("Units that are no whole number are rounded down.", stand_in, "Dense", _units(int))
)
broken_units_no_number = blind("adoption.error-broken-units")(
    fault(
        "The message on broken units names their whole part only.",
        stand_in,
        "Dense",
        None,
        lambda text: re.sub(r"(\d)\.\d+", r"\1", text),
    )
)
broken_units_nothing_expected = blind("adoption.error-broken-units")(
    fault(
        "The message on broken units does not say that a whole number is expected.",
        stand_in,
        "Dense",
        None,
        silent_on(r",? ?expected a positive integer\.?"),
    )
)
rate_above_one_taken = blind("adoption.error-dropout-rate")(
    fault("A rate of dropout above one counts as one.", stand_in, "Dropout", _rate(lambda rate: min(rate, 1.0)))
)
rate_below_zero_taken = blind("adoption.error-dropout-rate")(
    fault("A negative rate of dropout counts as none.", stand_in, "Dropout", _rate(lambda rate: max(rate, 0.0)))
)
rate_unnamed = blind("adoption.error-dropout-rate")(
    fault(
        "The message on a wrong rate of dropout does not name the rate given.",
        stand_in,
        "Dropout",
        None,
        silent_on(r"(Received|received): .*|, got .*"),
    )
)
rate_nothing_expected = blind("adoption.error-dropout-rate")(
    fault(
        "The message on a wrong rate of dropout does not say what is expected.",
        stand_in,
        "Dropout",
        None,
        silent_on(
            r"Expected a float value between 0 and 1\.?|\(?0 <= rate <= 1\)?|in (the )?(range|interval) \[0, 1[\])]"
        ),
    )
)
