"""The trainings by which the printed figures are decided: three seeds of each way to write the model, twelve in all.

They are done once in a run, beside each other in processes of their own, and kept as soon as they are done: in the
folder that was named, or else in pytest's cache, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping

import filelock

import pytest_kerasch2
from pytest_kerasch2 import models
from pytest_kerasch2.accuracy import calibration, reference, training
from pytest_kerasch2.accuracy.calibration import CalibrationRequest
from pytest_kerasch2.accuracy.reference import TrainingDescription
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.chapter.printed_numbers import shared
from pytest_kerasch2.errors import Inconclusive, InvalidArgument, TrainingFailed
from pytest_kerasch2.options import ACCURACY, Settings
from pytest_kerasch2.variables import Hidden

STYLES = tuple(style.name for style in models.STYLES)
SEEDS_EACH = 3
WHOLE = SEEDS_EACH * len(STYLES)
# Beside the tests of the plugin itself nothing trains for ten epochs: injected faults are tried on these.
STORED = "mnist-tensorflow-2.21"


@dataclass(frozen=True)
class Curves:
    """What the trainings gave.

    Attributes:
        by_style: runs of each way to write the model, with seeds of their own.
        data: name, hash and numbers of images, as a reference has them.
        whence: where they come from, in words.
    """

    by_style: Mapping[str, tuple[TrainingRun, ...]]
    data: Mapping[str, Any]
    whence: str

    @property
    def runs(self) -> tuple[TrainingRun, ...]:
        """Return all of them."""
        return tuple(run for runs in self.by_style.values() for run in runs)


def stored() -> Curves:
    """Return curves of a shipped reference, as if each way had been trained with some of its seeds."""
    bundled = reference.load_bundled(STORED)
    by_style = {name: bundled.runs[SEEDS_EACH * place : SEEDS_EACH * (place + 1)] for place, name in enumerate(STYLES)}
    return Curves(by_style, bundled.description.data, f"seeds of the shipped reference {STORED}")


def check_training_asked(settings: Settings) -> None:
    """Refuse to decide where this run was not asked to train.

    Raises:
        Inconclusive: saying how it is asked.
    """
    if not settings.accuracy:
        raise untrained()


def untrained() -> Inconclusive:
    """Return what a run says that was not asked to train."""
    return Inconclusive(
        "Ten epochs of training decide this", "this run does not train", f"run pytest with {ACCURACY.flag}"
    )


def check_libraries() -> None:
    """Refuse where what spreads trainings, or what knows distributions, is not installed.

    Raises:
        Inconclusive: naming what is missing.
    """
    missing = [name for name in ("joblib", "scipy") if importlib.util.find_spec(name) is None]
    if missing:
        remedy = 'run pip install "pytest-kerasch2[accuracy]"'
        raise Inconclusive("The figures of training need libraries", f"no {' and no '.join(missing)}", remedy)


def trained(settings: Settings, folder: Path, on_progress: Callable[[str], None]) -> Curves:
    """Train what is not there yet, and return all of it.

    The first way is the one that shipped references are calibrated for: where its seeds, trained here, are those of a
    reference bit for bit, the other seeds of the reference are this release's too.

    Args:
        settings: of the run: where MNIST is.
        folder: where the curves are kept.
        on_progress: is called with a line after each training.

    Raises:
        DataMissing, DataDamaged: there is no MNIST, or it is not whole.
        TrainingFailed: a training diverged, or what trains could not go on.
    """
    subject = calibration.description_of(order_of(STYLES[0], settings, folder))
    kept = place_of(subject, folder)
    try:
        kept.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        detail = f"{folder}: {error.strerror or error}"
        raise InvalidArgument("The curves cannot be kept there", detail, "name a folder that can be written") from error
    # Workers of one run wait for the one that trains, and then read.
    with filelock.FileLock(str(kept / "trainings.lock")):
        left = WHOLE - count(kept)
        same = _same(settings, kept, on_progress) if left == WHOLE else None
        if same is not None:
            left, kept = 0, same
        if left:
            _train(settings, kept, Progress(left, on_progress))
        references = {name: reference.read(order_of(name, settings, kept).out) for name in STYLES}
    runs = {name: one.runs for name, one in references.items()}
    name, more = shared.of_a_reference(references[STYLES[0]])
    runs[STYLES[0]] = (*runs[STYLES[0]], *more)
    whence = _whence(references[STYLES[0]].description, subject, left)
    return Curves(runs, subject.data, f"{whence}; {shared.also(name, more)}" if more else whence)


def _whence(kept: TrainingDescription, here: TrainingDescription, left: int) -> str:
    if kept.environment != here.environment:
        return shared.whence(shared.release(kept.environment))
    before = WHOLE - left
    return "trained by this run" if not before else f"{left} trained by this run, {before} kept from before"


def _same(settings: Settings, kept: Path, on_progress: Callable[[str], None]) -> Path | None:
    """Return where another release has kept its trainings, if a short one shows that they are those of this one."""
    others = [place for place in shared.beside(kept) if count(place) == WHOLE]
    if not others:
        return None
    short = kept / "short"
    short.mkdir(exist_ok=True)
    left = len(STYLES) - count(short)
    if left:
        _train(settings, short, Progress(left, on_progress), epochs=shared.EPOCHS, seeds=1)
    return shared.same(others, short, STYLES)


def place_of(subject: TrainingDescription, folder: Path) -> Path:
    """Return where the curves of trainings of one kind, and by one trainer, are kept."""
    of = json.dumps([training.TRAINER, subject.to_dict()], sort_keys=True)
    return folder / hashlib.sha256(of.encode()).hexdigest()[:16]


def order_of(
    name: str, settings: Settings, folder: Path, epochs: int = Recipe.epochs, seeds: int = SEEDS_EACH
) -> CalibrationRequest:
    """Return what is calibrated of one way: seeds of its own."""
    return CalibrationRequest(
        out=folder / f"{name}.jsonl",
        recipe=Recipe(style=name, epochs=epochs),
        seeds=seeds,
        first=SEEDS_EACH * STYLES.index(name),
        # All seeds of a way at once, and never one by one, which would train in the process that spreads them.
        jobs=SEEDS_EACH,
        mirror=settings.mirror,
        offline=settings.offline,
    )


def count(folder: Path) -> int:
    """Return how many trainings a folder keeps."""
    paths = [folder / f"{name}.jsonl" for name in STYLES]
    return sum(len(reference.read(path).runs) for path in paths if path.exists())


def _train(settings: Settings, kept: Path, progress: Progress, **how: int) -> None:
    """Train in a process of its own: this one computes with other threads already."""
    home = str(Path(pytest_kerasch2.__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")]))
    asked = {"folder": str(kept), "mirror": str(settings.mirror or ""), "offline": settings.offline, **how}
    command = [sys.executable, "-m", "pytest_kerasch2.chapter.printed_numbers.observations", json.dumps(asked)]
    with tempfile.TemporaryFile() as complaints, subprocess.Popen(
        command, env=Hidden({**os.environ, "PYTHONPATH": path}), stdout=subprocess.PIPE, stderr=complaints, text=True
    ) as child:
        assert child.stdout is not None
        try:
            for line in child.stdout:
                progress.after(line.strip())
            status = child.wait()
        finally:
            # What is done is kept; what is being done is not waited for.
            child.kill()
        complaints.seek(0)
        messages = complaints.read().decode("utf-8", "replace")
    last = [line.strip() for line in messages.splitlines() if line.strip()][-1:]
    if status:
        detail = f"exit status {status}: {last[0].rstrip('.') if last else 'nothing was said'}"
        raise TrainingFailed("The trainings did not end", detail, "look at what was said; what is done is kept")


class Progress:
    """A line after each training: how many are left, and how long they take."""

    def __init__(self, total: int, on_progress: Callable[[str], None]) -> None:
        """Begin to count."""
        self.total = total
        self.on_progress = on_progress
        self.done = 0
        self.began = time.monotonic()

    def after(self, line: str) -> None:
        """Report that a training has ended, and its result."""
        self.done += 1
        left = (time.monotonic() - self.began) / self.done * (self.total - self.done)
        self.on_progress(f"training {self.done} of {self.total}: {line}; about {left / 60:.0f} min left")
