"""A training function of the user, from a seed to curves, named as `module:function`; and what its errors say."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import re
import sys
import sysconfig
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable

from pytest_kerasch2.accuracy.runs import TrainingRun, one_line, run_of
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error, TrainingFailed

# Letters of an error that is not ours: some errors of Keras list the shapes of all layers.
MAX_LETTERS = 300
COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# A row of numbers, as an array is written, with what follows it: Keras writes arguments last.
ROWS = re.compile(r"\[\[?\[?\s*-?\d[\d.e+-]*(,?\s+-?\d[\d.e+-]*){3,}.*", re.DOTALL)
# Where Keras begins to list what a layer was called with.
LISTED = re.compile(
    r"\s*(Arguments received by|Call arguments received by|Detected at node|Full shape received).*", re.DOTALL
)
LIBRARIES = tuple({sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib")})
OURS = str(Path(__file__).parent.parent)


@dataclass(frozen=True)
class UserTraining:
    """A user-supplied training function.

    Attributes:
        training: the function, as `module:function`; it takes a seed.
        epochs: how many its curve has at most, or None for as many as it returns.
    """

    training: str
    epochs: int | None = None

    def __post_init__(self) -> None:
        """Check that this names a function.

        Raises:
            InvalidArgument: it is no `module:function`, or has no epochs.
        """
        module, _, function = self.training.partition(":")
        if not module or not function:
            raise InvalidArgument(f"training must be written as module:function, got {self.training!r}")
        if self.epochs is not None and self.epochs < 1:
            raise InvalidArgument(f"epochs must be a positive integer, got {self.epochs!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return what a file says of it."""
        return asdict(self)


def load_function(training: UserTraining) -> Callable[[int], Any]:
    """Return the function itself, from the folder of the call or from what is installed.

    Raises:
        InvalidArgument: there is none, or it cannot be imported.
    """
    name, _, attribute = training.training.partition(":")
    here = os.getcwd()  # noqa: PTH109  # an entry of sys.path is a text
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        function = getattr(importlib.import_module(name), attribute)
    # A script that is meant to be run may end by `sys.exit`, which would be taken for the status of a gate.
    except (Exception, SystemExit) as error:
        remedy = "name a function that can be imported from here"
        raise InvalidArgument(f"The training {training.training} cannot be imported", repr(error), remedy) from error
    if not callable(function):
        raise InvalidArgument(f"The training {training.training} must be a function of a seed, got {function!r}")
    return function  # type: ignore[no-any-return]


def train(training: UserTraining, seed: int) -> TrainingRun:
    """Train once, and give the curve.

    Raises:
        InvalidArgument: there is no such function, or what it returns is not a curve, or has more epochs than
            announced.
        TrainingFailed: it raised an error, or a loss is not finite.
    """
    run = train_by(load_function(training), seed)
    if training.epochs is not None and run.epochs > training.epochs:
        happened = f"{training.training} returned {run.epochs} epochs, and epochs is {training.epochs}"
        raise InvalidArgument(happened, remedy=f"use --epochs={run.epochs}, or leave --epochs out")
    return run


def train_by(
    function: Callable[[int], Any], seed: int, on_result: Callable[[Any, str], None] = lambda result, where: None
) -> TrainingRun:
    """Train once by a function itself, and return the curve with the time that it took.

    Args:
        function: from a seed to the curve.
        seed: with which it is called.
        on_result: is called with what it returned, and with its seed in words.

    Raises:
        InvalidArgument: what it returns is not a curve.
        TrainingFailed: it raised an error, or a loss is not finite.
    """
    began = time.monotonic()
    result = _called(function, seed)
    on_result(result, f"seed {seed}")
    return run_of(result, seed, time.monotonic() - began)


def _check_takes_a_seed(function: Callable[[int], Any], seed: int) -> None:
    try:
        inspect.signature(function).bind(seed)
    except TypeError as error:
        raise InvalidArgument(
            "The training function must take a seed", str(error), "write it as `def train(seed):`"
        ) from None
    except ValueError:
        # Of what is compiled Python does not know the arguments.
        return


def _called(function: Callable[[int], Any], seed: int) -> Any:
    _check_takes_a_seed(function, seed)
    try:
        return function(seed)
    except KerasCh2Error:
        raise
    # `sys.exit` too, which would be taken for the status of a gate.
    except (Exception, SystemExit) as error:
        what = f"{short_error(error, MAX_LETTERS)}, in {error_location(error)}, with seed {seed}"
        remedy = "train with that seed outside of a gate, which shows more"
        raise TrainingFailed("The training function raised an error", what, remedy) from error


def digest(training: UserTraining) -> str:
    """Return the hash of the file that holds the function, by which a changed training is known."""
    function = load_function(training)
    try:
        source = inspect.getsourcefile(function)
    except TypeError:
        # What can be called and is no function: `functools.partial`, or an object of a class.
        source = getattr(sys.modules[training.training.partition(":")[0]], "__file__", None)
    return hashlib.sha256(Path(source).read_bytes() if source else training.training.encode()).hexdigest()


def short_error(error: BaseException, letters: int) -> str:
    """Return the type and the beginning of the message of an error as one line of plain text."""
    text = COLOURS.sub("", str(error))
    for cut in (LISTED, ROWS):
        text = cut.sub("", text)
    return one_line(f"{type(error).__name__}: {text}", letters).rstrip(" .:=")


def error_location(error: BaseException) -> str:
    """Return the line of a user's own file in which an error came up; the last line of all where none is."""
    frames = traceback.extract_tb(error.__traceback__)
    users = [frame for frame in frames if not frame.filename.startswith((*LIBRARIES, OURS, "<"))]
    last = (users or list(frames))[-1]
    return f"line {last.lineno} of {Path(last.filename).name}"
