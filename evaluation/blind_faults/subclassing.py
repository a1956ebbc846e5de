"""Blind faults of the section on subclassing the model."""

from __future__ import annotations

import random
import sys
from contextlib import contextmanager
from typing import Any, ContextManager, Iterator
from unittest import mock

from evaluation.blind_faults import blind
from evaluation.blind_faults.functional import called, is_subclassed, placeholder
from evaluation.blind_faults.sequential import (
    Change,
    cast,
    compiled,
    data,
    dropping,
    during,
    evaluated,
    fitted,
    is_called,
    is_fitted,
    model_method,
    refuse,
    rename,
)
from pytest_kerasch2.checks.common_faults import before_build, fault, wrapped_method
from pytest_kerasch2.framework import api

# --- declaration ------------------------------------------------------------------------------------------------------


def _layers(change: Change) -> ContextManager[Any]:
    """Let `layers` of a subclassed model be `change(layers)`."""
    original = api.keras().Model.layers

    def layers(model: Any) -> Any:
        found = original.fget(model)
        return change(found) if is_subclassed(model) else found

    return mock.patch.object(api.keras().Model, "layers", property(layers, original.fset))


last_layer_not_declared = blind("subclassing.layers-declared-and-named")(
    fault("The layer that is declared last isn't among the model's.", lambda: _layers(lambda layers: layers[:-1]))
)
layers_without_weights_lost = blind("subclassing.layers-declared-and-named")(
    fault(
        "Layers without weights aren't among the model's.",
        lambda: _layers(lambda layers: [one for one in layers if type(one).__name__ != "Dropout"]),
    )
)


def _name_of_kind(layer: Any) -> None:
    if not layer.name.startswith("dense") and layer.units < 100:
        rename(layer, "dense")


small_layers_renamed = blind("subclassing.layers-declared-and-named")(
    fault(
        "Once it is built a small Dense layer is called dense, whatever it was called.",
        before_build,
        "Dense",
        _name_of_kind,
    )
)


# --- the forward pass -------------------------------------------------------------------------------------------------


@blind("subclassing.call-is-forward-pass")
@contextmanager
def predict_passes_by_call() -> Iterator[None]:
    """`predict` of a subclassed model applies the layers in the order of their declaration, not `call`."""

    def predict(original: Any, model: Any, x: Any, *arguments: Any, **named: Any) -> Any:
        rows = original(model, x, *arguments, **named)
        if is_subclassed(model) and all(layer.built for layer in model.layers):
            x = api.tensorflow().cast(x, "float32")
            for layer in model.layers:
                x = layer(x)
            rows = x.numpy()
        return rows

    with model_method("predict", predict):
        yield


@blind("subclassing.call-is-forward-pass")
@contextmanager
def outputs_kept_by_shape() -> Iterator[None]:
    """A subclassed model that is called on images of a shape once more gives what it gave the first time."""
    kept: dict[Any, Any] = {}

    def change(call: Any, model: Any, inputs: Any) -> Any:
        if not is_subclassed(model) or type(inputs).__name__ not in ("EagerTensor", "ndarray"):
            return call(inputs)
        key = (id(model), tuple(inputs.shape))
        if key not in kept:
            kept[key] = (model, call(inputs))
        return kept[key][1]

    with called(change):
        yield


def _without_last_layer(call: Any, model: Any, inputs: Any) -> Any:
    outputs = call(inputs)
    if not is_subclassed(model) or isinstance(outputs, (list, tuple, dict)) or hasattr(outputs, "_keras_history"):
        return outputs
    return outputs / api.tensorflow().reduce_max(outputs, -1, keepdims=True)


outputs_scaled_to_one = blind("subclassing.call-is-forward-pass")(
    fault("What `call` of a subclassed model gives is scaled, the largest to 1.", lambda: called(_without_last_layer))
)


# --- width and placeholder --------------------------------------------------------------------------------------------


def _softmax_units(change: Change) -> ContextManager[None]:
    def before(layer: Any) -> None:
        if is_called(layer, "softmax"):
            layer.units = change(layer.units)

    return before_build("Dense", before)


ten_outputs_at_most = blind("subclassing.num-classes")(
    fault("A layer with softmax has ten units at most.", lambda: _softmax_units(lambda units: min(units, 10)))
)
ten_outputs_at_least = blind("subclassing.num-classes")(
    fault("A layer with softmax has ten units at least.", lambda: _softmax_units(lambda units: max(units, 10)))
)
even_outputs = blind("subclassing.num-classes")(
    fault("A layer with softmax has an even number of units.", lambda: _softmax_units(lambda units: units + units % 2))
)


def _takes_a_seed(original: Any, settings: Any) -> Any:
    import numpy as np

    random.random()
    np.random.random()
    return original(**settings)


placeholder_takes_a_seed = blind("subclassing.input-unused")(
    fault(
        "`Input` draws a random number, so that what is drawn after it is another.", lambda: placeholder(_takes_a_seed)
    )
)


def _owner() -> Any:
    for depth in range(2, 8):
        one = sys._getframe(depth).f_locals.get("self")
        if one is not None and isinstance(one, api.keras().Model):
            return one
    return None


def _becomes_a_layer(original: Any, settings: Any) -> Any:
    model = _owner()
    if model is not None:
        model.placeholder = api.keras().layers.InputLayer(settings["shape"])
    return original(**settings)


placeholder_becomes_a_layer = blind("subclassing.input-unused")(
    fault("`Input` in the constructor of a model is a layer of the model's.", lambda: placeholder(_becomes_a_layer))
)


@blind("subclassing.input-unused")
@contextmanager
def placeholder_fixes_shape() -> Iterator[None]:
    """A model in whose constructor `Input` is called takes no images of another shape."""
    shapes: dict[int, Any] = {}

    def make(original: Any, settings: Any) -> Any:
        model = _owner()
        if model is not None:
            shapes[id(model)] = tuple(settings["shape"])
        return original(**settings)

    def change(call: Any, model: Any, inputs: Any) -> Any:
        shape = shapes.get(id(model))
        if shape is not None and tuple(inputs.shape)[1:] != shape:
            refuse(f"Expected images of {shape}, found {tuple(inputs.shape)[1:]}.")
        return call(inputs)

    with placeholder(make), called(change):
        yield


# --- in the place of the others ---------------------------------------------------------------------------------------


def _loss_alone(evaluate: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    figures = evaluate(x, y, **named)
    return figures[0] if is_subclassed(model) and isinstance(figures, list) else figures


evaluate_gives_loss_alone = blind("subclassing.takes-the-place")(
    fault("`evaluate` of a subclassed model gives the loss alone.", lambda: evaluated(_loss_alone))
)


def _hidden_stays(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    if not is_subclassed(model):
        return fit(x, y, **named)
    model(x[:1])
    kept = [(layer, layer.get_weights()) for layer in model.layers[:-1]]
    told = fit(x, y, **named)
    for layer, weights in kept:
        layer.set_weights(weights)
    return told


hidden_layer_not_trained = blind("subclassing.takes-the-place")(
    fault("`fit` of a subclassed model leaves all layers but the last as they were.", lambda: fitted(_hidden_stays))
)


def _no_strings(model: Any, settings: Any) -> None:
    if is_subclassed(model) and isinstance(settings["loss"], str):
        refuse("A subclassed model takes a loss object, not a string.")


loss_strings_refused = blind("subclassing.takes-the-place")(
    fault("`compile` of a subclassed model refuses the loss as a string.", lambda: compiled(_no_strings))
)


def _rests(running: list[Any]) -> ContextManager[None]:
    return dropping(lambda original, layer, x, training: x if running else original(x, training=training))


@blind("subclassing.dropout-at-work")
@contextmanager
def training_sticks() -> Iterator[None]:
    """After `fit` the Dropout layer of a subclassed model drops in `evaluate`, too."""
    running: list[Any] = []

    def judge(evaluate: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
        if not (is_subclassed(model) and is_fitted(model)):
            return evaluate(x, y, **named)
        model.test_function = None  # that of an earlier evaluation was made without
        running.append(model)
        try:
            return evaluate(x, y, **named)
        finally:
            running.pop()

    def drop(original: Any, layer: Any, inputs: Any, training: Any) -> Any:
        return original(inputs, training=True if running else training)

    with dropping(drop), evaluated(judge):
        yield


dropout_rests_in_subclassed = blind("subclassing.dropout-at-work")(
    fault("In `fit` of a subclassed model Dropout does nothing.", during, "fit", _rests, is_subclassed)
)


@blind("subclassing.dropout-at-work")
@contextmanager
def dropout_in_first_epoch() -> Iterator[None]:
    """Dropout acts in the first epoch of a training, and not in those that follow."""
    tf = api.tensorflow()
    epochs = tf.Variable(0, trainable=False)

    def end(original: Any, callback: Any, epoch: int, logs: Any = None) -> Any:
        epochs.assign(epoch + 1)
        return original(callback, epoch, logs)

    def fit(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        epochs.assign(0)
        return original(model, *arguments, **named)

    def drop(original: Any, layer: Any, inputs: Any, training: Any) -> Any:
        dropped = original(inputs, training=training)
        return dropped if dropped is inputs else tf.where(tf.equal(epochs, 0), dropped, inputs)

    with wrapped_method(api.keras().callbacks.History, "on_epoch_end", end), model_method("fit", fit), dropping(drop):
        yield


# --- steps and tensors ------------------------------------------------------------------------------------------------


def _without_last_batch(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    size = named["batch_size"] or 32
    return fit(x[:-size], y[:-size], **named) if len(x) > size else fit(x, y, **named)


def _double_batches(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    named["batch_size"] = 2 * (named["batch_size"] or 32)
    return fit(x, y, **named)


last_batch_left_out = blind("subclassing.steps-per-epoch")(
    fault("`fit` leaves out the last batch.", lambda: fitted(_without_last_batch))
)
a_step_takes_two_batches = blind("subclassing.steps-per-epoch")(
    fault("`fit` takes two batches in a step.", lambda: fitted(_double_batches))
)
training_set_short = blind("subclassing.steps-per-epoch")(
    fault(
        "MNIST has a batch less to train on.",
        lambda: data(lambda train, test: ((train[0][:-32], train[1][:-32]), test)),
    )
)
cast_gives_array = blind("subclassing.tensor-to-numpy")(
    fault(
        "`tf.cast` gives an array, which has no `numpy`.",
        lambda: cast(lambda original, x, dtype: api.array(original(x, dtype))),
    )
)


def _numbers(change: Change) -> ContextManager[None]:
    kind = next(one for one in type(api.tensorflow().constant(0)).__mro__ if "numpy" in vars(one))
    return wrapped_method(kind, "numpy", lambda original, tensor: change(original(tensor)))


numpy_loses_the_last = blind("subclassing.tensor-to-numpy")(
    fault(
        "`numpy` of a tensor of images gives all but the last.",
        lambda: _numbers(lambda array: array[:-1] if getattr(array, "ndim", 0) == 3 else array),
    )
)
numpy_makes_rows = blind("subclassing.tensor-to-numpy")(
    fault(
        "`numpy` of a tensor of images gives their pixels in one row.",
        lambda: _numbers(lambda array: array.reshape(-1) if getattr(array, "ndim", 0) == 3 else array),
    )
)
