"""Reads the curves that a training returned: a history of Keras, or a mapping from names to numbers from anywhere."""

from __future__ import annotations

import math
import numbers
from typing import Any, Mapping

from pytest_kerasch2.accuracy import metrics
from pytest_kerasch2.accuracy.runs import Run, in_float32
from pytest_kerasch2.errors import InvalidArgument, TrainingFailed

REMEDY = "return the history of a fit, or a mapping from names of metrics to a number for each epoch"
# Beside curves, in what `Run.plain` returns.
BESIDE = ("seed", "seconds", "curves")


def run_of(given: Any, seed: int, seconds: float = 0.0) -> Run:
    """Return the run that a history stands for.

    Raises:
        InvalidArgument: there is no curve, curves differ in length, or they hold what is not a number.
        TrainingFailed: a number is not finite.
    """
    run = given if isinstance(given, Run) else _read(given, seed, seconds)
    _check_lengths({metrics.shown(name): len(values) for name, values in run.curves.items()}, run.seed)
    check_finite(run)
    _check_shares(run)
    return run


def _read(given: Any, seed: int, seconds: float) -> Run:
    series = getattr(given, "history", given)
    if not isinstance(series, Mapping):
        raise InvalidArgument("A training returned no curve", quoted(given), REMEDY)
    inner = series.get("curves")
    if isinstance(inner, Mapping):
        series = inner
    unnamed = [name for name in series if not isinstance(name, str)]
    if unnamed:
        raise InvalidArgument("The name of a curve must be a text", repr(unnamed[0]), REMEDY)
    judged = [name for name in series if metrics.is_metric(name) and name not in BESIDE]
    if not judged:
        held = ", ".join(map(repr, series)) or "nothing"
        raise InvalidArgument("A training returned no curve of a metric", f"it has {held}", REMEDY)
    fields = _fields(judged)
    values = {name: _values(series[name], name) for name in judged}
    _check_lengths({name: len(one) for name, one in values.items()}, seed)
    found = {ours: values[name] for ours, name in fields.items()}
    others = tuple((name, one) for name, one in values.items() if name not in set(fields.values()))
    return Run(seed=seed, seconds=round(seconds, 2), others=others, **found)


def _fields(names: list[str]) -> dict[str, str]:
    """Return which of the names stand for the four series that a run has a field for."""
    found = {}
    for ours, aliases in metrics.NAMES.items():
        for alias in aliases:
            counted = [name for name in names if metrics.uncounted(name) == alias]
            here = [alias] if alias in names else counted
            if len(here) == 1:
                found[ours] = here[0]
                break
    return found


def _values(values: Any, name: str) -> tuple[float, ...]:
    if isinstance(values, (str, bytes, Mapping)):
        raise _no_numbers(values, name)
    try:
        return tuple(in_float32(_number(value)) for value in values)
    except (TypeError, ValueError, OverflowError) as error:
        raise _no_numbers(values, name) from error


def _no_numbers(values: Any, name: str) -> InvalidArgument:
    return InvalidArgument(
        "A curve does not hold numbers", f"{name} is {quoted(values)}", f"{REMEDY}, such as [0.5, 0.4]"
    )


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
        found = f"{dict(lengths) or 'no curve'} with seed {seed}"
        raise InvalidArgument(
            "The series of a curve are empty or differ in length", found, f"{REMEDY}, as many in each"
        )


def check_finite(run: Run) -> Run:
    """Return a run whose numbers are all finite.

    Raises:
        TrainingFailed: one is not; the message names the metric, the seed and the epoch.
    """
    for name, values in run.curves.items():
        for epoch, value in enumerate(values, 1):
            if not math.isfinite(value):
                found = f"{metrics.shown(name)} is {value} after epoch {epoch}, with seed {run.seed}"
                raise TrainingFailed("A training diverged", found, "look at its data and at its learning rate")
    return run


def _check_shares(run: Run) -> None:
    for name in ("accuracy", "test_accuracy"):
        values = getattr(run, name)
        if values and (min(values) < 0 or max(values) > 1):
            shown = metrics.shown(name)
            found = f"{shown} {quoted(values)} with seed {run.seed}"
            remedy = "give accuracies as shares from 0 to 1, or another name such as val_percent"
            raise InvalidArgument("A curve has an impossible value", found, remedy)


def quoted(given: Any) -> str:
    """Return the beginning of what somebody gave us, as one line."""
    return line(repr(given), 100)


def line(text: str, letters: int) -> str:
    """Return the beginning of a text as one line without control characters."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(plain.split())[:letters]
