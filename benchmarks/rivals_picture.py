"""The figure of the rivals: how often each tells that something has become slower, which has not, and which has.

What is told by a colour is told by a sign too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

from benchmarks.load import KINDS
from benchmarks.rivals_resampled import Rate
from benchmarks.rivals_rules import OURS, RULES
from pytest_kerasch2.report import pictures
from pytest_kerasch2.timing.batch_drawing import COLOURS, SIGNS

WIDTH, HEIGHT = 9.5, 4.6
TITLE = "Has it become slower? What is told of suites of benchmarks"
# What is asked for: of suites that are not slower, at most so many told to be; of those that are, at least so many.
MOST_WRONG, LEAST_FOUND = 0.01, 0.95
# Between the signs of two kinds of load, of the distance of two rules.
APART = 0.13


def draw(rates: Sequence[Rate], path: Path) -> None:
    """Draw it.

    Args:
        rates: of suites in which nothing is planted, and of ones with the same slowdown each.
        path: of a file in .png or .svg.

    Raises:
        BadSetting: it cannot be written.
        FrameworkMissing: there is no Matplotlib.
    """
    pictures.write(lambda matplotlib: figure(matplotlib, rates), path, TITLE, told(rates), "Rivals")


def told(rates: Sequence[Rate]) -> str:
    """Give what it shows, in words: the rates of each rule under all loads together."""
    parts = []
    for planted in _planted(rates):
        shares = [f"{rule} {_share(rates, rule, planted):.1%}" for rule in _rules(rates)]
        parts.append(f"Suites that are {_head(planted)}, of which are told to be slower by {', '.join(shares)}.")
    return " ".join(parts)


def figure(matplotlib: Any, rates: Sequence[Rate]) -> Any:
    """Give the figure: a panel for each slowdown, in it a row for each rule, and in that a sign for each load."""
    rules, planted = _rules(rates), _planted(rates)
    drawn = matplotlib.figure.Figure(figsize=(WIDTH, HEIGHT))
    drawn.text(0.02, 0.98, TITLE, size=14, weight="bold", va="top")
    panels = drawn.subplots(1, len(planted), sharey=True, squeeze=False)[0]
    for panel, share in zip(panels, planted):
        _panel(panel, [one for one in rates if one.planted == share], rules, share)
    panels[0].set_yticks(range(len(rules)), rules)
    panels[0].set_ylim(len(rules) - 0.4, -0.6)
    handles, labels = panels[0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="lower left", ncol=len(labels), frameon=False, handletextpad=0.3)
    drawn.subplots_adjust(left=0.23, right=0.97, top=0.83, bottom=0.2, wspace=0.12)
    return drawn


def _panel(panel: Any, rates: Sequence[Rate], rules: Sequence[str], share: float) -> None:
    panel.set_title(f"{_head(share)}: told slower, % of suites")
    panel.set_xlim(-4, 104)
    panel.grid(axis="x", color="0.92")
    good = (LEAST_FOUND, 1.04) if share else (-0.04, MOST_WRONG)
    panel.axvspan(*(100 * edge for edge in good), color="0.85", label="asked for", zorder=0)
    kinds = [kind for kind in KINDS if any(one.kind == kind for one in rates)]
    for place, kind in enumerate(kinds):
        its = {one.rule: 100 * one.suites_red / one.trials for one in rates if one.kind == kind}
        rows = [row + APART * (place - (len(kinds) - 1) / 2) for row, rule in enumerate(rules) if rule in its]
        found = [its[rule] for rule in rules if rule in its]
        panel.plot(found, rows, SIGNS[place], color=COLOURS[place], markersize=5, label=kind, clip_on=False)


def _rules(rates: Sequence[Rate]) -> list[str]:
    return [rule for rule in (*RULES, OURS) if any(one.rule == rule for one in rates)]


def _planted(rates: Sequence[Rate]) -> list[float]:
    return sorted({one.planted for one in rates})


def _share(rates: Sequence[Rate], rule: str, planted: float) -> float:
    its = [one for one in rates if (one.rule, one.planted) == (rule, planted)]
    return sum(one.suites_red for one in its) / sum(one.trials for one in its)


def _head(planted: float) -> str:
    return f"slower by {planted:.0%}" if planted else "unchanged"
