"""Runs of the reference step, and what is said where there are none."""

from __future__ import annotations

import warnings
from typing import Any, Callable, Iterable

from pytest_kerasch2.errors import KerasCh2Error, NotApplicable
from pytest_kerasch2.timing import reference_loop
from pytest_kerasch2.timing.batch_sources import Batch
from pytest_kerasch2.timing.model_changes import assign_values, copy_of, variables_restored
from pytest_kerasch2.timing.workload import Workload

# Steps from each of so many places in the data by which it is found whether weights move.
PLACES = 3
STEPS = 25
# Weights are so many times what they were where it is found whether they have come to rest.
OTHER_START = 1.25


class NoReference(Exception):
    """There is no reference step for a model; its text says why."""


class Reference:
    """Does steps of the reference, one for each batch that it is given."""

    def __init__(self, subject: Workload) -> None:
        """Begin with the model as it is."""
        self.subject = subject
        self.step = tried(lambda: reference_loop.step(subject.model))

    def __call__(self, batches: Iterable[Batch]) -> None:
        """Do a step with each batch.

        Raises:
            NoReference: it cannot be done.
        """
        for batch in batches:
            given = reference_loop.given(batch, self.subject.class_weight)
            tried(lambda given=given: self.step(*given))  # type: ignore[misc]


def tried(call: Callable[[], Any]) -> Any:
    """Return what a call returns.

    Raises:
        NoReference: it raises something that is none of our errors. The timed path has done its first step by then, so
            that what fails here is no fault of the model.
    """
    try:
        with warnings.catch_warnings():
            # What Keras warns of, it has warned of where it did the step itself.
            warnings.simplefilter("ignore")
            return call()
    except NotApplicable as error:
        raise NoReference(error.found) from error
    except (KerasCh2Error, NoReference):
        raise
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
        # An error within a traced function says last what has happened, and first where.
        said = (lines[-1] if lines[0].endswith(":") else lines[0])[:100]
        raise NoReference(f"the reference step cannot be done ({type(error).__name__}: {said})") from error


def moves(subject: Workload, steps: int) -> set[str]:
    """Return the weights that reference steps move from where the model is now; none where there is no reference.

    They move for sure: from each of several places in the data. The model is put back.
    """
    if reference_loop.why_not(subject.model):
        return set()
    found: set[str] | None = None
    try:
        step = Reference(subject)
        for place in range(PLACES):
            first = place * subject.distinct_batches // PLACES
            with variables_restored(subject.model):
                before = subject.weight_hashes()
                step(subject.batch(first + number) for number in range(min(steps, STEPS)))
                subject.finish()
                moved = {name for name, one in subject.weight_hashes().items() if before.get(name) != one}
            found = moved if found is None else found & moved
    except NoReference:
        return set()
    return found or set()


def stay(subject: Workload, run: Callable[[int], Any], steps: int) -> set[str]:
    """Return the weights that steps leave as they are from another start too; the model is put back.

    Weights that have come to rest, as at an optimum, come back to where they rest from wherever they begin.

    Args:
        run: does so many steps.
    """
    with variables_restored(subject.model):
        assign_values(subject.trained_weights, [OTHER_START * copy_of(one) for one in subject.trained_weights])
        before = subject.weight_hashes()
        run(steps)
        subject.finish()
        return {name for name, one in subject.weight_hashes().items() if before.get(name) == one}
