"""Honest models of images: convolutions of each kind, augmentation, segmentation, transformers."""
# ruff: noqa: D103 - the name of a model says what it is

from __future__ import annotations

from typing import Any

import numpy as np

from evaluation.zoo_data import images, series
from evaluation.zoo_entry import EVERY, KERAS, honest

IMAGES = "images"


def _stack(name: str, layers: Any, *, channels: int = 1, needs: tuple[str, ...] = (), modes: Any = KERAS) -> None:
    @honest(IMAGES, name=name, needs=needs, modes=modes)
    def _(k: Any, drawn: Any) -> Any:
        last = [k.layers.Flatten(), k.layers.Dense(3, "softmax")]
        model = k.Sequential([k.Input((8, 8, channels)), *layers(k.layers), *last])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model, images(drawn, channels)


_stack("convolution", lambda of: [of.Conv2D(8, 3, activation="relu"), of.MaxPooling2D()], modes=EVERY)
_stack("depthwise", lambda of: [of.DepthwiseConv2D(3, activation="relu"), of.Conv2D(4, 1)], channels=3)
_stack("separable", lambda of: [of.SeparableConv2D(8, 3, activation="relu"), of.AveragePooling2D(2)], channels=3)
_stack("dilated", lambda of: [of.Conv2D(8, 3, dilation_rate=2, activation="relu")])
_stack("strided", lambda of: [of.Conv2D(8, 3, 2, padding="same"), of.LeakyReLU(), of.GlobalAveragePooling2D()])
_stack("convolution, normalized", lambda of: [of.Conv2D(8, 3), of.BatchNormalization(), of.ReLU()])
_stack("spatial dropout", lambda of: [of.Conv2D(16, 3, activation="relu"), of.SpatialDropout2D(0.2)])
_stack("padded and cropped", lambda of: [of.ZeroPadding2D(1), of.Conv2D(4, 3), of.Cropping2D(1), of.UpSampling2D()])
_stack("transposed", lambda of: [of.Conv2DTranspose(4, 3, 2, padding="same", activation="relu")])
_stack("rescaling", lambda of: [of.Rescaling(2.0, -1.0), of.Dense(4, "relu")], needs=("layers.Rescaling",))
_stack(
    "augmentation",
    lambda of: [of.RandomFlip("horizontal"), of.RandomTranslation(0.1, 0.1), of.Conv2D(8, 3, activation="relu")],
    needs=("layers.RandomFlip",),
)
_stack(
    "random contrast and zoom",
    lambda of: [of.RandomContrast(0.2), of.RandomZoom(0.1), of.Conv2D(8, 3, activation="relu")],
    channels=3,
    needs=("layers.RandomZoom",),
)


@honest(IMAGES)
def images_of_bytes(k: Any, drawn: Any) -> Any:
    x, labels = images(drawn)
    scaled = k.layers.Lambda(lambda one: one * (1 / 255.0))
    layers = [scaled, k.layers.Conv2D(8, 3, activation="relu"), k.layers.Flatten(), k.layers.Dense(3, "softmax")]
    model = k.Sequential([k.Input((8, 8, 1)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, ((255 * x).astype("uint8"), labels.astype("uint8"))


@honest(IMAGES)
def flat_images(k: Any, drawn: Any) -> Any:
    x, labels = images(drawn)
    model = k.Sequential([k.layers.Flatten(), k.layers.Dense(16, "relu"), k.layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, (x[..., 0], labels)


@honest(IMAGES)
def residual_network(k: Any, drawn: Any) -> Any:
    of = k.layers
    x = k.Input((8, 8, 3))
    h = of.Conv2D(8, 3, padding="same")(x)
    for _ in range(2):
        inner = of.ReLU()(of.BatchNormalization()(of.Conv2D(8, 3, padding="same")(h)))
        h = of.add([h, of.Conv2D(8, 3, padding="same")(inner)])
    model = k.Model(x, of.Dense(3, "softmax")(of.GlobalAveragePooling2D()(h)))
    model.compile(k.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy")
    return model, images(drawn, 3)


@honest(IMAGES)
def squeeze_and_excitation(k: Any, drawn: Any) -> Any:
    of = k.layers
    x = k.Input((8, 8, 1))
    h = of.Conv2D(8, 3, activation="relu")(x)
    gate = of.Reshape((1, 1, 8))(of.Dense(8, "sigmoid")(of.Dense(4, "relu")(of.GlobalAveragePooling2D()(h))))
    model = k.Model(x, of.Dense(3, "softmax")(of.Flatten()(of.multiply([h, gate]))))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, images(drawn)


@honest(IMAGES)
def segmentation(k: Any, drawn: Any) -> Any:
    of = k.layers
    x = k.Input((8, 8, 1))
    first = of.Conv2D(8, 3, padding="same", activation="relu")(x)
    deep = of.Conv2D(16, 3, padding="same", activation="relu")(of.MaxPooling2D()(first))
    joined = of.concatenate([first, of.UpSampling2D()(deep)])
    model = k.Model(x, of.Conv2D(2, 1, activation="softmax")(joined))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    pictures, _ = images(drawn)
    return model, (pictures, (pictures[..., 0] > 0.5).astype("int32"))


@honest(IMAGES)
def masks_of_pixels(k: Any, drawn: Any) -> Any:
    model = k.Sequential([k.Input((8, 8, 1)), k.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    pictures, _ = images(drawn)
    return model, (pictures, (pictures > 0.5).astype("float32"))


@honest(IMAGES)
def super_resolution(k: Any, drawn: Any) -> Any:
    layers = [k.layers.Conv2D(8, 3, padding="same", activation="relu"), k.layers.UpSampling2D(), k.layers.Conv2D(1, 1)]
    model = k.Sequential([k.Input((4, 4, 1)), *layers])
    model.compile("adam", "mae")
    pictures, _ = images(drawn)
    return model, (pictures[:, ::2, ::2], pictures)


@honest(IMAGES, needs=("layers.MultiHeadAttention",))
def vision_transformer(k: Any, drawn: Any) -> Any:
    of = k.layers
    x = k.Input((8, 8, 1))
    patches = of.Reshape((16, 8))(of.Conv2D(8, 2, 2)(x))
    h = of.add([patches, of.MultiHeadAttention(2, 4)(patches, patches)])
    h = of.add([h, of.Dense(8)(of.Dense(16, "gelu")(of.LayerNormalization()(h)))])
    model = k.Model(x, of.Dense(3, "softmax")(of.GlobalAveragePooling1D()(h)))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, images(drawn)


@honest(IMAGES)
def box_and_class(k: Any, drawn: Any) -> Any:
    x = k.Input((8, 8, 1))
    h = k.layers.Flatten()(k.layers.Conv2D(8, 3, activation="relu")(x))
    box, kind = k.layers.Dense(4, name="box")(h), k.layers.Dense(3, "softmax", name="kind")(h)
    model = k.Model(x, [box, kind])
    model.compile("adam", ["mse", "sparse_categorical_crossentropy"], loss_weights=[0.5, 1.0])
    pictures, labels = images(drawn)
    boxes = np.stack([labels / 4.0] * 4, 1).astype("float32")
    return model, (pictures, [boxes, labels])


@honest(IMAGES)
def volumes(k: Any, drawn: Any) -> Any:
    layers = [k.layers.Conv3D(4, 2, activation="relu"), k.layers.Flatten(), k.layers.Dense(1)]
    model = k.Sequential([k.Input((4, 4, 4, 1)), *layers])
    model.compile("adam", "mse")
    x = drawn.normal(size=(128, 4, 4, 4, 1)).astype("float32")
    return model, (x, x.mean((1, 2, 3)) * 4)


@honest(IMAGES)
def films(k: Any, drawn: Any) -> Any:
    layers = [k.layers.ConvLSTM2D(3, 2), k.layers.Flatten(), k.layers.Dense(1)]
    model = k.Sequential([k.Input((3, 4, 4, 1)), *layers])
    model.compile("adam", "mse")
    x = drawn.normal(size=(64, 3, 4, 4, 1)).astype("float32")
    return model, (x, x.mean((1, 2, 3)) * 4)


@honest(IMAGES)
def signals(k: Any, drawn: Any) -> Any:
    layers = [k.layers.Conv1D(8, 3, padding="causal", activation="relu"), k.layers.GlobalMaxPooling1D()]
    model = k.Sequential([k.Input((6, 3)), *layers, k.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, series(drawn)
