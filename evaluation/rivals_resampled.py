"""The rules of the rivals on times that `kerasch2 compare` kept of one thing and itself, again and again.

A rival does not let its two sides take turns block by block: what it has of one side comes from processes before those
of the other. So a trial takes starts in a row, and their first half for one side, or for asv, whose sides take turns,
the outer starts for one side and the inner ones for the other. They are of one run: between two runs lie hours, and
their difference no rival would meet. A process gives as many blocks as the rival takes values of one. The slowdown is
planted by making the times of the second side longer by its share.

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

from evaluation.compare_report import exchanged
from evaluation.rivals_rules import OURS, RULES
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.files import write_text
from pytest_kerasch2.stats import paired_sequential
from pytest_kerasch2.stats.paired_sequential import ComparisonSettings, SpeedVerdict
from pytest_kerasch2.timing import compare_result
from pytest_kerasch2.timing.compare_result import BASELINE_REPEAT, CANDIDATE, Comparison, log_ratio

# Seconds of a step in each block of each process of each start of each run.
Runs = Sequence[Sequence[Sequence[Sequence[float]]]]


# Of a start.
PROCESSES = 3


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

    @property
    def starts(self) -> int:
        """Starts of three processes that both sides take together; of one whose sides take turns, a process of each."""
        return 2 * (self.processes if self.in_turns else -(-self.processes // PROCESSES))


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


def sides(runs: Runs, shape: Shape, drawn: random.Random) -> tuple[list[float], list[float]]:
    """Return the values of both sides, as a rival of this shape would have had them.

    Args:
        runs: of one benchmark; their starts in their order, and in one of them at least as many as the shape takes.
    """
    stretch = drawn.choice(_stretches(runs, shape))
    if shape.in_turns:
        # A B B A: both sides have as many before and after the middle.
        order = [place % 4 in (0, 3) for place in range(len(stretch))]
        chosen = [[drawn.choice(start) for start, own in zip(stretch, order) if own is side] for side in (True, False)]
    else:
        half = len(stretch) // 2
        parts = [[process for start in part for process in start] for part in (stretch[:half], stretch[half:])]
        chosen = [drawn.sample(part, shape.processes) for part in parts]
    before, after = ([value for process in side for value in _some(process, shape.values, drawn)] for side in chosen)
    return before, after


def _stretches(runs: Sequence[Sequence[Any]], shape: Shape) -> list[Sequence[Any]]:
    """Return all rows of starts of one run that are as long as the shape takes."""
    return [run[first : first + shape.starts] for run in runs for first in range(len(run) - shape.starts + 1)]


def _some(process: Sequence[float], values: int, drawn: random.Random) -> Sequence[float]:
    """Return so many blocks in a row."""
    first = drawn.randrange(max(len(process) - values, 0) + 1)
    return process[first : first + values]


def null(paths: Sequence[Path]) -> list[Comparison]:
    """Return comparisons of one thing with itself, of their starts only those that have all benchmarks.

    Raises:
        BadResults: one cannot be read.
        InvalidArgument: one is of two things, they are of several environments, or they have too few starts.
    """
    runs = [compare_result.read_comparison(path) for path in paths]
    for path, comparison in zip(paths, runs):
        first, second = comparison.sides
        if first["slowdown"] or second["slowdown"] or first["environment"] != second["environment"]:
            words = f"{path}: {first['name']} and {second['name']}"
            raise InvalidArgument("Times are not of one thing and itself", words, "compare an environment with itself")
        if runs[0].sides[0]["environment"] != first["environment"] or runs[0].benchmarks != comparison.benchmarks:
            raise InvalidArgument("Times are of several environments or suites", str(path), "name files of one of them")
        comparison.starts = _whole(comparison)
    number = sum(map(_starts, runs))
    if number < ComparisonSettings().max_starts:
        needed = ComparisonSettings().max_starts
        remedy = f"name more files, or compare with --max-starts 40 --margin 0.0001 --alpha 1e-9; {needed} are needed"
        raise InvalidArgument("Times are of too few starts", f"{', '.join(map(str, paths))}: {number}", remedy)
    return runs


def _whole(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the pairs of those starts that have all benchmarks: what was decided was not timed any more."""
    by_start = (
        list(drawn_values) for _, drawn_values in itertools.groupby(comparison.starts, key=lambda pair: pair["start"])
    )
    return [pair for start in by_start if len(start) == len(comparison.benchmarks) for pair in start]


def _starts(comparison: Comparison) -> int:
    return len({pair["start"] for pair in comparison.starts})


def rates(runs: Sequence[Comparison], kind: str, planted: float, trials: int, seed: int) -> Iterator[Rate]:
    """Yield how often each rule tells that something has become slower; a rule that no run has starts enough for, not.

    Args:
        runs: as `null` gives them.
    """
    series = {name: [_series(comparison, name) for comparison in runs] for name in runs[0].benchmarks}
    each = {name: _seconds(runs, name) for name in series}
    longest = max(map(_starts, runs))
    for rule, shape in SHAPES.items():
        if shape.starts > longest:
            continue
        rate = Rate(rule, kind, planted, trials)
        for trial in range(trials):
            # Of all benchmarks the same stretch.
            drawn = {
                name: sides(drawn_values, shape, random.Random(f"{seed} {trial}"))
                for name, drawn_values in series.items()
            }
            red = [RULES[rule](before, [(1 + planted) * value for value in after]) for before, after in drawn.values()]
            _count(rate, red)
            rate.seconds += statistics.fmean(
                each[name] * (len(before) + len(after)) for name, (before, after) in drawn.items()
            )
        rate.seconds /= trials
        yield rate
    yield _ours(runs, kind, planted, trials, seed)


def _series(comparison: Comparison, name: str) -> list[list[list[float]]]:
    """Return the seconds of a step in each block, by start and process."""
    own = [pair for pair in comparison.starts if pair["benchmark"] == name]
    return [
        [[one / drawn_values["steps"] for one in drawn_values["seconds"]] for drawn_values in pair["blocks"]]
        for pair in own
    ]


def _seconds(runs: Sequence[Comparison], name: str) -> float:
    """Return the seconds of a block, the mean."""
    own = [pair for comparison in runs for pair in comparison.starts if pair["benchmark"] == name]
    return statistics.fmean(one for pair in own for drawn_values in pair["blocks"] for one in drawn_values["seconds"])


def _ours(runs: Sequence[Comparison], kind: str, planted: float, trials: int, seed: int) -> Rate:
    rate, settings, shift = Rate(OURS, kind, planted, trials), ComparisonSettings(), math.log1p(planted)
    by_name = {name: [log for comparison in runs for log in _logs(comparison, name)] for name in runs[0].benchmarks}
    for trial in range(trials):
        # Of all benchmarks the same starts.
        chance = random.Random(f"{seed} {trial}")
        stretch = chance.choices(range(sum(map(_starts, runs))), k=settings.max_starts)
        starts = [exchanged({name: logs[place] for name, logs in by_name.items()}, chance) for place in stretch]
        drawn = {name: [start[name] for start in starts] for name in by_name}
        judged = {
            name: paired_sequential.judge(
                [one[0] + shift for one in drawn_values], [one[1] for one in drawn_values], settings, len(drawn)
            )
            for name, drawn_values in drawn.items()
        }
        judgements = {name: one for name, one in judged.items() if one is not None}
        _count(rate, [one.verdict is SpeedVerdict.SLOWER for one in judgements.values()])
        rate.seconds += statistics.fmean(
            sum(one[2] for one in drawn[name][: drawn_values.starts]) for name, drawn_values in judgements.items()
        )
    rate.seconds /= trials
    return rate


def _logs(comparison: Comparison, name: str) -> list[tuple[float, float, float]]:
    """Return the logarithms of the ratio and of the null of each start, and the seconds that were measured."""
    drawn_values = [pair for pair in comparison.starts if pair["benchmark"] == name]
    return [
        (log_ratio(one, CANDIDATE), log_ratio(one, BASELINE_REPEAT), compare_result.timed_seconds(one))
        for one in drawn_values
    ]


def _count(rate: Rate, red: Sequence[bool]) -> None:
    rate.benchmarks += len(red)
    rate.benchmarks_red += sum(red)
    rate.suites_red += any(red)


def write(named: Mapping[str, Sequence[Path]], planted: Sequence[float], trials: int, seed: int, out: Path) -> None:
    """Write how often each rule tells that something has become slower.

    Args:
        named: files by their kind of load.

    Raises:
        BadResults, InvalidArgument: a file cannot be used.
    """
    from rich.console import Console
    from rich.progress import track

    kinds = {kind: null(paths) for kind, paths in named.items()}
    cases = [(kind, runs, share) for kind, runs in kinds.items() for share in planted]
    rows = [
        asdict(rate)
        for kind, runs, share in track(cases, "loads and changes", console=Console(stderr=True))
        for rate in rates(runs, kind, share, trials, seed)
    ]
    about = [{"kind": kind, "files": len(runs), "starts": sum(map(_starts, runs))} for kind, runs in kinds.items()]
    write_text(json.dumps({"seed": seed, "files": about, "rates": rows}, indent=1) + "\n", out)


def of(plain: Mapping[str, Any]) -> list[Rate]:
    """Return the rates that a file holds which was written so."""
    return [Rate(**one) for one in plain["rates"]]
