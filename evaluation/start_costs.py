"""What a process start of `kerasch2 compare` costs, part by part: in fresh processes, and in forks of one import.

    python -m evaluation.start_costs              writes docs/start-costs.md, for the framework that is installed
    python -m evaluation.start_costs --print      a table in the terminal alone

Starts of both kinds take turns in one run, and all seconds are told in imports of the framework in the same run: what
else runs on the machine falls on all alike.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

from pytest_kerasch2.files import write_text
from pytest_kerasch2.framework import packages
from pytest_kerasch2.stats.paired_sequential import ComparisonSettings
from pytest_kerasch2.timing import compare, compare_result, timed_processes
from pytest_kerasch2.timing.compare import ComparisonPlan, Pace
from pytest_kerasch2.timing.fork_server import ForkServer
from pytest_kerasch2.timing.timed_processes import ComparedSide, TimedProcess

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "start-costs.md"
BENCHMARKS = ("fit", "predict")
FRESH, FORKED = "fresh", "forked"
# Orders of a timed process -> the part of a start that they belong to.
PARTS = {
    "about": "import, in all three at once",
    "compute": "runtime: the first computation",
    "open": "model built, traced, called and warmed up",
    "blocks": "run up to the first block",
}
MEASURED, HANDED, ENDED = "blocks: measured", "blocks: untimed calls, and handing over", "end"
IMPORT = "import keras" if packages.version_of("keras") else "import tensorflow"


class PartClock:
    """Takes the seconds that a comparison waits for each part of a start."""

    def __init__(self) -> None:
        """Begin with none."""
        self.seconds: dict[str, float] = defaultdict(float)

    @contextlib.contextmanager
    def taking(self, part: str) -> Iterator[None]:
        """Add the time within to a part."""
        began = time.perf_counter()
        yield
        self.seconds[part] += time.perf_counter() - began

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Take the time of each answer of every timed process."""
        send, receive = TimedProcess.send, TimedProcess.receive
        orders: dict[int, str] = {}

        def sent(process: TimedProcess, do: str, **order: Any) -> None:
            orders[id(process)] = do
            send(process, do, **order)

        def received(process: TimedProcess) -> Any:
            with self.taking(PARTS.get(orders[id(process)], HANDED)):
                return receive(process)

        with replaced(TimedProcess, send=sent, receive=received):
            yield


@contextlib.contextmanager
def replaced(owner: type, **functions: Callable[..., Any]) -> Iterator[None]:
    """Give a class other functions for as long as this lasts."""
    before = {name: getattr(owner, name) for name in functions}
    for name, function in functions.items():
        setattr(owner, name, function)
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(owner, name, function)


def import_seconds() -> float:
    """Return the seconds that an interpreter takes for the import alone."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORT], check=True, capture_output=True)
    return time.perf_counter() - began


def time_one(
    processes: Sequence[TimedProcess], name: str, clock: PartClock, rng: random.Random, pace: Pace | None
) -> Pace:
    """Time a start of one benchmark as a comparison does, and return the pace of the next."""
    plan = ComparisonPlan(ComparisonSettings())
    for process in processes:
        process.send("about", suite=None)
    timed_processes.receive_all(processes)
    timed = compare.time_start(processes, name, plan, rng, pace=pace)
    measured = compare_result.timed_seconds({"blocks": timed.blocks})
    clock.seconds[MEASURED] += measured
    clock.seconds[HANDED] -= measured
    return timed.pace


def one_start(
    kind: str, name: str, server: ForkServer, package: Path, seed: int, pace: Pace | None = None
) -> tuple[dict[str, float], Pace]:
    """Return the seconds of each part of a start, and the pace of the next."""
    side = ComparedSide("one", Path(sys.executable), ROOT)
    clock, rng = PartClock(), random.Random(seed)
    forks = server.processes([side] * 3, timed_processes.DEADLINE)
    fresh = timed_processes.fresh_processes([side] * 3, package, seed)
    with clock.watching():
        processes = forks if kind == FORKED else fresh
        with processes as three:
            pace = time_one(three, name, clock, rng, pace)
            began = time.perf_counter()
        clock.seconds[ENDED] = time.perf_counter() - began
    return dict(clock.seconds), pace


def measure(starts: int, on_line: Callable[[str], None]) -> tuple[float, dict[tuple[str, str], list[dict[str, float]]]]:
    """Return the seconds of an import, and those of each part of every start."""
    results: dict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    imports = [import_seconds()]
    side = ComparedSide("one", Path(sys.executable), ROOT)
    with timed_processes.copied_package() as package, contextlib.closing(ForkServer([side], package, 0)) as server:
        # The first start of a comparison measures the pace; all others begin with it.
        paces = {name: one_start(FORKED, name, server, package, starts)[1] for name in BENCHMARKS}
        for seed in range(starts):
            for name in BENCHMARKS:
                for kind in (FRESH, FORKED):
                    results[name, kind].append(one_start(kind, name, server, package, seed, paces[name])[0])
            imports.append(import_seconds())
            on_line(f"{seed + 1} of {starts}")
    return statistics.median(imports), results


def table(one_import: float, results: dict[tuple[str, str], list[dict[str, float]]]) -> list[str]:
    """Return the parts of a start, each the median of all starts, in imports."""
    columns = [(name, kind) for name in BENCHMARKS for kind in (FRESH, FORKED)]
    lines = [
        f"| in imports of the framework | {' | '.join(f'`{name}`, {kind}' for name, kind in columns)} |",
        f"| --- |{' ---: |' * len(columns)}",
    ]
    for part in (*PARTS.values(), MEASURED, HANDED, ENDED):
        cells = [statistics.median(one.get(part, 0.0) for one in results[column]) / one_import for column in columns]
        lines.append(f"| {part} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")
    totals = [statistics.median(sum(one.values()) for one in results[column]) / one_import for column in columns]
    return [*lines, f"| **all of it** | {' | '.join(f'**{total:.2f}**' for total in totals)} |"]


def page(one_import: float, results: dict[tuple[str, str], list[dict[str, float]]]) -> str:
    """Return the page."""
    release = packages.version_of(IMPORT.rpartition(" ")[2])
    return "\n".join(
        [
            "# What a process start costs",
            "",
            f"Written by `python -m evaluation.start_costs --starts {len(results[BENCHMARKS[0], FRESH])}`: what",
            "`kerasch2 compare` waits for in a process start of three processes, when each imports the framework and",
            "when all are forks of one interpreter that has imported it. Starts of both kinds took turns. The unit is",
            f"`{IMPORT}` ({release}) in the same run, {one_import:.1f} s.",
            "",
            *table(one_import, results),
            "",
            "An import is paid once for all forks, and not once for each start. What three processes do at once shares",
            "the cores of the machine. Other work may have run on it: what says something is how columns compare.",
            "",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--starts", type=int, default=8, help="of each kind and benchmark")
    parser.add_argument("--print", action="store_true", dest="only_print", help="write nothing")
    chosen = parser.parse_args(arguments)
    measured = measure(chosen.starts, lambda line: print(line, file=sys.stderr, flush=True))
    print("\n".join(table(*measured)))
    if not chosen.only_print:
        write_text(page(*measured), PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
