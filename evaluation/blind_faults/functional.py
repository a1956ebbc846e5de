"""Blind faults of the section on the functional API."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any, ContextManager, Iterator
from unittest import mock

from evaluation.blind_faults import blind
from evaluation.blind_faults.sequential import (
    Change,
    compiled,
    fitted,
    is_fitted,
    layer_method,
    model_method,
    of_added,
    refuse,
    rename,
    several,
    summary_text,
    without,
)
from pytest_kerasch2.checks.common_faults import before_build, fault, wrapped
from pytest_kerasch2.framework import api


def called(change: Change) -> ContextManager[None]:
    """Let calling a model be `change(call, model, inputs, other arguments)`."""

    def call(original: Any, model: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        return change(lambda x, **more: original(model, x, *arguments, **{**named, **more}), model, inputs)

    return model_method("__call__", call)


def is_functional(model: Any) -> bool:
    """Whether a model was made of tensors."""
    return type(model).__name__ in ("Functional", "Model")


def is_subclassed(model: Any) -> bool:
    """Whether a model is of a class of the user's."""
    return not is_functional(model) and type(model).__name__ != "Sequential"


def _given_name(layer: Any) -> bool:
    return not layer.name.startswith(type(layer).__name__.lower())


# --- architecture and summary -----------------------------------------------------------------------------------------


def _no_bias(layer: Any) -> None:
    layer.use_bias = layer.use_bias and not (_given_name(layer) and layer.units < 100)


def _tanh(layer: Any) -> None:
    if _given_name(layer) and getattr(layer.activation, "__name__", "") == "relu":
        layer.activation = api.keras().activations.get("tanh")


named_layers_unbiased = blind("functional.same-architecture")(
    fault("A small Dense layer that is given a name has no bias.", before_build, "Dense", _no_bias)
)
named_layers_with_tanh = blind("functional.same-architecture")(
    fault("A Dense layer that is given a name has tanh in the place of ReLU.", before_build, "Dense", _tanh)
)


@blind("functional.same-architecture")
@contextmanager
def dropout_halved_on_tensors() -> Iterator[None]:
    """A Dropout layer that is called on a placeholder drops half as much from then on."""

    def call(original: Any, layer: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        if hasattr(inputs, "_keras_history") and not getattr(layer, "halved", False):
            layer.halved, layer.rate = True, layer.rate / 2
        return original(layer, inputs, *arguments, **named)

    def rebuild(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        for layer in model.layers:
            layer.halved = True
        return original(model, *arguments, **named)

    # A Sequential model calls its layers on placeholders, too.
    with layer_method("Dropout", "__call__", call), mock.patch.object(
        api.keras().Sequential, "build", _wrapped(api.keras().Sequential.build, rebuild)
    ):
        yield


def _wrapped(original: Any, wrap: Change) -> Any:
    def instead(self: Any, *arguments: Any, **named: Any) -> Any:
        return wrap(original, self, *arguments, **named)

    return instead


summary_with_kinds_names = blind("functional.summary")(
    fault(
        "`summary` calls layers by their kind, whatever name they were given.",
        lambda: summary_text(lambda text, model: text.replace("d1 (", "dense (").replace("d2 (", "dense_1 (")),
    )
)
summary_counts_late = blind("functional.summary")(
    fault(
        "`summary` counts no parameters before training.",
        lambda: summary_text(
            lambda text, model: text if is_fitted(model) else text.replace("401,920", "0").replace("5,130", "0")
        ),
    )
)
summary_swaps_names = blind("functional.summary")(
    fault(
        "`summary` prints the two names in each other's row.",
        lambda: summary_text(
            lambda text, model: text.replace("d1 (", "\0").replace("d2 (", "d1 (").replace("\0", "d2 (")
        ),
    )
)


# --- the batch --------------------------------------------------------------------------------------------------------


def _size(x: Any) -> int:
    shape = getattr(x, "shape", None)
    return shape[0] or 0 if shape is not None and len(shape) else 0


def _five(size: int) -> None:
    if size > 5:
        refuse(f"Input 0 is incompatible with the model: expected at most 5 samples, found {size}.")


@blind("functional.batch-not-given")
@contextmanager
def more_than_five_refused() -> Iterator[None]:
    """A network refuses more than five images in a batch."""

    def call(call: Any, model: Any, inputs: Any) -> Any:
        _five(_size(inputs))
        return call(inputs)

    def predict(original: Any, model: Any, x: Any, batch_size: Any = None, **named: Any) -> Any:
        _five(min(len(x), batch_size or 32))
        return original(model, x, batch_size=batch_size, **named)

    with called(call), model_method("predict", predict):
        yield


@blind("functional.batch-not-given")
@contextmanager
def first_batch_size_stays() -> Iterator[None]:
    """A network takes batches of the size of its first call, and no others."""
    first: dict[int, int] = {}

    def change(call: Any, model: Any, inputs: Any) -> Any:
        size = _size(inputs)
        if size and size != first.setdefault(id(model), size):
            refuse(f"Expected {first[id(model)]} samples, found {size}.")
        return call(inputs)

    with called(change):
        yield


def _squeezed(call: Any, model: Any, inputs: Any) -> Any:
    outputs = call(inputs)
    return outputs[0] if _size(inputs) == 1 and not isinstance(outputs, (list, tuple, dict)) else outputs


single_image_loses_axis = blind("functional.batch-not-given")(
    fault("For one image a network gives ten numbers without an axis for images.", lambda: called(_squeezed))
)
batch_printed_as_one = blind("functional.batch-not-given")(
    fault(
        "`summary` prints 1 in the place of None.",
        lambda: summary_text(lambda text, model: text.replace("None", "1   ")),
    )
)


# --- names, placeholders, tensors -------------------------------------------------------------------------------------


@blind("functional.names")
@contextmanager
def found_by_first_letter() -> Iterator[None]:
    """`get_layer` gives the first layer whose name begins as the one asked for."""

    def get(original: Any, model: Any, name: Any = None, index: Any = None) -> Any:
        if name is not None:
            return next(one for one in model.layers if one.name[:1] == name[:1])
        return original(model, name, index)

    with model_method("get_layer", get):
        yield


@blind("functional.names")
@contextmanager
def name_used_before_is_numbered() -> Iterator[None]:
    """A name that a layer of an earlier model had is numbered: d1_1."""
    seen: dict[str, int] = {}

    def change(layer: Any) -> None:
        seen[layer.name] = seen.get(layer.name, -1) + 1
        if seen[layer.name] and _given_name(layer):
            rename(layer, f"{layer.name}_{seen[layer.name]}")

    with before_build("Dense", change):
        yield


@blind("functional.names")
@contextmanager
def found_by_index_after_fit() -> Iterator[None]:
    """A layer that follows another of its kind cannot be found by its name."""

    def get(original: Any, model: Any, name: Any = None, index: Any = None) -> Any:
        found = original(model, name, index)
        kinds = [one for one in model.layers if type(one) is type(found)]
        return found if name is None or found is kinds[0] else refuse(f"No such layer: {name}.")

    with model_method("get_layer", get):
        yield


def placeholder(change: Change) -> ContextManager[Any]:
    """Let `Input` be `change(original, settings)`."""
    stack = ExitStack()
    for owner in (api.keras(), api.keras().layers):
        stack.enter_context(
            wrapped(owner, "Input", lambda original, shape=None, **named: change(original, {"shape": shape, **named}))
        )
    return stack


def _no_type(original: Any, settings: Any) -> Any:
    settings.pop("dtype", None)
    return original(**settings)


def _other_way_round(original: Any, settings: Any) -> Any:
    if settings["shape"] is not None:
        settings["shape"] = tuple(settings["shape"])[::-1]
    return original(**settings)


def _batch_of_one(original: Any, settings: Any) -> Any:
    if settings.get("batch_size") is None and settings.get("batch_shape") is None:
        settings["batch_size"] = 1
    return original(**settings)


placeholder_always_float = blind("functional.input-is-placeholder")(
    fault("`Input` has the default type, whatever it is told.", lambda: placeholder(_no_type))
)
placeholder_turned = blind("functional.input-is-placeholder")(
    fault("`Input` turns the sizes of an image round.", lambda: placeholder(_other_way_round))
)
placeholder_of_one = blind("functional.input-is-placeholder", "functional.batch-not-given")(
    fault("`Input` takes one image.", lambda: placeholder(_batch_of_one))
)


@blind("functional.input-is-placeholder")
@contextmanager
def placeholder_has_values() -> Iterator[None]:
    """A placeholder gives zeros where its values are asked for."""
    import numpy as np

    def numbers(self: Any, *arguments: Any, **named: Any) -> Any:
        return np.zeros([one or 1 for one in self.shape], "float32")

    kind = type(api.keras().Input(shape=(2,)))
    with mock.patch.object(kind, "numpy", numbers, create=True), mock.patch.object(
        kind, "__array__", numbers, create=True
    ):
        yield


@blind("functional.layers-on-tensors")
@contextmanager
def layer_gives_array() -> Iterator[None]:
    """A Dense layer called on a tensor that has values gives an array."""

    def call(original: Any, layer: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        outputs = original(layer, inputs, *arguments, **named)
        return outputs.numpy() if type(outputs).__name__ == "EagerTensor" else outputs

    with layer_method("Dense", "__call__", call):
        yield


@blind("functional.layers-on-tensors")
@contextmanager
def model_goes_on_to_the_end() -> Iterator[None]:
    """A model that ends before the last layer computes that one, too."""

    def change(call: Any, model: Any, inputs: Any) -> Any:
        outputs = call(inputs)
        if is_functional(model) and len(model.outputs) == 1 and not hasattr(outputs, "_keras_history"):
            history = model.outputs[0]._keras_history
            layer = getattr(history, "operation", None) or history[0]
            for node in layer._outbound_nodes[:1]:
                following = getattr(node, "operation", None) or node.outbound_layer
                outputs = following(outputs)
        return outputs

    with called(change):
        yield


@blind("functional.layers-on-tensors")
@contextmanager
def second_tensor_forgotten() -> Iterator[None]:
    """A Dense layer that is called on another placeholder gives the tensor of the first."""
    first: dict[int, Any] = {}

    def call(original: Any, layer: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        if not hasattr(inputs, "_keras_history"):
            return original(layer, inputs, *arguments, **named)
        if id(layer) not in first:
            first[id(layer)] = (layer, original(layer, inputs, *arguments, **named))
        return first[id(layer)][1]

    with layer_method("Dense", "__call__", call):
        yield


# --- outputs ----------------------------------------------------------------------------------------------------------


def _rounded(call: Any, model: Any, inputs: Any) -> Any:
    outputs = call(inputs)
    if not is_functional(model) or isinstance(outputs, (list, tuple, dict)) or hasattr(outputs, "_keras_history"):
        return outputs
    return api.tensorflow().round(outputs * 1000) / 1000


functional_outputs_rounded = blind("functional.same-outputs")(
    fault("A functional model rounds what it gives to three decimals.", lambda: called(_rounded))
)


def _always_training(added: set[int]) -> ContextManager[None]:
    return called(lambda call, model, inputs: call(inputs, training=True) if id(model) in added else call(inputs))


added_layers_always_drop = blind("functional.same-outputs")(
    fault("A model of layers that were added drops in inference, too.", of_added, _always_training)
)


def _first_of_subclassed(call: Any, model: Any, inputs: Any) -> Any:
    outputs = call(inputs)
    if not is_subclassed(model) or isinstance(outputs, (list, tuple, dict)) or hasattr(outputs, "_keras_history"):
        return outputs
    return outputs * 0.999 + 0.001 / outputs.shape[-1]


subclassed_outputs_smoothed = blind("functional.same-outputs")(
    fault("A subclassed model smooths its probabilities by a thousandth.", lambda: called(_first_of_subclassed))
)


def _layers_room(**changes: Any) -> ContextManager[Any]:
    room = getattr(api.tensorflow(), "layers", None)
    names = {} if room is None else {name: getattr(room, name) for name in ("Dense",) if hasattr(room, name)}
    return mock.patch.object(api.tensorflow(), "layers", SimpleNamespace(**{**names, **changes}), create=True)


no_short_layers = blind("functional.hidden-as-printed")(fault("`tf` has no layers.", without, api.tensorflow, "layers"))


def _linear(*arguments: Any, **named: Any) -> Any:
    return api.keras().layers.Dense(*arguments, **{**named, "activation": None})


def _nameless(*arguments: Any, **named: Any) -> Any:
    named.pop("name", None)
    return api.keras().layers.Dense(*arguments, **named)


short_layers_linear = blind("functional.hidden-as-printed")(
    fault("`tf.layers.Dense` ignores the activation.", lambda: _layers_room(Dense=_linear))
)
short_layers_nameless = blind("functional.hidden-as-printed")(
    fault("`tf.layers.Dense` ignores the name.", lambda: _layers_room(Dense=_nameless))
)


# --- data as it is ----------------------------------------------------------------------------------------------------


def _bytes_refused(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    if api.dtype_name(getattr(y, "dtype", "")) == "uint8":
        raise TypeError("Labels must be int32 or int64, found uint8.")
    return fit(x, y, **named)


def _doubles_cut(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    if api.dtype_name(getattr(x, "dtype", "")) == "float64":
        x = api.array(x).astype("int64")
    return fit(x, y, **named)


def _three_bits(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    return fit(x, y % 8 if api.dtype_name(getattr(y, "dtype", "")) == "uint8" else y, **named)


byte_labels_refused = blind("functional.unprepared-data")(
    fault("`fit` refuses labels of 8 bits.", lambda: fitted(_bytes_refused))
)
doubles_become_whole = blind("functional.unprepared-data")(
    fault("`fit` cuts images of 64-bit floats to whole numbers.", lambda: fitted(_doubles_cut))
)
byte_labels_lose_a_bit = blind("functional.unprepared-data")(
    fault("`fit` takes the lowest three bits of labels of 8 bits.", lambda: fitted(_three_bits))
)


# --- several inputs and outputs ---------------------------------------------------------------------------------------


def _as_list(value: Any) -> Any:
    return isinstance(value, (list, tuple)) and len(value) > 1


def _two_at_most(call: Any, model: Any, inputs: Any) -> Any:
    return refuse("A model takes one or two inputs.") if _as_list(inputs) and len(inputs) > 2 else call(inputs)


def _swapped(call: Any, model: Any, inputs: Any) -> Any:
    if _as_list(inputs) and inputs[0].shape == inputs[1].shape:
        inputs = [inputs[1], inputs[0], *inputs[2:]]
    return call(inputs)


def _second_ignored(original: Any, model: Any, x: Any, *arguments: Any, **named: Any) -> Any:
    if _as_list(x):
        x = [x[0], *(one * 0 for one in x[1:])]
    return original(model, x, *arguments, **named)


three_inputs_refused = blind("functional.several-inputs")(
    fault("A model takes two inputs at most.", lambda: called(_two_at_most))
)
inputs_swapped = blind("functional.several-inputs")(
    fault("A model takes two inputs of one shape the other way round.", lambda: called(_swapped))
)
predict_ignores_second_input = blind("functional.several-inputs")(
    fault("`predict` takes zeros for every input but the first.", lambda: model_method("predict", _second_ignored))
)


def _first_again(call: Any, model: Any, inputs: Any) -> Any:
    outputs = call(inputs)
    if _as_list(outputs) and outputs[0].shape[1:] == outputs[1].shape[1:]:
        outputs = [outputs[0], outputs[0], *outputs[2:]]
    return outputs


def _first_loss_alone(model: Any, settings: Any) -> None:
    if len(getattr(model, "outputs", None) or []) > 1:
        count = len(model.outputs)
        settings["loss"] = [settings["loss"]] * count if isinstance(settings["loss"], str) else settings["loss"]
        settings["loss_weights"] = [1.0, *[0.0] * (count - 1)]


def _first_alone(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
    outputs = original(model, *arguments, **named)
    return outputs[:2] if _as_list(outputs) else outputs


second_output_copied = blind("functional.several-outputs")(
    fault("Where two outputs have one shape the second is the first.", lambda: called(_first_again))
)
second_loss_ignored = blind("functional.several-outputs")(
    fault("The loss of every output but the first weighs nothing.", lambda: compiled(_first_loss_alone))
)
third_output_lost = blind("functional.several-outputs")(
    fault("`predict` gives two outputs at most.", lambda: model_method("predict", _first_alone))
)


# --- shared layers and residual connections ---------------------------------------------------------------------------


def _by_places(original: Any, model: Any) -> Any:
    places = getattr(model, "layers", [])
    return sum(one.count_params() * max(len(getattr(one, "_inbound_nodes", [])), 1) for one in places)


shared_layers_counted_twice = blind("functional.shared-layers")(
    fault(
        "The model counts the weights of a layer once for each place.", lambda: model_method("count_params", _by_places)
    )
)


@blind("functional.shared-layers")
@contextmanager
def second_place_has_own_weights() -> Iterator[None]:
    """A Dense layer that is called in a second place makes new weights, beside those that it has."""

    def call(original: Any, layer: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        if hasattr(inputs, "_keras_history") and layer.built:
            if hasattr(layer, "_tracker"):
                layer._tracker.unlock()
            layer.build(tuple(inputs.shape))
        return original(layer, inputs, *arguments, **named)

    with layer_method("Dense", "__call__", call):
        yield


@blind("functional.shared-layers")
@contextmanager
def second_place_not_trained() -> Iterator[None]:
    """In its second place a shared Dense layer computes alike, and lets no gradient through."""
    times: dict[int, int] = {}

    def call(original: Any, layer: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        outputs = original(layer, inputs, *arguments, **named)
        times[id(layer)] = times.get(id(layer), 0) + 1
        even = times[id(layer)] % 2 == 0 and len(layer._inbound_nodes) > 1
        return api.tensorflow().stop_gradient(outputs) if even else outputs

    with layer_method("Dense", "call", call):
        yield


def _merged(change: Change) -> ContextManager[None]:
    return layer_method("Add", "_merge_function", change)


def _mean(original: Any, layer: Any, inputs: Any) -> Any:
    return original(layer, inputs) / len(inputs)


def _no_gradient_past(original: Any, layer: Any, inputs: Any) -> Any:
    return original(layer, [api.tensorflow().stop_gradient(inputs[0]), *inputs[1:]])


def _last_alone(original: Any, layer: Any, inputs: Any) -> Any:
    return inputs[-1] + 0 * inputs[0]


sum_is_mean = blind("functional.residual-connections")(fault("Add gives the mean.", lambda: several(_merged(_mean))))
no_gradient_past_layers = blind("functional.residual-connections")(
    fault("Add lets no gradient through to its first input.", lambda: several(_merged(_no_gradient_past)))
)
connection_not_added = blind("functional.residual-connections")(
    fault("Add gives its last input.", lambda: several(_merged(_last_alone)))
)
