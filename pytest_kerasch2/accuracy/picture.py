"""Draws new trainings beside what is usual: four panels of a curve each, as PNG or SVG.

Matplotlib is used without its global state of figures and without a display, and with settings of its own: the same
decision gives the same bytes, whatever the user's settings are.
"""

from __future__ import annotations

import contextlib
import io
from html import escape
from pathlib import Path
from typing import Any, Iterator

from pytest_kerasch2.accuracy import drawing
from pytest_kerasch2.accuracy.deciding import Yardstick
from pytest_kerasch2.accuracy.decision import Decision
from pytest_kerasch2.accuracy.standing import chance, headline
from pytest_kerasch2.claims.ledger import write_bytes
from pytest_kerasch2.errors import BadLedger, BadSetting, FrameworkMissing

SUFFIXES = (".png", ".svg")
DOTS_PER_INCH = 150
SETTINGS = {
    "axes.axisbelow": True,
    "axes.edgecolor": "0.4",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "hatch.linewidth": 0.7,
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
    told = ". ".join((*decision.evidence, f"The grey band is {chance(made, decision)}")) + "."
    # Without a date, and so the same each time.
    dated = {"Date": None} if kind == "svg" else {}
    stream = io.BytesIO()
    with _settings() as matplotlib:
        metadata = {"Title": title, "Description": told, **dated}
        figure = drawing.figure(matplotlib, made, decision)
        figure.savefig(stream, format=kind, dpi=DOTS_PER_INCH, metadata=metadata, facecolor="white")
    drawn = stream.getvalue()
    return _spoken(drawn, f"Accuracy gate: {told}") if kind == "svg" else drawn


def _spoken(svg: bytes, told: str) -> bytes:
    """Give an SVG that is read out as one picture with these words, and not as all of its numbers."""
    return svg.replace(b"<svg ", f'<svg role="img" aria-label="{escape(told)}" '.encode(), 1)
