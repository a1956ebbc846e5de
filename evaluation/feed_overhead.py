"""What the harness adds to a step of `fit` that is fed by a mapping of inputs, or by `tf.data`.

    python -m evaluation.feed_overhead                 eight processes, each some minutes; prints the ratios
    python -m evaluation.feed_overhead --out FILE      keeps each process's pairs as a line of JSON, and goes on there

As `evaluation.overhead` does for the chapter's network: the loop written by hand and the harness take turns, H B B H or
B H H B by chance, and each process gives the median logarithm of the ratios of its pairs. Where a machine is too noisy
for that, the share that the wait for the device takes of a block is another answer: nothing else of the harness stands
within its clock.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Mapping

import numpy as np

from evaluation.overhead import turn
from evaluation.overhead_works import clocked, fitted
from pytest_kerasch2.files import Journal
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.stats import paired_sequential
from pytest_kerasch2.timing import measurement, modes
from pytest_kerasch2.timing.workload import make_workload

STARTS, PAIRS, ITEMS, BATCH = 8, 20, 2048, 32
ERROR = 0.05
WAITS = 25


def mapping() -> tuple[Any, Any]:
    """Return a model of two inputs, and its data as a mapping."""
    x, targets = _arrays()
    layers = api.keras().layers
    first, second = api.keras().Input((64,), name="first"), api.keras().Input((16,), name="second")
    hidden = layers.Dense(128, activation="relu")(layers.Concatenate()([first, second]))
    model = api.keras().Model({"first": first, "second": second}, layers.Dense(1)(hidden))
    model.compile("adam", "mse")
    return model, ({"first": x, "second": x[:, :16]}, targets)


def dataset() -> tuple[Any, Any]:
    """Return a model, and its data as a `tf.data.Dataset`."""
    x, targets = _arrays()
    layers = api.keras().layers
    model = api.keras().Sequential([layers.Dense(128, activation="relu"), layers.Dense(1)])
    model.compile("adam", "mse")
    data = api.tensorflow().data.Dataset.from_tensor_slices((x, targets))
    return model, data.shuffle(ITEMS).batch(BATCH).prefetch(2)


FEEDS: Mapping[str, Callable[[], tuple[Any, Any]]] = {"mapping": mapping, "tf.data": dataset}


def _arrays() -> tuple[Any, Any]:
    x = np.random.RandomState(0).rand(ITEMS, 64).astype("float32")
    return x, x.sum(1, keepdims=True)


def start(count: int, seed: int) -> dict[str, Any]:
    """Return the median logarithm of the ratio of each feed, measured in this process."""
    chance, results = random.Random(seed), {}
    for name in chance.sample(sorted(FEEDS), len(FEEDS)):
        api.fresh_session(seed)
        fed_workload = make_workload(*FEEDS[name](), BATCH, devices.one("cpu"))
        with measurement.prepare(fed_workload, modes.find_mode("fit")) as ready:
            loop, steps = fitted(ready), ready.block_steps
            loop(ready.step_multiple)
            turns = [turn(ready, loop, steps, chance) for _ in range(count)]
            waits = [clocked(fed_workload.finish) for _ in range(WAITS)]
        each = statistics.median(value for one in turns for value in one["hand"])
        results[name] = statistics.median(math.log(sum(one["told"]) / sum(one["hand"])) for one in turns)
        results[f"{name} ms"] = 1000 * each
        results[f"{name} added"] = statistics.median(waits) / (each * steps)
    return {"seed": seed, "load": os.getloadavg()[0], **results}


def measured(starts: int, count: int, out: Path | None) -> list[dict[str, Any]]:
    """Return what each process found; those in the file are not measured again."""
    results = [] if out is None else Journal(out).read()
    words = [sys.executable, "-m", "evaluation.feed_overhead", "--pairs", str(count), "--start"]
    while len(results) < starts:
        output = subprocess.run([*words, str(len(results))], stdout=subprocess.PIPE, text=True, check=True).stdout
        results.append(json.loads(output.splitlines()[-1]))
        print(f"{len(results)} of {starts}: {results[-1]}", flush=True)
        if out is not None:
            Journal(out).append(results[-1])
    return results


def main() -> int:
    """Measure, and print the ratios with their intervals over the processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=STARTS, help=f"processes (default: {STARTS})")
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"of each feed in a process (default: {PAIRS})")
    parser.add_argument("--out", type=Path, help="a file that keeps what was measured")
    parser.add_argument("--start", type=int, help="measure in this process, with this seed")
    given = parser.parse_args()
    if given.start is not None:
        print(json.dumps(start(given.pairs, given.start)))
        return 0
    results = measured(max(2, given.starts), given.pairs, given.out)
    for name in FEEDS:
        ratio = paired_sequential.trimmed_mean_interval([one[name] for one in results], ERROR)
        each = statistics.median(one[f"{name} ms"] for one in results)
        print(f"{name}: a step of {each:.3f} ms; ratio {ratio.estimate:.4f} ({ratio.low:.4f} to {ratio.high:.4f})")
        added = statistics.median(one[f"{name} added"] for one in results)
        print(f"{name}: what stands within the clock beside the steps is {100 * added:.3f} % of a block")
    return 0


if __name__ == "__main__":
    sys.exit(main())
