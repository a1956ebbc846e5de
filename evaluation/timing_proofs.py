"""Whether a forgotten wait and ways to do less are refused where steps are timed, and nothing that is honest.

    python -m evaluation.timing_proofs             on the Keras that is installed: JAX and TensorFlow have other trials
    python -m evaluation.timing_proofs --report    the section of docs/benchmarking.md

Results are kept in `data/timing-proofs.json`, by backend. On each: a hundred runs of steps that nobody waits for, on a
stand-in whose device works on in a thread, and on JAX, which sends its work away on a CPU too; three hundred honest
ones; and on TensorFlow each of `evaluation.timing_cheats` ten times.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Iterator

from evaluation.timing_cheats import CHEATS
from pytest_kerasch2 import models
from pytest_kerasch2.errors import InvalidMeasurement, NotApplicable
from pytest_kerasch2.files import write_text
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.timing import benchmark_suite, measurement, modes, reference_loop
from pytest_kerasch2.timing.block import StepRunner
from pytest_kerasch2.timing.modes import BatchLoop, Mode
from pytest_kerasch2.timing.workload import Workload, make_workload
from tests.builders.sleeping_workload import STEP, SleepingWorkload

KEPT = Path(__file__).parent / "data" / "timing-proofs.json"
FORGOTTEN, HONEST, EACH = 100, 300, 10
SECONDS = 0.1
HONEST_MODES = ("fit", "train_on_batch", "graph", "evaluate", "predict")


class Forgetful(Workload):
    """A subject whose clock stops when its steps were sent, and not when they are done."""

    def finish(self) -> None:
        """Wait for nothing."""


def _by_hand(network: Workload) -> StepRunner:
    given = [tuple(map(api.tensor, network.batch(number))) for number in range(network.batches)]
    return BatchLoop(given, reference_loop.compiled_step(network.model))


BY_HAND = Mode("by hand", True, False, _by_hand)


def refused(measure: Callable[[], Any]) -> str:
    """Return why a measurement was refused; nothing where it was not, and `-` where there is no such thing here."""
    try:
        measure()
    except InvalidMeasurement as error:
        return error.happened
    except NotApplicable:
        return "-"
    return ""


def chapters(seed: int, style: str = "sequential-list") -> Workload:
    """Return the chapter's network with made-up images."""
    api.fresh_session(seed)
    x, y = benchmark_suite.synthetic_images()
    return make_workload(models.style(style).compiled(api.tensorflow()), (x, y), 32, devices.one("cpu"))


def _measure(network: Workload, mode: Mode, verify: bool = True) -> Callable[[], Any]:
    return lambda: measurement.measure(network, mode, SECONDS, verify)


def trials() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield each kind of trial with what is measured in it."""
    for _ in range(FORGOTTEN):
        forgetful: Any = SleepingWorkload(forgets=True)
        yield "forgotten wait, stand-in", _measure(forgetful, STEP)
    for _ in range(HONEST // 3):
        honest: Any = SleepingWorkload()
        yield "honest, stand-in", _measure(honest, STEP)
    if api.release().backend == "jax":
        for seed in range(FORGOTTEN):
            network = chapters(seed)
            lazy = Forgetful(network.model, network.x, network.y, network.batch_size, network.device)
            yield "forgotten wait, JAX", _measure(lazy, BY_HAND, verify=False)
    styles = [style.name for style in models.STYLES]
    there = [name for name in HONEST_MODES if name != "graph" or api.runs_on_tensorflow()]
    honest = itertools.cycle(itertools.product(there, styles))
    for seed, (mode, style) in zip(range(2 * HONEST // 3), honest):
        yield f"honest, {mode}", _measure(chapters(seed, style), modes.find_mode(mode))
    if api.runs_on_tensorflow():
        for seed, (name, mode_of) in itertools.product(range(EACH), CHEATS.items()):
            yield f"cheat, {name}", _measure(replace(chapters(seed)), mode_of)


def run() -> None:
    """Do the trials that are missing, with their progress; keep how many were refused and why."""
    whole = sum(1 for _ in range(FORGOTTEN + HONEST)) + (FORGOTTEN if api.release().backend == "jax" else 0)
    whole += EACH * len(CHEATS) if api.runs_on_tensorflow() else 0
    outcomes = _there()
    before = {kind: sum(reasons.values()) for kind, reasons in outcomes.items()}
    passed: Counter[str] = Counter()
    began, already = time.monotonic(), sum(before.values())
    done = already
    for kind, measure in trials():
        passed[kind] += 1
        if passed[kind] <= before.get(kind, 0):
            continue
        outcomes.setdefault(kind, Counter())[refused(measure)] += 1
        done += 1
        if done % 20 == 0 or done == whole:
            _keep(outcomes, done == whole)
            left = (time.monotonic() - began) / (done - already) * (whole - done)
            print(f"{done} of {whole}, {left / 60:.0f} min left", flush=True)


def _read() -> dict[str, Any]:
    return dict(json.loads(KEPT.read_text(encoding="utf-8"))) if KEPT.exists() else {}


def _there() -> dict[str, Counter[str]]:
    """Return what is kept of this release, which goes on where it was stopped; one that is whole is done anew."""
    release = api.release()
    kept = _read().get(str(release.backend), {})
    same = (kept.get("tensorflow"), kept.get("keras")) == (release.tensorflow, release.keras)
    return {kind: Counter(reasons) for kind, reasons in kept["trials"].items()} if same and not kept["whole"] else {}


def _keep(outcomes: dict[str, Counter[str]], whole: bool) -> None:
    release = api.release()
    kept = _read()
    trials = {kind: dict(reasons) for kind, reasons in outcomes.items()}
    versions = {"tensorflow": release.tensorflow, "keras": release.keras}
    kept[str(release.backend)] = {**versions, "whole": whole, "trials": trials}
    write_text(json.dumps(kept, indent=1) + "\n", KEPT)


def section() -> str:
    """Return the section of docs/benchmarking.md."""
    kept = _read()
    lines = ["## What is refused", "", "| | backend | trials | refused | reason |", "| --- | --- | --- | --- | --- |"]
    for backend, outcomes in kept.items():
        for kind, reasons in outcomes["trials"].items():
            there = {reason: count for reason, count in reasons.items() if reason != "-"}
            wrong = {reason: count for reason, count in there.items() if reason}
            if there:
                why = "; ".join(f"{reason} ({count})" for reason, count in wrong.items())
                lines.append(f"| {kind} | {backend} | {sum(there.values())} | {sum(wrong.values())} | {why} |")
    return "\n".join(lines)


def main() -> int:
    """Run on the Keras that is installed, and keep what came of it; or print the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", action="store_true", help="run nothing; print what is kept")
    if parser.parse_args().report:
        if not KEPT.exists():
            print("nothing is kept: run python -m evaluation.timing_proofs", file=sys.stderr)
            return 1
        print(section())
        return 0
    run()
    print(section())
    return 0


if __name__ == "__main__":
    sys.exit(main())
