"""Honest classifiers: the targets, losses and metrics that a classification has."""
# ruff: noqa: D103 - the name of a model says what it is

from __future__ import annotations

from typing import Any

import numpy as np

from evaluation.zoo_data import binary, classes, one_hot, table
from evaluation.zoo_entry import EVERY, TRAINING, honest
from evaluation.zoo_tables import network

CLASSES = "classification"


@honest(CLASSES, modes=EVERY)
def binary_sigmoid(k: Any, drawn: Any) -> Any:
    model = network(k, 1, "sigmoid")
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, binary(drawn)


@honest(CLASSES)
def binary_logits_and_auc(k: Any, drawn: Any) -> Any:
    model = network(k)
    loss = k.losses.BinaryCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=[k.metrics.AUC(from_logits=True)])
    return model, binary(drawn)


@honest(CLASSES)
def flat_binary_targets(k: Any, drawn: Any) -> Any:
    x, y = binary(drawn)
    model = network(k, 1, "sigmoid")
    model.compile("sgd", "binary_crossentropy")
    return model, (x, y[:, 0].astype("int64"))


@honest(CLASSES)
def boolean_targets(k: Any, drawn: Any) -> Any:
    x, y = binary(drawn)
    model = network(k, 1, "sigmoid")
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, (x, y > 0)


@honest(CLASSES)
def hinge(k: Any, drawn: Any) -> Any:
    x, y = binary(drawn)
    model = network(k)
    model.compile("adam", "hinge")
    return model, (x, 2 * y - 1)


@honest(CLASSES)
def categorical_hinge(k: Any, drawn: Any) -> Any:
    x, labels = classes(drawn)
    model = network(k, 4)
    model.compile("adam", "categorical_hinge")
    return model, (x, one_hot(labels))


@honest(CLASSES, needs=("losses.BinaryFocalCrossentropy",))
def focal(k: Any, drawn: Any) -> Any:
    model = network(k, 1, "sigmoid")
    model.compile("adam", k.losses.BinaryFocalCrossentropy())
    return model, binary(drawn)


@honest(CLASSES, modes=EVERY)
def sparse_classes(k: Any, drawn: Any) -> Any:
    model = network(k, 4, "softmax")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, classes(drawn)


@honest(CLASSES)
def sparse_classes_in_columns(k: Any, drawn: Any) -> Any:
    x, labels = classes(drawn)
    model = network(k, 4, "softmax")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, (x, labels[:, None])


@honest(CLASSES)
def sparse_logits(k: Any, drawn: Any) -> Any:
    model = network(k, 4)
    model.compile("adam", k.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model, classes(drawn)


@honest(CLASSES)
def one_hot_classes(k: Any, drawn: Any) -> Any:
    x, labels = classes(drawn)
    model = network(k, 4, "softmax")
    model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    return model, (x, one_hot(labels))


@honest(CLASSES)
def label_smoothing(k: Any, drawn: Any) -> Any:
    x, labels = classes(drawn)
    model = network(k, 4, "softmax")
    model.compile("adam", k.losses.CategoricalCrossentropy(label_smoothing=0.1))
    return model, (x, one_hot(labels))


@honest(CLASSES)
def several_labels(k: Any, drawn: Any) -> Any:
    x, y = table(drawn, 6)
    model = network(k, 6, "sigmoid")
    model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
    return model, (x, (y > 0).astype("float32"))


@honest(CLASSES)
def kl_divergence(k: Any, drawn: Any) -> Any:
    x, y = table(drawn, 4)
    model = network(k, 4, "softmax")
    model.compile("adam", "kl_divergence")
    return model, (x, np.exp(y) / np.exp(y).sum(1, keepdims=True))


@honest(CLASSES, modes=TRAINING, class_weight={0: 1.0, 1: 2.0, 2: 0.5, 3: 4.0})
def class_weights(k: Any, drawn: Any) -> Any:
    model = network(k, 4, "softmax")
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, classes(drawn)


@honest(CLASSES, modes=TRAINING, class_weight={0: 0.1, 1: 3.0})
def class_weights_of_two(k: Any, drawn: Any) -> Any:
    model = network(k, 1, "sigmoid")
    model.compile("sgd", "binary_crossentropy", weighted_metrics=["accuracy"])
    return model, binary(drawn)


@honest(CLASSES, modes=TRAINING, class_weight={0: 1.0, 1: 2.0, 2: 0.5, 3: 4.0})
def class_weights_one_hot(k: Any, drawn: Any) -> Any:
    x, labels = classes(drawn)
    model = network(k, 4, "softmax")
    model.compile("adam", "categorical_crossentropy")
    return model, (x, one_hot(labels))


@honest(CLASSES)
def rare_class(k: Any, drawn: Any) -> Any:
    x, _ = table(drawn)
    model = network(k, 1, "sigmoid")
    model.compile("adam", "binary_crossentropy", metrics=[k.metrics.Precision(), k.metrics.Recall()])
    return model, (x, (x[:, :1] > 2).astype("float32"))


@honest(CLASSES)
def top_of_many_classes(k: Any, drawn: Any) -> Any:
    model = network(k, 100, "softmax")
    top = k.metrics.SparseTopKCategoricalAccuracy(5)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=[top])
    return model, classes(drawn, 100)


@honest(CLASSES, needs=("ops",))
def ordered_classes(k: Any, drawn: Any) -> Any:
    def thresholds(y: Any, prediction: Any) -> Any:
        above = k.ops.cast(k.ops.cast(y, "float32") > k.ops.arange(3, dtype="float32"), "float32")
        return k.ops.mean(k.ops.binary_crossentropy(above, k.ops.sigmoid(prediction)), axis=-1)

    x, labels = classes(drawn)
    model = network(k, 3)
    model.compile("adam", thresholds)
    return model, (x, labels[:, None])


@honest(CLASSES)
def ensemble(k: Any, drawn: Any) -> Any:
    x = k.Input((8,))
    members = [k.layers.Dense(4, "softmax")(k.layers.Dense(8, "relu")(x)) for _ in range(3)]
    model = k.Model(x, k.layers.average(members))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, classes(drawn)


@honest(CLASSES)
def mixture_of_experts(k: Any, drawn: Any) -> Any:
    x = k.Input((8,))
    experts = k.layers.Reshape((3, 4))(k.layers.Dense(12)(x))
    gate = k.layers.Dense(3, "softmax")(x)
    mixed = k.layers.Dot(1)([gate, experts])
    model = k.Model(x, k.layers.Activation("softmax")(mixed))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, classes(drawn)


@honest(CLASSES)
def nested_models(k: Any, drawn: Any) -> Any:
    inner = network(k, 8, "relu")
    model = k.Sequential([k.Input((8,)), inner, k.Sequential([k.Input((8,)), k.layers.Dense(4, "softmax")])])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, classes(drawn)


@honest(CLASSES)
def shared_layer(k: Any, drawn: Any) -> Any:
    x = k.Input((8,))
    twice = k.layers.Dense(8, "tanh")
    model = k.Model(x, k.layers.Dense(4, "softmax")(twice(twice(x))))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, classes(drawn)


@honest(CLASSES)
def subclass(k: Any, drawn: Any) -> Any:
    class Net(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.out = k.layers.Dense(16, "relu"), k.layers.Dense(4, "softmax")
            self.drop = k.layers.Dropout(0.3)

        def call(self, x: Any, training: Any = False) -> Any:
            return self.out(self.drop(self.hidden(x), training=training))

    model = Net()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, classes(drawn)


@honest(CLASSES, needs=("ops",))
def model_without_layers(k: Any, drawn: Any) -> Any:
    class Linear(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.w = self.add_weight(shape=(8, 4), initializer="glorot_uniform", name="w")

        def call(self, x: Any) -> Any:
            return k.ops.softmax(k.ops.matmul(x, self.w))

    model = Linear()
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model, classes(drawn)
