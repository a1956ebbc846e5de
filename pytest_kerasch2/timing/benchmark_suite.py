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


def of(named: str | None) -> Mapping[str, Callable[[], Benchmark]]:
    """Return what makes each benchmark of a suite.

    Args:
        named: `module:function` that gives a mapping from names to functions, each of which gives the arguments of a
            `Benchmark` as a mapping; None for the chapter's network, in three ways.

    Raises:
        InvalidArgument: there is no such function, or it gives something else.
    """
    if named is None:
        return {name: _chapters(mode) for name, mode in CHAPTERS.items()}
    found = _called(named)
    if not isinstance(found, Mapping) or not found or not all(map(callable, found.values())):
        remedy = "let it give a mapping from names to functions"
        raise InvalidArgument("A suite is no mapping of functions", f"{named} gives {found!r}"[:120], remedy)
    return {str(name): _own(named, make) for name, make in found.items()}


def _called(named: str) -> Any:
    module, colon, function = named.partition(":")
    if not module or not colon or not function:
        raise InvalidArgument("A suite is not named", repr(named), "write MODULE:FUNCTION")
    try:
        return getattr(importlib.import_module(module), function)()
    except KerasCh2Error:
        raise
    except (ImportError, AttributeError, TypeError) as error:
        raise InvalidArgument(
            "A suite cannot be had", f"{named}: {error}", "name a function that takes nothing"
        ) from error


def _own(named: str, make: Callable[[], Any]) -> Callable[[], Benchmark]:
    def made() -> Benchmark:
        given = make()
        known = set(inspect.signature(Benchmark).parameters)
        if not isinstance(given, Mapping) or not {"model", "data"} <= set(given) <= known:
            remedy = f"let it give a mapping with {', '.join(sorted(known))}, the first two at least"
            raise InvalidArgument("A benchmark of a suite cannot be used", f"{named}: {given!r}"[:120], remedy)
        return Benchmark(**given)

    return made


def _chapters(mode: str) -> Callable[[], Benchmark]:
    def made() -> Benchmark:
        api.fresh_session(0)
        return Benchmark(models.style("sequential-list").compiled(api.tensorflow()), images(), mode=mode)

    return made


def images() -> tuple[Any, Any]:
    """Return made-up images, float32 from 0 to 1 of shape (n, 28, 28), each brighter in the rows of its class."""
    drawn = np.random.RandomState(0)
    labels = drawn.randint(0, 10, IMAGES).astype("int64")
    x = drawn.uniform(0, 0.5, (IMAGES, 28, 28)).astype("float32")
    for label in range(10):
        x[labels == label, 2 * label : 2 * label + 2] += 0.5
    return x, labels
