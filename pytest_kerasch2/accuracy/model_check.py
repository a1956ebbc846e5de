"""Whether a model fits the data, and whether each training begins with a new one."""

from __future__ import annotations

import contextlib
import hashlib
import weakref
from typing import Any, Callable, Iterable, Iterator

from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.user_training import short_error
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error, TrainingFailed
from pytest_kerasch2.framework import api

# Letters of what Keras says.
MAX_LETTERS = 200
# Errors by which Keras says that shapes or types do not fit, by their names: some are of the framework.
MISFITS = ("ValueError", "TypeError", "InvalidArgumentError", "IndexError", "AttributeError", "RuntimeError")
REMEDY = "give a function that makes a new model, with new layers, each time it is called"


def describe_data(data: Any) -> str:
    """Return what the gate trains a model on, in words."""
    size = " x ".join(map(str, data.x_train.shape[1:]))
    last = int(data.y_train.max())
    return f"{size} images in float32 from 0 to 1, and integer labels (int64) from 0 to {last}"


def check_model(model: Any, data: Any) -> None:
    """Check that a model takes the images, has an output for each class, and a loss for integer labels.

    Raises:
        InvalidArgument: it does not.
    """
    outputs = _outputs(model, data)
    classes = int(data.y_train.max()) + 1
    if outputs != classes:
        happened = f"The model has {outputs} outputs but the data {data.name} has {classes} classes"
        raise InvalidArgument(happened, remedy="give it one output for each class")
    loss = getattr(model, "loss", None)
    name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    if "categorical_crossentropy" in str(name) and "sparse" not in str(name):
        happened = f"The model is compiled for one-hot labels ({name}), and the gate gives {describe_data(data)}"
        raise InvalidArgument(happened, remedy="compile it with sparse_categorical_crossentropy")


def _outputs(model: Any, data: Any) -> int:
    """Return how many outputs a model has for an image.

    Raises:
        InvalidArgument: it does not take the image, or returns something else than one output.
    """
    try:
        # One image is looked at without training, so that nothing random is drawn.
        output = model(data.x_train[:1])
    except Exception as error:
        remedy = "make the model for these images, such as with a Flatten layer first where it takes flat ones"
        happened = f"The model does not take {describe_data(data)}, which the gate gives"
        raise InvalidArgument(happened, _accepted_input(model, error), remedy) from error
    if isinstance(output, (list, tuple, dict)):
        remedy = "give a model with one output, or train this one by a function of a seed, given as train="
        happened = f"The model has {len(output)} outputs, and the gate gives one label for each image"
        raise InvalidArgument(happened, remedy=remedy)
    try:
        return int(api.array(output).shape[-1])
    except Exception as error:
        remedy = "give a function that makes a Keras model"
        raise InvalidArgument("model did not return a Keras model", short_error(error, MAX_LETTERS), remedy) from error


def _accepted_input(model: Any, error: BaseException) -> str:
    shape = getattr(model, "input_shape", None)
    if isinstance(shape, tuple) and shape:
        return f"it takes inputs of shape {shape}"
    return short_error(error, MAX_LETTERS)


@contextlib.contextmanager
def explained_misfit(data: Any, is_users_model: bool) -> Iterator[None]:
    """Raise what a framework says of a model of the user that does not fit as one sentence.

    Raises:
        TrainingFailed: with that sentence.
    """
    try:
        yield
    except KerasCh2Error:
        raise
    except Exception as error:
        if not is_users_model or type(error).__name__ not in MISFITS:
            raise
        happened = f"The model cannot be trained on {describe_data(data)}, which the gate gives"
        remedy = "make its input, its output and its loss for these, such as sparse_categorical_crossentropy"
        raise TrainingFailed(happened, short_error(error, MAX_LETTERS), remedy) from error


class ModelFactory:
    """A factory of models, watched for what it returns.

    Args:
        build: makes a Keras model.
    """

    def __init__(self, build: Callable[[], Any]) -> None:
        """Remember the factory; nothing is built yet."""
        self._build = build
        self._seen: dict[int, weakref.ref[Any]] = {}
        self._trained: set[str] = set()
        self._last: Any = None

    def train(self, train: Callable[[Callable[[], Any]], TrainingRun]) -> TrainingRun:
        """Train with a function that makes its model by the watched factory.

        Raises:
            InvalidArgument: the factory returned a model, or layers, that have been trained already.
        """
        run = train(self._make)
        if self._last is not None:
            self._keep(self._last)
            self._last = None
        return run

    def _make(self) -> Any:
        model = self._build()
        if self._has_seen(model):
            raise _not_new("model returned the same model again, which has been trained already")
        # What is not trained may be shared: a frozen backbone, or a layer that prepares data.
        shared = [layer for layer in _layers(model) if self._has_seen(layer) and _weights(layer)]
        if shared:
            name = getattr(shared[0], "name", "a layer")
            raise _not_new(f"model returned a model with a layer of an earlier one, {name}, trained already")
        if any(map(self._has_seen, _weights(model))):
            raise _not_new("model returned a model that shares weights with an earlier one, trained already")
        if _steps(model) or _digest(model) in self._trained:
            raise _not_new("model returned a model that has been trained already")
        # Before its training, so that one that fails leaves nothing unknown; its weights come to be in it.
        self._remember(model)
        self._last = model
        return model

    def _has_seen(self, one: Any) -> bool:
        seen = self._seen.get(id(one))
        return seen is not None and seen() is one

    def _remember(self, model: Any) -> None:
        for one in (model, *_layers(model), *_weights(model)):
            try:
                self._seen[id(one)] = weakref.ref(one)
            except TypeError:
                # What cannot be referred to weakly is told by what it belongs to.
                continue

    def _keep(self, model: Any) -> None:
        self._remember(model)
        digest = _digest(model)
        if digest is not None:
            self._trained.add(digest)


def _not_new(happened: str) -> InvalidArgument:
    return InvalidArgument(happened, "a training has to begin with a new model", REMEDY)


def _layers(model: Any) -> Iterator[Any]:
    """Yield the layers of a model and of the models within it, but not the inputs, which hold nothing."""
    for layer in getattr(model, "layers", None) or ():
        yield layer
        yield from _layers(layer)


def _weights(model: Any) -> Iterable[Any]:
    """Return the weights that a model or a layer trains."""
    try:
        return list(model.trainable_weights)
    except (AttributeError, TypeError, ValueError):
        # A model that is not built has none yet.
        return []


def _steps(model: Any) -> int:
    """Return how many steps of training an optimizer has done."""
    iterations = getattr(getattr(model, "optimizer", None), "iterations", None)
    if iterations is None:
        return 0
    try:
        return int(api.array(iterations))
    except (TypeError, ValueError):
        return 0


def _digest(model: Any) -> str | None:
    """Return a hash of the weights that a model trains, or None where there are none."""
    try:
        weights = [api.array(weight) for weight in _weights(model)]
    except (AttributeError, TypeError, ValueError):
        return None
    if not weights:
        return None
    digest = hashlib.sha256()
    for weight in weights:
        digest.update(weight.tobytes())
    return digest.hexdigest()


class SeenHistories:
    """The histories that a training returned: two of one model are one training that goes on."""

    def __init__(self) -> None:
        """Begin with none."""
        self._seen: dict[int, weakref.ref[Any]] = {}

    def check(self, history: Any, where: str) -> None:
        """Check that a history is neither one that was returned before nor of a model that was.

        Raises:
            InvalidArgument: it is.
        """
        if not hasattr(history, "history"):
            return
        if self._has_seen(history):
            raise _again("The same history was returned for two seeds", where)
        model = getattr(history, "model", None)
        if model is not None and self._has_seen(model):
            raise _again("Two trainings are of the same model, and the second goes on where the first ended", where)

    def _has_seen(self, one: Any) -> bool:
        """Whether it was seen before; now it was."""
        seen = self._seen.get(id(one))
        if seen is not None and seen() is one:
            return True
        # Not held: a model that was given up needs its memory no more.
        with contextlib.suppress(TypeError):
            self._seen[id(one)] = weakref.ref(one)
        return False


def _again(happened: str, where: str) -> InvalidArgument:
    return InvalidArgument(happened, where, "train a new model for each seed")
