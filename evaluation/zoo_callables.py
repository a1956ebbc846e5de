"""Honest steps outside Keras's loops: functions on NumPy, TensorFlow, JAX and torch, timed by `step_benchmark.step`."""
# ruff: noqa: D103 - the name of a step says what it is

from __future__ import annotations

import importlib
from typing import Any, Callable

import numpy as np

from evaluation.zoo_data import table
from evaluation.zoo_entry import honest
from evaluation.zoo_tables import network
from pytest_kerasch2.framework import api

CALLABLES = "plain callables"
STEP = ("step",)
TENSORFLOW = ("tensorflow",)


@honest(CALLABLES, modes=STEP, items=64)
def product_of_arrays(k: Any, drawn: Any) -> Callable[[], Any]:
    x = drawn.normal(size=(64, 64))
    return lambda: x @ x


@honest(CALLABLES, modes=STEP, items=1000)
def python_alone(k: Any, drawn: Any) -> Callable[[], Any]:
    return lambda: sum(range(1000))


@honest(CALLABLES, modes=STEP, items=32)
def nothing_is_returned(k: Any, drawn: Any) -> Callable[[], Any]:
    x = drawn.normal(size=(32, 8))

    def step() -> None:
        x[:] = np.tanh(x)

    return step


@honest(CALLABLES, modes=STEP, items=256)
def regression_on_numpy(k: Any, drawn: Any) -> Callable[[], Any]:
    x, y = table(drawn)
    weights = np.zeros((8, 1), "float32")

    def step() -> Any:
        weights[:] -= 0.01 * x.T @ (x @ weights - y) / len(x)
        return weights

    return step


@honest(CALLABLES, modes=STEP, needs=TENSORFLOW, items=32)
def eager_function(k: Any, drawn: Any) -> Callable[[], Any]:
    tf = api.tensorflow()
    x = tf.constant(table(drawn)[0])
    return lambda: tf.reduce_sum(tf.tanh(tf.matmul(x, x, transpose_b=True)))


def _loop(k: Any, drawn: Any) -> Callable[[], Any]:
    tf = api.tensorflow()
    model, optimizer = network(k), k.optimizers.Adam()
    x, y = map(tf.constant, table(drawn, count=32))

    def step() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x, training=True) - y))
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return {"loss": loss}

    return step


@honest(CALLABLES, modes=STEP, needs=TENSORFLOW, items=32)
def loop_by_hand(k: Any, drawn: Any) -> Callable[[], Any]:
    return _loop(k, drawn)


@honest(CALLABLES, modes=STEP, needs=TENSORFLOW, items=32)
def loop_in_a_graph(k: Any, drawn: Any) -> Callable[[], Any]:
    return api.tensorflow().function(_loop(k, drawn))  # type: ignore[no-any-return]


@honest(CALLABLES, modes=STEP, items=32)
def call_of_a_model(k: Any, drawn: Any) -> Callable[[], Any]:
    model, (x, _) = network(k), table(drawn, count=32)
    return lambda: model(x, training=False)


@honest(CALLABLES, modes=STEP, items=32)
def method_of_an_object(k: Any, drawn: Any) -> Callable[[], Any]:
    model, (x, _) = network(k), table(drawn, count=32)

    class Trainer:
        def step(self) -> Any:
            return model.predict_on_batch(x)

    return Trainer().step


@honest(CALLABLES, modes=STEP, needs=("jax",), items=32)
def loop_on_jax(k: Any, drawn: Any) -> Callable[[], Any]:
    jax = importlib.import_module("jax")
    x, y = table(drawn, count=32)
    state = [jax.numpy.zeros((8, 1))]
    slope = jax.jit(jax.grad(lambda weights: jax.numpy.mean((x @ weights - y) ** 2)))

    def step() -> Any:
        state[0] = state[0] - 0.1 * slope(state[0])
        return state[0]

    return step


@honest(CALLABLES, modes=STEP, needs=("torch",), items=32)
def loop_on_torch(k: Any, drawn: Any) -> Callable[[], Any]:
    torch = importlib.import_module("torch")
    x, y = map(torch.tensor, table(drawn, count=32))
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters())

    def step() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step
