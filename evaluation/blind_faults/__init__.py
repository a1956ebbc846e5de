"""Faults written from a claim's statement and Keras's documentation alone, by somebody who had not read the check.

The faults that stand beside the claims were written by the author of each check, who knows what the check looks at.
These were not, so the share of them that the suite detects says how hard the checks are to fool. Each module here is
named after a section of the chapter; `python -m evaluation.blind_faults` injects them and counts.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Callable

# The blind faults of each claim, by its id, in the order of their modules.
BLIND: dict[str, list[Callable[..., Any]]] = defaultdict(list)
# Why no check can detect a fault, by the name of the fault.
UNDETECTABLE: dict[str, str] = {}


def blind(*claims: str, undetectable: str = "") -> Callable[[Any], Any]:
    """Register a fault (a context manager factory without arguments) that each of the claims must notice.

    Args:
        claims: ids of claims whose statements are false while the fault is injected.
        undetectable: why no check can detect it, written after it was tried; it still counts as not detected.
    """

    def register(factory: Any) -> Any:
        for claim in claims:
            BLIND[claim].append(factory)
        if undetectable:
            UNDETECTABLE[factory.__name__.strip("_")] = undetectable
        return factory

    return register
