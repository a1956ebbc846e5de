"""What to set or to install where the backend that Keras is to run on cannot be had."""

from __future__ import annotations

from typing import Sequence

from pytest_kerasch2.backend_choice import DEFAULT, EARLY, INFERENCE, TRAINING, VARIABLE, Choice, has_engines
from pytest_kerasch2.errors import FrameworkMissing, InvalidArgument, KerasCh2Error

INSTALL = 'pip install "pytest-kerasch2[tensorflow]"'


def without_tensorflow(chosen: Choice, keras: str | None, present: Sequence[str]) -> FrameworkMissing:
    """Return the error where Keras would run on TensorFlow, and there is no TensorFlow.

    Args:
        chosen: why it would.
        keras: the version of the package ``keras``, or None where it is absent too.
        present: the backends that are installed.
    """
    others = [name for name in present if name != DEFAULT]
    if keras is None or keras.startswith("2."):
        return FrameworkMissing("TensorFlow is not installed", "no package called tensorflow", f"run {INSTALL}")
    installed = f"Keras {keras} with {' and '.join(others) or 'no backend'}; {chosen.source}"
    sets = " or ".join(f"{VARIABLE}={name}" for name in others)
    remedy = f"set {sets}, or run {INSTALL}" if others else f"run {INSTALL}, or install jax or torch and set {VARIABLE}"
    return FrameworkMissing("Keras runs on TensorFlow by default, and TensorFlow is not installed", installed, remedy)


def unusable(chosen: Choice, present: Sequence[str], keras: str | None = None) -> KerasCh2Error | None:
    """Return why Keras cannot be used on the backend that was chosen, or None where it can.

    Args:
        chosen: the backend, another than TensorFlow.
        present: the backends that are installed.
        keras: the version of the package ``keras``; those up to 2.3 have other backends.
    """
    training = EARLY if has_engines(keras or "") else TRAINING
    usable = " or ".join(name for name in training if name in present) or " or ".join(training)
    remedy = f"set {VARIABLE} to {usable}"
    if chosen.name in INFERENCE:
        return InvalidArgument(f"Keras cannot train on {chosen.name}", chosen.source, remedy)
    if chosen.name not in training:
        return InvalidArgument(f"Keras has no backend called {chosen.name!r}", chosen.source, remedy)
    if chosen.name not in present:
        package = chosen.name if chosen.name in EARLY else f'"pytest-kerasch2[{chosen.name}]"'
        remedy = f"run pip install {package}" + (f", or {remedy}" if present else "")
        return FrameworkMissing(f"Keras is to run on {chosen.name}, which is not installed", chosen.source, remedy)
    return None
