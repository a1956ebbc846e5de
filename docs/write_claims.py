"""Writes docs/claims.md from the suite itself: `python docs/write_claims.py` (needs the project, not TensorFlow)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterable, Mapping, Sequence

from pytest_kerasch2.chapter import check_list
from pytest_kerasch2.claims.model import Check, KnownIssue
from pytest_kerasch2.files import write_text
from pytest_kerasch2.foreign import cell, code, link
from pytest_kerasch2.report.chapter_summary import by_section

PLACE = Path(__file__).with_name("claims.md")


def page(checks: Iterable[Check], sections: Sequence[str]) -> str:
    """Return the page for these checks by section, in that order; those of one claim are told together."""
    grouped: dict[str, list[Check]] = {}
    for check in checks:
        grouped.setdefault(check.claim.id, []).append(check)
    entries: list[Mapping[str, Any]] = [_entry(same) for same in grouped.values()]
    lines = ["# The claims", "", f"{len(entries)} claims. Written by `python docs/write_claims.py`; do not edit.", ""]
    # Sorting keeps the order of the claims within a section
    entries.sort(key=lambda entry: sections.index(entry["section"]))
    for section, members in by_section(entries):
        lines += [f"## {cell(section)}", "", "| Claim | Statement | Kind | Known to be broken | Shown to fail by |"]
        lines += ["| --- | --- | --- | --- | --- |", *(entry["row"] for entry in members), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _entry(checks: Sequence[Check]) -> dict[str, Any]:
    claim = checks[0].claim
    issues = "<br>".join(_issue_cell(one) for check in checks for one in check.known_issues)
    faults = dict.fromkeys(_words(one) for check in checks for one in check.faults)
    proof = checks[0].pending or ", ".join(faults)
    row = f"| {code(claim.id)} | {cell(claim.statement)} | {claim.kind} | {issues} | {cell(proof)} |"
    return {"section": claim.section, "row": row}


def _issue_cell(issue: KnownIssue) -> str:
    fields = issue.to_dict()
    since, until = fields["since"], fields["until"]
    span = f"{since or 'the first'} to {until or 'now'}"
    limited = f" ({', '.join(issue.only)})" if issue.only else ""
    return f"{cell(span + limited + ': ' + issue.cause)} {link('source', issue.source)}"


def _words(factory: Any) -> str:
    return str(factory.__name__).strip("_").replace("_", " ")


def main() -> None:
    """Write the page."""
    write_text(page(check_list.all_checks(), check_list.headings()), PLACE)


if __name__ == "__main__":
    main()
