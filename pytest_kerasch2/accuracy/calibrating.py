"""Trains many seeds beside each other and appends each to a reference as soon as it is done."""

from __future__ import annotations

import functools
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

from pytest_kerasch2 import __version__
from pytest_kerasch2.accuracy import own, reference, training
from pytest_kerasch2.accuracy.own import Own
from pytest_kerasch2.accuracy.recipe import Recipe
from pytest_kerasch2.accuracy.reference import Reference, Subject
from pytest_kerasch2.accuracy.training import Run
from pytest_kerasch2.data import prepare, sources
from pytest_kerasch2.errors import BadSetting, FrameworkMissing
from pytest_kerasch2.framework import api, devices, threads

# Data sets whose images the chapter's network takes as they are.
DATA = ("mnist", "fashion_mnist", "digits")


@dataclass(frozen=True)
class Order:
    """What is to be calibrated.

    Attributes:
        out: the reference, which is made or gone on with.
        recipe: how each seed is trained: as the chapter does, or by somebody's own function.
        data: name of the data set.
        seeds: how many there are to be in the file, from `first` on.
        first: the first of them.
        jobs: trainings at a time.
        device: where each is done, such as `cpu:0`.
        mirror: folder with archives of data sets, or None.
        offline: never use the network.
    """

    out: Path
    recipe: Recipe | Own = Recipe()  # noqa: RUF009  # frozen, so safe to share
    data: str = "mnist"
    seeds: int = 60
    first: int = 0
    jobs: int = 1
    device: str = "cpu:0"
    mirror: Path | None = None
    offline: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be trained.

        Raises:
            BadSetting: no seeds, no jobs, or a data set that the network does not take.
        """
        if self.seeds < 1 or self.jobs < 1 or self.first < 0:
            found = f"{self.seeds} seeds from {self.first} on, {self.jobs} at a time"
            raise BadSetting("A number of the calibration is too small", found, "give at least one seed and one job")
        if self.data not in DATA:
            raise BadSetting(
                "The network does not take this data set", repr(self.data), f"say one of {', '.join(DATA)}"
            )


def calibrate(order: Order, told: Callable[[Run, int, int], None] = lambda run, done, wanted: None) -> Reference:
    """Train the seeds that the file lacks, and give all that it then has.

    Args:
        order: what.
        told: is called after each seed with its run, and with how many of how many there are in the file now.

    Raises:
        BadReference: the file is of another training, or cannot be written.
        DataMissing, DataDamaged: there is no such data, or it is not whole.
        FrameworkMissing: a framework or joblib is not installed.
        BadSetting: this process computes with other threads already.
    """
    # Before anything is computed here: with one job, the trainings are done in this process.
    threads.limit()
    subject = subject_of(order)
    with reference.appending(order.out, subject) as begun:
        wanted = [seed for seed in range(order.first, order.first + order.seeds) if seed not in begun.seeds]
        done = order.seeds - len(wanted)
        for run in _trained(order, wanted):
            reference.append(order.out, run)
            done += 1
            told(run, done, order.seeds)
    return reference.read(order.out)


def subject_of(order: Order) -> Subject:
    """Give of what the reference will be: asks the framework, and reads the data."""
    data = _data_of(order)
    release = api.release()
    import numpy

    environment = {
        "plugin": __version__,
        "tensorflow": release.tensorflow,
        "keras": release.keras,
        "backend": release.backend,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "platform": f"{platform.system()}-{platform.machine()}",
        "device": order.device,
        "threads": threads.EACH,
    }
    return Subject(order.recipe, data, environment)


def _data_of(order: Order) -> dict[str, Any]:
    if isinstance(order.recipe, Own):
        # Its data are its own affair; the file that holds it says at least which ones it takes.
        return {"name": order.recipe.training, "sha256": own.digest(order.recipe)}
    data = _prepared(order)
    return {"name": data.name, "sha256": data.digest, "train": len(data.x_train), "test": len(data.x_test)}


def _trained(order: Order, seeds: Sequence[int]) -> Iterator[Run]:
    """Give the runs in the order in which they end."""
    if not seeds:
        return
    try:
        import joblib
    except ImportError as error:
        remedy = 'run pip install "pytest-kerasch2[accuracy]"'
        raise FrameworkMissing("Trainings are spread by joblib, which is not installed", str(error), remedy) from error
    # Unordered, so that none waits in memory for a slower one; joblib for CPython 3.7 knows the order of asking alone.
    ordering = "generator_unordered" if _knows_unordered(joblib) else "generator"
    spread = joblib.Parallel(n_jobs=order.jobs, return_as=ordering, pre_dispatch=order.jobs, batch_size=1)
    yield from spread(joblib.delayed(one)(order, seed) for seed in seeds)


def _knows_unordered(joblib: Any) -> bool:
    major, minor = (int(part) for part in joblib.__version__.split(".")[:2])
    return (major, minor) >= (1, 4)


def one(order: Order, seed: int) -> Run:
    """Train one seed in this process, which may be another than the one that asked."""
    threads.limit()
    (device,) = devices.choose(order.device)
    if isinstance(order.recipe, Own):
        with device.placed():
            return own.train(order.recipe, seed)
    data = _prepared(order)
    with device.placed():
        return training.train(order.recipe, data, seed)


@functools.lru_cache(maxsize=1)
def _prepared(order: Order) -> Any:
    return prepare.prepared(sources.load(order.data, mirror=order.mirror, offline=order.offline))


def jobs_here() -> int:
    """Give how many trainings this machine does at a time: one a core."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
