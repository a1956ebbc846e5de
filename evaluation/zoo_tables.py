"""Honest models of tables: regressions with the common losses, and the layers that draw or normalise."""
# ruff: noqa: D103 - the name of a model says what it is

from __future__ import annotations

from typing import Any

import numpy as np

from evaluation.zoo_data import classes, table
from evaluation.zoo_entry import EVERY, KERAS, honest

REGRESSION, LAYERS = "regression", "layers"


def network(k: Any, outputs: int = 1, activation: Any = None, hidden: int = 16, width: int = 8) -> Any:
    """Return a network of one hidden layer, not compiled."""
    last = k.layers.Dense(outputs, activation=activation)
    return k.Sequential([k.Input((width,)), k.layers.Dense(hidden, "relu"), last])


@honest(REGRESSION, modes=EVERY)
def linear_regression(k: Any, drawn: Any) -> Any:
    model = k.Sequential([k.Input((8,)), k.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model, table(drawn)


@honest(REGRESSION, modes=EVERY)
def two_layers(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile("adam", "mse", metrics=["mae"])
    return model, table(drawn)


@honest(REGRESSION)
def several_targets(k: Any, drawn: Any) -> Any:
    model = network(k, 5)
    model.compile("adam", "mse")
    return model, table(drawn, 5)


@honest(REGRESSION)
def flat_targets(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    model = network(k)
    model.compile("adam", "mse")
    return model, (x, y[:, 0])


@honest(REGRESSION)
def unbuilt(k: Any, drawn: Any) -> Any:
    model = k.Sequential([k.layers.Dense(8, "relu"), k.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, table(drawn)


def _with_loss(loss: str) -> None:
    @honest(REGRESSION, name=f"loss {loss}", needs=() if loss != "log_cosh" else ("keras3",))
    def _(k: Any, drawn: Any) -> Any:
        x, y = table(drawn)
        model = network(k, activation="softplus" if loss in {"poisson", "msle"} else None)
        model.compile(k.optimizers.Adam(0.003), loss)
        return model, (x, np.abs(y) + 0.5)


for _loss in ("mae", "mape", "msle", "poisson", "log_cosh"):
    _with_loss(_loss)


@honest(REGRESSION)
def huber_object(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile("adam", k.losses.Huber(0.3))
    return model, table(drawn)


@honest(REGRESSION)
def loss_summed_over_the_batch(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile(k.optimizers.SGD(0.001), k.losses.MeanSquaredError(reduction="sum"))
    return model, table(drawn)


@honest(REGRESSION)
def cosine_similarity(k: Any, drawn: Any) -> Any:
    model = network(k, 4)
    model.compile("adam", k.losses.CosineSimilarity())
    return model, table(drawn, 4)


@honest(REGRESSION, modes=EVERY, needs=("ops",))
def quantile_function(k: Any, drawn: Any) -> Any:
    def pinball(y: Any, prediction: Any) -> Any:
        return k.ops.mean(k.ops.maximum(0.9 * (y - prediction), 0.1 * (prediction - y)), axis=-1)

    model = network(k)
    model.compile("adam", pinball)
    return model, table(drawn)


@honest(REGRESSION, needs=("ops",))
def loss_function_of_one_number(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile("adam", lambda y, prediction: k.ops.mean(k.ops.square(y - prediction)))
    return model, table(drawn)


@honest(REGRESSION, needs=("ops",))
def loss_class(k: Any, drawn: Any) -> Any:
    class Quartic(k.losses.Loss):  # type: ignore[misc]
        def call(self, y: Any, prediction: Any) -> Any:
            return k.ops.mean((y - prediction) ** 4, axis=-1)

    model = network(k)
    model.compile("adam", Quartic())
    return model, table(drawn)


@honest(REGRESSION, needs=("ops",))
def mean_and_variance(k: Any, drawn: Any) -> Any:
    def likelihood(y: Any, prediction: Any) -> Any:
        mean, log_variance = prediction[:, :1], prediction[:, 1:]
        return 0.5 * (log_variance + (y - mean) ** 2 * k.ops.exp(-log_variance))

    model = network(k, 2)
    model.compile("adam", likelihood)
    return model, table(drawn)


@honest(REGRESSION)
def wide_and_deep(k: Any, drawn: Any) -> Any:
    x = k.Input((8,))
    deep = k.layers.Dense(8, "relu")(k.layers.Dense(16, "relu")(x))
    model = k.Model(x, k.layers.Dense(1)(k.layers.concatenate([x, deep])))
    model.compile("adam", "mse")
    return model, table(drawn)


@honest(REGRESSION)
def residual_blocks(k: Any, drawn: Any) -> Any:
    x = k.Input((8,))
    h = x
    for _ in range(3):
        h = k.layers.add([h, k.layers.Dense(8)(k.layers.Dense(16, "relu")(h))])
    model = k.Model(x, k.layers.Dense(1)(h))
    model.compile("adam", "mse")
    return model, table(drawn)


@honest(REGRESSION)
def integer_inputs(k: Any, drawn: Any) -> Any:
    x = drawn.randint(0, 5, (256, 6))
    model = network(k, width=6)
    model.compile("adam", "mse")
    return model, (x, x.sum(1, keepdims=True) / 15.0)


@honest(REGRESSION)
def inputs_of_64_bits(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    model = network(k)
    model.compile("adam", "mse")
    return model, (x.astype("float64"), y.astype("float64"))


@honest(REGRESSION)
def several_metrics(k: Any, drawn: Any) -> Any:
    model = network(k)
    rmse = k.metrics.RootMeanSquaredError()
    model.compile("adam", "mse", metrics=["mae", rmse, k.metrics.MeanSquaredError(name="squared")])
    return model, table(drawn)


@honest(REGRESSION)
def weighted_metrics(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    model = network(k)
    model.compile("adam", "mse", weighted_metrics=["mae"])
    return model, (x, y, drawn.uniform(size=len(x)).astype("float32"))


@honest(REGRESSION, needs=("ops",))
def metric_class(k: Any, drawn: Any) -> Any:
    class Largest(k.metrics.Metric):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(name="largest")
            self.most = self.add_weight(name="most", initializer="zeros")

        def update_state(self, y: Any, prediction: Any, sample_weight: Any = None) -> None:
            self.most.assign(k.ops.maximum(self.most, k.ops.max(k.ops.abs(y - prediction))))

        def result(self) -> Any:
            return self.most

    model = network(k)
    model.compile("adam", "mse", metrics=[Largest()])
    return model, table(drawn)


@honest(REGRESSION, batch_size=256)
def whole_data_in_a_batch(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile("adam", "mse")
    return model, table(drawn)


@honest(REGRESSION, batch_size=1)
def batches_of_one(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile("adam", "mse")
    return model, table(drawn, count=64)


@honest(REGRESSION)
def last_batch_is_partial(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile("adam", "mse")
    return model, table(drawn, count=250)


def _layer(name: str, layers: Any, *, needs: tuple[str, ...] = (), modes: tuple[str, ...] = KERAS) -> None:
    @honest(LAYERS, name=name, needs=needs, modes=modes)
    def _(k: Any, drawn: Any) -> Any:
        model = k.Sequential([k.Input((8,)), *layers(k.layers), k.layers.Dense(4, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model, classes(drawn)


_layer("dropout", lambda of: [of.Dense(32, "relu"), of.Dropout(0.5)], modes=EVERY)
_layer("alpha dropout", lambda of: [of.Dense(16, "selu"), of.AlphaDropout(0.2)])
_layer("gaussian noise", lambda of: [of.GaussianNoise(0.3), of.Dense(16, "relu")])
_layer("gaussian dropout", lambda of: [of.Dense(16, "relu"), of.GaussianDropout(0.2)])
_layer("batch normalization", lambda of: [of.Dense(16), of.BatchNormalization(), of.ReLU()], modes=EVERY)
_layer("layer normalization", lambda of: [of.Dense(16), of.LayerNormalization(), of.ReLU()])
_layer("group normalization", lambda of: [of.Dense(16), of.GroupNormalization(4)], needs=("layers.GroupNormalization",))
_layer("rms normalization", lambda of: [of.Dense(16), of.RMSNormalization()], needs=("layers.RMSNormalization",))
_layer("unit normalization", lambda of: [of.UnitNormalization(), of.Dense(16)], needs=("layers.UnitNormalization",))
_layer(
    "spectral normalization",
    lambda of: [of.SpectralNormalization(of.Dense(16, "relu"))],
    needs=("layers.SpectralNormalization",),
)
_layer("prelu", lambda of: [of.Dense(16), of.PReLU()])
_layer("lambda layer", lambda of: [of.Dense(16), of.Lambda(lambda x: x * x)])
_layer("l2 regularizer", lambda of: [of.Dense(16, "relu", kernel_regularizer="l2")], modes=EVERY)
_layer("activity regularizer", lambda of: [of.Dense(16, "relu", activity_regularizer="l2")])
_layer("constraint", lambda of: [of.Dense(16, "relu", kernel_constraint="max_norm")])
_layer("orthogonal weights", lambda of: [of.Dense(16, "tanh", kernel_initializer="orthogonal", use_bias=False)])
_layer("locally shaped", lambda of: [of.Reshape((4, 2)), of.Permute((2, 1)), of.Flatten(), of.Dense(16, "relu")])
