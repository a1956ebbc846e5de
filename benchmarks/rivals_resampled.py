"""The rules of the rivals on times that `kerasch2 compare` kept of one thing and itself, again and again.

A rival does not let its two sides take turns block by block: what it has of one side comes from processes before those
of the other. So a trial takes a stretch of starts in their order, and its first half for one side, or for asv, whose
sides take turns, the outer starts for one side and the inner ones for the other. A process gives as many blocks as the
rival takes values of one. The slowdown is planted by making the times of the second side longer by its share.

Ours takes the starts of a stretch as they are, up to as many as it would have made.
"""

from __future__ import annotations

import copy
import json
import math
import random
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from benchmarks.rivals_rules import OURS, RULES
from pytest_kerasch2.claims.ledger import write_text
from pytest_kerasch2.errors import BadSetting
from pytest_kerasch2.gates.pairs import Terms, Verdict
from pytest_kerasch2.timing import comparison
from pytest_kerasch2.timing.comparison import SECOND, Comparison

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


def null(path: Path) -> Comparison:
    """Give a comparison of one thing with itself.

    Raises:
        BadLedger: it cannot be read.
        BadSetting: it is of two things, or of too few starts.
    """
    found = comparison.read(path)
    first, second = found.arms
    if first["slower"] or second["slower"] or first["environment"] != second["environment"]:
        words = f"{path}: {first['name']} and {second['name']}"
        raise BadSetting("Times are not of one thing and itself", words, "compare an environment with itself")
    fewest = min(sum(pair["benchmark"] == name for pair in found.pairs) for name in found.benchmarks)
    if fewest < Terms().most:
        remedy = f"compare with --most 40 --margin 0.0001 --error 1e-9, which makes {Terms().most} at least"
        raise BadSetting("Times are of too few starts", f"{path}: {fewest}", remedy)
    return found


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
    pairs = [pair for pair in found.pairs if pair["benchmark"] == name]
    starts = [[[one / its["steps"] for one in its["seconds"]] for its in pair["blocks"]] for pair in pairs]
    return starts, statistics.fmean(one for pair in pairs for its in pair["blocks"] for one in its["seconds"])


def _ours(found: Comparison, kind: str, planted: float, trials: int, seed: int) -> Rate:
    rate = Rate(OURS, kind, planted, trials)
    starts = sorted({pair["start"] for pair in found.pairs})
    pairs = [_slower(pair, planted) for pair in found.pairs]
    by_start = {start: [pair for pair in pairs if pair["start"] == start] for start in starts}
    terms = Terms()
    for trial in range(trials):
        stretch = random.Random(f"{seed} {trial}").choices(starts, k=terms.most)
        drawn = [pair for start in stretch for pair in by_start[start]]
        judged = {
            name: one
            for name, one in Comparison(terms, found.arms, found.benchmarks, drawn).judgements().items()
            if one is not None
        }
        _count(rate, [one.verdict is Verdict.SLOWER for one in judged.values()])
        rate.seconds += statistics.fmean(
            _seconds([pair for pair in drawn if pair["benchmark"] == name][: one.pairs]) for name, one in judged.items()
        )
    rate.seconds /= trials
    return rate


def _slower(pair: Mapping[str, Any], share: float) -> dict[str, Any]:
    changed = dict(copy.deepcopy(pair))
    its = changed["blocks"][SECOND]
    its["seconds"] = [(1 + share) * one for one in its["seconds"]]
    return changed


def _seconds(pairs: Sequence[Mapping[str, Any]]) -> float:
    return math.fsum(map(comparison.measured, pairs))


def _count(rate: Rate, red: Sequence[bool]) -> None:
    rate.benchmarks += len(red)
    rate.benchmarks_red += sum(red)
    rate.suites_red += any(red)


def write(files: Sequence[str], planted: Sequence[float], trials: int, seed: int, out: Path) -> None:
    """Write how often each rule tells that something has become slower, for files that are named KIND=FILE.

    Raises:
        BadLedger, BadSetting: a file cannot be used.
    """
    from rich.console import Console
    from rich.progress import track

    named = []
    for word in files:
        kind, equals, path = word.partition("=")
        if not equals:
            raise BadSetting("A file has no kind of load", repr(word), "write KIND=FILE")
        named.append((kind, Path(path), null(Path(path))))
    wanted = [(kind, found, share) for kind, _, found in named for share in planted]
    rows = [
        asdict(rate)
        for kind, found, share in track(wanted, "files and changes", console=Console(stderr=True))
        for rate in rates(found, kind, share, trials, seed)
    ]
    about = [
        {"kind": kind, "file": path.name, "starts": 1 + max(pair["start"] for pair in found.pairs)}
        for kind, path, found in named
    ]
    write_text(json.dumps({"seed": seed, "files": about, "rates": rows}, indent=1) + "\n", out)
