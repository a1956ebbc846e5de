"""Honest models of sequences and text: recurrent layers, masks, attention, states between batches."""
# ruff: noqa: D103 - the name of a model says what it is

from __future__ import annotations

from typing import Any

import numpy as np

from evaluation.zoo_data import series, words
from evaluation.zoo_entry import EVERY, KERAS, TRAINING, honest

SEQUENCES, TEXT = "sequences", "text and masks"


def _recurrent(name: str, layers: Any, *, modes: Any = KERAS) -> None:
    @honest(SEQUENCES, name=name, modes=modes)
    def _(k: Any, drawn: Any) -> Any:
        model = k.Sequential([k.Input((6, 3)), *layers(k.layers), k.layers.Dense(1)])
        model.compile("adam", "mse")
        return model, series(drawn)


_recurrent("simple recurrent", lambda of: [of.SimpleRNN(8)], modes=EVERY)
_recurrent("lstm", lambda of: [of.LSTM(8)], modes=EVERY)
_recurrent("gru", lambda of: [of.GRU(8)])
_recurrent("bidirectional", lambda of: [of.Bidirectional(of.LSTM(4))])
_recurrent("stacked lstm", lambda of: [of.LSTM(6, return_sequences=True), of.LSTM(4)])
_recurrent("recurrent dropout", lambda of: [of.GRU(8, recurrent_dropout=0.2, dropout=0.1)])
_recurrent("distributed over time", lambda of: [of.TimeDistributed(of.Dense(4, "tanh")), of.Flatten()])
_recurrent("cells in a stack", lambda of: [of.RNN([of.LSTMCell(4), of.GRUCell(4)])])
_recurrent("backwards", lambda of: [of.LSTM(6, go_backwards=True)])


@honest(SEQUENCES, needs=("ops",))
def custom_cell(k: Any, drawn: Any) -> Any:
    class Cell(k.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.state_size = self.output_size = 5

        def build(self, shape: Any) -> None:
            self.w = self.add_weight(shape=(shape[-1], 5), initializer="glorot_uniform", name="w")
            self.u = self.add_weight(shape=(5, 5), initializer="orthogonal", name="u")

        def call(self, x: Any, states: Any) -> Any:
            h = k.ops.tanh(k.ops.matmul(x, self.w) + k.ops.matmul(states[0], self.u))
            return h, [h]

    model = k.Sequential([k.Input((6, 3)), k.layers.RNN(Cell()), k.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, series(drawn)


def _stateful(name: str, layer: str) -> None:
    @honest(SEQUENCES, name=name)
    def _(k: Any, drawn: Any) -> Any:
        inputs = k.Input(batch_size=32, shape=(6, 3))
        h = getattr(k.layers, layer)(8, stateful=True)(inputs)
        model = k.Model(inputs, k.layers.Dense(1)(h))
        model.compile("adam", "mse")
        return model, series(drawn)


_stateful("stateful lstm", "LSTM")
_stateful("stateful gru", "GRU")


@honest(SEQUENCES)
def masking_layer(k: Any, drawn: Any) -> Any:
    x, y = series(drawn)
    for row, end in zip(x, drawn.randint(2, 7, len(x))):
        row[end:] = 0
    model = k.Sequential([k.Input((6, 3)), k.layers.Masking(), k.layers.LSTM(8), k.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, (x, y)


@honest(SEQUENCES)
def masked_forecast(k: Any, drawn: Any) -> Any:
    x, _ = series(drawn)
    for row, end in zip(x, drawn.randint(2, 7, len(x))):
        row[end:] = 0
    layers = [k.layers.Masking(), k.layers.GRU(8, return_sequences=True), k.layers.TimeDistributed(k.layers.Dense(1))]
    model = k.Sequential([k.Input((6, 3)), *layers])
    model.compile("adam", "mse", metrics=["mae"], weighted_metrics=["mse"])
    return model, (x, x.sum(-1, keepdims=True))


@honest(SEQUENCES, modes=(*TRAINING, "evaluate"))
def temporal_weights(k: Any, drawn: Any) -> Any:
    x, _ = series(drawn)
    model = k.Sequential([k.Input((6, 3)), k.layers.LSTM(8, return_sequences=True), k.layers.Dense(1)])
    model.compile("adam", "mse")
    weights = np.linspace(0, 2, 6, dtype="float32")[None].repeat(len(x), 0)
    return model, (x, x.sum(-1, keepdims=True), weights)


@honest(SEQUENCES)
def sequence_to_sequence(k: Any, drawn: Any) -> Any:
    layers = [k.layers.LSTM(8), k.layers.RepeatVector(4), k.layers.LSTM(8, return_sequences=True), k.layers.Dense(1)]
    model = k.Sequential([k.Input((6, 3)), *layers])
    model.compile("adam", "mse")
    x, _ = series(drawn)
    return model, (x, x[:, :4, :1])


@honest(SEQUENCES)
def encoder_and_decoder(k: Any, drawn: Any) -> Any:
    past, begun = k.Input((6, 3), name="known"), k.Input((4, 1), name="begun")
    _, *states = k.layers.LSTM(8, return_state=True)(past)
    h = k.layers.LSTM(8, return_sequences=True)(begun, initial_state=states)
    model = k.Model([past, begun], k.layers.Dense(1)(h))
    model.compile("adam", "mse")
    x, _ = series(drawn)
    return model, ([x, x[:, :4, 1:2]], x[:, :4, :1])


def _tagger(name: str, layers: Any, *, optimizer: str = "adam", needs: tuple[str, ...] = ()) -> None:
    @honest(TEXT, name=name, needs=needs)
    def _(k: Any, drawn: Any) -> Any:
        first = k.layers.Embedding(30, 8, mask_zero=True)
        model = k.Sequential([k.Input((8,)), first, *layers(k.layers), k.layers.Dense(4, "softmax")])
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model, words(drawn)


_tagger("tagger", lambda of: [of.LSTM(8, return_sequences=True)])
_tagger("tagger by sgd", lambda of: [of.LSTM(8, return_sequences=True)], optimizer="sgd")
_tagger("tagger, bidirectional", lambda of: [of.Bidirectional(of.GRU(4, return_sequences=True))])
_tagger("tagger, dense", lambda of: [of.Dense(8, "relu"), of.Dropout(0.2)])


@honest(TEXT, modes=EVERY)
def bag_of_words(k: Any, drawn: Any) -> Any:
    x, _ = words(drawn)
    layers = [k.layers.Embedding(30, 8), k.layers.GlobalAveragePooling1D(), k.layers.Dense(1, "sigmoid")]
    model = k.Sequential([k.Input((8,)), *layers])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, (x, (x[:, :1] % 2).astype("float32"))


@honest(TEXT)
def sentiment_with_mask(k: Any, drawn: Any) -> Any:
    x, _ = words(drawn)
    layers = [k.layers.Embedding(30, 8, mask_zero=True), k.layers.LSTM(8), k.layers.Dense(1, "sigmoid")]
    model = k.Sequential([k.Input((8,)), *layers])
    model.compile("adam", "binary_crossentropy")
    return model, (x, (x[:, 0] % 2).astype("float32"))


@honest(TEXT)
def masked_average(k: Any, drawn: Any) -> Any:
    x, _ = words(drawn)
    layers = [k.layers.Embedding(30, 8, mask_zero=True), k.layers.GlobalAveragePooling1D(), k.layers.Dense(1)]
    model = k.Sequential([k.Input((8,)), *layers])
    model.compile("adam", "mse")
    return model, (x, (x > 10).mean(1, keepdims=True).astype("float32"))


@honest(TEXT, needs=("layers.MultiHeadAttention",))
def transformer_encoder(k: Any, drawn: Any) -> Any:
    of = k.layers
    x = k.Input((8,), dtype="int32")
    h = of.Embedding(30, 8)(x)
    h = of.LayerNormalization()(of.add([h, of.MultiHeadAttention(2, 4, dropout=0.1)(h, h)]))
    h = of.LayerNormalization()(of.add([h, of.Dense(8)(of.Dense(16, "relu")(h))]))
    model = k.Model(x, of.Dense(4, "softmax")(h))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, words(drawn)


@honest(TEXT, needs=("ops", "layers.MultiHeadAttention"))
def language_model(k: Any, drawn: Any) -> Any:
    of = k.layers
    x = k.Input((8,), dtype="int32")
    h = of.Embedding(30, 8)(x)
    h = of.add([h, of.MultiHeadAttention(2, 4)(h, h, use_causal_mask=True)])
    model = k.Model(x, of.Dense(30)(of.LayerNormalization()(h)))
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(k.optimizers.Adam(0.01), loss)
    sentences = (drawn.randint(0, 30, (128, 1)) + 3 * np.arange(9)) % 30
    return model, (sentences[:, :-1], sentences[:, 1:])


@honest(TEXT, needs=("layers.MultiHeadAttention", "keras3"))
def masked_attention(k: Any, drawn: Any) -> Any:
    of = k.layers
    x = k.Input((8,), dtype="int32")
    h = of.Embedding(30, 8, mask_zero=True)(x)
    model = k.Model(x, of.Dense(4, "softmax")(of.MultiHeadAttention(2, 4)(h, h)))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, words(drawn)


@honest(TEXT)
def attention_over_lstm(k: Any, drawn: Any) -> Any:
    of = k.layers
    x = k.Input((8,))
    h = of.LSTM(8, return_sequences=True)(of.Embedding(30, 8)(x))
    model = k.Model(x, of.Dense(1)(of.GlobalAveragePooling1D()(of.Attention()([h, h]))))
    model.compile("adam", "mse")
    sentences, _ = words(drawn)
    return model, (sentences, (sentences > 10).mean(1, keepdims=True).astype("float32"))


@honest(TEXT, needs=("layers.AdditiveAttention",))
def additive_attention(k: Any, drawn: Any) -> Any:
    of = k.layers
    x = k.Input((6, 3))
    h = of.GRU(8, return_sequences=True)(x)
    model = k.Model(x, of.Dense(1)(of.Flatten()(of.AdditiveAttention()([h, h]))))
    model.compile("adam", "mse")
    return model, series(drawn)


@honest(TEXT, needs=("ops",))
def tied_embedding(k: Any, drawn: Any) -> Any:
    class Tied(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.table, self.mixed = k.layers.Embedding(30, 8), k.layers.GRU(8, return_sequences=True)

        def call(self, x: Any) -> Any:
            return k.ops.matmul(self.mixed(self.table(x)), k.ops.transpose(self.table.embeddings))

    model = Tied()
    model.compile("adam", k.losses.SparseCategoricalCrossentropy(from_logits=True))
    sentences = drawn.randint(0, 30, (128, 9))
    return model, (sentences[:, :-1], sentences[:, 1:])


@honest(TEXT)
def matrix_factorization(k: Any, drawn: Any) -> Any:
    user, item = k.Input((1,), name="user"), k.Input((1,), name="item")
    users, items = (k.layers.Flatten()(k.layers.Embedding(20, 4)(one)) for one in (user, item))
    model = k.Model([user, item], k.layers.Dot(1)([users, items]))
    model.compile(k.optimizers.Adam(0.02), "mse")
    u, i = drawn.randint(0, 20, (256, 1)), drawn.randint(0, 20, (256, 1))
    return model, ({"user": u, "item": i}, np.sin(u + i).astype("float32"))
