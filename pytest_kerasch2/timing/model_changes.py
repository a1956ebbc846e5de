"""What timing changes of a model, and putting it back: weights, optimizers, metrics, and a few attributes."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any, Iterable, Iterator, Mapping, Sequence

import numpy as np

from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import nested_arrays

# What Keras sets on a model while it trains or evaluates.
ATTRIBUTES = ("history", "stop_training")
# What its compiled steps are made from.
FUNCTION_ATTRIBUTES = ("steps_per_execution", "train_step")
ABSENT = object()
FUNCTIONS = ("train_function", "test_function", "predict_function")


@contextlib.contextmanager
def variables_restored(model: Any) -> Iterator[None]:
    """Put the weights of a model, and what its optimizers and metrics remember, back at the end."""
    changed = training_variables(model)
    before = list(map(copy_of, changed))
    try:
        yield
    finally:
        assign_values(changed, before)


@contextlib.contextmanager
def model_restored(model: Any) -> Iterator[None]:
    """Put back variables, and the attributes in which Keras keeps what it has done."""
    before = {name: vars(model).get(name, ABSENT) for name in (*ATTRIBUTES, *FUNCTION_ATTRIBUTES)}
    try:
        with variables_restored(model):
            yield
    finally:
        changed = [name for name, value in before.items() if vars(model).get(name, ABSENT) is not value]
        for name in changed:
            if before[name] is ABSENT:
                delattr(model, name)
            else:
                setattr(model, name, before[name])
        if set(FUNCTION_ATTRIBUTES) & set(changed):
            forget_functions(model)


def forget_functions(model: Any) -> None:
    """Let Keras make the compiled steps of a model anew: they do what they were made for."""
    for name in FUNCTIONS:
        if hasattr(model, name):
            setattr(model, name, None)


def training_variables(model: Any) -> list[Any]:
    """Return all that training changes: variables of the model, of its optimizers and of its metrics, each once."""
    by_id: dict[int, Any] = {}
    of_optimizers = itertools.chain.from_iterable(_of(one, "variables") for one in optimizers_of(model))
    for group in (_of(model, "variables"), of_optimizers, _of_metrics(model), _of_states(model)):
        by_id.update((id(one), one) for one in group)
    return list(by_id.values())


def _of(holder: Any, name: str) -> Sequence[Any]:
    # Keras raises ValueError for what has not been built.
    with contextlib.suppress(ValueError, AttributeError, NotImplementedError):
        held = getattr(holder, name)
        # Of optimizers a method up to Keras 2.10, and from 2.11 on a property.
        return list(held() if callable(held) else held)
    return []


def _of_metrics(model: Any) -> Iterator[Any]:
    for one in _of(model, "metrics"):
        yield from _of(one, "variables")


def _of_states(model: Any) -> Iterator[Any]:
    """Return what layers keep from one batch to the next: Keras 3 counts it among the variables of none."""
    for layer in _of(model, "layers"):
        yield from (one for one in nested_arrays.values(getattr(layer, "states", None)) if hasattr(one, "assign"))
        if hasattr(layer, "layers"):
            yield from _of_states(layer)


def optimizers_of(model: Any) -> list[Any]:
    """Return the optimizers of a model, also those that it was given by a `compile` of its own, and of models in it."""
    own = getattr(model, "optimizer", None)
    by_id: dict[int, Any] = {} if own is None else {id(own): own}
    for one in _held(model, depth=3):
        if is_optimizer(one):
            by_id[id(one)] = one
    return list(by_id.values())


def is_optimizer(thing: Any) -> bool:
    """Whether something is an optimizer of Keras."""
    return hasattr(thing, "apply_gradients") and hasattr(thing, "variables")


def _held(holder: Any, depth: int) -> Iterable[Any]:
    """Return what a model holds, and what is held by models, lists and mappings in it."""
    own = getattr(holder, "optimizer", None)
    # Keras 2 keeps attributes in wrappers, and its layers in a list.
    for one in [own, *vars(holder).values(), *_of(holder, "layers")]:
        yield one
        if isinstance(one, Mapping):
            yield from one.values()
        elif isinstance(one, (list, tuple)):
            yield from one
        elif depth and hasattr(one, "compile") and hasattr(one, "fit"):
            yield from _held(one, depth - 1)


def copy_of(variable: Any) -> Any:
    """Return the values of a variable, which stay as they are whatever it becomes."""
    return np.array(api.array(variable))


def assign_values(targets: Sequence[Any], values: Sequence[Any]) -> None:
    """Return variables their values."""
    for variable, value in zip(targets, values):
        variable.assign(value)
