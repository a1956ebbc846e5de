"""The figure of a decision: for each series of the curve a panel, with what is usual, what is chance and what is new.

What a colour shows, a shape or a word shows too. The axes are those on which the gate compares, so that a
band is as wide above what is usual as below it.
"""

from __future__ import annotations

import math
import textwrap
from pathlib import Path
from typing import Any, Callable, Sequence

from pytest_kerasch2.accuracy.curve import ADDED, LEAST_LOSS, SERIES_NAMES, Scale
from pytest_kerasch2.accuracy.decision import GateDecision, GateVerdict
from pytest_kerasch2.accuracy.reference_distribution import ReferenceDistribution
from pytest_kerasch2.accuracy.summary import PointSummary, chance_in_words, headline, shared_curves, summaries_by_series
from pytest_kerasch2.report import pictures

INCHES = (10.0, 8.2)
# Letters of one line of the reason.
LINE = 112
# Colours that those who see few of them tell apart, and different greys in print: https://jfly.uni-koeln.de/color/
NEW = "#0072B2"
CHANGED = "#D55E00"
CHANCE = "0.87"
EXPECTED_COLOUR = "0.25"
HEADLINES = {GateVerdict.PASS: "#00664B", GateVerdict.FAIL: "#A23E00", GateVerdict.UNDECIDED: "0.2"}
# As many epochs have a number each.
NUMBERED = 12
# First digits of the numbers on an axis: the fewest that give it enough of them.
DIGITS = ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 6, 8), (1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9))
ENOUGH = 4
# The share of a panel that is left free above and below.
FREE = 0.08
# A band of losses is followed up to so many times the largest of them.
FAR = 30
AXES = "Axes: logarithms of the losses, and of the images that were not recognised, as the gate compares them."
STRAY = "Beyond the band without a diamond: one training alone lies far off there, and the others do not bear it out."


def write(distribution: ReferenceDistribution, decision: GateDecision, path: Path) -> None:
    """Draw a decision, and write the picture under its name, whole or not at all.

    Args:
        distribution: the reference that was compared with.
        decision: what was decided by it; before any training, what is usual is drawn alone.
        path: of a file in .png or .svg.

    Raises:
        InvalidArgument: it is another file, or cannot be written; what stood there before still stands.
        FrameworkMissing: there is no Matplotlib.
    """
    title, _ = headline(decision)
    text = ". ".join((*decision.evidence, f"The grey band is {chance_in_words(distribution, decision)}")) + "."
    pictures.write(lambda matplotlib: figure(matplotlib, distribution, decision), path, title, text, "Accuracy gate")


def figure(matplotlib: Any, distribution: ReferenceDistribution, decision: GateDecision) -> Any:
    """Return the figure of a decision.

    Args:
        matplotlib: the package, with `figure` and `ticker` imported.
        distribution: the reference that was compared with.
        decision: what was decided.
    """
    distribution = distribution.restricted_to(shared_curves(distribution, decision))
    curves = summaries_by_series(distribution, decision)
    rows = math.ceil(len(curves) / 2)
    # As high a panel for any number of them.
    canvas = matplotlib.figure.Figure(figsize=(INCHES[0], INCHES[1] * max(rows, 2) / 2))
    every = list(canvas.subplots(max(rows, 2), 2).flat)
    for unused in every[len(curves) :]:
        unused.set_visible(False)
    panels = dict(zip(curves, every))
    for series, panel in panels.items():
        _panel(matplotlib, panel, curves[series])
    _asked(panels[distribution.metric_point.series], distribution, decision)
    for series, panel in panels.items():
        _measured(matplotlib, panel, distribution.scales[curves[series][0].point])
    under = _titled(canvas, decision)
    some_stray = any(one.stray for points in curves.values() for one in points)
    _noted(canvas, chance_in_words(distribution, decision), some_stray)
    _keyed(canvas, list(panels.values()), distribution, decision)
    canvas.subplots_adjust(left=0.07, right=0.985, top=under, bottom=0.198, wspace=0.16, hspace=0.36)
    return canvas


def _titled(canvas: Any, decision: GateDecision) -> float:
    """Write the verdict and the reason; give where the panels may begin."""
    verdict, why = headline(decision)
    lines = textwrap.wrap(why[:1].upper() + why[1:], LINE)
    canvas.text(0.02, 0.978, verdict, size=17, weight="bold", va="top", color=HEADLINES[decision.verdict])
    canvas.text(0.02, 0.932, "\n".join(lines), size=10.5, va="top", linespacing=1.3)
    return 0.862 - 0.025 * max(len(lines) - 1, 0)


def _noted(canvas: Any, chance: str, stray: bool) -> None:
    lines = [f"Grey band: {chance}.", AXES, *([STRAY] if stray else [])]
    canvas.text(0.02, 0.07, "\n".join(lines), size=8.5, va="top", color="0.25", linespacing=1.3)


def _panel(matplotlib: Any, panel: Any, points: Sequence[PointSummary]) -> None:
    changed = sum(one.changed for one in points)
    unchanged = "no change seen" if points[0].values else "nothing trained"
    several = f"{changed} of {len(points)} epochs changed" if changed else unchanged
    series = points[0].point.series
    name = SERIES_NAMES.get(series, series)
    title = f"{name[:1].upper()}{name[1:]}" if series in SERIES_NAMES else name
    panel.set_title(f"{title}: {several}", weight="bold" if changed else "normal")
    panel.set_xlabel("epoch")
    panel.grid(color="0.93", linewidth=0.8)
    _numbered(matplotlib, panel, len(points))
    epochs = [one.point.epoch for one in points]
    _band(panel, epochs, points)
    if points[0].values:
        _new(panel, epochs, points)
    for one in points:
        if one.changed:
            _ring(panel, one, 12 if len(points) <= NUMBERED else 8)


def _numbered(matplotlib: Any, panel: Any, epochs: int) -> None:
    every = list(range(1, epochs + 1))
    if epochs > NUMBERED:
        round_ones = matplotlib.ticker.MaxNLocator(8, steps=[1, 2, 5, 10], integer=True)
        every = [int(one) for one in round_ones.tick_values(1, epochs) if 1 <= one <= epochs]
    panel.set_xticks(every)


def _band(panel: Any, epochs: Sequence[float], points: Sequence[PointSummary]) -> None:
    low, high, expected = ([getattr(one, name) for one in points] for name in ("low", "high", "expected"))
    if len(epochs) == 1:
        # One epoch has no width of its own.
        epochs, low, high, expected = [epochs[0] - 0.2, epochs[0] + 0.2], low * 2, high * 2, expected * 2
    panel.fill_between(epochs, low, high, facecolor=CHANCE, edgecolor="0.7", linewidth=0.8, label="chance")
    panel.plot(epochs, expected, color=EXPECTED_COLOUR, linestyle=(0, (4, 2)), linewidth=1.4, label="usual")


def _new(panel: Any, epochs: Sequence[int], points: Sequence[PointSummary]) -> None:
    trainings = list(zip(*(one.values for one in points)))
    # A line through one epoch is not seen.
    style = {"color": NEW, "linewidth": 0.7, "alpha": 0.7, "marker": "_" if len(epochs) == 1 else None}
    for training in trainings if len(trainings) > 1 else []:
        panel.plot(epochs, training, **style, label="each")
    size = 4.5 if len(epochs) <= NUMBERED else 2.5
    means = [one.actual for one in points]
    panel.plot(epochs, means, color=NEW, linewidth=1.7, marker="o", markersize=size, label="mean")


def _ring(panel: Any, one: PointSummary, size: int) -> None:
    style = {"markersize": size, "markerfacecolor": "none", "markeredgecolor": CHANGED, "markeredgewidth": 2}
    # By its name it is found in an SVG.
    name = f"alarm-{one.point.series}-{one.point.epoch}"
    ring = panel.plot([one.point.epoch], [one.actual], "D", **style, label="changed", gid=name, zorder=5)
    # One at the edge is whole too.
    ring[0].set_clip_on(False)


def _asked(panel: Any, distribution: ReferenceDistribution, decision: GateDecision) -> None:
    """Draw right of the curve what decides a pass: the interval of the new ones, within the margin or not."""
    low, high = distribution.expected - distribution.margin, distribution.expected + distribution.margin
    scale = distribution.metric_scale
    if scale.images or scale.kind == "share":
        low, high = max(low, 0.0), min(high, 1.0)
    elif scale.kind == "log":
        low = max(low, distribution.expected / FAR)
    last = max(point.epoch for point in distribution.samples)
    # As wide a share of the panel for any number of epochs.
    width = 0.07 * max(last, 5)
    left = last + 0.7 * width
    style: dict[str, Any] = {"facecolor": "none", "edgecolor": EXPECTED_COLOUR, "linewidth": 1.1, "hatch": "///"}
    panel.fill_between([left, left + width], low, high, **style, label="margin")
    above = {"xytext": (0, 3), "textcoords": "offset points", "ha": "center", "size": 8.5, "color": EXPECTED_COLOUR}
    panel.annotate("pass", (left + width / 2, high), **above)
    if decision.estimate is not None and decision.interval is not None:
        down, up = decision.interval
        errors = [[decision.estimate - down], [up - decision.estimate]]
        style = {"color": NEW, "capsize": 5, "capthick": 2, "linewidth": 2.4, "marker": "s", "markersize": 6}
        panel.errorbar([left + width / 2], [decision.estimate], yerr=errors, **style, zorder=4, label="interval")


def _measured(matplotlib: Any, panel: Any, scale: Scale) -> None:
    """Return a panel the scale on which the gate compares, with the numbers of losses or accuracies on it."""
    low, high = map(float, panel.dataLim.intervaly)
    if scale.images:
        panel.set_yscale("function", functions=_places(scale))
        panel.margins(y=FREE)
        # The number of a single image would stand upon that of none.
        least = 2 / scale.images
        missed = _ticks(matplotlib, max(1 - high, least), max(1 - low, least))
        panel.set_yticks([1 - share for share in (missed if 1 - high > least / 4 else [*missed, 0.0])])
    elif scale.kind == "log":
        low, high = _not_far(panel, low, high)
        panel.set_yscale("log")
        panel.set_yticks(_ticks(matplotlib, low, high))
        free = (high / low) ** FREE
        panel.set_ylim(low / free, high * free)
    panel.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:.5g}"))
    panel.yaxis.set_minor_locator(matplotlib.ticker.NullLocator())


def _not_far(panel: Any, low: float, high: float) -> tuple[float, float]:
    """Return how much of a panel is shown; the band of a reference of few seeds may run out of it."""
    curves = [float(value) for line in panel.lines for value in line.get_ydata()]
    return max(low, min(curves) / FAR), min(high, max(curves) * FAR)


def _places(scale: Scale) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return what `Scale` does for many accuracies at once, upside down, because a better one is to lie above."""
    import numpy

    def transform(value: Any) -> Any:
        # The edge of a panel may lie beyond the best that there is.
        return -numpy.log(numpy.maximum((1 - value) * scale.images + ADDED, LEAST_LOSS))

    def inverse(place: Any) -> Any:
        return 1 - (numpy.exp(-place) - ADDED) / scale.images

    return transform, inverse


def _ticks(matplotlib: Any, low: float, high: float) -> list[float]:
    """Return round numbers between two, spread as their logarithms are."""
    decades = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    for digits in DIGITS:
        every = [digit * 10.0**decade for decade in decades for digit in digits]
        inside = [one for one in every if low <= one <= high]
        if len(inside) >= ENOUGH:
            return inside
    even = matplotlib.ticker.MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(one) for one in even if low <= one <= high]


def _change(distribution: ReferenceDistribution) -> str:
    return (
        f"{100 * distribution.margin:.2g} points" if distribution.metric_scale.images else f"{distribution.margin:.2g}"
    )


def _keyed(canvas: Any, panels: Sequence[Any], distribution: ReferenceDistribution, decision: GateDecision) -> None:
    """Explain each sign that is there once, below all panels."""
    shown: dict[str, Any] = {}
    for panel in panels:
        for handle, label in zip(*panel.get_legend_handles_labels()):
            shown.setdefault(label, handle)
    number = len(decision.runs)
    words = {
        "chance": "chance",
        "usual": f"usual, by {distribution.metric_sample.count} seeds",
        "each": "each new training",
        "mean": "the new training" if number == 1 else f"mean of the {number} new trainings",
        "changed": "changed: an alarm",
        "margin": f"to pass: within {_change(distribution)}",
        "interval": f"{SERIES_NAMES.get(distribution.metric.name, distribution.metric.name)}, its interval",
    }
    order = [label for label in words if label in shown]
    keys = [shown[label] for label in order], [words[label] for label in order]
    canvas.legend(*keys, loc="upper left", bbox_to_anchor=(0.01, 0.146), ncol=4, frameon=False, columnspacing=2.5)
