"""Trains many seeds of the real trainings, from which gates are then drawn.

    python -m evaluation.pool                          all whose framework is installed
    python -m evaluation.pool --trainings AUC          one of them

Appends each seed to evaluation/data/pool-NAME.jsonl, and goes on there when started again.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

from evaluation import journal
from evaluation.curves import History
from evaluation.trainings import catalogue
from evaluation.trainings.catalogue import Training
from evaluation.trainings.faults import NOTHING
from pytest_kerasch2.files import Journal

DATA = Path(__file__).parent / "data"
# As many as a float32 has.
DIGITS = 7


def path_of(training: Training) -> Path:
    """Return the file of a training."""
    return DATA / f"pool-{training.name.replace(' ', '-').lower()}.jsonl"


def read(training: Training) -> list[History]:
    """Return the histories of its seeds, by seed."""
    lines = sorted(Journal(path_of(training)).read(), key=lambda line: int(line["seed"]))
    return [line["history"] for line in lines]


def fill(training: Training, seeds: int) -> None:
    """Train the seeds that the file lacks."""
    DATA.mkdir(exist_ok=True)
    path = path_of(training)
    have = {line["seed"] for line in Journal(path).read()}
    missing = [seed for seed in range(seeds) if seed not in have]
    progress = journal.Progress(len(missing), sys.stderr)
    for seed in missing:
        result = training.train(seed, NOTHING)
        history = {name: [float(f"{value:.{DIGITS}g}") for value in values] for name, values in result.items()}
        Journal(path).append({"seed": seed, "history": history})
        progress.step(f"{training.name}, seed {seed}")


def installed(training: Training) -> bool:
    """Whether what it imports is there; says so where it is not."""
    if training.needs is None or importlib.util.find_spec(training.needs):
        return True
    print(f"{training.name}: left out, {training.needs} is not installed", file=sys.stderr)
    return False


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainings", default=",".join(catalogue.BY_NAME), help="default: all")
    parser.add_argument("--seeds", type=int, help="of each; default: as the catalogue says")
    given = parser.parse_args()
    for name in given.trainings.split(","):
        training = catalogue.BY_NAME[name]
        if installed(training):
            fill(training, given.seeds or training.pool)
    return 0


if __name__ == "__main__":
    sys.exit(main())
