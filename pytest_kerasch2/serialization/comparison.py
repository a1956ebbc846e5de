"""Comparisons that raise: two lists of arrays are the same to the last bit, or the error says where they part."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from pytest_kerasch2.errors import ClaimBroken


def same_weights(*, expected: Sequence[Any], actual: Sequence[Any]) -> None:
    """Raise unless both lists hold the same arrays, bit for bit.

    NaN equals NaN of the same payload alone, and 0.0 is not -0.0, because a file that keeps numbers keeps their bytes.

    Raises:
        ClaimBroken: a length, shape, dtype or byte differs; the first difference is quoted.
    """
    _same("weights", expected, actual)


def same_predictions(*, expected: Any, actual: Any) -> None:
    """Raise unless both arrays of predictions are the same, bit for bit.

    Raises:
        ClaimBroken: shape, dtype or a byte differs.
    """
    _same("predictions", [expected], [actual])


def same_optimizer_state(*, expected: Sequence[Any], actual: Sequence[Any]) -> None:
    """Raise unless both lists of optimizer variables, as ``optimizer_state`` gives them, are the same, bit for bit.

    Raises:
        ClaimBroken: a variable is missing or differs.
    """
    _same("optimizer variables", expected, actual)


def optimizer_state(model: Any) -> list[Any]:
    """Return the optimizer's variables as arrays, its step count first; empty for a model without an optimizer.

    ``variables`` is a method up to Keras 2.10 and a property from 2.11 on. The learning rate is among them from Keras
    2.11 on. A loaded SavedModel shows nothing but the step count until its first training step.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return []
    # Keras up to 2.3, without TensorFlow, has `weights` alone.
    variables = optimizer.variables if hasattr(optimizer, "variables") else optimizer.weights
    listed = variables() if callable(variables) else variables
    # NumPy wraps a TensorFlow 2.0 variable whole instead of asking it for its numbers.
    return [one.numpy() if hasattr(one, "numpy") else np.asarray(_held(one)) for one in listed]


def _held(variable: Any) -> Any:
    # A variable of Theano or of CNTK is a formula to NumPy.
    if type(variable).__module__.startswith("cntk"):
        return variable.value
    return variable.get_value() if hasattr(variable, "get_value") else variable


def _same(what: str, expected: Sequence[Any], actual: Sequence[Any]) -> None:
    if len(expected) != len(actual):
        raise ClaimBroken(f"The number of {what} differs", f"{len(actual)} instead of {len(expected)}")
    for index, (left, right) in enumerate(zip(expected, actual)):
        _same_array(f"array {index} of the {what}", np.asarray(left), np.asarray(right))


def _same_array(name: str, expected: Any, actual: Any) -> None:
    if expected.dtype != actual.dtype:
        raise ClaimBroken(f"The dtype differs in {name}", f"{actual.dtype} instead of {expected.dtype}")
    if expected.shape != actual.shape:
        raise ClaimBroken(f"The shape differs in {name}", f"{actual.shape} instead of {expected.shape}")
    if expected.dtype.hasobject:
        raise ClaimBroken(f"There is no byte-wise comparison for {name}", f"dtype {expected.dtype}")
    # One row of bytes per number, also for arrays without an axis or without elements.
    width = max(expected.dtype.itemsize, 1)
    bytes_expected = np.frombuffer(expected.tobytes(), dtype=np.uint8).reshape(-1, width)
    bytes_got = np.frombuffer(actual.tobytes(), dtype=np.uint8).reshape(-1, width)
    different = np.flatnonzero((bytes_expected != bytes_got).any(axis=1))
    if different.size == 0:
        return
    first = int(different[0])
    place = tuple(int(axis) for axis in np.unravel_index(first, expected.shape))
    raise ClaimBroken(
        f"{different.size} of {expected.size} numbers differ in {name}",
        f"first at {place}: {actual.flat[first]!r} (bytes {bytes(bytes_got[first]).hex()}) instead of "
        f"{expected.flat[first]!r} (bytes {bytes(bytes_expected[first]).hex()})",
    )
