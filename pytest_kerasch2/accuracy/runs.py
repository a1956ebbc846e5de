"""What one training gave: its seed and its curves, from a history of Keras or from a mapping of names to numbers."""

from __future__ import annotations

import math
import numbers
from dataclasses import asdict, dataclass
from typing import Any, Mapping, Tuple

from pytest_kerasch2.accuracy import metrics
from pytest_kerasch2.errors import InvalidArgument, TrainingFailed

# The curves of the chapter's own trainings.
CURVES = ("loss", "accuracy", "test_loss", "test_accuracy")
# Written so because it is computed, which CPython 3.7 cannot of a built-in class.
Values = Tuple[float, ...]
REMEDY = "return the history of a fit, or a mapping from names of metrics to a number for each epoch"
# Beside curves, in what `TrainingRun.to_dict` returns.
BESIDE = ("seed", "seconds", "curves")


@dataclass(frozen=True)
class TrainingRun:
    """What one seed gave.

    Attributes:
        seed: of Python, NumPy and the framework.
        loss: mean loss of training in each epoch, dropout at work, as `fit` returns it; empty where there is none, as
            the next three.
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
        return next((values for curve, values in self.others if curve == name), ())

    @property
    def epochs(self) -> int:
        """Return how many epochs its curves have."""
        return max(map(len, self.curves.values()), default=0)

    def to_dict(self) -> dict[str, Any]:
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


def to_float32(values: Any) -> Values:
    """Return the numbers of a series with as many digits as float32 has."""
    return tuple(map(in_float32, values))


def in_float32(value: Any) -> float:
    """Return a number with as many digits as float32 has."""
    # Float32 numbers hold no more than these digits, and in a file the others would look like knowledge.
    return float(f"{float(value):.7g}")


def run_of(result: Any, seed: int, seconds: float = 0.0) -> TrainingRun:
    """Return the run that a history stands for.

    Raises:
        InvalidArgument: there is no curve, curves differ in length, or they hold what is not a number.
        TrainingFailed: a number is not finite.
    """
    run = result if isinstance(result, TrainingRun) else _read(result, seed, seconds)
    _check_lengths({metrics.keras_name(name): len(values) for name, values in run.curves.items()}, run.seed)
    check_finite(run)
    _check_shares(run)
    return run


def _read(result: Any, seed: int, seconds: float) -> TrainingRun:
    series = getattr(result, "history", result)
    if not isinstance(series, Mapping):
        raise InvalidArgument(f"The training returned no curve, but {quoted(result)}", remedy=REMEDY)
    inner = series.get("curves")
    if isinstance(inner, Mapping):
        series = inner
    unnamed = [name for name in series if not isinstance(name, str)]
    if unnamed:
        raise InvalidArgument(f"The name of a curve must be a string, got {unnamed[0]!r}", remedy=REMEDY)
    judged = [name for name in series if metrics.is_metric(name) and name not in BESIDE]
    if not judged:
        names = ", ".join(map(repr, series)) or "nothing"
        raise InvalidArgument(f"The training returned no curve of a metric, but {names}", remedy=REMEDY)
    fields = _fields(judged)
    values = {name: _values(series[name], name) for name in judged}
    _check_lengths({name: len(one) for name, one in values.items()}, seed)
    own_fields = {field: values[name] for field, name in fields.items()}
    others = tuple((name, one) for name, one in values.items() if name not in set(fields.values()))
    return TrainingRun(seed=seed, seconds=round(seconds, 2), others=others, **own_fields)


def _fields(names: list[str]) -> dict[str, str]:
    """Return which of the names stand for the four series that a run has a field for."""
    fields = {}
    for field, aliases in metrics.NAMES.items():
        for alias in aliases:
            counted = [name for name in names if metrics.without_counts(name) == alias]
            here = [alias] if alias in names else counted
            if len(here) == 1:
                fields[field] = here[0]
                break
    return fields


def _values(values: Any, name: str) -> tuple[float, ...]:
    if isinstance(values, (str, bytes, Mapping)):
        raise _no_numbers(values, name)
    try:
        return tuple(in_float32(_number(value)) for value in values)
    except (TypeError, ValueError, OverflowError) as error:
        raise _no_numbers(values, name) from error


def _no_numbers(values: Any, name: str) -> InvalidArgument:
    happened = f"The curve {name} must hold numbers, got {quoted(values)}"
    return InvalidArgument(happened, remedy=f"{REMEDY}, such as [0.5, 0.4]")


def _number(value: Any) -> float:
    """Return a number of Python or of any framework.

    Raises:
        TypeError: it is a truth value, a text, or holds several numbers.
    """
    if type(value) is float:
        return value
    several = getattr(value, "shape", ()) not in ((), None) and len(value.shape) > 0
    is_text = isinstance(value, (str, bytes, bool)) or "bool" in str(getattr(value, "dtype", ""))
    if several or is_text or (isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real)):
        raise TypeError(f"{value!r} is not one number")
    return float(value)


def _check_lengths(lengths: Mapping[str, int], seed: int) -> None:
    if not lengths or 0 in lengths.values() or len(set(lengths.values())) > 1:
        actual = f"{dict(lengths) or 'no curve'} with seed {seed}"
        raise InvalidArgument("All curves of a training must have the same number of epochs", actual, REMEDY)


def check_finite(run: TrainingRun) -> TrainingRun:
    """Return a run whose numbers are all finite.

    Raises:
        TrainingFailed: one is not; the message names the metric, the seed and the epoch.
    """
    for name, values in run.curves.items():
        for epoch, value in enumerate(values, 1):
            if not math.isfinite(value):
                happened = f"The training with seed {run.seed} diverged"
                where = f"{metrics.keras_name(name)} is {value} after epoch {epoch}"
                raise TrainingFailed(happened, where, "look at its data and at its learning rate")
    return run


def _check_shares(run: TrainingRun) -> None:
    for name in ("accuracy", "test_accuracy"):
        values = getattr(run, name)
        if values and (min(values) < 0 or max(values) > 1):
            curve = metrics.keras_name(name)
            happened = f"{curve} must lie from 0 to 1, got {quoted(values)} with seed {run.seed}"
            raise InvalidArgument(happened, remedy="give accuracies as shares, or use another name such as val_percent")


def quoted(value: Any) -> str:
    """Return the beginning of the representation of a value, as one line."""
    return one_line(repr(value), 100)


def one_line(text: str, letters: int) -> str:
    """Return the beginning of a text as one line without control characters."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())[:letters]
