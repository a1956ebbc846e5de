"""Subclassing the model: layers declared in the constructor, the forward pass in `call`."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Iterator

import numpy as np

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import block_texts
from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.chapter.sequential import faults as network
from pytest_kerasch2.chapter.sequential.data import copied, loaded, one_image_lost
from pytest_kerasch2.checks import common_faults, workflow
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api
from pytest_kerasch2.models.network import printed_activation


def _printed_class(tf: Any, seen: list[str], placeholder: bool = True) -> Any:
    """Return the class that the chapter prints, with names that exist; `call` leaves a note."""
    layers = tf.keras.layers

    class Printed(tf.keras.Model):  # type: ignore[misc]  # the base class is known only at run time
        def __init__(self, num_classes: int = 10) -> None:
            super().__init__()
            if placeholder:
                self.placeholder_shape = api.shape(tf.keras.Input(shape=(28, 28)))
            self.x0 = layers.Flatten()
            self.x1 = layers.Dense(512, activation="relu", name="d1")
            self.x2 = layers.Dropout(0.2)
            self.predictions = layers.Dense(num_classes, activation=printed_activation(tf, "softmax"), name="d2")

        def call(self, inputs: Any) -> Any:
            """Return one row of class probabilities per image."""
            seen.append("call")
            return self.predictions(self.x2(self.x1(self.x0(inputs))))

    return Printed


def _typed_class(tf: Any) -> Any:
    """Return the class that the chapter prints, made by its very text, the indentation apart."""
    activations = SimpleNamespace(softmax=printed_activation(tf, "softmax"))
    names: dict[str, Any] = {"__name__": "__main__", "tf": SimpleNamespace(keras=tf.keras, nn=activations)}
    exec(block_texts.repaired("subclass-definition"), names)
    return names["MyModel"]


def _width_taken(original: Any, block: str) -> str:
    return str(original(block)).replace("Dense(10,", "Dense(num_classes,")


num_classes_used = common_faults.fault(
    "The class is printed with an output layer of `num_classes` units.",
    lambda: common_faults.wrapped(block_texts, "repaired", _width_taken),
)


def _widen(layer: Any) -> None:
    layer.units = layer.units + (1 if layer.units < 512 else 0)


output_one_wider = common_faults.fault(
    "Dense layers of fewer than 512 units get one more.", common_faults.before_build, "Dense", _widen
)


@contextmanager
def layers_untracked() -> Iterator[None]:
    """A model loses sight of the last layer declared."""
    kind = api.keras().Model
    original = kind.layers.fget
    with common_faults.replaced(kind, "layers", property(lambda model: original(model)[:-1])):
        yield


@contextmanager
def outputs_negated() -> Iterator[None]:
    """Calling a model gives the negative of what its forward pass gives."""
    kind = api.keras().Model
    with common_faults.wrapped_method(
        kind, "__call__", lambda original, model, *arguments, **named: -original(model, *arguments, **named)
    ):
        yield


@contextmanager
def tensors_longer() -> Iterator[None]:
    """`tf.cast` gives each array one more row."""

    def longer(original: Any, value: Any, *arguments: Any, **named: Any) -> Any:
        return original(np.concatenate([value, value[:1]]), *arguments, **named)

    with common_faults.wrapped(api.tensorflow(), "cast", longer):
        yield


@claim(
    "subclassing.layers-declared-and-named",
    "`Model` can be subclassed; the layers declared in the constructor, and their names, are the model's.",
    "code",
)
@detects(layers_untracked)
@tolerates(network.other_weights)
def layers_declared(tf: Any, record: Recorder) -> None:
    """Construct the class as printed and ask for its layers."""
    model = _printed_class(tf, [])()

    for when in ("constructed", "called"):
        kinds = [type(layer).__name__ for layer in model.layers]
        record.equal(f"kinds of layers, {when}", expected=["Flatten", "Dense", "Dropout", "Dense"], actual=kinds)
        names = [layer.name for layer in model.layers if type(layer).__name__ == "Dense"]
        record.equal(f"names given, {when}", expected=["d1", "d2"], actual=names)
        for name, layer in (("d1", model.x1), ("d2", model.predictions)):
            record.true(f"{name} found by name, {when}", holds=model.get_layer(name) is layer, found="another layer")
        models.built(model)


@claim(
    "subclassing.call-is-forward-pass",
    "`call` holds the forward pass: calling the model runs it, and gives what the layers give one after the other.",
    "prose",
)
@detects(outputs_negated)
@tolerates(network.other_weights)
def call_is_forward_pass(tf: Any, record: Recorder) -> None:
    """Call the model and count the calls of its method; chain the layers by hand and compare."""
    api.set_seed(31)
    seen: list[str] = []
    model = _printed_class(tf, seen)()
    images = api.tensor(workflow.drawn(8)[0])
    api.call(model, images)
    del seen[:]
    outputs = api.array(api.call(model, images))

    record.equal("calls of the method for one call of the model", expected=1, actual=len(seen))
    value = images
    for layer in (model.x0, model.x1, model.predictions):
        value = api.call(layer, value)
    chained = api.array(value)
    record.same_bits("outputs against the layers chained by hand", expected=chained, actual=outputs)
    _other_order(tf, record)


def _other_order(tf: Any, record: Recorder) -> None:
    """Chain layers in another order than that of their declaration: `call` decides, each time, and in predict."""

    class Reordered(tf.keras.Model):  # type: ignore[misc]  # the base class is known only at run time
        def __init__(self) -> None:
            super().__init__()
            self.last = tf.keras.layers.Dense(4)
            self.first = tf.keras.layers.Dense(4, activation="relu")

        def call(self, inputs: Any) -> Any:
            """Return what the layers give, the one declared last before the other."""
            return self.last(self.first(inputs))

    model = Reordered()
    random = np.random.RandomState(31)
    for time in ("first", "second"):
        values = random.uniform(-1, 1, (6, 4)).astype("float32")
        outputs = api.array(api.call(model, api.tensor(values)))
        (k1, b1), (k2, b2) = model.first.get_weights(), model.last.get_weights()
        expected = np.maximum(0, values @ k1 + b1) @ k2 + b2
        record.all_true(f"outputs in the order of `call`, the {time} time", mask=np.abs(outputs - expected) < 1e-5)
        rows = model.predict(values, verbose=0)
        record.all_true(f"predict in the order of `call`, the {time} time", mask=np.abs(rows - expected) < 1e-5)


@claim("subclassing.num-classes", "The constructor's `num_classes` is the width of the output.", "code")
@known_issue(
    of="keras",
    cause="The class as printed takes `num_classes` and never uses it: its output layer has 10 units in any case.",
    source="https://www.tensorflow.org/api_docs/python/tf/keras/layers/Dense",
    symptom="width of the output for num_classes=7: 10, not 7",
    workaround=chapter_workarounds.SUBCLASS,
)
@detects(output_one_wider)
@tolerates(network.other_weights)
@fixed_by(num_classes_used)
def num_classes(tf: Any, record: Recorder) -> None:
    """Execute the printed class; construct models of it without a number and with others, and show them images."""
    printed = _typed_class(tf)
    images = api.tensor(workflow.drawn(2)[0])

    for classes, given in ((10, {}), (7, {"num_classes": 7}), (12, {"num_classes": 12})):
        shape = tuple(api.array(api.call(printed(**given), images)).shape)
        what = f"width of the output for num_classes={classes}" if given else "width of the output for no num_classes"
        record.equal(what, expected=classes, actual=shape[-1])


@claim(
    "subclassing.input-unused",
    "The placeholder made in the constructor takes no part: without it the model is the same.",
    "code",
)
@detects(layers_untracked, network.elu_for_d1)
@tolerates(network.other_weights)
def input_unused(tf: Any, record: Recorder) -> None:
    """Compare the printed class with the first way: same layers, same outputs from equal weights."""
    api.set_seed(32)
    first = models.built(models.style("sequential-list").build(tf))
    model = models.built(_printed_class(tf, [])())
    record.equal("shape of the placeholder", expected=(None, 28, 28), actual=tuple(model.placeholder_shape))
    record.equal("layers", expected=4, actual=len(model.layers))
    models.copy_weights(source=first, target=model)
    images = workflow.drawn(8)[0] - 0.5

    record.same_bits("outputs", expected=api.array(api.call(first, images)), actual=api.array(api.call(model, images)))
    weights = []
    for placeholder in (True, False):
        api.set_seed(32)
        weights.append(models.built(_printed_class(tf, [], placeholder)()).get_weights())
    same = all(np.array_equal(one, other) for one, other in zip(*weights))
    record.true("drawn from one seed the weights are the same without it", holds=same, found="other weights")
    smaller = partial(api.call, _printed_class(tf, [])(), workflow.drawn(2)[0][:, ::2, ::2])
    rows = api.array(record.runs("calling it on images of another size", smaller))
    record.equal("outputs for images of another size", expected=(2, 10), actual=tuple(rows.shape))


@claim(
    "subclassing.takes-the-place",
    "The subclassed model can take the place of the earlier ones: the same code compiles, fits and evaluates it.",
    "prose",
)
@detects(network.nothing_learned, network.metrics_forgotten)
@tolerates(network.other_weights)
def takes_the_place(tf: Any, record: Recorder) -> None:
    """Compile, fit and evaluate it as the chapter does the others."""
    api.set_seed(33)
    images, labels = workflow.drawn(64)
    model = models.built(_printed_class(tf, [])())
    before = model.get_weights()
    settings = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    record.runs("compile as printed", lambda: model.compile(optimizer=tf.keras.optimizers.Adam(), **settings))
    history = workflow.printed(lambda: model.fit(images, labels, batch_size=32, epochs=3))[0]
    judged = np.ravel(workflow.printed(lambda: model.evaluate(images, labels))[0])

    losses = history.history["loss"]
    record.equal("epochs fitted", expected=3, actual=len(losses))
    record.equal("values from evaluate", expected=2, actual=len(judged))
    record.true("the loss gets smaller", holds=float(judged[0]) < 0.9 * losses[0], found=round(float(judged[0]), 3))
    moved = [not np.array_equal(one, other) for one, other in zip(before, model.get_weights())]
    record.equal("arrays of weights that fit moves", expected=4, actual=sum(moved))


@claim(
    "subclassing.dropout-at-work",
    "In the place of the earlier ones it trains as they do: its Dropout layer drops in `fit`, and not in `evaluate`.",
    "code",
)
@known_issue(
    of="keras",
    since="3.0",
    cause="Keras 3 says only to a `call` that takes `training` that it trains; the Dropout of the printed one is idle.",
    source="https://github.com/keras-team/keras-hub/issues/1500",
    symptom="the loss in fit is another than that of evaluate: ",
    workaround=chapter_workarounds.SUBCLASS_DROPS,
)
@detects(network.nothing_dropped, network.always_dropped)
@tolerates(network.half_dropped)
@fixed_by(network.dropout_told_of_training)
def dropout_at_work(tf: Any, record: Recorder) -> None:
    """Fit with a learning rate of zero, where nothing but what is dropped makes the loss another than evaluate's."""
    api.set_seed(34)
    images, labels = workflow.drawn(64)
    model = models.built(_printed_class(tf, [])())
    model.compile(optimizer=tf.keras.optimizers.SGD(0.0), loss="sparse_categorical_crossentropy")

    judged = [float(np.ravel(model.evaluate(images, labels, verbose=0))[0]) for _ in range(2)]
    fitted, later = map(float, model.fit(images, labels, batch_size=32, epochs=2, verbose=0).history["loss"])
    after = float(np.ravel(model.evaluate(images, labels, verbose=0))[0])

    record.close("the loss of evaluate, twice", expected=judged[0], actual=judged[1], within=1e-6)
    actual = f"{fitted:.6f} and {judged[0]:.6f}"
    record.true("the loss in fit is another than that of evaluate", holds=abs(fitted - judged[0]) > 1e-4, found=actual)
    again = abs(later - judged[0]) > 1e-4
    record.true("so is that of the second epoch", holds=again, found=f"{later:.6f} and {judged[0]:.6f}")
    record.close("the loss of evaluate, after fit", expected=judged[0], actual=after, within=1e-6)


@claim("subclassing.steps-per-epoch", "60,000 images in batches of 32 are 1875 steps in an epoch.", "output")
@detects(one_image_lost)
@tolerates(copied)
def steps_per_epoch(tf: Any, mnist: Any, scratch: Path, record: Recorder) -> None:
    """Compute it as printed, from the training images themselves; count those that `fit` makes of fewer images."""
    for name, images in loaded(tf, mnist, scratch).items():
        if name.startswith("x_train"):
            steps = len(images) // 32
            record.equal(f"steps of {name}", expected=1875, actual=steps)
            record.equal(f"images of {name} left over", expected=0, actual=len(images) - 32 * steps)
    model = workflow.small(tf, style="subclass")
    model.fit(*workflow.drawn(96), batch_size=32, epochs=2, verbose=0)
    record.equal("steps of two epochs of 96 images", expected=6, actual=workflow.iterations(model))


@claim(
    "subclassing.tensor-to-numpy",
    "Images prepared as in the first example are a tensor, whose `numpy()` gives an array of as many images.",
    "code",
)
@detects(tensors_longer)
@tolerates(network.other_weights)
def tensor_to_numpy(tf: Any, record: Recorder) -> None:
    """Prepare images of bytes as the first example does, and measure what comes back."""
    images = np.arange(40 * 28 * 28, dtype="uint32").astype("uint8").reshape(40, 28, 28)
    prepared = tf.cast(images / 255.0, tf.float32)

    array = record.runs("numpy() of the prepared images", lambda: prepared.numpy())
    record.true("it is a NumPy array", holds=isinstance(array, np.ndarray), found=type(array).__name__)
    record.equal("images", expected=40, actual=len(array))
    record.same_bits("values", expected=(images / 255.0).astype("float32"), actual=array)
