"""What a reader writes instead: where blocks of the chapter depend on each other."""

from __future__ import annotations

from typing import Any

import numpy

from pytest_kerasch2.chapter.workarounds import IMAGES, Names, data, lines
from pytest_kerasch2.claims.model import Workaround
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api


def _loaded(tf: Any) -> Names:
    """Return what loading the data leaves: images and labels as bytes."""
    images = numpy.arange(IMAGES * 784, dtype="uint32").reshape(IMAGES, 28, 28).astype("uint8")
    names: Names = {"tf": tf}
    for part in ("train", "test"):
        names.update({f"{part}_x": images, f"{part}_y": (numpy.arange(IMAGES) % 10).astype("uint8")})
    return names


def _prepared(names: Names, record: Recorder) -> None:
    kinds = [api.dtype_name(names[name].dtype) for name in ("train_x", "test_x", "train_y", "test_y")]
    record.equal("types of the data", expected=["float32", "float32", "int64", "int64"], actual=kinds)
    record.equal("the brightest pixel", expected=1.0, actual=float(api.array(names["train_x"]).max()))
    record.equal("the batch size", expected=32, actual=names["batch_size"])


def _arrays(tf: Any) -> Names:
    names = data(tf)
    return {**names, "train_x": api.array(names["train_x"])}


def _counted(names: Names, record: Recorder) -> None:
    record.equal("steps of an epoch", expected=IMAGES // 32, actual=names["steps_per_epoch"])


SAME_SET_UP = Workaround(
    lines("""
        train_x, test_x = tf.cast(train_x / 255.0, tf.float32), tf.cast(test_x / 255.0, tf.float32)
        train_y, test_y = tf.cast(train_y, tf.int64), tf.cast(test_y, tf.int64)
        batch_size = 32
    """),
    _loaded,
    _prepared,
)
LENGTH = Workaround(
    lines("""
        steps_per_epoch = len(train_x) // batch_size
    """),
    _arrays,
    _counted,
)
