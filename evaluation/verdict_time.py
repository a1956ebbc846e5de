"""How long `kerasch2 compare` takes until it finds 5 %, in imports of the framework, beside that of another revision.

    python -m evaluation.verdict_time                      this tree, one benchmark and ten
    python -m evaluation.verdict_time --beside TREE        and another checkout, in turn
    python -m evaluation.verdict_time --rounds 3

Prints a Markdown table. The environment is compared with itself, with a planted slowdown, by the chapter's network; ten
benchmarks are ten of one kind. Run it on an idle machine.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Callable, Mapping, NamedTuple, Sequence

from pytest_kerasch2.timing import benchmark_suite, compare_result

ROOT = Path(__file__).parent.parent
PLANTED = 0.05
SUITE = "evaluation.verdict_time:benchmarks"
TEN = tuple(f"fit_{number}" for number in range(10))
COMMAND = "import sys; from pytest_kerasch2.cli import main; sys.exit(main())"


def benchmarks() -> dict[str, Callable[[], Mapping[str, Any]]]:
    """Return ten benchmarks of one kind, for a suite."""
    fit = benchmark_suite.load_suite(None)["fit"]
    return {name: functools.partial(_as_mapping, fit) for name in TEN}


def _as_mapping(make: Callable[[], Any]) -> Mapping[str, Any]:
    one = make()
    return {"model": one.model, "data": one.data, "batch_size": one.batch_size, "mode": one.mode}


class Verdict(NamedTuple):
    """What a comparison came to, with its seconds of wall time and of measuring."""

    verdict: str
    starts: int
    wall: float
    measured: float


def import_seconds() -> float:
    """Return the seconds that an interpreter takes for the import alone."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import tensorflow"], check=True, capture_output=True)
    return time.monotonic() - began


def verdict_of(tree: Path, names: Sequence[str]) -> Verdict:
    """Return what a tree's command says of the planted slowdown."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "kept.json"
        suite = [] if names == ["fit"] else ["--suite", SUITE]
        chosen = [word for name in names for word in ("--benchmark", name)]
        command = [sys.executable, "-c", COMMAND, "compare", sys.executable, sys.executable, *suite, *chosen]
        command += ["--inject-slowdown", str(PLANTED), "--json", str(out)]
        began = time.monotonic()
        subprocess.run(command, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, capture_output=True, check=False)
        wall = time.monotonic() - began
        kept = json.loads(out.read_text(encoding="utf-8"))
        verdict = compare_result.read_comparison(out).verdict.value
    measured = sum(map(compare_result.timed_seconds, kept["starts"]))
    return Verdict(verdict, 1 + max(one["start"] for one in kept["starts"]), wall, measured)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--beside", type=Path, metavar="TREE", help="another checkout, for one benchmark")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--without-ten", action="store_true")
    chosen = parser.parse_args(arguments)
    cases = {"one benchmark": (ROOT, ["fit"])}
    if chosen.beside:
        cases["one benchmark, beside"] = (chosen.beside.resolve(), ["fit"])
    if not chosen.without_ten:
        cases["ten benchmarks"] = (ROOT, list(TEN))
    results: dict[str, list[Verdict]] = defaultdict(list)
    imports = [import_seconds()]
    for _ in range(chosen.rounds):
        for name, case in cases.items():
            results[name].append(verdict_of(*case))
            imports.append(import_seconds())
            print(f"{name}: {results[name][-1]}", file=sys.stderr, flush=True)
    one_import = statistics.median(imports)
    print(f"An import takes {one_import:.1f} s.\n")
    print("| | verdicts | starts | wall time | in imports | measuring |\n| --- | --- | --- | ---: | ---: | ---: |")
    for name, verdicts in results.items():
        wall, measured = (statistics.median(values) for values in zip(*((one.wall, one.measured) for one in verdicts)))
        told = ", ".join(f"{one.verdict}" for one in verdicts)
        starts = ", ".join(f"{one.starts}" for one in verdicts)
        share = f"{100 * measured / wall:.0f} %"
        print(f"| {name} | {told} | {starts} | {wall:.0f} s | {wall / one_import:.1f} | {share} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
