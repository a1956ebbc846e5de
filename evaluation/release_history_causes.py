"""What is behind a jump of the release history: one release with itself, the second time with another optimizer.

    python -m evaluation.release_history_causes tf2.11 legacy.Adam

It is measured as the history is, and prints for each way of doing steps how many times the time it takes with the other
optimizer: the ratio, and between which it lies in 95 of 100 cases. Needs what `python -m evaluation.release_history`
needs.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
from dataclasses import replace
from typing import Sequence

from evaluation import release_history, release_history_kept, release_history_suite
from matrix import columns, environments, paths
from matrix.columns import Column, Releases
from matrix.errors import Absent, Unfinished
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.stats import paired_sequential
from pytest_kerasch2.timing import timed_processes

ERROR = 0.05


def changed(releases: Releases, column: Column, optimizer: str, starts: int, seconds: float) -> dict[str, list[float]]:
    """Return the logarithms of the ratios of all starts, by what is timed.

    Args:
        optimizer: its name in `tf.keras.optimizers`.
        starts: of the two processes.
        seconds: of blocks of each mode in a start, about.

    Raises:
        KerasCh2Error: the release cannot be had, or the one without a change has ended.
    """
    ratios: dict[str, list[float]] = {mode: [] for mode in release_history_suite.IMAGES}
    with timed_processes.copied_package() as package:
        shutil.copy(release_history.SUITE, package)
        own = release_history.arm_of(releases, column, package)
        other = {**own.variables, release_history_suite.OPTIMIZER: optimizer}
        two = own, replace(own, name=f"{own.name} with {optimizer}", variables=other)
        for start in range(starts):
            modes = release_history.measured(two, f"{optimizer} {start}", seconds)["modes"]
            for mode, ratio_line in modes.items():
                if "reason" in ratio_line:
                    print(f"{mode}: {ratio_line['reason']}", file=sys.stderr)
                else:
                    ratios[mode].append(release_history_kept.log_ratio(ratio_line))
            print(f"start {start + 1} of {starts}", file=sys.stderr, flush=True)
    return ratios


def ratio_line(mode: str, logs: Sequence[float]) -> str:
    """Return a line for people."""
    if len(logs) < 2:
        return f"{mode}: {math.exp(logs[0]):.3f}" if logs else f"{mode}: not measured"
    span = paired_sequential.trimmed_mean_interval(logs, ERROR)
    return f"{mode}: {span.estimate:.3f} ({span.low:.3f} to {span.high:.3f})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("column", help="of matrix/releases.toml")
    parser.add_argument("optimizer", help="its name in tf.keras.optimizers")
    parser.add_argument("--starts", type=int, default=4, help="of the two processes (default: 4)")
    parser.add_argument("--seconds", type=float, default=4.0, help="of blocks of a mode in a start (default: 4)")
    parser.add_argument("--remove", action="store_true", help="remove the environment afterwards")
    asked = parser.parse_args(arguments)
    if asked.starts < 1 or asked.seconds <= 0:
        parser.error("one start is the least, and some seconds")
    paths.make()
    try:
        releases = columns.read(paths.RELEASES)
        (column,) = releases.chosen([asked.column])
        release_history.give_up_what_leads_astray(column)
        ratios = changed(releases, column, asked.optimizer, asked.starts, asked.seconds)
        if asked.remove:
            environments.remove(column)
    except KeyboardInterrupt:
        return release_history.INTERRUPTED
    except (Absent, Unfinished, KerasCh2Error) as error:
        print(f"release_history_causes: {error}", file=sys.stderr)
        return release_history.REFUSED
    for mode, logs in ratios.items():
        print(ratio_line(mode, logs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
