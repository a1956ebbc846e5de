"""Injected faults, benign changes and fixes for the checks on saving and loading."""

from __future__ import annotations

import contextlib
import json
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator

import h5py
import numpy as np

from pytest_kerasch2 import models
from pytest_kerasch2.checks.common_faults import fault, modules_named, replaced, wrapped, wrapped_method
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import catalogue, functional


@contextmanager
def around_save(wrap: Callable[..., Any], *names: str) -> Iterator[None]:
    """Wrap the methods of a model that write a file: `wrap(original, model, path, ...)`."""
    with contextlib.ExitStack() as stack:
        for name in names or ("save", "save_weights"):
            stack.enter_context(wrapped_method(api.keras().Model, name, wrap))
        yield


@contextmanager
def around_load(wrap: Callable[..., Any]) -> Iterator[None]:
    """Wrap `load_model` wherever a reader finds it: `wrap(original, path, ...)`."""
    with contextlib.ExitStack() as stack:
        for place in modules_named("models"):
            stack.enter_context(wrapped(place, "load_model", wrap))
        yield


def after_save(change: Callable[[Any], None]) -> Any:
    """Return a context in which each HDF5 file of a whole model is changed right after it was written."""

    def save(original: Any, model: Any, path: Any, *arguments: Any, **named: Any) -> None:
        original(model, path, *arguments, **named)
        if str(path).endswith(".h5"):
            with h5py.File(str(path), "r+") as file:
                change(file)

    return around_save(save, "save")


def _edited(file: Any, attribute: str, change: Callable[[Any], None]) -> None:
    text = file.attrs[attribute]
    config = json.loads(text.decode() if isinstance(text, bytes) else text)
    change(config)
    file.attrs[attribute] = json.dumps(config).encode()


def _arrays(group: Any) -> list[Any]:
    arrays: list[Any] = []
    group.visititems(lambda _, thing: arrays.append(thing) if isinstance(thing, h5py.Dataset) else None)
    return arrays


saves_nothing = fault(
    "Saving returns without writing.", around_save, lambda original, model, path, *rest, **named: None
)


@contextmanager
def saves_beside() -> Iterator[None]:
    """Saving puts the file into a new folder beside the one that was named."""

    def save(original: Any, model: Any, path: Any, *rest: Any, **named: Any) -> None:
        aside = Path(path).parent / "aside"
        aside.mkdir(exist_ok=True)
        original(model, str(aside / Path(path).name), *rest, **named)

    with around_save(save):
        yield


@contextmanager
def saves_twice() -> Iterator[None]:
    """Everything is saved twice under the same name."""

    def save(original: Any, model: Any, path: Any, *rest: Any, **named: Any) -> None:
        original(model, path, *rest, **named)
        original(model, path, *rest, **named)

    with around_save(save):
        yield


remark_in_file = fault(
    "Each file carries a remark that nobody asked for.",
    after_save,
    lambda file: file.attrs.__setitem__("remark", b"made on a Monday"),
)
architecture_left_out = fault(
    "The file comes without the architecture.", after_save, lambda file: file.attrs.__delitem__("model_config")
)


@contextmanager
def wider_in_file() -> Iterator[None]:
    """The file describes the hidden layer one unit wider than it is."""

    def widen(config: Any) -> None:
        layer = next(one for one in config["config"]["layers"] if one["class_name"] == "Dense")
        layer["config"]["units"] += 1

    with after_save(lambda file: _edited(file, "model_config", widen)):
        yield


@contextmanager
def one_array_zero() -> Iterator[None]:
    """One array of weights is written as zeros."""

    def erase(file: Any) -> None:
        array = _arrays(file["model_weights"])[-1]
        array[...] = np.zeros_like(array[...])

    with after_save(erase):
        yield


another_loss = fault(
    "The file names another loss.",
    after_save,
    lambda file: _edited(file, "training_config", lambda config: config.update(loss="mse")),
)


@contextmanager
def hyperparameter_left_out() -> Iterator[None]:
    """The file names the optimizer with the default of one of its hyper-parameters."""

    def change(config: Any) -> None:
        config["optimizer_config"]["config"]["beta_1"] = 0.9

    with after_save(lambda file: _edited(file, "training_config", change)):
        yield


optimizer_state_left_out = fault(
    "The file comes without the optimizer's state.", after_save, lambda file: file.__delitem__("optimizer_weights")
)


@contextmanager
def moments_from_zero() -> Iterator[None]:
    """The optimizer's running means are written as zeros."""

    def erase(file: Any) -> None:
        for array in _arrays(file["optimizer_weights"]):
            if array.shape:
                array[...] = np.zeros_like(array[...])

    with after_save(erase):
        yield


@contextmanager
def steps_from_zero() -> Iterator[None]:
    """The optimizer's count of steps is written as zero."""

    def erase(file: Any) -> None:
        # CNTK has no whole numbers.
        kind = "f" if api.release().backend == "cntk" else "i"
        for array in _arrays(file["optimizer_weights"]):
            if not array.shape and array.dtype.kind == kind:
                array[...] = 0

    with after_save(erase):
        yield


@contextmanager
def no_step_taken() -> Iterator[None]:
    """Training counts its steps, and leaves the weights as they were."""

    def fit(original: Any, model: Any, *data: Any, **named: Any) -> Any:
        kept = model.get_weights()
        history = original(model, *data, **named)
        model.set_weights(kept)
        return history

    with wrapped_method(api.keras().Model, "fit", fit):
        yield


@contextmanager
def learns_too_fast() -> Iterator[None]:
    """A loaded model learns at a rate a thousand times that of the saved one."""

    def load(original: Any, path: Any, *rest: Any, **named: Any) -> Any:
        model = original(path, *rest, **named)
        optimizer = getattr(model, "optimizer", None)
        if optimizer is not None and api.runs_eagerly():
            optimizer.learning_rate = 1.0
        elif optimizer is not None:
            # Keras 2.2 without TensorFlow has the short name alone.
            rate = optimizer.learning_rate if hasattr(optimizer, "learning_rate") else optimizer.lr
            api.backend_functions().set_value(rate, 1.0)
        return model

    with around_load(load):
        yield


loads_uncompiled = fault(
    "Loading gives a model that is not compiled.",
    around_load,
    lambda original, path, *rest, **named: original(path, *rest, **{**named, "compile": False}),
)


@contextmanager
def loads_compiled_anyway() -> Iterator[None]:
    """Loading compiles each model, with an optimizer that nobody chose."""

    def load(original: Any, path: Any, *rest: Any, **named: Any) -> Any:
        model = original(path, *rest, **named)
        model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
        return model

    with around_load(load):
        yield


@contextmanager
def weights_left_out() -> Iterator[None]:
    """Loading a model gives the first array of its last layer as zeros."""

    def load(original: Any, path: Any, *rest: Any, **named: Any) -> Any:
        return _with_one_lost(original(path, *rest, **named))

    with around_load(load):
        yield


def _with_one_lost(model: Any) -> Any:
    kept = model.get_weights()
    model.set_weights([*kept[:-2], np.zeros_like(kept[-2]), kept[-1]])
    return model


@contextmanager
def weights_left_behind() -> Iterator[None]:
    """Loading weights gives the first array of the last layer as zeros."""

    def load(original: Any, model: Any, path: Any, *rest: Any, **named: Any) -> None:
        original(model, path, *rest, **named)
        _with_one_lost(model)

    with wrapped_method(api.keras().Model, "load_weights", load):
        yield


@contextmanager
def loads_without_a_word() -> Iterator[None]:
    """Loading weights that do not fit is passed over in silence."""

    def load(original: Any, model: Any, path: Any, *rest: Any, **named: Any) -> None:
        with contextlib.suppress(Exception):
            original(model, path, *rest, **named)

    with wrapped_method(api.keras().Model, "load_weights", load):
        yield


@contextmanager
def activations_known() -> Iterator[None]:
    """Loading is told TensorFlow's internal names of activations."""
    activations = api.tensorflow().nn if api.runs_on_tensorflow() else api.keras().activations
    custom_objects = {"softmax_v2": activations.softmax, "relu": activations.relu}

    def load(original: Any, path: Any, *rest: Any, **named: Any) -> Any:
        return original(path, *rest, **{"custom_objects": custom_objects, **named})

    with around_load(load):
        yield


@contextmanager
def subclass_described() -> Iterator[None]:
    """A subclassed model is of the functional kind, and loading is told TensorFlow's internal names of activations."""
    describable = tuple(
        models.ModelStyle(one.name, one.section, functional.build, True) if one.name == "subclass" else one
        for one in models.STYLES
    )
    with activations_known(), replaced(catalogue, "STYLES", describable):
        yield


@contextmanager
def any_weights_name() -> Iterator[None]:
    """Files of weights may have any name: they are moved to it, and from it."""

    def save(original: Any, model: Any, path: Any, *rest: Any, **named: Any) -> None:
        beside = f"{path}.weights.h5"
        original(model, beside, *rest, **named)
        Path(beside).replace(path)

    def load(original: Any, model: Any, path: Any, *rest: Any, **named: Any) -> None:
        beside = f"{path}.weights.h5"
        shutil.copyfile(str(path), beside)
        original(model, beside, *rest, **named)

    with around_save(save, "save_weights"), wrapped_method(api.keras().Model, "load_weights", load):
        yield


@contextmanager
def folders_allowed() -> Iterator[None]:
    """A model may be saved into a folder; Keras 3 puts its own archive there."""

    def save(original: Any, model: Any, path: Any, *rest: Any, **named: Any) -> None:
        if api.is_keras3():
            Path(path).mkdir(exist_ok=True)
            path = str(Path(path) / "model.keras")
        original(model, path, *rest, **named)

    def load(original: Any, path: Any, *rest: Any, **named: Any) -> Any:
        return original(str(Path(path) / "model.keras") if api.is_keras3() else path, *rest, **named)

    with around_save(save, "save"), around_load(load), subclass_described():
        yield


@contextmanager
def weights_left_empty() -> Iterator[None]:
    """Saving weights writes a file of a model with one layer less."""

    def save(original: Any, model: Any, path: Any, *rest: Any, **named: Any) -> None:
        keras = api.keras()
        original(keras.Model(model.inputs, model.layers[2].output), path, *rest, **named)

    with around_save(save, "save_weights"):
        yield


@contextmanager
def saves_weights_uncompiled() -> Iterator[None]:
    """Saving weights writes those of a copy of the model that was never compiled."""

    def save(original: Any, model: Any, path: Any, *rest: Any, **named: Any) -> None:
        original(api.keras().Model(model.inputs, model.outputs), path, *rest, **named)

    with around_save(save, "save_weights"):
        yield


@contextmanager
def counts_the_arrays() -> Iterator[None]:
    """Loading weights compares their number and their shapes with those of the model first."""

    def load(original: Any, model: Any, path: Any, *rest: Any, **named: Any) -> None:
        with h5py.File(str(path), "r") as file:
            held = sorted(tuple(array.shape) for array in _arrays(file))
        own = sorted(tuple(array.shape) for array in model.get_weights())
        if held != own:
            raise ValueError(f"the file holds arrays of {held}, the model has them of {own}")
        original(model, path, *rest, **named)

    with wrapped_method(api.keras().Model, "load_weights", load):
        yield


@contextmanager
def wrong_width_in_file() -> Iterator[None]:
    """Each array of weights is written with a further axis of two."""

    def widen(file: Any) -> None:
        for array in _arrays(file["model_weights"]):
            name, values = array.name, array[...]
            del file[name]
            file[name] = np.stack([values, values])

    with after_save(widen):
        yield


@contextmanager
def loads_without_nan() -> Iterator[None]:
    """Loading a model replaces what is not a finite number by finite ones."""

    def load(original: Any, path: Any, *rest: Any, **named: Any) -> Any:
        model = original(path, *rest, **named)
        model.set_weights([np.nan_to_num(one) for one in model.get_weights()])
        return model

    with around_load(load):
        yield
