"""Whether a model fits what the gate trains it on: images and integer labels, as the chapter has them."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

from pytest_kerasch2.accuracy import reasons
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error, TrainingFailed
from pytest_kerasch2.framework import api

# Letters of what Keras says.
TOLD = 200
# Errors by which Keras says that shapes or types do not fit, by their names: some are of the framework.
MISFITS = ("ValueError", "TypeError", "InvalidArgumentError", "IndexError", "AttributeError", "RuntimeError")


def given(data: Any) -> str:
    """Return what the gate trains a model on, in words."""
    size = " x ".join(map(str, data.x_train.shape[1:]))
    last = int(data.y_train.max())
    return f"{size} images in float32 from 0 to 1, and integer labels (int64) from 0 to {last}"


def check(model: Any, data: Any) -> None:
    """Check that a model takes the images, has an output for each class, and a loss for integer labels.

    Raises:
        InvalidArgument: it does not.
    """
    outputs = _outputs(model, data)
    classes = int(data.y_train.max()) + 1
    if outputs != classes:
        found = f"{outputs} outputs, and {classes} classes in {data.name}"
        raise InvalidArgument(
            "A model tells apart other classes than its data have", found, "give it one output a class"
        )
    loss = getattr(model, "loss", None)
    name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    if "categorical_crossentropy" in str(name) and "sparse" not in str(name):
        remedy = "compile it with sparse_categorical_crossentropy"
        raise InvalidArgument(
            f"A model is compiled for one-hot labels, and the gate gives {given(data)}", str(name), remedy
        )


def _outputs(model: Any, data: Any) -> int:
    """Return how many outputs a model has for an image.

    Raises:
        InvalidArgument: it does not take the image, or returns something else than one output.
    """
    try:
        # One image is looked at without training, so that nothing random is drawn.
        found = model(data.x_train[:1])
    except Exception as error:
        remedy = "make the model for these images, such as with a Flatten layer first where it takes flat ones"
        raise InvalidArgument(
            f"A model does not take what the gate gives: {given(data)}", _takes(model, error), remedy
        ) from error
    if isinstance(found, (list, tuple, dict)):
        remedy = "give a model with one output, or train this one by a function of a seed, given as `train`"
        raise InvalidArgument(
            "A model has several outputs, and the gate gives one label an image", f"{len(found)}", remedy
        )
    try:
        return int(api.array(found).shape[-1])
    except Exception as error:
        remedy = "give a function that makes a Keras model"
        raise InvalidArgument("`model` made no Keras model", reasons.short(error, TOLD), remedy) from error


def _takes(model: Any, error: BaseException) -> str:
    shape = getattr(model, "input_shape", None)
    if isinstance(shape, tuple) and shape:
        return f"it takes inputs of shape {shape}"
    return reasons.short(error, TOLD)


@contextlib.contextmanager
def told(data: Any, theirs: bool) -> Iterator[None]:
    """Let what a framework says of a model that does not fit be one sentence, where the model is somebody's own.

    Raises:
        TrainingFailed: with that sentence.
    """
    try:
        yield
    except KerasCh2Error:
        raise
    except Exception as error:
        if not theirs or type(error).__name__ not in MISFITS:
            raise
        happened = f"A model cannot be trained on what the gate gives: {given(data)}"
        remedy = "make its input, its output and its loss for these, such as sparse_categorical_crossentropy"
        raise TrainingFailed(happened, reasons.short(error, TOLD), remedy) from error
