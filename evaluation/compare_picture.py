"""The power of `kerasch2 compare`: the share of slower benchmarks that are told to be so, by seconds of measuring."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Mapping, Sequence

from evaluation import compare_report
from evaluation.accuracy_report import percent
from evaluation.compare_report import STARTS, WITHIN
from pytest_kerasch2.report import pictures
from pytest_kerasch2.timing.scaling_plot import COLOURS

WIDTH, HEIGHT = 8.0, 4.6
TITLE = "Slower benchmarks that are told to be slower"
# What is asked for within its seconds.
LEAST = 0.95
# The more is planted, the further to the left: told by colour and by place.
COLOUR = dict(zip(WITHIN, COLOURS))
Trials = Sequence[Mapping[str, Any]]


def draw(trials: Trials, path: Path) -> None:
    """Draw it.

    Args:
        trials: as `compare_live.read` gives them.
        path: of a file in .png or .svg.

    Raises:
        InvalidArgument: it cannot be written.
        FrameworkMissing: there is no Matplotlib.
    """
    pictures.write(lambda matplotlib: figure(matplotlib, trials), path, TITLE, description(trials), "Power")


def description(trials: Trials) -> str:
    """Return what it shows, in words."""
    parts = []
    for planted, limit in WITHIN.items():
        spent = compare_report.spent_until_found(trials, planted)
        counts = sum(one <= limit for one in spent)
        parts.append(
            f"Of benchmarks that are slower by {percent(planted)}, {counts} of {len(spent)} within {limit:.0f} s."
        )
    return " ".join(parts)


def figure(matplotlib: Any, trials: Trials) -> Any:
    """Return the figure: for each slowdown what was found live, what was when resampled, and what is asked for."""
    drawn = matplotlib.figure.Figure(figsize=(WIDTH, HEIGHT))
    drawn.text(0.02, 0.97, TITLE, size=14, weight="bold", va="top")
    panel = drawn.subplots()
    for planted, colour in COLOUR.items():
        _live(panel, compare_report.spent_until_found(trials, planted), planted, colour)
        _resampled(panel, trials, planted, colour)
        panel.plot([WITHIN[planted]], [100 * LEAST], "x", color=colour, markersize=9, markeredgewidth=2)
        place = WITHIN[planted] + 0.8, 100 * LEAST - 1
        panel.annotate(f"asked for, {percent(planted)}", place, ha="left", va="top", size=9, color="0.3")
    panel.set(xlabel="seconds of measuring, for a benchmark", ylabel="found, %", ylim=(-3, 103), xlim=(0, 72))
    panel.grid(color="0.92")
    panel.legend(loc="lower right", bbox_to_anchor=(1.0, 0.02), frameon=False)
    drawn.subplots_adjust(left=0.09, right=0.97, top=0.87, bottom=0.13)
    return drawn


def _live(panel: Any, spent: Sequence[float], planted: float, colour: str) -> None:
    if spent:
        shares = [100 * place / len(spent) for place in range(len(spent) + 1)]
        label = f"{percent(planted)} slower, {len(spent)} live"
        panel.step([0.0, *spent], shares, where="post", color=colour, linewidth=2, label=label)


def _resampled(panel: Any, trials: Trials, planted: float, colour: str) -> None:
    pool = compare_report.pools_of(trials).get("all")
    if pool:
        counts = compare_report.rates(pool, planted, random.Random(0))
        # It is looked at after some starts, and at no time between.
        seconds = [count * compare_report.seconds(pool) for count in STARTS]
        shares = [100 * counts["by"][count] / counts["runs"] for count in STARTS]
        label = f"{percent(planted)} slower, {counts['runs']:,} resampled"
        panel.step([0.0, *seconds], [0.0, *shares], "--", where="post", color=colour, label=label)
