"""`kerasch2 compare` in earnest: one environment with itself, as it is and with a planted slowdown, under five loads.

    python -m evaluation.compare_live --trials 8                      eight of each kind of load, nothing planted
    python -m evaluation.compare_live --trials 2 --planted 0.05 0.1   two of each kind with each slowdown
    python -m evaluation.compare_live --blocks FOLDER                 and keep every block, as KIND-PLANTED-SEED.json

Each trial is a whole run of the suite of three benchmarks. It is kept in `data/compare-live.jsonl` as soon as
it ends, with what it refused if it did, and the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import itertools
import signal
import sys
import time
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from evaluation import load
from pytest_kerasch2.errors import InvalidMeasurement, KerasCh2Error
from pytest_kerasch2.files import Journal
from pytest_kerasch2.stats.paired_sequential import ComparisonSettings
from pytest_kerasch2.timing import benchmark_suite, compare
from pytest_kerasch2.timing.compare import ComparisonPlan
from pytest_kerasch2.timing.compare_result import (
    BASELINE,
    BASELINE_REPEAT,
    CANDIDATE,
    ROUND_VALUE,
    Comparison,
    log_ratio,
    timed_seconds,
)
from pytest_kerasch2.timing.timed_processes import ComparedSide

ROOT = Path(__file__).parent.parent
# How processes take turns: what was done otherwise is not of the same comparison.
TURNS = {
    "seconds": compare.START_SECONDS,
    "later": compare.LATER_SECONDS,
    "processes": "forked",
    "turn": compare.BLOCK_SECONDS,
    "lead": compare.UNTIMED_CALLS,
    "counts": ROUND_VALUE,
}
REFUSED = "refused"
KEPT = Path(__file__).parent / "data" / "compare-live.jsonl"
INTERRUPTED = 130


def _settings(settings: ComparisonSettings) -> dict[str, float]:
    """Return the settings by the names that the stored trials have for them."""
    return {"error": settings.alpha, "margin": settings.margin, "most": settings.max_starts}


def record(comparison: Comparison, kind: str, planted: float, seed: int, wall: float) -> dict[str, Any]:
    """Return what is kept of a trial.

    Args:
        kind: of load.
        planted: the slowdown injected into the candidate, as a share.
        wall: seconds that it took, with the starts of processes.
    """
    judged = comparison.judgements()
    return {
        "kind": kind,
        "planted": planted,
        "seed": seed,
        "turns": TURNS,
        "terms": _settings(comparison.settings),
        "verdicts": {name: one.verdict.value if one else "undecided" for name, one in judged.items()},
        "starts": 1 + max(pair["start"] for pair in comparison.starts),
        "measured": round(sum(map(timed_seconds, comparison.starts)), 1),
        "wall": round(wall, 1),
        "environment": comparison.sides[BASELINE]["environment"],
        "pairs": [
            {
                "start": pair["start"],
                "benchmark": pair["benchmark"],
                "seconds": round(timed_seconds(pair), 2),
                "ratio": round(log_ratio(pair, CANDIDATE), 5),
                "null": round(log_ratio(pair, BASELINE_REPEAT), 5),
            }
            for pair in comparison.starts
        ],
    }


def refused(error: InvalidMeasurement, kind: str, planted: float, seed: int, wall: float) -> dict[str, Any]:
    """Return what is kept of a trial that ended with a refusal: who asked has no verdict, whatever the cause."""
    return {
        "kind": kind,
        "planted": planted,
        "seed": seed,
        "turns": TURNS,
        "terms": _settings(ComparisonSettings()),
        "verdicts": dict.fromkeys(benchmark_suite.CHAPTERS, REFUSED),
        "starts": 0,
        "measured": 0.0,
        "wall": round(wall, 1),
        "starts_owing": compare.MIN_STARTS_UNSYNCHRONISED,
        "environment": {},
        "pairs": [],
        "why": str(error),
    }


def was_refused(one: Mapping[str, Any]) -> bool:
    """Return whether a trial ended without a verdict."""
    return REFUSED in one["verdicts"].values()


def trial(kind: str, planted: float, seed: int, blocks: Path | None = None) -> dict[str, Any]:
    """Do one; with a folder for its blocks, they are kept there."""
    python = Path(sys.executable)
    sides = ComparedSide("one", python, ROOT), ComparedSide("the same", python, ROOT, slowdown=planted)
    began = time.monotonic()
    with load.running(kind, seed=seed) as processes:
        load.stop(processes)
        # The machine is loaded while blocks are timed. While processes start, the load would only cost time.
        out = blocks and blocks / f"{kind}-{planted:g}-{seed}.json"
        order = ComparisonPlan(ComparisonSettings(), seed=seed, out=out, during_blocks=lambda: load.going_on(processes))
        try:
            comparison = compare.compare(*sides, order, lambda line: None)
        except InvalidMeasurement as error:
            return refused(error, kind, planted, seed, time.monotonic() - began)
    return record(comparison, kind, planted, seed, time.monotonic() - began)


def read(path: Path = KEPT) -> list[dict[str, Any]]:
    """Return the trials that are kept and were done as they are done now; a line that was cut short is passed over."""
    return [one for one in Journal(path).read() if _as_now(one)]


def otherwise(path: Path = KEPT) -> list[dict[str, Any]]:
    """Return the trials that are kept and were done in another way than they are done now."""
    return [one for one in Journal(path).read() if not _as_now(one)]


def _as_now(one: Mapping[str, Any]) -> bool:
    return bool(one["turns"] == TURNS and one["terms"] == _settings(ComparisonSettings()))


def append(one: dict[str, Any], path: Path = KEPT) -> None:
    """Keep a trial, behind whole lines only, and do not return before it is on the disk."""
    Journal(path).append(one)


def _missing(kinds: Sequence[str], planted: Sequence[float], trials: int) -> Iterator[tuple[str, float, int]]:
    there = {(one["kind"], one["planted"], one["seed"]) for one in read()}
    # Of each kind one after the other, so that what was done is balanced whenever it is stopped.
    for seed, share, kind in itertools.product(range(trials), planted, kinds):
        if (kind, share, seed) not in there:
            yield kind, share, seed


def main() -> int:
    """Do the trials that are missing, with their progress."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=8, help="of each kind of load and slowdown")
    parser.add_argument("--planted", type=float, nargs="+", default=[0.0], metavar="SHARE")
    parser.add_argument("--kinds", nargs="+", default=list(load.KINDS), choices=load.KINDS)
    parser.add_argument("--blocks", type=Path, metavar="FOLDER", help="that exists")
    asked = parser.parse_args()
    if asked.blocks is not None and not asked.blocks.is_dir():
        parser.error(f"--blocks: {asked.blocks} is not a folder")
    # What is asked to end in another way than by Ctrl-C would leave its loads behind, which are stopped meanwhile.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    left = list(_missing(asked.kinds, asked.planted, asked.trials))
    began = time.monotonic()
    try:
        for done, one in enumerate(left, 1):
            comparison = trial(*one, asked.blocks)
            append(comparison)
            verdicts = ", ".join(f"{name} {verdict}" for name, verdict in comparison["verdicts"].items())
            rest = (time.monotonic() - began) / done * (len(left) - done)
            about = (
                f"{comparison['starts']} starts, {comparison['measured']:.0f} s of {comparison['wall']:.0f} s measured"
            )
            print(
                f"{done} of {len(left)}: {one[0]}, {one[1]:.2f}: {verdicts}; {about}; {rest / 60:.0f} min left",
                flush=True,
            )
    except KeyboardInterrupt:
        return INTERRUPTED
    except KerasCh2Error as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
