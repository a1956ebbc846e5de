"""Inject each kind of cheat into its models, time them, and keep whether they were refused: 97 % of them must be.

    python -m evaluation.cheats --each 10

Results are appended to a file of JSON lines, as those of `evaluation.zoo`. A cheat is a model whose `train_on_batch`,
`fit`, `evaluate` or `predict` does less than it claims; it is timed in the mode of that name.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any, Iterator

import numpy as np

from evaluation import cheat_kinds_parts, cheat_kinds_whole  # noqa: F401 - they add their kinds
from evaluation.cheat_hosts import HOSTS
from evaluation.cheat_kinds import KINDS, Kind
from evaluation.zoo import REFUSED, SECONDS, keeper, outcome, run
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import pytest_benchmark_adapter

KEPT = Path(__file__).parent / "data" / "cheats.jsonl"
# What is done to a host that is not cheated with, to see that its work can be checked at all.
HONEST = "honest"
SHARE = 0.97


def measured(kind: str, method: str, host: str, seed: int) -> dict[str, Any]:
    """Build a host, inject the cheat (none where the kind is `honest`), time it, and return how that ended."""
    api.fresh_session(seed)
    one = HOSTS[host]

    def measure() -> Any:
        model, data = one.make(api.keras(), np.random.RandomState(seed))
        if kind != HONEST:
            KINDS[kind].inject(model)
        how = {"device": "cpu", "seconds": SECONDS, **one.options, "mode": method}
        return pytest_benchmark_adapter.record_model(keeper(host), model, data, **how).measurement

    return outcome(measure)


def trials(names: list[str], each: int, seed: int) -> Iterator[tuple[str, str, str, int]]:
    """Yield kind, method, host and seed of each trial: each round has each kind once."""
    chosen = [one for one in KINDS.values() if not names or one.name in names]
    for turn in range(each):
        for place, one in enumerate(chosen):
            if turn < len(one.hosts):
                yield one.name, one.method, one.hosts[(turn + place) % len(one.hosts)], seed


def controls(kinds: list[Kind], seed: int) -> Iterator[tuple[str, str, str, int]]:
    """Yield the honest trials of the hosts of these kinds, each in each method once."""
    there = {(host, one.method): None for one in kinds for host in one.hosts}
    yield from ((HONEST, method, host, seed) for host, method in there)


def _trial(kind: str, method: str, host: str, seed: int) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measurement = measured(kind, method, host, seed)
    return {**measurement, "good": (measurement["outcome"] == REFUSED) != (kind == HONEST)}


def main() -> int:
    """Do the trials that are missing; end with 1 where too few cheats were refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], help="name of a kind; may be repeated")
    parser.add_argument("--each", type=int, default=10, help="models of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kept", type=Path, default=KEPT, help="file of JSON lines")
    parser.add_argument("--part", default="1/1", help="such as 2/3: each third trial, from the second on")
    parser.add_argument("--controls", action="store_true", help="time the models without a cheat in place of it")
    parser.add_argument("--list", action="store_true", help="print the kinds, measure nothing")
    given = parser.parse_args()
    if given.list:
        print("\n".join(f"{one.name} ({one.method}, {len(one.hosts)} models)" for one in KINDS.values()))
        return 0
    chosen = [one for one in KINDS.values() if not given.only or one.name in given.only]
    part, parts = map(int, given.part.split("/"))
    every = controls(chosen, given.seed) if given.controls else trials(given.only, given.each, given.seed)
    tasks = list(every)[part - 1 :: parts]
    if not tasks:
        print("no kind of cheat is named so: see --list", file=sys.stderr)
        return 2
    names = ("kind", "method", "model", "seed")
    bad = run(tasks, _trial, given.kept, lambda *one: dict(zip(names, one)))
    print(f"{bad} of {len(tasks)} were not as they should be")
    return int(bad > (1 - SHARE) * len(tasks))


if __name__ == "__main__":
    sys.exit(main())
