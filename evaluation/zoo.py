"""Time every honest model of the zoo in every mode, and keep what came of it: none of them may be refused.

    python -m evaluation.zoo --seed 0 --seed 1 --seed 2

Results are appended to a file of JSON lines, one for each measurement; what is there already is not done again.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import itertools
import json
import platform
import sys
import time
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Iterator, Mapping

import numpy as np

from evaluation.zoo_entry import UNUSABLE, ZOO, Honest
from pytest_kerasch2.errors import KerasCh2Error, NotApplicable
from pytest_kerasch2.files import Journal
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import block, pytest_benchmark_adapter

SUBJECTS = (
    *("tables", "classes", "images", "sequences", "several", "custom", "generative", "training", "hard"),
    *("data_forms", "callables", "unusable"),
)
for _subject in SUBJECTS:
    importlib.import_module(f"evaluation.zoo_{_subject}")

KEPT = Path(__file__).parent / "data" / "zoo.jsonl"
SECONDS = 0.05
# Of a block, so much may be the clock and the wait for the device here. Of the fixture it is a thousandth, which on a
# busy machine makes blocks of a second.
OVERHEAD = 0.003
TIMED, NOT_CHECKED, NOT_HERE, REFUSED, ERROR = "checked", "not checked", "not here", "refused", "error"


class Stats:
    """Takes the times of blocks, as pytest-benchmark's statistics do."""

    def update(self, seconds: float) -> None:
        """Take the time of one block."""


def keeper(name: str) -> Any:
    """Return what stands for the fixture of pytest-benchmark."""
    return SimpleNamespace(name=name, disabled=False, extra_info={}, _make_stats=lambda steps: Stats(), _mode=None)


@contextlib.contextmanager
def short_blocks() -> Iterator[None]:
    """Let blocks be as short as `OVERHEAD` allows."""
    usual = block.steps_per_block
    block.steps_per_block = lambda step_seconds, cost, overhead=OVERHEAD: usual(
        step_seconds, cost, max(overhead, OVERHEAD)
    )
    try:
        yield
    finally:
        block.steps_per_block = usual


def outcome(measure: Callable[[], Any]) -> dict[str, Any]:
    """Return how a measurement ended, with its message: checked, not checked and why, not here, refused, an error."""
    began, shown = time.perf_counter(), None
    try:
        with short_blocks():
            measurement = measure()
        shown = measurement.work_check
        ended = (TIMED, "") if shown is not None and not shown.why_not else (NOT_CHECKED, getattr(shown, "why_not", ""))
    except NotApplicable as error:
        ended = NOT_HERE, str(error)
    except KerasCh2Error as error:
        ended = REFUSED, str(error)
    except Exception as error:  # whatever else comes of it is a fault of the benchmark or of the zoo
        ended = ERROR, f"{type(error).__name__}: {error}"[:600]
    off = {} if shown is None else {name: shown.to_dict().get(name) for name in ("off", "allowed")}
    return {"outcome": ended[0], "message": ended[1], "took": round(time.perf_counter() - began, 2), **off}


def measured(one: Honest, mode: str, seed: int, seconds: float = SECONDS) -> dict[str, Any]:
    """Build a model from a seed, time it as the fixture `step_benchmark` does, and return how that ended."""
    api.fresh_session(seed)
    missing = one.missing(api.keras())
    if missing:
        return {"outcome": NOT_HERE, "message": f"this Keras has no {missing}", "took": 0.0}

    def measure() -> Any:
        model_and_data = one.make(api.keras(), np.random.RandomState(seed))
        if mode == "step":
            return pytest_benchmark_adapter.record_function(
                keeper(one.name), model_and_data, seconds=seconds, **one.options
            ).measurement
        model, data = model_and_data
        how = {"device": "cpu", "seconds": seconds, **one.options, "mode": mode}
        return pytest_benchmark_adapter.record_model(keeper(one.name), model, data, **how).measurement

    return outcome(measure)


def trials(
    every: Mapping[str, Honest], names: list[str], modes: list[str], seeds: list[int], rounds: int | None = None
) -> Iterator[tuple[Honest, str, int]]:
    """Yield the measurements of the models, modes and seeds that are asked for (all where a list is empty).

    Each round has each model once with each seed, in another mode than the rounds before it, and every second model
    first: a run that is stopped early has seen some with all seeds, and one that is stopped later has seen all.

    Args:
        every: models that there are.
        names: of models or subjects.
        modes, seeds: of the measurements.
        rounds: at most; None for as many as there are modes.
    """
    chosen = [one for one in every.values() if not names or one.name in names or one.subject in names]
    of_each = [[mode for mode in one.modes if not modes or mode in modes] for one in chosen]
    placed = list(enumerate(zip(chosen, of_each)))
    for turn in range(max(map(len, of_each), default=0) if rounds is None else rounds):
        for half, seed in itertools.product((placed[::2], placed[1::2]), seeds):
            for place, (one, there) in half:
                if turn < len(there):
                    yield one, there[(turn + seed + place) % len(there)], seed


def versions() -> dict[str, str]:
    """Return what a result depends on."""
    release = api.release()
    python = platform.python_version()
    return {"tensorflow": release.tensorflow, "keras": release.keras, "backend": str(release.backend), "python": python}


def core() -> str:
    """Return a digest of the source of the step benchmark, which says what a result was measured with."""
    sources = sorted(Path(pytest_benchmark_adapter.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(one.read_bytes() for one in sources)).hexdigest()[:10]


def read(path: Path = KEPT) -> list[dict[str, Any]]:
    """Return the results that are kept; a last line that was not written whole is left out."""
    return Journal(path).read()


def run(pending: list[tuple[Any, ...]], measure: Callable[..., Mapping[str, Any]], path: Path, keys: Any) -> int:
    """Do what is missing of the trials, append each result to the file, and return how many were not as they should.

    Args:
        wanted: the arguments of each trial.
        measure: gives the result of a trial, with `good`.
        path: of the file of JSON lines.
        keys: gives what names a trial, from its arguments, as a mapping.
    """
    now, measured_with = versions(), core()
    # What ended as it should not is done again by a step benchmark that has changed.
    done = [one for one in read(path) if one.get("good", True) or one.get("core") == measured_with]
    there = {json.dumps({name: one.get(name) for name in (*keys(*pending[0]), *now)}) for one in done}
    missing = [one for one in pending if json.dumps({**keys(*one), **now}) not in there]
    print(f"{len(pending) - len(missing)} are there, {len(missing)} to do", flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    bad, began = 0, time.monotonic()
    for place, one in enumerate(missing, 1):
        result = {**keys(*one), **now, "core": measured_with, **measure(*one)}
        Journal(path).append(result, allow_nan=True)
        bad += not result["good"]
        left = (time.monotonic() - began) / place * (len(missing) - place)
        if not result["good"] or place % 20 == 0:
            message = f"\n    {result['message']}" * (not result["good"])
            print(
                f"{place}/{len(missing)}, {left / 60:.0f} min left: {keys(*one)} {result['outcome']}{message}",
                flush=True,
            )
    return bad


def _trial(one: Honest, mode: str, seed: int) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trial = measured(one, mode, seed)
    if one.named:
        good = trial["outcome"] in {REFUSED, NOT_HERE} and one.named in trial["message"]
    else:
        good = trial["outcome"] not in {REFUSED, ERROR}
    return {"subject": one.subject, **trial, "good": good}


def main() -> int:
    """Do the measurements that are missing; end with 1 where an honest model was refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], help="name of a model or a subject; may be repeated")
    parser.add_argument("--mode", action="append", default=[], help="name of a mode; may be repeated")
    parser.add_argument("--seed", action="append", type=int, default=[], help="may be repeated; 0 where none is given")
    parser.add_argument("--kept", type=Path, default=KEPT, help="file of JSON lines")
    parser.add_argument("--rounds", type=int, help="modes of each model and seed; all where it is not given")
    parser.add_argument("--part", default="1/1", help="such as 2/3: each third measurement, from the second on")
    parser.add_argument("--unusable", action="store_true", help="do what must be refused, in place of the models")
    parser.add_argument("--list", action="store_true", help="print the models, measure nothing")
    given = parser.parse_args()
    every = UNUSABLE if given.unusable else ZOO
    if given.list:
        print("\n".join(f"{one.subject}: {one.name} ({', '.join(one.modes)})" for one in every.values()))
        return 0
    part, parts = map(int, given.part.split("/"))
    pending = list(trials(every, given.only, given.mode, given.seed or [0], given.rounds))[part - 1 :: parts]
    if not pending:
        print("no model of the zoo is named so: see --list", file=sys.stderr)
        return 2
    bad = run(pending, _trial, given.kept, lambda one, mode, seed: {"model": one.name, "mode": mode, "seed": seed})
    print(f"{bad} of {len(pending)} ended as they should not")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
