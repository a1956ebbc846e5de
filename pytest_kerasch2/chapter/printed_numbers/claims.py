"""The figures of ten epochs of training: decided with --chapter-accuracy, against what the printed code gives."""

from __future__ import annotations

from typing import Mapping

from pytest_kerasch2.accuracy.curve import Point
from pytest_kerasch2.chapter.functional import SECTION as FUNCTIONAL
from pytest_kerasch2.chapter.printed_numbers import decision as deciding
from pytest_kerasch2.chapter.printed_numbers import equivalence as alike
from pytest_kerasch2.chapter.printed_numbers import faults
from pytest_kerasch2.chapter.printed_numbers.shared import CURVES
from pytest_kerasch2.chapter.printed_numbers.trained import STYLES, Curves
from pytest_kerasch2.chapter.sequential import SECOND_WAY
from pytest_kerasch2.chapter.sequential import SECTION as FIRST_WAY
from pytest_kerasch2.chapter.subclassing import SECTION as SUBCLASSING
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, pending, tolerates, trains
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.errors import Inconclusive, NotApplicable

TIMES = "a printed time is that of the machine it was printed on"
# Microseconds an image, as printed for the first and the tenth epoch, and for evaluating.
PRINTED_FIT = (77, 62)
PRINTED_EVALUATE = 39
CANNOT = known_issue(
    # On every Keras, and so where there is no TensorFlow too.
    of="keras",
    cause="The printed network drops a fifth of its hidden units while it trains, and so its figures of training are"
    " worse than those that are printed; trained without its Dropout layer it gives these.",
    source="https://keras.io/api/layers/regularization_layers/dropout/",
    symptom=r"(0\.2031|0\.0098|0\.9394|0\.9967) is printed: .*, not so",
)


def _figures(
    record: Recorder, curves: Curves, bits: Mapping[str, str], name: str, *figures: tuple[str, int, str]
) -> None:
    record.saw(f"{CURVES}{len(curves.runs)}, {curves.whence}")
    # One training of one way says little: those of all ways that are one training tell it together.
    names = alike.kin(record, bits, name)
    open_ones: list[Inconclusive] = []
    for series, epoch, printed in figures:
        # One that is open must not hide that the next is broken.
        try:
            deciding.one_of_them(record, curves, names, Point(series, epoch), printed)
        except Inconclusive as error:
            open_ones.append(error)
    if open_ones:
        raise open_ones[0]


@claim(
    "sequential-first.first-epoch-figures",
    "The first of ten epochs ends with a training loss of 0.2031 and a training accuracy of 0.9394.",
    "figure",
    section=FIRST_WAY,
)
@CANNOT
@trains
@detects(faults.learns_slower)
@fixed_by(faults.without_dropout)
def first_epoch(record: Recorder, curves: Curves, bits: Mapping[str, str]) -> None:
    """Hold the printed figures against those of the trainings."""
    _figures(record, curves, bits, STYLES[0], ("loss", 1, "0.2031"), ("accuracy", 1, "0.9394"))


@claim(
    "sequential-first.last-epoch-figures",
    "The tenth epoch ends with a training loss of 0.0098 and a training accuracy of 0.9967.",
    "figure",
    section=FIRST_WAY,
)
@CANNOT
@trains
@detects(faults.learns_slower)
@fixed_by(faults.without_dropout)
def last_epoch(record: Recorder, curves: Curves, bits: Mapping[str, str]) -> None:
    """Hold the printed figures against those of the trainings."""
    _figures(record, curves, bits, STYLES[0], ("loss", 10, "0.0098"), ("accuracy", 10, "0.9967"))


@claim(
    "sequential-first.fit-time",
    "Training takes 77 microseconds an image in the first epoch and 62 in the tenth: 5 and 4 seconds.",
    "figure",
    section=FIRST_WAY,
)
@pending(TIMES)
def fit_time(clocked: alike.Times) -> None:
    """Put the time of this machine beside the printed ones; it is no verdict."""
    _no_verdict("fit", clocked.fit, PRINTED_FIT)


@claim("sequential-first.evaluate-time", "Evaluating takes 39 microseconds an image.", "figure", section=FIRST_WAY)
@pending(TIMES)
def evaluate_time(clocked: alike.Times) -> None:
    """Put the time of this machine beside the printed one; it is no verdict."""
    _no_verdict("evaluate", clocked.evaluate, (PRINTED_EVALUATE,))


def _no_verdict(what: str, here: float, printed: tuple[int, ...]) -> None:
    ratios = " and ".join(f"{here / one:.2f}" for one in printed)
    detail = f"{what} takes {here:.0f} microseconds an image here, {ratios} times what is printed"
    raise NotApplicable("A printed time is that of the machine it was printed on", detail)


@claim(
    "sequential-first.test-figures",
    "After ten epochs the first way has a test loss of 0.0915 and a test accuracy of 0.9801.",
    "figure",
    section=FIRST_WAY,
)
@trains
@detects(faults.forgets_what_it_learned)
@tolerates(faults.other_seeds)
def first_way(record: Recorder, curves: Curves, bits: Mapping[str, str]) -> None:
    """Hold the printed figures against those of the trainings."""
    _figures(record, curves, bits, "sequential-list", ("test_loss", 10, "0.0915"), ("test_accuracy", 10, "0.9801"))


@claim(
    "sequential-first.recognises-98-of-100",
    "After ten epochs the first way recognises 98 of 100 test images on average.",
    "figure",
    section=FIRST_WAY,
)
@trains
@detects(faults.forgets_what_it_learned)
@tolerates(faults.other_seeds)
def recognises(record: Recorder, curves: Curves, bits: Mapping[str, str]) -> None:
    """Look between which the mean lies; what an accuracy of 0.98 means: `sequential-first.accuracy-counts`."""
    names = alike.kin(record, bits, STYLES[0])
    deciding.rounds_to(record, [run for name in names for run in curves.by_style[name]], 98)


@claim(
    "sequential-second.test-figures",
    "After ten epochs the second way has a test loss of 0.07 and a test accuracy of 0.981.",
    "figure",
    section=SECOND_WAY,
)
@trains
@detects(faults.forgets_what_it_learned)
@tolerates(faults.other_seeds)
def second_way(record: Recorder, curves: Curves, bits: Mapping[str, str]) -> None:
    """Hold the printed figures against those of the trainings."""
    _figures(record, curves, bits, "sequential-add", ("test_loss", 10, "0.07"), ("test_accuracy", 10, "0.981"))


@claim(
    "sequential-second.nearly-the-same",
    "The second way's figures are nearly the same as the first's.",
    "figure",
    section=SECOND_WAY,
)
@trains
@detects(faults.second_way_ends_worse)
@tolerates(faults.other_seeds)
def second_as_first(record: Recorder, curves_if_any: Curves | None, bits: Mapping[str, str]) -> None:
    """Show that there is no difference but that of the seeds, or that it is within a margin."""
    same = STYLES[0] in alike.kin(record, bits, STYLES[1])
    deciding.nearly_alike(record, curves_if_any, STYLES[1], STYLES[:1], same)


@claim(
    "functional.test-figures",
    "After ten epochs the functional model has a test loss of 0.067 and a test accuracy of 0.982.",
    "figure",
    section=FUNCTIONAL,
)
@trains
@detects(faults.forgets_what_it_learned)
@tolerates(faults.other_seeds)
def functional(record: Recorder, curves: Curves, bits: Mapping[str, str]) -> None:
    """Hold the printed figures against those of the trainings."""
    _figures(record, curves, bits, "functional", ("test_loss", 10, "0.067"), ("test_accuracy", 10, "0.982"))


@claim(
    "subclassing.test-figures",
    "After ten epochs the subclassed model has a test loss of 0.068 and a test accuracy of 0.982.",
    "figure",
    section=SUBCLASSING,
)
@trains
@detects(faults.forgets_what_it_learned)
@tolerates(faults.other_seeds)
def subclassed(record: Recorder, curves: Curves, bits: Mapping[str, str]) -> None:
    """Hold the printed figures against those of the trainings."""
    _figures(record, curves, bits, "subclass", ("test_loss", 10, "0.068"), ("test_accuracy", 10, "0.982"))


@claim(
    "subclassing.nearly-the-same",
    "All four ways to write the model give nearly the same figures.",
    "figure",
    section=SUBCLASSING,
)
@trains
@detects(faults.second_way_ends_worse)
@tolerates(faults.other_seeds)
def all_alike(record: Recorder, curves_if_any: Curves | None, bits: Mapping[str, str]) -> None:
    """Show for each way that there is no difference from the first but that of the seeds, or one within a margin."""
    together = alike.kin(record, bits, STYLES[0])
    for name in STYLES[1:]:
        # Those that are the first way's own training tell its figures with it.
        others = [other for other in together if other != name]
        deciding.nearly_alike(record, curves_if_any, name, others, name in together)
