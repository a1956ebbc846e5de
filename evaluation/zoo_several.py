"""Honest models of several inputs or outputs, by list, tuple and mapping; weights of samples, outputs and heads."""
# ruff: noqa: D103 - the name of a model says what it is

from __future__ import annotations

from typing import Any

import numpy as np

from evaluation.zoo_data import classes, one_hot, table
from evaluation.zoo_entry import TRAINING, honest

INPUTS, OUTPUTS, WEIGHTS = "several inputs", "several outputs", "sample weights"


def _two_inputs(k: Any) -> Any:
    a, b = k.Input((4,), name="a"), k.Input((3,), name="b")
    h = k.layers.Dense(8, "relu")(k.layers.concatenate([a, b]))
    model = k.Model([a, b], k.layers.Dense(1)(h))
    model.compile("adam", "mse")
    return model


def _pair(drawn: Any) -> tuple[Any, Any, Any]:
    x, y = table(drawn, width=7)
    return x[:, :4], x[:, 4:], y


@honest(INPUTS)
def list_of_inputs(k: Any, drawn: Any) -> Any:
    a, b, y = _pair(drawn)
    return _two_inputs(k), ([a, b], y)


@honest(INPUTS)
def tuple_of_inputs(k: Any, drawn: Any) -> Any:
    a, b, y = _pair(drawn)
    return _two_inputs(k), ((a, b), y)


@honest(INPUTS)
def mapping_of_inputs(k: Any, drawn: Any) -> Any:
    a, b, y = _pair(drawn)
    return _two_inputs(k), ({"a": a, "b": b}, y)


@honest(INPUTS, needs=("keras3",))
def model_of_mapped_inputs(k: Any, drawn: Any) -> Any:
    a, b, y = _pair(drawn)
    inputs = {"b": k.Input((3,), name="b"), "a": k.Input((4,), name="a")}
    h = k.layers.Dense(8, "relu")(k.layers.concatenate([inputs["a"], inputs["b"]]))
    model = k.Model(inputs, k.layers.Dense(1)(h))
    model.compile("adam", "mse")
    return model, ({"a": a, "b": b}, y)


@honest(INPUTS, needs=("keras3",))
def nested_inputs(k: Any, drawn: Any) -> Any:
    class Net(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.joined, self.out = k.layers.Concatenate(), k.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.out(self.joined([x["first"], *x["others"]]))

    a, b, y = _pair(drawn)
    model = Net()
    model.compile("adam", "mse")
    return model, ({"first": a, "others": [b, b * b]}, y)


@honest(INPUTS)
def inputs_of_different_types(k: Any, drawn: Any) -> Any:
    number, word = k.Input((4,), name="number"), k.Input((3,), name="word", dtype="int32")
    h = k.layers.concatenate([number, k.layers.Flatten()(k.layers.Embedding(10, 2)(word))])
    model = k.Model([number, word], k.layers.Dense(1)(h))
    model.compile("adam", "mse")
    a, _, y = _pair(drawn)
    return model, ({"number": a, "word": drawn.randint(0, 10, (len(a), 3)).astype("int32")}, y)


@honest(INPUTS, needs=("ops",))
def siamese(k: Any, drawn: Any) -> Any:
    left, right = k.Input((4,), name="left"), k.Input((4,), name="right")
    tower = k.Sequential([k.Input((4,)), k.layers.Dense(8, "relu"), k.layers.Dense(4)])
    gap = k.layers.subtract([tower(left), tower(right)])
    model = k.Model([left, right], k.layers.Dense(1, "sigmoid")(k.layers.Lambda(lambda one: one * one)(gap)))
    model.compile("adam", "binary_crossentropy")
    a, b = (drawn.normal(size=(256, 4)).astype("float32") for _ in range(2))
    return model, ([a, b], (np.sign(a[:, :1]) == np.sign(b[:, :1])).astype("float32"))


def _heads(k: Any, loss: Any, named: bool = False, **how: Any) -> Any:
    x = k.Input((8,))
    h = k.layers.Dense(16, "relu")(x)
    outputs = {"size": k.layers.Dense(1, name="size")(h), "kind": k.layers.Dense(4, "softmax", name="kind")(h)}
    model = k.Model(x, outputs if named else list(outputs.values()))
    model.compile("adam", loss, **how)
    return model


def _labelled(drawn: Any) -> tuple[Any, Any, Any]:
    x, kind = classes(drawn)
    return x, x[:, :1] + x[:, 1:2], kind


BOTH = {"size": "mse", "kind": "sparse_categorical_crossentropy"}


@honest(OUTPUTS)
def list_of_outputs(k: Any, drawn: Any) -> Any:
    x, size, kind = _labelled(drawn)
    return _heads(k, list(BOTH.values())), (x, [size, kind])


@honest(OUTPUTS)
def tuple_of_outputs(k: Any, drawn: Any) -> Any:
    x, size, kind = _labelled(drawn)
    return _heads(k, list(BOTH.values()), loss_weights=[2.0, 0.5]), (x, (size, kind))


@honest(OUTPUTS)
def losses_by_name(k: Any, drawn: Any) -> Any:
    x, size, kind = _labelled(drawn)
    return _heads(k, BOTH, loss_weights={"size": 0.2, "kind": 1.0}), (x, {"size": size, "kind": kind})


@honest(OUTPUTS, needs=("keras3",))
def mapping_of_outputs(k: Any, drawn: Any) -> Any:
    x, size, kind = _labelled(drawn)
    model = _heads(k, BOTH, named=True, metrics={"kind": ["accuracy"], "size": ["mae"]})
    return model, (x, {"size": size, "kind": kind})


@honest(OUTPUTS)
def one_loss_for_all_outputs(k: Any, drawn: Any) -> Any:
    x, y = table(drawn, 2)
    i = k.Input((8,))
    model = k.Model(i, [k.layers.Dense(1, name="one")(i), k.layers.Dense(1, name="two")(i)])
    model.compile("adam", "mse")
    return model, (x, [y[:, :1], y[:, 1:]])


@honest(OUTPUTS, needs=("keras3",))
def output_without_a_loss(k: Any, drawn: Any) -> Any:
    x, size, kind = _labelled(drawn)
    return _heads(k, {"kind": BOTH["kind"]}, named=True), (x, {"size": size, "kind": kind})


@honest(OUTPUTS, needs=("keras3",))
def unused_head(k: Any, drawn: Any) -> Any:
    x, size, _ = _labelled(drawn)
    return _heads(k, ["mse", None]), (x, [size, size])


@honest(OUTPUTS)
def head_of_weight_zero(k: Any, drawn: Any) -> Any:
    x, size, kind = _labelled(drawn)
    return _heads(k, list(BOTH.values()), loss_weights=[1.0, 0.0]), (x, [size, kind])


@honest(OUTPUTS)
def auxiliary_head(k: Any, drawn: Any) -> Any:
    x = k.Input((8,))
    first = k.layers.Dense(8, "relu")(x)
    early = k.layers.Dense(4, "softmax", name="early")(first)
    late = k.layers.Dense(4, "softmax", name="late")(k.layers.Dense(8, "relu")(first))
    model = k.Model(x, [late, early])
    model.compile("adam", 2 * ["sparse_categorical_crossentropy"], loss_weights=[1.0, 0.3])
    values, kind = classes(drawn)
    return model, (values, [kind, kind])


@honest(OUTPUTS, needs=("keras3",))
def subclass_of_mapped_outputs(k: Any, drawn: Any) -> Any:
    class Net(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.hidden = k.layers.Dense(8, "relu")
            self.size, self.kind = k.layers.Dense(1), k.layers.Dense(4, "softmax")

        def call(self, x: Any) -> Any:
            h = self.hidden(x)
            return {"size": self.size(h), "kind": self.kind(h)}

    x, size, kind = _labelled(drawn)
    model = Net()
    model.compile("adam", BOTH)
    return model, (x, {"size": size, "kind": kind})


@honest(OUTPUTS)
def inputs_and_outputs_by_name(k: Any, drawn: Any) -> Any:
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    h = k.layers.Dense(8, "relu")(k.layers.concatenate([a, b]))
    model = k.Model([a, b], [k.layers.Dense(1, name="size")(h), k.layers.Dense(4, "softmax", name="kind")(h)])
    model.compile("adam", BOTH)
    x, size, kind = _labelled(drawn)
    return model, ({"a": x[:, :4], "b": x[:, 4:]}, {"size": size, "kind": kind})


def _weights(drawn: Any, count: int = 256) -> Any:
    return drawn.uniform(0, 3, count).astype("float32") * (drawn.uniform(size=count) > 0.3)


@honest(WEIGHTS, modes=(*TRAINING, "evaluate", "graph"))
def weighted_regression(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    model = k.Sequential([k.Input((8,)), k.layers.Dense(8, "relu"), k.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, (x, y, _weights(drawn))


@honest(WEIGHTS, modes=(*TRAINING, "evaluate"))
def weighted_classes(k: Any, drawn: Any) -> Any:
    x, labels = classes(drawn)
    model = k.Sequential([k.Input((8,)), k.layers.Dense(4, "softmax")])
    model.compile("sgd", "categorical_crossentropy", weighted_metrics=["accuracy"])
    return model, (x, one_hot(labels), _weights(drawn))


@honest(WEIGHTS, modes=(*TRAINING, "evaluate"))
def weights_of_a_column(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    model = k.Sequential([k.Input((8,)), k.layers.Dense(8, "relu"), k.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, (x, y, _weights(drawn)[:, None])


@honest(WEIGHTS, modes=(*TRAINING, "evaluate"))
def weights_of_each_output(k: Any, drawn: Any) -> Any:
    x, size, kind = _labelled(drawn)
    return _heads(k, list(BOTH.values())), (x, [size, kind], [_weights(drawn), _weights(drawn)])


@honest(WEIGHTS, modes=(*TRAINING, "evaluate"), needs=("keras3",))
def weights_by_name(k: Any, drawn: Any) -> Any:
    x, size, kind = _labelled(drawn)
    weights = {"size": _weights(drawn), "kind": _weights(drawn)}
    return _heads(k, BOTH, named=True), (x, {"size": size, "kind": kind}, weights)
