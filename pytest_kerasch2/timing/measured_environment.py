"""What a time was measured in: versions, clock and threads, as a file says it."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import asdict
from typing import Any, Mapping

from pytest_kerasch2 import __version__
from pytest_kerasch2.framework import api, packages


def environment() -> dict[str, Any]:
    """Return the versions of all that takes part, the clock, and the threads that TensorFlow may use."""
    versions = {**asdict(api.release()), "backend_version": packages.version_of(api.release().backend)}
    return {"plugin": __version__, **versions, **process_environment(), "threads": _threads()}


def process_environment() -> dict[str, Any]:
    """Return the versions of the interpreter and of this package, and the clock; asks no framework."""
    clock = time.get_clock_info("perf_counter").implementation
    return {"plugin": __version__, "python": platform.python_version(), "clock": clock}


def machine_load() -> float | None:
    """Return the load of the machine over the last minute; None where it does not tell."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


def _threads() -> Mapping[str, int] | None:
    """Return how many threads TensorFlow may use; 0 means that it chooses."""
    if not api.runs_on_tensorflow():
        return None
    threading = api.tensorflow().config.threading
    return {
        "within": int(threading.get_intra_op_parallelism_threads()),
        "between": int(threading.get_inter_op_parallelism_threads()),
    }
