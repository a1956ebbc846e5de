"""Which backend Keras uses here, and why; nothing is imported to say so."""

from __future__ import annotations

from typing import Mapping

from pytest_kerasch2 import backend_choice
from pytest_kerasch2.framework import packages

# What puts each of them on the path.
DISTRIBUTIONS = {"tensorflow": packages.TENSORFLOW_DISTRIBUTIONS, "jax": ("jax",), "torch": ("torch",)}


def chosen(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the name of the backend and the reason.

    Args:
        environ: the environment variables, by default those of this process.
    """
    release = packages.installed(environ)
    if release is None:
        return {"name": "none", "reason": "no Keras is installed"}
    if release.backend in backend_choice.EARLY:
        return {"name": release.backend, "reason": backend_choice.choice(environ).source}
    minor = packages.parsed(release.keras)
    if minor is None or minor < (3, 0):
        return {"name": backend_choice.DEFAULT, "reason": f"Keras {release.keras} runs on TensorFlow alone"}
    choice = backend_choice.choice(environ)
    if choice.name in backend_choice.TRAINING + backend_choice.INFERENCE:
        return {"name": choice.name, "reason": choice.source}
    # What is not a backend is not repeated: it may be anything.
    return {
        "name": "unknown",
        "reason": f"{backend_choice.VARIABLE} or {backend_choice.FILE} names what is not a backend of Keras",
    }
