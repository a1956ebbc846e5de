"""Features: eager execution, the imperative style, and graphs."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_kerasch2.chapter.features import faults
from pytest_kerasch2.chapter.pipelines import workarounds as pipelines_workarounds
from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api


@claim(
    "features.eager-by-default",
    "Code runs eagerly by default: calling a layer gives numbers at once, without a session.",
    "prose",
)
@detects(faults.graph_first)
@tolerates(common_faults.zero_weights)
def eager_by_default(tf: Any, record: Recorder) -> None:
    """Ask TensorFlow, where it is there, and read the values of a layer's answer."""
    api.require_eager("Running eagerly by default")
    if api.runs_on_tensorflow():
        record.equal("tf.executing_eagerly()", expected=True, actual=bool(tf.executing_eagerly()))
    api.set_seed(1)
    layer = tf.keras.layers.Dense(3)
    x = np.linspace(0, 1, 8, dtype="float32").reshape(2, 4)

    for call in ("first", "second"):
        answer = record.runs(f"values of a layer's answer to the {call} call", lambda: _values(layer(api.tensor(x))))
        kernel, bias = layer.get_weights()
        apart = float(np.abs(answer - (x @ kernel + bias)).max())
        record.at_most(f"the {call} answer, away from x W + b", limit=1e-6, actual=round(apart, 6))


def _values(tensor: Any) -> Any:
    """Return the values of a tensor as TensorFlow's users ask for them; there is no such method in JAX."""
    return tensor.numpy() if api.runs_on_tensorflow() else api.array(tensor)


@claim(
    "features.imperative",
    "The style is imperative: a model's call may look at the values it is given, and branch on them with Python's if.",
    "prose",
)
@detects(faults.graph_first)
@tolerates(common_faults.other_seed)
def imperative(tf: Any, record: Recorder) -> None:
    """Let a model note and judge what passes through it."""
    api.require_eager("The imperative style")
    model, notes = _looking(tf)
    for rows in ([[1.0, 2.0]], [[8.0, 9.0]]):
        record.runs("a call that looks at its values", lambda rows=rows: model(api.tensor(rows)))  # type: ignore[misc]

    # On torch Keras calls it once more, to build it
    record.equal("what it noted", expected=["small 3", "large 17"], actual=notes[-2:])


@claim(
    "features.eager-training",
    "Training can be stepped through, too: told to run eagerly, fit hands real values to the model's call.",
    "prose",
)
@known_issue(
    until="2.1",
    cause="fit calls a model of one's own once as a graph before it trains, whatever it was told.",
    source="https://github.com/tensorflow/tensorflow/blob/v2.0.0/tensorflow/python/keras/engine/training.py",
    symptom="training that looks at its values: AttributeError",
    workaround=pipelines_workarounds.STEP_BY_STEP,
)
@known_issue(
    of="keras",
    since="3.0",
    backends=("jax",),
    cause="On JAX fit traces the model before it trains, and its gradients come of a trace too, whatever it was told.",
    source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/backend/jax/trainer.py",
    symptom="training that looks at its values: RuntimeError: Unable to automatically build the model",
)
@fixed_by(faults.dynamic_models)
@detects(faults.eagerly_ignored, faults.zeros_seen)
@tolerates(common_faults.other_seed)
def eager_training(tf: Any, record: Recorder) -> None:
    """Train a model that notes what passes through it on two batches, twice."""
    api.require_eager("Eager training")
    model, notes = _looking(tf)
    x = np.repeat(np.arange(4, dtype="float32"), 2).reshape(4, 2) * 2
    model(api.tensor(x[:1]))
    model.compile(tf.keras.optimizers.SGD(0.01), "mse", run_eagerly=True)
    fit = {"batch_size": 2, "epochs": 2, "shuffle": False, "verbose": 0}

    record.runs("training that looks at its values", lambda: model.fit(x, np.zeros((4, 1), "float32"), **fit))

    record.equal("what it noted of two batches", expected=["small 4", "large 20"] * 2, actual=notes[-4:])


def _looking(tf: Any) -> tuple[Any, list[str]]:
    """Return a model that looks at the sum of its input, and the list into which it writes what it saw."""
    notes: list[str] = []

    class Looking(tf.keras.Model):  # type: ignore[misc]  # the base class is known only at run time
        def __init__(self) -> None:
            super().__init__()
            self.dense = tf.keras.layers.Dense(1)

        def call(self, inputs: Any, training: Any = None) -> Any:
            total = float(_values(inputs).sum())
            # By the tensor itself, which Python's if asks whether it is true
            notes.append(("large " if _sum(tf, inputs) > 10 else "small ") + f"{total:g}")
            return self.dense(inputs)

    return Looking(), notes


def _sum(tf: Any, tensor: Any) -> Any:
    return tf.reduce_sum(tensor) if api.runs_on_tensorflow() else tensor.sum()


@claim(
    "features.graph-execution",
    "The graph-based way is still there: the same model in tf.function runs as a graph and gives the same numbers.",
    "prose",
)
@detects(faults.functions_run_eagerly)
@tolerates(common_faults.other_seed)
def graph_execution(tf: Any, record: Recorder) -> None:
    """Call a model as it is, and as a graph."""
    api.require_tensorflow("tf.function")
    api.set_seed(4)
    layers, drawn = tf.keras.layers, np.random.RandomState(2)
    dense = [layers.Dense(8, activation="relu"), layers.Dense(4, activation="softmax")]
    model = tf.keras.Sequential([layers.Conv2D(3, (3, 2), activation="relu"), layers.Flatten(), *dense])
    x = tf.constant(drawn.rand(16, 6, 5, 2).astype("float32"))
    model(x)
    # Biases begin at zero, and would not be missed.
    model.set_weights([drawn.uniform(-0.5, 0.5, weights.shape) for weights in model.get_weights()])
    eager: list[bool] = []

    @tf.function  # type: ignore[untyped-decorator]
    def in_a_graph(inputs: Any) -> Any:
        eager.append(bool(tf.executing_eagerly()))
        return model(inputs)

    one = np.asarray(model(x))
    other = [np.asarray(in_a_graph(x)) for _ in range(2)]

    record.equal("whether Python ran eagerly inside, once for two calls", expected=[False], actual=eager)
    apart = float(max(np.abs(one - answer).max() for answer in other))
    record.at_most("the graph's answers, away from the eager one", limit=1e-6, actual=round(apart, 6))
