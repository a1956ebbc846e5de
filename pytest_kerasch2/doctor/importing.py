"""What an import of the framework gives, in a child with a deadline: a broken one may hang, or end its process."""

from __future__ import annotations

from typing import Any

from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.subprocesses.job import Job, last_words
from pytest_kerasch2.subprocesses.runner import run

MOST_SECONDS = 3600.0
SHOWN = 300


def seen() -> dict[str, Any]:
    """Return what an import gives; runs in a child."""
    try:
        release = api.release()
        names = [device.name for device in devices.present()]
    except KerasCh2Error as error:
        return {"state": "broken", "error": f"{error.happened}: {error.found}"[:SHOWN], "remedy": error.remedy}
    return {
        "state": "imported",
        "tensorflow": release.tensorflow,
        "keras": release.keras,
        "backend": release.backend,
        "devices": names,
    }


def imported(deadline: float) -> dict[str, Any]:
    """Return what an import gives: its state, versions, devices and seconds, or its error.

    Args:
        deadline: seconds, after which the child is ended.
    """
    job = Job("pytest_kerasch2.doctor.importing:seen", deadline=min(deadline, MOST_SECONDS))
    outcome = run(job)
    if outcome.answered:
        return {**outcome.value, "seconds": round(outcome.seconds, 1)}
    what = outcome.killed_by or "{type}: {message}".format(**(outcome.error or {"type": "", "message": ""}))
    words = last_words(outcome.stderr_tail)
    reason = f"{what}; it last wrote: {words}" if words else what
    return {"state": "broken", "error": reason[:SHOWN], "seconds": round(outcome.seconds, 1)}
