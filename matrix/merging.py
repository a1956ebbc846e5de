"""The results file of some sections merged into the results file of all."""

from __future__ import annotations

from typing import Iterable, Mapping

from pytest_kerasch2.claims.results import Results, in_order
from pytest_kerasch2.report import chapter_summary


def claims_of(sections: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return section -> ids of the claims that it decides, alone or with others."""
    # Imported here: it takes pytest and hypothesis, and is needed only where a part of a column is run.
    from pytest_kerasch2.chapter import check_list

    return {name: frozenset(check.claim.id for check in check_list.checks_in(name)) for name in sections}


def shared(claims: Mapping[str, frozenset[str]]) -> list[frozenset[str]]:
    """Return the groups of sections that decide claims together; a section on its own is no group."""
    groups: list[tuple[set[str], set[str]]] = []
    for name, ids in claims.items():
        touching = [group for group in groups if group[1] & ids]
        groups = [group for group in groups if group not in touching]
        names, all_ids = {name}, set(ids)
        for group in touching:
            names |= group[0]
            all_ids |= group[1]
        groups.append((names, all_ids))
    return [frozenset(names) for names, _ in groups if len(names) > 1]


def merged(stored: Results, part: Results, kept: frozenset[str]) -> Results:
    """Return the results file of a column of which a part was run again.

    Args:
        stored: of all sections, as they were.
        part: of the sections that were run again.
        kept: ids of the claims that the other sections decide.
    """
    claims = [entry for entry in stored["claims"] if entry["id"] in kept] + list(part["claims"])
    sections = list(dict.fromkeys(entry["section"] for entry in [*stored["claims"], *part["claims"]]))
    datasets = {**stored["environment"]["datasets"], **part["environment"]["datasets"]}
    return {
        **part,
        "complete": stored["complete"] and part["complete"],
        "environment": {**part["environment"], "datasets": datasets},
        "claims": in_order(claims, sections, [entry["id"] for entry in stored["claims"]]),
    }


def unexplained(results: Results) -> list[str]:
    """Return the ids of the claims whose verdict is not as recorded."""
    return [entry["id"] for entry in chapter_summary.unexplained(results["claims"])]
