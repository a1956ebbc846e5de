"""Trainings of another release that are this one's bit for bit: a short training shows it, and saves the long ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, Sequence

from pytest_kerasch2.accuracy import reference
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.claims.release import ABSENT

# So many epochs of the first seed of each way are trained and compared. Whoever draws, shuffles, drops or adds in
# another order has other bits after the first.
EPOCHS = 2
# With this begins the evidence of what curves decide, and of nothing else.
CURVES = "curves: "
EQUAL = f"the first {EPOCHS} epochs of a seed of each way, trained here, are equal to theirs bit for bit"


def beside(kept: Path) -> list[Path]:
    """Return the folders of other trainings that are kept beside one."""
    return sorted(place for place in kept.parent.iterdir() if place.is_dir() and place != kept)


def same(others: Sequence[Path], short: Path, names: Sequence[str]) -> Path | None:
    """Return the first of some folders with whole trainings whose trainings all begin as short ones do.

    Args:
        others: the folders.
        short: the folder with the short ones.
        names: of the ways, each of which has a file in both.

    Raises:
        BadReference: a file is damaged.
    """
    for other in others:
        if all(_begins(other / f"{name}.jsonl", short / f"{name}.jsonl") for name in names):
            return other
    return None


def release(environment: Mapping[str, Any]) -> str:
    """Return the name of the release by which a file was trained."""
    versions = [] if environment["tensorflow"] == ABSENT else [f"TensorFlow {environment['tensorflow']}"]
    versions.append(f"Keras {environment['keras']} on {environment['backend']}")
    return ", ".join(versions)


def of_a_reference(own: Reference) -> tuple[str, tuple[TrainingRun, ...]]:
    """Return the further seeds of a shipped reference whose trainings are those of a file, and its name.

    They are where every seed that both have has the same curves, bit for bit; none are returned where no reference has.

    Raises:
        BadReference: a shipped reference is damaged.
    """
    here = {run.seed: run.curves for run in own.runs}
    for name in reference.bundled_names():
        shipped = reference.load_bundled(name)
        theirs = {run.seed: run.curves for run in shipped.runs}
        both = here.keys() & theirs.keys()
        same_data = shipped.description.data == own.description.data
        if same_data and both and all(here[seed] == theirs[seed] for seed in both):
            return name, tuple(run for run in shipped.runs if run.seed not in here)
    return "", ()


def also(name: str, runs: Sequence[TrainingRun]) -> str:
    """Return, in words, where the further seeds of a reference come from."""
    return f"{len(runs)} of them are of the reference {name}, whose seeds that were trained here are equal bit for bit"


def whence(other: str) -> str:
    """Return, in words, that another release has trained for this one; the compatibility table reads it."""
    return f"trained by {other}; {EQUAL}"


def _begins(whole: Path, short: Path) -> bool:
    long, begun = reference.read(whole), reference.read(short)
    if long.description.data != begun.description.data:
        return False
    seeds = {run.seed: _curves(run) for run in long.runs}
    return all(_curves(run) == seeds.get(run.seed) for run in begun.runs)


def _curves(run: TrainingRun) -> tuple[tuple[float, ...], ...]:
    return tuple(one[:EPOCHS] for one in (run.loss, run.accuracy, run.test_loss, run.test_accuracy))
