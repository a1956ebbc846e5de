"""How many functions the backend has."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Iterator
from unittest import mock

import numpy

from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

# The backends of Keras 2 have from 140 to 150, and what Keras 3 left under that name has 14.
MANY = 100
# Of each kind one that every engine can do, and what NumPy gives for it.
EXAMPLES: dict[str, Callable[..., Any]] = {
    "abs": numpy.abs,
    "square": numpy.square,
    "exp": numpy.exp,
    "sqrt": lambda values: numpy.sqrt(numpy.abs(values)),
    "sigmoid": lambda values: 1 / (1 + numpy.exp(-values)),
    "relu": lambda values: numpy.maximum(values, 0),
    "tanh": numpy.tanh,
    "sum": numpy.sum,
    "mean": numpy.mean,
    "max": numpy.max,
    "transpose": numpy.transpose,
    "flatten": numpy.ravel,
}
NOT_NEGATIVE = {"sqrt"}


def _functions(module: Any) -> list[str]:
    public = [name for name in dir(module) if not name.startswith("_")]
    values = [(name, getattr(module, name, None)) for name in public]
    return [name for name, value in values if callable(value) and not isinstance(value, type)]


@contextlib.contextmanager
def most_lost() -> Iterator[None]:
    """The backend has the first forty of its functions, in the order of their names, and no more."""
    module = api.backend_functions()
    left = _functions(module)[:40]
    with mock.patch.object(module, "__dir__", return_value=left, create=True):
        yield


mean_is_median = common_faults.fault(
    "The backend's `mean` gives the value in the middle.",
    lambda: common_faults.wrapped(api.backend_functions(), "mean", lambda _, tensor: numpy.median(api.array(tensor))),
)


@contextlib.contextmanager
def operations_in_the_backend() -> Iterator[None]:
    """The backend has the functions of `keras.ops` too, as before Keras 3."""
    module, operations = api.backend_functions(), api.keras().ops
    with contextlib.ExitStack() as patches:
        for name in _functions(operations):
            if not hasattr(module, name):
                patches.enter_context(mock.patch.object(module, name, getattr(operations, name), create=True))
        patches.enter_context(mock.patch.object(module, "flatten", operations.ravel, create=True))
        yield


@claim("backend.many-functions", "The backend has many functions: a hundred and more.", "prose")
@known_issue(
    of="keras",
    since="3.0",
    backends=("jax", "torch"),
    cause="keras.backend of Keras 3 has settings only, 14 functions; those on tensors are in keras.ops.",
    source="https://github.com/keras-team/keras/blob/v3.15.1/keras/api/backend/__init__.py",
    symptom="functions of the backend: ",
    workaround=chapter_workarounds.CONSTANT,
)
@fixed_by(operations_in_the_backend)
@detects(most_lost, mean_is_median)
@tolerates(common_faults.other_seed)
def many_functions(tf: Any, record: Recorder) -> None:
    """Count them, and hold a dozen of them against NumPy."""
    functions = api.backend_functions()
    record.at_least("functions of the backend", limit=MANY, actual=len(_functions(functions)))

    drawn = numpy.random.RandomState(41).uniform(-1, 1, (3, 4)).astype("float32")
    for name, by_numpy in EXAMPLES.items():
        values = numpy.abs(drawn) if name in NOT_NEGATIVE else drawn
        actual = api.array(getattr(functions, name)(api.tensor(values)))
        apart = float(numpy.max(numpy.abs(numpy.ravel(actual) - numpy.ravel(by_numpy(values)))))
        record.at_most(f"{name} of twelve numbers, away from NumPy's", limit=1e-5, actual=round(apart, 7))
