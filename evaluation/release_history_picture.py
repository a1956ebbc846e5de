"""Draws the release history: releases from above to below, and to the right what an image takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

from evaluation.release_history_rows import BATCH, JUMP, History, Row, jumps, series
from evaluation.release_history_suite import WHOLE
from matrix.columns import Releases
from pytest_kerasch2.report import pictures

PLACE = Path(__file__).parent.parent / "docs" / "release-history.png"
WIDTH, ROW, AROUND = 10.0, 0.215, 2.4
# Told by a shape too; the colours are those of https://jfly.uni-koeln.de/color/, different greys in print.
SIGNS = {
    "fit": ("fit, as the chapter calls it (bar: 95 % over the starts)", "s", "#0072B2", "#0072B2", 6.5),
    "graph": ("step by hand, in a graph", "o", "#D55E00", "white", 6.0),
    "train_on_batch": ("train_on_batch", "x", "0.35", "0.35", 5.0),
    "predict": ("predict", "|", "0.35", "0.35", 8.0),
}
LABELS = [label for label, *_ in SIGNS.values()]


def drawn(releases: Releases, history: History) -> bytes:
    """Return the picture as PNG.

    Raises:
        FrameworkMissing: there is no Matplotlib.
    """
    return pictures.drawn(lambda matplotlib: _figure(matplotlib, list(series(releases, history)), history), "png", {})


def _figure(matplotlib: Any, every: Sequence[tuple[str, list[Row]]], history: History) -> Any:
    height = ROW * sum(len(rows) + 1 for _, rows in every) + AROUND
    figure = matplotlib.figure.Figure(figsize=(WIDTH, height))
    panel = figure.subplots()
    _rows(panel, history, every)
    _axes(matplotlib, panel, history)
    figure.text(0.02, 1 - 0.2 / height, "What an image takes, release by release", size=15, weight="bold", va="top")
    keys = dict(sorted(zip(*panel.get_legend_handles_labels()[::-1]), key=lambda key: LABELS.index(key[0])))
    figure.legend(keys.values(), keys, loc="upper left", bbox_to_anchor=(0.01, 1 - 0.5 / height), ncol=4, frameon=False)
    note = f"◂ × on the right: times the release above, where that is a change of more than {100 * JUMP:.0f} %"
    figure.text(0.02, 0.15 / height, note, size=8.5, color="0.25")
    figure.subplots_adjust(left=0.3, right=0.93, top=1 - 1.35 / height, bottom=0.8 / height)
    return figure


def _rows(panel: Any, history: History, every: Sequence[tuple[str, list[Row]]]) -> None:
    names: dict[int, str] = {}
    place = 0
    for title, rows in every:
        panel.text(0, place, title, transform=panel.get_yaxis_transform(), weight="bold", size=9, va="center")
        marked = {id(jump.after): jump for jump in jumps(history, rows)}
        for number, row in enumerate(rows, place + 1):
            names[number] = row.column.label
            panel.axhline(number, color="0.93", linewidth=0.8, zorder=0)
            _row(panel, history, row, number)
            if id(row) in marked:
                ratio = marked[id(row)].spans[WHOLE].estimate
                panel.text(1.01, number, f"◂ ×{ratio:.2f}", transform=panel.get_yaxis_transform(), size=9, va="center")
        whole = [history.image(row) for row in rows]
        panel.plot(whole, range(place + 1, place + 1 + len(rows)), color=SIGNS[WHOLE][2], linewidth=1, alpha=0.5)
        place += len(rows) + 1
    panel.set_yticks(list(names), list(names.values()), size=8.5)
    panel.set_ylim(place - 0.2, -0.7)


def _row(panel: Any, history: History, row: Row, place: int) -> None:
    for mode, (label, shape, edge, face, size) in SIGNS.items():
        step = history.step(row, mode)
        if step is None:
            continue
        style = {"color": edge, "markerfacecolor": face, "markersize": size, "linestyle": "none"}
        # Each sign is explained once, by the row that has it first.
        labels = {handle.get_label() for handle in panel.get_legend_handles_labels()[0]}
        shown_label = label if label not in labels else "_"
        value = step / BATCH * 1e6
        span = history.span(row, mode) if mode == WHOLE else None
        if span is None:
            panel.plot([value], [place], shape, label=shown_label, zorder=3, **style)
        else:
            low, high = (value - value * span.low / span.estimate, value * span.high / span.estimate - value)
            panel.errorbar(
                [value], [place], xerr=[[low], [high]], fmt=shape, label=shown_label, capsize=3, zorder=4, **style
            )


def _axes(matplotlib: Any, panel: Any, history: History) -> None:
    panel.set_xscale("log")
    number = matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}")
    panel.xaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 3, 5, 7)))
    panel.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    panel.xaxis.set_major_formatter(number)
    panel.set_xlabel("microseconds of an image")
    panel.grid(axis="x", color="0.9", linewidth=0.8)
    common = history.steps[WHOLE] / BATCH * 1e6
    panel.axvline(common, color="0.25", linestyle=(0, (4, 2)), linewidth=1)
    above = panel.secondary_xaxis("top", functions=(lambda value: value / common, lambda value: value * common))
    above.set_xscale("log")
    above.xaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 3, 5, 7)))
    above.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    above.xaxis.set_major_formatter(number)
    above.set_xlabel(f"times the common release, {history.against}, in fit (dashed)", size=9)
