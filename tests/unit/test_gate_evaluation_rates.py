"""What is counted of many gates, and how it is told."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation import journal, kinds, page, simulate
from evaluation.curves import Generator, History
from evaluation.gates import Bench, Outcome
from evaluation.kinds import Kind
from evaluation.rates import Promise, interval, tally
from evaluation.scenarios import BY_NAME, SCENARIOS
from pytest_kerasch2.files import Journal

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")


def _line(verdicts: dict[str, int], kind: str = "AUC", scenario: str = "unchanged") -> dict[str, object]:
    outcomes = [
        Outcome(verdict, 2, f"why {verdict}", 0.01) for verdict, count in verdicts.items() for _ in range(count)
    ]
    return {"kind": kind, "scenario": scenario, **simulate.line_of(outcomes)}


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # Of no errors in n the upper end is 1 - 0.025 ** (1 / n); the others stand in tables of the exact interval.
    [(0, 2000, 0.0, 0.0018427), (20, 2000, 0.0061183, 0.0154000), (5, 10, 0.1870860, 0.8129140), (10, 10, 0.6915, 1.0)],
)
def test_interval_is_the_exact_one(count: int, of: int, low: float, high: float) -> None:
    assert interval(count, of) == pytest.approx((low, high), abs=1e-4)


def test_lines_add_up() -> None:
    actual = tally([_line({"pass": 40, "fail": 1}), _line({"pass": 8, "undecided": 1})])

    assert (actual.gates, actual.counts["pass"], actual.of(("fail", "undecided"))) == (50, 48, 2)


@pytest.mark.parametrize(("failing", "kept"), [(20, True), (21, False)])
def test_one_error_too_many_is_a_broken_promise(failing: int, kept: bool) -> None:
    actual = tally([_line({"pass": 2000 - failing, "fail": failing})])

    assert Promise(("fail",), 0.01).kept(actual) is kept


def test_what_was_not_run_is_no_kept_promise() -> None:
    assert not Promise(("fail",), 0.01).kept(tally([]))


def test_a_wrong_rate_is_shown_as_wrong() -> None:
    text, kept = page.page([_line({"pass": 1900, "fail": 100})], [], [], [])

    assert not kept
    assert "**5 % (4.1 to 6)**" in text
    assert "why fail" in text.split("## What missed its promise")[1]


def test_a_kept_rate_is_shown_with_its_interval() -> None:
    text, kept = page.page([_line({"pass": 1990, "fail": 10})], [], [], [])

    assert kept
    assert "| 0.5 % (0.24 to 0.92) |" in text
    assert "Nothing." in text.split("## What missed its promise")[1]


def test_one_decision_from_copies_is_shown_as_wrong() -> None:
    text, kept = page.page([_line({"undecided": 199, "pass": 1}, scenario="copies")], [], [], [])

    assert not kept
    assert "AUC 1" in text


def test_the_page_says_what_was_not_run() -> None:
    assert "not run" in page.page([], [], [], [])[0]


def _twice_as_bad(kind: Kind, random: Generator, *_: object) -> list[History]:
    return [{name: [2 * value for value in values] for name, values in one.items()} for one in kind.draw(random, 4)]


def test_a_bench_tells_a_change_from_none() -> None:
    kind, unchanged = kinds.BY_NAME["loss alone"], BY_NAME["unchanged"]
    bench = Bench(kind, unchanged.old, np.random.default_rng(0))

    verdicts = [
        bench.ask(scenario, np.random.default_rng(1)).verdict
        for scenario in (unchanged, replace(unchanged, new=_twice_as_bad))
    ]

    assert verdicts == ["pass", "fail"]


def test_what_the_gate_refuses_is_counted_as_refused() -> None:
    kind, unchanged = kinds.BY_NAME["AUC"], BY_NAME["unchanged"]
    other = replace(unchanged, new=lambda *_: [{"something_else": [1.0] * 10}] * 2)

    assert (
        Bench(kind, unchanged.old, np.random.default_rng(0)).ask(other, np.random.default_rng(1)).verdict == "refused"
    )


def test_every_situation_belongs_to_one_group_of_a_reference() -> None:
    grouped = [scenario for those in simulate.groups(SCENARIOS).values() for scenario in those]

    assert sorted(grouped, key=SCENARIOS.index) == list(SCENARIOS)


def test_gates_that_may_never_decide_are_fewer() -> None:
    actual = simulate.parts(["AUC"], gates=100, refused=50, seed=0)

    assert sum(part.gates for part in actual if part.group == "unchanged") == 100
    assert sum(part.gates for part in actual if part.group == "a reference of copies") == 50


def test_a_part_is_simulated_alike_each_time() -> None:
    part = simulate.Part("loss alone", "2 % stuck, unchanged", 0, 3, 0)

    assert simulate.done(part, 0, False) == simulate.done(part, 0, False)


def test_a_journal_goes_on_and_drops_what_another_revision_said(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path).append({"revision": "old", "n": 1}, {"revision": "new", "n": 2})

    assert [line["n"] for line in journal.keep(path, "new")] == [2]
    assert [line["n"] for line in Journal(path).read()] == [2]


def test_a_line_that_a_kill_cut_short_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"revision": "new", "n": 1}\n{"revision": "ne', encoding="utf-8")

    assert [line["n"] for line in journal.keep(path, "new")] == [1]


def test_progress_says_how_long_the_rest_takes() -> None:
    stream = io.StringIO()
    progress = journal.Progress(2, stream)

    progress.step("one")

    assert stream.getvalue().startswith("[1/2, 0.0 min left] one")


def test_a_revision_changes_with_the_code(tmp_path: Path) -> None:
    source = tmp_path / "more.py"
    source.write_text("one", encoding="utf-8")
    before = journal.revision([source])
    source.write_text("two", encoding="utf-8")

    assert journal.revision([source]) != before
