"""Somebody's own training: a function from a seed to the curve that Keras's `fit` gives, named as `module:function`."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable, Mapping

from pytest_kerasch2.accuracy import training
from pytest_kerasch2.accuracy.training import Run
from pytest_kerasch2.errors import BadSetting

# The names that Keras gives to the series of a curve, by ours; `acc` is that of Keras before 2.3.
NAMES = {
    "loss": ("loss",),
    "accuracy": ("accuracy", "acc"),
    "test_loss": ("test_loss", "val_loss"),
    "test_accuracy": ("test_accuracy", "val_accuracy", "val_acc"),
}
REMEDY = "return the history of a fit with metrics=['accuracy'] and validation_data, or a mapping like it"


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
    except Exception as error:
        remedy = "name a function that can be imported from here"
        raise BadSetting("A training cannot be imported", f"{own.training}: {error!r}", remedy) from error
    if not callable(found):
        raise BadSetting("A training is no function", f"{own.training} is {found!r}", "name a function of a seed")
    return found  # type: ignore[no-any-return]


def train(own: Own, seed: int) -> Run:
    """Train once, and give the curve.

    Raises:
        BadSetting: there is no such function, or what it returns is no curve of so many epochs.
        TrainingFailed: a loss is not finite.
    """
    began = time.monotonic()
    given = function_of(own)(seed)
    run = run_of(given, seed, time.monotonic() - began)
    if len(run.loss) != own.epochs:
        found = f"{len(run.loss)} epochs from {own.training}, {own.epochs} announced"
        raise BadSetting("A training has another number of epochs", found, "announce as many as it has")
    return run


def run_of(given: Any, seed: int, seconds: float = 0.0) -> Run:
    """Give the run that a history stands for.

    Args:
        given: what `fit` returned, its `history`, or a mapping with its names; or a run already.
        seed: with which it was trained.
        seconds: how long that took.

    Raises:
        BadSetting: a series is missing, or they differ in length.
        TrainingFailed: a loss is not finite.
    """
    if isinstance(given, Run):
        return training.refuse_diverged(given)
    series = getattr(given, "history", given)
    if not isinstance(series, Mapping):
        raise BadSetting("A training returned no curve", repr(given)[:100], REMEDY)
    found = {name: _series(series, name, keras) for name, keras in NAMES.items()}
    lengths = {name: len(values) for name, values in found.items()}
    if len(set(lengths.values())) > 1 or not lengths["loss"]:
        raise BadSetting("The series of a curve differ in length", str(lengths), REMEDY)
    return training.refuse_diverged(Run(seed=seed, seconds=round(seconds, 2), **found))


def _series(series: Mapping[str, Any], name: str, keras: tuple[str, ...]) -> tuple[float, ...]:
    for known in keras:
        if known in series:
            return training.numbers(series[known])
    names = ", ".join(map(repr, series)) or "nothing"
    raise BadSetting(f"A curve lacks {' or '.join(keras)}", f"it has {names}", REMEDY)


def digest(own: Own) -> str:
    """Give the hash of the file that holds the function, by which a changed training is known."""
    source = inspect.getsourcefile(function_of(own))
    return hashlib.sha256(Path(source).read_bytes() if source else own.training.encode()).hexdigest()
