"""What became of each blind fault, from the journal of one or several releases."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Dict, Iterable, Tuple

DETECTED, FELL_OVER, UNTRIED, UNDETECTED = "detected", "the check fell over", "not tried", "not detected"
# Of each pair of claim and fault, what came of it, and why.
States = Dict[Tuple[str, str], Tuple[str, str]]
# From best to worst: one check of a claim that detects a fault is enough.
_ORDER = (DETECTED, FELL_OVER, UNDETECTED, UNTRIED)


def state_of(line: dict[str, Any]) -> str:
    """Return what one run of one check made of one fault."""
    if line["outcome"] == "passed":
        return DETECTED
    if line["outcome"] == "skipped":
        return UNTRIED
    # Whatever else fails is noticed too, be it that the run itself refuses what it finds.
    return UNDETECTED if "was not detected" in line["reason"] else FELL_OVER


def states(lines: Iterable[dict[str, Any]]) -> States:
    """Return the best state of each pair of claim and fault, over checks, parameters and releases, and its reason."""
    seen: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for line in lines:
        # pytest says of a skipped test where it stands, and then why.
        reason = re.sub(r"^\(.*?, \d+, ['\"]", "", line["reason"]) or " | ".join(line["evidence"])
        seen[line["claim"], line["fault"]].append((state_of(line), reason))
    return {pair: min(all_, key=lambda one: _ORDER.index(one[0])) for pair, all_ in seen.items()}
