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


class ReferenceSteps:
    """Does steps of the reference, one for each batch that it is given."""

    def __init__(self, workload: Workload) -> None:
        """Begin with the model as it is."""
        self.subject = workload
        self.step = attempt(lambda: reference_loop.compiled_step(workload.model))

    def __call__(self, batches: Iterable[Batch]) -> None:
        """Do a step with each batch.

        Raises:
            NoReference: it cannot be done.
        """
        for batch in batches:
            tensors = reference_loop.to_tensors(batch, self.subject.class_weight)
            attempt(lambda given=tensors: self.step(*given))  # type: ignore[misc]


def attempt(call: Callable[[], Any]) -> Any:
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
        reason = (lines[-1] if lines[0].endswith(":") else lines[0])[:100]
        raise NoReference(f"the reference step cannot be done ({type(error).__name__}: {reason})") from error


def moving_weights(workload: Workload, steps: int) -> set[str]:
    """Return the weights that reference steps move from where the model is now; none where there is no reference.

    They move for sure: from each of several places in the data. The model is put back.
    """
    if reference_loop.why_no_reference(workload.model):
        return set()
    names: set[str] | None = None
    try:
        reference = ReferenceSteps(workload)
        for place in range(PLACES):
            first = place * workload.distinct_batches // PLACES
            with variables_restored(workload.model):
                before = workload.weight_hashes()
                reference(workload.batch(first + number) for number in range(min(steps, STEPS)))
                workload.finish()
                moved = {name for name, one in workload.weight_hashes().items() if before.get(name) != one}
            names = moved if names is None else names & moved
    except NoReference:
        return set()
    return names or set()


def resting_weights(workload: Workload, run: Callable[[int], Any], steps: int) -> set[str]:
    """Return the weights that steps leave as they are from another start too; the model is put back.

    Weights that have come to rest, as at an optimum, come back to where they rest from wherever they begin.

    Args:
        run: does so many steps.
    """
    with variables_restored(workload.model):
        assign_values(workload.trained_weights, [OTHER_START * copy_of(one) for one in workload.trained_weights])
        before = workload.weight_hashes()
        run(steps)
        workload.finish()
        return {name for name, one in workload.weight_hashes().items() if before.get(name) == one}
