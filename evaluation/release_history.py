"""Step time of the chapter's `fit` on every release, each in pairs with one that is common to all.

    python -m evaluation.release_history record             measures what is missing; Ctrl-C keeps what is done
    python -m evaluation.release_history record tf2.15      only these columns of matrix/releases.toml
    python -m evaluation.release_history report             writes docs/release-history.md and its picture

`record` makes the environment of each column as `python -m matrix` does, and times `fit`, a step written by hand in a
graph, `train_on_batch` and `predict` by two processes that take turns, one of the column and one of the common release.
Each start of the two gives one ratio. Raw blocks go to evaluation/data/release-history.jsonl; what is there of the same
pins and plugin is not measured again. Needs uv, the interpreters of the columns, and the extras `accuracy` and `plots`.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import shutil
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Sequence

from evaluation import release_history_kept, release_history_suite
from matrix import columns, disk, environments, paths, single
from matrix.columns import Column, Releases
from matrix.errors import Absent, Unfinished
from pytest_kerasch2.errors import ChildDied, InvalidArgument, KerasCh2Error
from pytest_kerasch2.stats.paired_sequential import ComparisonSettings
from pytest_kerasch2.timing import compare, timed_processes
from pytest_kerasch2.timing.compare_result import BASELINE, CANDIDATE
from pytest_kerasch2.timing.timed_processes import ComparedSide, TimedProcess

AGAINST = "tf2.21"
SUITE = Path(release_history_suite.__file__)
TIMED = compare.ComparisonPlan(ComparisonSettings(), suite=f"{SUITE.stem}:benchmarks", device="cpu")
# Seconds after which a start is given up: the process of the column is ended.
DEADLINE = 3600.0
REFUSED, INTERRUPTED = 2, 130


@dataclass(frozen=True)
class Wish:
    """What is to be measured.

    Attributes:
        names: of columns, or none for all.
        against: the column of the common release.
        starts: of the two processes, for each column.
        seconds: of blocks of each mode in a start, about.
        seed: of the order in which the processes take turns.
        remove: whether the environment of a column is removed after it.
        out: where the lines are kept.
    """

    names: Sequence[str] = ()
    against: str = AGAINST
    starts: int = 3
    seconds: float = 4.0
    seed: int = 0
    remove: bool = False
    out: Path = release_history_kept.PLACE


class Unmeasured(KerasCh2Error):
    """The process of a column does not start, or does not tell what it is."""


def record(releases: Releases, wish: Wish) -> None:
    """Measure the starts that are missing.

    Raises:
        InvalidArgument: there is no column of a name, or the plugin cannot run in one.
        KerasCh2Error: the common release cannot be had, or the plugin does not build.
    """
    missing = to_do(releases, wish)
    left = sum(len(starts) for _, starts in missing)
    print(f"{len(missing)} releases to measure, {left} starts", flush=True)
    if not missing:
        return
    paths.make()
    (common,) = releases.chosen([wish.against])
    give_up_what_leads_astray(common)
    began, done = time.monotonic(), 0
    with timed_processes.copied_package() as package:
        shutil.copy(SUITE, package)
        first = arm_of(releases, common, package)
        for column, starts in missing:
            for line in _lines(releases, column, starts, first, wish):
                release_history_kept.keep(line, wish.out)
                # Where there is a reason, it is that of all starts.
                done += len(starts) if "reason" in line else 1
                minutes = (time.monotonic() - began) / done * max(0, left - done) / 60
                print(f"[{done}/{left}, {minutes:.0f} min left] {progress_line(line)}", flush=True)
            if wish.remove and column is not common:
                environments.remove(column)
    if wish.remove:
        environments.remove(common)


def to_do(releases: Releases, wish: Wish) -> list[tuple[Column, list[int]]]:
    """Return the columns that lack starts, and which.

    Raises:
        InvalidArgument: there is no column of a name, or the plugin cannot run in one.
    """
    for column in releases.chosen([*wish.names, wish.against]):
        is_chosen = wish.names or column.environment == wish.against
        if is_chosen and (column.is_backported or column.imports != "tensorflow"):
            asked = f"{column.environment}, whose steps are not those of TensorFlow"
            raise InvalidArgument("A release cannot be timed", asked, "leave it out")
    there = release_history_kept.read(wish.out)
    to_measure = []
    for column in releases.chosen(wish.names):
        lines = release_history_kept.those(there, release_history_kept.of(column.environment, wish.against))
        starts = sorted(set(range(wish.starts)) - {line.get("start") for line in lines})
        if starts and not column.is_backported:
            to_measure.append((column, starts))
    return to_measure


def give_up_what_leads_astray(column: Column) -> None:
    """Take away what no environment is given: a process of a side has the variables of this one beside its own."""
    for name in set(os.environ) - set(environments.variables(column, os.environ)):
        del os.environ[name]


def arm_of(releases: Releases, column: Column, package: Path) -> ComparedSide:
    """Return the side of a column, whose environment is made where it is missing.

    Args:
        package: a folder with the plugin and the suite, in which it runs.

    Raises:
        Absent, Unfinished: it cannot be made, or not now.
    """
    disk.make_room()
    environment = single.environment_of(releases, column)
    return ComparedSide(column.environment, environment.python, package, variables=environment.variables)


def _lines(
    releases: Releases, column: Column, starts: Sequence[int], first: ComparedSide, wish: Wish
) -> Iterator[dict[str, Any]]:
    """Yield the line of each start as it ends; one that says why, where the column cannot be measured."""
    what = release_history_kept.of(column.environment, wish.against)
    try:
        second = first if column.environment == first.name else arm_of(releases, column, first.folder)
        for start in starts:
            seed = f"{wish.seed} {column.environment} {start}"
            yield {**what, "start": start, "seed": seed, **measured((first, second), seed, wish.seconds)}
    except (Absent, Unfinished, Unmeasured) as error:
        yield {**what, "reason": why(error)}


def measured(two: Sequence[ComparedSide], seed: str, seconds: float) -> dict[str, Any]:
    """Return what one start of the two processes measured, in an order of modes and turns that is drawn.

    A mode that ends its process is told of as such; the others go on in new ones.

    Raises:
        ChildDied: the process of the common release has ended.
        Unmeasured: that of the column does not tell what it is.
    """
    drawn = random.Random(seed)
    left = drawn.sample(list(release_history_suite.IMAGES), len(release_history_suite.IMAGES))
    load = os.getloadavg()[0]
    versions: list[dict[str, Any]] = []
    modes: dict[str, Any] = {}
    while left:
        with timed_processes.fresh_processes(two, two[BASELINE].folder, drawn.randrange(2**32)) as workers:
            timer = threading.Timer(DEADLINE, workers[CANDIDATE].process.kill)
            timer.start()
            try:
                versions = [_about(worker, place) for place, worker in enumerate(workers)]
                while left and workers[CANDIDATE].process.poll() is None:
                    name = left.pop(0)
                    modes[name] = _mode(workers, name, drawn, seconds)
            finally:
                timer.cancel()
    return {"load": [load, os.getloadavg()[0]], "versions": versions, "modes": modes}


def _about(worker: TimedProcess, place: int) -> dict[str, Any]:
    try:
        facts = worker.ask("about", suite=TIMED.suite)["environment"]
    except KerasCh2Error as error:
        if place == BASELINE:
            raise
        raise Unmeasured(error.happened, error.found, error.remedy) from error
    return {name: value for name, value in facts.items() if name != "node"}


def _mode(workers: Sequence[TimedProcess], name: str, drawn: random.Random, seconds: float) -> dict[str, Any]:
    try:
        pair = compare.time_start(workers, name, TIMED, drawn, seconds)
        compare.check_synchronised([{"blocks": pair.blocks}], [worker.side.name for worker in workers])
        return release_history_kept.shortened({"order": pair.order, "blocks": pair.blocks})
    except KerasCh2Error as error:
        if isinstance(error, ChildDied) and workers[CANDIDATE].process.poll() is None:
            raise
        return {"reason": why(error)}


def why(error: KerasCh2Error) -> str:
    """Return what an error says, without the places of this machine."""
    return environments.publishable(": ".join(filter(None, (error.happened, error.found))).replace("\n", " "))


def progress_line(line: dict[str, Any]) -> str:
    """Return a line for people."""
    if "reason" in line:
        return f"{line['column']}: {line['reason']}"
    modes = line["modes"]
    each = [f"{name} {_ratio(modes[name])}" for name in release_history_suite.IMAGES]
    return f"{line['column']} start {line['start'] + 1}, times {line['against']}: {', '.join(each)}"


def _ratio(mode: dict[str, Any]) -> str:
    return "–" if "reason" in mode else f"{math.exp(release_history_kept.log_ratio(mode)):.3f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    recorded = commands.add_parser("record", help="measure what is missing")
    recorded.add_argument("names", nargs="*", metavar="NAME", help="a column (default: all)")
    recorded.add_argument("--starts", type=int, default=3, help="of the two processes, for each column (default: 3)")
    recorded.add_argument("--seconds", type=float, default=4.0, help="of blocks of a mode in a start (default: 4)")
    recorded.add_argument("--seed", type=int, default=0, help="of the order of turns (default: 0)")
    recorded.add_argument("--remove", action="store_true", help="remove each environment after it")
    report = commands.add_parser("report", help="write the document and the picture")
    report.add_argument("--so-far", action="store_true", help="also where columns are missing, which it then says")
    for one in (recorded, report):
        one.add_argument("--against", default=AGAINST, metavar="NAME", help=f"the common release (default: {AGAINST})")
    given = vars(parser.parse_args(arguments))
    command = given.pop("command")
    if command == "record" and (given["starts"] < 1 or given["seconds"] <= 0):
        parser.error("one start is the least, and some seconds")
    releases = columns.read(paths.RELEASES)
    try:
        if command == "record":
            record(releases, Wish(**given))
        else:
            # It needs the extras, and measuring does not.
            from evaluation import release_history_report

            release_history_report.write(releases, given["against"], so_far=given["so_far"])
    except KeyboardInterrupt:
        print("stopped; the starts that ended are kept", file=sys.stderr)
        return INTERRUPTED
    except KerasCh2Error as error:
        print(f"release_history: {error}", file=sys.stderr)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
