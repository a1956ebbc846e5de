"""Tells what runs of the chapter's benchmarks found, of which files in `data` keep what is told.

pytest --benchmark --benchmark-json=FILE
python -m evaluation.steps_report keep FILE steps-1-tensorflow   as data/steps-1-tensorflow.json
pytest --benchmark-full -k test_batch --benchmark-json=FILE
python -m evaluation.steps_report keep FILE batches-1-tensorflow
pytest --benchmark-full -k parts --benchmark-json=FILE
python -m evaluation.steps_report keep FILE parts-1-tensorflow
python -m evaluation.steps_report                                the section of the document
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Sequence

from evaluation.accuracy_report import rows_of
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.files import write_text
from pytest_kerasch2.timing import benchmark_summary, command, results_file
from pytest_kerasch2.timing.breakdown import PART_NAMES, Breakdown
from pytest_kerasch2.timing.pytest_benchmark_adapter import NAME
from pytest_kerasch2.timing.results_file import StoredRun

DATA = Path(__file__).parent / "data"
FILES = "steps-*.json"
# All batch sizes, each for longer.
BATCHES = "batches-*.json"
# A step of `fit` taken apart: by itself, and for longer.
PARTS = "parts-*.json"
PICTURE = Path(__file__).parent.parent / "docs" / "steps-by-batch.png"
WIDTH = 100
TOLD = """\
The benchmarks of `benchmarks/bench_steps.py` and `benchmarks/bench_parts.py`, one run of each file below. For its two
trainings the chapter prints 77 and 62 µs an image, and 39 for evaluating, on a machine that it does not name; what it
calls is *style* and *way[evaluate]* here. *Roofline ×* is the time of a step relative to the least that the products
and bytes of the network can take on this machine.

The rows are measured one after another, each in another minute of a shared machine. `parts[32]` and `batch[32]` do the
same work as *sequential-list*: as much as these three differ, any two rows may differ by the minute alone.{turns}

```sh
pytest --benchmark --benchmark-json=FILE && python -m evaluation.steps_report keep FILE steps-1-tensorflow
KERAS_BACKEND=jax pytest --benchmark -k "style or batch or parts" --benchmark-json=FILE
python -m evaluation.steps_report keep FILE steps-2-jax
KERAS_BACKEND=torch pytest --benchmark -k "style or batch or parts" --benchmark-json=FILE
python -m evaluation.steps_report keep FILE steps-3-torch && python -m evaluation.timing_report
```
"""
BY_BATCH = """\
### By batch size

```sh
pytest --benchmark-full -k test_batch --benchmark-json=FILE
python -m evaluation.steps_report keep FILE batches-1-tensorflow
KERAS_BACKEND=jax pytest --benchmark-full -k test_batch --benchmark-json=FILE
python -m evaluation.steps_report keep FILE batches-2-jax
KERAS_BACKEND=torch pytest --benchmark-full -k test_batch --benchmark-json=FILE
python -m evaluation.steps_report keep FILE batches-3-torch && python -m evaluation.timing_report
```
"""
TURNS = "\nWhere it is said below a table, the blocks of the styles were interleaved, and they are compared there."


def section(folder: Path = DATA, picture: Path = PICTURE) -> str:
    """Return the section of the document, and draw its picture.

    Args:
        folder: with the files that are kept.
        picture: where it is drawn.

    Raises:
        BadResults: a file cannot be read.
        InvalidArgument: of no network were several batch sizes measured.
        FrameworkMissing: there is no Matplotlib.
    """
    stored_runs, batches, apart = (sorted(folder.glob(pattern)) for pattern in (FILES, BATCHES, PARTS))
    runs = [results_file.read_run(path) for path in stored_runs]
    by_batch: list[str] = []
    # A run of all benchmarks has a few batch sizes too.
    command.run_scaling(batches or stored_runs, [picture], WIDTH, by_batch.extend)
    in_turns = [list(benchmark_summary.interleaved_lines(run.rows)) for run in runs]
    lines = ["## A step of the chapter\n", TOLD.format(turns=TURNS if any(in_turns) else "")]
    for run, beside in zip(runs, in_turns):
        lines += [f"### {run.line}\n", *_rows(run)]
        lines += ["```text", *beside, "```\n"] if beside else []
    lines += [BY_BATCH, "```text", *by_batch, "```\n"]
    lines += [
        f"![Time of a step by batch size]({picture.name})\n",
        *_apart([results_file.read_run(path) for path in apart]),
    ]
    return "\n".join(lines)


def _rows(run: StoredRun) -> list[str]:
    measured = [(row, row.measurement) for row in run.rows if row.measurement is not None]
    cells = [[benchmark_summary.short_name(row.name), *benchmark_summary.cells(row, one)] for row, one in measured]
    return rows_of(["benchmark", *benchmark_summary.HEADS], cells)


def _apart(runs: Sequence[StoredRun]) -> list[str]:
    breakdowns = [
        (run.name, row.batch_size, row.breakdown) for run in runs for row in run.rows if row.breakdown is not None
    ]
    heads = ["", "batch", "a step", *PART_NAMES, "together", "asked"]
    return [
        "### Where the time of a step of `fit` goes\n",
        f"The parts are measured each by itself; that they add up to "
        f"{benchmark_summary.COMPLETE_SHARE:.0%} at least is asked for.\n",
        "```sh\npytest --benchmark-full -k parts --benchmark-json=FILE",
        "python -m evaluation.steps_report keep FILE parts-1-tensorflow",
        "KERAS_BACKEND=jax pytest --benchmark-full -k parts --benchmark-json=FILE",
        "python -m evaluation.steps_report keep FILE parts-2-jax\n```\n",
        *rows_of(heads, [[name, str(batch), *_shares(parts)] for name, batch, parts in breakdowns]),
    ]


def _shares(parts: Breakdown) -> list[str]:
    each = [f"{parts.seconds[name] / parts.whole:.0%}" for name in PART_NAMES]
    together = f"{100 * parts.share:.0f} ± {100 * parts.spread:.0f} %"
    return [
        benchmark_summary.duration(parts.whole),
        *each,
        together,
        "reached" if parts.share >= benchmark_summary.COMPLETE_SHARE else "not reached",
    ]


def keep(path: Path, name: str, folder: Path = DATA) -> Path:
    """Keep what is told of a run: every block, the releases, and which machine it was; give where.

    Raises:
        BadResults: the file cannot be read.
    """
    results_file.read_run(path)
    plain = json.loads(path.read_text(encoding="utf-8"))
    machine = plain.get("machine_info", {})
    cpu = {what: value for what, value in machine.get("cpu", {}).items() if what in ("brand_raw", "count")}
    content = {
        "machine_info": {"node": machine.get("node", ""), "machine": machine.get("machine", ""), "cpu": cpu},
        "datetime": plain.get("datetime", ""),
        "benchmarks": [
            {"fullname": one["fullname"], "extra_info": one["extra_info"]}
            for one in plain["benchmarks"]
            if NAME in one.get("extra_info", {})
        ],
    }
    out = folder / f"{name}.json"
    write_text(json.dumps(content) + "\n", out)
    return out


def main() -> int:
    """Keep a run, or print the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command")
    kept = commands.add_parser("keep", help="keep what is told of a run")
    kept.add_argument("file", type=Path)
    kept.add_argument("name")
    given = parser.parse_args()
    try:
        print(keep(given.file, given.name) if given.command == "keep" else section())
    except KerasCh2Error as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
