"""Honest trainings that teach little or nothing: an optimum, noise, constants, steps too small or too large."""
# ruff: noqa: D103 - the name of a model says what it is

from __future__ import annotations

from typing import Any

import numpy as np

from evaluation.zoo_data import classes, images, table
from evaluation.zoo_entry import INFERENCE, KERAS, TRAINING, honest
from evaluation.zoo_tables import network

HARD, ALONE = "nothing to learn", "inference alone"
FITTED = (*TRAINING, "graph")


def _linear(k: Any, rate: float, width: int = 8) -> Any:
    model = k.Sequential([k.Input((width,)), k.layers.Dense(1)])
    model.compile(k.optimizers.SGD(rate), "mse")
    return model


@honest(HARD, modes=FITTED)
def at_its_optimum(k: Any, drawn: Any) -> Any:
    model, data = _linear(k, 0.05), table(drawn)
    model.fit(*data, epochs=30, verbose=0)
    return model, data


@honest(HARD, modes=FITTED)
def without_an_error(k: Any, drawn: Any) -> Any:
    """A model that made its own targets: every gradient is zero."""
    model = network(k)
    model.compile("sgd", "mse")
    x, _ = table(drawn)
    return model, (x, np.asarray(model.predict(x, verbose=0)))


@honest(HARD, modes=FITTED)
def without_an_error_by_adam(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile("adam", "mse")
    x, _ = table(drawn)
    return model, (x, np.asarray(model.predict(x, verbose=0)))


@honest(HARD, modes=FITTED, batch_size=16)
def random_targets(k: Any, drawn: Any) -> Any:
    return _linear(k, 0.1), (drawn.uniform(size=(640, 8)).astype("float32"), drawn.normal(size=(640, 1)))


@honest(HARD, modes=FITTED, batch_size=16)
def random_targets_with_large_steps(k: Any, drawn: Any) -> Any:
    return _linear(k, 0.3), (drawn.uniform(size=(640, 8)).astype("float32"), drawn.normal(size=(640, 1)))


@honest(HARD, modes=FITTED, batch_size=16)
def random_classes(k: Any, drawn: Any) -> Any:
    model = network(k, 4, "softmax")
    model.compile(k.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    return model, (drawn.uniform(size=(640, 8)).astype("float32"), drawn.randint(0, 4, 640))


@honest(HARD, modes=FITTED)
def random_images(k: Any, drawn: Any) -> Any:
    layers = [k.layers.Conv2D(4, 3, activation="relu"), k.layers.Flatten(), k.layers.Dense(10, "softmax")]
    model = k.Sequential([k.Input((8, 8, 3)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, (drawn.uniform(size=(128, 8, 8, 3)).astype("float32"), drawn.randint(0, 10, 128))


@honest(HARD, modes=KERAS)
def constant_targets(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile("adam", "mse")
    x, y = table(drawn)
    return model, (x, np.full_like(y, 0.7))


@honest(HARD, modes=KERAS)
def one_class_alone(k: Any, drawn: Any) -> Any:
    model = network(k, 4, "softmax")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, labels = classes(drawn)
    return model, (x, np.zeros_like(labels))


@honest(HARD, modes=FITTED)
def inputs_of_zero(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile("adam", "mse")
    _, y = table(drawn)
    return model, (np.zeros((len(y), 8), "float32"), y)


@honest(HARD, modes=FITTED)
def inputs_of_one(k: Any, drawn: Any) -> Any:
    model = network(k, 4, "softmax")
    model.compile("sgd", "sparse_categorical_crossentropy")
    _, labels = classes(drawn)
    return model, (np.ones((len(labels), 8), "float32"), labels)


@honest(HARD, modes=FITTED)
def identical_rows(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    return _linear(k, 0.05), (np.repeat(x[:1], len(x), 0), np.repeat(y[:1], len(y), 0))


@honest(HARD, modes=FITTED)
def steps_too_small_to_see(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile(k.optimizers.SGD(1e-9), "mse")
    return model, table(drawn)


@honest(HARD, modes=FITTED)
def rate_of_zero(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile(k.optimizers.SGD(0.0), "mse")
    return model, table(drawn)


@honest(HARD, modes=FITTED)
def steps_that_overshoot(k: Any, drawn: Any) -> Any:
    model = network(k, 4, "softmax")
    model.compile(k.optimizers.SGD(3.0), "sparse_categorical_crossentropy")
    return model, classes(drawn)


@honest(HARD, modes=FITTED)
def steps_of_adam_that_overshoot(k: Any, drawn: Any) -> Any:
    model = network(k, 4, "softmax")
    model.compile(k.optimizers.Adam(0.3), "sparse_categorical_crossentropy")
    return model, classes(drawn)


@honest(HARD, modes=FITTED)
def dead_units(k: Any, drawn: Any) -> Any:
    """Units that never fire: their weights have a gradient of exactly zero."""
    layers = [k.layers.Dense(8, "relu", bias_initializer=k.initializers.Constant(-100.0)), k.layers.Dense(1)]
    model = k.Sequential([k.Input((8,)), *layers])
    model.compile("sgd", "mse")
    return model, table(drawn)


@honest(HARD, modes=FITTED)
def embedding_rows_that_are_not_used(k: Any, drawn: Any) -> Any:
    layers = [k.layers.Embedding(1000, 4), k.layers.Flatten(), k.layers.Dense(1)]
    model = k.Sequential([k.Input((3,)), *layers])
    model.compile("adam", "mse")
    x = drawn.randint(0, 5, (256, 3))
    return model, (x, x.mean(1, keepdims=True) / 5.0)


@honest(HARD, modes=FITTED)
def loss_below_zero(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile("sgd", lambda y, prediction: -0.01 * y * prediction)
    return model, table(drawn)


@honest(HARD, modes=FITTED)
def separable_classes_learned_already(k: Any, drawn: Any) -> Any:
    model = network(k, 3, "softmax", width=64)
    x, labels = images(drawn)
    model.compile(k.optimizers.Adam(0.03), "sparse_categorical_crossentropy")
    model.fit(x.reshape(len(x), 64), labels, epochs=30, verbose=0)
    return model, (x.reshape(len(x), 64), labels)


@honest(HARD, modes=FITTED)
def gradients_that_explode_and_are_clipped(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    model = network(k)
    model.compile(k.optimizers.SGD(0.01, clipnorm=1.0), "mse")
    return model, (1000 * x, 1000 * y)


@honest(HARD, modes=KERAS)
def single_batch(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile("adam", "mse")
    return model, table(drawn, count=32)


@honest(ALONE, modes=("predict",))
def never_compiled(k: Any, drawn: Any) -> Any:
    return network(k, 4), table(drawn, 4)


@honest(ALONE, modes=("predict",))
def inputs_alone(k: Any, drawn: Any) -> Any:
    return network(k, 4), table(drawn)[0]


@honest(ALONE, modes=INFERENCE)
def compiled_without_an_optimizer(k: Any, drawn: Any) -> Any:
    model = network(k)
    model.compile(loss="mse", metrics=["mae"])
    return model, table(drawn)


@honest(ALONE, modes=("predict",), needs=("keras3",))
def quantized(k: Any, drawn: Any) -> Any:
    model = network(k, 4)
    model.quantize("int8")
    return model, table(drawn)[0]


@honest(ALONE, modes=("predict",))
def several_predictions(k: Any, drawn: Any) -> Any:
    x = k.Input((8,))
    return k.Model(x, [k.layers.Dense(1)(x), k.layers.Dense(2, "softmax")(x)]), table(drawn)[0]


@honest(ALONE, modes=("predict",), needs=("keras3",))
def predictions_by_name(k: Any, drawn: Any) -> Any:
    x = k.Input((8,))
    return k.Model(x, {"one": k.layers.Dense(1)(x), "two": k.layers.Dense(2)(x)}), table(drawn)[0]


@honest(ALONE, modes=("predict",))
def no_weights(k: Any, drawn: Any) -> Any:
    x = k.Input((8,))
    return k.Model(x, k.layers.Activation("tanh")(x)), table(drawn)[0]


@honest(ALONE, modes=INFERENCE)
def large_values(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    model = network(k)
    model.compile("adam", "mse")
    return model, (1e4 * x, 1e4 * y)


@honest(ALONE, modes=INFERENCE)
def tiny_values(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    model = network(k)
    model.compile("adam", "mse")
    return model, (1e-4 * x, 1e-4 * y)


@honest(ALONE, modes=("predict",))
def class_of_the_largest(k: Any, drawn: Any) -> Any:
    layers = [k.layers.Dense(4), k.layers.Lambda(lambda one: one - one.shape[-1])]
    return k.Sequential([k.Input((8,)), *layers]), table(drawn)[0]
