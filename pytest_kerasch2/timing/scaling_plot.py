"""The figure of steps by their batch: the time of a step on each device, and how many times as quick a GPU is.

Each colour goes with a marker and a line style.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

from pytest_kerasch2.report import pictures
from pytest_kerasch2.timing import scaling
from pytest_kerasch2.timing.benchmark_summary import UNITS
from pytest_kerasch2.timing.scaling import MISSING, GpuComparison, StepCurve, batch_sizes

# Of the panels with what stands below; the lines above come to it.
WIDTH, HEIGHT = 9.5, 7.4
HEAD, EACH = 0.7, 0.19
FOOT = 1.3
# Letters of a line below the title.
LINE = 124
# Colours that those who see few of them tell apart, and different greys in print: https://jfly.uni-koeln.de/color/
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "0.25")
SIGNS = ("o", "s", "^", "D", "v", "X")
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (8, 2, 2, 2)), (0, (3, 1.5)), (0, (10, 3)), (0, (5, 1, 1, 1, 1, 1)))
# From here on there is a number for each power of ten alone.
WIDE = 500
NO_GPU = f"GPU: {MISSING}"
NO_CPU = f"CPU of the same file: {MISSING}"
WORDS = {
    "law": "a fixed cost and a cost of each image",
    "least": "small and empty: the least that products and bytes can take",
    "crossing": "within this the GPU overtakes",
}


def draw(curves: Sequence[StepCurve], notes: Sequence[str], path: Path) -> None:
    """Draw the curves of the network of which the most was measured.

    Args:
        curves: of one run or several.
        notes: where they come from, a line each.
        path: of a file in .png or .svg, which is written whole or not at all.

    Raises:
        InvalidArgument: of no network were several batch sizes measured, or the picture cannot be written.
        FrameworkMissing: there is no Matplotlib.
    """
    group = scaling.largest_network(curves)
    description = " ".join((*scaling.scaling_lines(group), *notes))
    title = "Time of a step by batch size"
    pictures.write(lambda matplotlib: figure(matplotlib, group, notes), path, title, description, title)


def figure(matplotlib: Any, group: Sequence[StepCurve], notes: Sequence[str]) -> Any:
    """Return the figure of the curves of one network.

    Args:
        matplotlib: the package, with `figure` and `ticker` imported.
        group: the curves, of which one at least has two batch sizes.
        notes: where they come from, a line each.
    """
    compared = scaling.gpu_comparisons(group)
    lines = list(_lines(group, compared, notes))
    height = HEIGHT + HEAD + EACH * len(lines)
    figure_ = matplotlib.figure.Figure(figsize=(WIDTH, height))
    figure_.text(0.02, 1 - 0.15 / height, "Time of a step of fit, by batch size", size=16, weight="bold", va="top")
    figure_.text(0.02, 1 - 0.55 / height, "\n".join(lines), size=10, va="top", linespacing=1.3)
    above, below = figure_.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (2.3, 1)})
    for place, curve in enumerate(group):
        _curve(above, curve, place % len(COLOURS))
    above.set_ylabel("time of a step")
    _scaled(matplotlib, above, batch_sizes(group))
    _compared(matplotlib, below, group, compared)
    for panel in (above, below):
        for one in compared:
            _crossing(panel, one)
    _keyed(figure_, above, group)
    figure_.subplots_adjust(left=0.095, right=0.98, top=HEIGHT / height, bottom=FOOT / height, hspace=0.14)
    return figure_


def _lines(group: Sequence[StepCurve], compared: Sequence[GpuComparison], notes: Sequence[str]) -> Iterator[str]:
    """Yield the sentences above the panels, as lines that are no wider than the figure."""
    missing = [] if compared else [f"{NO_GPU if _has_cpu(group) else NO_CPU}."]
    for text in (*scaling.scaling_lines(group), *missing, f"Network: {group[0].network}.", *notes):
        yield from textwrap.wrap(text, LINE)


def _has_cpu(group: Sequence[StepCurve]) -> bool:
    return any(one.kind == "cpu" for one in group)


def _curve(panel: Any, curve: StepCurve, place: int) -> None:
    colour, steps = COLOURS[place], curve.steps
    batches, seconds = list(steps), list(steps.values())
    spread = [(step - low, high - step) for step, (low, high) in zip(seconds, map(curve.quartiles, batches))]
    # Of several rows of one size the quartiles may lie on one side of the mean.
    errors = [[max(one, 0.0) for one in side] for side in zip(*spread)]
    panel.plot(batches, seconds, color=colour, linestyle=DASHES[place], linewidth=3, alpha=0.4)
    style = {"color": colour, "fmt": SIGNS[place], "markersize": 5, "capsize": 5, "elinewidth": 1.5, "capthick": 1.5}
    panel.errorbar(batches, seconds, yerr=errors, label=curve.name, **style)
    if len(steps) >= scaling.MIN_SIZES and scaling.fit_linear_cost(steps).holds:
        law = scaling.fit_linear_cost(steps)
        ratio = batches[-1] / batches[0]
        between = [batches[0] * ratio ** (one / 60) for one in range(61)]
        panel.plot(between, [law(one) for one in between], color="0.1", linewidth=0.8, label="law", zorder=1.5)
    if curve.least:
        style = {
            "color": colour,
            "marker": SIGNS[place],
            "markersize": 3.5,
            "markerfacecolor": "white",
            "linewidth": 0.8,
        }
        panel.plot(list(curve.least), list(curve.least.values()), label="least", **style)


def _scaled(matplotlib: Any, panel: Any, batches: Sequence[int]) -> None:
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xticks(batches)
    panel.set_xticklabels([str(size) for size in batches])
    panel.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    _ticked(matplotlib, panel, _time)


def _ticked(matplotlib: Any, panel: Any, text_of: Callable[[float], str]) -> None:
    """Return an axis of logarithms its numbers: the powers of ten, and others between them where these are few."""
    low, high = panel.get_ylim()
    panel.grid(color="0.92", linewidth=0.8)
    panel.yaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1.0,) if high > WIDE * low else (1.0, 2.0, 5.0)))
    panel.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: text_of(value)))
    panel.yaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())


def _time(seconds: float) -> str:
    unit, name = next((pair for pair in UNITS if seconds >= 0.9999 * pair[0]), UNITS[-1])
    return f"{seconds / unit:.3g} {name}"


def _keyed(drawn: Any, panel: Any, group: Sequence[StepCurve]) -> None:
    """Explain each sign that is there once, below the panels."""
    handles, labels = panel.get_legend_handles_labels()
    shown = dict(zip(labels, handles))
    order = [one.name for one in group] + [label for label in WORDS if label in shown]
    words = [WORDS.get(label, f"{label}, with the middle half of its blocks") for label in order]
    drawn.legend([shown[label] for label in order], words, loc="lower left", ncol=2, frameon=False, columnspacing=2.5)


def _compared(matplotlib: Any, panel: Any, group: Sequence[StepCurve], compared: Sequence[GpuComparison]) -> None:
    panel.set_xlabel("images of a batch")
    if not compared:
        missing = NO_GPU if _has_cpu(group) else NO_CPU
        panel.text(0.5, 0.5, missing, size=15, ha="center", va="center", transform=panel.transAxes, color="0.3")
        panel.set_yticks([])
        return
    panel.set_ylabel("times as quick on the GPU,\n95 % interval")
    panel.axhline(1, color="0.3", linewidth=1)
    for one in compared:
        place = group.index(one.gpu) % len(COLOURS)
        ratios = list(one.ratios.values())
        errors = [[ratio.estimate - ratio.low for ratio in ratios], [ratio.high - ratio.estimate for ratio in ratios]]
        style = {
            "color": COLOURS[place],
            "marker": SIGNS[place],
            "linestyle": DASHES[place],
            "linewidth": 1.2,
            "markersize": 4,
        }
        panel.errorbar(list(one.ratios), [ratio.estimate for ratio in ratios], yerr=errors, capsize=5, **style)
    panel.set_yscale("log")
    low, high = panel.get_ylim()
    # What is as quick is seen, wherever the others lie.
    panel.set_ylim(min(low, 0.8), max(high, 1.25))
    _ticked(matplotlib, panel, "{:.3g}".format)


def _crossing(panel: Any, one: GpuComparison) -> None:
    """Mark between which batches the GPU overtakes; nothing where it does at none, or is ahead at the smallest."""
    left, right = one.last_slower, one.first_faster
    if left is not None and right is not None and right > left:
        style = {"facecolor": "0.93", "edgecolor": "0.7", "hatch": "..", "linewidth": 0.8, "zorder": 0}
        panel.axvspan(left, right, label="crossing", gid=f"crossing-{one.gpu.name}", **style)
