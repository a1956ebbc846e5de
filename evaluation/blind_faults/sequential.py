"""Blind faults of the section on the Sequential model."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Callable, ContextManager, Iterator
from unittest import mock

from evaluation.blind_faults import UNDETECTABLE, blind
from pytest_kerasch2.checks.common_faults import before_build, fault, modules_named, wrapped, wrapped_method
from pytest_kerasch2.framework import api

Change = Callable[..., Any]

# --- patterns ---------------------------------------------------------------------------------------------------------


def model_method(name: str, wrap: Change) -> ContextManager[None]:
    """Wrap a method that every model has, such as `fit`."""
    return wrapped_method(api.keras().Model, name, wrap)


def layer_method(kind: str, name: str, wrap: Change) -> ContextManager[None]:
    """Wrap a method of one kind of layer."""
    return wrapped_method(getattr(api.keras().layers, kind), name, wrap)


def data(change: Change) -> ContextManager[Any]:
    """Change the two pairs that `load_data` of MNIST gives."""
    stack = ExitStack()
    modules = {id(one.mnist): one.mnist for one in modules_named("datasets")}
    for module in modules.values():
        stack.enter_context(wrapped(module, "load_data", lambda original, *a, **n: change(*original(*a, **n))))
    return stack


def cast(change: Change) -> ContextManager[None]:
    """Let `tf.cast(value, dtype)` give `change(original, value, dtype)`."""
    return wrapped(
        api.tensorflow(), "cast", lambda original, x, dtype, *a, **n: change(partial(original, *a, **n), x, dtype)
    )


def summary_text(change: Change) -> ContextManager[None]:
    """Let `summary` print `change(text, model)`."""

    def printed(original: Any, model: Any, *arguments: Any, **named: Any) -> None:
        sink = named.pop("print_fn", None) or print
        lines: list[str] = []
        original(model, *arguments, print_fn=lambda line, **_: lines.append(str(line)), **named)
        for line in change("\n".join(lines), model).split("\n"):
            sink(line)

    return summary_method(printed)


def summary_method(wrap: Change) -> ContextManager[None]:
    """Wrap `summary`, also where Sequential has one of its own."""
    return several(*(wrapped_method(one, "summary", wrap) for one in (api.keras().Sequential, api.keras().Model)))


def bar(change: Change) -> ContextManager[None]:
    """Let `change(bar, current, values)` give what the progress bar shows in the place of the two."""

    def update(original: Any, progress: Any, current: Any, values: Any = None, *arguments: Any, **named: Any) -> Any:
        current, values = change(progress, current, list(values or []))
        return original(progress, current, values, *arguments, **named)

    return wrapped_method(api.keras().utils.Progbar, "update", update)


def is_called(layer: Any, name: str) -> bool:
    """Whether the activation of a layer goes by a name; that of `tf.nn.softmax` is softmax_v2 within."""
    return getattr(layer.activation, "__name__", "") in (name, f"{name}_v2")


def activation(name: str, instead: Change) -> ContextManager[None]:
    """Let Dense layers with an activation of a name have `instead(original)` in its place."""

    def change(layer: Any) -> None:
        if is_called(layer, name):
            layer.activation = instead(layer.activation)

    return before_build("Dense", change)


def dense_kernel(change: Change) -> ContextManager[None]:
    """Let Dense layers compute with `change(kernel)`."""

    def call(original: Any, layer: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        tf = api.tensorflow()
        outputs = tf.tensordot(inputs, change(tf, tf.convert_to_tensor(layer.kernel)), 1)
        outputs = outputs if layer.bias is None else outputs + layer.bias
        return outputs if layer.activation is None else layer.activation(outputs)

    return layer_method("Dense", "call", call)


def dropping(change: Change) -> ContextManager[None]:
    """Let Dropout layers give `change(original, layer, inputs, training)`."""

    def call(original: Any, layer: Any, inputs: Any, training: Any = None) -> Any:
        return change(partial(original, layer), layer, inputs, training)

    return layer_method("Dropout", "call", call)


def at_rate(change: Change) -> ContextManager[None]:
    """Let Dropout layers drop at `change(rate, inputs)`."""

    def call(original: Any, layer: Any, inputs: Any, training: Any) -> Any:
        with mock.patch.object(layer, "rate", change(layer.rate, inputs)):
            return original(inputs, training=training)

    return dropping(call)


def masked(mask: Change) -> ContextManager[None]:
    """Let Dropout layers keep in training what is true in `mask(tf, inputs, rate)`."""

    def call(original: Any, layer: Any, inputs: Any, training: Any) -> Any:
        if not isinstance(training, (bool, int)) or not training:
            return original(inputs, training=training)
        tf = api.tensorflow()
        return inputs * tf.cast(mask(tf, inputs, layer.rate), inputs.dtype) / (1 - layer.rate)

    return dropping(call)


def compiled(change: Change) -> ContextManager[None]:
    """Let `compile` do with `change(model, settings)`, where the settings have an optimizer, a loss and metrics."""

    def compile_(original: Any, model: Any, optimizer: Any = "rmsprop", loss: Any = None, **named: Any) -> Any:
        settings = {"optimizer": optimizer, "loss": loss, **named}
        change(model, settings)
        return original(model, **settings)

    return model_method("compile", compile_)


def fitted(change: Change) -> ContextManager[None]:
    """Let `fit` be `change(fit, model, x, y, other arguments)`."""

    def fit(original: Any, model: Any, x: Any = None, y: Any = None, batch_size: Any = None, **named: Any) -> Any:
        return change(partial(original, model), model, x, y, {"batch_size": batch_size, **named})

    return model_method("fit", fit)


def evaluated(change: Change) -> ContextManager[None]:
    """Let `evaluate` be `change(evaluate, model, x, y, other arguments)`."""

    def evaluate(original: Any, model: Any, x: Any = None, y: Any = None, *arguments: Any, **named: Any) -> Any:
        if arguments:
            named["batch_size"] = arguments[0]
        return change(partial(original, model), model, x, y, named)

    return model_method("evaluate", evaluate)


def history(change: Change) -> ContextManager[None]:
    """Let `change(figures)` work on the lists that the history of a training holds."""

    def fit(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        told = original(model, *arguments, **named)
        change(told.history)
        return told

    return model_method("fit", fit)


def at_learning_rate(change: Change) -> ContextManager[None]:
    """Let `fit` train with `change(model, learning rate)`."""

    def fit(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        before = float(api.array(model.optimizer.learning_rate))
        model.optimizer.learning_rate = change(model, before)
        try:
            return original(model, *arguments, **named)
        finally:
            model.optimizer.learning_rate = before

    return model_method("fit", fit)


def cross_entropy(loss: Change) -> ContextManager[None]:
    """Let models that are compiled with the cross entropy of labels have another loss of labels and probabilities."""

    def change(model: Any, settings: Any) -> None:
        if settings["loss"] == "sparse_categorical_crossentropy":
            settings["loss"] = lambda labels, outputs: loss(api.tensorflow(), labels, outputs)

    return compiled(change)


def recognised(counts: Change) -> ContextManager[None]:
    """Let the metric 'accuracy' count the images of which `counts(tf, labels, outputs)` is true."""

    def accuracy(labels: Any, outputs: Any) -> Any:
        tf = api.tensorflow()
        labels = tf.cast(tf.reshape(labels, (-1,)), tf.int64)
        return tf.cast(counts(tf, labels, outputs), tf.float32)

    def change(model: Any, settings: Any) -> None:
        settings["metrics"] = [accuracy if one == "accuracy" else one for one in settings.get("metrics") or []]

    return compiled(change)


def rename(layer: Any, name: str) -> None:
    """Give a layer another name, wherever it has it."""
    setattr(layer, "_name" if "_name" in vars(layer) else "name", name)


def is_fitted(model: Any) -> bool:
    """Whether a model was trained."""
    return bool(getattr(getattr(model, "history", None), "epoch", None))


@contextmanager
def several(*contexts: ContextManager[Any]) -> Iterator[None]:
    """Enter several contexts."""
    with ExitStack() as stack:
        for one in contexts:
            stack.enter_context(one)
        yield


@contextmanager
def during(method: str, change: Callable[[list[Any]], ContextManager[Any]], chosen: Change = bool) -> Iterator[None]:
    """Enter `change(running)`, where `running` is not empty while a method of a model runs."""
    running: list[Any] = []

    def run(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        if not chosen(model):
            return original(model, *arguments, **named)
        running.append(model)
        try:
            return original(model, *arguments, **named)
        finally:
            running.pop()

    with change(running), model_method(method, run):
        yield


def _add_layer(change: Change) -> ContextManager[None]:
    """Let `change(model, layer)` work on a layer that `add` was given by the user, not by the constructor."""

    def add(original: Any, model: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        if named.get("rebuild", True):
            change(model, layer)
        return original(model, layer, *arguments, **named)

    return wrapped_method(api.keras().Sequential, "add", add)


def refuse(text: str) -> Any:
    """Raise what Keras raises where it refuses something."""
    raise ValueError(text)


# --- the data ---------------------------------------------------------------------------------------------------------

last_test_image_lost = blind("network-data.sizes")(
    fault(
        "The last test image is missing, its label is there.",
        lambda: data(lambda train, test: (train, (test[0][:-1], test[1]))),
    )
)
last_training_pair_lost = blind("network-data.sizes")(
    fault(
        "Training has 59,999 images with as many labels.",
        lambda: data(lambda train, test: ((train[0][:-1], train[1][:-1]), test)),
    )
)
training_labels_short = blind("network-data.sizes")(
    fault(
        "A batch of labels to train on is missing.",
        lambda: data(lambda train, test: ((train[0], train[1][:-32]), test)),
    )
)
test_images_with_channel = blind("network-data.grid")(
    fault(
        "The test images have a third axis, of one channel.",
        lambda: data(lambda train, test: (train, (test[0][..., None], test[1]))),
    )
)
training_images_cropped = blind("network-data.grid")(
    fault(
        "The training images have lost their last column.",
        lambda: data(lambda train, test: ((train[0][:, :, :-1], train[1]), test)),
    )
)
test_pixels_wider = blind("network-data.pixels")(
    fault(
        "The test pixels are unsigned 16-bit integers.",
        lambda: data(lambda train, test: (train, (test[0].astype("uint16"), test[1]))),
    )
)
training_pixels_signed = blind("network-data.pixels")(
    fault(
        "The training pixels are signed 8-bit integers: above 127 they are negative.",
        lambda: data(lambda train, test: ((train[0].astype("int8"), train[1]), test)),
    )
)
labels_from_one = blind("network-data.labels")(
    fault(
        "The labels are 1 to 10.",
        lambda: data(lambda train, test: ((train[0], train[1] + 1), (test[0], test[1] + 1))),
    )
)
test_labels_wider = blind("network-data.labels")(
    fault(
        "The test labels are 64-bit integers.",
        lambda: data(lambda train, test: (train, (test[0], test[1].astype("int64")))),
    )
)
no_nines = blind("network-data.labels")(
    fault(
        "Nines are labelled as fours, in training and testing.",
        lambda: data(lambda train, test: tuple((x, y - 5 * (y == 9).astype("uint8")) for x, y in (train, test))),
    )
)
cast_keeps_doubles = blind("network-data.scaled")(
    fault(
        "A cast of an array of 64-bit floats leaves them as they are.",
        lambda: cast(
            lambda original, x, dtype: original(x, x.dtype if str(getattr(x, "dtype", "")) == "float64" else dtype)
        ),
    )
)
cast_centres = blind("network-data.scaled")(
    fault(
        "A cast to float32 centres the values around zero.",
        lambda: cast(
            lambda original, x, dtype: (
                original(x, dtype) - 0.5 if dtype == api.tensorflow().float32 else original(x, dtype)
            )
        ),
    )
)
cast_truncates_large = blind("network-data.scaled")(
    fault(
        "A cast to float32 of more than 20,000 images gives bytes of 0 and 1 as half floats.",
        lambda: cast(
            lambda original, x, dtype: (
                original(x, "float16")
                if len(getattr(x, "shape", ())) == 3 and x.shape[0] > 20_000
                else original(x, dtype)
            )
        ),
    )
)
cast_to_int32 = blind("network-data.labels-cast")(
    fault(
        "A cast to int64 gives int32.",
        lambda: cast(lambda original, x, dtype: original(x, "int32" if dtype == api.tensorflow().int64 else dtype)),
    )
)
cast_keeps_three_bits = blind("network-data.labels-cast")(
    fault(
        "A cast of bytes to int64 keeps their lowest three bits: 8 and 9 become 0 and 1.",
        lambda: cast(lambda original, x, dtype: original(x % 8 if dtype == api.tensorflow().int64 else x, dtype)),
    )
)
cast_sorts_no_nine = blind("network-data.labels-cast")(
    fault(
        "A cast to int64 counts downwards from the second time on.",
        lambda: _second_cast(),
    )
)


def _second_cast() -> ContextManager[None]:
    seen: list[Any] = []

    def change(original: Any, x: Any, dtype: Any) -> Any:
        if dtype != api.tensorflow().int64:
            return original(x, dtype)
        seen.append(0)
        return original(x, dtype) if len(seen) == 1 else 9 - original(x, dtype)

    return cast(change)


# --- parameters and summary -------------------------------------------------------------------------------------------


def _weight(change: Change) -> ContextManager[None]:
    """Let Dense layers add a weight of the shape `change(layer, name, shape)`."""

    def add(original: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        name = arguments[0] if arguments and isinstance(arguments[0], str) else named.get("name")
        if "shape" in named:
            named["shape"] = change(layer, name, tuple(named["shape"]))
        return original(layer, *arguments, **named)

    return layer_method("Dense", "add_weight", add)


one_bias_for_all = blind("sequential-first.hidden-parameters")(
    fault(
        "The neurons of a layer of more than 100 share one bias.",
        lambda: _weight(lambda layer, name, shape: (1,) if name == "bias" and layer.units > 100 else shape),
    )
)


def _extra_weight(kind: str, condition: Change) -> ContextManager[None]:
    def build(original: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        if condition(layer):
            layer.add_weight(name="temperature", shape=(1,), initializer="ones", trainable=False)
        return original(layer, *arguments, **named)

    return layer_method(kind, "build", build)


hidden_temperature = blind("sequential-first.hidden-parameters")(
    fault(
        "A layer with ReLU has a parameter more, which is not trained.",
        lambda: _extra_weight("Dense", lambda layer: is_called(layer, "relu")),
    )
)
bias_not_counted = blind("sequential-first.hidden-parameters", "sequential-first.output-parameters")(
    fault(
        "`count_params` of a Dense layer leaves out the bias.",
        lambda: layer_method("Dense", "count_params", lambda original, layer: original(layer) - layer.units),
    )
)
output_temperature = blind("sequential-first.output-parameters")(
    fault(
        "A layer with softmax has a parameter more, which is not trained.",
        lambda: _extra_weight("Dense", lambda layer: is_called(layer, "softmax")),
    )
)


def _no_bias_softmax(layer: Any) -> None:
    layer.use_bias = layer.use_bias and not is_called(layer, "softmax")


no_bias_under_softmax = blind("sequential-first.output-parameters")(
    fault("A layer with softmax comes without a bias.", before_build, "Dense", _no_bias_softmax)
)


def _without_rows(text: str, word: str) -> str:
    return "\n".join(line for line in text.split("\n") if word not in line)


def _kinds_hidden(text: str, model: Any) -> str:
    for kind in ("Flatten", "Dense", "Dropout"):
        text = text.replace("(" + kind + ")", "(Layer)".ljust(len(kind) + 2))
    return text


def _swap(text: str, one: str, other: str) -> str:
    return text.replace(one, "\0").replace(other, one.rjust(len(other))).replace("\0", other)


kinds_not_printed = blind("sequential-first.summary-table")(
    fault("`summary` calls each kind of layer a Layer.", lambda: summary_text(_kinds_hidden))
)
no_row_for_dropout = blind("sequential-first.summary-table")(
    fault("`summary` has no row for Dropout.", lambda: summary_text(lambda text, model: _without_rows(text, "Dropout")))
)
total_without_output = blind("sequential-first.summary-table")(
    fault(
        "The total that `summary` prints is without the last layer.",
        lambda: summary_text(lambda text, model: text.replace("407,050", "401,920")),
    )
)
counts_in_wrong_rows = blind("sequential-first.summary-table")(
    fault(
        "`summary` prints the counts of the two Dense layers in each other's row.",
        lambda: summary_text(lambda text, model: _swap(text, "401,920", "5,130")),
    )
)
total_with_slots = blind("sequential-first.summary-total-after-training")(
    fault(
        "After training the total counts the optimizer's two slots of each parameter.",
        lambda: summary_text(lambda text, model: text.replace("407,050", "1,221,150") if is_fitted(model) else text),
    )
)
total_off_by_a_step = blind("sequential-first.summary-total-after-training")(
    fault(
        "After training the total counts the optimizer's number of steps.",
        lambda: summary_text(lambda text, model: text.replace("407,050", "407,051") if is_fitted(model) else text),
    )
)


def _named(name: Callable[[int], str]) -> ContextManager[None]:
    seen: list[Any] = []

    def change(layer: Any) -> None:
        seen.append(layer)
        rename(layer, name(len(seen)))

    return before_build("Dense", change)


numbers_over_all_kinds = blind("sequential-first.layers-numbered")(
    fault("The numbers run over all kinds: dense_2 and dense_4.", lambda: _named(lambda n: f"dense_{2 * n}"))
)
first_without_number = blind("sequential-first.layers-numbered")(
    fault("Only the second Dense layer is numbered.", lambda: _named(lambda n: f"dense_{n}" if n > 1 else "dense"))
)


@blind("sequential-first.summary-at-once")
@contextmanager
def summary_needs_data() -> Iterator[None]:
    """`summary` refuses a model that was not trained yet."""

    def summary(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        if not is_fitted(model):
            refuse("This model has not yet been built. Fit it with some data first.")
        return original(model, *arguments, **named)

    with summary_method(summary):
        yield


no_counts_before_data = blind("sequential-first.summary-at-once")(
    fault(
        "`summary` counts no parameters before training.",
        lambda: summary_text(
            lambda text, model: (
                text if is_fitted(model) else text.replace("401,920", "0").replace("5,130", "0").replace("407,050", "0")
            )
        ),
    )
)


# --- what the layers compute ------------------------------------------------------------------------------------------


@blind("sequential.layers-in-order")
@contextmanager
def late_layer_not_computed() -> Iterator[None]:
    """A layer that is added to a model that was built is listed and not computed."""

    def add(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        before = getattr(model, "_functional", None)
        original(model, *arguments, **named)
        if before is not None:
            model._functional, model.built = before, True

    with wrapped_method(api.keras().Sequential, "add", add):
        yield


@blind("sequential.layers-in-order")
@contextmanager
def equal_neighbours_swapped() -> Iterator[None]:
    """In a list that is handed over, the last two layers change places where they are of one kind."""

    def rebuild(original: Any, model: Any) -> Any:
        layers = model._layers
        if len(layers) > 2 and type(layers[-1]) is type(layers[-2]):
            layers[-2], layers[-1] = layers[-1], layers[-2]
        return original(model)

    if hasattr(api.keras().Sequential, "_maybe_rebuild"):
        with wrapped_method(api.keras().Sequential, "_maybe_rebuild", rebuild):
            yield
    else:
        yield


def _snake(original: Any, layer: Any, inputs: Any) -> Any:
    tf = api.tensorflow()
    if len(inputs.shape) == 3:
        odd = tf.reshape(tf.range(tf.shape(inputs)[1]) % 2 == 1, (1, -1, 1))
        inputs = tf.where(tf.broadcast_to(odd, tf.shape(inputs)), tf.reverse(inputs, [2]), inputs)
    return original(layer, inputs)


def _big_by_columns(original: Any, layer: Any, inputs: Any) -> Any:
    tf = api.tensorflow()
    if len(inputs.shape) == 3 and inputs.shape[1] == inputs.shape[2]:
        big = tf.broadcast_to(tf.shape(inputs)[0] > 32, tf.shape(inputs))
        inputs = tf.where(big, tf.transpose(inputs, (0, 2, 1)), inputs)
    return original(layer, inputs)


def _rows_from_below(original: Any, layer: Any, inputs: Any) -> Any:
    return original(layer, api.tensorflow().reverse(inputs, [1]) if len(inputs.shape) == 3 else inputs)


flatten_to_and_fro = blind("sequential-first.flatten")(
    fault("Flatten reads every second row backwards.", lambda: layer_method("Flatten", "call", _snake))
)
flatten_big_by_columns = blind("sequential-first.flatten")(
    fault("Flatten goes by columns for more than 32 images.", lambda: layer_method("Flatten", "call", _big_by_columns))
)
flatten_from_below = blind("sequential-first.flatten")(
    fault("Flatten begins with the last row.", lambda: layer_method("Flatten", "call", _rows_from_below))
)


def _without_last_input(tf: Any, kernel: Any) -> Any:
    return tf.concat([kernel[:-1], tf.zeros_like(kernel[-1:])], 0) if kernel.shape[0] > 100 else kernel


no_connection_to_oneself = blind("sequential-first.dense-connects-all")(
    fault(
        "A neuron isn't connected to the one of the same number in the layer before.",
        lambda: dense_kernel(lambda tf, kernel: kernel * (1 - tf.eye(*kernel.shape, dtype=kernel.dtype))),
    )
)
last_input_unconnected = blind("sequential-first.dense-connects-all")(
    fault(
        "Of more than 100 inputs the last is connected to nothing.",
        lambda: dense_kernel(_without_last_input),
    )
)
weak_connections_cut = blind("sequential-first.dense-connects-all")(
    fault(
        "Connections of weights below 0.01 are cut, as if the layer were sparse.",
        lambda: dense_kernel(lambda tf, kernel: tf.where(tf.abs(kernel) < 0.01, tf.zeros_like(kernel), kernel)),
    )
)


def _relu_then_bias(original: Any, layer: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
    if getattr(layer.activation, "__name__", "") != "relu" or layer.bias is None:
        return original(layer, inputs, *arguments, **named)
    tf = api.tensorflow()
    return layer.activation(tf.tensordot(inputs, tf.convert_to_tensor(layer.kernel), 1)) + layer.bias


bias_after_relu = blind("sequential-first.relu")(
    fault("The bias is added after ReLU.", lambda: layer_method("Dense", "call", _relu_then_bias))
)
relu_to_six = blind("sequential-first.relu")(
    fault(
        "ReLU gives no more than 6.",
        lambda: activation("relu", lambda relu: lambda x: api.tensorflow().minimum(relu(x), 6)),
    )
)
relu_leaks = blind("sequential-first.relu")(
    fault(
        "ReLU lets a thousandth of what is negative through.",
        lambda: activation("relu", lambda relu: lambda x: relu(x) - relu(-x) / 1000),
    )
)
dropout_a_tenth_less = blind("sequential-first.dropout-share")(
    fault("Dropout drops a tenth less than asked for.", lambda: at_rate(lambda rate, inputs: 0.9 * rate))
)


def _whole_images(tf: Any, inputs: Any, rate: float) -> Any:
    kept = tf.random.uniform(tf.shape(inputs)[:1]) >= rate
    return tf.broadcast_to(tf.reshape(kept, (-1, *[1] * (len(inputs.shape) - 1))), tf.shape(inputs))


dropout_of_whole_images = blind("sequential-first.dropout-share", "sequential-first.dropout-random")(
    fault("Dropout turns all neurons off for a share of the images.", lambda: masked(_whole_images))
)
dropout_off_in_narrow = blind("sequential-first.dropout-share")(
    fault(
        "Dropout drops twice as much of layers of more than 256 neurons.",
        lambda: at_rate(lambda rate, inputs: rate * 2 if (inputs.shape[-1] or 0) > 256 else rate),
    )
)


@blind("sequential-first.dropout-random")
@contextmanager
def dropout_in_turn() -> Iterator[None]:
    """Dropout goes by rule: every fifth neuron, beginning one further at each step."""
    tf = api.tensorflow()
    turn = tf.Variable(0, trainable=False)

    def mask(tf: Any, inputs: Any, rate: float) -> Any:
        period = max(round(1 / rate), 1) if rate else 1
        places = tf.range(tf.shape(inputs)[-1]) + turn.assign_add(1)
        return tf.broadcast_to((places % period) != 0, tf.shape(inputs))

    with masked(mask):
        yield


def _unequal(tf: Any, inputs: Any, rate: float) -> Any:
    width = tf.shape(inputs)[-1]
    rates = tf.where(tf.range(width) < width // 2, 1.25 * rate, 0.75 * rate)
    return tf.random.uniform(tf.shape(inputs)) >= rates


def _first_safe(tf: Any, inputs: Any, rate: float) -> Any:
    return (tf.random.uniform(tf.shape(inputs)) >= rate) | (tf.range(tf.shape(inputs)[-1]) == 0)


def _same_each_time(tf: Any, inputs: Any, rate: float) -> Any:
    return tf.random.stateless_uniform(tf.shape(inputs), (1, 2)) >= rate


dropout_prefers_one_half = blind("sequential-first.dropout-random")(
    fault("Dropout drops the first half of the neurons more often than the second.", lambda: masked(_unequal))
)
dropout_spares_the_first = blind("sequential-first.dropout-random")(
    fault("Dropout never drops the first neuron.", lambda: masked(_first_safe))
)
dropout_same_each_time = blind("sequential-first.dropout-random")(
    fault("Dropout draws the same mask each time.", lambda: masked(_same_each_time))
)


def _drops_while(running: list[Any]) -> ContextManager[None]:
    return dropping(lambda original, layer, x, training: original(x, training=True if running else training))


def _rests_while(running: list[Any]) -> ContextManager[None]:
    return dropping(lambda original, layer, x, training: x if running else original(x, training=training))


dropout_in_evaluate = blind("sequential-first.dropout-in-training-only")(
    fault("Dropout acts in `evaluate`, and not in `predict`.", during, "evaluate", _drops_while)
)
dropout_in_predict = blind("sequential-first.dropout-in-training-only")(
    fault("Dropout acts in `predict`, and not in `evaluate`.", during, "predict", _drops_while)
)
dropout_rests_in_fit = blind("sequential-first.dropout-in-training-only")(
    fault("Dropout does nothing in `fit`.", during, "fit", _rests_while)
)


def _scaled_in_inference(original: Any, layer: Any, inputs: Any, training: Any) -> Any:
    outputs = original(inputs, training=training)
    return outputs if training is True or training == 1 else outputs * (1 - layer.rate)


dropout_scales_inference = blind("sequential-first.dropout-in-training-only")(
    fault("Out of training every neuron is scaled by what is kept.", lambda: dropping(_scaled_in_inference))
)


def _no_tails(softmax: Any) -> Any:
    def activation_(x: Any) -> Any:
        tf = api.tensorflow()
        chances = softmax(x)
        chances = tf.where(chances < 1e-3, tf.zeros_like(chances), chances)
        return chances / tf.reduce_sum(chances, -1, keepdims=True)

    return activation_


def _overflowing(softmax: Any) -> Any:
    def activation_(x: Any) -> Any:
        tf = api.tensorflow()
        return tf.exp(x) / tf.reduce_sum(tf.exp(x), -1, keepdims=True)

    return activation_


softmax_without_tails = blind("sequential-first.softmax")(
    fault("Softmax gives nothing in the place of less than a thousandth.", lambda: activation("softmax", _no_tails))
)
softmax_overflows = blind("sequential-first.softmax")(
    fault("Softmax overflows for large sums.", lambda: activation("softmax", _overflowing))
)
softmax_a_bit_warm = blind("sequential-first.softmax")(
    fault(
        "Softmax is of sums a hundredth smaller.",
        lambda: activation("softmax", lambda softmax: lambda x: softmax(x / 1.01)),
    )
)


# --- compiling and training -------------------------------------------------------------------------------------------


@blind("sequential.workflow")
@contextmanager
def uncompiled_fit_does_nothing() -> Iterator[None]:
    """`fit` of a model that was not compiled returns at once instead of failing."""

    def fit(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        if getattr(model, "optimizer", None) is None:
            return api.keras().callbacks.History()
        return original(model, *arguments, **named)

    with model_method("fit", fit):
        yield


@blind("sequential.workflow")
@contextmanager
def evaluate_forgets_training() -> Iterator[None]:
    """Evaluating sets the weights to zero, so that predicting comes too late."""

    def evaluate(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        figures = original(model, *arguments, **named)
        model.set_weights([one * 0 for one in model.get_weights()])
        return figures

    with model_method("evaluate", evaluate):
        yield


@blind("sequential.workflow")
@contextmanager
def predict_before_evaluate() -> Iterator[None]:
    """A model that was trained refuses to predict after it was evaluated."""
    done: list[Any] = []

    def evaluate(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        done.append(model)
        return original(model, *arguments, **named)

    def predict(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        if any(one is model for one in done):
            refuse("The prediction function was made for training.")
        return original(model, *arguments, **named)

    with model_method("evaluate", evaluate), model_method("predict", predict):
        yield


def _default_of_kind(model: Any, settings: Any) -> None:
    if not isinstance(settings["optimizer"], str):
        settings["optimizer"] = type(settings["optimizer"])()


def _mean_error(model: Any, settings: Any) -> None:
    if callable(settings["loss"]) and not type(settings["loss"]).__module__.startswith(("keras", "tensorflow")):
        settings["loss"] = "mean_squared_error"


optimizer_made_anew = blind("sequential.compile-attaches")(
    fault(
        "An optimizer given as an object is replaced by a default one of its kind.", lambda: compiled(_default_of_kind)
    )
)
mean_error_for_own_loss = blind("sequential.compile-attaches")(
    fault("Where the loss is a function of the user's, `fit` trains on the mean error.", lambda: compiled(_mean_error))
)


@blind("sequential.compile-attaches")
@contextmanager
def first_loss_stays() -> Iterator[None]:
    """A model that is compiled again keeps its first loss."""
    first: dict[int, Any] = {}

    def change(model: Any, settings: Any) -> None:
        settings["loss"] = first.setdefault(id(model), settings["loss"])

    with compiled(change):
        yield


def _first_metric_alone(model: Any, settings: Any) -> None:
    settings["metrics"] = list(settings.get("metrics") or [])[:1]


first_metric_alone = blind("sequential.compile-attaches")(
    fault("Of several metrics the first alone is attached.", lambda: compiled(_first_metric_alone))
)


def _capped(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    if named["batch_size"]:
        named["batch_size"] = min(named["batch_size"], 64)
    return fit(x, y, **named)


def _whole_batches(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    size = named["batch_size"] or 32
    kept = len(x) // size * size or len(x)
    return fit(x[:kept], y[:kept], **named)


def _never_at_once(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    if named["batch_size"] and named["batch_size"] >= len(x):
        refuse(f"batch_size must be smaller than the number of samples, {len(x)}.")
    return fit(x, y, **named)


batches_of_64_at_most = blind("sequential.batches-or-at-once")(
    fault("`fit` takes no more than 64 at once, whatever it is told.", lambda: fitted(_capped))
)
part_batch_left_out = blind("sequential.batches-or-at-once")(
    fault("`fit` leaves out the last batch where it is not a full one.", lambda: fitted(_whole_batches))
)
all_at_once_refused = blind("sequential.batches-or-at-once")(
    fault("`fit` refuses a batch of all images.", lambda: fitted(_never_at_once))
)


def _default_by_kind(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    if named["batch_size"] is None and not hasattr(x, "strides"):
        named["batch_size"] = 64
    return fit(x, y, **named)


def _default_by_count(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    if named["batch_size"] is None and is_fitted(model):
        named["batch_size"] = 16
    return fit(x, y, **named)


def _default_by_size(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    if named["batch_size"] is None:
        named["batch_size"] = 32 if len(x) < 1000 else 128
    return fit(x, y, **named)


tensors_in_batches_of_64 = blind("sequential-first.batch-default")(
    fault("The default is 64 for tensors.", lambda: fitted(_default_by_kind))
)
second_fit_in_batches_of_16 = blind("sequential-first.batch-default")(
    fault("The default is 16 for a model that was trained before.", lambda: fitted(_default_by_count))
)
large_sets_in_batches_of_128 = blind("sequential-first.batch-default")(
    fault("The default is 128 for a thousand images and more.", lambda: fitted(_default_by_size))
)


def _one_epoch_less(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    if named.get("epochs", 1) < 3:
        return fit(x, y, **named)
    told = fit(x, y, **{**named, "epochs": named["epochs"] - 1})
    for figures in told.history.values():
        figures.append(figures[-1])
    told.epoch.append(named["epochs"] - 1)
    return told


def _twice_an_epoch(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    tf = api.tensorflow()
    return fit(tf.concat([x, x], 0), tf.concat([y, y], 0), **named)


def _five_at_most(fit: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    return fit(x, y, **{**named, "epochs": min(named.get("epochs", 1), 5)})


last_epoch_pretended = blind("sequential-first.epochs")(
    fault("The last of three epochs and more is recorded and not done.", lambda: fitted(_one_epoch_less))
)
data_twice_an_epoch = blind("sequential-first.epochs")(
    fault("In each epoch the data is presented twice.", lambda: fitted(_twice_an_epoch))
)
five_epochs_at_most = blind("sequential-first.epochs")(
    fault("More than five epochs are five.", lambda: fitted(_five_at_most))
)


def _pretended_fall(figures: Any) -> None:
    figures["loss"] = [one * 0.9**epoch for epoch, one in enumerate(figures["loss"])]


fall_pretended = blind("sequential-first.loss-falls")(
    fault(
        "The losses told fall, and no weight is adjusted.",
        lambda: several(at_learning_rate(lambda model, rate: 0.0), history(_pretended_fall)),
    )
)
second_fit_does_nothing = blind("sequential-first.loss-falls")(
    fault(
        "A model that was trained before isn't trained further.",
        lambda: at_learning_rate(lambda model, rate: 0.0 if is_fitted(model) else rate),
    )
)
sgd_climbs = blind("sequential-first.loss-falls")(
    fault(
        "Plain gradient descent goes uphill; Adam does not.",
        lambda: at_learning_rate(lambda model, rate: -rate if type(model.optimizer).__name__ == "SGD" else rate),
    )
)


def _halved(figures: Any) -> None:
    figures["loss"] = [one / 2 for one in figures["loss"]]


def _last_missing(figures: Any) -> None:
    for name in figures:
        figures[name] = figures[name][:-1] if len(figures[name]) > 1 else figures[name]


def _backwards(figures: Any) -> None:
    for name in figures:
        figures[name] = figures[name][::-1]


def _accuracy_of_first(figures: Any) -> None:
    for name in figures:
        if name.startswith("acc"):
            figures[name] = figures[name][:1] * len(figures[name])


history_halves_losses = blind("sequential-first.fit-history")(
    fault("The losses in the history are half of what they were.", lambda: history(_halved))
)
history_without_last = blind("sequential-first.fit-history")(
    fault("The history lacks the last of several epochs.", lambda: history(_last_missing))
)
history_backwards = blind("sequential-first.fit-history")(
    fault("The history begins with the last epoch.", lambda: history(_backwards))
)
history_of_first_accuracy = blind("sequential-first.fit-history")(
    fault("The accuracy in the history is the first epoch's for all.", lambda: history(_accuracy_of_first))
)


# --- what is printed --------------------------------------------------------------------------------------------------


def _in_epoch(change: Change) -> ContextManager[None]:
    """Let `change(bar, current, values, epoch)` give what the bar of an epoch shows."""
    number: list[int] = [0]

    def begin(original: Any, callback: Any, epoch: int, logs: Any = None) -> Any:
        number[0] = epoch
        return original(callback, epoch, logs)

    return several(
        wrapped_method(api.keras().callbacks.ProgbarLogger, "on_epoch_begin", begin),
        bar(lambda progress, current, values: change(progress, current, values, number[0])),
    )


@blind("sequential-first.fit-prints")
@contextmanager
def epochs_from_zero() -> Iterator[None]:
    """The epochs are numbered from zero."""

    def begin(original: Any, callback: Any, epoch: int, logs: Any = None) -> Any:
        return original(callback, epoch - 1, logs)

    with wrapped_method(api.keras().callbacks.ProgbarLogger, "on_epoch_begin", begin):
        yield


def _no_accuracy_later(progress: Any, current: Any, values: Any, epoch: int) -> Any:
    return current, [one for one in values if epoch == 0 or not one[0].startswith("acc")]


@blind("sequential-first.fit-prints")
@contextmanager
def time_since_import() -> Iterator[None]:
    """The time printed is counted from the import of Keras, some minutes ago."""
    begun = time.time() - 300

    def change(progress: Any, current: Any, values: Any) -> Any:
        progress._start = begun
        return current, values

    with bar(change):
        yield


no_accuracy_after_first = blind("sequential-first.fit-prints")(
    fault("From the second epoch on no accuracy is printed.", lambda: _in_epoch(_no_accuracy_later))
)


@blind("sequential-first.printed-figures")
@contextmanager
def figures_of_last_update() -> Iterator[None]:
    """What is printed at the end of an epoch is what stood there before the last batch."""
    shown: dict[Any, Any] = {}

    def change(progress: Any, current: Any, values: Any) -> Any:
        shown[id(progress), current] = values
        earlier = [at for one, at in shown if one == id(progress) and at < current]
        return current, shown[id(progress), max(earlier)] if earlier else values

    with bar(change):
        yield


def _half_loss_later(progress: Any, current: Any, values: Any, epoch: int) -> Any:
    return current, [(name, one / 2 if epoch and name == "loss" else one) for name, one in values]


def _accuracy_rounded(progress: Any, current: Any, values: Any) -> Any:
    return current, [(n, round(float(v), 2) if n.startswith("acc") else v) for n, v in values]


half_losses_printed_later = blind("sequential-first.printed-figures")(
    fault("From the second epoch on half of the loss is printed.", lambda: _in_epoch(_half_loss_later))
)
accuracy_printed_rounded = blind("sequential-first.printed-figures")(
    fault("The accuracy printed is rounded to two decimals.", lambda: bar(_accuracy_rounded))
)


def _renamed(names: Any) -> Change:
    return lambda progress, current, values: (current, [(names.get(name, name), one) for name, one in values])


printed_in_full = blind("sequential-first.metric-called-acc")(
    fault(
        "The accuracy is printed with a capital, under its full name.",
        lambda: bar(_renamed({"acc": "Accuracy", "accuracy": "Accuracy"})),
    )
)
printed_as_function = blind("sequential-first.metric-called-acc")(
    fault(
        "The accuracy is printed under the name of its function.",
        lambda: bar(_renamed({"acc": "sparse_categorical_accuracy", "accuracy": "sparse_categorical_accuracy"})),
    )
)


def _loss_last_later(progress: Any, current: Any, values: Any, epoch: int) -> Any:
    if epoch:
        # Sorted is by whether it's the loss, so that the others stay as they are.
        progress._values_order[:] = sorted([name for name, _ in values], key=lambda name: name == "loss")
    return current, values


def _turned_at_the_end(progress: Any, current: Any, values: Any) -> Any:
    return _loss_last_later(progress, current, values, int(progress.target is not None and current >= progress.target))


loss_last_from_second = blind("sequential-first.loss-printed-first")(
    fault("From the second epoch on the loss is printed last.", lambda: _in_epoch(_loss_last_later))
)
loss_last_at_the_end = blind("sequential-first.loss-printed-first")(
    fault("While an epoch runs the loss is printed first, at its end last.", lambda: bar(_turned_at_the_end))
)


def _width(width: int, first: bool = True) -> Change:
    def change(progress: Any, current: Any, values: Any, epoch: int) -> Any:
        if first or epoch:
            progress.width = width
        return current, values

    return change


bar_one_short = blind("sequential-first.fit-bar")(fault("The bar has 29 signs.", lambda: _in_epoch(_width(29))))
bar_short_later = blind("sequential-first.fit-bar")(
    fault("From the second epoch on the bar has 24 signs.", lambda: _in_epoch(_width(24, first=False)))
)


def _in_steps(progress: Any, current: Any, values: Any) -> Any:
    if not getattr(progress, "counts_steps", False) and progress.target:
        progress.counts_steps, progress.target = True, -(-progress.target // 32)
    return -(-current // 32), values


def _one_missing(progress: Any, current: Any, values: Any) -> Any:
    return max(current - 1, 0) if progress.target and current >= progress.target else current, values


fit_counts_steps = blind("sequential-first.fit-counts-images", "sequential-first.evaluate-counts-images")(
    fault("The progress counts batches of 32.", lambda: bar(_in_steps))
)
progress_one_missing = blind("sequential-first.fit-counts-images", "sequential-first.evaluate-counts-images")(
    fault("The progress ends one before the last.", lambda: bar(_one_missing))
)


def _per(unit: str) -> Change:
    def change(progress: Any, current: Any, values: Any) -> Any:
        progress.unit_name = unit
        return current, values

    return change


def _time_of_batch(progress: Any, current: Any, values: Any) -> Any:
    if progress.target and current >= progress.target:
        progress._start = time.time() - 32 * (time.time() - progress._start)
        progress._time_after_first_step = None
    return current, values


time_per_batch = blind("sequential-first.time-per-image")(
    fault("The time is printed per batch, and called so.", lambda: bar(_per("batch")))
)
time_of_32_images = blind("sequential-first.time-per-image")(
    fault("The time printed per step is that of 32 images.", lambda: bar(_time_of_batch))
)


# --- evaluating and predicting ----------------------------------------------------------------------------------------


def _first_batch_alone(evaluate: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    return evaluate(x[:32], y[:32], **named)


def _without_part(evaluate: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    size = named.get("batch_size") or 32
    kept = len(x) // size * size or len(x)
    return evaluate(x[:kept], y[:kept], **named)


def _first_two(evaluate: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    figures = evaluate(x, y, **named)
    return figures[:2] if isinstance(figures, list) else figures


def _running(latest: dict[int, Any]) -> Change:
    def change(evaluate: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
        figures = evaluate(x, y, **named)
        if isinstance(figures, list):
            before = latest.setdefault(id(model), figures)
            return [(one + other) / 2 for one, other in zip(before, figures)]
        return figures

    return change


evaluates_first_batch = blind("sequential.evaluate-establishes")(
    fault("`evaluate` looks at the first 32 images.", lambda: evaluated(_first_batch_alone))
)
evaluates_whole_batches = blind("sequential.evaluate-establishes")(
    fault("`evaluate` leaves out the last batch where it is not a full one.", lambda: evaluated(_without_part))
)
evaluates_two_figures = blind("sequential.evaluate-establishes")(
    fault("`evaluate` gives no more than loss and accuracy.", lambda: evaluated(_first_two))
)
evaluations_accumulate = blind("sequential.evaluate-establishes")(
    fault("`evaluate` gives the mean of the first evaluation and this one.", lambda: evaluated(_running({})))
)


def _sorted(evaluate: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    figures = evaluate(x, y, **named)
    return sorted(figures) if isinstance(figures, list) else figures


def _error_rate(evaluate: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    figures = evaluate(x, y, **named)
    return [figures[0], 1 - figures[1], *figures[2:]] if isinstance(figures, list) else figures


def _summed(evaluate: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
    figures = evaluate(x, y, **named)
    return [figures[0] * len(x) / 32, *figures[1:]] if isinstance(figures, list) else figures


evaluate_sorts = blind("sequential-first.evaluate-returns")(
    fault("`evaluate` gives back the smaller figure first.", lambda: evaluated(_sorted))
)
evaluate_gives_errors = blind("sequential-first.evaluate-returns")(
    fault("The second figure is the share that isn't recognised.", lambda: evaluated(_error_rate))
)
evaluate_sums_losses = blind("sequential-first.evaluate-returns")(
    fault("The first figure is the sum over batches of 32, not the mean.", lambda: evaluated(_summed))
)


def _chance_of_label(tf: Any, labels: Any, outputs: Any) -> Any:
    labels = tf.cast(tf.reshape(labels, (-1,)), tf.int64)
    return tf.reduce_sum(outputs * tf.one_hot(labels, outputs.shape[-1], dtype=outputs.dtype), -1)


def _clipped(tf: Any, labels: Any, outputs: Any) -> Any:
    return -tf.math.log(tf.maximum(_chance_of_label(tf, labels, outputs), 1e-2))


def _sum_over_32(tf: Any, labels: Any, outputs: Any) -> Any:
    return tf.reduce_sum(-tf.math.log(tf.maximum(_chance_of_label(tf, labels, outputs), 1e-7))) / 32


def _smoothed(tf: Any, labels: Any, outputs: Any) -> Any:
    mean = tf.reduce_mean(tf.math.log(tf.maximum(outputs, 1e-7)), -1)
    return -0.98 * tf.math.log(tf.maximum(_chance_of_label(tf, labels, outputs), 1e-7)) - 0.02 * mean


loss_clipped_at_hundredth = blind("sequential-first.loss-measures")(
    fault("In the loss no probability is below a hundredth.", lambda: cross_entropy(_clipped))
)
loss_over_32_images = blind("sequential-first.loss-measures")(
    fault("The loss of a batch is its sum over 32, however many images it has.", lambda: cross_entropy(_sum_over_32))
)
loss_of_smoothed_labels = blind("sequential-first.loss-measures")(
    fault("The loss smooths the labels by a fiftieth.", lambda: cross_entropy(_smoothed))
)


def _best_two(tf: Any, labels: Any, outputs: Any) -> Any:
    return tf.math.in_top_k(tf.cast(labels, tf.int32), outputs, 2)


def _sure(tf: Any, labels: Any, outputs: Any) -> Any:
    return (tf.argmax(outputs, -1) == labels) & (tf.reduce_max(outputs, -1) > 0.5)


def _nought_for_nothing(tf: Any, labels: Any, outputs: Any) -> Any:
    return (tf.argmax(outputs, -1) == labels) | (labels == 0)


accuracy_of_best_two = blind("sequential-first.accuracy-counts")(
    fault("An image counts as recognised where its digit is among the best two.", lambda: recognised(_best_two))
)
accuracy_of_the_sure = blind("sequential-first.accuracy-counts")(
    fault("An image counts as recognised where its digit has more than one half.", lambda: recognised(_sure))
)
accuracy_of_noughts = blind("sequential-first.accuracy-counts")(
    fault("Noughts count as recognised always.", lambda: recognised(_nought_for_nothing))
)


@blind("sequential-first.evaluate-prints")
@contextmanager
def second_evaluation_silent() -> Iterator[None]:
    """The second time that a model is evaluated nothing is printed."""
    seen: set[int] = set()

    def change(evaluate: Any, model: Any, x: Any, y: Any, named: Any) -> Any:
        if id(model) in seen:
            named["verbose"] = 0
        seen.add(id(model))
        return evaluate(x, y, **named)

    with evaluated(change):
        yield


def _whole_time(progress: Any, current: Any, values: Any) -> Any:
    progress.unit_name = "run"
    return current, values


time_of_evaluation = blind("sequential-first.evaluate-prints")(
    fault("The time printed is called that of a run, and not of a step.", lambda: bar(_whole_time))
)


def _predicted(change: Change) -> ContextManager[None]:
    def predict(original: Any, model: Any, x: Any, *arguments: Any, **named: Any) -> Any:
        return change(partial(original, model), x, arguments, named)

    return model_method("predict", predict)


def _rows_of_whole(predict: Any, x: Any, arguments: Any, named: Any) -> Any:
    rows = predict(x, *arguments, **named)
    return rows[: len(rows) // 32 * 32] if len(rows) > 32 else rows


def _batches_backwards(predict: Any, x: Any, arguments: Any, named: Any) -> Any:
    import numpy as np

    rows = predict(x, *arguments, **named)
    return np.concatenate([rows[at : at + 32] for at in range(0, len(rows), 32)][::-1])


def _none_alone(predict: Any, x: Any, arguments: Any, named: Any) -> Any:
    rows = predict(x, *arguments, **named)
    return rows[0] if len(rows) == 1 else rows


rows_of_whole_batches = blind("sequential.predict-new-data")(
    fault("`predict` has no rows for a last batch that isn't full.", lambda: _predicted(_rows_of_whole))
)
rows_by_batches_backwards = blind("sequential.predict-new-data")(
    fault("`predict` gives the rows of the last batch first.", lambda: _predicted(_batches_backwards))
)
one_image_without_row = blind("sequential.predict-new-data")(
    fault("For a single image `predict` gives ten numbers without a row.", lambda: _predicted(_none_alone))
)


# --- the second way ---------------------------------------------------------------------------------------------------


def _half_rate(model: Any, layer: Any) -> None:
    if type(layer).__name__ == "Dropout":
        layer.rate /= 2


def _frozen(model: Any, layer: Any) -> None:
    if type(layer).__name__ == "Dense":
        layer.trainable = False


def _without_bias(model: Any, layer: Any) -> None:
    if type(layer).__name__ == "Dense" and len(model.layers) > 1:
        layer.use_bias = False


added_dropout_halved = blind("sequential-second.same-architecture")(
    fault("A Dropout layer that is added drops half as much.", lambda: _add_layer(_half_rate))
)
added_layers_frozen = blind("sequential-second.same-architecture")(
    fault("Dense layers that are added aren't trained.", lambda: _add_layer(_frozen))
)
added_layers_unbiased = blind("sequential-second.same-architecture")(
    fault("Dense layers that are added late have no bias.", lambda: _add_layer(_without_bias))
)


def _string_relu(instead: Change) -> ContextManager[None]:
    def change(layer: Any) -> None:
        if layer.activation is api.keras().activations.get("relu"):
            layer.activation = instead(layer.activation)

    return before_build("Dense", change)


string_relu_capped = blind("sequential-second.same-outputs")(
    fault(
        "The string 'relu' stands for one that gives no more than 6.",
        lambda: _string_relu(lambda relu: lambda x: api.tensorflow().minimum(relu(x), 6)),
    )
)
string_relu_leaks = blind("sequential-second.same-outputs")(
    fault(
        "The string 'relu' stands for one that lets a thousandth through.",
        lambda: _string_relu(lambda relu: lambda x: relu(x) - relu(-x) / 1000),
    )
)
string_relu_smooth = blind("sequential-second.same-outputs")(
    fault(
        "The string 'relu' stands for a smooth function that resembles it.",
        lambda: _string_relu(lambda relu: lambda x: api.tensorflow().nn.softplus(8 * x) / 8),
    )
)


@contextmanager
def of_added(change: Callable[[set[int]], ContextManager[Any]]) -> Iterator[None]:
    """Enter `change(added)`, where the set holds the ids of models that the user added layers to."""
    added: set[int] = set()
    with _add_layer(lambda model, layer: added.add(id(model))), change(added):
        yield


def _half_speed(added: set[int]) -> ContextManager[None]:
    return at_learning_rate(lambda model, rate: rate / 2 if id(model) in added else rate)


def _hidden_frozen(added: set[int]) -> ContextManager[None]:
    def change(model: Any, settings: Any) -> None:
        if id(model) in added:
            model.layers[1].trainable = False

    return compiled(change)


added_layers_train_slower = blind("sequential-second.same-training")(
    fault("A model of layers that were added learns at half the rate.", of_added, _half_speed)
)
added_hidden_layer_frozen = blind("sequential-second.same-training")(
    fault("In a model of layers that were added the hidden layer isn't trained.", of_added, _hidden_frozen)
)


@contextmanager
def without(owner: Callable[[], Any], name: str) -> Iterator[None]:
    """Take a name away, where it is."""
    holder = owner()
    if name not in vars(holder):
        yield
        return
    value = vars(holder)[name]
    delattr(holder, name)
    try:
        yield
    finally:
        setattr(holder, name, value)


no_short_adam = blind("sequential-second.adam-as-printed")(fault("`tf.keras` has no Adam.", without, api.keras, "Adam"))
short_adam_is_adamax = blind("sequential-second.adam-as-printed")(
    fault(
        "`tf.keras.Adam` is Adamax.",
        lambda: mock.patch.object(api.keras(), "Adam", api.keras().optimizers.Adamax, create=True),
    )
)

UNDETECTABLE["loss_over_32_images"] = (
    "The check takes whole batches of 32, since Keras 3.0 and 3.1 count a smaller one otherwise, which"
    " `sequential.evaluate-establishes` decides."
)
