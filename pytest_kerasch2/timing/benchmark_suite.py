"""Suites of benchmarks for a comparison: the chapter's, or that of a user's function, and where it is found."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

import numpy as np

from pytest_kerasch2 import models
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error
from pytest_kerasch2.framework import api
from pytest_kerasch2.json_files import parse_json
from pytest_kerasch2.suggestions import did_you_mean
from pytest_kerasch2.timing import suite_search
from pytest_kerasch2.timing.timed_processes import ComparedSide, python_path

# Made up, so that nothing need be installed or fetched: so many images of ten classes that a network can learn. An
# epoch of them is a block of a tenth of a second.
IMAGES = 1280
CHAPTERS = {"fit": "fit", "train_on_batch": "train_on_batch", "predict": "predict"}


@dataclass(frozen=True)
class Benchmark:
    """A model and what is timed of it.

    Attributes:
        model: a Keras model.
        data, batch_size, mode, class_weight: as for `pytest_benchmark_adapter.record_model`.
    """

    model: Any
    data: Any
    batch_size: int = 32
    mode: str = "fit"
    class_weight: Mapping[int, float] | None = None


def load_suite(address: str | None) -> Mapping[str, Callable[[], Benchmark]]:
    """Return what makes each benchmark of a suite.

    Args:
        address: `module:function` that gives a mapping from names to functions, each of which gives the arguments of a
            `Benchmark` as a mapping; None for the chapter's network, in three ways.

    Raises:
        InvalidArgument: there is no such function, or it gives something else.
    """
    if address is None:
        return {name: _chapter_benchmark(mode) for name, mode in CHAPTERS.items()}
    suite = _call_suite(address)
    if not isinstance(suite, Mapping) or not suite or not all(map(callable, suite.values())):
        remedy = "let it return {'name': function, ...}"
        raise InvalidArgument(
            "suite must return a mapping from names to functions", f"{address} gives {suite!r}"[:120], remedy
        )
    return {str(name): _checked_benchmark(address, make) for name, make in suite.items()}


def _call_suite(address: str) -> Any:
    module, colon, function = address.partition(":")
    if not module or not colon or not function:
        raise InvalidArgument(f"suite must be written as MODULE:FUNCTION, got {address!r}")
    try:
        return getattr(importlib.import_module(module), function)()
    except KerasCh2Error:
        raise
    except (ImportError, AttributeError, TypeError) as error:
        raise InvalidArgument(
            "The suite cannot be loaded", f"{address}: {error}", "name a function that takes nothing"
        ) from error


def _checked_benchmark(address: str, make: Callable[[], Any]) -> Callable[[], Benchmark]:
    def build() -> Benchmark:
        arguments = make()
        names = set(inspect.signature(Benchmark).parameters)
        if not isinstance(arguments, Mapping) or not {"model", "data"} <= set(arguments) <= names:
            remedy = f"let it give a mapping with {', '.join(sorted(names))}, the first two at least"
            raise InvalidArgument(
                "A benchmark of the suite has unusable arguments", f"{address}: {arguments!r}"[:120], remedy
            )
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


SUITE_ADDRESS = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
# Seconds: an interpreter on a slow disk takes a few.
LOOKUP_DEADLINE = 60.0


def check_words(suite: str | None, benchmarks: Sequence[str]) -> None:
    """Require that a suite is written as `module:function`, and that the chapter has the benchmarks named of it.

    Raises:
        InvalidArgument: it is not so.
    """
    if suite is not None and not SUITE_ADDRESS.fullmatch(suite):
        raise InvalidArgument(f"suite must be written as MODULE:FUNCTION, got {suite!r}")
    unknown = [name for name in benchmarks if name not in CHAPTERS]
    if suite is None and unknown:
        remedy = f"name one of {', '.join(CHAPTERS)}" + did_you_mean(unknown[0], CHAPTERS, before="; ")
        raise InvalidArgument("The chapter's suite has no such benchmark", ", ".join(map(repr, unknown)), remedy)


def check_suite(side: ComparedSide, suite: str | None, here: Path) -> None:
    """Require that a side has the suite, as far as that can be known without importing it.

    Args:
        side: whose interpreter searches.
        suite: `module:function`, or None for the chapter's.
        here: the user's own folder, in which it may be although the side does not have it.

    Raises:
        InvalidArgument: there is no such module or function; the message says where it was looked for.
    """
    if suite is None:
        return
    module, _, function = suite.partition(":")
    answer = _search(side, module)
    if answer is None:
        # It does not answer: the process that times will say why.
        return
    places = ", ".join(map(str, dict.fromkeys((*side.import_first, side.folder))))
    if answer["file"] is None:
        places_text = f"it was looked for in what is installed for {side.python} and in {places}"
        problem = f"{suite}: {side.name} has no module {module}{_reason(answer)}; {places_text}"
        raise InvalidArgument("The suite cannot be found", problem, _remedy(side, module, here))
    if answer["error"]:
        raise InvalidArgument("The suite cannot be read", f"{suite}: {answer['error']}", "correct that file")
    if answer["names"] is not None and function not in answer["names"]:
        remedy = f"name a function of that file{did_you_mean(function, answer['names'], before='; ')}"
        raise InvalidArgument("The suite cannot be found", f"{suite}: {answer['file']} has no {function}", remedy)


def _reason(answer: dict[str, Any]) -> str:
    return f" ({answer['error']})" if answer["error"] else ""


def _remedy(side: ComparedSide, module: str, here: Path) -> str:
    top = module.partition(".")[0]
    in_working_tree = any((place / top).is_dir() or (place / f"{top}.py").is_file() for place in (here, here / "src"))
    if side.revision and in_working_tree:
        return f"commit it: it is in your working tree, and not in {side.name}"
    near = [path.stem for place in (*side.import_first, side.folder) if place.is_dir() for path in place.iterdir()]
    remedy = "run this in the folder that has it, or install it"
    return remedy + did_you_mean(top, [name for name in near if name.isidentifier()], before="; ")


def _search(side: ComparedSide, module: str) -> dict[str, Any] | None:
    """Return what the interpreter of a side finds, or None if it gives no answer."""
    program = Path(suite_search.__file__).read_text(encoding="utf-8")
    try:
        done = subprocess.run(
            [str(side.python), "-c", program, str(side.folder), module],
            cwd=str(side.folder),
            env={**os.environ, **side.variables, "PYTHONPATH": python_path(side)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LOOKUP_DEADLINE,
        )
        answer = parse_json(done.stdout.decode("utf-8", "replace").strip().rpartition("\n")[2])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return answer if isinstance(answer, dict) and {"file", "names", "error"} <= set(answer) else None
