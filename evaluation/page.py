"""Writes docs/gate-rates.md from what the other scripts stored: `python -m evaluation.page`.

Takes evaluation/data/simulated.jsonl, drawn.jsonl and real.jsonl, and simulates and trains nothing. What was not run is
said to be missing. Ends with 1 where a promise is not kept.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any, Iterable, Mapping, Sequence

from evaluation import drawn, kinds, real, simulate
from evaluation.kinds import Kind
from evaluation.rates import Promise, Tally, percent, tally, with_interval
from evaluation.scenarios import DRAWN, PROMISED, REFUSED, SHOWN, Scenario
from evaluation.trainings import catalogue
from evaluation.trainings.faults import BY_NAME, NOTHING
from pytest_kerasch2.files import Journal, write_text

PLACE = Path(__file__).parent.parent / "docs" / "gate-rates.md"
TEXT = Path(__file__).with_name("gate_rates_text.md")
STUCK = tuple(scenario for scenario in PROMISED if "stuck" in scenario.name)
CLEAN = tuple(scenario for scenario in PROMISED if scenario not in STUCK)
Lines = Sequence[Mapping[str, Any]]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table of Markdown."""
    lines = [f"| {' | '.join(heads)} |", "| --- |" + " ---: |" * (len(heads) - 1)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def counted(lines: Lines, kind: Kind, scenario: Scenario) -> Tally:
    """Return what was counted of one kind in one situation."""
    return tally(one for one in lines if (one["kind"], one["scenario"]) == (kind.name, scenario.name))


def cell(actual: Tally, scenario: Scenario) -> str:
    """Return how often the forbidden verdict came; bold where that is more often than promised."""
    if not actual.gates:
        return "not run"
    promise = Promise(scenario.forbidden, scenario.at_most)
    outcome = with_interval(promise.errors(actual), actual.gates)
    return outcome if promise.kept(actual) else f"**{outcome}**"


def rates(lines: Lines, every: Sequence[Kind], scenarios: Sequence[Scenario]) -> list[str]:
    """Return a table with a row for each kind: its errors in each situation, and what else is to be known of it."""
    heads = [f"{scenario.name}: {' or '.join(scenario.forbidden)}" for scenario in scenarios]
    rows = []
    for kind in every:
        tallies = [counted(lines, kind, scenario) for scenario in scenarios]
        cells = [cell(one, scenario) for one, scenario in zip(tallies, scenarios)]
        first = tallies[0]
        passing = percent(first.of(("pass",)) / first.gates) if first.gates else "not run"
        rows.append([f"{kind.name} (`{kind.metric}`)", f"{first.gates:,}", *cells, passing])
    return table(["Kind", "gates", *heads, f"{scenarios[0].name}: pass"], rows)


def about(lines: Lines, every: Sequence[Kind]) -> list[str]:
    """Return what each kind is, the margins, and how many trainings a verdict takes."""
    rows = []
    for kind in every:
        here = [one for one in lines if (one["kind"], one["scenario"]) == (kind.name, CLEAN[0].name)]
        trainings = sorted(count for one in here for count in one["trainings"])
        margin = f"{statistics.median(one['margin'] for one in here):.3g}" if here else "not run"
        looks = f"{statistics.median(trainings):.3g}, {trainings[int(0.9 * len(trainings))]}" if trainings else "none"
        rows.append([kind.name, kind.about, f"`{kind.metric}`", margin, f"{kind.margin:.3g}", looks])
    return table(["Kind", "training", "metric", "default margin, median", "given", "trainings: median, 90 %"], rows)


def never(lines: Lines) -> list[str]:
    """Return how often something was decided where nothing may be, over all kinds together and by kind."""
    rows = []
    for scenario in REFUSED:
        tallies = {kind.name: counted(lines, kind, scenario) for kind in kinds.KINDS}
        every = tally(one for one in lines if one["scenario"] == scenario.name)
        promise = Promise(scenario.forbidden, scenario.at_most)
        where = [f"{name} {promise.errors(actual)}" for name, actual in tallies.items() if promise.errors(actual)]
        errors = with_interval(promise.errors(every), every.gates) if every.gates else "not run"
        message = f"{every.counts['undecided']}, {every.counts['refused']}"
        rows.append(
            [scenario.name, " or ".join(scenario.forbidden), f"{every.gates:,}", errors, message, ", ".join(where)]
        )
    return table(["Situation", "may never", "gates", "it did", "undecided, refused", "of which kinds"], rows)


def real_gates(lines: Lines) -> list[str]:
    """Return the verdicts of the gates that trained."""
    rows = []
    for training in catalogue.TRAININGS:
        cells = []
        for fault in BY_NAME:
            verdicts = [one["verdict"] for one in lines if (one["training"], one["fault"]) == (training.name, fault)]
            counts = [f"{verdict} {verdicts.count(verdict)}" for verdict in dict.fromkeys(verdicts)]
            cells.append(", ".join(counts) or "not run")
        rows.append([f"{training.name}: {training.about}", *cells])
    unchanged = [one["verdict"] for one in lines if one["fault"] == NOTHING]
    faulty = [one["verdict"] for one in lines if one["fault"] != NOTHING]
    outcome = [f"{len(lines)} gates in all."]
    if unchanged:
        outcome.append(
            f"Unchanged and failing: {with_interval(unchanged.count('fail'), len(unchanged))} of {len(unchanged)}."
        )
    if faulty:
        outcome.append(
            f"With a fault and failing: {with_interval(faulty.count('fail'), len(faulty))} of {len(faulty)}."
        )
    return [" ".join(outcome), "", *table(["Training", *BY_NAME], rows)]


def missed(lines: Lines, every: Sequence[Kind], scenarios: Sequence[Scenario]) -> list[str]:
    """Return a line for each promise that was not kept."""
    results = []
    for scenario in scenarios:
        promise = Promise(scenario.forbidden, scenario.at_most)
        for kind in every:
            counts = counted(lines, kind, scenario)
            if counts.gates and not promise.kept(counts):
                errors = with_interval(promise.errors(counts), counts.gates)
                why = next(counts.reasons[one] for one in scenario.forbidden if counts.counts[one])
                results.append(f"- {kind.name}, {scenario.name}: {errors} of {counts.gates:,}. One of them: {why}")
    return results


def page(simulated: Lines, drawn_lines: Lines, real_lines: Lines, pools: Sequence[Kind]) -> tuple[str, bool]:
    """Return the whole page, and whether all promises are kept."""
    head, simulation, stuck, refused, seeds, trained = TEXT.read_text(encoding="utf-8").split("\n---\n")
    behind = [
        *missed(simulated, kinds.KINDS, (*PROMISED, *REFUSED)),
        *missed(drawn_lines, pools, DRAWN),
    ]
    lines = ["<!-- Written by `python -m evaluation.page`; its words are in evaluation/gate_rates_text.md. -->"]
    lines += [head.strip(), "", simulation.strip(), "", *about(simulated, kinds.KINDS)]
    lines += rates(simulated, kinds.KINDS, (*CLEAN, *SHOWN))
    lines += [stuck.strip(), "", *rates(simulated, kinds.KINDS, STUCK)]
    lines += [refused.strip(), "", *never(simulated)]
    lines += [seeds.strip(), "", *rates(drawn_lines, pools, DRAWN)]
    lines += [trained.strip(), "", *real_gates(real_lines)]
    lines += ["## What missed its promise", "", *(behind or ["Nothing."]), ""]
    return "\n".join(lines), not behind


def main() -> int:
    """Write the page."""
    files = (simulate.OUT, simulate.OUT_DRAWN, real.OUT)
    simulated, seeds, trained = (Journal(path).read() for path in files)
    text, kept = page(simulated, seeds, trained, drawn.kinds())
    write_text(text, PLACE)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
