"""Whether as many steps were done as were counted, by the updates that an optimizer counts itself."""

from __future__ import annotations

from typing import Any

from pytest_kerasch2.errors import InvalidMeasurement
from pytest_kerasch2.timing import reference_loop
from pytest_kerasch2.timing.workload import Workload

# Of steps whose gradients are too large for 16 bits, none is applied: of many steps so many at most.
SKIPPED = 0.5
MANY = 20


def check(subject: Workload, before: int | None, steps: int) -> None:
    """Refuse another number of updates than so many steps make.

    Args:
        before: updates that the optimizer had counted.
        steps: that train.

    Raises:
        InvalidMeasurement: it has counted more, or fewer.
    """
    now = subject.update_count()
    # Keras asks an optimizer for nothing where no weight is trained.
    if before is None or now is None or (steps and not (_is_counted(subject) and subject.trained_weights)):
        return
    counted, (least, most) = now - before, expected(subject.model, steps)
    if not least <= counted <= most:
        found = f"{counted} updates of the weights in {steps} steps"
        raise InvalidMeasurement(
            "Another number of steps was done than was counted", found, "let each step update once"
        )


def _is_counted(subject: Workload) -> bool:
    known = subject.source is None or subject.source.is_counted
    return known and not counts_itself(subject.model)


def counts_itself(model: Any) -> bool:
    """Whether what an optimizer counts is not what Keras counts: the step, or how it is applied, is the user's own."""
    optimizer = getattr(model, "optimizer", None)
    applies = (
        any(reference_loop.is_own(optimizer, name) for name in ("apply", "apply_gradients")) if optimizer else False
    )
    return applies or reference_loop.is_own(model, "train_step")


def expected(model: Any, steps: int) -> tuple[int, int]:
    """Return how many updates so many steps make, at least and at most."""
    optimizer = getattr(model, "optimizer", None)
    inner = getattr(optimizer, "inner_optimizer", None)
    if inner is not None:
        # Loss scaling leaves out what is too large, at its beginning and now and then.
        least, _ = _gathered(inner, steps)
        return (int(SKIPPED * least) if steps >= MANY else 0), steps
    return _gathered(optimizer, steps)


def _gathered(optimizer: Any, steps: int) -> tuple[int, int]:
    gathered = int(getattr(optimizer, "gradient_accumulation_steps", None) or 1)
    return steps // gathered, -(-steps // gathered)
