"""Trains in an interpreter that does nothing else, on behalf of a process that does: a worker of a cluster.

Keras draws the seeds of its layers from Python's own generator, of which a process has one. A worker of Dask draws from
it in another thread, when it looks for the others: a seed then gives other numbers than it gives elsewhere.
"""

from __future__ import annotations

import os
import pickle
from typing import Any, Callable

from pytest_kerasch2.accuracy.runs import Run
from pytest_kerasch2.subprocesses.job import CHILD_HOME, Job, value_of
from pytest_kerasch2.subprocesses.runner import run

# None that a training should meet: who asks may take long, and the child ends with the worker.
DEADLINE = 7 * 86_400.0
MEMORY_MIB = 2**30
# A training is an ordinary process of this user, who has data sets and settings in these places.
PLACES = ("HOME", "USERPROFILE", "KERAS_HOME", "TMPDIR", "TEMP", "TMP", CHILD_HOME)


def train(work: Callable[[int], Run], seed: int) -> Run:
    """Return what a function gives of a seed in a fresh interpreter.

    Raises:
        KerasCh2Error: as the function does.
        ChildDied: the interpreter died, or the function raised anything else.
    """
    packed = pickle.dumps((work, seed)).hex()
    places = {name: os.environ.get(name) for name in PLACES}
    here = os.getcwd()  # noqa: PTH109  # as a text it is sent
    job = Job(f"{__name__}:answer", (packed, here), places, DEADLINE, MEMORY_MIB)
    return _unpacked(value_of(run(job)))  # type: ignore[no-any-return]


def answer(packed: str, folder: str) -> str:
    """Do it, in that interpreter, and give the run as text."""
    # From where a function of somebody's own is imported.
    os.chdir(folder)
    work, seed = _unpacked(packed)
    return pickle.dumps(work(seed)).hex()


def _unpacked(text: str) -> Any:
    return pickle.loads(bytes.fromhex(text))
