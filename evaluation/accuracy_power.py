"""Accuracy gates in earnest: honest trainings, which must pass, and trainings with a planted fault, which must not.

    python -m evaluation.accuracy_power digits --honest 100 --jobs 2      100 honest gates and 5 of each fault
    python -m evaluation.accuracy_power mnist --jobs 2                    3 gates of each fault
    python -m evaluation.accuracy_power digits --plan                     says what it would take, and trains nothing

Each gate trains with seeds of its own, none of which the reference or another gate has, and is appended to
evaluation/data/power-DATA.jsonl as soon as it ends: started again, this goes on. Needs the extras `accuracy`, `digits`
and `tensorflow`, and MNIST in the mirror that KERASCH2_MIRROR names, in Keras's cache, or on the network.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Iterator, Sequence

from evaluation import accuracy_record
from evaluation.accuracy_faults import BY_NAME, FAULTS, HONEST
from evaluation.accuracy_live import TERMS, Task, judged, reference_of
from evaluation.accuracy_record import Live
from pytest_kerasch2.accuracy.calibration import CalibrationRequest, description_of
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.framework import threads

FOLDER = Path(__file__).parent / "data"
REFERENCES = {"digits": "digits-tensorflow-2.21", "mnist": "mnist-tensorflow-2.21"}
HONEST_GATES = {"digits": 100, "mnist": 0}
GATES_PER_FAULT = {"digits": 5, "mnist": 3}
# Trainings of a gate, for the plan: an honest one takes two, and many a fault is seen in one.
TRAININGS = {HONEST: 2.05}
TRAININGS_OF_A_FAULT = 1.6


def tasks(reference: str, honest: int, each: int, faults: Sequence[str]) -> list[Task]:
    """Return all gates: the honest ones, then one of each fault, then the second of each, and so on."""
    planted = [Task(reference, fault, number) for number in range(each) for fault in faults]
    return [Task(reference, HONEST, number) for number in range(honest)] + planted


def asked(planned: Sequence[Task], jobs: int) -> Iterator[Live]:
    """Yield the gates in the order in which they end."""
    import joblib

    spread = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch=jobs, batch_size=1)
    yield from spread(joblib.delayed(judged)(task) for task in planned)


def plan(planned: Sequence[Task], reference: Reference, jobs: int) -> str:
    """Say how long these gates take, by the trainings of the reference."""
    one = statistics.median(run.seconds for run in reference.runs)
    trainings = sum(TRAININGS.get(task.fault, TRAININGS_OF_A_FAULT) for task in planned)
    minutes = trainings * one / 60
    about = f"{len(planned)} gates, about {trainings:.0f} trainings of {one:.0f} s"
    return f"{about}: {minutes:.0f} minutes of CPU, {minutes / jobs:.0f} minutes with --jobs {jobs}"


def run(planned: Sequence[Task], out: Path, jobs: int) -> None:
    """Ask all gates that the file lacks, and say after each how long the rest will take."""
    reference = reference_of(planned[0].reference)
    assert isinstance(reference.description.recipe, Recipe)
    threads.limit()
    subject = description_of(
        CalibrationRequest(out, reference.description.recipe, str(reference.description.data["name"]))
    )
    header = accuracy_record.header(planned[0].reference, asdict(TERMS), subject.environment)
    with accuracy_record.appending(out, header) as begun:
        done = {(live.fault, live.gate) for live in begun.gates}
        missing = [task for task in planned if (task.fault, task.gate) not in done]
        print(
            f"{len(planned) - len(missing)} gates are in {out.name}; to do: {plan(missing, reference, jobs)}",
            flush=True,
        )
        began = time.monotonic()
        for number, live in enumerate(asked(missing, jobs), 1):
            accuracy_record.append(out, live)
            rest = (time.monotonic() - began) / number * (len(missing) - number) / 60
            line = f"[{number}/{len(missing)}, {rest:.0f} min left] {live.fault} {live.gate}: {live.reason}"
            print(line, flush=True)


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=list(REFERENCES))
    parser.add_argument("--honest", type=int, help="gates without a fault (default: 100 on digits, none on MNIST)")
    parser.add_argument("--each", type=int, help="gates of each fault (default: 5 on digits, 3 on MNIST)")
    parser.add_argument("--faults", default=",".join(fault.name for fault in FAULTS), help="default: all")
    parser.add_argument("--jobs", type=int, default=1, help="gates at a time")
    parser.add_argument("--reference", help="name of a shipped one, or a file (default: the one that is shipped)")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--plan", action="store_true", help="say what it would take, and train nothing")
    given = parser.parse_args()
    honest = HONEST_GATES[given.data] if given.honest is None else given.honest
    each = GATES_PER_FAULT[given.data] if given.each is None else given.each
    faults = [BY_NAME[name].name for name in given.faults.split(",") if name]
    planned = tasks(given.reference or REFERENCES[given.data], honest, each, faults)
    if given.plan:
        print(plan(planned, reference_of(planned[0].reference), given.jobs))
        return 0
    run(planned, given.out or FOLDER / f"power-{given.data}.jsonl", given.jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
