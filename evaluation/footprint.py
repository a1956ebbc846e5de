"""What the project itself costs, as ratios measured side by side in one run.

    python evaluation/footprint.py                 all figures, about half an hour on two cores
    python evaluation/footprint.py startup chapter only these

Prints a Markdown table. Needs the project with its extras `tensorflow`, `digits`, `workers` and `tests`, and MNIST in
the mirror that KERASCH2_MIRROR names, in Keras's cache, or on the network.
"""

from __future__ import annotations

import argparse
import functools
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

HEAVY = (
    *("tensorflow", "keras", "jax", "torch", "h5py", "numpy"),
    *("hypothesis", "rich", "fastjsonschema", "filelock", "psutil"),
)
IMPORT = "import tensorflow as tf; tf.keras.layers.Dense"
# What a reader of the chapter would run by hand: the yardstick for memory.
BARE = """
import tensorflow as tf
from pytest_kerasch2.data import sources
data = sources.load("mnist")
x, y = tf.cast(data.x_train / 255.0, tf.float32), tf.cast(data.y_train, tf.int64)
layers = tf.keras.layers
ten = layers.Dense(10, activation="softmax")
model = tf.keras.models.Sequential(
    [layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dropout(0.2), ten]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=32, epochs=1, verbose=0)
"""
# Switched off in both arms of a pair: what others' plugins take varies by more than what ours takes.
OTHERS = ("benchmark", "hypothesispytest", "randomly", "timeout", "xdist", "xdist.looponfail")
CHAPTER = ("-m", "pytest", "--chapter", "-q", "-p", "no:cacheprovider", "-p", "no:randomly")


@dataclass(frozen=True)
class Run:
    """A finished command: wall time in seconds, peak resident memory in MiB, exit status and what it printed."""

    seconds: float
    peak_mib: float
    status: int
    output: str


@dataclass(frozen=True)
class Figure:
    """One row of the table."""

    what: str
    measured: str
    limit: str
    reached: bool


def run(*arguments: str, folder: str | None = None) -> Run:
    """Run this Python with arguments and measure it, with all its children, by what the kernel counted."""
    # Elsewhere than in the project, whose settings for its own tests are not those of a user.
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryDirectory() as empty:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder or empty, stdout=printed, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        printed.seek(0)
        output = printed.read().decode("utf-8", "replace")
    return Run(seconds, usage.ru_maxrss / 1024, process.returncode, output)


@functools.lru_cache(maxsize=None)
def verified() -> Run:
    """Verify the chapter once, for every figure that is about such a run."""
    return run(*CHAPTER)


def startup() -> list[Figure]:
    """Return what the plugin adds to pytest's start when it is installed and not used."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_one.py").write_text("def test_one(): pass\n")
        off = [word for name in ("cacheprovider", *OTHERS) for word in ("-p", f"no:{name}")]
        shared = ("-m", "pytest", "-q", *off)
        added = []
        for pair in range(20):
            arms = [(*shared, "-p", "no:kerasch2"), shared]
            times = [run(*arm, folder=folder).seconds for arm in (arms if pair % 2 else arms[::-1])]
            without, with_it = times if pair % 2 else times[::-1]
            added.append((with_it - without) * 1000)
        script = "import sys, pytest_kerasch2.plugin, pytest_kerasch2.fixtures; print(sorted(sys.modules))"
        loaded = run("-c", script).output
    heavy = [name for name in HEAVY if f"'{name}'" in loaded]
    median = statistics.median(added)
    spread = f"{median:.1f} ms (quartiles {_quartiles(added)})"
    return [
        Figure("added to pytest's start, unused (median of 20 pairs)", spread, "15 ms", median <= 15),
        Figure("heavy modules imported, unused", ", ".join(heavy) or "none", "none", not heavy),
    ]


def chapter() -> list[Figure]:
    """Return the time of verifying the chapter as a multiple of importing TensorFlow."""
    imports = [run("-c", IMPORT).seconds]
    alone = verified()
    imports.append(run("-c", IMPORT).seconds)
    workers = run(*CHAPTER, "-n", "2")
    imports.append(run("-c", IMPORT).seconds)
    unit = statistics.median(imports)
    rows = [("pytest --chapter", alone, 12), ("pytest --chapter -n 2", workers, 8)]
    return [
        Figure(
            f"{name} / import of TensorFlow ({unit:.1f} s)",
            f"{arm.seconds / unit:.1f} ({arm.seconds:.0f} s, exit status {arm.status})",
            f"{limit}",
            arm.seconds / unit <= limit and arm.status == 0,
        )
        for name, arm, limit in rows
    ]


def memory() -> list[Figure]:
    """Return the peak memory of verifying the chapter as a multiple of a bare script's."""
    bare, whole = run("-c", BARE), verified()
    ratio = whole.peak_mib / bare.peak_mib
    text = f"{ratio:.2f} ({whole.peak_mib:.0f} MiB / {bare.peak_mib:.0f} MiB)"
    return [
        Figure("peak memory / that of a bare script", text, "1.5", ratio <= 1.5 and bare.status == whole.status == 0)
    ]


def faults() -> list[Figure]:
    """Return how many injected faults the checks detect."""
    done = run("-m", "pytest", "--chapter-faults", "-q", "-p", "no:cacheprovider", "-p", "no:randomly")
    detected = re.search(r"injected faults detected: (\d+) of (\d+) \((\d+) could", done.output)
    tolerated = re.search(r"left the verdict: (\d+) of (\d+)", done.output)
    if detected is None or tolerated is None:
        return [Figure("injected faults detected", f"the run ended with {done.status}", "all", False)]
    result, injected, untried = map(int, detected.groups())
    measured = f"{result} of {injected} ({untried} cannot be tried here)"
    return [
        Figure("injected faults detected", measured, "all", done.status == 0),
        Figure("benign changes tolerated", f"{tolerated.group(1)} of {tolerated.group(2)}", "all", done.status == 0),
    ]


def leaks() -> list[Figure]:
    """Return how many checks left state changed, over five shuffled orders."""
    # pytest-randomly shuffles where it is not switched off.
    runs = [run(*CHAPTER[:-2], f"--randomly-seed={seed}") for seed in range(1, 6)]
    left = sum(len(re.findall(r"^E .*StateLeaked", one.output, re.MULTILINE)) for one in runs)
    statuses = sorted({one.status for one in runs})
    text = f"{left} (exit statuses {statuses})"
    return [Figure("state leaks in 5 shuffled orders", text, "0", left == 0 and statuses == [0])]


PARTS: dict[str, Callable[[], list[Figure]]] = {
    "startup": startup,
    "chapter": chapter,
    "memory": memory,
    "faults": faults,
    "leaks": leaks,
}


def _quartiles(values: Sequence[float]) -> str:
    low, _, high = statistics.quantiles(values, n=4)
    return f"{low:.1f} to {high:.1f}"


def main() -> int:
    """Measure what was asked for, print the table, and give 1 where a figure was not reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which figures (default: all)")
    chosen = parser.parse_args().parts or list(PARTS)
    figures: list[Figure] = []
    for number, part in enumerate(chosen, 1):
        print(f"[{number}/{len(chosen)}] {part} ...", file=sys.stderr, flush=True)
        figures += PARTS[part]()
    print("| Figure | Measured | At most | Reached |\n| --- | --- | --- | --- |")
    for figure in figures:
        print(f"| {figure.what} | {figure.measured} | {figure.limit} | {'yes' if figure.reached else 'no'} |")
    return 0 if all(figure.reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
