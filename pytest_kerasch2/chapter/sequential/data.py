"""Sequential model, first way: the data and its preparation."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np

from pytest_kerasch2 import fixtures
from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.claims.decorators import claim, detects, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.data import keras_loaders
from pytest_kerasch2.framework import api


@contextmanager
def _data_as(**changed: Callable[[Any], Any]) -> Iterator[None]:
    def otherwise(original: Any, request: Any, name: str) -> Any:
        data = original(request, name)
        return dataclasses.replace(data, **{array: change(getattr(data, array)) for array, change in changed.items()})

    with common_faults.wrapped(fixtures, "data_set", otherwise):
        yield


one_image_lost = common_faults.fault(
    "The reader loses the last training image.", _data_as, x_train=lambda images: images[:-1]
)
frames_cut = common_faults.fault(
    "The reader cuts one column off each image.",
    _data_as,
    x_train=lambda images: images[:, :, 1:],
    x_test=lambda images: images[:, :, 1:],
)
signed_pixels = common_faults.fault(
    "The reader takes bytes for signed numbers.", _data_as, x_train=lambda images: images.view("int8")
)
wide_labels = common_faults.fault(
    "The reader gives labels of 32 bits.", _data_as, y_train=lambda labels: labels.astype("int32")
)
zeros_lost = common_faults.fault(
    "The reader labels from 1 to 10.", _data_as, y_test=lambda labels: labels + np.uint8(1)
)
copied = common_faults.fault(
    "The reader hands out copies.", _data_as, x_train=lambda images: images.copy(), y_train=lambda labels: labels.copy()
)


@contextmanager
def cast_by_truncation() -> Iterator[None]:
    """`tf.cast` loses what is behind the point of a float."""

    def truncated(original: Any, value: Any, dtype: Any, *arguments: Any, **named: Any) -> Any:
        return original(np.trunc(value), dtype, *arguments, **named)

    with common_faults.wrapped(api.tensorflow(), "cast", truncated):
        yield


@contextmanager
def cast_to_half() -> Iterator[None]:
    """`tf.cast` gives numbers half as wide as asked for."""

    def narrow(original: Any, value: Any, dtype: Any, *arguments: Any, **named: Any) -> Any:
        tf = api.tensorflow()
        narrower = {tf.float32: tf.float16, tf.int64: tf.int32}.get(dtype, dtype)
        return original(value, narrower, *arguments, **named)

    with common_faults.wrapped(api.tensorflow(), "cast", narrow):
        yield


def loaded(tf: Any, mnist: Any, scratch: Path) -> dict[str, Any]:
    """Return what the printed line gives by Keras's own loader of the genuine archive, by name, beside what we read."""
    with keras_loaders.genuine_loaders(tf, keras_loaders.genuine_folder(mnist, scratch), ["mnist"]) as loaders:
        (x_train, y_train), (x_test, y_test) = loaders["mnist"]()
    ours = {name: getattr(mnist, name) for name in ("x_train", "y_train", "x_test", "y_test")}
    theirs = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    return {**ours, **{f"{name} by load_data()": array for name, array in theirs.items()}}


@claim(
    "network-data.sizes", "MNIST has 60,000 images to train on and 10,000 to test with, and a label for each.", "output"
)
@detects(one_image_lost)
@tolerates(copied)
def sizes(tf: Any, mnist: Any, scratch: Path, record: Recorder) -> None:
    """Count images and labels."""
    for name, array in loaded(tf, mnist, scratch).items():
        record.equal(f"length of {name}", expected=60_000 if "train" in name else 10_000, actual=len(array))


@claim("network-data.grid", "Each MNIST digit lies on a grid of 28 x 28 pixels.", "prose")
@detects(frames_cut)
@tolerates(copied)
def grid(tf: Any, mnist: Any, scratch: Path, record: Recorder) -> None:
    """Measure the images."""
    for name, array in loaded(tf, mnist, scratch).items():
        if name.startswith("x"):
            record.equal(f"one image of {name}", expected=(28, 28), actual=tuple(array.shape[1:]))


@claim("network-data.pixels", "Each MNIST pixel is an unsigned 8-bit integer.", "prose")
@detects(signed_pixels)
@tolerates(copied)
def pixels(tf: Any, mnist: Any, scratch: Path, record: Recorder) -> None:
    """Read type and range of the pixels; that the whole range is used shows that no narrower type would do."""
    for name, images in loaded(tf, mnist, scratch).items():
        if name.startswith("y"):
            continue
        record.equal(f"type of {name}", expected="uint8", actual=str(images.dtype))
        record.equal(f"least and greatest of {name}", expected=(0, 255), actual=(int(images.min()), int(images.max())))


@claim("network-data.labels", "The MNIST labels are unsigned 8-bit integers too, the digits 0 to 9.", "prose")
@detects(wide_labels, zeros_lost)
@tolerates(copied)
def labels(tf: Any, mnist: Any, scratch: Path, record: Recorder) -> None:
    """Read type and values of the labels."""
    for name, values in loaded(tf, mnist, scratch).items():
        if name.startswith("x"):
            continue
        record.equal(f"type of {name}", expected="uint8", actual=str(values.dtype))
        record.equal(f"values of {name}", expected=list(range(10)), actual=np.unique(values).tolist())


@claim("network-data.scaled", "Dividing by 255.0 and casting makes every MNIST pixel a float32 from 0 to 1.", "code")
@detects(cast_by_truncation, cast_to_half)
@tolerates(copied)
def scaled(tf: Any, mnist: Any, record: Recorder) -> None:
    """Prepare every value that a byte can have, and see that a pixel becomes what its value becomes, wherever it is."""
    of_byte = tf.cast(np.arange(256, dtype="uint8") / 255.0, tf.float32).numpy()
    record.equal("type", expected="float32", actual=str(of_byte.dtype))
    record.equal("least and greatest", expected=(0.0, 1.0), actual=(float(of_byte.min()), float(of_byte.max())))
    record.all_true("times 255 each is its byte again", mask=np.abs(of_byte * 255 - np.arange(256)) < 1e-4)
    for name, step in (("x_train", 20), ("x_test", 4)):
        images = getattr(mnist, name)
        prepared = tf.cast(images / 255.0, tf.float32).numpy()
        record.equal(
            f"type of all of {name}", expected=("float32", images.shape), actual=(str(prepared.dtype), prepared.shape)
        )
        images, prepared = images[::step], prepared[::step]
        record.all_true(f"pixels of {len(images)} images of {name} as their bytes", mask=prepared == of_byte[images])


@claim("network-data.labels-cast", "Casting makes the MNIST labels int64 and leaves their values as they are.", "code")
@detects(cast_to_half)
@tolerates(copied)
def labels_cast(tf: Any, mnist: Any, record: Recorder) -> None:
    """Cast both sets of labels as printed."""
    for name in ("y_train", "y_test"):
        values = getattr(mnist, name)
        cast = tf.cast(values, tf.int64).numpy()
        record.same_bits(f"{name} as int64", expected=values.astype("int64"), actual=cast)
