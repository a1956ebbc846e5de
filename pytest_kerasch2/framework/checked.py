"""Whether what was imported is the framework it claims to be, and what a failed import means."""

from __future__ import annotations

import traceback
from typing import Any

from pytest_kerasch2.errors import FrameworkBroken
from pytest_kerasch2.framework import advice, packages


def broken(name: str, error: BaseException, lines: list[str]) -> FrameworkBroken:
    """Return the error for an import that failed, with its reason and the likely cure."""
    message = traceback.format_exception_only(type(error), error)[-1].strip()
    # The last line is the error; compiled modules tell the reason on standard error and raise something vague
    whole = "\n".join([str(error), message, *lines[-20:]])
    noted = next((line.strip() for line in reversed(lines) if "Error" in line), "") if not str(error) else ""
    quoted = message.splitlines()[-1] + (f" ({noted})" if noted else "")
    return FrameworkBroken(f"{name} is installed and cannot be imported", quoted, packages.remedy_for(whole))


def tensorflow_2(module: Any) -> Any:
    """Return a module that has been imported as ``tensorflow``, with its Keras loaded.

    Raises:
        FrameworkBroken: it is not TensorFlow 2.
    """
    version = str(getattr(module, "__version__", ""))
    minor = packages.parsed(version)
    where = getattr(module, "__file__", None) or list(getattr(module, "__path__", []))
    if minor is None:
        raise FrameworkBroken(
            "The package called tensorflow states no version", f"{version!r} in {where}",
            "remove what hides the real TensorFlow, or reinstall it",
        )  # fmt: skip
    if minor < (2, 0):
        raise FrameworkBroken(
            "The chapter is about TensorFlow 2", f"TensorFlow {version} is installed", f"run {advice.INSTALL}"
        )
    if not hasattr(module, "keras"):
        raise FrameworkBroken(
            f"TensorFlow {version} has no tf.keras", f"no attribute keras in {where}",
            "reinstall TensorFlow and Keras together",
        )  # fmt: skip
    # tf.keras loads lazily from 2.6 on; touching a name makes it write its keras.json now, into the private home
    module.keras.layers  # noqa: B018
    return module
