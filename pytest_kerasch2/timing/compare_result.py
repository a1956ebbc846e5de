"""The result of a comparison: its file, its verdicts, and how both are shown.

A verdict follows from the file alone, so that whoever reads it elsewhere gets the same one.
"""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

from pytest_kerasch2.claims import schema
from pytest_kerasch2.errors import BadResults, InvalidArgument
from pytest_kerasch2.files import write_text
from pytest_kerasch2.foreign import cell, code
from pytest_kerasch2.json_files import read_json
from pytest_kerasch2.stats import paired_sequential
from pytest_kerasch2.stats.paired_sequential import ComparisonSettings, Judgement, SpeedVerdict
from pytest_kerasch2.timing.benchmark_summary import duration

SCHEMA = 4
# Of the two blocks that a process has in a round.
ROUND_VALUE = "the quicker of two"
RULE_NAMES = ("MIN_STARTS", "TRIM_ONE_OF", "GROWTH", "MIN_AGREEING", "BETA")
# How verdicts are decided: a file that was decided by another rule is not decided anew by this one.
RULE = {**{name.lower(): getattr(paired_sequential, name) for name in RULE_NAMES}, "round_value": ROUND_VALUE}
# The places of the processes of a start.
BASELINE, CANDIDATE, BASELINE_REPEAT = range(3)
# The verdict of a whole comparison is the worst of its benchmarks.
WORST_FIRST = (
    SpeedVerdict.SLOWER,
    SpeedVerdict.UNFIT,
    SpeedVerdict.UNDECIDED,
    SpeedVerdict.NOT_SLOWER,
    SpeedVerdict.FASTER,
    SpeedVerdict.SAME,
)


@dataclass
class Comparison:
    """A baseline, a candidate, and the process starts so far; `comparison.schema.json` describes the file."""

    settings: ComparisonSettings
    sides: Sequence[Mapping[str, Any]]
    benchmarks: Sequence[str]
    options: Mapping[str, Any] = field(default_factory=lambda: {"suite": None, "device": None, "seed": 0})
    work_checks: dict[str, list[Any]] = field(default_factory=dict)
    starts: list[dict[str, Any]] = field(default_factory=list)
    complete: bool = False

    def judgements(self) -> dict[str, Judgement | None]:
        """Return the judgement of each benchmark; None if there are too few starts, or its look is still to come."""
        if self.settings.quick_seconds is not None and not self.complete:
            return dict.fromkeys(self.benchmarks)
        return {
            name: paired_sequential.judge(
                [log_ratio(one, CANDIDATE) for one in self.starts if one["benchmark"] == name],
                [log_ratio(one, BASELINE_REPEAT) for one in self.starts if one["benchmark"] == name],
                self.settings,
                len(self.benchmarks),
            )
            for name in self.benchmarks
        }

    @property
    def verdict(self) -> SpeedVerdict:
        """Return the worst verdict of all benchmarks."""
        verdicts = [SpeedVerdict.UNDECIDED if one is None else one.verdict for one in self.judgements().values()]
        return next(one for one in WORST_FIRST if one in verdicts)

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Raises:
            BadResults: the place cannot be written.
        """
        content = {
            "schema": SCHEMA,
            "complete": self.complete,
            "settings": asdict(self.settings),
            "rule": RULE,
            "options": dict(self.options),
            "sides": list(self.sides),
            "benchmarks": list(self.benchmarks),
            "work_checks": self.work_checks,
            "starts": self.starts,
        }
        write_text(json.dumps(content, indent=1) + "\n", path)

    def lines(self) -> list[str]:
        """Return a line for each benchmark, below one with both sides."""
        baseline, candidate = (one["name"] for one in self.sides)
        lines = [
            f"{candidate} against {baseline}, by {1 + max((one['start'] for one in self.starts), default=-1)} starts"
        ]
        for name, judgement in self.judgements().items():
            if judgement is None:
                lines.append(f"  ? {name}: undecided, too few starts")
                continue
            ratio, repeat = judgement.ratio, judgement.repeat
            seconds = statistics.median(step_seconds(one, BASELINE) for one in self.starts if one["benchmark"] == name)
            lines.append(
                f"  {SIGNS[judgement.verdict]} {name}: {verdict_text(judgement)}: {ratio.estimate:.3f} times the time"
                f" ({ratio.low:.3f} to {ratio.high:.3f}; {baseline} with itself {repeat.low:.3f} to {repeat.high:.3f}),"
                f" {duration(seconds)} a step, decided by {judgement.starts} starts"
            )
        if any(self.judgements().values()):
            lines.append(self._interval_note)
        return [*lines, *self._unchecked()]

    @property
    def _interval_note(self) -> str:
        share = f"{100 * self.settings.alpha:g} %"
        if self.settings.quick_seconds is not None:
            return (
                f"A quick look: with an error of {share} for all benchmarks together, what is called slower is slower,"
                " and what is not is slower by no more than is said. No work was checked."
            )
        return f"Intervals are wider than 95 % intervals: all looks and benchmarks share an error rate of {share}."

    def _unchecked(self) -> list[str]:
        lines = [
            f"  ! {name}: its work was not checked: {one['why_not']}"
            for name, work_checks in self.work_checks.items()
            for one in work_checks
            if one and one.get("why_not")
        ]
        return list(dict.fromkeys(lines))

    def table(self) -> list[str]:
        """Return the same as a table in Markdown."""
        baseline, candidate = (code(one["name"]) for one in self.sides)
        lines = [
            f"Time per training step of {candidate}, in times that of {baseline}: **{self.verdict.value}**",
            "",
            f"| | verdict | times the time | between | {baseline} with itself | starts |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for name, judgement in self.judgements().items():
            if judgement is None:
                lines.append(f"| {cell(name)} | ? undecided, too few starts | | | | |")
                continue
            spans = [f"{one.low:.3f} to {one.high:.3f}" for one in (judgement.ratio, judgement.repeat)]
            verdict = f"{SIGNS[judgement.verdict]} {verdict_text(judgement)}"
            lines.append(
                f"| {cell(name)} | {verdict} | {judgement.ratio.estimate:.3f} | {' | '.join(spans)}"
                f" | {judgement.starts} |"
            )
        return [*lines, "", self._interval_note, *map(cell, self._unchecked())]


SIGNS = {
    SpeedVerdict.SLOWER: "✗",
    SpeedVerdict.SAME: "✓",
    SpeedVerdict.FASTER: "✓",
    SpeedVerdict.NOT_SLOWER: "✓",
    SpeedVerdict.UNDECIDED: "?",
    SpeedVerdict.UNFIT: "?",
}


def verdict_text(judgement: Judgement) -> str:
    """Return a verdict in words."""
    if judgement.verdict is SpeedVerdict.NOT_SLOWER:
        return f"not slower by more than {100 * max(0.0, judgement.ratio.high - 1):.1f} %"
    return str(judgement.verdict.value)


def read_comparison(path: Path) -> Comparison:
    """Return the comparison that a file keeps.

    Raises:
        BadResults: it is missing, cut short, or of another schema.
    """
    remedy = "write it anew with kerasch2 compare --json"
    try:
        content = read_json(path)
        if isinstance(content, dict) and content.get("schema") == 3:
            content = _from_schema_3(content)
        schema.require(content, Path(__file__).with_name("comparison.schema.json"))
    except schema.Mismatch as error:
        raise BadResults(f"The comparison file does not match schema {SCHEMA}", f"{path}, {error}", remedy) from error
    except (OSError, ValueError) as error:
        raise BadResults("The comparison file cannot be read", f"{path}: {error}", remedy) from error
    try:
        settings = ComparisonSettings(**content["settings"])
    except InvalidArgument as error:
        raise BadResults("The comparison file has unusable settings", f"{path}: {error.happened}", remedy) from error
    if content["rule"] != RULE:
        problem = f"{path}: {str(content['rule'])[:300]}, and here {RULE}"
        raise BadResults(
            "The comparison was decided by another rule", problem, "read it with the version that wrote it"
        )
    fields = (content[name] for name in ("sides", "benchmarks", "options", "work_checks", "starts", "complete"))
    return Comparison(settings, *fields)


def read_stopped(path: Path | None, like: Comparison) -> Comparison | None:
    """Return the comparison that a file keeps, if it is one of the same that was stopped; None otherwise.

    Args:
        path: the file, or None.
        like: a comparison that begins.
    """
    if path is None or not path.is_file():
        return None
    try:
        stored = read_comparison(path)
    except BadResults:
        return None
    same = all(getattr(stored, name) == getattr(like, name) for name in ("settings", "sides", "benchmarks", "options"))
    return stored if same and stored.starts and not stored.complete else None


# The names of schema 3, at whatever depth, and those of today.
OLD_NAMES = {
    "terms": "settings",
    "error": "alpha",
    "most": "max_starts",
    "asked": "options",
    "arms": "sides",
    "slower": "slowdown",
    "proofs": "work_checks",
    "pairs": "starts",
    "owed": "unsynchronised",
    "fewest": "min_starts",
    "one_of": "trim_one_of",
    "agreeing": "min_agreeing",
    "missed": "beta",
    "counts": "round_value",
}
# What they hold is not ours, and stays as it is.
OPAQUE = ("environment", "proofs", "load", "order", "benchmarks")


def _from_schema_3(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a comparison of schema 3 as one of schema 4: the names differ, and nothing else."""

    def renamed(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {OLD_NAMES.get(name, name): one if name in OPAQUE else renamed(one) for name, one in value.items()}
        return list(map(renamed, value)) if isinstance(value, list) else value

    return {**renamed(content), "schema": SCHEMA}


def step_seconds(start: Mapping[str, Any], place: int) -> float:
    """Return the seconds of a step of one process, the median of its blocks."""
    process = start["blocks"][place]
    return float(statistics.median(process["seconds"])) / int(process["steps"])


def log_ratio(start: Mapping[str, Any], place: int, of_round: Callable[[Sequence[float]], float] = min) -> float:
    """Return the logarithm of the ratio of one process to the baseline, from all rounds of a start.

    In each round every process has two blocks, and the quicker counts: a load of the machine is in few of these. What
    makes steps longer now and then, in less than half of the blocks, mostly stays unseen. The candidate is compared
    with both processes of the baseline, if there are two: their mean scatters less than one of them.
    """
    references = (
        (BASELINE, BASELINE_REPEAT) if place == CANDIDATE and len(start["blocks"]) > BASELINE_REPEAT else (BASELINE,)
    )
    rounds = zip(*(map(math.log, rounds_of(start["blocks"][which], of_round)) for which in (place, *references)))
    return paired_sequential.pseudomedian([own - sum(others) / len(others) for own, *others in rounds])


def merge_blocks(blocks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the blocks of a process, which have as many steps, in their JSON form."""
    (steps,) = {one["steps"] for one in blocks}
    values = {name: [float(f"{one[name]:.6g}") for one in blocks] for name in ("seconds", "unsynchronised")}
    return {"steps": steps, **values}


def rounds_of(process: Mapping[str, Any], of_round: Callable[[Sequence[float]], float]) -> list[float]:
    """Return the value of each round of a process, from the seconds of a step in its two blocks."""
    seconds = [one / process["steps"] for one in process["seconds"]]
    return [of_round(seconds[place : place + 2]) for place in range(0, len(seconds) - 1, 2)]


def timed_seconds(start: Mapping[str, Any]) -> float:
    """Return the timed seconds of all processes."""
    return math.fsum(one for process in start["blocks"] for one in process["seconds"])
