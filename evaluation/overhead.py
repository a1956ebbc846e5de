"""What the harness adds to the time of a step, against a loop written by hand with the clock read around it.

    python -m evaluation.overhead             measures; goes on where it was stopped; about a minute for each start
    python -m evaluation.overhead report      prints the section of docs/benchmarking.md about it

A step spins for 0.2, 2 or 20 ms, a fixed number of turns that was found before, or is the chapter's: written by hand
and compiled, or done by `fit`. The loop (H) and the harness (B: `measuring.Prepared.timed`, which `step_benchmark`
uses) take turns, H B B H or B H H B by chance, and the ratio of the two of one kind to the two of the other is a pair.
Each start is a process of its own, and gives one number: the median logarithm of its pairs. Between which the ratio
lies is Student's interval over the starts. Beside it: what the whole call costs, with the proofs that lie outside the
clock; what pytest-benchmark's own `benchmark(step)` tells; and what a callback tells of the steps of `fit`.
Results go to evaluation/data/overhead.json.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Mapping, Sequence

from evaluation.overhead_works import SPINS, WORKS, clocked, fitted, prepared_work, rival, stopwatch
from pytest_kerasch2.errors import BadResults, ChildDied, KerasCh2Error
from pytest_kerasch2.files import write_text
from pytest_kerasch2.framework import api
from pytest_kerasch2.stats import paired_sequential
from pytest_kerasch2.stats.paired_sequential import Interval
from pytest_kerasch2.timing.block import StepRunner
from pytest_kerasch2.timing.measurement import PreparedWorkload

PLACE = Path(__file__).parent / "data" / "overhead.json"
SCHEMA = 1
STARTS, PAIRS = 8, 20
ASKED = 1.01
ERROR = 0.05


def turn(ready: PreparedWorkload, loop: StepRunner, steps: int, chance: random.Random) -> dict[str, Any]:
    """Time one pair: both ways twice, there and back; seconds of a step."""
    order = "HBBH" if chance.random() < 0.5 else "BHHB"
    measured_times: dict[str, Any] = {"order": order, "hand": [], "told": [], "whole": []}
    for way in order:
        if way == "H":
            measured_times["hand"].append(clocked(lambda: loop(steps)) / steps)
        else:
            began = time.perf_counter()
            measured_times["told"].append(ready.time_block(steps).step_seconds)
            measured_times["whole"].append((time.perf_counter() - began) / steps)
    return measured_times


def start(count: int, seed: int) -> dict[str, Any]:
    """Measure all of it once, in this process.

    Args:
        count: pairs of each work.
    """
    chance = random.Random(seed)
    measured_times: dict[str, Any] = {}
    for work in chance.sample(WORKS, len(WORKS)):
        with prepared_work(work) as (ready, loop):
            loop(ready.step_multiple)
            steps = ready.block_steps
            seconds = [turn(ready, loop, steps, chance) for _ in range(count)]
            beside = callback(ready, loop, steps, count) if work == "fit" else single(ready, loop, steps)
        measured_times[work] = {"steps": steps, "pairs": seconds, "beside": beside}
    release = api.release()
    versions = {"tensorflow": release.tensorflow, "keras": release.keras, "backend": release.backend}
    about = {**versions, "python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}
    return {"seed": seed, "environment": about, "works": measured_times}


def single(ready: PreparedWorkload, loop: StepRunner, steps: int) -> dict[str, Any]:
    """Return what pytest-benchmark tells of single steps, between two blocks of the loop."""
    before = clocked(lambda: loop(steps)) / steps
    seconds = rival(getattr(ready.workload, "step", lambda: loop(1)))
    return {"hand": [before, clocked(lambda: loop(steps)) / steps], "told": [seconds]}


def callback(ready: PreparedWorkload, loop: StepRunner, steps: int, count: int) -> dict[str, Any]:
    """Return what a callback tells of the steps of `fit`, and what `fit` takes with and without it."""
    watch = stopwatch()
    watched = fitted(ready, callbacks=[watch])
    measured_times: dict[str, Any] = {"hand": [], "told": [], "whole": []}
    for number in range(count):
        for with_it in (False, True) if number % 2 else (True, False):
            took = clocked(lambda run=watched if with_it else loop: run(steps)) / steps  # type: ignore[misc]
            measured_times["whole" if with_it else "hand"].append(took)
        measured_times["told"].append(statistics.fmean(watch.times))
    return measured_times


def read() -> dict[str, Any]:
    """Return what was measured so far.

    Raises:
        BadResults: the file is of another schema or damaged.
    """
    if not PLACE.exists():
        return {"schema": SCHEMA, "starts": []}
    try:
        measured_times = json.loads(PLACE.read_text(encoding="utf-8"))
        if measured_times["schema"] != SCHEMA:
            raise KeyError(f"schema {measured_times['schema']}")
    except (ValueError, KeyError, TypeError) as error:
        raise BadResults(f"{PLACE.name} cannot be used", str(error), "remove it, and measure anew") from error
    return dict(measured_times)


def measured(starts: int, count: int) -> None:
    """Measure what is still missing, each start in a process of its own, and keep each."""
    kept = read()
    words = [sys.executable, "-m", "evaluation.overhead", "start", "--pairs", str(count)]
    began, before = time.perf_counter(), len(kept["starts"])
    while len(kept["starts"]) < starts:
        number = len(kept["starts"])
        done = subprocess.run([*words, "--seed", str(number)], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise ChildDied(
                f"Start {number} ended with {done.returncode}", done.stdout[-300:], "see what it said above"
            )
        kept["starts"].append(json.loads(done.stdout.splitlines()[-1]))
        write_text(json.dumps(kept) + "\n", PLACE)
        each = (time.perf_counter() - began) / (number + 1 - before)
        seconds = ", ".join(f"{work} {relative_to_hand(kept, work, 'told').estimate:.4f}" for work in WORKS)
        print(f"start {number + 1} of {starts}: {seconds}; {each * (starts - number - 1):.0f} s remaining", flush=True)


def logs(kept: Mapping[str, Any], work: str, what: str) -> list[float]:
    """Return for each start the median logarithm of the ratio of a time to that of the loop written by hand."""

    def median(seconds: Sequence[Mapping[str, Any]]) -> float:
        return statistics.median(math.log(sum(one[what]) / sum(one["hand"])) for one in seconds)

    return [median(one["works"][work]["pairs"]) for one in kept["starts"]]


def relative_to_hand(kept: Mapping[str, Any], work: str, what: str) -> Interval:
    """Return this ratio, and between which it lies; of a single start it is not known."""
    return _span(logs(kept, work, what))


def beside(kept: Mapping[str, Any], work: str, what: str) -> Interval:
    """Return the same of what stands beside the harness: of medians, for there is one run of it in a start."""
    beside_times = [one["works"][work]["beside"] for one in kept["starts"]]
    return _span([math.log(statistics.median(one[what]) / statistics.median(one["hand"])) for one in beside_times])


def _span(values: Sequence[float]) -> Interval:
    if len(values) < 2:
        return Interval(math.exp(values[0]), 0.0, math.inf)
    return paired_sequential.trimmed_mean_interval(values, ERROR)


def section() -> str:
    """Return the section of the document, made from the results.

    Raises:
        BadResults: there are none, or they cannot be used.
    """
    kept = read()
    if not kept["starts"]:
        raise BadResults("Nothing was measured yet", f"no {PLACE.name}", "run python -m evaluation.overhead")
    about, number = kept["starts"][-1]["environment"], len(kept["starts"])
    loads = [one["environment"]["load"] for one in kept["starts"]]
    lines = [
        "## What the harness adds\n",
        "What the harness tells of a step, over what a loop written by hand tells of it, with the clock read around",
        f"the loop: the ratio, of the median pair of each start, and its 95 % interval over {number} starts. At most",
        f"{ASKED} is asked for. *Whole call* is what the harness takes in all, with its proofs outside the clock.",
        "*Beside* is what pytest-benchmark's own `benchmark(step)` tells of the step, and for `fit` what a callback",
        "tells that reads the clock before and after each batch.\n",
        "```sh\npython -m evaluation.overhead\n```\n",
        "| step | by hand | harness tells | asked | whole call | beside |",
        "| --- | ---: | ---: | --- | ---: | ---: |",
    ]
    lines += [_line(kept, work) for work in WORKS]
    watched = beside(kept, "fit", "whole")
    lines.append(f"\n`fit` itself takes {_shown(watched)} times as long with that callback as without.\n")
    on = f"TensorFlow {about['tensorflow']}, Keras {about['keras']}, CPython {about['python']}, {about['cores']} cores"
    lines.append(f"On {on}; load {min(loads):.1f} to {max(loads):.1f} at the end of a start.\n")
    return "\n".join(lines)


def _line(kept: Mapping[str, Any], work: str) -> str:
    hands = [value for one in kept["starts"] for pair in one["works"][work]["pairs"] for value in pair["hand"]]
    ratio = relative_to_hand(kept, work, "told")
    reached = "reached" if ratio.high <= ASKED else "**not reached**"
    asked = reached if work in SPINS else ""
    whole, other = relative_to_hand(kept, work, "whole"), beside(kept, work, "told")
    hand = f"{1000 * statistics.median(hands):.4f} ms"
    return f"| {work} | {hand} | {_shown(ratio)} | {asked} | {_shown(whole)} | {_shown(other)} |"


def _shown(ratio: Interval) -> str:
    return f"{ratio.estimate:.4f} ({ratio.low:.4f} to {ratio.high:.4f})"


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("measure", "start", "report"), default="measure")
    parser.add_argument("--starts", type=int, default=STARTS, help=f"processes in all (default: {STARTS})")
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"of each step in a process (default: {PAIRS})")
    parser.add_argument("--seed", type=int, default=0, help="of the order, for a single start")
    given = parser.parse_args()
    if given.starts < 2 or given.pairs < 1:
        parser.error("two starts and one pair are the least")
    try:
        if given.what == "start":
            print(json.dumps(start(given.pairs, given.seed)))
        elif given.what == "report":
            print(section())
        else:
            measured(given.starts, given.pairs)
    except KerasCh2Error as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; what was measured is kept, and the same command goes on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
