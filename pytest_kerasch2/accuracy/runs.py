"""What one training gave: its seed and its curves, a number for each epoch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Tuple

# The curves of the chapter's own trainings.
CURVES = ("loss", "accuracy", "test_loss", "test_accuracy")
# Written so because it is computed, which CPython 3.7 cannot of a built-in class.
Values = Tuple[float, ...]


@dataclass(frozen=True)
class Run:
    """What one seed gave.

    Attributes:
        seed: of Python, NumPy and the framework.
        loss: mean loss of training in each epoch, dropout at work, as `fit` tells it; empty where there is none, as the
            next three.
        accuracy: share of the training images recognised in each epoch, likewise.
        test_loss: mean loss on the test images after each epoch.
        test_accuracy: share of the test images recognised after each epoch.
        seconds: wall time.
        others: the curves of all other metrics, each with its name.
    """

    seed: int
    loss: Values = ()
    accuracy: Values = ()
    test_loss: Values = ()
    test_accuracy: Values = ()
    seconds: float = 0.0
    others: tuple[tuple[str, Values], ...] = ()

    @property
    def curves(self) -> dict[str, Values]:
        """Return all curves that there are, by their names."""
        fields = {name: getattr(self, name) for name in CURVES}
        return {**{name: values for name, values in fields.items() if values}, **dict(self.others)}

    def series(self, name: str) -> Values:
        """Return one curve by its name; an empty one where there is none."""
        if name in CURVES:
            return getattr(self, name)  # type: ignore[no-any-return]
        return next((values for known, values in self.others if known == name), ())

    @property
    def epochs(self) -> int:
        """Return how many epochs its curves have."""
        return max(map(len, self.curves.values()), default=0)

    @property
    def plain(self) -> dict[str, Any]:
        """Return what a file says of it."""
        if not self.others and all(getattr(self, name) for name in CURVES):
            kept = asdict(self)
            del kept["others"]
            return kept
        return {
            "seed": self.seed,
            "curves": {name: list(one) for name, one in self.curves.items()},
            "seconds": self.seconds,
        }


def numbers(values: Any) -> Values:
    """Return the numbers of a series with as many digits as float32 has."""
    return tuple(map(in_float32, values))


def in_float32(value: Any) -> float:
    """Return a number with as many digits as float32 has."""
    # Float32 numbers hold no more than these digits, and in a file the others would look like knowledge.
    return float(f"{float(value):.7g}")
