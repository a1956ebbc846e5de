"""Which backend Keras uses here, and why; nothing is imported to say so."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Mapping

from pytest_kerasch2.framework import packages

VARIABLE = "KERAS_BACKEND"
KNOWN = ("tensorflow", "jax", "torch", "openvino", "numpy")
# What puts each of them on the path.
DISTRIBUTIONS = {"tensorflow": packages.TENSORFLOW_DISTRIBUTIONS, "jax": ("jax",), "torch": ("torch",)}


def chosen(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the name of the backend and the reason, as Keras itself decides: variable, `keras.json`, or TensorFlow.

    Args:
        environ: the environment variables, by default those of this process.
    """
    environ = os.environ if environ is None else environ
    keras = packages.version_of("keras") or packages.version_of("keras-nightly")
    minor = packages.parsed(keras) if keras else None
    if minor is None and packages.installed(environ) is None:
        return {"name": "none", "reason": "no Keras is installed"}
    if minor is None or minor < (3, 0):
        return {"name": "tensorflow", "reason": "Keras 2 runs on TensorFlow alone"}
    if packages.legacy_wanted(environ):
        return {"name": "tensorflow", "reason": "TF_USE_LEGACY_KERAS asks for Keras 2, which runs on TensorFlow alone"}
    if environ.get(VARIABLE):
        name = environ[VARIABLE]
        return {"name": name if name in KNOWN else "unknown", "reason": f"the variable {VARIABLE} says so"}
    return _configured(environ) or {"name": "tensorflow", "reason": "the default of Keras 3: nothing else is set"}


def _configured(environ: Mapping[str, str]) -> dict[str, str] | None:
    place = configuration(environ)
    try:
        found = json.loads(place.read_text(encoding="utf-8")) if place is not None else None
    except (OSError, ValueError):
        return None
    name = found.get("backend") if isinstance(found, dict) else None
    if not isinstance(name, str):
        return None
    return {"name": name if name in KNOWN else "unknown", "reason": f"the file {place} says so"}


def configuration(environ: Mapping[str, str]) -> Path | None:
    """Return where Keras looks for `keras.json`, or None where this user has no home."""
    if environ.get("KERAS_HOME"):
        return Path(environ["KERAS_HOME"]) / "keras.json"
    home = os.path.expanduser("~")  # noqa: PTH111  # `Path.home` raises where there is none
    return None if home == "~" else Path(home) / ".keras" / "keras.json"
