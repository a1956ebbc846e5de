"""How many forks of an interpreter that has imported the framework hang, or end otherwise than a fresh process does.

    python -m evaluation.fork_hangs                 2,000 forks, or what is missing of them
    python -m evaluation.fork_hangs --forks 100

Each fork starts the runtime, builds and compiles a model, and trains it for two epochs by `fit`. A line for each server
is appended to data/fork-hangs.jsonl, and the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Sequence

from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.files import Journal
from pytest_kerasch2.timing import fork_server, timed_processes
from pytest_kerasch2.timing.fork_server import CannotFork, ForkServer
from pytest_kerasch2.timing.timed_processes import ComparedSide

ROOT = Path(__file__).parent.parent
OUT = Path(__file__).parent / "data" / "fork-hangs.jsonl"
SUITE = "evaluation.fork_hangs:benchmarks"
# Forks of one server: as many as a comparison makes of one, 11 starts of three processes.
FORKS_OF_SERVER = 33
# Seconds after which a fork that has not trained counts as hanging.
DEADLINE = 120.0


def benchmarks() -> dict[str, Any]:
    """Return the suite: one small model."""
    return {"small": _small}


def _small() -> dict[str, Any]:
    import numpy as np

    from pytest_kerasch2.framework import api

    keras = api.keras()
    x = np.random.RandomState(0).uniform(size=(64, 8)).astype("float32")
    model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, x[:, :1], epochs=2, batch_size=16, verbose=0)
    return {"model": model, "data": (x, x[:, :1]), "batch_size": 16, "mode": "train_on_batch"}


def outcome(server: ForkServer, side: ComparedSide) -> str:
    """Return how a fork ends: `trained`, or what went wrong."""
    try:
        with server.processes([side], DEADLINE) as (process,):
            process.ask("open", suite=SUITE, name="small", device=None)
    except (CannotFork, KerasCh2Error) as error:
        return str(error)
    return "trained"


def of_server(count: int, seed: int) -> dict[str, Any]:
    """Return the outcomes of so many forks of a new server."""
    side = ComparedSide("fork", Path(sys.executable), ROOT)
    began = time.monotonic()
    with timed_processes.copied_package() as package, contextlib.closing(ForkServer([side], package, seed)) as server:
        outcomes = Counter(outcome(server, side) for _ in range(count))
        server_process = timed_processes.TimedProcess(side, server.launch(side), fork_server.FORK_DEADLINE)
        with contextlib.closing(server_process):
            environment = server_process.ask("about", suite=SUITE)["environment"]
    release = {name: environment[name] for name in ("tensorflow", "keras", "backend", "python")}
    return {**release, "forks": count, "seconds": round(time.monotonic() - began, 1), "outcomes": dict(outcomes)}


def total(lines: Sequence[dict[str, Any]]) -> Counter[str]:
    """Return the outcomes of all lines together."""
    return sum((Counter(line["outcomes"]) for line in lines), Counter())


def main(arguments: Sequence[str] | None = None) -> int:
    """Fork what is missing, and print the outcomes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--forks", type=int, default=2000)
    wanted = parser.parse_args(arguments).forks
    while True:
        done = total(Journal(OUT).read())
        print(f"{sum(done.values())} of {wanted} forks: {dict(done)}", flush=True)
        if sum(done.values()) >= wanted:
            return 0
        count = min(FORKS_OF_SERVER, wanted - sum(done.values()))
        Journal(OUT).append(of_server(count, random.randrange(2**32)))


if __name__ == "__main__":
    sys.exit(main())
