"""Writes docs/benchmarking.md from what the scripts of this folder have measured: `python -m evaluation.timing_report`.

A part that has not been measured says so, with the command that measures it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Callable

from evaluation import (
    compare_live,
    compare_picture,
    compare_report,
    compare_rivals,
    overhead,
    release_history_kept,
    rivals_picture,
    rivals_report,
    steps_report,
    timing_proofs,
)
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.files import write_text

DATA = Path(__file__).parent / "data"
DOCS = Path(__file__).parent.parent / "docs"
PLACE = DOCS / "benchmarking.md"
POWER = DOCS / "compare-power.png"
RIVALS = DOCS / "compare-rivals.png"
HEAD = """\
# Benchmarking: how far it can be believed

What `pytest --benchmark`, the fixture `step_benchmark` and `kerasch2 compare` are worth, as far as has been measured.
Written by `python -m evaluation.timing_report` from what is kept in `evaluation/data`; do not edit. Each part says
which command measures it anew, and each command goes on where it was stopped.
"""


def steps() -> str:
    """Return how long a step takes here, with the picture by batch size."""
    return steps_report.section()


def refused() -> str:
    """Return what timing refuses."""
    text = "Planted by `python -m evaluation.timing_proofs`, once on each backend:\n\n"
    title, _, table = timing_proofs.section().partition("\n\n")
    return f"{title}\n\n{text}{table}"


def compared() -> str:
    """Return how often comparing errs and what it finds, with the picture of its power."""
    trials = compare_live.read()
    compare_picture.draw(trials, POWER)
    title, _, rest = compare_report.section(trials, compare_live.otherwise()).partition("\n\n")
    text = (
        "One environment with itself, as it is and with a slowdown injected into the candidate, by `python -m "
        "evaluation.compare_live` under the loads that `evaluation/load.py` makes; told by `python -m "
        "evaluation.compare_report`.\n\n"
    )
    picture = (
        f"![{compare_picture.TITLE}, by seconds of measuring. {compare_picture.description(trials)}]({POWER.name})"
    )
    return f"{title}\n\n{text}{rest.rstrip()}\n\n{picture}"


def rivals() -> str:
    """Return what others tell of the same work, with a picture of what they told in earnest."""
    live, trials = compare_rivals.LIVE, compare_live.read()
    text = rivals_report.section(live, compare_rivals.RESAMPLED, trials)
    _, ended = rivals_report.in_earnest(live, trials) if live.exists() else ({}, [])
    if not ended:
        return text
    rivals_picture.draw(ended, RIVALS)
    return f"{text}\n\n![{rivals_picture.description(ended)}]({RIVALS.name})"


def releases() -> str:
    """Return where the release history is."""
    return "## Release by release\n\n[A training step on every release](release-history.md) is a page of its own.\n"


def _first(*places: Path) -> Path:
    """Return the first that is there, or else the first."""
    return next((place for place in places if place.exists()), places[0])


OTHERS = _first(compare_rivals.LIVE, compare_rivals.RESAMPLED)
STEPS = next(DATA.glob(steps_report.FILES), DATA / steps_report.FILES)
PARTS: tuple[tuple[Path, Callable[[], str], str], ...] = (
    (
        STEPS,
        steps,
        "A step of the chapter: `pytest --benchmark --benchmark-json=evaluation/data/steps-1-tensorflow.json`",
    ),
    (overhead.PLACE, overhead.section, "What the harness adds: `python -m evaluation.overhead`"),
    (timing_proofs.KEPT, refused, "What is refused: `python -m evaluation.timing_proofs`"),
    (compare_live.KEPT, compared, "Errors and power of `kerasch2 compare`: `python -m evaluation.compare_live`"),
    (OTHERS, rivals, "Rivals: `python -m evaluation.compare_rivals run`"),
    (release_history_kept.PLACE, releases, "Release history: `python -m evaluation.release_history record`"),
)


def page() -> str:
    """Return the document.

    Raises:
        KerasCh2Error: what is kept cannot be used.
    """
    there = [(section, what) for place, section, what in PARTS if place.exists()]
    lines = [HEAD, *(section() for section, _ in there)]
    missing = [f"- {what}" for place, _, what in PARTS if not place.exists()]
    if missing:
        lines += ["## Not measured yet\n", "\n".join(missing)]
    return "\n".join(f"{line.rstrip()}\n" for line in lines if line)


def main() -> int:
    """Write it."""
    try:
        write_text(page(), PLACE)
    except KerasCh2Error as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
