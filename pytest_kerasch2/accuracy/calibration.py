"""Trains many seeds beside each other and appends each to a reference as soon as it is done."""

from __future__ import annotations

import functools
import platform
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable

from pytest_kerasch2 import __version__
from pytest_kerasch2.accuracy import executors, reference, training, user_training
from pytest_kerasch2.accuracy.recipe import Recipe
from pytest_kerasch2.accuracy.reference import Reference, Subject
from pytest_kerasch2.accuracy.runs import Run
from pytest_kerasch2.accuracy.user_training import Own
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.data import preprocessing, sources
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import api, devices, packages, threads
from pytest_kerasch2.suggestions import did_you_mean

# Data sets whose images the chapter's network takes as they are.
DATA = ("mnist", "fashion_mnist", "digits")
# Where a training that knows nothing of Keras is done, it decides itself.
_OWN_DEVICE = "-"


@dataclass(frozen=True)
class Order:
    """What is to be calibrated.

    Attributes:
        out: the reference, which is made or gone on with.
        recipe: how each seed is trained: as the chapter does, or by somebody's own function.
        data: name of the data set.
        seeds: how many there are to be in the file, from `first` on.
        first: the first of them.
        jobs: trainings at a time; None for as many as there is room for.
        device: where each is done, such as `cpu`, `gpu` or `gpu:1`; None for a GPU if there is one here.
        mirror: folder with archives of data sets, or None; on each worker of a cluster.
        offline: never use the network, there neither.
        cluster: address of the Dask or Ray cluster that does the trainings, or None for this machine.
    """

    out: Path
    recipe: Recipe | Own = Recipe()  # noqa: RUF009  # frozen, so safe to share
    data: str = "mnist"
    seeds: int = 60
    first: int = 0
    jobs: int | None = 1
    device: str | None = "cpu:0"
    mirror: Path | None = None
    offline: bool = False
    cluster: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be trained.

        Raises:
            InvalidArgument: no seeds, no jobs, or a data set that the network does not take.
        """
        if self.seeds < 1 or self.first < 0 or (self.jobs is not None and self.jobs < 1):
            jobs = "" if self.jobs is None else f", {self.jobs} at a time"
            found = f"{self.seeds} seeds from {self.first} on{jobs}"
            raise InvalidArgument(
                "A number of the calibration is too small", found, "give at least one seed and one job"
            )
        if self.data not in DATA:
            raise InvalidArgument(
                "The network does not take this data set",
                repr(self.data),
                f"say one of {', '.join(DATA)}{did_you_mean(self.data, DATA, before='; ')}",
            )


def calibrate(order: Order, told: Callable[[Run, int, int], None] = lambda run, done, wanted: None) -> Reference:
    """Train the seeds that the file lacks, and give all that it then has.

    Args:
        order: what.
        told: is called after each seed with its run, and with how many of how many there are in the file now.

    Raises:
        BadReference: the file is of another training, or cannot be written.
        DataMissing, DataDamaged: there is no such data, or it is not whole.
        FrameworkMissing: a framework, joblib or what reaches the cluster is not installed.
        InvalidArgument: this process computes with other threads already, no cluster answers, or a worker is unlike
            this process.
        TrainingFailed: a training gave no curve, or the cluster gave it up.
    """
    reference.check_place(order.out)
    if order.mirror is not None and order.cluster is None:
        sources.check_mirror(order.mirror)
    # Before anything is computed here: with one job, the trainings are done in this process.
    if not _is_without_keras(order):
        threads.limit()
    order = replace(order, device=_placed(order))
    subject = subject_of(order)
    with reference.appending(order.out, subject) as begun:
        wanted = [seed for seed in range(order.first, order.first + order.seeds) if seed not in begun.seeds]
        done = order.seeds - len(wanted)
        work = functools.partial(one, order, subject)
        for run in executors.spread(work, wanted, jobs=order.jobs, cluster=order.cluster):
            reference.append(order.out, run)
            done += 1
            told(run, done, order.seeds)
    return reference.read(order.out)


def _placed(order: Order) -> str:
    """Return the name of the one device that is meant, of which there may be others on the machines of a cluster."""
    if _is_without_keras(order):
        return _OWN_DEVICE
    if order.cluster is None:
        devices.share_memory()
        return devices.one(order.device).name
    word = devices.single(order.device) or "cpu"
    return word if ":" in word else f"{word}:0"


def _is_without_keras(order: Order) -> bool:
    """Whether the training needs nothing of ours: somebody's own, and no TensorFlow or Keras is installed."""
    return isinstance(order.recipe, Own) and packages.installed() is None


def subject_of(order: Order) -> Subject:
    """Return of what the reference will be: asks the framework, and reads the data."""
    data = _data_of(order)
    release = Release("-", "-", "-") if _is_without_keras(order) else api.release()
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
        return {"name": order.recipe.training, "sha256": user_training.digest(order.recipe)}
    data = _prepared(order)
    return {"name": data.name, "sha256": data.digest, "train": len(data.x_train), "test": len(data.x_test)}


def one(order: Order, subject: Subject, seed: int) -> Run:
    """Train one seed in this process, which may be another than the one that asked, and on another machine.

    Raises:
        InvalidArgument: this process would give what is of another subject: another release, other data.
    """
    if not _is_without_keras(order):
        threads.limit()
        devices.share_memory()
    _check_same_subject(subject, _subject_here(order))
    if _is_without_keras(order):
        assert isinstance(order.recipe, Own)
        return user_training.train(order.recipe, seed)
    (device,) = devices.choose(order.device)
    if isinstance(order.recipe, Own):
        with device.placed():
            return user_training.train(order.recipe, seed)
    data = _prepared(order)
    with device.placed():
        return training.train(order.recipe, data, seed)


def _check_same_subject(asked: Subject, here: Subject) -> None:
    if here.plain != asked.plain:
        found = reference.difference(asked, here, "where it was asked", f"on {platform.node()}")
        raise InvalidArgument("A worker is unlike what asked it to train", found, "give it the same packages and data")


@functools.lru_cache(maxsize=1)
def _subject_here(order: Order) -> Subject:
    return subject_of(order)


@functools.lru_cache(maxsize=1)
def _prepared(order: Order) -> Any:
    return preprocessing.prepared(sources.load(order.data, mirror=order.mirror, offline=order.offline))
