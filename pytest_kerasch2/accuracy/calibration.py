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
from pytest_kerasch2.accuracy.reference_distribution import MIN_SEEDS, SEED_REMEDY, distribution_of, listed_seeds
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import GateSettings, Recipe
from pytest_kerasch2.accuracy.user_training import UserTraining
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.data import preprocessing, sources
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
    """What is to be calibrated: the arguments of `kerasch2 calibrate`.

    Attributes:
        out: the reference, which is distribution or gone on with.
        recipe: how each seed is trained: as the chapter does, or by a function of the user.
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
        """Check that this can be trained.

        Raises:
            InvalidArgument: no seeds, no jobs, or a data set that the network does not take.
        """
        for name, least in (("seeds", 1), ("first", 0), ("jobs", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise InvalidArgument(f"{name} must be at least {least}, got {value}")
        if self.data not in DATA:
            remedy = f"use one of {', '.join(DATA)}{did_you_mean(self.data, DATA, before='; ')}"
            raise InvalidArgument(f"The chapter's network does not take the data set {self.data!r}", remedy=remedy)


def calibrate(request: CalibrationRequest, on_seed: OnSeed = lambda run, done, of: None) -> Reference:
    """Train the seeds that the file lacks, and give all that it then has.

    Args:
        request: what.
        on_seed: is called after each seed with its run, and with how many of how many there are in the file now.

    Raises:
        BadReference: the file is of another training, or cannot be written.
        DataMissing, DataDamaged: there is no such data, or it is not whole.
        FrameworkMissing: a framework, joblib or what reaches the cluster is not installed.
        InvalidArgument: this process computes with other threads already, no cluster answers, or a worker differs
            from this process.
        TrainingFailed: a training gave no curve, or the cluster gave it up.
    """
    reference.check_writable(request.out)
    if request.mirror is not None and request.cluster is None:
        sources.check_mirror(request.mirror)
    # Before anything is computed here: with one job, the trainings are done in this process.
    if not _is_without_keras(request):
        threads.limit()
    request = replace(request, device=_placed(request))
    description = description_of(request)
    with reference.appending(request.out, description) as existing:
        missing = [seed for seed in range(request.first, request.first + request.seeds) if seed not in existing.seeds]
        done = request.seeds - len(missing)
        work = functools.partial(train_seed, request, description)
        for run in executors.run_trainings(work, missing, jobs=request.jobs, cluster=request.cluster):
            reference.append(request.out, run)
            done += 1
            on_seed(run, done, request.seeds)
    return reference.read(request.out)


def _placed(request: CalibrationRequest) -> str:
    """Return the name of the one device that is meant, of which there may be others on the machines of a cluster."""
    if _is_without_keras(request):
        return _OWN_DEVICE
    if request.cluster is None:
        devices.share_memory()
        return devices.one(request.device).name
    word = devices.single(request.device) or "cpu"
    return word if ":" in word else f"{word}:0"


def _is_without_keras(request: CalibrationRequest) -> bool:
    """Whether the training needs nothing of ours: somebody's own, and no TensorFlow or Keras is installed."""
    return isinstance(request.recipe, UserTraining) and packages.installed() is None


def description_of(request: CalibrationRequest) -> TrainingDescription:
    """Return of what the reference will be: asks the framework, and reads the data."""
    data = _data_of(request)
    release = Release("-", "-", "-") if _is_without_keras(request) else api.release()
    import numpy

    environment = {
        "plugin": __version__,
        "tensorflow": release.tensorflow,
        "keras": release.keras,
        "backend": release.backend,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "platform": f"{platform.system()}-{platform.machine()}",
        "device": request.device,
        "threads": threads.EACH,
    }
    return TrainingDescription(request.recipe, data, environment)


def _data_of(request: CalibrationRequest) -> dict[str, Any]:
    if isinstance(request.recipe, UserTraining):
        # Its data are its own affair; the file that holds it says at least which ones it takes.
        return {"name": request.recipe.training, "sha256": user_training.digest(request.recipe)}
    data = _prepared(request)
    return {"name": data.name, "sha256": data.digest, "train": len(data.x_train), "test": len(data.x_test)}


def train_seed(request: CalibrationRequest, description: TrainingDescription, seed: int) -> TrainingRun:
    """Train one seed in this process, which may be another than the one that asked, and on another machine.

    Raises:
        InvalidArgument: this process would give what is of another subject: another release, other data.
    """
    if not _is_without_keras(request):
        threads.limit()
        devices.share_memory()
    _check_same_description(description, _description_here(request))
    if _is_without_keras(request):
        assert isinstance(request.recipe, UserTraining)
        return user_training.train(request.recipe, seed)
    (device,) = devices.choose(request.device)
    if isinstance(request.recipe, UserTraining):
        with device.placed():
            return user_training.train(request.recipe, seed)
    data = _prepared(request)
    with device.placed():
        return training.train(request.recipe, data, seed)


def _check_same_description(asked: TrainingDescription, here: TrainingDescription) -> None:
    if here.to_dict() != asked.to_dict():
        difference = reference.first_difference(asked, here, "where it was asked", f"on {platform.node()}")
        remedy = "give it the same packages and data"
        raise InvalidArgument("A worker differs from the process that asked it to train", difference, remedy)


@functools.lru_cache(maxsize=1)
def _description_here(request: CalibrationRequest) -> TrainingDescription:
    return description_of(request)


@functools.lru_cache(maxsize=1)
def _prepared(request: CalibrationRequest) -> Any:
    return preprocessing.prepared(sources.load(request.data, mirror=request.mirror, offline=request.offline))


@contextlib.contextmanager
def show_progress(seeds: int) -> Iterator[OnSeed]:
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
        task = bar.add_task("", total=seeds)

        def on_seed(run: TrainingRun, done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)
            line = f"seed {run.seed}: {end_of(run)}"
            console.print(foreign.terminal(f"{line}, after {run.seconds:.0f} s"), markup=False)

        yield on_seed


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
    aligned = metrics.align_names(tuple(run.curves), (name,))
    own_name = next((one for one, theirs in aligned.items() if theirs == name), name)
    values = run.series(own_name)
    digits = ".4f" if name == "test_accuracy" else ".5g"
    return f"{SERIES_NAMES.get(name, name)} {values[-1]:{digits}}" if values else f"no {name}"


def check_suitability(reference: Reference, metric: str | None = None) -> tuple[bool, list[str]]:
    """Return whether a gate can decide by a reference, and what there is to say of it, a line each."""
    if len(reference.runs) < MIN_SEEDS:
        groups = copies.find_copies(reference.runs)
        if groups:
            copied = copies.describe_copies(groups, len(reference.runs))
            return False, [f"not usable: the curve does not depend on the seed: {copied}; {SEED_REMEDY}"]
        return True, [f"a gate needs {MIN_SEEDS} seeds at least, better 60"]
    try:
        distribution = distribution_of(reference, GateSettings(metric=metric))
    except InvalidArgument as error:
        # Only the gate has to know what its margin refers to.
        return metric is None, [f"{error.happened}: {error.remedy}"]
    if distribution.unusable is not None:
        usable = "not usable" if distribution.unusable.is_permanent else "without a margin not usable"
        unusable = distribution.unusable
        return not unusable.is_permanent, [f"{usable}: {unusable.reason}; {unusable.remedy}"]
    expected = f"{distribution.metric_point.label}: usually {distribution.expected:.5g}"
    lines = [f"{expected}; two trainings tell a margin of {distribution.amount(distribution.margin)}"]
    if distribution.outliers:
        lines.append(f"set aside, because apart from the others: {listed_seeds(distribution.outliers)}")
    return True, lines


def checking_metric(metric: str | None, on_seed: OnSeed) -> OnSeed:
    """Return what is to be called after each seed; with the first one it refuses a metric that has no curve."""
    seen: list[int] = []

    def watched(run: TrainingRun, done: int, of: int) -> None:
        if not seen and metric is not None:
            metrics.choose_metric(metric, tuple(run.curves))
        seen.append(run.seed)
        on_seed(run, done, of)

    return watched
