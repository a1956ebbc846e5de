from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2.claims import results
from pytest_kerasch2.claims.model import Claim, KnownIssue, Record, Verdict
from pytest_kerasch2.report import github, markdown, rendering
from pytest_kerasch2.report.chapter_summary import by_section, counts, unexpected, unexplained
from tests.unit.test_claims_results import ENVIRONMENT

KNOWN = KnownIssue("The name moved to `optimizers`.", "https://example.org/why", "gone")


def _record(name: str, verdict: Verdict, section: str = "Features", **more: Any) -> Record:
    return Record(Claim(name, f"Statement of {name}.", section, "code"), verdict, ("gone, as seen",), **more)


RECORDS = [
    _record("save.file", Verdict.HELD, "Saving and loading"),
    _record("features.held", Verdict.HELD),
    _record("features.known", Verdict.BROKEN, known_issue=KNOWN),
    _record("features.tpu", Verdict.NOT_APPLICABLE),
    _record("features.data", Verdict.INCONCLUSIVE, remedy="name a mirror"),
]
NEW = _record("features.new", Verdict.BROKEN)


def _results(*more: Record, complete: bool = True) -> Any:
    return results.build([*RECORDS, *more], ENVIRONMENT, complete, sections=("Features", "Saving and loading"))


def test_every_verdict_is_counted() -> None:
    counted = counts(_results()["claims"])

    assert counted == {"held": 2, "broken": 1, "not_applicable": 1, "inconclusive": 1}


def test_sections_come_in_the_order_of_the_chapter() -> None:
    assert [section for section, _ in by_section(_results()["claims"])] == ["Features", "Saving and loading"]


def test_a_section_nobody_knows_comes_last() -> None:
    claims = _results(_record("a.b", Verdict.HELD, "Appendix"))["claims"]

    assert [section for section, _ in by_section(claims)][-1] == "Appendix"


def test_only_what_is_not_as_recorded_is_unexplained() -> None:
    assert [claim["id"] for claim in unexplained(_results(NEW)["claims"])] == ["features.new"]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize(
    "text",
    ["features.known", "The name moved to `optimizers`.", "https://example.org/why", "name a mirror", "features.tpu"],
)
def test_the_terminal_says_what_is_broken_why_and_what_to_do(text: str, width: int) -> None:
    shown = rendering.table(_results(), width=width, colour=False)

    assert text in " ".join(shown.split())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_table_stays_within_the_width(width: int) -> None:
    shown = rendering.table(_results(), width=width, colour=False)

    assert max(len(line) for line in shown.splitlines() if "https://" not in line) <= width


def test_without_colour_there_is_no_escape() -> None:
    assert "\x1b" not in rendering.table(_results(), width=80, colour=False)


def test_with_colour_there_is() -> None:
    assert "\x1b[" in rendering.table(_results(), width=80, colour=True)


def test_an_unexplained_verdict_is_announced() -> None:
    assert "1 of 6 verdicts are not as recorded" in rendering.table(_results(NEW), width=120, colour=False)


def test_an_interrupted_run_says_so() -> None:
    assert "interrupted" in rendering.table(_results(complete=False), width=120, colour=False)


def test_markdown_cells_cannot_be_broken_out_of() -> None:
    odd = Record(Claim("odd.text", "a | b\n<script> `x`", "Features", "code"), Verdict.BROKEN, ("| gone",), KNOWN)

    page = markdown.page(_results(odd))

    row = next(line for line in page.splitlines() if "odd.text" in line)
    assert (row.count("|"), "<script>" in row) == (4, False)


def test_markdown_counts_agree_with_the_results_file() -> None:
    page = markdown.page(_results())

    assert re.search(r"\*\*All\*\* \| \*\*2\*\* \| \*\*1\*\* \| \*\*1\*\* \| \*\*1\*\*", page)


def test_an_annotation_is_one_line_whatever_the_evidence_holds() -> None:
    odd = Record(Claim("odd.text", "100 %", "Features", "code"), Verdict.BROKEN, ("two\nlines",))

    lines = github.commands(_results(odd))

    assert lines[0] == "::error title=odd.text::broken, expected held: 100 %25 two%0Alines"


def test_the_step_summary_is_appended_to(tmp_path: Path) -> None:
    place = tmp_path / "summary.md"
    place.write_text("before\n")

    github.append_summary(_results(), {"GITHUB_STEP_SUMMARY": str(place)})

    assert place.read_text(encoding="utf-8").startswith("before\n## The Keras chapter, verified")


def test_what_to_write_instead_and_does_not_work_is_unexplained_and_said() -> None:
    failed = {"write": "a = 5\n", "worked": False, "evidence": ["NameError: five"]}
    entry = {"verdict": "broken", "expected": "broken", "evidence": ["gone"], "workarounds": [failed]}

    assert unexplained([entry]) == [entry]
    assert unexpected(entry) == "what to write instead fails: NameError: five"
