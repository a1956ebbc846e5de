"""Whether as many steps were done as were counted, by the updates that an optimizer counts itself."""

from __future__ import annotations

from typing import Any

from pytest_kerasch2.errors import InvalidMeasurement
from pytest_kerasch2.timing import reference_loop
from pytest_kerasch2.timing.workload import Workload

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
            "Another number of steps was done than was counted", problem, "let each step update once"
        )


def _is_counted(workload: Workload) -> bool:
    counts_known = workload.source is None or workload.source.is_counted
    return counts_known and not counts_differently(workload.model)


def counts_differently(model: Any) -> bool:
    """Whether what an optimizer counts is not what Keras counts: the step, or how it is applied, is the user's own."""
    optimizer = getattr(model, "optimizer", None)
    applies = (
        any(reference_loop.is_overridden(optimizer, name) for name in ("apply", "apply_gradients")) if optimizer else False
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
