"""Writes docs/accuracy-rates.md from what the other scripts stored: `python -m evaluation.accuracy_report`.

Takes docs/accuracy-rates.json, docs/accuracy-support.json and evaluation/data/power-*.jsonl, trains nothing, and judges
the stored trainings once more. What was not run is left out, and said to be missing among the figures. Needs the extra
`accuracy`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Sequence

from evaluation import accuracy_judging, accuracy_power, accuracy_rates, accuracy_support
from evaluation.accuracy_judging import Row, Table
from evaluation.accuracy_simulation import interval
from pytest_kerasch2.files import write_text

PLACE = Path(__file__).parent.parent / "docs" / "accuracy-rates.md"
METHOD = Path(__file__).with_name("accuracy_method.md")
NAMES = {"mnist": "MNIST", "digits": "digits"}


@dataclass(frozen=True)
class Figure:
    """A figure that was to be reached: what, what was measured (None where it was not), and whether it is enough."""

    what: str
    asked: str
    measured: str | None
    reached: bool = False

    @property
    def cells(self) -> list[str]:
        """Return its row."""
        result = "not run yet" if self.measured is None else self.measured
        return [self.what, self.asked, result, "yes" if self.reached else "**no**"]


def percent(share: float) -> str:
    """Return a share in per cent, without digits that say nothing."""
    return f"{100 * share:.3g} %"


def between(count: int, of: int) -> str:
    """Return a rate with its interval."""
    low, high = interval(count, of)
    return f"{percent(count / of)} ({100 * low:.3g} to {100 * high:.3g})"


def rows_of(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table of Markdown."""
    lines = [f"| {' | '.join(heads)} |", "| --- |" + " ---: |" * (len(heads) - 1)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def figures(rates: Mapping[str, Any], tables: Mapping[str, Table]) -> list[Figure]:
    """Return what was to be reached."""
    items = [figure for name in NAMES for figure in _simulated(NAMES[name], rates.get(name))]
    digits = tables.get("digits")
    honest = digits.honest if digits else None
    alarms = f"{honest.caught} of {honest.gates}" if honest else None
    enough = honest is not None and honest.gates >= 100 and honest.caught <= 2
    items.append(Figure("live, digits: alarms of honest gates", "2 of 100 at most", alarms, enough))
    for name, least in (("digits", 1), ("mnist", 3)):
        rows = tables[name].faults if name in tables else ()
        fewest = min((row.gates for row in rows), default=0)
        outcome = f"{len(rows)} faults, {fewest} or more gates each" if rows else None
        asked = f"12 faults, {least} gates each" if least > 1 else "12 faults"
        items.append(
            Figure(f"live, {NAMES[name]}: planted faults", asked, outcome, len(rows) >= 12 and fewest >= least)
        )
    return items


def _simulated(name: str, rates: Mapping[str, Any] | None) -> list[Figure]:
    if rates is None:
        return [Figure(f"simulated, {name}", "2,000 gates", None)]
    honest, unit = _at(rates, 0.0), _at(rates, rates["unit"])
    drop = f"a drop of {100 * rates['unit']:.2f} points caught"
    median = honest["trainings"]["median"]
    return [
        Figure(
            f"simulated, {name}: false alarms",
            "1 % at most, of 2,000 gates",
            f"{between(honest['fail'], honest['gates'])} of {honest['gates']:,}",
            honest["fail"] <= 0.01 * honest["gates"] and honest["gates"] >= 2000,
        ),
        Figure(
            f"simulated, {name}: {drop}",
            "99 %",
            between(unit["fail"], unit["gates"]),
            unit["fail"] >= 0.99 * unit["gates"],
        ),
        Figure(f"simulated, {name}: trainings to a verdict, median", "2 at most", f"{median:.0f}", median <= 2),
    ]


def _at(rates: Mapping[str, Any], drop: float) -> Mapping[str, Any]:
    return next(row for row in rates["drops"] if abs(row["drop"] - drop) < 1e-12)


def simulation(name: str, rates: Mapping[str, Any]) -> list[str]:
    """Return the section of the simulated gates of a data set."""
    reference, pool = rates["reference"], rates["held out"]
    validated = rates["cross-validated"]
    honest = _at(rates, 0.0)
    fixed = 100 * rates["thresholds"]["fixed"]
    lines = [f"### {NAMES[name]}", ""]
    lines.append(
        f"Reference `{reference['name']}` of {reference['seeds']} seeds; judged by {pool['trainings']} other "
        f"trainings, of which each gate drew without drawing one twice. Margin {100 * rates['margin']:.2f} points, the "
        f"default. {honest['gates']:,} gates a row; they have trainings in common, which the intervals do not know of. "
        f"Judged by its own seeds instead, a third of them against the others in {validated['splits']} splits, the "
        f"reference gives {percent(validated['mean'])} of false alarms."
    )
    heads = ["Drop, points", "gate fails", "passes", "undecided", "trainings: median, 90 %", "first alarm"]
    rows = [
        [
            f"{100 * row['drop']:+.2f}" if row["drop"] else "none",
            between(row["fail"], row["gates"]),
            percent(row["pass"] / row["gates"]),
            percent(row["undecided"] / row["gates"]),
            f"{row['trainings']['median']:.0f}, {row['trainings']['90 %']:.0f}",
            next(iter(row["first alarms"]), "").replace("_", " "),
        ]
        for row in rates["drops"]
    ]
    heads_rivals = ["Drop, points", "gate", f"above {fixed:.0f} %", "best threshold", "MLPerf's test", "mean ± 3 sigma"]
    rivals = [
        [
            f"{100 * row['drop']:+.2f}" if row["drop"] else "none (false alarms)",
            percent(row["fail"] / row["gates"]),
            percent(row["rivals"]["fixed"]),
            percent(row["tuned"]),
            percent(row["rivals"]["rcp"]),
            percent(row["rivals"]["sigmas"]),
        ]
        for row in rates["drops"]
    ]
    aside = "Alarms of the gate and of what is done today, on the same draws and with the trainings that the gate took:"
    return [*lines, "", *rows_of(heads, rows), aside, "", *rows_of(heads_rivals, rivals)]


def live(name: str, actual: Table) -> list[str]:
    """Return the section of the live gates of a data set."""
    rows = [row for row in (actual.honest, *actual.faults) if row is not None]
    trained = actual.record.header["environment"]
    trainings = sum(len(one.runs) for one in actual.record.gates)
    lines = [
        f"### {NAMES[name]}",
        "",
        f"{len(actual.record.gates)} gates of {trainings} trainings, on TensorFlow {trained['tensorflow']}, Keras "
        f"{trained['keras']}, {trained['platform']}. Judged once more from the stored trainings, "
        f"{sum(row.changed for row in rows)} verdicts differ.",
        "",
    ]
    heads = ["Planted", "gates", "caught (95 %)", "trainings, median", "first alarm, mostly"]
    heads += ["threshold", "MLPerf's", "3 sigma"]
    return [*lines, *rows_of(heads, [_cells(row) for row in rows])]


def _cells(row: Row) -> list[str]:
    others = [str(row.rivals[rival]) for rival in ("fixed", "rcp", "sigmas")]
    return [row.in_words, str(row.gates), between(row.caught, row.gates), f"{row.trainings:.3g}", row.first, *others]


def supports(actual: Mapping[str, Any]) -> list[str]:
    """Return the table of the rules of support."""
    rows = [
        [NAMES[name], rule, *(percent(row["mean"]) for row in group if row["rule"] == rule)]
        for name, group in actual.items()
        for rule in dict.fromkeys(row["rule"] for row in group)
    ]
    heads = ["Reference", "asked of the others", "nothing changed", "half of the margin", "the margin"]
    return rows_of(heads, rows) if rows else []


def missed(rates: Mapping[str, Any], tables: Mapping[str, Table]) -> list[str]:
    """Return the changes of the margin that passed too often, and the faults that not all gates caught."""
    lines = [
        f"- {NAMES[name]}, simulated: {percent(row['pass'] / row['gates'])} of the gates passed a "
        f"{'drop' if row['drop'] > 0 else 'rise'} of {100 * abs(row['drop']):.2f} points, and tell "
        f"{100 * measured['margin']:.2f}."
        for name, measured in rates.items()
        for row in measured["drops"]
        if abs(row["drop"]) >= measured["margin"] and row["pass"] > measured["beta"] * row["gates"]
    ]
    lines += [
        f"- {NAMES[name]}, {row.in_words}: {row.caught} of {row.gates} caught."
        for name, one in tables.items()
        for row in one.faults
        if row.caught < row.gates
    ]
    return lines or ["Every gate of every planted fault was caught."]


def page(rates: Mapping[str, Any], tables: Mapping[str, Table], rules: Mapping[str, Any]) -> str:
    """Return the whole page."""
    reached = figures(rates, tables)
    behind = [
        f"- {figure.what}: {figure.cells[2]}, asked was {figure.asked}." for figure in reached if not figure.reached
    ]
    method, simulated_head, live_head, support, last = METHOD.read_text(encoding="utf-8").split("\n---\n")
    lines = [method.strip(), "", *rows_of(["Figure", "asked", "measured", "reached"], [one.cells for one in reached])]
    lines += [simulated_head.strip(), ""]
    for name, measured in rates.items():
        lines += simulation(name, measured)
    lines += [live_head.strip(), ""]
    for name, actual in tables.items():
        lines += live(name, actual)
    lines += ["## What did not reach its figure, and what was missed", "", *behind, *missed(rates, tables), ""]
    lines += [support.strip(), "", *supports(rules), last.strip()]
    return "\n".join(lines).rstrip() + "\n"


def stored(name: str) -> Path:
    """Return the file of the live gates of a data set."""
    return accuracy_power.FOLDER / f"power-{name}.jsonl"


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def main() -> int:
    """Write the page, and give 1 where a figure was not reached."""
    rates, rules = map(_read, (accuracy_rates.OUT, accuracy_support.OUT))
    tables = {
        name: accuracy_judging.table(
            stored(name), accuracy_power.REFERENCES[name], accuracy_rates.SUBJECTS[name].threshold
        )
        for name in NAMES
        if stored(name).exists()
    }
    write_text(page(rates, tables, rules), PLACE)
    return 0 if all(figure.reached for figure in figures(rates, tables)) else 1


if __name__ == "__main__":
    sys.exit(main())
