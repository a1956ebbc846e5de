"""The figure of the rivals: how often each told that something had become slower, which had not, and which had."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

from evaluation import rivals_report
from evaluation.accuracy_report import percent
from evaluation.rivals_record import Finished
from evaluation.rivals_rules import OURS
from pytest_kerasch2.report import pictures
from pytest_kerasch2.timing.scaling_plot import COLOURS

WIDTH, HEIGHT = 9.5, 3.8
TITLE = "Has it become slower? What was told of suites of two benchmarks"
NOTE = "Lines: between which the true rate lies, by exact bounds of 95 % on each side. All kinds of load together."
# What is asked for: of suites that are not slower, at most so many told to be; of those that are, at least so many.
MOST_WRONG, LEAST_FOUND = 0.01, 0.95
THEIRS, OWN = COLOURS[1], COLOURS[0]


def draw(ended: Sequence[Finished], path: Path) -> None:
    """Draw it.

    Args:
        ended: trials in earnest, those of ours among them.
        path: of a file in .png or .svg.

    Raises:
        InvalidArgument: it cannot be written.
        FrameworkMissing: there is no Matplotlib.
    """
    pictures.write(lambda matplotlib: figure(matplotlib, ended), path, TITLE, description(ended), "Rivals")


def description(ended: Sequence[Finished]) -> str:
    """Return what it shows, in words."""
    parts = []
    for share in _shares(ended):
        rates = rivals_report.by_rule(ended, share)
        counts = [f"{rule} {one.red} of {one.of}" for rule, one in rates.items()]
        parts.append(f"Suites that were {_head(share)}, of which were told to be slower by {', '.join(counts)}.")
    return " ".join(parts)


def figure(matplotlib: Any, ended: Sequence[Finished]) -> Any:
    """Return the figure: a panel for each slowdown, in it a row for each rule, with its count and its bounds."""
    shares = _shares(ended)
    rules = list(dict.fromkeys(rule for share in shares for rule in rivals_report.by_rule(ended, share)))
    drawn = matplotlib.figure.Figure(figsize=(WIDTH, HEIGHT))
    drawn.text(0.02, 0.97, TITLE, size=14, weight="bold", va="top")
    panels = drawn.subplots(1, len(shares), sharey=True, squeeze=False)[0]
    for panel, share in zip(panels, shares):
        _panel(panel, rivals_report.by_rule(ended, share), rules, share)
    panels[0].set_yticks(range(len(rules)), rules)
    panels[0].set_ylim(len(rules) - 0.4, -0.7)
    drawn.text(0.02, 0.03, f"Grey: what is asked for. {NOTE}", size=9, color="0.3")
    drawn.subplots_adjust(left=0.24, right=0.97, top=0.78, bottom=0.19, wspace=0.12)
    return drawn


def _panel(panel: Any, rates: dict[str, rivals_report.Count], rules: Sequence[str], share: float) -> None:
    panel.set_title(f"{_head(share)}: told slower, % of suites")
    panel.set_xlim(-4, 104)
    panel.grid(axis="x", color="0.92")
    good = (LEAST_FOUND, 1.04) if share else (-0.04, MOST_WRONG)
    panel.axvspan(*(100 * edge for edge in good), color="0.85", zorder=0)
    for row, rule in enumerate(rules):
        if rule in rates:
            _row(panel, row, rates[rule], own=rule == OURS)
        else:
            panel.annotate("not measured", (50, row), ha="center", va="center", size=9, color="0.5")


def _row(panel: Any, row: int, count: rivals_report.Count, own: bool) -> None:
    low, high = (100 * edge for edge in count.between)
    colour, sign = (OWN, "D") if own else (THEIRS, "o")
    panel.plot([low, high], [row, row], color=colour, linewidth=2, alpha=0.5)
    panel.plot([100 * count.red / count.of], [row], sign, color=colour, markersize=7, clip_on=False)
    place = (low + high) / 2, row - 0.2
    panel.annotate(f"{count.red} of {count.of}", place, ha="center", va="bottom", size=9, color="0.2")


def _shares(ended: Sequence[Finished]) -> list[float]:
    return sorted({one.trial.planted for one in ended})


def _head(share: float) -> str:
    return f"slower by {percent(share)}" if share else "unchanged"
