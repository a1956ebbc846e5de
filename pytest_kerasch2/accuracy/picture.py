"""Draws new trainings beside what is usual: four panels of a curve each, as PNG or SVG.

Matplotlib is used without its global state of figures and without a display, and with settings of its own: the same
decision gives the same bytes, whatever the user's settings are.
"""

from __future__ import annotations

import contextlib
import io
import textwrap
from html import escape
from pathlib import Path
from typing import Any, Iterator, Sequence

from pytest_kerasch2.accuracy.deciding import Yardstick
from pytest_kerasch2.accuracy.decision import WORDS, Decision, Verdict
from pytest_kerasch2.accuracy.standing import Standing, chance, headline, standings
from pytest_kerasch2.claims.ledger import write_bytes
from pytest_kerasch2.errors import BadLedger, BadSetting, FrameworkMissing

SUFFIXES = (".png", ".svg")
INCHES = (10.0, 7.8)
DOTS_PER_INCH = 150
# Signs of one line of the reason.
LINE = 112
# Colours that those who see few of them tell apart, and different greys in print: https://jfly.uni-koeln.de/color/
NEW = "#0072B2"
CHANGED = "#D55E00"
CHANCE = "0.87"
USUAL = "0.25"
HEADLINES = {Verdict.PASS: "#00664B", Verdict.FAIL: "#A23E00", Verdict.UNDECIDED: "0.2"}
SETTINGS = {
    "axes.axisbelow": True,
    "axes.edgecolor": "0.4",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "font.size": 10,
    # Texts stay texts in an SVG, for those who search in it or hear it.
    "svg.fonttype": "none",
    # Its ids are random without.
    "svg.hashsalt": "pytest-kerasch2",
}


def refuse(path: Path) -> None:
    """Refuse a picture that could not be written, which is better known before an hour of training than after.

    Raises:
        BadSetting: it is to be neither PNG nor SVG, or its folder is not there.
        FrameworkMissing: there is no Matplotlib.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise BadSetting("A picture is of no kind that can be drawn", repr(path.name), "call it .png or .svg")
    if not path.parent.is_dir():
        remedy = "name a file in a folder that exists"
        raise BadSetting("A picture cannot be written", f"there is no folder {path.parent}", remedy)
    _matplotlib()


def write(made: Yardstick, decision: Decision, path: Path) -> None:
    """Draw a decision, and write the picture under its name, whole or not at all.

    Args:
        made: the reference that was compared with.
        decision: what was decided by it; before any training, what is usual is drawn alone.
        path: of a file in .png or .svg.

    Raises:
        BadSetting: it is another file, or cannot be written; what stood there before still stands.
        FrameworkMissing: there is no Matplotlib.
    """
    refuse(path)
    drawn = _drawn(made, decision, path.suffix.lower()[1:])
    try:
        write_bytes(drawn, path)
    except BadLedger as error:
        raise BadSetting("A picture cannot be written", error.found, error.remedy) from error


def _matplotlib() -> Any:
    try:
        import matplotlib.figure
    except ImportError as error:
        remedy = 'run pip install "pytest-kerasch2[plots]"'
        raise FrameworkMissing("Matplotlib is not installed, which draws pictures", str(error), remedy) from error
    return matplotlib


@contextlib.contextmanager
def _settings() -> Iterator[Any]:
    """Give Matplotlib with our settings, and put the user's back."""
    matplotlib = _matplotlib()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield matplotlib


def _drawn(made: Yardstick, decision: Decision, kind: str) -> bytes:
    title, _ = headline(decision)
    described = ". ".join((*decision.evidence, f"The grey band is {chance(made, decision)}")) + "."
    # Without a date, and so the same each time.
    dated = {"Date": None} if kind == "svg" else {}
    stream = io.BytesIO()
    with _settings() as matplotlib:
        figure = _figure(matplotlib, made, decision)
        metadata = {"Title": title, "Description": described, **dated}
        figure.savefig(stream, format=kind, dpi=DOTS_PER_INCH, metadata=metadata, facecolor="white")
    drawn = stream.getvalue()
    return _spoken(drawn.decode("utf-8"), title, described).encode("utf-8") if kind == "svg" else drawn


def _spoken(svg: str, title: str, described: str) -> str:
    """Give an SVG that those who cannot see it are told of: the metadata alone are read out by nothing."""
    # Its own title, which only newer ones have, is for the eye that hovers; a label needs no id to point at.
    label = escape(f"{title}. {described}")
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def _figure(matplotlib: Any, made: Yardstick, decision: Decision) -> Any:
    figure = matplotlib.figure.Figure(figsize=INCHES)
    curves = standings(made, decision)
    panels = dict(zip(curves, figure.subplots(2, 2).flat))
    for series, panel in panels.items():
        _panel(matplotlib, panel, curves[series])
    _asked(panels[made.asked.series], made, decision)
    under = _titled(figure, decision)
    _explained(figure, panels[made.asked.series], made, decision)
    figure.subplots_adjust(left=0.07, right=0.985, top=under, bottom=0.165, wspace=0.17, hspace=0.34)
    return figure


def _titled(figure: Any, decision: Decision) -> float:
    """Write the verdict and the reason; give where the panels may begin."""
    verdict, why = headline(decision)
    lines = textwrap.wrap(why, LINE)
    figure.text(0.02, 0.975, verdict, size=17, weight="bold", va="top", color=HEADLINES[decision.verdict])
    figure.text(0.02, 0.925, "\n".join(lines), size=10.5, va="top", linespacing=1.35)
    return 0.865 - 0.026 * max(len(lines) - 1, 0)


def _panel(matplotlib: Any, panel: Any, points: Sequence[Standing]) -> None:
    series = points[0].point.series
    epochs = [one.point.epoch for one in points]
    changed = sum(one.changed for one in points)
    told = "no change seen" if points[0].each else "nothing trained"
    several = f"{changed} of {len(points)} epochs changed" if changed else told
    panel.set_title(f"{WORDS[series].capitalize()}: {several}", weight="bold" if changed else "normal")
    panel.set_xlabel("epoch")
    panel.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True, min_n_ticks=1))
    panel.grid(color="0.93", linewidth=0.8)
    _band(panel, epochs, points)
    _new(panel, epochs, points)
    if not points[0].point.is_accuracy:
        _logarithmic(matplotlib, panel)


def _band(panel: Any, epochs: Sequence[int], points: Sequence[Standing]) -> None:
    low, high = [one.low for one in points], [one.high for one in points]
    usual = [one.usual for one in points]
    if len(epochs) == 1:
        # One epoch has no width of its own.
        epochs, low, high, usual = [epochs[0] - 0.4, epochs[0] + 0.4], low * 2, high * 2, usual * 2
    panel.fill_between(epochs, low, high, facecolor=CHANCE, edgecolor="0.7", linewidth=0.8, label="chance")
    panel.plot(epochs, usual, color=USUAL, linestyle=(0, (4, 2)), linewidth=1.4, label="usual")


def _new(panel: Any, epochs: Sequence[int], points: Sequence[Standing]) -> None:
    for training in zip(*(one.each for one in points)):
        panel.plot(epochs, training, color=NEW, linewidth=0.6, alpha=0.6, label="each new training")
    if points[0].each:
        found = [one.found for one in points]
        panel.plot(epochs, found, color=NEW, linewidth=1.6, marker="o", markersize=4.5, label="mean of the new ones")
    for one in points:
        if one.changed:
            ring = {"markersize": 12, "markerfacecolor": "none", "markeredgecolor": CHANGED, "markeredgewidth": 2}
            gid = f"alarm-{one.point.series}-{one.point.epoch}"
            panel.plot([one.point.epoch], [one.found], "D", **ring, gid=gid, label="changed", linestyle="none")


def _logarithmic(matplotlib: Any, panel: Any) -> None:
    panel.set_yscale("log")
    # In so many places that a narrow curve has some too, and as numbers, not as powers.
    panel.yaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:.4g}"))
    panel.yaxis.set_minor_locator(matplotlib.ticker.NullLocator())


def _asked(panel: Any, made: Yardstick, decision: Decision) -> None:
    """Draw right of the curve what decides a pass: the interval of the new ones, within the resolution or not."""
    low, high = made.expected - made.resolution, min(made.expected + made.resolution, 1.0)
    left = made.asked.epoch + 0.35
    style = {"facecolor": "none", "edgecolor": USUAL, "hatch": "....", "linewidth": 1.2}
    panel.fill_between([left, left + 0.7], low, high, **style, label="resolution")
    if decision.estimate is not None and decision.interval is not None:
        down, up = decision.interval
        errors = [[decision.estimate - down], [up - decision.estimate]]
        style = {"color": NEW, "capsize": 4, "linewidth": 2, "marker": "o", "markersize": 5}
        panel.errorbar([left + 0.35], [decision.estimate], yerr=errors, **style, label="interval")


def _explained(figure: Any, panel: Any, made: Yardstick, decision: Decision) -> None:
    drawn = dict(zip(*reversed(panel.get_legend_handles_labels())))
    figure.legend(drawn.values(), drawn.keys(), loc="lower left", ncol=6, frameon=False)
