"""What is compared: benchmarks by their names, the chapter's own or those of somebody's own function."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from typing import Any, Callable, Mapping

import numpy as np

from pytest_kerasch2 import models
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error
from pytest_kerasch2.framework import api

# Made up, so that nothing need be installed or fetched: so many images of ten classes that can be told apart. An
# epoch of them is a block of a tenth of a second.
IMAGES = 1280
CHAPTERS = {"fit": "fit", "train_on_batch": "train_on_batch", "predict": "predict"}


@dataclass(frozen=True)
class Benchmark:
    """A model and what is timed of it.

    Attributes:
        model: a Keras model.
        data, batch_size, mode, class_weight: as for `recording.recorded`.
    """

    model: Any
    data: Any
    batch_size: int = 32
    mode: str = "fit"
    class_weight: Mapping[int, float] | None = None


def load_suite(address: str | None) -> Mapping[str, Callable[[], Benchmark]]:
    """Return what makes each benchmark of a suite.

    Args:
        named: `module:function` that gives a mapping from names to functions, each of which gives the arguments of a
            `Benchmark` as a mapping; None for the chapter's network, in three ways.

    Raises:
        InvalidArgument: there is no such function, or it gives something else.
    """
    if address is None:
        return {name: _chapter_benchmark(mode) for name, mode in CHAPTERS.items()}
    suite = _call_suite(address)
    if not isinstance(suite, Mapping) or not suite or not all(map(callable, suite.values())):
        remedy = "let it give a mapping from names to functions"
        raise InvalidArgument("A suite is no mapping of functions", f"{address} gives {suite!r}"[:120], remedy)
    return {str(name): _checked_benchmark(address, make) for name, make in suite.items()}


def _call_suite(address: str) -> Any:
    module, colon, function = address.partition(":")
    if not module or not colon or not function:
        raise InvalidArgument("A suite is not named", repr(address), "write MODULE:FUNCTION")
    try:
        return getattr(importlib.import_module(module), function)()
    except KerasCh2Error:
        raise
    except (ImportError, AttributeError, TypeError) as error:
        raise InvalidArgument(
            "A suite cannot be had", f"{address}: {error}", "name a function that takes nothing"
        ) from error


def _checked_benchmark(address: str, make: Callable[[], Any]) -> Callable[[], Benchmark]:
    def build() -> Benchmark:
        arguments = make()
        names = set(inspect.signature(Benchmark).parameters)
        if not isinstance(arguments, Mapping) or not {"model", "data"} <= set(arguments) <= names:
            remedy = f"let it give a mapping with {', '.join(sorted(names))}, the first two at least"
            raise InvalidArgument("A benchmark of a suite cannot be used", f"{address}: {arguments!r}"[:120], remedy)
        return Benchmark(**arguments)

    return build


def _chapter_benchmark(mode: str) -> Callable[[], Benchmark]:
    def build() -> Benchmark:
        api.fresh_session(0)
        return Benchmark(models.style("sequential-list").compiled(api.tensorflow()), synthetic_images(), mode=mode)

    return build


def synthetic_images() -> tuple[Any, Any]:
    """Return made-up images, float32 from 0 to 1 of shape (n, 28, 28), each brighter in the rows of its class."""
    drawn = np.random.RandomState(0)
    labels = drawn.randint(0, 10, IMAGES).astype("int64")
    x = drawn.uniform(0, 0.5, (IMAGES, 28, 28)).astype("float32")
    for label in range(10):
        x[labels == label, 2 * label : 2 * label + 2] += 0.5
    return x, labels
