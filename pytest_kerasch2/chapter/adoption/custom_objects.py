"""Adoption and advantages: building blocks that the user writes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_kerasch2.chapter.adoption import faults
from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.claims.decorators import claim, detects, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api


@claim(
    "adoption.custom-layer",
    "A layer that the user writes is built, counted, trained and configured like those of Keras.",
    "prose",
)
@detects(faults.frozen_additions, faults.uncounted_additions)
@tolerates(common_faults.other_seed)
def custom_layer(tf: Any, record: Recorder) -> None:
    """Put a layer that scales and shifts each feature before a Dense layer, and train both."""
    api.set_seed(3)
    scale = _scale_class(tf)
    own = scale(start=2.0, name="scale_of_mine")
    model = tf.keras.Sequential([own, tf.keras.layers.Dense(4, activation="softmax")])
    x, y = np.linspace(0, 1, 96, dtype="float32").reshape(16, 6), np.arange(16) % 4

    scaled = api.array(api.call(own, api.tensor(x)))
    api.call(model, api.tensor(x))

    record.equal("what it computes, 2 x + 0", expected=True, actual=bool(np.array_equal(scaled, 2 * x)))
    record.equal("its parameters, 6 + 6", expected=12, actual=int(own.count_params()))
    record.equal("the model's, 12 and 6 * 4 + 4", expected=40, actual=int(model.count_params()))
    before = [weights.copy() for weights in own.get_weights()]
    model.compile(tf.keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy", **api.eagerly())
    model.fit(x, y, batch_size=8, epochs=1, verbose=0)
    for name, old, new in zip(("scale", "shift"), before, own.get_weights()):
        moved = int((old != new).sum())
        record.equal(f"of six values of its {name}, trained", expected=6, actual=moved)
    again = scale.from_config(own.get_config())
    record.equal("another made from its settings starts at", expected=2.0, actual=again.start)
    record.equal("and has the name", expected="scale_of_mine", actual=again.name)


def _scale_class(tf: Any) -> Any:
    class Scale(tf.keras.layers.Layer):  # type: ignore[misc]  # the base class is known only at run time
        def __init__(self, start: float = 1.0, **named: Any) -> None:
            super().__init__(**named)
            self.start = start

        def build(self, shape: Any) -> None:
            begin = tf.keras.initializers.Constant(self.start)
            self.scale = self.add_weight(name="scale", shape=(int(shape[-1]),), initializer=begin)
            self.shift = self.add_weight(name="shift", shape=(int(shape[-1]),), initializer="zeros")
            super().build(shape)

        def call(self, inputs: Any) -> Any:
            return inputs * self.scale + self.shift

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "start": self.start}

    return Scale


def _watch_class(tf: Any, ends: list[int], events: list[str]) -> Any:
    """Return a callback that notes the batches at whose end it is called, and what else it is told."""

    class Watch(tf.keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_begin(self, logs: Any = None) -> None:
            events.append("training begins")

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            events.append(f"epoch {epoch} begins")

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            events.append(f"epoch {epoch} ends")

        def on_train_end(self, logs: Any = None) -> None:
            events.append("training ends")

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            ends.append(int(batch))

        if not api.runs_eagerly():
            # What Keras 2.2 calls; later ones do if the other is not there.
            on_batch_end = on_train_batch_end

    return Watch


@claim(
    "adoption.custom-functions",
    "Activations, initialisers, losses, metrics and callbacks that the user writes take the place of Keras's own.",
    "prose",
)
@detects(faults.callbacks_ignored, faults.own_loss_ignored)
@tolerates(common_faults.other_seed)
def custom_functions(tf: Any, record: Recorder) -> None:
    """Train a model whose every replaceable part is the user's, and compare with the same sums done by hand."""
    ends: list[int] = []
    events: list[str] = []

    watch = _watch_class(tf, ends, events)

    def cube(x: Any) -> Any:
        return x * x * x

    def halves(shape: Any, dtype: Any = None, **_: Any) -> Any:
        return api.tensor(np.full(tuple(int(size) for size in shape), 0.5, "float32"))

    # There is one output, so the mean and the largest over the outputs are that of this one.
    def fourth_power(truth: Any, answer: Any) -> Any:
        squared = (truth - answer) * (truth - answer)
        return only(squared * squared)

    def furthest(truth: Any, answer: Any) -> Any:
        return only(abs(truth - answer))

    def only(outputs: Any) -> Any:
        return outputs[..., 0] if api.runs_eagerly() else api.backend_functions().sum(outputs, axis=-1)

    x = np.linspace(0, 1, 24, dtype="float32").reshape(12, 2)
    y = np.ones((12, 1), dtype="float32")
    layer = tf.keras.layers.Dense(1, activation=cube, kernel_initializer=halves, use_bias=False)
    model = tf.keras.Sequential([layer])
    model.compile(optimizer=tf.keras.optimizers.SGD(0.0), loss=fourth_power, metrics=[furthest], **api.eagerly())
    model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0, callbacks=[watch()])
    loss, metric = (float(value) for value in model.evaluate(x, y, batch_size=12, verbose=0))

    by_hand = (0.5 * x.sum(axis=1, keepdims=True)) ** 3
    apart = float(np.abs(model.predict(x, verbose=0) - by_hand).max())
    record.at_most("own activation and initialiser, away from the sums by hand", limit=1e-6, actual=round(apart, 6))
    by_loss, by_metric = float(((1 - by_hand) ** 4).mean()), float(np.abs(1 - by_hand).mean())
    record.close("own loss", expected=round(by_loss, 5), actual=round(loss, 5), within=2e-5)
    record.close("own metric", expected=round(by_metric, 5), actual=round(metric, 5), within=2e-5)
    record.equal("batches at whose end the own callback was called", expected=[0, 1, 2], actual=ends)
    order = ["training begins", "epoch 0 begins", "epoch 0 ends", "training ends"]
    record.equal("what else it was told", expected=order, actual=events)
