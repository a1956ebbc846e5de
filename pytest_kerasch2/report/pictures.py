"""Writes what Matplotlib draws, as PNG or SVG.

Matplotlib is used without its global state of figures and without a display, and with settings of its own: the same
figure gives the same bytes, whatever the user's settings are.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any, Callable, Iterator

from pytest_kerasch2 import files
from pytest_kerasch2.errors import BadResults, FrameworkMissing, InvalidArgument
from pytest_kerasch2.foreign import attribute, label, visible

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
    """Refuse a picture that could not be written, which is better known before an hour of work than after.

    Raises:
        InvalidArgument: it is to be neither PNG nor SVG, a folder has its name, or its folder is not there.
        FrameworkMissing: there is no Matplotlib.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidArgument(f"A picture must be a .png or .svg file, got {path.name!r}")
    why = files.why_not(path)
    if why is not None:
        raise InvalidArgument("A picture cannot be written", why, "name a file in a folder that can be written")
    _matplotlib()


def write(draw: Callable[[Any], Any], path: Path, title: str, description: str, subject: str) -> None:
    """Draw, and write the picture under its name, whole or not at all.

    Args:
        draw: gives the figure, by Matplotlib with its `figure` and `ticker` imported.
        path: of a file in .png or .svg.
        title: which the file has as its own.
        description: what the picture tells, in words.
        subject: what it is a picture of, in a word or two: an SVG is read out with both.

    Raises:
        InvalidArgument: it is another file, or cannot be written; what stood there before still stands.
        FrameworkMissing: there is no Matplotlib.
    """
    refuse(path)
    kind = path.suffix.lower()[1:]
    picture = drawn(draw, kind, {"Title": visible(title), "Description": visible(description)})
    try:
        files.write_bytes(_spoken(picture, f"{subject}: {description}") if kind == "svg" else picture, path)
    except BadResults as error:
        raise InvalidArgument("A picture cannot be written", error.found, error.remedy) from error


def _matplotlib() -> Any:
    try:
        import matplotlib.figure
    except ImportError as error:
        remedy = 'run pip install "pytest-kerasch2[plots]"'
        raise FrameworkMissing(
            "Pictures are drawn by Matplotlib, which is not installed", str(error), remedy
        ) from error
    return matplotlib


@contextlib.contextmanager
def _settings() -> Iterator[Any]:
    """Yield Matplotlib with our settings, and put the user's back."""
    matplotlib = _matplotlib()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield matplotlib


def drawn(draw: Callable[[Any], Any], kind: str, about: dict[str, Any]) -> bytes:
    """Return what a picture of this kind, `png` or `svg`, holds: of a figure, and what is said about it.

    Raises:
        FrameworkMissing: there is no Matplotlib.
    """
    # Without a date, and so the same each time.
    metadata = {**about, "Date": None} if kind == "svg" else about
    stream = io.BytesIO()
    with _settings() as matplotlib, warnings.catch_warnings():
        # A letter that its font lacks is drawn as a box.
        warnings.filterwarnings("ignore", "Glyph .* missing")
        _as_text(draw(matplotlib)).savefig(stream, format=kind, dpi=DOTS_PER_INCH, metadata=metadata, facecolor="white")
    return stream.getvalue()


def _as_text(figure: Any) -> Any:
    """Return a figure all of whose texts and names are drawn and written as they are."""
    for artist in figure.findobj():
        if hasattr(artist, "set_text"):
            artist.set_text(label(artist.get_text()))
        if artist.get_gid():
            artist.set_gid(visible(artist.get_gid()))
    return figure


def _spoken(svg: bytes, description: str) -> bytes:
    """Return an SVG that is read out as one picture with these words, and not as all of its numbers."""
    return svg.replace(b"<svg ", f'<svg role="img" aria-label="{attribute(description)}" '.encode(), 1)
