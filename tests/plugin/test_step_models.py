"""The fixture `step_benchmark` with what a model and its data may be, each in a run of its own."""

from __future__ import annotations

import importlib.util
import json
from typing import Any, Callable

import pytest

# Imported here too: pytester forgets what an inner run imports, and these cannot be imported twice.
from pytest_kerasch2.timing import pytest_benchmark_adapter  # noqa: F401

pytest.importorskip("pytest_benchmark", reason="times are kept by pytest-benchmark, of the extra `benchmark`")
HEAD = """
import numpy as np
import pytest
from pytest_kerasch2.framework import api

keras = api.keras()
layers = keras.layers
X = np.random.RandomState(0).uniform(size=(64, 4)).astype("float32")
P, Q = X.sum(1, keepdims=True), X.argmax(1)
HOW = {"device": "cpu", "seconds": 0.05}


def network(outputs=1, activation=None, **how):
    model = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(outputs, activation=activation)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **how})
    return model

"""
ON_TENSORFLOW = pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="asks TensorFlow itself")
pytestmark = pytest.mark.usefixtures("preloaded")
Inner = Callable[..., Any]


@pytest.fixture
def checks(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Inner:
    """Run benchmarks of somebody's own; return what the JSON says of the work check of each."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)

    def run(body: str) -> dict[str, str]:
        pytester.makepyfile(HEAD + body)
        arguments = ("-p", "no:randomly", "-p", "no:cacheprovider", "--benchmark-json=times.json")
        result = pytester.runpytest_subprocess(*arguments)
        assert result.ret == 0, result.stdout.str()
        outcomes = json.loads((pytester.path / "times.json").read_text(encoding="utf-8"))["benchmarks"]
        return {one["name"]: one["extra_info"]["kerasch2"]["work_check_outcome"] for one in outcomes}

    return run


def test_data_in_any_form_that_fit_takes_are_timed(checks: Inner) -> None:
    outcomes = checks("""
def batches():
    while True:
        yield X[:32], P[:32]


def two_inputs():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    model = keras.Model([a, b], layers.Dense(1)(layers.Concatenate()([a, b])))
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("name", ["list", "mapping"])
def test_inputs(step_benchmark, name):
    step_benchmark(two_inputs(), ({"list": [X, X], "mapping": {"a": X, "b": X}}[name], P), **HOW)


@pytest.mark.parametrize("mode", ["fit", "evaluate", "train_on_batch"])
def test_weights(step_benchmark, mode):
    step_benchmark(network(), (X, P, X[:, 0]), mode=mode, **HOW)


def test_plain_lists(step_benchmark):
    step_benchmark(network(), (X.tolist(), P.tolist()), **HOW)


def test_generator(step_benchmark):
    step_benchmark(network(), batches(), **HOW)


def test_class_weight(step_benchmark):
    model = network(4, "softmax", loss="sparse_categorical_crossentropy")
    step_benchmark(model, (X, Q), class_weight={0: 5.0, 1: 0.5}, **HOW)
""")

    assert set(outcomes.values()) == {"checked"}


def test_models_of_any_kind_are_timed(checks: Inner) -> None:
    outcomes = checks("""
class NoLayers(keras.Model):
    def __init__(self):
        super().__init__()
        self.w = self.add_weight(name="w", shape=(4, 1), initializer="zeros")

    def call(self, x):
        return x @ self.w


def test_no_layers(step_benchmark):
    model = NoLayers()
    model.compile("sgd", "mse")
    step_benchmark(model, (X, P), **HOW)


def test_two_heads(step_benchmark):
    first = keras.Input((4,))
    model = keras.Model(first, [layers.Dense(1)(first), layers.Dense(4, activation="softmax")(first)])
    model.compile("sgd", ["mse", "sparse_categorical_crossentropy"], loss_weights=[0.5, 2.0])
    step_benchmark(model, (X, [P, Q]), **HOW)


def test_never_compiled(step_benchmark):
    step_benchmark(keras.Sequential([layers.Dense(2)]), X, mode="predict", **HOW)


def test_at_its_optimum(step_benchmark):
    step_benchmark(network(), (X * 0, P * 0), mode="train_on_batch", **HOW)


def test_frozen(step_benchmark):
    model = network()
    model.trainable = False
    model.compile("sgd", "mse")
    step_benchmark(model, (X, P), mode="evaluate", **HOW)
""")

    assert set(outcomes) == {
        f"test_{name}" for name in ("no_layers", "two_heads", "never_compiled", "at_its_optimum", "frozen")
    }


@ON_TENSORFLOW
def test_a_step_of_two_optimizers_is_timed_and_said_not_to_be_checked(
    checks: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")

    outcomes = checks("""
tf = api.tensorflow()


class Adversarial(keras.Model):
    def __init__(self):
        super().__init__()
        self.made, self.told = layers.Dense(4), layers.Dense(1)

    def compile(self, one, other):
        super().compile()
        self.one, self.other = one, other

    def call(self, x):
        return self.told(self.made(x))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape(persistent=True) as tape:
            loss = tf.reduce_mean(tf.square(self(x) - y))
        for optimizer, layer in ((self.one, self.made), (self.other, self.told)):
            weights = layer.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return {"loss": loss}


@pytest.mark.parametrize("mode", ["fit", "train_on_batch"])
def test_two(step_benchmark, mode):
    model = Adversarial()
    model.compile(keras.optimizers.SGD(), keras.optimizers.SGD())
    model(X)
    before = [one.numpy() for one in model.weights]
    step_benchmark(model, (X, P), mode=mode, **HOW)
    assert all(map(np.array_equal, before, [one.numpy() for one in model.weights]))
""")

    assert set(outcomes.values()) == {"not checked: the model has a train_step of its own"}


@ON_TENSORFLOW
def test_a_tf_data_set_is_timed_as_it_is(checks: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")

    outcomes = checks("""
tf = api.tensorflow()


@pytest.mark.parametrize("endless", [False, True])
def test_fit(step_benchmark, endless):
    data = tf.data.Dataset.from_tensor_slices((X, P)).batch(16)
    step_benchmark(network(), data.repeat() if endless else data, **HOW)
""")

    assert set(outcomes.values()) == {"checked"}


def test_a_plain_function_is_timed_by_what_it_returns(checks: Inner) -> None:
    outcomes = checks("""
def test_step(step_benchmark):
    calls = []
    found = step_benchmark.step(lambda: calls.append(1), items=8, seconds=0.05)
    assert len(calls) == 1 + sum(one.steps for one in (*found.warmup, *found.blocks))


@pytest.mark.parametrize(("how", "told"), [
    ({"items": 0}, "items must be a positive integer, got 0."),
    ({"items": 1, "seconds": -1}, "seconds must be a positive number of seconds, got -1."),
    ({"items": 1, "batches": []}, "batches must hold at least one batch, got none."),
    ({"items": 1, "wait": 3}, "wait must be a function that takes what a step returned, got int."),
])
def test_refused(step_benchmark, how, told):
    with pytest.raises(pytest.fail.Exception) as failure:
        step_benchmark.step(len, **how)
    assert str(failure.value) == told
""")

    assert outcomes == {"test_step": "not checked: a plain function does not say what its work is"}
