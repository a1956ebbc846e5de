"""What makes claims on saving hold where they are broken, so that a fault on top of it can be detected."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

import h5py

from pytest_kerasch2 import models
from pytest_kerasch2.chapter.saving.faults import around_load, around_save
from pytest_kerasch2.checks.common_faults import wrapped_method
from pytest_kerasch2.framework import api


@contextmanager
def optimizer_put_back() -> Iterator[None]:
    """Loading a model gives its optimizer the state that the file holds."""

    def load(original: Any, path: Any, *rest: Any, **named: Any) -> Any:
        model = original(path, *rest, **named)
        if getattr(model, "optimizer", None) is not None:
            _put_back(model, _stored(path))
        return model

    with around_load(load):
        yield


def _stored(path: Any) -> list[Any]:
    """Return the optimizer's arrays in the order in which the file lists them; none where it has none."""
    with h5py.File(str(path), "r") as file:
        group = file.get("optimizer_weights")
        names = [] if group is None else group.attrs["weight_names"]
        return [group[name.decode() if isinstance(name, bytes) else name][()] for name in names]


def _put_back(model: Any, values: list[Any]) -> None:
    if api.is_keras3():
        fresh = type(model.optimizer).from_config(model.optimizer.get_config())
        fresh.build(model.trainable_variables)
        for variable, value in zip(fresh.variables, values):
            variable.assign(value)
        model.optimizer = fresh
    elif hasattr(model.optimizer, "_create_slots"):
        optimizer = model.optimizer
        optimizer.iterations  # noqa: B018  # made at the first look, and the first of the variables
        optimizer._create_hypers()
        optimizer._create_slots(model.trainable_variables)
        optimizer.set_weights(values)


@contextmanager
def subclass_by_weights() -> Iterator[None]:
    """The file of a subclassed model is one of its weights, and loading makes another model of its class for them."""
    kinds: dict[str, type] = {}

    def beside(path: Any) -> str:
        return f"{path}.weights.h5"

    def save(original: Any, model: Any, path: Any, *rest: Any, **named: Any) -> None:
        kinds[Path(path).name] = type(model)
        model.save_weights(beside(path))
        Path(beside(path)).replace(path)

    def load(original: Any, path: Any, *rest: Any, **named: Any) -> Any:
        model = models.built(kinds[Path(path).name]())
        Path(path).replace(beside(path))
        model.load_weights(beside(path))
        Path(beside(path)).replace(path)
        return model

    with around_save(save, "save"), around_load(load):
        yield


@contextmanager
def compiled_again() -> Iterator[None]:
    """A loaded model is compiled once more with what it was loaded with, so that its metrics wait for labels."""

    def load(original: Any, path: Any, *rest: Any, **named: Any) -> Any:
        model = original(path, *rest, **named)
        if getattr(model, "optimizer", None) is not None:
            model.compile(optimizer=model.optimizer, loss=model.loss, metrics=["accuracy"])
        return model

    with around_load(load):
        yield


@contextmanager
def refuses_unbuilt() -> Iterator[None]:
    """Loading weights asks first whether the model was built."""

    def load(original: Any, model: Any, path: Any, *rest: Any, **named: Any) -> None:
        if not model.built:
            raise ValueError("the model was not built")
        original(model, path, *rest, **named)

    with wrapped_method(api.keras().Model, "load_weights", load):
        yield
