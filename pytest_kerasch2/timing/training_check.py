"""Whether a model learns while it is timed: weights and losses that are numbers, and a loss that does not grow."""

from __future__ import annotations

import math
import time
from typing import Any, Callable, Sequence

import numpy as np

from pytest_kerasch2.errors import InvalidArgument, InvalidMeasurement
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import benchmark_data, nested_arrays, reference_loop
from pytest_kerasch2.timing.benchmark_data import Batch
from pytest_kerasch2.timing.reference_loop import NoReference, ReferenceSteps, attempt
from pytest_kerasch2.timing.workload import Workload, variables_restored

# Inputs on which the loss is computed, in whole batches: at least one, and at most so many.
LOSS_INPUTS = 1000
MAX_LOSS_BATCHES = 16
# A loss that has grown so much has diverged, be it a number still.
DIVERGED = 1e6
# Runs of the reference step that a loss which has grown is held to. It may be larger than theirs by so much: a share
# of the largest, and so many times what they are apart.
REFERENCE_LOSSES = 4
ALLOWED_SHARE, ALLOWED_SPREADS = 0.2, 10.0
_REMEDY = "look at its data and at its learning rate"


def sample_loss(workload: Workload) -> float | None:
    """Return the loss on some of the data; None where it cannot be computed by a reference loop."""
    if reference_loop.why_no_reference(workload.model):
        return None
    try:
        return float(attempt(lambda: reference_loop.mean_loss(workload.model, loss_batches(workload))))
    except NoReference:
        return None


def loss_batches(workload: Workload) -> list[Batch]:
    """Return the batches on which the loss is computed: the same for every model."""
    count = max(1, min(workload.distinct_batches, LOSS_INPUTS // workload.batch_size, MAX_LOSS_BATCHES))
    return [workload.batch(place) for place in range(count)]


def check_learned(before: float | None, after: float | None, reference_losses: Callable[[], Sequence[float]]) -> None:
    """Refuse steps that made a model worse, which steps of the reference would not have done.

    Args:
        before, after: losses; None where they are not known.
        reference_losses: returns the losses after as many reference steps from the same start; none where that takes
            too long.

    Raises:
        InvalidMeasurement: the loss has grown without end, or far above those of the reference.
    """
    if before is None or after is None or not math.isfinite(before) or after <= before:
        return
    problem = f"the loss is {after:.4g}, and was {before:.4g} before"
    if not after <= DIVERGED * max(1.0, abs(before)):
        raise InvalidMeasurement("Training diverged", problem, _REMEDY)
    references = reference_losses()
    if references and after > max(references) + ALLOWED_SHARE * abs(max(references)) + ALLOWED_SPREADS * (
        max(references) - min(references)
    ):
        problem = f"{problem}; after as many reference steps it is {max(references):.4g} at most"
        raise InvalidMeasurement("Training steps made the model worse", problem, _REMEDY)


def reference_losses(workload: Workload, steps: int, seconds: float) -> list[float]:
    """Return the losses after so many steps of the reference, of several runs; none where they take too long.

    Args:
        seconds: that a run may take.
    """
    losses = []
    try:
        step = ReferenceSteps(workload)
        for run in range(REFERENCE_LOSSES):
            with variables_restored(workload.model):
                # Each with another batch first: the order is drawn where Keras draws one.
                if not _done_within(step, workload, range(run, run + steps), seconds):
                    return []
                losses.append(float(attempt(lambda: reference_loop.mean_loss(workload.model, loss_batches(workload)))))
    except NoReference:
        return []
    return losses


def _done_within(step: ReferenceSteps, workload: Workload, places: range, seconds: float) -> bool:
    step([workload.batch(places[0])])
    began = time.perf_counter()
    for place in places[1:]:
        step([workload.batch(place)])
        if time.perf_counter() > began + seconds:
            return False
    return True


def check_numbers(workload: Workload, result: Any = None, *, trains: bool = True) -> None:
    """Refuse a model whose weights, or results, are no numbers: the data are, or it has diverged.

    Args:
        result: what `evaluate` or `predict` has returned, if it is to be checked.
        trains: whether the steps change the weights.

    Raises:
        InvalidArgument: the data are no numbers either.
        InvalidMeasurement: a weight is no number.
    """
    weights = enumerate(workload.trained_weights)
    not_finite = [f"{place}: {one.name}" for place, one in weights if not _finite(one)] if trains else []
    if not_finite or not all(map(_finite, nested_arrays.values(result))):
        check_data(workload)
    if not_finite:
        raise InvalidMeasurement("Training diverged", f"NaN or infinity in {', '.join(not_finite)}", _REMEDY)


def check_data(workload: Workload) -> None:
    """Refuse data that hold what is not a number.

    Raises:
        InvalidArgument: they do.
    """
    batches = [workload.batch(place) for place in range(workload.distinct_batches)] if workload.source else []
    parts = [batch[: len(benchmark_data.PART_NAMES)] for batch in batches] or [
        (workload.x, workload.y, workload.sample_weight)
    ]
    for part in parts:
        for name, one in zip(benchmark_data.PART_NAMES, part):
            problem = nested_arrays.not_finite(one, name)
            if problem:
                raise InvalidArgument(f"data must hold numbers, but {problem} that are NaN or infinite")


def _finite(value: Any) -> bool:
    array = np.asarray(value if isinstance(value, (int, float)) else api.array(value))
    if not (np.issubdtype(array.dtype, np.number) or "float" in array.dtype.name):
        return True
    return bool(np.isfinite(array.astype("float64")).all()) if array.dtype.kind != "c" else True


# Of steps whose gradients are too large for 16 bits, none is applied: of many steps so many at most.
MAX_SKIPPED = 0.5
SKIPPING_FROM = 20


def check_updates(workload: Workload, before: int | None, steps: int) -> None:
    """Refuse another number of updates than so many steps make.

    Args:
        before: updates that the optimizer had counted.
        steps: that train.

    Raises:
        InvalidMeasurement: it has counted more, or fewer.
    """
    now = workload.update_count()
    # Keras asks an optimizer for nothing where no weight is trained.
    if before is None or now is None or (steps and not (_is_counted(workload) and workload.trained_weights)):
        return
    counted, (least, most) = now - before, expected_updates(workload.model, steps)
    if not least <= counted <= most:
        problem = f"{counted} updates of the weights in {steps} steps"
        raise InvalidMeasurement(
            "The optimizer made an unexpected number of updates", problem, "let each step update once"
        )


def _is_counted(workload: Workload) -> bool:
    counts_known = workload.source is None or workload.source.is_counted
    return counts_known and not counts_differently(workload.model)


def counts_differently(model: Any) -> bool:
    """Whether what an optimizer counts is not what Keras counts: the step, or how it is applied, is the user's own."""
    optimizer = getattr(model, "optimizer", None)
    applies = (
        any(reference_loop.is_overridden(optimizer, name) for name in ("apply", "apply_gradients"))
        if optimizer
        else False
    )
    return applies or reference_loop.is_overridden(model, "train_step")


def expected_updates(model: Any, steps: int) -> tuple[int, int]:
    """Return how many updates so many steps make, at least and at most."""
    optimizer = getattr(model, "optimizer", None)
    inner = getattr(optimizer, "inner_optimizer", None)
    if inner is not None:
        # Loss scaling leaves out what is too large, at its beginning and now and then.
        least, _ = _updates_of(inner, steps)
        return (int(MAX_SKIPPED * least) if steps >= SKIPPING_FROM else 0), steps
    return _updates_of(optimizer, steps)


def _updates_of(optimizer: Any, steps: int) -> tuple[int, int]:
    accumulated = int(getattr(optimizer, "gradient_accumulation_steps", None) or 1)
    return steps // accumulated, -(-steps // accumulated)
