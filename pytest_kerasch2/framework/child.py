"""Running a function in a fresh interpreter: what kills that interpreter is evidence, not the end of the run.

The pieces: ``job`` says what to run and what came of it, ``spawn`` runs one job, ``desk`` shares results between
the workers of one run, ``child_main`` is the other side.
"""

from __future__ import annotations

from pytest_kerasch2.framework.desk import Desk
from pytest_kerasch2.framework.job import Job, Outcome, value_of
from pytest_kerasch2.framework.spawn import run

__all__ = ["Desk", "Job", "Outcome", "run", "value_of"]
