"""Draws new trainings beside what is usual: four panels of a curve each, as PNG or SVG."""

from __future__ import annotations

from pathlib import Path

from pytest_kerasch2.accuracy import plot
from pytest_kerasch2.accuracy.decision import Decision
from pytest_kerasch2.accuracy.sequential_test import Yardstick
from pytest_kerasch2.accuracy.standing import chance, headline
from pytest_kerasch2.report import pictures


def write(made: Yardstick, decision: Decision, path: Path) -> None:
    """Draw a decision, and write the picture under its name, whole or not at all.

    Args:
        made: the reference that was compared with.
        decision: what was decided by it; before any training, what is usual is drawn alone.
        path: of a file in .png or .svg.

    Raises:
        InvalidArgument: it is another file, or cannot be written; what stood there before still stands.
        FrameworkMissing: there is no Matplotlib.
    """
    title, _ = headline(decision)
    told = ". ".join((*decision.evidence, f"The grey band is {chance(made, decision)}")) + "."
    pictures.write(lambda matplotlib: plot.figure(matplotlib, made, decision), path, title, told, "Accuracy gate")
