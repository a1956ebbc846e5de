"""Somebody's own training: a function from a seed to the curve that Keras's `fit` gives, named as `module:function`."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable, Mapping

from pytest_kerasch2.accuracy import training
from pytest_kerasch2.accuracy.training import Run
from pytest_kerasch2.errors import BadSetting, KerasCh2Error, TrainingFailed

# The names that Keras gives to the series of a curve, by ours; `acc` is that of Keras before 2.3.
NAMES = {
    "loss": ("loss",),
    "accuracy": ("accuracy", "acc"),
    "test_loss": ("test_loss", "val_loss"),
    "test_accuracy": ("test_accuracy", "val_accuracy", "val_acc"),
}
REMEDY = "return the history of a fit with metrics=['accuracy'] and validation_data, or a mapping like it"
# Letters of an error that is not ours: Keras tells the shapes of all layers in some.
TOLD = 300


@dataclass(frozen=True)
class Own:
    """How one's own training goes.

    Attributes:
        training: the function, as `module:function`; it takes a seed.
        epochs: how many its curve has.
    """

    training: str
    epochs: int

    def __post_init__(self) -> None:
        """Refuse what cannot be trained.

        Raises:
            BadSetting: it is no `module:function`, or has no epochs.
        """
        module, _, function = self.training.partition(":")
        if not module or not function:
            raise BadSetting("A training is named as module:function", repr(self.training), "write it so")
        if self.epochs < 1:
            raise BadSetting("A training has one epoch at least", repr(self.epochs), "say how many its curve has")

    @property
    def plain(self) -> dict[str, Any]:
        """Give what a file says of it."""
        return asdict(self)


def function_of(own: Own) -> Callable[[int], Any]:
    """Give the function itself, from the folder of the call or from what is installed.

    Raises:
        BadSetting: there is none, or it cannot be imported.
    """
    name, _, attribute = own.training.partition(":")
    here = os.getcwd()  # noqa: PTH109  # an entry of sys.path is a text
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(name), attribute)
    # A script that is meant to be run may end by `sys.exit`, which would be taken for the status of a gate.
    except (Exception, SystemExit) as error:
        remedy = "name a function that can be imported from here"
        raise BadSetting("A training cannot be imported", f"{own.training}: {error!r}", remedy) from error
    if not callable(found):
        raise BadSetting("A training is no function", f"{own.training} is {found!r}", "name a function of a seed")
    return found  # type: ignore[no-any-return]


def train(own: Own, seed: int) -> Run:
    """Train once, and give the curve.

    Raises:
        BadSetting: there is no such function, or what it returns is no curve of so many epochs.
        TrainingFailed: it raised an error, or a loss is not finite.
    """
    run = trained(function_of(own), seed)
    if len(run.loss) != own.epochs:
        found = f"{len(run.loss)} epochs from {own.training}, {own.epochs} announced"
        raise BadSetting("A training has another number of epochs", found, f"say --epochs={len(run.loss)}")
    return run


def trained(function: Callable[[int], Any], seed: int) -> Run:
    """Train once by a function itself, and give the curve with the time that it took.

    Raises:
        BadSetting: what it returns is no curve.
        TrainingFailed: it raised an error, or a loss is not finite.
    """
    began = time.monotonic()
    given = _called(function, seed)
    return run_of(given, seed, time.monotonic() - began)


def _called(function: Callable[[int], Any], seed: int) -> Any:
    try:
        return function(seed)
    except KerasCh2Error:
        raise
    # `sys.exit` too, which would be taken for the status of a gate.
    except (Exception, SystemExit) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        told = _line(f"{type(error).__name__}: {error}", TOLD)
        found = f"{told}, in line {last.lineno} of {Path(last.filename).name}, with seed {seed}"
        remedy = "train with that seed outside of a gate, which tells more"
        raise TrainingFailed("A training raised an error", found, remedy) from error


def run_of(given: Any, seed: int, seconds: float = 0.0) -> Run:
    """Give the run that a history stands for.

    Args:
        given: what `fit` returned, its `history`, or a mapping with its names; or a run already.
        seed: with which it was trained.
        seconds: how long that took.

    Raises:
        BadSetting: a series is missing, they differ in length, or they hold what no loss or accuracy can be.
        TrainingFailed: a loss is not finite.
    """
    run = given if isinstance(given, Run) else _read(given, seed, seconds)
    lengths = {name: len(getattr(run, name)) for name in NAMES}
    if len(set(lengths.values())) > 1 or not run.loss:
        raise BadSetting("The series of a curve are empty or differ in length", str(lengths), REMEDY)
    training.refuse_diverged(run)
    for name in NAMES:
        values = getattr(run, name)
        if min(values) < 0 or (name.endswith("accuracy") and max(values) > 1):
            remedy = "give losses from 0 up, and accuracies as shares from 0 to 1"
            raise BadSetting("A curve has an impossible value", f"{name} {values} with seed {run.seed}", remedy)
    return run


def _read(given: Any, seed: int, seconds: float) -> Run:
    series = getattr(given, "history", given)
    if not isinstance(series, Mapping):
        raise BadSetting("A training returned no curve", quoted(given), REMEDY)
    found = {name: _series(series, name, keras) for name, keras in NAMES.items()}
    return Run(seed=seed, seconds=round(seconds, 2), **found)


def quoted(given: Any) -> str:
    """Give the beginning of what somebody gave us, as one line."""
    return _line(repr(given), 100)


def _line(text: str, letters: int) -> str:
    return " ".join(text.split())[:letters]


def _series(series: Mapping[str, Any], name: str, keras: tuple[str, ...]) -> tuple[float, ...]:
    for known in keras:
        if known in series:
            return _numbers(series[known], known)
    names = ", ".join(map(repr, series)) or "nothing"
    raise BadSetting(f"A curve lacks {' or '.join(keras)}", f"it has {names}", REMEDY)


def _numbers(values: Any, name: str) -> tuple[float, ...]:
    try:
        return training.numbers(values)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadSetting("A curve does not hold numbers", f"{name} is {quoted(values)}", REMEDY) from error


def digest(own: Own) -> str:
    """Give the hash of the file that holds the function, by which a changed training is known."""
    function = function_of(own)
    try:
        source = inspect.getsourcefile(function)
    except TypeError:
        # What can be called and is no function: `functools.partial`, or an object of a class.
        source = getattr(sys.modules[own.training.partition(":")[0]], "__file__", None)
    return hashlib.sha256(Path(source).read_bytes() if source else own.training.encode()).hexdigest()
