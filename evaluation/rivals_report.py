"""The rivals as a section of Markdown, made of what was kept of them."""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, Sequence

from evaluation import compare_live, rivals_record, rivals_resampled
from evaluation.accuracy_report import percent, rows_of
from evaluation.accuracy_simulation import interval
from evaluation.load import KINDS
from evaluation.rivals_record import Finished, Trial
from evaluation.rivals_rules import OURS, RULES
from evaluation.rivals_workload import BENCHMARKS
from pytest_kerasch2.stats.paired_sequential import SpeedVerdict

NAMES = (*RULES, OURS)
# Both ends of it are bounds on one side with an error of 5 % each.
BOTH_SIDES = 0.9
ASKED = """\
Each rival is asked as its documentation has it. pytest-benchmark: a run with `--benchmark-save`, and one with
`--benchmark-compare` and `--benchmark-compare-fail`, which gives both verdicts. pyperf: a script run twice, and
`pyperf compare_to`; red where it says slower and does not hide it as not significant. asv: `asv continuous` on two
commits, which lets its processes take turns; red where it marks a benchmark as worse by its own factor of 1.1, and by
`asv compare --factor 1.05` of the same samples. Every rival meets a model that is warm, and gets the same seconds to
measure in, which none keeps to exactly. `kerasch2 compare` stops when it has decided; what it tells of these benchmarks
is taken from the live trials above. There the same loads go on while blocks are timed, and are stopped while processes
start; with the rivals, who do not say when they time, they go on all the while.

Red is a benchmark that is told to have become slower, and a suite with any such. Bounds are one-sided, of 95 %: the
true rate of false alarms is at most, and that of findings at least, what stands behind.

```sh
pip install -e ".[rivals]" && python -m evaluation.compare_rivals run --trials 1    # in earnest, under each load
python -m evaluation.compare_rivals resample && python -m evaluation.timing_report  # the rules alone
```
"""


@dataclass(frozen=True)
class Count:
    """How many of how many were red."""

    red: int
    of: int

    @property
    def between(self) -> list[float]:
        """Return the bounds of the true rate, each with an error of 5 %."""
        return interval(self.red, self.of, BOTH_SIDES)

    def at_most(self) -> str:
        """Return the rate of false alarms."""
        return "" if not self.of else f"{self._rate()}, ≤ {percent(self.between[1])}"

    def at_least(self) -> str:
        """Return the rate of findings."""
        return "" if not self.of else f"{self._rate()}, ≥ {percent(self.between[0])}"

    def _rate(self) -> str:
        return f"{self.red:,} of {self.of:,} ({percent(self.red / self.of)})"


def ours(trials: Iterable[Mapping[str, Any]], kinds: Iterable[str], planted: Iterable[float]) -> list[Finished]:
    """Return what the trials of `compare_live` tell of the rivals' benchmarks, under their loads and of their changes.

    Args:
        trials: as `compare_live.read` gives them.
    """
    results = []
    for one in trials:
        # What was refused has found no slowdown, and has raised no false alarm either: it told nothing.
        counts = one["planted"] or not compare_live.was_refused(one)
        if one["kind"] in kinds and one["planted"] in planted and counts:
            red = {name: one["verdicts"][name] == SpeedVerdict.SLOWER.value for name in BENCHMARKS}
            measured = math.fsum(pair["seconds"] for pair in one["pairs"] if pair["benchmark"] in BENCHMARKS)
            group = Trial("kerasch2", one["kind"], one["planted"], one["seed"])
            results.append(Finished(group, {OURS: red}, {"measured": measured, "all": one["wall"]}, {}))
    return results


def in_earnest(path: Path, trials: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], list[Finished]]:
    """Return how the rivals were asked, and their trials with ours under the same loads and changes.

    Raises:
        BadResults: it is missing, or something else.
    """
    settings, ended = rivals_record.read(path)
    kinds, shares = {one.trial.kind for one in ended}, {one.trial.planted for one in ended}
    return settings, [*ended, *ours(trials, kinds, shares)]


def by_rule(ended: Iterable[Finished], share: float) -> dict[str, Count]:
    """Return how many suites with this change each rule told to be slower; a rule that was not asked, not."""
    trials = [one for one in ended if one.trial.planted == share]
    counts = {rule: _suites(rule, trials) for rule in NAMES}
    return {rule: count for rule, count in counts.items() if count.of}


def line(finished: Finished) -> str:
    """Say what came of a trial."""
    answers = [
        f"{rule}: {', '.join(name for name, red in group.items() if red) or 'nothing'} slower"
        for rule, group in finished.red.items()
    ]
    seconds = finished.seconds
    return f"{'; '.join(answers)} ({seconds['measured']:.0f} s measured, {seconds['all']:.0f} s in all)"


def section(live: Path, resampled: Path, trials: Sequence[Mapping[str, Any]]) -> str:
    """Return the section; what was not run is said to be missing.

    Args:
        live, resampled: files of `compare_rivals`.
        trials: of ours, as `compare_live.read` gives them.

    Raises:
        BadResults: a file is something else.
    """
    lines = ["## Rivals", "", ASKED]
    lines += _live(*in_earnest(live, trials)) if live.exists() else ["Not run in earnest yet.", ""]
    if resampled.exists():
        lines += _resampled(json.loads(resampled.read_text(encoding="utf-8")))
    else:
        lines += ["Not resampled yet.", ""]
    return "\n".join(lines).rstrip()


def _live(settings: Mapping[str, Any], ended: Sequence[Finished]) -> list[str]:
    versions = ", ".join(f"{name} {number}" for name, number in settings["versions"].items())
    setting = settings["setting"]
    lines = ["### In earnest", ""]
    lines.append(
        f"{len(ended)} trials of {' and '.join(f'`{name}`' for name in BENCHMARKS)}: {setting['seconds']:g} s of "
        f"measuring for each benchmark, pyperf with {setting['processes']} processes a side. {versions}; "
        f"{settings['cores']} cores, CPython {settings['python']}."
    )
    fewer = _under_fewer(ended)
    if fewer:
        lines += [
            "",
            f"Not under each load, as the tables by load tell, and so not to be held against the others: {fewer}.",
        ]
    lines += ["", *_table("suites", ended, _suites), *_table("benchmarks", ended, _benchmarks)]
    return [*lines, *_kinds(ended), *_costs(ended)]


def _under_fewer(ended: Sequence[Finished]) -> str:
    """Return the rules that have not met each load, unchanged and slower, as others have."""
    met = {rule: {(one.trial.kind, one.trial.planted) for one in ended if rule in one.red} for rule in NAMES}
    every = set().union(*met.values())
    return ", ".join(rule for rule, results in met.items() if results and results != every)


def _suites(rule: str, trials: Iterable[Finished]) -> Count:
    results = [any(one.red[rule].values()) for one in trials if rule in one.red]
    return Count(sum(results), len(results))


def _benchmarks(rule: str, trials: Iterable[Finished]) -> Count:
    results = [red for one in trials if rule in one.red for red in one.red[rule].values()]
    return Count(sum(results), len(results))


def _table(what: str, ended: Sequence[Finished], count: Callable[[str, Iterable[Finished]], Count]) -> list[str]:
    shares = sorted({one.trial.planted for one in ended})
    heads = [f"Red {what}", *(_head(share) for share in shares)]
    rows = []
    for rule in NAMES:
        counts = [count(rule, [one for one in ended if one.trial.planted == share]) for share in shares]
        if any(one.of for one in counts):
            rows.append([rule, *(one.at_least() if share else one.at_most() for share, one in zip(shares, counts))])
    return rows_of(heads, rows)


def _head(share: float) -> str:
    return f"slower by {percent(share)}: found" if share else "nothing changed: false alarms"


def _kinds(ended: Sequence[Finished]) -> list[str]:
    """Return the false alarms and the findings by kinds of load, of suites."""
    kinds = [kind for kind in KINDS if any(one.trial.kind == kind for one in ended)]
    lines = []
    for share in sorted({one.trial.planted for one in ended}):
        rows = []
        for rule in NAMES:
            counts = [
                _suites(rule, [one for one in ended if one.trial.kind == kind and one.trial.planted == share])
                for kind in kinds
            ]
            if any(one.of for one in counts):
                rows.append([rule, *(f"{one.red} of {one.of}" if one.of else "–" for one in counts)])
        lines += rows_of([f"Red suites, {_head(share)}", *kinds], rows)
    return lines


def _costs(ended: Sequence[Finished]) -> list[str]:
    rows = []
    for rival in dict.fromkeys(one.trial.rival for one in ended):
        group = [one.seconds for one in ended if one.trial.rival == rival]
        measured, every = (statistics.median(one[name] for one in group) for name in ("measured", "all"))
        rows.append([rival, str(len(group)), f"{measured / len(BENCHMARKS):.0f} s", f"{every:.0f} s"])
    return rows_of(["Rival", "trials", "measured a benchmark, both sides", "a trial in all"], rows)


def _resampled(plain: Mapping[str, Any]) -> list[str]:
    rates = rivals_resampled.of(plain)
    files = ", ".join(f"{one['kind']}: {one['starts']} starts" for one in plain["files"])
    lines = ["### The rules alone, on stored blocks", ""]
    lines.append(
        f"Drawn from what `kerasch2 compare` kept of one thing and itself ({files}). A rival has here as many "
        "processes, and values of each, as it takes by itself, but no more blocks of a process than were kept, which "
        "is less than it would have measured, and than ours has. All are of one run, in a row: a rule is left out "
        "where no run is so long. Draws have blocks in common, and so there are no bounds."
    )
    shares = sorted({one.planted for one in rates})
    kinds = list(dict.fromkeys(one.kind for one in rates))
    rows = []
    for rule in [name for name in NAMES if any(one.rule == name for one in rates)]:
        cells = [rule]
        for share in shares:
            group = [one for one in rates if one.rule == rule and one.planted == share]
            total = Count(sum(one.suites_red for one in group), sum(one.trials for one in group))
            cells.append(percent(total.red / total.of))
        cells.append(f"{statistics.fmean(one.seconds for one in rates if one.rule == rule):.1f} s")
        rows.append(cells)
    lines += ["", *rows_of(["Red suites", *map(_head, shares), "measured a benchmark"], rows)]
    for share in shares:
        by = {(one.rule, one.kind): percent(one.suites_red / one.trials) for one in rates if one.planted == share}
        named = [rule for rule in NAMES if any((rule, kind) in by for kind in kinds)]
        by_kind = [[rule, *(by.get((rule, kind), "") for kind in kinds)] for rule in named]
        lines += rows_of([f"Red suites, {_head(share)}", *kinds], by_kind)
    return lines
