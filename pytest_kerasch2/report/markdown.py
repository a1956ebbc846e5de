"""The report as Markdown, for a step summary or a page."""

from __future__ import annotations

from typing import Any, Mapping

from pytest_kerasch2.foreign import cell, link
from pytest_kerasch2.report.chapter_summary import (
    SIGNS,
    VERDICTS,
    WORDS,
    by_section,
    counts,
    grouped_causes,
    grouped_remedies,
    incomplete,
    release_line,
    unexpected,
    unexplained,
)


def page(results: Mapping[str, Any]) -> str:
    """Return the report of one results as GitHub-flavoured Markdown."""
    claims = results["claims"]
    lines = ["## The Keras chapter, verified", "", cell(release_line(results["environment"])), ""]
    if not results["complete"]:
        lines += [f"**{incomplete(results)}**", ""]
    lines += _sections(claims) + _unexpected(claims) + _broken(claims) + _undecided(claims)
    return "\n".join(lines) + "\n"


def _sections(claims: list[Mapping[str, Any]]) -> list[str]:
    headings = " | ".join(f"{SIGNS[verdict]} {WORDS[verdict]}" for verdict in VERDICTS)
    lines = [f"| Section | {headings} |", "| --- |" + " ---: |" * len(VERDICTS)]
    for section, members in by_section(claims):
        counted = counts(members)
        lines.append(f"| {cell(section)} | " + " | ".join(str(counted[verdict]) for verdict in VERDICTS) + " |")
    total = counts(claims)
    lines.append("| **All** | " + " | ".join(f"**{total[verdict]}**" for verdict in VERDICTS) + " |")
    return [*lines, ""]


def _unexpected(claims: list[Mapping[str, Any]]) -> list[str]:
    red = unexplained(claims)
    if not red:
        return [f"Verdicts: {len(claims)}, all as recorded for this release.", ""]
    lines = ["### Not as recorded", "", "| Claim | Expected | Found | Evidence |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {cell(claim['id'])} | {claim['expected']} | {claim['verdict']} | {cell(unexpected(claim))} |"
        for claim in red
    ]
    return [*lines, ""]


def _broken(claims: list[Mapping[str, Any]]) -> list[str]:
    causes = grouped_causes(claims)
    if not causes:
        return []
    lines = ["### Broken, and why", "", "| Claim | Statement | Cause |", "| --- | --- | --- |"]
    for (cause, source), members in causes.items():
        lines += [
            f"| {cell(claim['id'])} | {cell(claim['statement'])} | {cell(cause)} ({link('source', source)}) |"
            for claim in members
        ]
    return [*lines, ""]


def _undecided(claims: list[Mapping[str, Any]]) -> list[str]:
    remedies = grouped_remedies(claims)
    if not remedies:
        return []
    lines = ["### Could not be told, and what to do", ""]
    lines += [f"- {cell(remedy)}: {', '.join(map(cell, names))}" for remedy, names in remedies.items()]
    return [*lines, ""]
