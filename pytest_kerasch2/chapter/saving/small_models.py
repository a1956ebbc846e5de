"""The small models that the checks on saving work with, the printed file names, and where Keras's code on it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from pytest_kerasch2 import models
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import Network
from pytest_kerasch2.models.catalogue import train

MODEL_FILE = "./model_name.h5"
WEIGHTS_FILE = "./model_weights.h5"
# Fewer hidden units than the chapter's 512: files and steps are small, everything else is as printed.
PRINTED = Network(hidden=16)
WITH_STRINGS = Network(hidden=16).with_strings()
STEPS = 2

_SOURCE = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src"
ACTIVATIONS = (
    "Keras 3 writes tf.nn.softmax under its internal name, softmax_v2, and cannot read that name; "
    "from 3.16 on it is the same with tf.nn.relu"
)
SERIALIZATION = f"{_SOURCE}/activations/__init__.py"
SAVING_API = f"{_SOURCE}/saving/saving_api.py"
SAVING_LIB = f"{_SOURCE}/saving/saving_lib.py"
HDF5 = f"{_SOURCE}/legacy/saving/legacy_h5_format.py"


def data(steps: int) -> tuple[Any, Any]:
    """Return 32 grey images per step and their labels, made up, the same every time: no claim here is about digits."""
    random = np.random.RandomState(20)
    images = random.random_sample((32 * steps, 28, 28)).astype("float32")
    return images, random.randint(0, 10, 32 * steps).astype("int64")


def trained(tf: Any, style: str, network: Network = WITH_STRINGS, *, steps: int = 1, **named: Any) -> Any:
    """Return a compiled model of a style after some steps, the same every time."""
    return trained_style(tf, models.style(style), network, steps=steps, **named)


def trained_style(
    tf: Any, style: Any, network: Network = WITH_STRINGS, *, steps: int = 1, optimizer: Any = None, eagerly: bool = True
) -> Any:
    """Return the same for a style that is at hand. Unless told otherwise, no graph is traced: that takes longer."""
    api.set_seed(5)
    model = style.compiled(tf, network, optimizer)
    if eagerly:
        model.run_eagerly = True
    train(model, data(steps), steps)
    return model


def predicted(model: Any) -> Any:
    """Return a model's probabilities for four images, by its forward pass without training."""
    return api.array(api.call(model, data(1)[0][:4], training=False))


def files(folder: Path) -> list[str]:
    """Return the names of all that lies in a folder."""
    return sorted(each.name for each in folder.iterdir())


def other_weights(model: Any) -> list[Any]:
    """Return arrays of the shapes of a model's weights, with other numbers."""
    random = np.random.RandomState(21)
    return [random.random_sample(one.shape).astype(one.dtype) for one in model.get_weights()]


def write_early_weights(path: Path, model: Any, weights: list[Any]) -> None:
    """Write weights in the layout that TensorFlow up to 2.15 gives a file of weights: one group per layer, with lists.

    Keras 3 reads this layout and no longer writes it, so it is written here with h5py alone, on every release.
    """
    left = list(weights)
    with h5py.File(str(path), "w") as file:
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.2.4-tf"
        file.attrs["layer_names"] = np.array([one.name.encode() for one in model.layers])
        for layer in model.layers:
            parts = ["kernel:0", "bias:0"][: len(layer.weights)]
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = np.array([f"{layer.name}/{part}".encode() for part in parts], dtype="S")
            for part in parts:
                group[f"{layer.name}/{part}"] = left.pop(0)


def uncompiled(tf: Any) -> Any:
    """Return a functional model that was never compiled."""
    return models.style("functional").build(tf, WITH_STRINGS)
