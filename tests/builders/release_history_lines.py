"""Lines of a release history that nobody measured: of each column as slow as is asked for."""

from __future__ import annotations

from typing import Any

from evaluation import release_history_kept
from evaluation.release_history_suite import IMAGES

FACTS = {"plugin": "0.1.0", "tensorflow": "2.15.0", "keras": "2.15.0", "backend": "tensorflow", "python": "3.11.7"}
STEP = 0.002


def mode(ratio: float) -> dict[str, Any]:
    """Return a mode in which the column takes so many times what the common side takes."""
    return {"steps": 10, "order": ["0110"], "seconds": [[10 * STEP] * 2, [10 * STEP * ratio] * 2]}


def line(column: str, start: int = 0, against: str = "tf2.21", **ratios: Any) -> dict[str, Any]:
    """Return the line of a start; a ratio may be a text, which is then why the mode was not measured."""
    versions = [{**FACTS, "machine": "x86_64", "cores": 2}] * 2
    given = {name: ratios.get(name, 1.0) for name in IMAGES}
    modes = {name: {"reason": one} if isinstance(one, str) else mode(one) for name, one in given.items()}
    facts = {"start": start, "seed": "0", "load": [0.1, 0.2], "versions": versions, "modes": modes}
    return {"schema": 1, **release_history_kept.of(column, against), **facts}
