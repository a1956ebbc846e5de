"""Importing what cannot be imported twice in a process.

After an inner run in this process, pytester forgets each module that the run was the first to import. A second import
of a package in C, or of one whose classes are compared, is another package beside the first, and may end the process.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil

import pytest_kerasch2

HEAVY = ("numpy", "scipy.stats", "sklearn.datasets", "h5py", "joblib", "matplotlib.pyplot", "jinja2")


def import_once(*names: str) -> None:
    """Import these, all of `HEAVY` that is installed and all of ours, before pytester notes what to forget."""
    ours = (one.name for one in pkgutil.walk_packages(pytest_kerasch2.__path__, "pytest_kerasch2."))
    for name in (*HEAVY, *names, *ours):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
