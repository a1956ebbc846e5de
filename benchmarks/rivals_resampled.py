"""The rules of the rivals on times that `kerasch2 compare` kept of one thing and itself, again and again.

A rival does not let its two sides take turns block by block: what it has of one side comes from processes before those
of the other. So a trial takes a stretch of starts in their order, and its first half for one side, or for asv, whose
sides take turns, the outer starts for one side and the inner ones for the other. A process gives as many blocks as the
rival takes values of one. The slowdown is planted by making the times of the second side longer by its share.

Ours is told of starts drawn with replacement, up to as many as it would have made, and which of the three processes of
each is which is drawn too: all are of one thing, and so the true ratio of what is drawn is one.
"""

from __future__ import annotations

import itertools
import json
import math
import random
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from benchmarks.compare_report import exchanged
from benchmarks.rivals_rules import OURS, RULES
from pytest_kerasch2.claims.ledger import write_text
from pytest_kerasch2.errors import BadSetting
from pytest_kerasch2.gates import pairs
from pytest_kerasch2.gates.pairs import Terms, Verdict
from pytest_kerasch2.timing import comparison
from pytest_kerasch2.timing.comparison import AGAIN, SECOND, Comparison, log_ratio

# Seconds of a step in each block of each process of each start.
Starts = Sequence[Sequence[Sequence[float]]]


@dataclass(frozen=True)
class Shape:
    """From where a rival has its values.

    Attributes:
        processes: of each side, at most.
        values: of each process, at most.
        in_turns: whether the processes of the sides take turns, there and back.
    """

    processes: int
    values: int
    in_turns: bool = False


# As the rivals have them by themselves; blocks of a process at most as many as were kept.
SHAPES: Mapping[str, Shape] = {
    "pytest-benchmark mean:5%": Shape(1, 1000),
    "pytest-benchmark min:5%": Shape(1, 1000),
    "pyperf": Shape(20, 3),
    "asv 1.1": Shape(2, 1000, in_turns=True),
    "asv 1.05": Shape(2, 1000, in_turns=True),
}


@dataclass
class Rate:
    """How often a rule told that something had become slower.

    Attributes:
        trials, benchmarks: of suites, and of benchmarks in all of them.
        suites_red, benchmarks_red: in how many suites any was told to be, and how many were told in all.
        seconds: of blocks, for a benchmark and both sides: the mean.
    """

    rule: str
    kind: str
    planted: float
    trials: int = 0
    benchmarks: int = 0
    suites_red: int = 0
    benchmarks_red: int = 0
    seconds: float = 0.0


def sides(starts: Starts, shape: Shape, drawn: random.Random) -> tuple[list[float], list[float]]:
    """Give the values of both sides, as a rival of this shape would have had them.

    Args:
        starts: of one benchmark, in their order; a stretch may go on at the first after the last.
    """
    each = len(starts[0])
    if shape.in_turns:
        first = drawn.randrange(len(starts))
        stretch = [starts[(first + place) % len(starts)] for place in range(2 * shape.processes)]
        # A B B A: both sides have as many before and after the middle.
        order = [place % 4 in (0, 3) for place in range(len(stretch))]
        chosen = [[drawn.choice(start) for start, own in zip(stretch, order) if own is side] for side in (True, False)]
    else:
        half = min(-(-shape.processes // each), len(starts) // 2)
        first = drawn.randrange(len(starts))
        stretch = [starts[(first + place) % len(starts)] for place in range(2 * half)]
        parts = [[process for start in part for process in start] for part in (stretch[:half], stretch[half:])]
        count = min(shape.processes, half * each)
        chosen = [drawn.sample(part, count) for part in parts]
    before, after = ([value for process in side for value in _some(process, shape.values, drawn)] for side in chosen)
    return before, after


def _some(process: Sequence[float], values: int, drawn: random.Random) -> Sequence[float]:
    """Give so many blocks in a row."""
    first = drawn.randrange(max(len(process) - values, 0) + 1)
    return process[first : first + values]


def null(paths: Sequence[Path]) -> Comparison:
    """Give comparisons of one thing with itself, joined: their starts in a row, as far as they have all benchmarks.

    Raises:
        BadLedger: one cannot be read.
        BadSetting: one is of two things, they are of several environments, or they have too few starts.
    """
    joined: Comparison | None = None
    for path in paths:
        found = comparison.read(path)
        first, second = found.arms
        if first["slower"] or second["slower"] or first["environment"] != second["environment"]:
            words = f"{path}: {first['name']} and {second['name']}"
            raise BadSetting("Times are not of one thing and itself", words, "compare an environment with itself")
        joined = joined or Comparison(Terms(), found.arms, found.benchmarks)
        if joined.arms[0]["environment"] != first["environment"] or joined.benchmarks != found.benchmarks:
            raise BadSetting("Times are of several environments or suites", str(path), "name files of one of them")
        _add(joined, found)
    if joined is None or _starts(joined) < Terms().most:
        number = 0 if joined is None else _starts(joined)
        remedy = f"name more files, or compare with --most 40 --margin 0.0001 --error 1e-9; {Terms().most} are needed"
        raise BadSetting("Times are of too few starts", f"{', '.join(map(str, paths))}: {number}", remedy)
    return joined


def _add(joined: Comparison, found: Comparison) -> None:
    for _, its in itertools.groupby(found.pairs, key=lambda pair: pair["start"]):
        start = list(its)
        # What was decided was not timed any more.
        if len(start) == len(found.benchmarks):
            joined.pairs += [{**pair, "start": _starts(joined)} for pair in start]


def _starts(found: Comparison) -> int:
    return len({pair["start"] for pair in found.pairs})


def rates(found: Comparison, kind: str, planted: float, trials: int, seed: int) -> Iterator[Rate]:
    """Give how often each rule tells that something has become slower."""
    series = {name: _series(found, name) for name in found.benchmarks}
    for rule, shape in SHAPES.items():
        rate = Rate(rule, kind, planted, trials)
        for trial in range(trials):
            # Of all benchmarks the same stretch.
            drawn = {name: sides(its, shape, random.Random(f"{seed} {trial}")) for name, (its, _) in series.items()}
            red = [RULES[rule](before, [(1 + planted) * value for value in after]) for before, after in drawn.values()]
            _count(rate, red)
            rate.seconds += statistics.fmean(
                series[name][1] * (len(before) + len(after)) for name, (before, after) in drawn.items()
            )
        rate.seconds /= trials
        yield rate
    yield _ours(found, kind, planted, trials, seed)


def _series(found: Comparison, name: str) -> tuple[Starts, float]:
    """Give the seconds of a step in each block, by start and process; and those of a block, the mean."""
    own = [pair for pair in found.pairs if pair["benchmark"] == name]
    starts = [[[one / its["steps"] for one in its["seconds"]] for its in pair["blocks"]] for pair in own]
    return starts, statistics.fmean(one for pair in own for its in pair["blocks"] for one in its["seconds"])


def _ours(found: Comparison, kind: str, planted: float, trials: int, seed: int) -> Rate:
    rate, terms, shift = Rate(OURS, kind, planted, trials), Terms(), math.log1p(planted)
    by_name = {name: _logs(found, name) for name in found.benchmarks}
    for trial in range(trials):
        # Of all benchmarks the same starts.
        chance = random.Random(f"{seed} {trial}")
        stretch = chance.choices(range(_starts(found)), k=terms.most)
        starts = [exchanged({name: logs[place] for name, logs in by_name.items()}, chance) for place in stretch]
        drawn = {name: [start[name] for start in starts] for name in by_name}
        judged = {
            name: pairs.judge([one[0] + shift for one in its], [one[1] for one in its], terms, len(drawn))
            for name, its in drawn.items()
        }
        told = {name: one for name, one in judged.items() if one is not None}
        _count(rate, [one.verdict is Verdict.SLOWER for one in told.values()])
        rate.seconds += statistics.fmean(sum(one[2] for one in drawn[name][: its.pairs]) for name, its in told.items())
    rate.seconds /= trials
    return rate


def _logs(found: Comparison, name: str) -> list[tuple[float, float, float]]:
    """Give the logarithms of the ratio and of the null of each start, and the seconds that were measured."""
    its = [pair for pair in found.pairs if pair["benchmark"] == name]
    return [(log_ratio(one, SECOND), log_ratio(one, AGAIN), comparison.measured(one)) for one in its]


def _count(rate: Rate, red: Sequence[bool]) -> None:
    rate.benchmarks += len(red)
    rate.benchmarks_red += sum(red)
    rate.suites_red += any(red)


def write(named: Mapping[str, Sequence[Path]], planted: Sequence[float], trials: int, seed: int, out: Path) -> None:
    """Write how often each rule tells that something has become slower.

    Args:
        named: files by their kind of load; those of a kind are joined.

    Raises:
        BadLedger, BadSetting: a file cannot be used.
    """
    from rich.console import Console
    from rich.progress import track

    kinds = {kind: null(paths) for kind, paths in named.items()}
    wanted = [(kind, found, share) for kind, found in kinds.items() for share in planted]
    rows = [
        asdict(rate)
        for kind, found, share in track(wanted, "files and changes", console=Console(stderr=True))
        for rate in rates(found, kind, share, trials, seed)
    ]
    about = [{"kind": kind, "files": len(named[kind]), "starts": _starts(found)} for kind, found in kinds.items()]
    write_text(json.dumps({"seed": seed, "files": about, "rates": rows}, indent=1) + "\n", out)


def of(plain: Mapping[str, Any]) -> list[Rate]:
    """Give the rates that a file holds which was written so."""
    return [Rate(**one) for one in plain["rates"]]
