"""The page of what this plugin changes in the suites of others."""

from __future__ import annotations

import statistics
from typing import Any, Mapping

from evaluation.interference_suites import SUITES

HEAD = """# What the plugin changes in other projects' suites

The suites of {count} packages were run in two environments with the same packages; this plugin was installed in one of
them, and not used. Compared are the ids of the tests and their order, the outcome of each test, which frameworks were
imported, and the processor time: the median of three runs each, which took turns. Tests whose outcome differs without
the plugin too are not counted as affected; their number stands in the last column.

Repeat it, in an hour or less: `python -m evaluation.interference --work FOLDER`. This page is generated.

**Suites affected: {affected} of {count}.**

| package | tests | other ids | other outcomes | imported by it | exit | time with / without | noise | unsteady |
| --- | --: | --: | --: | --- | --- | --: | --: | --: |
"""


def is_affected(one: Mapping[str, Any]) -> bool:
    """Whether a suite has other ids, outcomes, imports or exit codes with the plugin."""
    exits = one["exits"]
    return bool(one["ids"] or one["outcomes"] or one["imported"]) or exits["with"] != exits["without"]


def ratio(one: Mapping[str, Any]) -> float:
    """Return the processor time with the plugin as a multiple of that without."""
    with_plugin, without = (statistics.median(one["seconds"][name]) for name in ("with", "without"))
    return float(with_plugin / without)


def noise(one: Mapping[str, Any]) -> float:
    """Return the longest run without the plugin as a multiple of the shortest."""
    return float(max(one["seconds"]["without"]) / min(one["seconds"]["without"]))


def line(name: str, one: Mapping[str, Any]) -> str:
    """Return the row of a package."""
    exits = "equal" if one["exits"]["with"] == one["exits"]["without"] else str(one["exits"])
    cells = [f"{name} {one['version']}", one["tests"], len(one["ids"]), len(one["outcomes"])]
    cells += [", ".join(one["imported"]) or "nothing", exits, f"{ratio(one):.2f}", f"{noise(one):.2f}"]
    return f"| {' | '.join(map(str, [*cells, len(one['unsteady'])]))} |"


def page(actual: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page."""
    affected = sum(map(is_affected, actual.values()))
    rows = [line(name, actual[name]) for name in sorted(actual)]
    reasons = [f"- {suite.name}: {suite.why}." for suite in SUITES if suite.why and suite.name in actual]
    why = "\nWhy some of them:\n\n" + "\n".join(reasons) + "\n" if reasons else ""
    return HEAD.format(count=len(actual), affected=affected) + "\n".join(rows) + "\n" + why
