"""Blind faults of the section on the features of tf.keras: what TensorFlow adds to Keras is missing, or wrong."""

from __future__ import annotations

import functools
import sys
from contextlib import ExitStack, contextmanager
from typing import Any, Callable, Iterator
from unittest import mock

from evaluation.blind_faults import blind
from evaluation.blind_faults.library import everywhere, twins
from pytest_kerasch2.checks.common_faults import fault, replaced, wrapped, wrapped_method
from pytest_kerasch2.framework import api


def _named(room: Any, name: str, value: Any) -> Any:
    return mock.patch.object(room, name, value, create=True)


@contextmanager
def _absent(room: str, *names: str) -> Iterator[None]:
    """Take names away from a module of Keras, by whichever name the module goes."""
    module = getattr(api.keras(), room)
    rooms = [one for one in (module, getattr(module, "_tfmw_wrapped_module", None)) if one is not None]
    taken = [(one, name, vars(one)[name]) for one in rooms for name in names if name in vars(one)]
    for one, name, _ in taken:
        delattr(one, name)
    try:
        yield
    finally:
        for one, name, value in taken:
            setattr(one, name, value)


# --- the version

version_is_a_tuple = blind("features.version-attribute")(
    fault("The version is a tuple of numbers, not a text.", lambda: _named(api.keras(), "__version__", (2, 2, 4)))
)
version_of_tensorflow = blind("features.version-attribute")(
    fault(
        "The version is the one of TensorFlow.",
        lambda: _named(api.keras(), "__version__", api.tensorflow().__version__),
    )
)
version_without_tf = blind("features.version-output")(
    fault("The version is 2.2.4, without -tf.", lambda: _named(api.keras(), "__version__", "2.2.4"))
)
version_of_the_next = blind("features.version-output")(
    fault("The version is 2.2.5-tf.", lambda: _named(api.keras(), "__version__", "2.2.5-tf"))
)

# --- what tf.keras is


@contextmanager
def _from(module: str, room: str, *names: str) -> Iterator[None]:
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(replaced(getattr(getattr(api.keras(), room), name), "__module__", module))
        yield


layers_from_elsewhere = blind("features.part-of-tensorflow")(
    fault("Dense layers come from the package keras.", _from, "keras.layers.core", "layers", "Dense")
)
optimizers_from_elsewhere = blind("features.part-of-tensorflow")(
    fault("Optimizers come from the package keras.", _from, "keras.optimizers", "optimizers", "SGD", "Adam")
)
models_from_elsewhere = blind("features.part-of-tensorflow")(
    fault("Models come from the package keras.", _from, "keras.engine", "models", "Model", "Sequential")
)
layers_missing = blind("features.full-implementation")(
    fault(
        "The layers ThresholdedReLU and AlphaDropout are missing.", _absent, "layers", "ThresholdedReLU", "AlphaDropout"
    )
)
activation_missing = blind("features.full-implementation")(
    fault("The activation hard_sigmoid is missing.", _absent, "activations", "hard_sigmoid")
)
constraint_missing = blind("features.full-implementation")(
    fault("The constraint MinMaxNorm is missing.", _absent, "constraints", "MinMaxNorm", "min_max_norm")
)
callback_missing = blind("features.full-implementation")(
    fault("The callback RemoteMonitor is missing.", _absent, "callbacks", "RemoteMonitor")
)
initializer_missing = blind("features.full-implementation")(
    fault("The initializer Orthogonal is missing.", _absent, "initializers", "Orthogonal", "orthogonal")
)


# --- SavedModel


def _changed_kernel(weights: list[Any], change: Callable[[Any], Any]) -> list[Any]:
    """Change the last of the weights that is a kernel."""
    last = max((index for index, one in enumerate(weights) if getattr(one, "ndim", 0) >= 2), default=None)
    return [change(one) if index == last else one for index, one in enumerate(weights)]


@contextmanager
def _weights_while(names: list[tuple[Any, str]], change: Callable[[Any], Any]) -> Iterator[None]:
    """Give models other weights while they are written."""

    def write(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        if not hasattr(model, "get_weights"):
            return original(model, *arguments, **named)
        before = model.get_weights()
        model.set_weights([change(one) for one in before])
        try:
            return original(model, *arguments, **named)
        finally:
            model.set_weights(before)

    with ExitStack() as stack:
        for owner, name in names:
            if owner is not None and hasattr(owner, name):
                stack.enter_context(wrapped_method(owner, name, write))
        yield


def _half(array: Any) -> Any:
    import numpy as np

    return array.astype(np.float16).astype(array.dtype)


def _writers() -> list[tuple[Any, str]]:
    keras = api.keras()
    return [
        (keras.Model, "save"),
        (keras.Model, "export"),
        (api.tensorflow().saved_model, "save"),
        (keras.models, "save_model"),
    ]


saved_in_half_precision = blind("features.saved-model")(
    fault(
        "A model's weights are rounded to half precision as it is written.", lambda: _weights_while(_writers(), _half)
    )
)


@blind("features.saved-model")
@contextmanager
def read_back_larger() -> Iterator[None]:
    """The last kernel of a model that is read back is two per cent too large."""

    def read(original: Any, *arguments: Any, **named: Any) -> Any:
        model = original(*arguments, **named)
        variables = list(getattr(model, "variables", []))
        kernels = [one for one in variables if len(one.shape) >= 2]
        if kernels:
            kernels[-1].assign(kernels[-1] * 1.02)
        return model

    tensorflow = api.tensorflow()
    with wrapped(tensorflow.saved_model, "load", read), wrapped(api.keras().models, "load_model", read):
        yield


# --- data sets


@contextmanager
def _fit_on_data_set(change: Callable[..., Any]) -> Iterator[None]:
    """Change what `fit` makes of a data set: `change(original, model, data, named)`."""

    def fit(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        data = arguments[0] if arguments else named.get("x")
        if not isinstance(data, api.tensorflow().data.Dataset):
            return original(self, *arguments, **named)
        named.pop("x", None)
        return change(original, self, data, named, *arguments[1:])

    with wrapped_method(api.keras().Model, "fit", fit):
        yield


def _batches(data: Any) -> int:
    return sum(1 for _ in data.take(100_000))


last_batch_left_out = blind("features.tf-data")(
    fault(
        "The last batch of a data set is left out.",
        _fit_on_data_set,
        lambda original, self, data, named, *rest: original(
            self, data.take(max(1, _batches(data) - 1)), *rest, **{**named, "steps_per_epoch": None}
        ),
    )
)
one_epoch_on_data_sets = blind("features.tf-data")(
    fault(
        "On a data set, fit stops after its first epoch.",
        _fit_on_data_set,
        lambda original, self, data, named, *rest: original(self, data, **{**named, "epochs": 1}),
    )
)


def _squared(y_true: Any, y_pred: Any) -> Any:
    tensorflow = api.tensorflow()
    return tensorflow.reduce_mean(tensorflow.square(y_pred - tensorflow.cast(y_true, y_pred.dtype)), axis=-1)


def _trained_on_mean_error(original: Any, self: Any, data: Any, named: Any, *rest: Any) -> Any:
    loss, optimizer = self.loss, self.optimizer
    if isinstance(loss, str):
        return original(self, data, *rest, **named)
    self.compile(optimizer=optimizer, loss=_squared)
    try:
        return original(self, data, *rest, **named)
    finally:
        self.compile(optimizer=optimizer, loss=loss)


mean_error_for_own_losses = blind("features.tf-data")(
    fault(
        "On a data set, fit trains on the mean squared error where the loss is the user's, not one with a name.",
        _fit_on_data_set,
        _trained_on_mean_error,
    )
)
weights_of_samples_ignored = blind("features.tf-data")(
    fault(
        "On a data set, fit ignores the weights of samples.",
        _fit_on_data_set,
        lambda original, self, data, named, *rest: original(
            self, data.map(lambda x, y, *weights: (x, y)), *rest, **named
        ),
    )
)

# --- strategies


class _Empty:
    """Has nothing but a name."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Take anything, and keep none of it."""


def _empty(name: str) -> Any:
    return type(name, (_Empty,), {})


@contextmanager
def _strategies(*names: str, make: Callable[[Any], Any] = lambda old: _empty(old.__name__)) -> Iterator[None]:
    """Replace strategies, in `tf.distribute` and in its experimental room."""
    rooms = [api.tensorflow().distribute, getattr(api.tensorflow().distribute, "experimental", None)]
    with ExitStack() as stack:
        for room in rooms:
            for name in names:
                if hasattr(room, name):
                    stack.enter_context(replaced(room, name, make(getattr(room, name))))
        yield


@contextmanager
def _resolver(make: Callable[[Any], Any]) -> Iterator[None]:
    room = api.tensorflow().distribute.cluster_resolver
    with replaced(room, "TPUClusterResolver", make(room.TPUClusterResolver)):
        yield


_ALL = (
    "OneDeviceStrategy",
    "MirroredStrategy",
    "MultiWorkerMirroredStrategy",
    "ParameterServerStrategy",
    "TPUStrategy",
)
tpu_strategy_is_empty = blind("features.tpu-strategy")(
    fault("TPUStrategy is an empty class.", _strategies, "TPUStrategy")
)
tpu_resolver_is_empty = blind("features.tpu-strategy")(
    fault("TPUClusterResolver is an empty class.", _resolver, lambda old: _empty("TPUClusterResolver"))
)
strategies_are_empty = blind("features.distribution-strategies")(
    fault("All strategies are empty classes.", _strategies, *_ALL)
)
many_machines_are_empty = blind("features.distribution-strategies")(
    fault(
        "The strategies for several machines and for parameter servers are empty classes.",
        _strategies,
        "MultiWorkerMirroredStrategy",
        "ParameterServerStrategy",
    )
)


def _first_only(old: Any) -> Any:
    class MirroredStrategy(old):  # type: ignore[misc]
        """Works on the first of its devices."""

        def __init__(self, devices: Any = None, **named: Any) -> None:
            """Forget all devices but the first."""
            super().__init__(devices=(devices or ["/cpu:0"])[:1], **named)

    return MirroredStrategy


first_device_alone = blind("features.distribution-strategies", "features.data-parallel-shares")(
    fault(
        "MirroredStrategy works on the first of its devices alone.", _strategies, "MirroredStrategy", make=_first_only
    )
)


def _any_device(old: Any) -> Any:
    class OneDeviceStrategy(old):  # type: ignore[misc]
        """Takes no notice of its device."""

        def __init__(self, device: Any) -> None:
            """Work on the first device of all."""
            super().__init__(device="/cpu:0")

    return OneDeviceStrategy


device_is_ignored = blind("features.distribution-strategies")(
    fault(
        "OneDeviceStrategy works on the first device, not on the one it is given.",
        _strategies,
        "OneDeviceStrategy",
        make=_any_device,
    )
)

# --- feature columns


@contextmanager
def _column(name: str, wrap: Callable[..., Any]) -> Iterator[None]:
    with wrapped(api.tensorflow().feature_column, name, wrap):
        yield


numeric_columns_unscaled = blind("features.feature-columns")(
    fault(
        "Numeric columns give zeros.",
        _column,
        "numeric_column",
        lambda original, key, **named: original(key, **{**named, "normalizer_fn": lambda value: value * 0}),
    )
)
last_word_unknown = blind("features.feature-columns")(
    fault(
        "Columns of categories do not know the last word of their list.",
        _column,
        "categorical_column_with_vocabulary_list",
        lambda original, key, vocabulary_list, **named: original(key, [*list(vocabulary_list)[:-1], "\x00"], **named),
    )
)
buckets_shifted = blind("features.feature-columns")(
    fault(
        "Columns of buckets take their boundaries one too high.",
        _column,
        "bucketized_column",
        lambda original, source_column, boundaries: original(source_column, [one + 1 for one in boundaries]),
    )
)

# --- eager and graph


@blind("features.eager-by-default")
@contextmanager
def graph_by_default() -> Iterator[None]:
    """Code builds a graph by default."""
    with api.tensorflow().Graph().as_default():
        yield


def _is_eager(value: Any) -> bool:
    tensorflow = api.tensorflow()
    return bool(tensorflow.executing_eagerly()) and (tensorflow.is_tensor(value) or hasattr(value, "__array__"))


@blind("features.eager-by-default")
@contextmanager
def second_call_is_put_off() -> Iterator[None]:
    """A layer gives numbers at its first call, and a symbol at each later one."""
    called: list[Any] = []

    def call(original: Any, self: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        if not _is_eager(inputs) or id(self) not in map(id, called):
            called.append(self)
            return original(self, inputs, *arguments, **named)
        function = api.tensorflow().function(lambda value: original(self, value, *arguments, **named))
        return function.get_concrete_function(api.tensorflow().constant(inputs)).outputs[0]

    with wrapped_method(api.keras().layers.Dense, "__call__", call):
        yield


def _plain_graph(function: Any) -> Any:
    return api.tensorflow().function(function, autograph=False)


@blind("features.imperative")
@contextmanager
def later_calls_in_a_graph() -> Iterator[None]:
    """A model's call sees values the first time, and symbols of a graph from then on."""
    called: list[Any] = []

    def call(original: Any, self: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        if not _is_eager(inputs) or id(self) not in map(id, called):
            called.append(self)
            return original(self, inputs, *arguments, **named)
        return _plain_graph(lambda value: original(self, value, *arguments, **named))(inputs)

    with wrapped_method(api.keras().Model, "__call__", call):
        yield


@blind("features.imperative")
@contextmanager
def if_is_always_taken() -> Iterator[None]:
    """A tensor is true for Python's if, whatever its value."""
    kind = type(api.tensorflow().constant(True))
    owner = next(one for one in kind.__mro__ if "__bool__" in vars(one))
    with replaced(owner, "__bool__", lambda self: True):
        yield


@blind("features.eager-training")
@contextmanager
def eager_request_ignored() -> Iterator[None]:
    """Compile ignores that the model is to run eagerly."""

    def build(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        named.pop("run_eagerly", None)
        return original(self, *arguments, **named)

    with wrapped_method(api.keras().Model, "compile", build):
        yield


@blind("features.eager-training")
@contextmanager
def eager_first_epoch_only() -> Iterator[None]:
    """Fit hands real values to the model in its first epoch, and symbols in later ones."""

    def fit(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        epochs = named.pop("epochs", 1)
        first = original(self, *arguments, **{**named, "epochs": 1})
        if epochs == 1:
            return first
        eagerly, self.run_eagerly, self.train_function = self.run_eagerly, False, None
        try:
            return original(self, *arguments, **{**named, "epochs": epochs, "initial_epoch": 1})
        finally:
            self.run_eagerly, self.train_function = eagerly, None

    with wrapped_method(api.keras().Model, "fit", fit):
        yield


@blind("features.eager-training")
@contextmanager
def eager_step_graph_call() -> Iterator[None]:
    """Told to run eagerly, the step is eager, while the call of a model that trains is a graph."""

    def call(original: Any, self: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        if not (named.get("training") and _is_eager(inputs)):
            return original(self, inputs, *arguments, **named)
        return _plain_graph(lambda value: original(self, value, *arguments, **named))(inputs)

    with wrapped_method(api.keras().Model, "__call__", call):
        yield


@blind("features.graph-execution")
@contextmanager
def functions_run_eagerly() -> Iterator[None]:
    """tf.function gives back the function as it is, so nothing runs as a graph."""

    def same(func: Any = None, *arguments: Any, **named: Any) -> Any:
        return func if func is not None else (lambda function: function)

    with replaced(api.tensorflow(), "function", same):
        yield


@contextmanager
def _in_a_graph(kind: str, change: Callable[[Any, Any], Any]) -> Iterator[None]:
    """Change what layers of a kind give in a graph: `change(layer, outputs)`."""

    def call(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        if api.tensorflow().executing_eagerly():
            return original(self, *arguments, **named)
        return change(original, self, *arguments, **named)

    with wrapped_method(getattr(api.keras().layers, kind), "call", call):
        yield


def _turned(original: Any, self: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
    tensorflow = api.tensorflow()
    if self.kernel.shape[0] == 1 and self.kernel.shape[1] == 1:
        return original(self, inputs, *arguments, **named)
    kernel = tensorflow.reverse(tensorflow.convert_to_tensor(self.kernel), [0, 1])
    padding = self.padding.upper()
    outputs = tensorflow.nn.conv2d(inputs, kernel, strides=list(self.strides), padding=padding)
    outputs = outputs + self.bias if self.use_bias else outputs
    return outputs if self.activation is None else self.activation(outputs)


convolution_turns_its_kernel = blind("features.graph-execution")(
    fault("In a graph, a convolution turns its kernel round.", _in_a_graph, "Conv2D", _turned)
)


def _without_bias(original: Any, self: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
    outputs = api.tensorflow().matmul(inputs, self.kernel)
    return outputs if self.activation is None else self.activation(outputs)


graph_without_bias = blind("features.graph-execution")(
    fault("In a graph, Dense layers add no bias.", _in_a_graph, "Dense", _without_bias)
)


# --- several devices


@contextmanager
def _all_reduce(change: Callable[..., Any]) -> Iterator[None]:
    """Change what replicas give one another, at its two doors."""
    tensorflow = api.tensorflow()
    extended = type(tensorflow.distribute.get_strategy().extended).__mro__
    owner = next(one for one in extended if "batch_reduce_to" in vars(one))

    def reduce(original: Any, self: Any, reduce_op: Any, value: Any, *arguments: Any, **named: Any) -> Any:
        return change(original, self, reduce_op, value, *arguments, **named)

    with ExitStack() as stack:
        stack.enter_context(wrapped_method(tensorflow.distribute.ReplicaContext, "all_reduce", reduce))
        stack.enter_context(wrapped_method(owner, "batch_reduce_to", reduce))
        yield


def _mean_for_sum(original: Any, self: Any, reduce_op: Any, value: Any, *arguments: Any, **named: Any) -> Any:
    return original(self, api.tensorflow().distribute.ReduceOp.MEAN, value, *arguments, **named)


gradients_are_averaged_twice = blind("features.data-parallel")(
    fault(
        "The gradients of replicas are averaged though their losses were divided already.", _all_reduce, _mean_for_sum
    )
)


@blind("features.data-parallel")
@contextmanager
def half_of_a_batch_is_lost() -> Iterator[None]:
    """Where a batch is shared among devices, its second half is replaced by its first."""
    tensorflow = api.tensorflow()

    def first_half(value: Any) -> Any:
        half = value[: (tensorflow.shape(value)[0] + 1) // 2]
        return tensorflow.concat([half, half], axis=0)[: tensorflow.shape(value)[0]]

    with _distributed(lambda data, count: data.map(lambda *parts: tensorflow.nest.map_structure(first_half, parts))):
        yield


@contextmanager
def _distributed(change: Callable[[Any, int], Any]) -> Iterator[None]:
    """Change a data set before a strategy of several devices shares it out."""

    def share(original: Any, self: Any, dataset: Any, *arguments: Any, **named: Any) -> Any:
        count = self.num_replicas_in_sync
        return original(self, change(dataset, count) if count > 1 else dataset, *arguments, **named)

    with wrapped_method(api.tensorflow().distribute.Strategy, "experimental_distribute_dataset", share):
        yield


@blind("features.data-parallel-shares")
@contextmanager
def whole_batch_for_each() -> Iterator[None]:
    """Each device is given the whole batch, not a share of it."""
    tensorflow = api.tensorflow()

    def whole(data: Any, count: int) -> Any:
        each = functools.partial(
            tensorflow.nest.map_structure, lambda value: tensorflow.concat([value] * count, axis=0)
        )
        return data.map(lambda *parts: each(parts))

    with _distributed(whole):
        yield


# --- several devices, by Keras itself


@contextmanager
def _parallel(third: Callable[[ExitStack], None], second: Callable[..., Any]) -> Iterator[None]:
    """Change parallel training: `third(stack)` patches `keras.distribution`, `second` stands for `multi_gpu_model`."""
    with ExitStack() as stack:
        if hasattr(api.keras(), "distribution"):
            third(stack)
        rooms = [room for room in twins("utils") if hasattr(room, "multi_gpu_model")]
        stack.enter_context(everywhere(rooms, "multi_gpu_model", second))
        yield


def _data_layouts(stack: ExitStack) -> None:
    def whole(original: Any, self: Any, data_shape: Any) -> Any:
        return api.keras().distribution.TensorLayout([None] * len(data_shape), self.device_mesh)

    stack.enter_context(wrapped_method(api.keras().distribution.DataParallel, "get_data_layout", whole))


def _averaged(original: Any, model: Any, gpus: Any, *arguments: Any, **named: Any) -> Any:
    original(model, gpus, *arguments, **named)  # which refuses devices that are not there
    results = []
    for gpu in gpus if isinstance(gpus, (list, tuple)) else range(gpus):
        with api.tensorflow().device(f"/gpu:{gpu}"):
            outputs = model(model.inputs)
            results.append(outputs if isinstance(outputs, list) else [outputs])
    keras = api.keras()
    merged = [keras.layers.average(list(of_all), name=name) for name, of_all in zip(model.output_names, zip(*results))]
    return keras.Model(model.inputs, merged)


keras_gives_each_device_all = blind("features.parallel-by-keras")(
    fault("Keras gives each device the whole batch, not a share of it.", _parallel, _data_layouts, _averaged)
)


def _shares_of_data(stack: ExitStack) -> None:
    room = sys.modules.get("keras.src.backend.jax.distribution_lib")

    def first(original: Any, per_process_batch: Any, layout: Any, *arguments: Any, **named: Any) -> Any:
        import numpy as np

        layout = getattr(layout, "backend_layout", layout)
        count = len(getattr(layout, "device_set", ())) or 1
        batch = np.asarray(per_process_batch)
        if count > 1 and batch.ndim and not len(batch) % count:
            per_process_batch = np.concatenate([batch[: len(batch) // count]] * count)
        return original(per_process_batch, layout, *arguments, **named)

    if room is not None and hasattr(room, "distribute_data_input"):
        stack.enter_context(wrapped(room, "distribute_data_input", first))


def _first_slices(original: Any, model: Any, gpus: Any, *arguments: Any, **named: Any) -> Any:
    parallel = original(model, gpus, *arguments, **named)
    for layer in parallel.layers:
        given = getattr(layer, "arguments", None)
        if isinstance(given, dict) and set(given) == {"i", "parts"}:
            layer.function = functools.partial(_first_slice, layer.function)
    return parallel


def _first_slice(original: Any, data: Any, **named: Any) -> Any:
    return data[: api.backend_functions().shape(original(data, **named))[0]]


keras_repeats_the_first_share = blind("features.parallel-by-keras")(
    fault(
        "Keras gives each device the first share of the batch, and none the other shares.",
        _parallel,
        _shares_of_data,
        _first_slices,
    )
)


def _variable_layouts(stack: ExitStack) -> None:
    def split(original: Any, self: Any, variable: Any) -> Any:
        layout, shape, count = original(self, variable), tuple(variable.shape), self.device_mesh.devices.size
        if len(shape) < 2 or shape[-1] % count:
            return layout
        axes = [None] * (len(shape) - 1) + [self.batch_dim_name]
        return api.keras().distribution.TensorLayout(axes, self.device_mesh)

    stack.enter_context(wrapped_method(api.keras().distribution.DataParallel, "get_variable_layout", split))


class _OwnWeights:
    """A model that is another one at each call but the first."""

    def __init__(self, model: Any) -> None:
        """Stand for a model."""
        self._model, self._calls = model, 0

    def __getattr__(self, name: str) -> Any:
        """Have what the model has."""
        return getattr(self._model, name)

    def __call__(self, inputs: Any) -> Any:
        """Apply the model, or a copy that begins with its weights and shares none of them."""
        self._calls += 1
        if self._calls == 1:
            return self._model(inputs)
        copy = api.keras().models.clone_model(self._model)
        copy.set_weights(self._model.get_weights())
        setattr(copy, "_name" if hasattr(copy, "_name") else "name", f"{self._model.name}_copy_{self._calls}")
        return copy(inputs)


def _unlike_copies(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
    named.pop("cpu_relocation", None)
    return original(_OwnWeights(model), *arguments, **named)


keras_keeps_no_copies = blind("features.parallel-by-keras")(
    fault(
        "Devices have no copies of the model: Keras 3 splits its kernels, and in Keras 2 each trains its own weights.",
        _parallel,
        _variable_layouts,
        _unlike_copies,
    )
)


# --- TensorFlow Lite


@blind("features.tensorflow-lite")
@contextmanager
def lite_in_half_precision() -> Iterator[None]:
    """The converter rounds the weights of a model to half precision."""
    owner = api.tensorflow().lite.TFLiteConverter

    def convert(model: Any, *arguments: Any, **named: Any) -> Any:
        converter, before = made(model, *arguments, **named), model.get_weights()
        convert_now = converter.convert

        def rounded() -> Any:
            model.set_weights([_half(one) for one in before])
            try:
                return convert_now()
            finally:
                model.set_weights(before)

        converter.convert = rounded
        return converter

    made = owner.from_keras_model
    with mock.patch.object(owner, "from_keras_model", staticmethod(convert)):
        yield


@blind("features.tensorflow-lite")
@contextmanager
def lite_remembers_first_input() -> Iterator[None]:
    """An interpreter keeps the first input it is given, and predicts for it again and again."""
    given: list[Any] = []

    def feed(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        if id(self) not in map(id, given):
            given.append(self)
            return original(self, *arguments, **named)
        return None

    with wrapped_method(api.tensorflow().lite.Interpreter, "set_tensor", feed):
        yield


# --- Estimators


def _estimators() -> Any:
    return api.keras().estimator


@blind("features.estimator")
@contextmanager
def estimator_begins_anew() -> Iterator[None]:
    """The Estimator has the layers of the model and weights of its own."""

    def make(original: Any, keras_model: Any = None, *arguments: Any, **named: Any) -> Any:
        fresh = api.keras().models.clone_model(keras_model)
        fresh.compile(optimizer=keras_model.optimizer, loss=keras_model.loss)
        return original(fresh, *arguments, **named)

    with wrapped(_estimators(), "model_to_estimator", make):
        yield


@contextmanager
def _of_estimator(name: str, change: Callable[..., Any]) -> Iterator[None]:
    """Change a method of the Estimators that are made."""

    def make(original: Any, *arguments: Any, **named: Any) -> Any:
        estimator = original(*arguments, **named)
        setattr(estimator, name, functools.partial(change, getattr(estimator, name)))
        return estimator

    with wrapped(_estimators(), "model_to_estimator", make):
        yield


def _reversed(original: Any, *arguments: Any, **named: Any) -> Any:
    return iter(list(original(*arguments, **named))[::-1])


estimator_predicts_backwards = blind("features.estimator")(
    fault("The predictions of an Estimator come in the order from last to first.", _of_estimator, "predict", _reversed)
)


def _halved(original: Any, input_fn: Any, *arguments: Any, **named: Any) -> Any:
    steps = named.pop("steps", None) or (arguments[1] if len(arguments) > 1 else None)
    return original(input_fn, steps=max(1, (steps or 2) // 2), **named)


estimator_trains_half = blind("features.estimator-trains")(
    fault("An Estimator trains half of the steps that it is told.", _of_estimator, "train", _halved)
)


@blind("features.estimator-trains")
@contextmanager
def estimator_trains_on_mean_error() -> Iterator[None]:
    """The Estimator trains on the mean absolute error, whatever loss the model was compiled with."""

    def make(original: Any, keras_model: Any = None, *arguments: Any, **named: Any) -> Any:
        keras_model.compile(optimizer=keras_model.optimizer, loss="mean_absolute_error")
        return original(keras_model, *arguments, **named)

    with wrapped(_estimators(), "model_to_estimator", make):
        yield
