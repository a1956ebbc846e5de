"""The side of another interpreter: which release it would import. It needs the standard library alone."""

from __future__ import annotations

import importlib
from typing import Any


def facts() -> dict[str, str] | None:
    """Return the release that this interpreter would import, or None where it has neither TensorFlow nor Keras."""
    from pytest_kerasch2.framework import packages

    try:
        release = packages.installed()
    except ImportError:
        # CPython 3.7 has no `importlib.metadata`, and an environment need not have its backport.
        release = packages.installed(version=_version)
    return None if release is None else dict(vars(release))


def _version(distribution: str) -> str | None:
    try:
        resources: Any = importlib.import_module("pkg_resources")
        return str(resources.get_distribution(distribution).version)
    except Exception:
        return None
