"""How often the accuracy gate errs: thousands of gates drawn from seeds that did not make the reference.

    python -m evaluation.accuracy_rates                    MNIST and digits, some minutes of one core
    python -m evaluation.accuracy_rates mnist --gates 500  quicker, and coarser

Writes docs/accuracy-rates.json, of which `python -m evaluation.accuracy_report` makes a page. Needs the extra
`accuracy`. The held-out trainings of MNIST are of `kerasch2 calibrate --first 1000`, those of the digits are the honest
live gates of `python -m evaluation.accuracy_power digits`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Sequence

import numpy as np

from evaluation import accuracy_record, accuracy_rivals, accuracy_simulation
from evaluation.accuracy_faults import HONEST
from evaluation.accuracy_rivals import Rivals
from evaluation.accuracy_simulation import Gates
from pytest_kerasch2.accuracy import gate, reference
from pytest_kerasch2.accuracy.decision import GateVerdict
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.reference_distribution import ReferenceDistribution, distribution_of
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import GateSettings
from pytest_kerasch2.errors import BadReference

HERE = Path(__file__).parent
OUT = HERE.parent / "docs" / "accuracy-rates.json"
TERMS = GateSettings()
# Drops as multiples of a unit; one below zero is a rise.
DROPS = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.6, 2.0, -1.0)
SPLITS = 40


@dataclass(frozen=True)
class Subject:
    """Of what the rates are told.

    Attributes:
        name: of the data set.
        reference: name of a shipped one, or a file.
        held_out: a file of `kerasch2 calibrate`, or of live gates.
        unit: the drop of test accuracy that is to be caught, as a share, or None for the margin of the gate.
        threshold: the fixed one that people write, or None for the round one below the reference.
    """

    name: str
    reference: str
    held_out: Path
    unit: float | None = None
    threshold: float | None = None


SUBJECTS = {
    "mnist": Subject("mnist", "mnist-tensorflow-2.21", HERE / "data" / "mnist-heldout.jsonl", 0.005, 0.97),
    "digits": Subject("digits", "digits-tensorflow-2.21", HERE / "data" / "power-digits.jsonl"),
}


def held_out(judged_reference: Reference, named: str, path: Path) -> tuple[TrainingRun, ...]:
    """Return the trainings by which a reference is judged.

    Raises:
        BadReference: they are of another training or data, or seeds of the reference are among them.
    """
    if accuracy_record.is_record(path):
        record = accuracy_record.read(path)
        if record.header["sha256"] != reference.digest(accuracy_record.path_of(named)):
            raise BadReference("Live gates are of another reference", str(path), f"give {record.header['reference']}")
        runs = tuple(run for live in record.of(HONEST) for run in live.runs)
    else:
        others = reference.read(path)
        gate.check_same_training(judged_reference, others)
        runs = others.runs
    shared = judged_reference.seeds.intersection(run.seed for run in runs)
    if shared or len(runs) < TERMS.max_runs:
        text = f"{path}: {len(runs)} trainings, of which the reference has {len(shared)}"
        raise BadReference("Trainings cannot judge a reference", text, f"train {TERMS.max_runs} other seeds at least")
    return runs


def rates(subject: Subject, gates: int, seed: int) -> dict[str, Any]:
    """Return all rates of one data set."""
    earlier = reference.find_reference(subject.reference)
    pool = held_out(earlier, subject.reference, subject.held_out)
    distribution = distribution_of(earlier, TERMS)
    threshold = subject.threshold or accuracy_rivals.round_threshold(earlier)
    others = accuracy_rivals.rivals(earlier, threshold)
    drawn = accuracy_simulation.draws(pool, gates, TERMS.max_runs, seed)
    began = time.process_time()
    honest = accuracy_simulation.simulated(distribution, drawn, others)
    seconds = time.process_time() - began
    unit = subject.unit or distribution.margin
    # As the honest gates are quicker than those of small drops, which take more trainings.
    print(f"{subject.name}: {gates} honest gates took {seconds:.0f} s; {len(DROPS)} drops follow", file=sys.stderr)
    tuned = accuracy_rivals.tuned(honest.means)
    planted = dict(_planted(distribution, drawn, others, unit))
    validated = accuracy_simulation.cross_validated(earlier, TERMS, SPLITS, max(gates // SPLITS, 1), seed=seed)
    every = {0.0: honest, **planted}
    return {
        "reference": {"name": accuracy_record.path_of(subject.reference).stem, "seeds": len(earlier.runs)},
        "held out": {"file": subject.held_out.name, "trainings": len(pool)},
        "expected": distribution.expected,
        "margin": distribution.margin,
        "beta": TERMS.beta,
        "unit": unit,
        "thresholds": {"fixed": threshold, "tuned": tuned},
        "seconds of CPU for honest gates": round(seconds, 1),
        "cross-validated": {"mean": float(np.mean(validated)), "splits": len(validated), "worst": max(validated)},
        "drops": [{"drop": drop, **gates.plain, "tuned": _tuned(gates, tuned)} for drop, gates in every.items()],
    }


def _planted(
    distribution: ReferenceDistribution, drawn: Sequence[Sequence[TrainingRun]], others: Rivals, unit: float
) -> Iterator[tuple[float, Gates]]:
    from rich.console import Console
    from rich.progress import track

    for multiple in track(DROPS, "planted drops", console=Console(stderr=True)):
        drop = multiple * unit
        yield drop, accuracy_simulation.simulated(distribution, drawn, others, drop)


def _tuned(gates: Gates, threshold: float) -> float:
    return sum(not mean > threshold for mean in gates.means) / len(gates.means)


def report_lines(name: str, actual: dict[str, Any]) -> str:
    """Say the rates in lines."""
    lines = [f"{name}: margin {100 * actual['margin']:.2f} points, {actual['cross-validated']} within the reference"]
    for row in actual["drops"]:
        low, high = row["failing"]
        verdicts = ", ".join(f"{verdict.value} {row[verdict.value]}" for verdict in GateVerdict)
        lines.append(
            f"  drop {100 * row['drop']:+.2f} points: {verdicts} (failing {100 * low:.2f} to {100 * high:.2f} %), "
            f"trainings {row['trainings']}, rivals {row['rivals']}, tuned {row['tuned']:.4f}"
        )
    return "\n".join(lines)


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", choices=[*SUBJECTS, []], help="default: all")
    parser.add_argument("--gates", type=int, default=2000, help="for each drop")
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    parser.add_argument("--reference", help="instead of the shipped one; with one data set only")
    parser.add_argument("--held-out", type=Path, help="instead of the stored ones; with one data set only")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    chosen = given.data or list(SUBJECTS)
    # What is not asked for stays as it was.
    page = json.loads(given.out.read_text(encoding="utf-8")) if given.out.exists() else {}
    for name in chosen:
        reference = SUBJECTS[name]
        named, pool = given.reference or reference.reference, given.held_out or reference.held_out
        asked = Subject(name, named, pool, reference.unit, reference.threshold)
        page[name] = rates(asked, given.gates, given.seed)
        print(report_lines(name, page[name]))
    given.out.write_text(json.dumps(page, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
