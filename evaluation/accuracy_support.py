"""What the support of several values by each other is worth, by seeds of the references alone.

    python -m evaluation.accuracy_support        some minutes of one core

In each of many splits, two thirds of the seeds of a reference are the reference, and gates drawn from the others are
judged by it: under the rule of the gate, and under others that it might have. Writes docs/accuracy-support.json. Needs
the extra `accuracy`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Callable, Sequence
from unittest import mock

import numpy as np

from evaluation import accuracy_simulation
from evaluation.accuracy_rates import SUBJECTS, TERMS
from pytest_kerasch2.accuracy.reference import Reference, find_reference
from pytest_kerasch2.accuracy.reference_distribution import distribution_of
from pytest_kerasch2.stats import sequential
from pytest_kerasch2.stats.sequential import ReferenceSample

OUT = Path(__file__).parent.parent / "docs" / "accuracy-support.json"
Rule = Callable[[ReferenceSample, Sequence[float], float], bool]
# Drops as multiples of the margin.
DROPS = (0.0, 0.5, 1.0)
# The rule of the gate itself, by whose name the others are put in its place.
PART = sequential.supported


def none(sample: ReferenceSample, values: Sequence[float], error: float) -> bool:
    """Ask for no support."""
    return True


def tenth(sample: ReferenceSample, values: Sequence[float], error: float) -> bool:
    """Ask the others for what happens once in ten times, whatever is asked of the whole."""
    return PART(sample, values, 2 * 0.1 ** (len(values) / max(len(values) - 1, 1)))


RULES: dict[str, Rule] = {"none": none, "a tenth": tenth, "its part of the whole": PART}


def compared(reference: Reference, splits: int, gates: int, seed: int) -> list[dict[str, Any]]:
    """Return for each rule and each drop how many of the gates failed, on the same splits and draws."""
    margin = distribution_of(reference, TERMS).margin
    rows = []
    for name, rule in RULES.items():
        for multiple in DROPS:
            with mock.patch.object(sequential, "supported", rule):
                drop = multiple * margin
                rates = accuracy_simulation.cross_validated(reference, TERMS, splits, gates, seed=seed, drop=drop)
            fields = {"mean": float(np.mean(rates)), "worst split": max(rates), "best split": min(rates)}
            rows.append({"rule": name, "drop": multiple, "splits": splits, "gates": gates, **fields})
            print(f"{len(reference.runs)} seeds: {rows[-1]}", flush=True)
    return rows


def main() -> int:
    """Compare the rules by both references."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=40)
    parser.add_argument("--gates", type=int, default=200, help="for each split")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--digits", default=SUBJECTS["digits"].reference, help="a reference, instead of the shipped one"
    )
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    named = {"mnist": SUBJECTS["mnist"].reference, "digits": given.digits}
    by_name = {
        name: compared(find_reference(named_reference), given.splits, given.gates, given.seed)
        for name, named_reference in named.items()
    }
    given.out.write_text(json.dumps(by_name, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
