"""Inject the blind faults and say which the suite detects: `python -m evaluation.blind_faults [-k EXPRESSION]`.

A fault of a claim that is broken on this release can only be tried where its claim holds: run it on several releases
with the same journal, and the table counts the best of them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from evaluation.blind_faults import BLIND, UNDETECTABLE, page, plugin, report
from evaluation.blind_faults.report import States

COLLECTED, TESTS_FAILED = 0, 1


def main() -> int:
    """Run the suite with the faults, unless the journal is only to be shown, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", default="", help="which claims, as for pytest")
    parser.add_argument("--journal", type=Path, default=Path("blind-faults.jsonl"), help="is appended to")
    parser.add_argument("--show", action="store_true", help="show the journal, and run nothing")
    parser.add_argument("--page", action="store_true", help="store the outcomes and write the page, and run nothing")
    parser.add_argument("--python", default=sys.executable, help="the interpreter whose release is tried")
    chosen = parser.parse_args()
    status = COLLECTED if chosen.show or chosen.page else _run(chosen.python, chosen.k, chosen.journal.absolute())
    if status not in (COLLECTED, TESTS_FAILED):
        return status
    plugin.pytest_configure()
    lines = [json.loads(line) for line in chosen.journal.read_text(encoding="utf-8").splitlines()]
    states = _current(report.states(lines))
    if chosen.page:
        page.keep(states)
        page.write(states)
    return _show(states)


def _run(python: str, expression: str, journal: Path) -> int:
    root = Path(__file__).parents[2]
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH", "")]))
    command = [python, "-m", "pytest", "--chapter", "-p", plugin.__name__, "-q", "-p", "no:cacheprovider", "--tb=no"]
    command += ["-k", expression] if expression else []
    surroundings = {**os.environ, plugin.JOURNAL: str(journal), "PYTHONPATH": path}
    return subprocess.run(command, cwd=journal.parent, env=surroundings, check=False).returncode


def _current(states: States) -> States:
    """Return the outcomes of the faults that there are today, in the order of their modules."""
    pairs = [(claim, fault.__name__.strip("_")) for claim, faults in BLIND.items() for fault in faults]
    return {pair: states[pair] for pair in pairs if pair in states}


def _show(states: States) -> int:
    for (claim, fault), (state, reason) in states.items():
        if state != report.DETECTED:
            print(f"{state:22} {claim:42} {fault:36} {UNDETECTABLE.get(fault, reason)[:150]}")
    totals = Counter(state for state, _ in states.values())
    tried = sum(totals.values()) - totals[report.UNTRIED]
    noticed = totals[report.DETECTED] + totals[report.FELL_OVER]
    faults = sum(map(len, BLIND.values()))
    print(f"\n{faults} faults of {len(BLIND)} claims: {dict(totals)}; {faults - len(states)} without a run")
    if tried:
        print(f"noticed: {noticed} of {tried} tried ({noticed / tried:.1%})")
    return 0 if noticed == tried else 1


if __name__ == "__main__":
    sys.exit(main())
