"""The figures that only training for ten epochs can decide: registered here, decided elsewhere."""

from __future__ import annotations

from pytest_kerasch2.claims.marks import claim, pending
from pytest_kerasch2.errors import CouldNotTell

FIRST = "Sequential model, first way"
SECOND = "Sequential model, second way"
FUNCTIONAL = "Functional API"
SUBCLASS = "Subclassing the model"
REASON = "decided by ten-epoch training, which this run does not do"


def _untold(what: str) -> None:
    raise CouldNotTell(
        f"{what} is decided by ten epochs of training on MNIST",
        "this run does not train for that long",
        "nothing to do: this version registers the claim, and decides it once it has accuracy and speed gates",
    )


@claim(
    "sequential-first.first-epoch-figures",
    "The first of ten epochs ends with a training loss of 0.2031 and a training accuracy of 0.9394.",
    section=FIRST,
    kind="figure",
)
@pending(REASON)
def first_epoch() -> None:
    """Wait for ten-epoch training."""
    _untold("The first epoch's loss and accuracy")


@claim(
    "sequential-first.last-epoch-figures",
    "The tenth epoch ends with a training loss of 0.0098 and a training accuracy of 0.9967.",
    section=FIRST,
    kind="figure",
)
@pending(REASON)
def last_epoch() -> None:
    """Wait for ten-epoch training."""
    _untold("The tenth epoch's loss and accuracy")


@claim(
    "sequential-first.fit-time",
    "Training takes 77 microseconds an image in the first epoch and 62 in the tenth: 5 and 4 seconds.",
    section=FIRST,
    kind="figure",
)
@pending(REASON)
def fit_time() -> None:
    """Wait for ten-epoch training, timed."""
    _untold("The time of training")


@claim(
    "sequential-first.evaluate-time",
    "Evaluating takes 39 microseconds an image.",
    section=FIRST,
    kind="figure",
)
@pending(REASON)
def evaluate_time() -> None:
    """Wait for ten-epoch training, timed."""
    _untold("The time of evaluating")


@claim(
    "sequential-first.test-figures",
    "After ten epochs the first way has a test loss of 0.0915 and a test accuracy of 0.9801.",
    section=FIRST,
    kind="figure",
)
@pending(REASON)
def first_way() -> None:
    """Wait for ten-epoch training."""
    _untold("The first way's test loss and accuracy")


@claim(
    "sequential-first.recognises-98-of-100",
    "After ten epochs the first way recognises 98 of 100 test images on average.",
    section=FIRST,
    kind="figure",
)
@pending(REASON)
def recognises() -> None:
    """Wait for ten-epoch training; what an accuracy of 0.98 means is decided by `sequential-first.accuracy-counts`."""
    _untold("The share of test images recognised")


@claim(
    "sequential-second.test-figures",
    "After ten epochs the second way has a test loss of 0.07 and a test accuracy of 0.981.",
    section=SECOND,
    kind="figure",
)
@pending(REASON)
def second_way() -> None:
    """Wait for ten-epoch training."""
    _untold("The second way's test loss and accuracy")


@claim(
    "sequential-second.nearly-the-same",
    "The second way's figures are nearly the same as the first's.",
    section=SECOND,
    kind="figure",
)
@pending(REASON)
def second_as_first() -> None:
    """Wait for ten-epoch training of both."""
    _untold("That both ways end nearly alike")


@claim(
    "functional.test-figures",
    "After ten epochs the functional model has a test loss of 0.067 and a test accuracy of 0.982.",
    section=FUNCTIONAL,
    kind="figure",
)
@pending(REASON)
def functional() -> None:
    """Wait for ten-epoch training."""
    _untold("The functional model's test loss and accuracy")


@claim(
    "subclassing.test-figures",
    "After ten epochs the subclassed model has a test loss of 0.068 and a test accuracy of 0.982.",
    section=SUBCLASS,
    kind="figure",
)
@pending(REASON)
def subclassed() -> None:
    """Wait for ten-epoch training."""
    _untold("The subclassed model's test loss and accuracy")


@claim(
    "subclassing.nearly-the-same",
    "All four ways to write the model give nearly the same figures.",
    section=SUBCLASS,
    kind="figure",
)
@pending(REASON)
def all_alike() -> None:
    """Wait for ten-epoch training of all four."""
    _untold("That all four ways end nearly alike")
