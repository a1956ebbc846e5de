"""What every form of the report says alike: counts, the sections in order, and what is to be done."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from pytest_kerasch2.claims.release import ABSENT

VERDICTS = ("held", "broken", "not_applicable", "inconclusive")
# A sign beside the colour, so that the table reads without colours too.
SIGNS = {"held": "✓", "broken": "✗", "not_applicable": "–", "inconclusive": "?"}
WORDS = {verdict: verdict.replace("_", " ") for verdict in VERDICTS}
MEANINGS = {
    "held": "true here",
    "broken": "not true here",
    "not_applicable": "speaks of something this environment cannot have",
    "inconclusive": "something needed was missing",
}

Entry = Mapping[str, Any]


def counts(claims: list[Entry]) -> dict[str, int]:
    """Return how many claims have each verdict, in the order of `VERDICTS`."""
    return {verdict: sum(claim["verdict"] == verdict for claim in claims) for verdict in VERDICTS}


def by_section(claims: list[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """Return each section with its claims, in the order of the claims, which results have from the chapter."""
    sections: dict[str, list[Entry]] = {}
    for claim in claims:
        sections.setdefault(claim["section"], []).append(claim)
    return iter(sections.items())


def is_explained(entry: Entry) -> bool:
    """Return whether the verdict of a claim is the expected one, and what to write instead, if anything, works."""
    return entry["verdict"] == entry["expected"] and all(one["worked"] for one in entry["workarounds"])


def unexplained(claims: list[Entry]) -> list[Entry]:
    """Return the claims that are not as recorded: what makes the run red."""
    return [claim for claim in claims if not is_explained(claim)]


def unexpected(entry: Entry) -> str:
    """Return what was seen of a claim that is not as recorded: of the workaround, where that is what does not work."""
    failed = [one["evidence"][-1] for one in entry["workarounds"] if not one["worked"]]
    return f"what to write instead fails: {failed[0]}" if failed else str(entry["evidence"][-1])


def grouped_remedies(claims: list[Entry]) -> dict[str, list[str]]:
    """Return, for what could not be told, each remedy with the ids of the claims that it would decide."""
    groups: dict[str, list[str]] = {}
    for claim in claims:
        if claim["verdict"] == "inconclusive":
            groups.setdefault(claim["remedy"] or claim["evidence"][-1], []).append(claim["id"])
    return groups


def grouped_inapplicable(claims: list[Entry]) -> dict[str, list[str]]:
    """Return, for what is not applicable, each reason with the ids of its claims."""
    groups: dict[str, list[str]] = {}
    for claim in claims:
        if claim["verdict"] == "not_applicable":
            groups.setdefault(claim["evidence"][-1], []).append(claim["id"])
    return groups


def grouped_causes(claims: list[Entry]) -> dict[tuple[str, str], list[Entry]]:
    """Return, for what is broken as recorded, each cause with its source and its claims."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for claim in claims:
        issue = claim["known_issue"]
        if claim["verdict"] == "broken" and issue is not None:
            groups.setdefault((issue["cause"], issue["source"]), []).append(claim)
    return groups


def release_line(environment: Mapping[str, Any]) -> str:
    """Return one line that says what the chapter was verified on."""
    tensorflow = environment["tensorflow"]
    return (
        f"{'Without TensorFlow' if tensorflow == ABSENT else f'TensorFlow {tensorflow}'}, "
        f"Keras {environment['keras']}, backend {environment['backend']}, "
        f"Python {environment['python']}, NumPy {environment['numpy']}, {environment['platform']}"
    )


def incomplete(results: Mapping[str, Any]) -> str:
    """Return what a reader must know of a run that did not look at every claim."""
    if results.get("selected", False):
        return f"This run was of {len(results['claims'])} claims only: the others were not looked at."
    return "This run was interrupted: what is missing above was not looked at."
