"""What a comparison has measured, as a file, and what is told of it: the same wherever it is read."""

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
from pytest_kerasch2.stats.paired_sequential import Judgement, Terms, Verdict
from pytest_kerasch2.timing.table import duration

SCHEMA = 3
# Of the two blocks that a process has in a round.
COUNTS = "the quicker of two"
# By what the verdicts are told: a file that was told by another rule is not told anew by this one.
RULE = {
    **{name.lower(): getattr(paired_sequential, name) for name in ("FEWEST", "ONE_OF", "GROWTH", "AGREEING", "MISSED")},
    "counts": COUNTS,
}
FIRST, SECOND, AGAIN = range(3)
# What a whole comparison is told to be: the worst of its benchmarks.
WORST = (Verdict.SLOWER, Verdict.UNFIT, Verdict.UNDECIDED, Verdict.FASTER, Verdict.SAME)


@dataclass
class Comparison:
    """Two things, and the pairs of blocks so far; see the schema beside this file."""

    terms: Terms
    arms: Sequence[Mapping[str, Any]]
    benchmarks: Sequence[str]
    asked: Mapping[str, Any] = field(default_factory=lambda: {"suite": None, "device": None, "seed": 0})
    proofs: dict[str, list[Any]] = field(default_factory=dict)
    pairs: list[dict[str, Any]] = field(default_factory=list)
    complete: bool = False

    def judgements(self) -> dict[str, Judgement | None]:
        """Return what is told of each benchmark; None where there are too few pairs."""
        return {
            name: paired_sequential.judge(
                [log_ratio(one, SECOND) for one in self.pairs if one["benchmark"] == name],
                [log_ratio(one, AGAIN) for one in self.pairs if one["benchmark"] == name],
                self.terms,
                len(self.benchmarks),
            )
            for name in self.benchmarks
        }

    @property
    def verdict(self) -> Verdict:
        """Return the verdict of the whole: that of the benchmark that is worst off."""
        found = [Verdict.UNDECIDED if one is None else one.verdict for one in self.judgements().values()]
        return next(one for one in WORST if one in found)

    def write(self, path: Path) -> None:
        """Keep it, whole or not at all.

        Raises:
            BadResults: the place cannot be written.
        """
        plain = {
            "schema": SCHEMA,
            "complete": self.complete,
            "terms": asdict(self.terms),
            "rule": RULE,
            "asked": dict(self.asked),
            "arms": list(self.arms),
            "benchmarks": list(self.benchmarks),
            "proofs": self.proofs,
            "pairs": self.pairs,
        }
        write_text(json.dumps(plain, indent=1) + "\n", path)

    def lines(self) -> list[str]:
        """Return a line for each benchmark, and what the two things are."""
        first, second = (one["name"] for one in self.arms)
        lines = [f"{second} against {first}, by {1 + max((one['start'] for one in self.pairs), default=-1)} starts"]
        for name, found in self.judgements().items():
            if found is None:
                lines.append(f"  ? {name}: undecided, too few starts")
                continue
            ratio, null = found.ratio, found.null
            took = statistics.median(each(one, FIRST) for one in self.pairs if one["benchmark"] == name)
            lines.append(
                f"  {SIGNS[found.verdict]} {name}: {found.verdict.value}: {ratio.found:.3f} times the time"
                f" ({ratio.low:.3f} to {ratio.high:.3f}; {first} with itself {null.low:.3f} to {null.high:.3f}),"
                f" {duration(took)} a step, decided by {found.pairs} starts"
            )
        if any(self.judgements().values()):
            lines.append(self._width)
        return [*lines, *self._not_shown()]

    @property
    def _width(self) -> str:
        share = f"{100 * self.terms.error:g} %"
        return f"Intervals are wider than those of 95 %: an error of {share} is shared by all looks and benchmarks."

    def _not_shown(self) -> list[str]:
        found = [
            f"  ! {name}: that its steps do what steps by hand do could not be shown: {one['why_not']}"
            for name, proofs in self.proofs.items()
            for one in proofs
            if one and one.get("why_not")
        ]
        return list(dict.fromkeys(found))

    def table(self) -> list[str]:
        """Return the same as a table in Markdown."""
        first, second = (code(one["name"]) for one in self.arms)
        lines = [
            f"Time per training step of {second}, in times that of {first}: **{self.verdict.value}**",
            "",
            f"| | verdict | times the time | between | {first} with itself | starts |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for name, found in self.judgements().items():
            if found is None:
                lines.append(f"| {cell(name)} | ? undecided, too few starts | | | | |")
                continue
            spans = [f"{one.low:.3f} to {one.high:.3f}" for one in (found.ratio, found.null)]
            verdict = f"{SIGNS[found.verdict]} {found.verdict.value}"
            lines.append(
                f"| {cell(name)} | {verdict} | {found.ratio.found:.3f} | {' | '.join(spans)} | {found.pairs} |"
            )
        return [*lines, "", self._width, *map(cell, self._not_shown())]


SIGNS = {
    Verdict.SLOWER: "✗",
    Verdict.SAME: "✓",
    Verdict.FASTER: "✓",
    Verdict.UNDECIDED: "?",
    Verdict.UNFIT: "?",
}


def read(path: Path) -> Comparison:
    """Return the comparison that a file keeps.

    Raises:
        BadResults: it is missing, cut short, or of another schema.
    """
    remedy = "write it anew with kerasch2 compare --json"
    try:
        plain = read_json(path)
        schema.require(plain, Path(__file__).with_name("comparison.schema.json"))
    except schema.Mismatch as error:
        raise BadResults(f"A comparison is not of schema {SCHEMA}", f"{path}, {error}", remedy) from error
    except (OSError, ValueError) as error:
        raise BadResults("A comparison cannot be read", f"{path}: {error}", remedy) from error
    try:
        terms = Terms(**plain["terms"])
    except InvalidArgument as error:
        raise BadResults(
            "A comparison has terms by which nothing is decided", f"{path}: {error.found}", remedy
        ) from error
    if plain["rule"] != RULE:
        found = f"{path}: {str(plain['rule'])[:300]}, and here {RULE}"
        raise BadResults("A comparison was told by another rule", found, "tell it by the version that wrote it")
    given = (plain[name] for name in ("arms", "benchmarks", "asked", "proofs", "pairs", "complete"))
    return Comparison(terms, *given)


def each(pair: Mapping[str, Any], place: int) -> float:
    """Return the seconds of a step of one of the processes, the median of its blocks."""
    its = pair["blocks"][place]
    return float(statistics.median(its["seconds"])) / int(its["steps"])


def log_ratio(pair: Mapping[str, Any], place: int, of_round: Callable[[Sequence[float]], float] = min) -> float:
    """Return the logarithm of the ratio of one process to the first, from all rounds of a start.

    In each round every process has two blocks, one on the way there and one on the way back, and the quicker counts:
    a load of the machine is in few of these. What makes steps longer now and then, in less than half of the blocks, is
    for the most part not seen so. The second thing is held to both processes of the first, where there are two: the
    mean of them scatters less than one, and does not depend on how they differ.
    """
    held = (FIRST, AGAIN) if place == SECOND and len(pair["blocks"]) > AGAIN else (FIRST,)
    rounds = zip(*(map(math.log, rounds_of(pair["blocks"][which], of_round)) for which in (place, *held)))
    return paired_sequential.pseudomedian([own - sum(others) / len(others) for own, *others in rounds])


def together(blocks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the blocks of a process, which are of as many steps, as a file has them."""
    (steps,) = {one["steps"] for one in blocks}
    told = {name: [float(f"{one[name]:.6g}") for one in blocks] for name in ("seconds", "owed")}
    return {"steps": steps, **told}


def rounds_of(its: Mapping[str, Any], of_round: Callable[[Sequence[float]], float]) -> list[float]:
    """Return what is told of each round of a process, by the seconds of a step in its two blocks."""
    seconds = [one / its["steps"] for one in its["seconds"]]
    return [of_round(seconds[place : place + 2]) for place in range(0, len(seconds) - 1, 2)]


def measured(pair: Mapping[str, Any]) -> float:
    """Return the seconds that were timed, of all processes."""
    return math.fsum(one for its in pair["blocks"] for one in its["seconds"])
