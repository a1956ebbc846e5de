from __future__ import annotations

from typing import Any

from pytest_kerasch2.report import release_changes
from tests.unit.test_report_compatibility_table import LATER, NAME, cause, column, outcome, row, table

MOVED = cause("It moved.")
COLUMNS = [column(NAME, "TensorFlow 2.15"), column(LATER, "TensorFlow 2.16", NAME)]
SEEN: dict[str, Any] = {
    "held": {},
    "broken": {"known_issue": MOVED},
    "inconclusive": {"evidence": ["no data"], "remedy": "name a mirror"},
    "not_applicable": {"evidence": ["no TPU"]},
}


def _row(name: str, before: str, after: str, **more: Any) -> Any:
    return row(name, outcome(before, NAME, **SEEN[before]), outcome(after, LATER, **{**SEEN[after], **more}))


ROWS = [
    _row("a.mended", "broken", "held"),
    _row("a.lost", "held", "inconclusive"),
    _row("a.same", "held", "held", evidence=["other"]),
    _row("a.told", "inconclusive", "broken"),
    _row("a.gone", "held", "broken"),
    _row("a.alien", "held", "not_applicable"),
    _row("a.decided", "inconclusive", "held"),
    row("a.late", outcome("broken", LATER, known_issue=MOVED)),
]


def _page(*rows: Any) -> str:
    return release_changes.page(table(COLUMNS, rows or ROWS))


def test_what_flipped_comes_worst_first() -> None:
    flips = release_changes.flips(table(COLUMNS, ROWS), COLUMNS[1])

    names = ["a.gone", "a.told", "a.lost", "a.alien", "a.decided", "a.mended"]
    assert [flip.row["id"] for flip in flips] == names


def test_the_overview_counts_what_broke_what_holds_again_and_the_rest() -> None:
    assert "| TensorFlow 2.16 | TensorFlow 2.15 | 2 | 1 | 3 |" in _page()


def test_a_claim_that_broke_has_its_cause_and_source() -> None:
    why = "It moved. [source](https://example.org/why)"

    assert f"`a.gone` | ✓ held | ✗ broken | {why} |" in _page()


def test_one_without_a_cause_says_so() -> None:
    page = _page(_row("a.new", "held", "broken", known_issue=None, evidence=["gone"]))

    assert "| no cause is recorded; seen: gone |" in page


def test_one_that_holds_again_says_why_it_did_not() -> None:
    assert "`a.mended` | ✗ broken | ✓ held | Before: It moved. [source](https://example.org/why) |" in _page()


def test_one_that_was_undecided_says_what_was_missing() -> None:
    assert "`a.decided` | ? inconclusive | ✓ held | Before: no data |" in _page()


def test_one_that_cannot_be_decided_any_more_says_what_is_missing() -> None:
    assert "`a.lost` | ✓ held | ? inconclusive | no data |" in _page()


def test_a_release_on_which_nothing_flipped_has_no_table_of_its_own() -> None:
    page = _page(ROWS[2])

    counted = "| TensorFlow 2.16 | TensorFlow 2.15 | · | · | · |" in page
    assert (counted, "### TensorFlow 2.16, against" in page) == (True, False)


def test_a_release_without_a_results_file_is_named() -> None:
    page = release_changes.page(table([*COLUMNS, column("", "TensorFlow 2.17", absent="not installable")], ROWS))

    assert "Without a results file: TensorFlow 2.17 (not installable)." in page


def test_an_interrupted_run_is_named() -> None:
    page = release_changes.page(table([COLUMNS[0], {**COLUMNS[1], "complete": False}], ROWS))

    assert "Interrupted, and so compared in part: TensorFlow 2.16." in page


def test_a_line_of_one_release_says_that_there_is_nothing_to_compare() -> None:
    assert "No release of this line has one before it" in release_changes.page(table(COLUMNS[:1], []))


BEGUN = [row("a.gone", outcome("broken", NAME, known_issue=MOVED), outcome("broken", LATER, known_issue=MOVED))]


def test_what_is_broken_from_the_first_release_on_is_told_there() -> None:
    page = release_changes.page(table(COLUMNS, BEGUN))

    assert "### TensorFlow 2.15, with none before it" in page
    assert "`a.gone` | It moved. [source](https://example.org/why) |" in page


def test_a_later_line_on_the_same_backend_does_not_tell_it_again() -> None:
    later = column(LATER, "Keras 3.0", series="keras")
    page = release_changes.page(table([COLUMNS[0], later], BEGUN))

    assert "### Keras 3.0, with none before it" not in page


def test_a_backend_of_its_own_tells_it() -> None:
    jax = column(LATER, "Keras on JAX", series="backend", backend="jax")
    page = release_changes.page(table([COLUMNS[0], jax], BEGUN))

    assert "### Keras on JAX, with none before it" in page


def _everything(page: str, label: str) -> str:
    return page.split(f"### {label}: everything broken\n")[1].split("\n###")[0]


LABELS = ("TensorFlow 2.15", "TensorFlow 2.16")
MIXED = [*BEGUN, _row("a.later", "held", "broken"), _row("a.mended", "broken", "held")]


def test_each_release_has_a_section_with_all_that_is_broken_there() -> None:
    page = _page(*MIXED)

    lines = [[name for name in ("a.later", "a.mended") if name in _everything(page, one)] for one in LABELS]
    assert lines == [["a.mended"], ["a.later"]]


def test_what_is_broken_on_every_release_is_told_once_and_counted_on_each() -> None:
    page = _page(*MIXED)

    mistakes = page.split("## Mistakes in the chapter\n")[1].split("\n## ")[0]
    counted = "1 by a release of TensorFlow or Keras and 1 by a [mistake in the chapter](#mistakes-in-the-chapter)."
    assert "`a.gone` | It moved. [source](https://example.org/why) |" in mistakes
    assert [counted in _everything(page, one) for one in LABELS] == [True, True]


def test_a_release_that_is_as_an_earlier_one_names_that_one() -> None:
    jax = column("2.16/3.0.0/jax", "Keras on JAX", series="backend", backend="jax")
    old = [outcome("broken", one, known_issue=MOVED) for one in (NAME, LATER)]

    page = release_changes.page(table([*COLUMNS, jax], [row("a.old", *old, outcome("held", jax["name"]))]))

    assert "They are those of [TensorFlow 2.15](#tensorflow-215-everything-broken)" in _everything(page, LABELS[1])


def test_where_nothing_is_broken_that_is_said() -> None:
    assert "Nothing." in _everything(_page(ROWS[2]), LABELS[0])
