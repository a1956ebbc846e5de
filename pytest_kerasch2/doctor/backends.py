"""Which backend Keras uses here, and why; nothing is imported to say so."""

from __future__ import annotations

from typing import Mapping

from pytest_kerasch2.framework import choice, packages

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
    if release.backend in choice.EARLY:
        return {"name": release.backend, "reason": choice.choice(environ).source}
    minor = packages.parsed(release.keras)
    if minor is None or minor < (3, 0):
        return {"name": choice.DEFAULT, "reason": f"Keras {release.keras} runs on TensorFlow alone"}
    found = choice.choice(environ)
    if found.name in choice.TRAINING + choice.INFERENCE:
        return {"name": found.name, "reason": found.source}
    # What is not a backend is not repeated: it may be anything.
    return {"name": "unknown", "reason": f"{choice.VARIABLE} or {choice.FILE} names what is not a backend of Keras"}
