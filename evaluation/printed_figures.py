"""Writes docs/printed-figures.md: what became of each printed figure, and which change of the code gives it.

    python -m matrix figures NAME...     trains on releases, and keeps the verdicts
    kerasch2 calibrate evaluation/data/printed-NAME.jsonl --training evaluation.printed_variants:NAME --seeds 12
    python -m evaluation.printed_figures

Trains nothing itself. Needs the extra `accuracy`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Sequence

from pytest_kerasch2.accuracy import curve, reference
from pytest_kerasch2.accuracy.curve import SERIES_NAMES as SERIES
from pytest_kerasch2.accuracy.curve import Point
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.chapter.printed_numbers import decision, shared
from pytest_kerasch2.claims import results
from pytest_kerasch2.files import write_text
from pytest_kerasch2.foreign import cell
from pytest_kerasch2.report import merging
from pytest_kerasch2.report.chapter_summary import SIGNS, WORDS
from pytest_kerasch2.stats import prediction

DATA = Path(__file__).parent / "data"
RESULTS = Path(__file__).parent.parent / "matrix" / "figures"
PLACE = Path(__file__).parent.parent / "docs" / "printed-figures.md"
AS_PRINTED = ("mnist-tensorflow-2.21", "mnist-jax-3.15", "mnist-tensorflow-2.0")
# What the chapter prints of the first way, and of its tests of all four.
FIGURES = (
    (Point("loss", 1), "0.2031"),
    (Point("accuracy", 1), "0.9394"),
    (Point("loss", 10), "0.0098"),
    (Point("accuracy", 10), "0.9967"),
    (Point("test_loss", 10), "0.0915"),
    (Point("test_accuracy", 10), "0.9801"),
    (Point("test_loss", 10), "0.07"),
    (Point("test_accuracy", 10), "0.981"),
    (Point("test_loss", 10), "0.067"),
    (Point("test_accuracy", 10), "0.982"),
    (Point("test_loss", 10), "0.068"),
)
HEAD = """<!-- Written by `python -m evaluation.printed_figures`, from what the commands at its head stored. -->
# The printed figures

The chapter prints what ten epochs of training gave: losses and accuracies of training after the first and the last
epoch, and for each way to write the model a test loss and a test accuracy. Each is held against the distribution that
the printed code has on a release, by twelve trainings, three of each way, and by all seeds of a shipped reference whose
first ones are equal to them bit for bit. It holds where one more training would give a
figure so far off at least one time in 1,200 (that is 1 % in all, over twelve figures), and is broken where that is ten
times rarer still; in between, other seeds might tell it otherwise, and nothing is told. A figure is known as well as
its digits say. Ways that train alike bit for bit, from equal weights in equal order with equal units dropped, are told
together.

On Keras 3 the subclassed model trains as none of the others does. Its `call`, as printed, takes no `training`, and
Keras 3 tells only a `call` that takes it whether it trains: the Dropout layer within drops nothing
([keras-hub#1500](https://github.com/keras-team/keras-hub/issues/1500)), and its figures are those of training without.

The printed code sets no seed, and these trainings do. On Keras 3 and TensorFlow all epochs would then have one order of
the images ([order_of_epochs.py](findings/order_of_epochs.py)); so there the images are shuffled for each epoch before
they reach Keras.
"""
EQUAL = (
    "Two epochs of a seed of each way were equal bit for bit to those of TensorFlow 2.16.2 with Keras 3.15.1, whose"
    " figures are theirs:"
)
VARIANTS = """
## What gives the figures that are broken

The network was trained with changes that may have been made to it, each over several seeds of MNIST: mean and standard
deviation, and whether the printed figure can be one of them (✓ yes, ✗ no, ? not told; the same test). Functions of the
changes: [`printed_variants.py`](../evaluation/printed_variants.py).
"""


def rows_of(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table of Markdown."""
    lines = [f"| {' | '.join(heads)} |", "| --- |" + " --- |" * (len(heads) - 1)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def release_parts(path: Path) -> list[str]:
    """Return what one results says of the figures."""
    record = results.read(path)
    facts = record["environment"]
    on = f"Keras {facts['keras']} on {facts['backend']}"
    name = on if facts["tensorflow"] == "-" else f"TensorFlow {facts['tensorflow']}, Keras {facts['keras']}"
    claims = [claim for claim in record["claims"] if claim["kind"] == "figure"]
    rows = [
        [
            f"`{claim['id']}`",
            f"{SIGNS[claim['verdict']]} {WORDS[claim['verdict']]}",
            "<br>".join(map(cell, claim["evidence"])),
        ]
        for claim in claims
    ]
    return [f"## {name}, Python {facts['python']}", "", *rows_of(("Claim", "Verdict", "Evidence"), rows)]


def variant_row(name: str, actual: Reference) -> list[str]:
    """Return a row of the table of changes."""
    cells = []
    counted = curve.image_counts(actual)
    for point, printed in FIGURES:
        values = [point.of(run) for run in actual.runs]
        on = curve.scale_by_counts(point, counted)
        places = [on.transform(value) for value in values]
        sample = prediction.sample(places, [places], on.least_scatter(sum(places) / len(places)))
        between = decision.rounded(on, point, printed)
        sign = SIGNS[decision.verdict_on(prediction.predict(sample, between, decision.RAREST).probability)]
        mean = sum(values) / len(values)
        deviation = (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5
        cells.append(f"{mean:.4f} ({deviation:.4f}) {sign}")
    return [f"{name}, {len(actual.runs)} seeds", *cells]


def page() -> str:
    """Return the page."""
    parts, equal = [HEAD], []
    for path in sorted(RESULTS.glob("*.json")):
        stored = results.read(path)
        if merging.figures_of(stored["claims"]):
            equal.append(shared.release(stored["environment"]))
        else:
            parts += release_parts(path)
    parts += ["## Equal bit for bit", "", f"{EQUAL} {', '.join(equal)}.", ""]
    heads = ["Training", *(f"{SERIES[point.series]} {point.epoch}: {printed}" for point, printed in FIGURES)]
    rows = [variant_row(f"as printed, {name}", reference.load_bundled(name)) for name in AS_PRINTED]
    for path in sorted(DATA.glob("printed-*.jsonl")):
        name = path.stem.partition("-")[2].replace("_", " ").replace("-", " ")
        rows.append(variant_row(name, reference.read(path)))
    return "\n".join([*parts, VARIANTS, *rows_of(heads, rows)]).rstrip("\n") + "\n"


def main() -> int:
    """Write it."""
    write_text(page(), PLACE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
