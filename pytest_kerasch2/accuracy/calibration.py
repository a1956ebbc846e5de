"""Trains many seeds, appends each to a reference as soon as it is done, and says whether a gate can decide by it."""

from __future__ import annotations

import contextlib
import functools
import platform
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Iterator

from pytest_kerasch2 import __version__, foreign
from pytest_kerasch2.accuracy import copies, executors, metrics, reference, training, user_training
from pytest_kerasch2.accuracy.curve import SERIES_NAMES
from pytest_kerasch2.accuracy.reference import Reference, TrainingDescription
from pytest_kerasch2.accuracy.reference_distribution import FEWEST, SEED_REMEDY, distribution_of, listed_seeds
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import GateSettings, Recipe
from pytest_kerasch2.accuracy.user_training import UserTraining
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.data import prepare, sources
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import api, devices, packages, threads
from pytest_kerasch2.suggestions import did_you_mean

# Data sets whose images the chapter's network takes as they are.
DATA = ("mnist", "fashion_mnist", "digits")
# Where a training that knows nothing of Keras is done, it decides itself.
_OWN_DEVICE = "-"
OnSeed = Callable[[TrainingRun, int, int], None]


@dataclass(frozen=True)
class CalibrationRequest:
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
    recipe: Recipe | UserTraining = Recipe()  # noqa: RUF009  # frozen, so safe to share
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


def calibrate(
    order: CalibrationRequest, told: Callable[[TrainingRun, int, int], None] = lambda run, done, wanted: None
) -> Reference:
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
    reference.check_writable(order.out)
    if order.mirror is not None and order.cluster is None:
        sources.check_mirror(order.mirror)
    # Before anything is computed here: with one job, the trainings are done in this process.
    if not _is_without_keras(order):
        threads.limit()
    order = replace(order, device=_placed(order))
    subject = description_of(order)
    with reference.appending(order.out, subject) as begun:
        wanted = [seed for seed in range(order.first, order.first + order.seeds) if seed not in begun.seeds]
        done = order.seeds - len(wanted)
        work = functools.partial(train_seed, order, subject)
        for run in executors.run_trainings(work, wanted, jobs=order.jobs, cluster=order.cluster):
            reference.append(order.out, run)
            done += 1
            told(run, done, order.seeds)
    return reference.read(order.out)


def _placed(order: CalibrationRequest) -> str:
    """Return the name of the one device that is meant, of which there may be others on the machines of a cluster."""
    if _is_without_keras(order):
        return _OWN_DEVICE
    if order.cluster is None:
        devices.share_memory()
        return devices.one(order.device).name
    word = devices.single(order.device) or "cpu"
    return word if ":" in word else f"{word}:0"


def _is_without_keras(order: CalibrationRequest) -> bool:
    """Whether the training needs nothing of ours: somebody's own, and no TensorFlow or Keras is installed."""
    return isinstance(order.recipe, UserTraining) and packages.installed() is None


def description_of(order: CalibrationRequest) -> TrainingDescription:
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
    return TrainingDescription(order.recipe, data, environment)


def _data_of(order: CalibrationRequest) -> dict[str, Any]:
    if isinstance(order.recipe, UserTraining):
        # Its data are its own affair; the file that holds it says at least which ones it takes.
        return {"name": order.recipe.training, "sha256": user_training.digest(order.recipe)}
    data = _prepared(order)
    return {"name": data.name, "sha256": data.digest, "train": len(data.x_train), "test": len(data.x_test)}


def train_seed(order: CalibrationRequest, subject: TrainingDescription, seed: int) -> TrainingRun:
    """Train one seed in this process, which may be another than the one that asked, and on another machine.

    Raises:
        InvalidArgument: this process would give what is of another subject: another release, other data.
    """
    if not _is_without_keras(order):
        threads.limit()
        devices.share_memory()
    _check_same_subject(subject, _subject_here(order))
    if _is_without_keras(order):
        assert isinstance(order.recipe, UserTraining)
        return user_training.train(order.recipe, seed)
    (device,) = devices.choose(order.device)
    if isinstance(order.recipe, UserTraining):
        with device.placed():
            return user_training.train(order.recipe, seed)
    data = _prepared(order)
    with device.placed():
        return training.train(order.recipe, data, seed)


def _check_same_subject(asked: TrainingDescription, here: TrainingDescription) -> None:
    if here.plain != asked.plain:
        found = reference.first_difference(asked, here, "where it was asked", f"on {platform.node()}")
        raise InvalidArgument("A worker is unlike what asked it to train", found, "give it the same packages and data")


@functools.lru_cache(maxsize=1)
def _subject_here(order: CalibrationRequest) -> TrainingDescription:
    return description_of(order)


@functools.lru_cache(maxsize=1)
def _prepared(order: CalibrationRequest) -> Any:
    return prepare.prepared(sources.load(order.data, mirror=order.mirror, offline=order.offline))


@contextlib.contextmanager
def show_progress(wanted: int) -> Iterator[Callable[[TrainingRun, int, int], None]]:
    """Yield what is to be called after each seed; without a terminal it writes a line for each."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(highlight=False, soft_wrap=True)
    # The speed is that of the whole calibration: a training takes longer than the usual window.
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("remaining"), TimeRemainingColumn())
    bar = Progress(*columns, console=console, speed_estimate_period=360_000, disable=not console.is_terminal)
    with bar:
        task = bar.add_task("", total=wanted)

        def told(run: TrainingRun, done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)
            line = f"seed {run.seed}: {end_of(run)}"
            console.print(foreign.terminal(f"{line}, after {run.seconds:.0f} s"), markup=False)

        yield told


def end_of(run: TrainingRun) -> str:
    """Return what a training reached at its end: its metric, and its loss where that is another."""
    if run.test_accuracy and run.test_loss:
        return f"{last_value(run, 'test_accuracy')}, loss {run.test_loss[-1]:.4f}"
    try:
        return last_value(run, metrics.default_metric(tuple(run.curves)).name)
    except InvalidArgument:
        return last_value(run, tuple(run.curves)[-1])


def last_value(run: TrainingRun, name: str) -> str:
    """Return the last value of one curve, with its name."""
    found = metrics.align_names(tuple(run.curves), (name,))
    here = next((ours for ours, theirs in found.items() if theirs == name), name)
    values = run.series(here)
    digits = ".4f" if name == "test_accuracy" else ".5g"
    return f"{SERIES_NAMES.get(name, name)} {values[-1]:{digits}}" if values else f"no {name}"


def check_suitability(known: Reference, metric: str | None = None) -> tuple[bool, list[str]]:
    """Return whether a gate can decide by a reference, and what there is to say of it, a line each."""
    if len(known.runs) < FEWEST:
        groups = copies.find_copies(known.runs)
        if groups:
            said = copies.describe_copies(groups, len(known.runs))
            return False, [f"not usable: the curve does not depend on the seed: {said}; {SEED_REMEDY}"]
        return True, [f"a gate needs {FEWEST} seeds at least, better 60"]
    try:
        made = distribution_of(known, GateSettings(metric=metric))
    except InvalidArgument as error:
        # Only the gate has to know what its margin refers to.
        return metric is None, [f"{error.happened}: {error.remedy}"]
    if made.trouble is not None:
        usable = "not usable" if made.trouble.lasting else "without a margin not usable"
        return not made.trouble.lasting, [f"{usable}: {made.trouble.why}; {made.trouble.remedy}"]
    lines = [
        f"{made.asked.label}: usually {made.expected:.5g}; two trainings tell a margin of {made.amount(made.margin)}"
    ]
    if made.apart:
        lines.append(f"set aside, because apart from the others: {listed_seeds(made.apart)}")
    return True, lines


def checking_metric(metric: str | None, told: OnSeed) -> OnSeed:
    """Return what is to be called after each seed; with the first one it refuses a metric that has no curve."""
    begun: list[int] = []

    def watched(run: TrainingRun, done: int, wanted: int) -> None:
        if not begun and metric is not None:
            metrics.choose_metric(metric, tuple(run.curves))
        begun.append(run.seed)
        told(run, done, wanted)

    return watched
