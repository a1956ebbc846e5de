"""What `kerasch2 compare` is worth: how often it errs, what it finds, and whether its intervals cover the truth.

    python -m evaluation.compare_report     prints the section of docs/benchmarking.md

All of it is made of the trials in `data/compare-live.jsonl`: they are told as they were, and resampled. A resampled run
has as many starts as a real one, drawn with replacement from the honest ones. The three processes of such a start are
of one thing, and so which of them is the first, the second and the first again is drawn anew too: of what is drawn,
the true ratio is one, however few starts there are. What is planted is added to the logarithms of their ratios.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
from collections import Counter, defaultdict
from typing import Any, Mapping, Sequence

from evaluation import compare_live
from evaluation.accuracy_report import percent
from evaluation.accuracy_simulation import interval
from evaluation.load import KINDS
from pytest_kerasch2.stats import paired_sequential
from pytest_kerasch2.stats.paired_sequential import ComparisonSettings, SpeedVerdict
from pytest_kerasch2.timing import command, compare

RUNS = 2000
TRIALS = 1000
PLANTED = (0.0, 0.03, 0.05, 0.1)
STARTS = tuple(paired_sequential.planned_looks(ComparisonSettings().max_starts))
# Slowdown -> within how many seconds of measuring a benchmark it is to be found.
WITHIN = {0.05: 60.0, 0.1: 20.0}
QUICK_PLANTED, QUICK_STARTS = (0.0, 0.05, 0.1), (4, 6, 10)
TOLD = ("slower", "faster", "same", "undecided", "unfit", compare_live.REFUSED)
# A pool of which runs are drawn has so many starts at least.
FEWEST = 2 * STARTS[-1]
# Logarithms of the ratio and of the null of each benchmark, of one start.
Start = Mapping[str, "tuple[float, float, float]"]


def starts_of(trials: Sequence[Mapping[str, Any]]) -> dict[str, list[Start]]:
    """Return the honest starts of each kind of load: ratio, null and seconds of measuring by benchmark."""
    results: dict[str, list[Start]] = defaultdict(list)
    for one in trials:
        by_start: dict[int, dict[str, tuple[float, float, float]]] = defaultdict(dict)
        for pair in one["pairs"]:
            by_start[pair["start"]][pair["benchmark"]] = pair["ratio"], pair["null"], pair["seconds"]
        if not one["planted"]:
            # Those alone that have all benchmarks: what is decided is not timed any more.
            results[one["kind"]] += [start for start in by_start.values() if len(start) == len(one["verdicts"])]
    return results


def pools_of(trials: Sequence[Mapping[str, Any]]) -> dict[str, list[Start]]:
    """Return the honest starts of each kind of load of which there are enough, and those of all kinds together."""
    results = starts_of(trials)
    results["all"] = [start for pool in results.values() for start in pool]
    return {kind: pool for kind, pool in results.items() if len(pool) >= FEWEST}


def exchanged(start: Start, drawn: random.Random) -> Start:
    """Return a start in which each of its processes, which are of one thing, has a role that is drawn anew."""
    first, second, again = drawn.sample(range(3), 3)
    results = {}
    for name, (ratio, null, spent) in start.items():
        # Of the first process it is 0: a ratio is to the mean of both that are of the first thing.
        logs = 0.0, ratio + null / 2, null
        ratio = logs[second] - (logs[first] + logs[again]) / 2
        results[name] = ratio, logs[again] - logs[first], spent
    return results


def drawn_of(pool: Sequence[Start], count: int, drawn: random.Random) -> list[Start]:
    """Return so many starts of a pool, with replacement."""
    return [exchanged(start, drawn) for start in drawn.choices(pool, k=count)]


def judged(
    starts: Sequence[Start], into: str, planted: float, settings: ComparisonSettings
) -> dict[str, paired_sequential.Judgement | None]:
    """Return what is told of a run of such starts, with a slowdown planted into one benchmark alone."""
    names = list(starts[0])
    shift = {into: math.log1p(planted)}
    return {
        name: paired_sequential.judge(
            [one[name][0] + shift.get(name, 0.0) for one in starts],
            [one[name][1] for one in starts],
            settings,
            len(names),
        )
        for name in names
    }


def rates(pool: Sequence[Start], planted: float, drawn: random.Random, runs: int = RUNS) -> dict[str, Any]:
    """Return how many of so many resampled runs are red, unfit or undecided, and after how many starts they are."""
    settings = ComparisonSettings()
    results: Counter[str] = Counter()
    decided: list[int] = []
    names = list(pool[0])
    for run in range(runs):
        # Into each of them as often.
        into = names[run % len(names)]
        judgements = judged(drawn_of(pool, settings.max_starts, drawn), into, planted, settings)
        looked_at = [one for name, one in judgements.items() if one is not None and (name == into or not planted)]
        verdicts = {one.verdict for one in looked_at}
        for verdict in verdicts:
            results[verdict.value] += 1
        if SpeedVerdict.SLOWER in verdicts:
            decided += [one.starts for one in looked_at if one.verdict is SpeedVerdict.SLOWER][:1]
    return {"runs": runs, **results, "by": {count: sum(one <= count for one in decided) for count in STARTS}}


def quick_rates(
    pool: Sequence[Start], count: int, drawn: random.Random, runs: int = TRIALS
) -> dict[float, Counter[str]]:
    """Return the verdicts of resampled quick looks of so many starts, by what is planted into their one benchmark."""
    settings = ComparisonSettings(command.QUICK_ALPHA, quick_seconds=command.QUICK_SECONDS)
    results: dict[float, Counter[str]] = {planted: Counter() for planted in QUICK_PLANTED}
    for planted, verdicts in results.items():
        for _ in range(runs):
            starts, name = drawn_of(pool, count, drawn), drawn.choice(list(pool[0]))
            shift = math.log1p(planted)
            judgement = paired_sequential.judge(
                [one[name][0] + shift for one in starts], [one[name][1] for one in starts], settings, 1
            )
            verdicts["none" if judgement is None else judgement.verdict.value] += 1
    return results


def coverage(pool: Sequence[Start], drawn: random.Random, trials: int = TRIALS) -> dict[int, tuple[int, int]]:
    """Return how often an interval of 95 % covers a known shift, by the number of starts."""
    results = {}
    for count in STARTS:
        covered = 0
        for _ in range(trials):
            name, shift = drawn.choice(list(pool[0])), math.log1p(drawn.choice(PLANTED))
            span = paired_sequential.trimmed_mean_interval(
                [one[name][0] + shift for one in drawn_of(pool, count, drawn)], 0.05
            )
            covered += span.low <= math.exp(shift) <= span.high
        results[count] = (covered, trials)
    return results


def seconds(pool: Sequence[Start]) -> float:
    """Return the seconds of measuring that a start takes for a benchmark, on the mean."""
    return statistics.mean(part[2] for one in pool for part in one.values())


def scatter(pool: Sequence[Start]) -> dict[str, float]:
    """Return the standard deviation of the logarithm of a start's ratio, by benchmark."""
    return {name: statistics.stdev(one[name][0] for one in pool) for name in pool[0]}


def _live(trials: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "| planted | load | runs | told slower | faster | same | undecided | unfit | refused | measured | in all |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for planted in sorted({one["planted"] for one in trials}):
        for kind in KINDS:
            those = [one for one in trials if (one["planted"], one["kind"]) == (planted, kind)]
            if not those:
                continue
            counts = Counter(verdict for one in those for verdict in one["verdicts"].values())
            cells = [str(counts.get(verdict, 0)) for verdict in TOLD]
            ended = [one for one in those if not compare_live.was_refused(one)]
            spent = [f"{statistics.mean(one[what] for one in ended):.0f} s" for what in ("measured", "wall") if ended]
            cells = [f"{100 * planted:.0f} %", kind, str(len(those)), *cells, *(spent or ["–", "–"])]
            lines.append(f"| {' | '.join(cells)} |")
    return [*lines, "", *_honest(trials), *_found(trials)]


def _honest(trials: Sequence[Mapping[str, Any]]) -> list[str]:
    honest = [one for one in trials if not one["planted"] and not compare_live.was_refused(one)]
    if not honest:
        return ["Nothing was compared with itself yet: `python -m evaluation.compare_live --trials 8`.", ""]
    red = sum("slower" in one["verdicts"].values() for one in honest)
    verdicts = sum(len(one["verdicts"]) for one in honest)
    high = interval(red, len(honest))[1]
    faster = sum("faster" in one["verdicts"].values() for one in honest)
    text = f"Honest runs: {len(honest)}, with {verdicts} verdicts; {red} of the runs red (at most {percent(high)})"
    lines = [f"{text}, {faster} with something that was told to be faster, which is as false.", ""]
    for one in trials:
        if not one["planted"] and compare_live.was_refused(one):
            # What refused it is kept from the first such run on that was done by the rule of now.
            starts = f"all processes of a thing, after {compare.MIN_STARTS_UNSYNCHRONISED} starts"
            by = "" if "starts_owing" in one else f" It was asked of each process by itself; now it is of {starts}."
            lines += [f"One more honest run ({one['kind']}, seed {one['seed']}) told nothing: {one['why']}{by}", ""]
    return lines


def _found(trials: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for planted in sorted({one["planted"] for one in trials} - {0.0}):
        spent = spent_until_found(trials, planted)
        results = sum(map(math.isfinite, spent))
        text = f"Of benchmarks that were {100 * planted:.0f} % slower, {results} of {len(spent)} found"
        text += f" ({percent(interval(results, len(spent))[0])} at least)"
        if planted in WITHIN:
            within = sum(one <= WITHIN[planted] for one in spent)
            text += f", {within} of them within {WITHIN[planted]:.0f} s of measuring it"
        if 2 * results > len(spent):
            text += f"; half of all within {statistics.median(spent):.0f} s"
        lines += [f"{text}.", ""]
    return lines


def spent_until_found(trials: Sequence[Mapping[str, Any]], planted: float) -> list[float]:
    """Return the seconds of measuring after which each slower benchmark was found, infinite if it was not."""
    results = []
    for one in trials:
        for name, verdict in one["verdicts"].items() if one["planted"] == planted else ():
            # What is decided is not timed any more.
            spent = math.fsum(pair["seconds"] for pair in one["pairs"] if pair["benchmark"] == name)
            results.append(spent if verdict == SpeedVerdict.SLOWER.value else math.inf)
    return sorted(results)


def _resampled(pools: Mapping[str, Sequence[Start]], drawn: random.Random) -> list[str]:
    head = ["load", "starts kept", "scatter of a start", "seconds a start", "told slower", "faster", "unfit"]
    head += [f"{100 * planted:.0f} % found" for planted in PLANTED[1:]]
    head += [f"{100 * planted:.0f} % in {limit:.0f} s" for planted, limit in WITHIN.items()]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for kind, pool in pools.items():
        results = {planted: rates(pool, planted, drawn) for planted in PLANTED}
        spread = ", ".join(f"{name} {percent(value)}" for name, value in scatter(pool).items())
        cells = [kind, str(len(pool)), spread, f"{seconds(pool):.1f}"]
        cells += [percent(results[0.0].get(verdict, 0) / RUNS) for verdict in ("slower", "faster", "unfit")]
        cells += [percent(results[planted].get("slower", 0) / RUNS) for planted in PLANTED[1:]]
        cells += [percent(by_then(results[planted], limit / seconds(pool)) / RUNS) for planted, limit in WITHIN.items()]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def by_then(results: Mapping[str, Any], starts: float) -> int:
    """Return how many of the resampled runs had found it after so many starts."""
    return max((runs for count, runs in results["by"].items() if count <= starts), default=0)


def _covered(pools: Mapping[str, Sequence[Start]], drawn: random.Random) -> list[str]:
    lines = [f"| load | {' | '.join(f'{count} starts' for count in STARTS)} |", "| --- " * (len(STARTS) + 1) + "|"]
    for kind, pool in pools.items():
        results = coverage(pool, drawn)
        lines.append(f"| {kind} | {' | '.join(percent(covered / of) for covered, of in results.values())} |")
    return lines


def _quick(pools: Mapping[str, Sequence[Start]], drawn: random.Random) -> list[str]:
    lines = [
        f"| load | starts | {' | '.join(f'{percent(one)} planted: slower, unfit' for one in QUICK_PLANTED)} |",
        "| --- " * (len(QUICK_PLANTED) + 2) + "|",
    ]
    for kind, pool in pools.items():
        for count in QUICK_STARTS:
            results = quick_rates(pool, count, drawn)
            shares = ([one[told] / sum(one.values()) for told in ("slower", "unfit")] for one in results.values())
            cells = [", ".join(map(percent, share)) for share in shares]
            lines.append(f"| {kind} | {count} | {' | '.join(cells)} |")
    return lines


def _otherwise(trials: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what came of trials that were done in another way, so that nothing that was tried is left out."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in trials:
        groups[json.dumps([one["turns"], one["terms"]])].append(one)
    lines = []
    for those in groups.values():
        red: dict[float, list[bool]] = defaultdict(list)
        for one in those:
            red[one["planted"]] += [verdict == SpeedVerdict.SLOWER.value for verdict in one["verdicts"].values()]
        text = [f"{sum(red[planted])} of {len(red[planted])} at {percent(planted)} planted" for planted in sorted(red)]
        turns = those[0]["turns"]
        way = f"{turns['seconds']} s of a benchmark in a start; of a round counts {turns.get('counts', 'the sum')}"
        lines += [f"Not counted, of before: {len(those)} runs ({way}). Told slower: {', '.join(text)}.", ""]
    return lines


def section(trials: Sequence[Mapping[str, Any]], otherwise: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the section of docs/benchmarking.md.

    Args:
        otherwise: trials that were done in another way, of which it is said what came of them.
    """
    drawn = random.Random(0)
    pools = pools_of(trials)
    lines = ["## Errors and power of `kerasch2 compare`", "", *_live(trials), *_otherwise(otherwise)]
    if not pools:
        return "\n".join(lines)
    lines += [
        f"Resampled, {RUNS:,} runs each of pools of {FEWEST} starts or more. The first columns of verdicts are of",
        "runs with nothing planted; what is planted is in one benchmark of three, within seconds of measuring it:",
        "",
        *_resampled(pools, drawn),
        "",
        f"Intervals of 95 % that cover the truth, of {TRIALS:,} trials each:",
        "",
    ]
    quick = (
        f"Quick looks at one benchmark, resampled, {TRIALS:,} each; {percent(command.QUICK_ALPHA)} may be told slower:"
    )
    return "\n".join([*lines, *_covered(pools, drawn), "", quick, "", *_quick(pools, drawn)])


def main() -> int:
    """Print the section."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    trials = compare_live.read()
    if not trials:
        print("there are no trials: run python -m evaluation.compare_live", file=sys.stderr)
        return 1
    print(section(trials, compare_live.otherwise()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
