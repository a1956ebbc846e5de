"""Honest models fed in each form that `fit` accepts, and through layers that prepare their inputs."""
# ruff: noqa: D103 - the name of a model says what it is

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from evaluation.zoo_data import classes, table
from evaluation.zoo_entry import EVERY, KERAS, honest
from evaluation.zoo_tables import network
from pytest_kerasch2.framework import api

FORMS, PREPARED = "forms of data", "preparing layers"
PIPED = ("fit", "evaluate", "predict", "train_on_batch")


def _regression(k: Any, width: int = 8) -> Any:
    model = network(k, width=width)
    model.compile("adam", "mse", metrics=["mae"])
    return model


@honest(FORMS)
def plain_lists(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    return _regression(k), (x.tolist(), y.tolist())


@honest(FORMS)
def plain_list_of_targets(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    return _regression(k), (x, y[:, 0].tolist())


@honest(FORMS, needs=("tensorflow",))
def tensors(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    tf = api.tensorflow()
    return _regression(k), (tf.constant(x), tf.constant(y))


@honest(FORMS)
def read_only_and_strided_arrays(k: Any, drawn: Any) -> Any:
    x, y = table(drawn, width=16, count=512)
    x, y = x[::2, ::2], y[::2]
    x.flags.writeable = False
    return _regression(k), (x, y)


@honest(FORMS, modes=PIPED, needs=("tensorflow",))
def pipeline_of_batches(k: Any, drawn: Any) -> Any:
    return _regression(k), api.tensorflow().data.Dataset.from_tensor_slices(table(drawn)).batch(32)


@honest(FORMS, modes=PIPED, needs=("tensorflow",))
def pipeline_shuffled_and_prefetched(k: Any, drawn: Any) -> Any:
    sliced = api.tensorflow().data.Dataset.from_tensor_slices(table(drawn))
    return _regression(k), sliced.shuffle(256).batch(32, drop_remainder=True).prefetch(2)


@honest(FORMS, modes=PIPED, needs=("tensorflow",))
def pipeline_with_a_partial_batch(k: Any, drawn: Any) -> Any:
    return _regression(k), api.tensorflow().data.Dataset.from_tensor_slices(table(drawn, count=250)).batch(32)


@honest(FORMS, modes=PIPED, needs=("tensorflow",))
def pipeline_mapped(k: Any, drawn: Any) -> Any:
    sliced = api.tensorflow().data.Dataset.from_tensor_slices(table(drawn))
    return _regression(k), sliced.batch(32).map(lambda x, y: (2 * x, y)).cache()


@honest(FORMS, modes=PIPED, needs=("tensorflow",))
def pipeline_of_mappings(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    model = k.Model([a, b], k.layers.Dense(1)(k.layers.concatenate([a, b])))
    model.compile("adam", "mse")
    sliced = api.tensorflow().data.Dataset.from_tensor_slices(({"a": x[:, :4], "b": x[:, 4:]}, y))
    return model, sliced.batch(32)


@honest(FORMS, modes=("fit", "evaluate", "train_on_batch"), needs=("tensorflow",))
def pipeline_with_weights(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    sliced = api.tensorflow().data.Dataset.from_tensor_slices((x, y, np.linspace(0, 2, len(x), dtype="float32")))
    return _regression(k), sliced.batch(32)


@honest(FORMS, modes=PIPED, needs=("tensorflow",))
def pipeline_of_unknown_length(k: Any, drawn: Any) -> Any:
    tf = api.tensorflow()
    sliced = tf.data.Dataset.from_tensor_slices(table(drawn))
    return _regression(k), sliced.filter(lambda x, y: tf.reduce_sum(x) < 100.0).batch(32)


@honest(FORMS, modes=("predict",), needs=("tensorflow",))
def pipeline_of_inputs_alone(k: Any, drawn: Any) -> Any:
    return network(k), api.tensorflow().data.Dataset.from_tensor_slices(table(drawn)[0]).batch(32)


def _sequence(k: Any, x: Any, y: Any, **how: Any) -> Any:
    base = getattr(k.utils, "PyDataset", None) or k.utils.Sequence

    class Batches(base):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            super().__init__(**how)

        def __len__(self) -> int:
            return len(x) // 32

        def __getitem__(self, place: int) -> Any:
            part = slice(32 * place, 32 * place + 32)
            return x[part], y[part]

    return Batches()


@honest(FORMS, modes=PIPED)
def sequence_of_batches(k: Any, drawn: Any) -> Any:
    return _regression(k), _sequence(k, *table(drawn))


@honest(FORMS, modes=PIPED, needs=("keras3",))
def sequence_by_threads(k: Any, drawn: Any) -> Any:
    return _regression(k), _sequence(k, *table(drawn), workers=2)


@honest(FORMS, modes=PIPED)
def generator_without_end(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)

    def batches() -> Any:
        place = 0
        while True:
            part = np.arange(place, place + 32) % len(x)
            yield x[part], y[part]
            place += 32

    return _regression(k), batches()


@honest(FORMS, modes=PIPED)
def generator_that_draws(k: Any, drawn: Any) -> Any:
    def batches() -> Any:
        while True:
            yield table(drawn, count=32)

    return _regression(k), batches()


@honest(FORMS, needs=("keras3", "pandas"))
def frame_of_pandas(k: Any, drawn: Any) -> Any:
    pandas = importlib.import_module("pandas")
    x, y = table(drawn)
    return _regression(k), (pandas.DataFrame(x), pandas.Series(y[:, 0]))


@honest(FORMS, needs=("tensorflow", "keras3"), modes=("fit", "predict", "evaluate"))
def sparse_inputs(k: Any, drawn: Any) -> Any:
    tf = api.tensorflow()
    x, y = table(drawn)
    x = x * (x > 1)
    model = k.Sequential([k.Input((8,), sparse=True), k.layers.Dense(8, "relu"), k.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, tf.data.Dataset.from_tensor_slices((tf.sparse.from_dense(x), y)).batch(32)


@honest(FORMS, modes=("fit", "predict"), needs=("tensorflow", "keras3"))
def ragged_inputs(k: Any, drawn: Any) -> Any:
    tf = api.tensorflow()

    class Mean(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.table, self.out = k.layers.Embedding(30, 4), k.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.out(tf.reduce_mean(self.table(x.to_tensor()), axis=1))

    rows = [drawn.randint(0, 30, drawn.randint(2, 9)).tolist() for _ in range(128)]
    target = np.array([[sum(row) / 100.0] for row in rows], "float32")
    model = Mean()
    model.compile("adam", "mse")
    # Batches of one width, as a pipeline that sorts by length gives them.
    padded = tf.ragged.constant([(row * 9)[:8] for row in rows], dtype="int64")
    return model, tf.data.Dataset.from_tensor_slices((padded, target)).batch(32, drop_remainder=True)


@honest(PREPARED, modes=EVERY, needs=("layers.Normalization",))
def normalization_by_data(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    first = k.layers.Normalization()
    first.adapt(5 + 3 * x)
    model = k.Sequential([k.Input((8,)), first, k.layers.Dense(8, "relu"), k.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, (5 + 3 * x, y)


@honest(PREPARED, needs=("layers.Discretization",))
def discretization(k: Any, drawn: Any) -> Any:
    x, labels = classes(drawn)
    layers = [k.layers.Discretization([-1.0, 0.0, 1.0]), k.layers.Embedding(4, 3), k.layers.Flatten()]
    model = k.Sequential([k.Input((8,)), *layers, k.layers.Dense(4, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, (x, labels)


@honest(PREPARED, needs=("layers.CategoryEncoding",))
def encoded_categories(k: Any, drawn: Any) -> Any:
    x = drawn.randint(0, 10, (256, 4)).astype("int32")
    first = k.layers.CategoryEncoding(10, output_mode="multi_hot")
    model = k.Sequential([k.Input((4,), dtype="int32"), first, k.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, (x, (x == 3).any(1, keepdims=True).astype("float32"))


@honest(PREPARED, needs=("layers.Hashing", "tensorflow"), modes=KERAS)
def hashed_numbers(k: Any, drawn: Any) -> Any:
    x = drawn.randint(0, 1000, (256, 3))
    layers = [k.layers.Hashing(16), k.layers.Embedding(16, 3), k.layers.Flatten(), k.layers.Dense(1)]
    model = k.Sequential([k.Input((3,), dtype="int64"), *layers])
    model.compile("adam", "mse")
    return model, (x, (x % 2).mean(1, keepdims=True).astype("float32"))


NAMES = np.array(["red", "green", "blue", "white"])


@honest(PREPARED, needs=("layers.StringLookup", "tensorflow", "keras3"), modes=PIPED)
def looked_up_strings(k: Any, drawn: Any) -> Any:
    x = drawn.randint(0, 4, (256, 1))
    layers = [k.layers.StringLookup(vocabulary=NAMES.tolist()), k.layers.Embedding(6, 3), k.layers.Flatten()]
    model = k.Sequential([k.Input((1,), dtype="string"), *layers, k.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, api.tensorflow().data.Dataset.from_tensor_slices((NAMES[x], x / 4.0)).batch(32)


@honest(PREPARED, needs=("layers.TextVectorization", "tensorflow", "keras3"), modes=PIPED)
def vectorized_text(k: Any, drawn: Any) -> Any:
    x = NAMES[drawn.randint(0, 4, (256, 5))]
    sentences = np.array([[" ".join(row)] for row in x])
    first = k.layers.TextVectorization(max_tokens=10, output_sequence_length=6)
    first.adapt(sentences)
    layers = [first, k.layers.Embedding(10, 4), k.layers.GlobalAveragePooling1D(), k.layers.Dense(1, "sigmoid")]
    model = k.Sequential([k.Input((1,), dtype="string"), *layers])
    model.compile("adam", "binary_crossentropy")
    target = (x[:, :1] == "red").astype("float32")
    return model, api.tensorflow().data.Dataset.from_tensor_slices((sentences, target)).batch(32)


@honest(PREPARED, needs=("layers.StringLookup", "tensorflow", "keras3"), modes=("fit", "predict", "evaluate"))
def strings_in_tensors(k: Any, drawn: Any) -> Any:
    x = drawn.randint(0, 4, (256, 1))
    layers = [k.layers.StringLookup(vocabulary=NAMES.tolist()), k.layers.Embedding(6, 3), k.layers.Flatten()]
    model = k.Sequential([k.Input((1,), dtype="string"), *layers, k.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, (api.tensorflow().constant(NAMES[x]), (x / 4.0).astype("float32"))
