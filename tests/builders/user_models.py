"""Models that users make, by what is special about them: what Keras writes of each has to be loaded again."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

RANDOM = np.random.RandomState(0)
X = RANDOM.rand(8, 4).astype("float32")
WORDS = RANDOM.randint(0, 10, (8, 4)).astype("int64")
IMAGES = RANDOM.rand(2, 8, 8, 3).astype("float32")
STEPS = RANDOM.rand(2, 5, 3).astype("float32")


def functional(keras: Any, build: Callable[[Any], Any], x: Any = X) -> tuple[Any, Any]:
    inputs = keras.Input(x.shape[1:])
    return keras.Model(inputs, build(inputs)), x


def registering(keras: Any) -> Any:
    room = keras.saving if hasattr(getattr(keras, "saving", None), "register_keras_serializable") else keras.utils
    return room.register_keras_serializable(package="kerasch2-tests")


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda h, i: h + i,
    "difference": lambda h, i: 1.0 - h,
    "product": lambda h, i: 2 * h * i,
    "quotient": lambda h, i: h / (i + 1.0),
    "power": lambda h, i: i**2,
    "negation": lambda h, i: -h,
    "comparison": lambda h, i: h > i,
    "slice": lambda h, i: h[:, 1:],
    "step": lambda h, i: h[:, ::2],
    "index": lambda h, i: h[:, 0],
    "new axis": lambda h, i: h[:, None],
}


def operators(keras: Any) -> tuple[Any, Any]:
    """Return one model of all operators that `keras.Input` has in every release of Keras 3, each in its own output."""
    return functional(keras, lambda i: [one(keras.layers.Dense(4)(i), i) for one in OPERATORS.values()])


def operations(keras: Any) -> tuple[Any, Any]:
    ops = keras.ops

    def build(i: Any) -> Any:
        h = ops.concatenate([keras.layers.Dense(4)(i), i], axis=-1)
        h = ops.where(h > 0.5, h, ops.zeros_like(h))
        h = ops.transpose(ops.reshape(h, (-1, 2, 4)), (0, 2, 1))
        h = ops.einsum("bij,bjk->bik", h, ops.transpose(h, (0, 2, 1)))
        h = ops.mean(ops.stack([h, ops.clip(h, 0, 1)], axis=1), axis=1)
        h = ops.take(ops.pad(h, [[0, 0], [1, 1], [0, 0]]), [0, 1], axis=1)
        h = ops.add(ops.softmax(h), np.ones((4,), "float32"))
        return ops.logsumexp(ops.split(ops.tile(h, (1, 2, 1)), 2, axis=1)[0], axis=-1)

    return functional(keras, build)


def merging(keras: Any) -> tuple[Any, Any]:
    layers = keras.layers

    def build(i: Any) -> Any:
        both = [layers.Dense(4)(i), i]
        return [layers.Add()(both), layers.Multiply()(both), layers.Concatenate()(both), layers.Dot(1)(both)]

    return functional(keras, build)


def recurrent(keras: Any) -> tuple[Any, Any]:
    layers = keras.layers

    def build(i: Any) -> Any:
        h = layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both")(i)
        h = layers.TimeDistributed(layers.Dense(3), name="each")(h)
        return layers.RNN(layers.GRUCell(2), name="cells")(h)

    return functional(keras, build, STEPS)


def attending(keras: Any) -> tuple[Any, Any]:
    return functional(keras, lambda i: keras.layers.MultiHeadAttention(2, 4)(i, i), STEPS)


def convolving(keras: Any) -> tuple[Any, Any]:
    layers = keras.layers
    parts = [layers.Rescaling(0.5), layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization()]
    return keras.Sequential([keras.Input((8, 8, 3)), *parts, layers.GlobalAveragePooling2D()]), IMAGES


def shared_and_nested(keras: Any) -> tuple[Any, Any]:
    shared = keras.layers.Dense(4)
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)], name="inner")
    return functional(keras, lambda i: shared(inner(shared(i))))


def several_inputs(keras: Any) -> tuple[Any, Any]:
    one, two = keras.Input((4,), name="one"), keras.Input((4,), name="two")
    joined = keras.layers.Concatenate()([one, two])
    outputs = [keras.layers.Dense(1, name="p")(joined), keras.layers.Dense(2, name="q")(joined)]
    return keras.Model([one, two], outputs), [X, X]


def options_of_a_layer(keras: Any) -> tuple[Any, Any]:
    dense = keras.layers.Dense(
        4,
        activation=keras.activations.relu,
        kernel_initializer=keras.initializers.GlorotUniform(seed=1),
        kernel_regularizer=keras.regularizers.L1L2(0.1, 0.1),
        kernel_constraint=keras.constraints.MaxNorm(2),
    )
    return keras.Sequential([keras.Input((4,)), dense]), X


def normalized(keras: Any) -> tuple[Any, Any]:
    layer = keras.layers.Normalization()
    layer.adapt(X)
    return keras.Sequential([keras.Input((4,)), layer, keras.layers.Dense(1)]), X


def quantized(mode: str) -> Callable[[Any], tuple[Any, Any]]:
    def build(keras: Any) -> tuple[Any, Any]:
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4), keras.layers.Dense(2)])
        model.quantize(mode)
        return model, X

    return build


def mixed_precision(keras: Any) -> tuple[Any, Any]:
    dense = keras.layers.Dense(4, dtype="mixed_bfloat16")
    return keras.Sequential([keras.Input((4,)), dense, keras.layers.Dense(2)]), X


def compiled(keras: Any) -> tuple[Any, Any]:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    metrics = [keras.metrics.RootMeanSquaredError(), keras.metrics.AUC()]
    model.compile(keras.optimizers.Adam(schedule), keras.losses.Huber(0.5), metrics=metrics)
    model.fit(X, X[:, :2], verbose=0)
    return model, X


def registered(keras: Any) -> tuple[Any, Any]:
    """Return a trained model of which every part that a user can write is the user's own."""
    layer, regularizer = _own_layer(keras), _own_regularizer(keras)
    loss, schedule = _own_loss(keras), _own_schedule(keras)
    backend, register = functions(keras), registering(keras)

    @register
    def twice(x: Any) -> Any:
        return 2 * x

    @register
    def distance(y: Any, p: Any) -> Any:
        return backend.mean(backend.abs(y - p))

    dense = keras.layers.Dense(2, activation=twice, kernel_regularizer=regularizer)
    model = keras.Sequential([keras.Input((4,)), layer, dense])
    model.compile(keras.optimizers.SGD(schedule), loss, metrics=[distance])
    model.fit(X, X[:, :2], verbose=0)
    return model, X


def functions(keras: Any) -> Any:
    return getattr(keras, "ops", None) or keras.backend


def _own_layer(keras: Any) -> Any:
    @registering(keras)
    class Ones(keras.initializers.Initializer):  # type: ignore[misc, name-defined]
        def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
            return functions(keras).ones(shape, dtype=dtype or "float32")

        def get_config(self) -> Any:
            return {}

    @registering(keras)
    class Scale(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def build(self, shape: Any) -> None:
            self.factor = self.add_weight(name="factor", shape=(shape[-1],), initializer=Ones())

        def call(self, x: Any) -> Any:
            return x * self.factor

    return Scale()


def _own_regularizer(keras: Any) -> Any:
    @registering(keras)
    class Small(keras.regularizers.Regularizer):  # type: ignore[misc, name-defined]
        def __call__(self, x: Any) -> Any:
            return 0.1 * functions(keras).sum(functions(keras).abs(x))

        def get_config(self) -> Any:
            return {}

    return Small()


def _own_loss(keras: Any) -> Any:
    @registering(keras)
    class Squared(keras.losses.Loss):  # type: ignore[misc, name-defined]
        def call(self, y: Any, p: Any) -> Any:
            return functions(keras).mean(functions(keras).square(y - p), axis=-1)

    return Squared()


def _own_schedule(keras: Any) -> Any:
    @registering(keras)
    class Constant(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc, name-defined]
        def __call__(self, step: Any) -> Any:
            return 0.1

        def get_config(self) -> Any:
            return {}

    return Constant()


def registered_model(keras: Any) -> tuple[Any, Any]:
    @registering(keras)
    class Net(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self, **how: Any) -> None:
            super().__init__(**how)
            self.dense = keras.layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def get_config(self) -> Any:
            return {}

    model = Net()
    model(X)
    return model, X


def named_lambda(keras: Any) -> tuple[Any, Any]:
    @registering(keras)
    def doubled(x: Any) -> Any:
        return 2 * x

    return keras.Sequential([keras.Input((4,)), keras.layers.Lambda(doubled, output_shape=(4,))]), X


def looked_up(keras: Any) -> tuple[Any, Any]:
    layer = keras.layers.IntegerLookup(vocabulary=[1, 2, 3])
    return keras.Sequential([keras.Input((4,), dtype="int64"), layer]), WORDS


SECOND_GENERATION: dict[str, Callable[[Any], tuple[Any, Any]]] = {
    "merging": merging,
    "recurrent": recurrent,
    "convolving": convolving,
    "shared and nested": shared_and_nested,
    "several inputs": several_inputs,
    "compiled": compiled,
    "registered": registered,
}
THIRD_GENERATION: dict[str, Callable[[Any], tuple[Any, Any]]] = {
    **SECOND_GENERATION,
    "attending": attending,
    "options of a layer": options_of_a_layer,
    "normalized": normalized,
    "operators": operators,
    "operations": operations,
    "quantized to int8": quantized("int8"),
    "quantized to float8": quantized("float8"),
    "mixed precision": mixed_precision,
    "registered model": registered_model,
    "named Lambda": named_lambda,
    "looked up": looked_up,
}
