"""Real gates: real trainings, unchanged and with a fault, through the commands and functions that a user calls.

    python -m evaluation.real                                 all whose framework is installed
    python -m evaluation.real --trainings "AUC,Keras fit"     some of them
    python -m evaluation.real --unchanged 20 --each 3         more gates

A reference of 60 seeds is calibrated for each training, in evaluation/data/references/. No two gates have a seed in
common, and none has one of a reference. Appends to evaluation/data/real.jsonl, and goes on there when started again.
"""

from __future__ import annotations

import argparse
import functools
import sys
from pathlib import Path
from typing import Any, Iterator, NamedTuple

from evaluation import journal, pool
from evaluation.trainings import catalogue
from evaluation.trainings.catalogue import Training
from evaluation.trainings.faults import BY_NAME, FAULTS, NOTHING
from pytest_kerasch2.accuracy import calibration, gate, reference
from pytest_kerasch2.accuracy.calibration import CalibrationRequest
from pytest_kerasch2.accuracy.runs import run_of
from pytest_kerasch2.accuracy.user_training import UserTraining
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.files import Journal

HERE = Path(__file__).parent
OUT = HERE / "data" / "real.jsonl"
REFERENCES = HERE / "data" / "references"
SOURCES = sorted((HERE / "trainings").glob("*.py"))
SEEDS, TRAININGS = 60, 10
UNCHANGED, EACH = 10, 1
# Seeds of references are those from 0 on, and those of pools too.
FIRST_SEED, SEEDS_OF_A_FAULT = 10_000_000, 100_000


class Task(NamedTuple):
    """One gate: the training, the fault that is planted, and its number among those of the fault."""

    training: str
    fault: str
    gate: int

    @property
    def seeds(self) -> range:
        """Return the seeds that it may train with."""
        first = FIRST_SEED + list(BY_NAME).index(self.fault) * SEEDS_OF_A_FAULT + self.gate * TRAININGS
        return range(first, first + TRAININGS)


def tasks(training: Training, unchanged: int, each: int) -> Iterator[Task]:
    """Return the gates of one training."""
    for number in range(unchanged):
        yield Task(training.name, NOTHING, number)
    for number in range(each):
        for fault in FAULTS:
            yield Task(training.name, fault.name, number)


def reference_of(training: Training) -> Path:
    """Calibrate the reference of a training, and return its file."""
    REFERENCES.mkdir(parents=True, exist_ok=True)
    path = REFERENCES / pool.path_of(training).name.replace("pool-", "")
    order = CalibrationRequest(path, UserTraining(training.path, training.epochs), seeds=SEEDS)
    if training.needs == "keras":
        # It takes seconds for each seed: what `evaluation.pool` trained is not trained again.
        with reference.appending(path, calibration.description_of(order)) as begun:
            for seed, history in enumerate(pool.read(training)[:SEEDS]):
                if seed not in begun.seeds:
                    reference.append(path, run_of(history, seed))
    calibration.calibrate(order)
    return path


def judged(task: Task, earlier: Path) -> dict[str, Any]:
    """Ask one gate, and return its line."""
    training = catalogue.BY_NAME[task.training]
    try:
        decision = gate.run_gate(
            earlier,
            train=functools.partial(training.train, fault=task.fault),
            metric=training.metric,
            max_runs=TRAININGS,
            seeds=task.seeds,
        )
    except KerasCh2Error as error:
        return {**task._asdict(), "verdict": "refused", "trainings": 0, "reason": str(error)}
    fields = {"verdict": decision.verdict.value, "trainings": len(decision.runs), "reason": decision.reason}
    figures = {"usual": decision.expected, "found": decision.estimate, "margin": decision.margin}
    return {**task._asdict(), **fields, **figures, "metric": training.metric}


def gates_of(training: Training, unchanged: int, each: int, out: Path, revision: str) -> None:
    """Ask the gates of one training that the file lacks."""
    have = {tuple(line[name] for name in Task._fields) for line in journal.keep(out, revision)}
    missing = [task for task in tasks(training, unchanged, each) if tuple(task) not in have]
    if not missing:
        return
    reference = reference_of(training)
    progress = journal.Progress(len(missing), sys.stderr)
    for task in missing:
        line = judged(task, reference)
        Journal(out).append({"revision": revision, **line})
        progress.step(f"{task.training}, {task.fault}: {line['reason']}")


def summary(out: Path) -> list[str]:
    """Return a line for each training and fault of a file."""
    record = Journal(out).read()
    lines = []
    for name in catalogue.BY_NAME:
        for fault in BY_NAME:
            verdicts = [one["verdict"] for one in record if (one["training"], one["fault"]) == (name, fault)]
            counts = ", ".join(f"{verdict} {verdicts.count(verdict)}" for verdict in dict.fromkeys(verdicts))
            lines.append(f"{name:16s} {fault:34s} {counts}")
    return lines


def main() -> int:
    """Do what was asked for, and return 1 where an unchanged training failed more often than once in a hundred."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainings", default=",".join(catalogue.BY_NAME), help="default: all")
    parser.add_argument("--unchanged", type=int, default=UNCHANGED, help="gates of each training with nothing changed")
    parser.add_argument("--each", type=int, default=EACH, help="gates of each fault of each training")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    given.out.parent.mkdir(exist_ok=True)
    # Once: it is that of the code in this process, whatever becomes of the files.
    revision = journal.revision(SOURCES)
    for name in given.trainings.split(","):
        training = catalogue.BY_NAME[name]
        if pool.installed(training):
            gates_of(training, given.unchanged, given.each, given.out, revision)
    print("\n".join(summary(given.out)))
    unchanged = [line["verdict"] for line in Journal(given.out).read() if line["fault"] == NOTHING]
    return 0 if unchanged.count("fail") * 100 <= len(unchanged) else 1


if __name__ == "__main__":
    sys.exit(main())
