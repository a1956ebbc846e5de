"""Functional API: the printed example, and what it is said to allow."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import Any, Iterator
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.chapter.sequential import faults as network
from pytest_kerasch2.chapter.sequential.second_way import kinds, shapes
from pytest_kerasch2.checks import common_faults, workflow
from pytest_kerasch2.checks.properties import examples
from pytest_kerasch2.claims.decorators import claim, detects, extends, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api
from pytest_kerasch2.models.network import printed_activation


@contextmanager
def old_layers_in_place() -> Iterator[None]:
    """`tf.layers` is what `tf.keras.layers` is."""
    tf = api.tensorflow()
    with mock.patch.object(tf, "layers", tf.keras.layers, create=True):
        yield


@contextmanager
def batch_of_one() -> Iterator[None]:
    """`Input` fixes the batch size to one."""

    def fixed(original: Any, *arguments: Any, **named: Any) -> Any:
        if not api.runs_eagerly():
            return original(batch_shape=(1, *named["shape"]))
        return original(*arguments, **{"batch_size": 1, **named})

    with common_faults.wrapped(api.keras(), "Input", fixed):
        yield


input_with_values = common_faults.fault(
    "`Input` gives a tensor of zeros.",
    lambda: common_faults.wrapped(api.keras(), "Input", lambda original, shape=(), **_: _zeros(shape)),
)


def _zeros(shape: Any) -> Any:
    return api.tensor(np.zeros((1, *shape), "float32"))


@contextmanager
def names_lost() -> Iterator[None]:
    """Dense layers are given one name and forget their own."""
    kind = api.keras().layers.Dense
    # Keras 3 sets the name, Keras 2 reads it from elsewhere.
    generic = property(lambda layer: f"dense_{getattr(layer, 'units', 0)}", lambda layer, name: None)
    with mock.patch.object(kind, "name", generic, create=True):
        yield


@claim("functional.same-architecture", "The functional example has the architecture of the first two models.", "prose")
@detects(network.d1_without_bias)
@tolerates(network.other_weights)
def same_architecture(tf: Any, record: Recorder) -> None:
    """Compare kinds of layers and shapes of weights with those of both Sequential models."""
    model = models.built(models.style("functional").build(tf))

    for name in ("sequential-list", "sequential-add"):
        other = models.built(models.style(name).build(tf))
        record.equal(f"kinds of layers, against {name}", expected=kinds(other), actual=kinds(model))
        record.equal(f"shapes of weights, against {name}", expected=shapes(other), actual=shapes(model))
        rates = [float(models.layer(one, "dropout").rate) for one in (other, model)]
        record.equal(f"dropout, against {name}", expected=rates[0], actual=rates[1])
        models.copy_weights(source=other, target=model)
        images = 9 * (workflow.drawn(8)[0] - 0.5)
        outputs = [api.array(api.call(one, images)) for one in (other, model)]
        record.same_bits(f"outputs from equal weights, against {name}", expected=outputs[0], actual=outputs[1])


@claim(
    "functional.summary",
    "Its summary shows the names d1 and d2 with 401,920 and 5,130 parameters, right after construction.",
    "output",
)
@detects(common_faults.one_unit_short, names_lost)
@tolerates(common_faults.zero_weights)
def summary(tf: Any, record: Recorder) -> None:
    """Read the table of a model that has not been called."""
    text = workflow.summary_of(models.style("functional").build(tf))

    rows = {row.split(" (")[0]: count for row, count in workflow.summary_rows(text)}
    record.equal("parameters of d1 and d2", expected=[401_920, 5_130], actual=[rows.get("d1"), rows.get("d2")])
    record.equal("total", expected=407_050, actual=workflow.summary_total(text))


@claim(
    "functional.batch-not-given",
    "None stands first in the shapes because the number of images, the batch size, is not given: it can be any.",
    "output",
)
@detects(batch_of_one)
@tolerates(network.other_weights)
def batch_not_given(tf: Any, record: Recorder) -> None:
    """Read the shapes in the summary and on the model, then hand over batches of several sizes."""
    model = models.style("functional").build(tf)
    text = workflow.summary_of(model)

    for shape in ("(None, 28, 28)", "(None, 784)", "(None, 512)", "(None, 10)"):
        record.contains(f"{shape} in the summary", expected=shape, actual=text)
    record.equal("shape of the output", expected=(None, 10), actual=api.shape(model.outputs[0]))
    for count in (1, 5, 6, 33, 100):
        images = workflow.drawn(count)[0]
        called = record.runs(f"calling it on {count} images", partial(api.call, model, images))
        predicted = record.runs(
            f"predict of {count} images", partial(model.predict, images, batch_size=count, verbose=0)
        )
        shapes_ = [tuple(api.array(one).shape) for one in (called, predicted)]
        record.equal(f"outputs for {count} images, called and predicted", expected=[(count, 10)] * 2, actual=shapes_)


@claim("functional.names", "A layer keeps the name it is given, and can be found by it: d1 and d2.", "code")
@detects(names_lost)
@tolerates(network.other_weights)
def names(tf: Any, record: Recorder) -> None:
    """Look for the names."""
    for which in ("first", "second"):
        model = models.built(models.style("functional").build(tf))
        layers = [layer for layer in model.layers if type(layer).__name__ == "Dense"]

        layer_names = [layer.name for layer in layers]
        record.equal(f"names of the Dense layers of a {which} model", expected=["d1", "d2"], actual=layer_names)
        for layer in layers:
            by_name = record.runs(f"get_layer({layer.name!r})", partial(model.get_layer, layer.name))
            record.true(f"{layer.name} found by name", holds=by_name is layer, found="another layer")


@claim(
    "functional.input-is-placeholder",
    "`Input` gives a placeholder: a tensor with a shape and a type, and no values.",
    "code",
)
@detects(input_with_values, batch_of_one)
@tolerates(network.other_weights)
def input_is_placeholder(tf: Any, record: Recorder) -> None:
    """Ask it for shape, type and values."""
    placeholder = tf.keras.Input(shape=(28, 28))

    record.equal("shape", expected=(None, 28, 28), actual=api.shape(placeholder))
    record.equal("type", expected="float32", actual=api.dtype_name(placeholder.dtype))
    record.true("it has no values", holds=not _has_values(placeholder), found="values")
    # CNTK's are of floats alone.
    dtype = "int32" if api.runs_eagerly() else "float32"
    other = tf.keras.Input(shape=(28, 14, 3), dtype=dtype)
    seen = (api.shape(other), api.dtype_name(other.dtype))
    record.equal("shape and type of another", expected=((None, 28, 14, 3), dtype), actual=seen)


def _has_values(tensor: Any) -> bool:
    try:
        return bool(np.asarray(tensor.numpy() if api.runs_on_tensorflow() else api.array(tensor)).dtype != object)
    except (AttributeError, NotImplementedError, ValueError, TypeError):
        return False


@claim(
    "functional.layers-on-tensors",
    "A layer is called on a tensor and gives a tensor; the first and the last of them make the model.",
    "prose",
)
@detects(network.flattened_backwards, network.no_relu)
@tolerates(network.other_weights)
def layers_on_tensors(tf: Any, record: Recorder) -> None:
    """Follow the shapes through the layers; then compare the model with arithmetic on its weights."""
    api.set_seed(21)
    workflow.say_activations(record)
    image = tf.keras.Input(shape=(28, 28))
    d1 = tf.keras.layers.Dense(512, activation="relu", name="d1")
    d2 = tf.keras.layers.Dense(10, activation=printed_activation(tf, "softmax"), name="d2")
    flat = tf.keras.layers.Flatten()(image)
    hidden = d1(flat)
    outputs = d2(hidden)
    seen = [api.shape(tensor) for tensor in (flat, hidden, outputs)]
    record.equal("shapes", expected=[(None, 784), (None, 512), (None, 10)], actual=seen)

    model = tf.keras.Model(inputs=image, outputs=outputs)

    images = workflow.drawn(8)[0]
    w1, b1, w2, b2 = (np.asarray(array, dtype="float64") for array in model.get_weights())
    powers = np.exp(np.maximum(0, images.reshape(8, 784) @ w1 + b1) @ w2 + b2)
    expected = powers / powers.sum(axis=1, keepdims=True)
    record.all_true(
        "outputs are those of the layers, in this order",
        mask=np.abs(api.array(api.call(model, images)) - expected) < 1e-4,
    )
    rows = np.maximum(0, images.reshape(8, 784) @ w1 + b1)
    begun = api.array(api.call(tf.keras.Model(inputs=image, outputs=hidden), images))
    record.equal("shape of what a model up to the hidden tensor gives", expected=rows.shape, actual=begun.shape)
    record.all_true("it gives what the hidden layer does", mask=np.abs(begun - rows) < 1e-3)
    vector = tf.keras.Input(shape=(784,))
    second = record.runs("a model of another tensor", lambda: tf.keras.Model(inputs=vector, outputs=d2(d1(vector))))
    again = api.array(api.call(second, images.reshape(8, 784)))
    record.all_true("the same layers on another tensor give the same", mask=np.abs(again - expected) < 1e-4)
    if api.runs_eagerly():
        values = api.tensor(rows.astype("float32"))
        record.equal("kind of what a layer gives for values", expected=_kind(values), actual=_kind(d2(values)))


def _kind(thing: Any) -> str:
    return type(thing).__name__


@claim(
    "functional.same-outputs", "With equal weights all four ways to write the network give the same outputs.", "prose"
)
@detects(network.elu_for_d1)
@tolerates(network.other_weights)
def same_outputs(tf: Any, record: Recorder) -> None:
    """Return all four the weights of one, and compare the outputs bit for bit."""
    api.set_seed(22)
    images = workflow.drawn(16)[0] - 0.5
    first, *others = (models.built(style.build(tf)) for style in models.STYLES)
    expected = api.array(api.call(first, images))

    for style, other in zip(models.STYLES[1:], others):
        models.copy_weights(source=first, target=other)
        record.same_bits(f"outputs of {style.name}", expected=expected, actual=api.array(api.call(other, images)))


@extends(same_outputs)
@detects(network.elu_for_d1, network.d1_without_bias)
@tolerates(network.other_weights)
def same_outputs_at_any_width(tf: Any, record: Recorder) -> None:
    """Compare all four at generated widths and sizes of image, in their outputs and in their counts."""

    @examples(3)
    @given(st.integers(4, 40), st.integers(2, 40), st.tuples(st.integers(2, 6), st.integers(2, 6)))
    def property_(hidden: int, classes: int, pixels: tuple[int, int]) -> None:
        api.set_seed(hidden)
        shape = models.Network(hidden=hidden, classes=classes, pixels=pixels)
        images = np.random.RandomState(hidden).uniform(-1, 1, (3, *pixels)).astype("float32")
        first, *others = (models.built(style.build(tf, shape), shape) for style in models.STYLES)
        case = Recorder()
        for other in others:
            case.equal("parameters", expected=shape.total, actual=int(other.count_params()))
            models.copy_weights(source=first, target=other)
            case.same_bits(
                f"{hidden} of {pixels}",
                expected=api.array(api.call(first, images)),
                actual=api.array(api.call(other, images)),
            )

    record.always("all four ways give the same outputs and count the same", 3, property_)


@claim("functional.hidden-as-printed", "The hidden layer is found as `tf.layers.Dense`.", "code")
@known_issue(
    cause="TensorFlow 2 has no `tf.layers`, which was TensorFlow 1's; `tf.keras.layers.Dense` is meant.",
    source="https://github.com/tensorflow/tensorflow/blob/v2.0.0/tensorflow/tools/api/golden/v2/tensorflow.pbtxt",
    symptom=r"AttributeError: .*'layers'",
    workaround=chapter_workarounds.HIDDEN_LAYER,
)
@fixed_by(old_layers_in_place)
@detects(common_faults.one_unit_short, names_lost)
@tolerates(network.other_weights)
def hidden_as_printed(tf: Any, record: Recorder) -> None:
    """Make the layer as printed and call it on a placeholder."""
    kind = record.runs("tf.layers.Dense", lambda: tf.layers.Dense)

    layer = kind(512, activation="relu", name="d1")
    outputs = layer(tf.keras.Input(shape=(784,)))

    record.equal("shape of its output", expected=(None, 512), actual=tuple(outputs.shape))
    record.equal("parameters", expected=401_920, actual=int(layer.count_params()))
    record.equal("name", expected="d1", actual=layer.name)
    values = np.random.RandomState(1).uniform(-1, 1, (4, 784)).astype("float32")
    kernel, bias = layer.get_weights()
    expected = np.maximum(0, values @ kernel + bias)
    record.all_true("outputs are max(0, x W + b)", mask=np.abs(api.array(api.call(layer, values)) - expected) < 1e-4)


@claim(
    "functional.unprepared-data",
    "Here the data is only divided by 255: images of 64-bit floats and labels of 8 bits can be fitted just as well.",
    "code",
)
@detects(network.nothing_learned)
@tolerates(network.other_weights)
def unprepared_data(tf: Any, record: Recorder) -> None:
    """Compile and fit as printed, on drawn images of such types."""
    api.set_seed(23)
    images, labels = workflow.drawn(64)
    images, labels = np.rint(images * 255).astype("uint8") / 255.0, labels.astype("uint8")
    model = models.style("functional").compiled(tf)
    before = workflow.cross_entropy(api.call(model, images.astype("float32")), labels)
    fit = partial(model.fit, images, labels, batch_size=32, epochs=2)
    history = record.runs("fit as printed", lambda: workflow.printed(fit)[0])

    record.equal("types handed over", expected=("float64", "uint8"), actual=(str(images.dtype), str(labels.dtype)))
    record.equal("epochs fitted", expected=2, actual=len(history.history["loss"]))
    after = workflow.cross_entropy(api.call(model, images.astype("float32")), labels)
    record.true("the loss is smaller than before", holds=after < 0.9 * before, found=round(after, 3))
    trained = []
    for x, y in ((images, labels), (images.astype("float32"), labels.astype("int64"))):
        one = workflow.small(tf, style="functional")
        one.fit(x, y, batch_size=32, epochs=2, shuffle=False, verbose=0)
        trained.append(one.get_weights())
    distance = max(float(np.max(np.abs(a - b))) for a, b in zip(*trained))
    record.true("prepared data gives the same weights", holds=distance <= 1e-4, found="others")
