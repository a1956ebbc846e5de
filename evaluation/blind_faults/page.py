"""The page on blind faults, from the outcomes that are stored: `python -m evaluation.blind_faults --page`."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Iterable

from evaluation.blind_faults import BLIND, UNDETECTABLE
from evaluation.blind_faults.report import DETECTED, FELL_OVER, UNDETECTED, UNTRIED, States
from pytest_kerasch2.files import write_text
from pytest_kerasch2.foreign import cell, code

STORED = Path(__file__).parents[1] / "data" / "blind-faults.jsonl"
PLACE = Path(__file__).parents[2] / "docs" / "blind-faults.md"
HEAD = """<!-- Written by `python -m evaluation.blind_faults --page`. -->
# How hard the checks are to fool

Beside each claim stand faults that its check must detect. Their author had written the check, and knew what it looks
at. The faults of this page were written by somebody who had not: from the statement of the claim and Keras's
documentation alone, at least two for each claim. In each, Keras goes on working, and the statement is false: it is
wrong for other inputs than the usual ones, does nothing, does by rule what should be by chance, is right in training
and wrong in evaluation, or one of several parts is missing.

```bash
python -m evaluation.blind_faults --journal blind-faults.jsonl                    # injects them all
python -m evaluation.blind_faults --journal blind-faults.jsonl --python OTHER     # the same on another release
python -m evaluation.blind_faults --journal blind-faults.jsonl --page             # writes this page
```

The faults that the checks missed at first were of these kinds: other sizes and the last, smaller batch; the second use;
evaluation instead of training; right shapes with wrong values; rules instead of chance; Keras's own loaders. The checks
were then made to look at each kind, and not at the single fault.

The faults of the printed figures are an exception: they were written again after their checks had been read, since the
first ones changed nothing in trainings that are stored.

A fault of a claim that is broken on one release is tried on another, where the claim holds, or on top of what would
make it hold. *Detected* means that a comparison of the check failed; *fell over* that the check ended in an error.
"""


def keep(states: States) -> None:
    """Store the best outcome of each fault, in the order of claims and faults."""
    lines = [{"claim": claim, "fault": fault, "state": state} for (claim, fault), (state, _) in sorted(states.items())]
    write_text("".join(json.dumps(line) + "\n" for line in lines), STORED)


def write(states: States) -> None:
    """Write the page."""
    write_text("\n".join([HEAD, *_table(states), "", *_missed(states)]).rstrip() + "\n", PLACE)


def _table(states: States) -> Iterable[str]:
    yield "| Section | claims | faults | detected | fell over | not detected | not tried |"
    yield "| --- |" + " ---: |" * 6
    sections: dict[str, Counter[str]] = defaultdict(Counter)
    claims: dict[str, set[str]] = defaultdict(set)
    for (claim, fault), (state, _) in states.items():
        section = _section(claim, fault)
        sections[section][state] += 1
        claims[section].add(claim)
    for section, counts in sections.items():
        yield _row(section, len(claims[section]), counts)
    yield _row("all", len(BLIND), sum(sections.values(), Counter()))


def _row(section: str, claims: int, counts: Counter[str]) -> str:
    numbers = [claims, sum(counts.values()), *(counts[state] for state in (DETECTED, FELL_OVER, UNDETECTED, UNTRIED))]
    return f"| {section} | {' | '.join(map(str, numbers))} |"


def _section(claim: str, fault: str) -> str:
    factory = next(one for one in BLIND[claim] if one.__name__.strip("_") == fault)
    return str(factory.__module__).rpartition(".")[2].replace("_", " ")


def _missed(states: States) -> Iterable[str]:
    yield "## What was not detected, or could not be tried"
    yield ""
    yield "| Claim | Fault | | Why |"
    yield "| --- | --- | --- | --- |"
    for (claim, fault), (state, reason) in states.items():
        if state in (UNDETECTED, UNTRIED):
            why = UNDETECTABLE.get(fault) or reason
            yield f"| {code(claim)} | {code(fault)} | {state} | {cell(why)} |"
