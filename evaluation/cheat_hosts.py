"""Models that cheats are injected into: ten or more of each kind, on which the cheat does less or other work."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from evaluation.zoo_data import classes, images, series, table, words
from evaluation.zoo_entry import Honest

HOSTS: dict[str, Honest] = {}
Build = Callable[[Any, Any], Any]

# Width and number of hidden layers, activation, optimizer and its rate: shapes of networks of tables.
SHAPES = (
    (16, 1, "relu", "Adam", 0.003),
    (8, 2, "relu", "SGD", 0.05),
    (32, 1, "tanh", "RMSprop", 0.002),
    (16, 2, "elu", "Adam", 0.002),
    (24, 1, "sigmoid", "Nadam", 0.005),
    (12, 3, "tanh", "SGD", 0.05),
    (64, 1, "relu", "Adamax", 0.003),
    (20, 2, "softplus", "Adam", 0.003),
    (16, 1, "selu", "Adagrad", 0.02),
    (8, 1, "swish", "AdamW", 0.005),
)


def add(group: str, name: str, make: Build, **options: Any) -> str:
    """Add a host to a group, and return its name."""
    called = f"{group}: {name}"
    HOSTS[called] = Honest(called, group, make, options=options)
    return called


def group(*names: str) -> tuple[str, ...]:
    """Return the names of the hosts of these groups."""
    return tuple(name for name, one in HOSTS.items() if one.subject in names)


def dense(k: Any, shape: Any, last: Any, *, between: Any = None, optimizer: Any = None, **how: Any) -> Any:
    """Return a network of one of the shapes, compiled for its loss."""
    width, depth, activation, rule, rate = shape
    layers = [k.layers.Dense(width, activation, **how) for _ in range(depth)]
    model = k.Sequential([k.Input((8,)), *layers, *([] if between is None else [between]), last[0]])
    model.compile(optimizer or getattr(k.optimizers, rule)(rate), last[1])
    return model


def regression(k: Any) -> Any:
    """Return the last layer and the loss of a regression."""
    return k.layers.Dense(1), "mse"


def kinds(k: Any) -> Any:
    """Return the last layer and the loss of a classification."""
    return k.layers.Dense(4, "softmax"), "sparse_categorical_crossentropy"


def _plain(shape: Any, number: int) -> None:
    def make(k: Any, drawn: Any) -> Any:
        if number % 2:
            return dense(k, shape, kinds(k)), classes(drawn)
        return dense(k, shape, regression(k)), table(drawn)

    add("tables", f"{number}, {shape[2]}, {shape[3]}", make)


def _regularized(shape: Any, number: int) -> None:
    def make(k: Any, drawn: Any) -> Any:
        return dense(k, shape, regression(k), kernel_regularizer=k.regularizers.L2(0.1 + 0.02 * number)), table(drawn)

    add("regularized", f"{number}, {shape[3]}", make)


def _weighted(shape: Any, number: int) -> None:
    def make(k: Any, drawn: Any) -> Any:
        x, y = table(drawn)
        weights = (5.0 * (x[:, 0] > 0.5)).astype("float32") + 0.05
        return dense(k, shape, regression(k)), (x, y, weights)

    add("weighted samples", f"{number}, {shape[3]}", make)


def _weighted_classes(shape: Any, number: int) -> None:
    def make(k: Any, drawn: Any) -> Any:
        return dense(k, shape, kinds(k)), classes(drawn)

    add("weighted classes", f"{number}, {shape[3]}", make, class_weight={0: 8.0, 1: 0.1, 2: 0.1, 3: 0.1})


def _dropped(shape: Any, number: int) -> None:
    def make(k: Any, drawn: Any) -> Any:
        between = k.layers.Dropout(0.5 + 0.02 * number)
        return dense(k, shape, kinds(k), between=between), classes(drawn)

    add("dropout", f"{number}, {shape[3]}", make)


def _clipped(shape: Any, number: int) -> None:
    def make(k: Any, drawn: Any) -> Any:
        optimizer = k.optimizers.SGD(0.05, clipnorm=0.02 + 0.005 * number)
        return dense(k, shape, regression(k), optimizer=optimizer), table(drawn)

    add("clipped", f"{number}, {shape[2]}", make)


def _heads(shape: Any, number: int) -> None:
    def make(k: Any, drawn: Any) -> Any:
        width, _, activation, rule, rate = shape
        i = k.Input((8,))
        h = k.layers.Dense(width, activation)(i)
        model = k.Model(i, [k.layers.Dense(1, name="size")(h), k.layers.Dense(4, "softmax", name="kind")(h)])
        model.compile(getattr(k.optimizers, rule)(rate), ["mse", "sparse_categorical_crossentropy"])
        x, kind = classes(drawn)
        return model, (x, [x[:, :1] + x[:, 1:2], kind])

    add("two heads", f"{number}, {shape[3]}", make)


def _normalized(shape: Any, number: int) -> None:
    def make(k: Any, drawn: Any) -> Any:
        x, y = table(drawn)
        return dense(k, shape, regression(k), between=k.layers.BatchNormalization()), (3 * x + 1, y)

    add("batch normalization", f"{number}, {shape[3]}", make)


for _number, _shape in enumerate(SHAPES):
    for _family in (
        _plain, _regularized, _weighted, _weighted_classes, _dropped, _clipped, _heads, _normalized,
    ):  # fmt: skip
        _family(_shape, _number)

CELLS = ("LSTM", "GRU", "SimpleRNN", "Bidirectional", "Dense")
RULES = ("Adam", "SGD")


def _tagger(cell: str, rule: str) -> None:
    def make(k: Any, drawn: Any) -> Any:
        of = k.layers
        if cell == "Dense":
            inner = of.Dense(8, "relu")
        elif cell == "Bidirectional":
            inner = of.Bidirectional(of.LSTM(4, return_sequences=True))
        else:
            inner = getattr(of, cell)(8, return_sequences=True)
        layers = [of.Embedding(30, 8, mask_zero=True), inner, of.Dense(4, "softmax")]
        model = k.Sequential([k.Input((8,), dtype="int32"), *layers])
        model.compile(getattr(k.optimizers, rule)(0.02 if rule == "Adam" else 0.5), "sparse_categorical_crossentropy")
        x, tags = words(drawn)
        # Half of each sentence is padded.
        x[:, 4:] *= drawn.uniform(size=(len(x), 1)) < 0.3
        return model, (x, np.where(x > 0, 1 + tags % 3, 0))

    add("masked", f"{cell}, {rule}", make)


for _cell in CELLS:
    for _rule in RULES:
        _tagger(_cell, _rule)


def _layered(name: str, shape: Any, layers: Any, data: Any, last: Any = regression) -> None:
    def make(k: Any, drawn: Any) -> Any:
        out, loss = last(k)
        model = k.Sequential([k.Input(shape), *layers(k.layers), out])
        model.compile("adam", loss)
        return model, data(drawn)

    add("structures", name, make)


_layered("convolution", (8, 8, 1), lambda of: [of.Conv2D(8, 3, activation="relu"), of.Flatten()], images, kinds)
_layered("strided", (8, 8, 3), lambda of: [of.Conv2D(8, 3, 2), of.ReLU(), of.Flatten()], lambda d: images(d, 3), kinds)
_layered("lstm", (6, 3), lambda of: [of.LSTM(8)], series)
_layered("gru", (6, 3), lambda of: [of.GRU(8)], series)
_layered("signals", (6, 3), lambda of: [of.Conv1D(8, 3, activation="relu"), of.Flatten()], series)


def _two_inputs(k: Any, drawn: Any) -> Any:
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    h = k.layers.Dense(16, "relu")(k.layers.concatenate([a, b]))
    model = k.Model([a, b], k.layers.Dense(1)(h))
    model.compile("adam", "mse")
    x, y = table(drawn)
    return model, ([x[:, :4], x[:, 4:]], y)


add("structures", "two inputs", _two_inputs)
