from __future__ import annotations

from typing import Any, Callable

import pytest

from tests.browser.conftest import Page
from tests.browser.tables import table

Open = Callable[..., Page]
ALL = ["features.steady", "features.flips", "features.hostile", "saving.unread", "appendix.last"]


def test_claims_stand_in_the_order_of_the_chapter_and_releases_in_that_of_the_table(open_page: Open) -> None:
    page = open_page()

    assert page.claims() == ALL
    assert page.releases() == [
        "TensorFlow 2.14",
        "TensorFlow 2.15",
        "TensorFlow 2.16 (incomplete)",
        "Keras on JAX",
        "Keras on CNTK (absent)",
    ]


@pytest.mark.parametrize(
    ("release", "sign", "words"),
    [
        ("TensorFlow 2.14", "✓", "held"),
        ("TensorFlow 2.15", "✗", "broken"),
        ("Keras on JAX", "–", "not applicable"),
        ("Keras on CNTK", "", "no verdict"),
    ],
)
def test_a_verdict_can_be_seen_without_colour_and_heard(open_page: Open, release: str, sign: str, words: str) -> None:
    cell = open_page().cell("features.flips", release)

    assert (cell.text, cell.accessible_name) == (sign, words)


def test_verdicts_differ_in_colour_too(open_page: Open) -> None:
    page = open_page()

    colours = {
        page.cell("features.flips", one).value_of_css_property("background-color")
        for one in ("TensorFlow 2.14", "TensorFlow 2.15", "Keras on JAX")
    }

    assert len(colours) == 3


def test_the_table_is_one_for_screen_readers_as_well(open_page: Open) -> None:
    page = open_page()

    roles = [
        page.cell(*place).find_element("xpath", "ancestor-or-self::*[self::td or self::th]").aria_role
        for place in (("features.flips", "TensorFlow 2.15"), ("features.flips", ""), ("", "TensorFlow 2.15"))
    ]

    assert (page.find("#grid").aria_role, roles) == ("grid", ["gridcell", "rowheader", "columnheader"])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("FLIPS", ["features.flips"]),
        ("no adam", ["features.flips"]),
        ("moved optimizers", ["features.flips"]),
        ("mirror", ["saving.unread"]),
        ("nowhere to be found", []),
    ],
)
def test_text_is_searched_in_claims_evidence_causes_and_remedies(open_page: Open, text: str, left: list[str]) -> None:
    page = open_page()

    page.find("[name=text]").send_keys(text)

    assert page.claims() == left


def test_a_section_alone(open_page: Open) -> None:
    page = open_page()

    page.find("[name=section]").send_keys("Saving")

    assert page.claims() == ["saving.unread"]


@pytest.mark.parametrize(
    ("verdict", "left"),
    [
        ("broken", ["features.flips", "features.hostile"]),
        ("inconclusive", ["saving.unread"]),
        ("unrecorded", ["features.hostile"]),
    ],
)
def test_claims_with_a_verdict_alone(open_page: Open, verdict: str, left: list[str]) -> None:
    page = open_page()

    page.tick("verdicts", verdict)

    assert page.claims() == left


def test_a_verdict_counts_only_on_the_releases_shown(open_page: Open) -> None:
    page = open_page()

    page.tick("series", "tensorflow")
    page.tick("verdicts", "not_applicable")
    page.tick("verdicts", "inconclusive")

    assert page.claims() == ["saving.unread"]


def test_a_series_alone(open_page: Open) -> None:
    page = open_page()

    page.tick("series", "backend")

    assert page.releases() == ["Keras on JAX", "Keras on CNTK (absent)"]


def test_a_backend_alone(open_page: Open) -> None:
    page = open_page()

    page.tick("backends", "jax")

    assert page.releases() == ["Keras on JAX"]


def test_headings_over_several_releases_cover_those_that_are_left(open_page: Open) -> None:
    page = open_page()

    page.tick("backends", "jax")

    edges = "const edges = it => { const box = it.getBoundingClientRect(); return [box.left, box.right]; };"
    first = "const first = one => document.querySelector(`${one}:not([hidden])`);"
    heading, release = page.script(f"{edges} {first} return ['th.series', 'th.release'].map(one => edges(first(one)))")
    spans = page.script("return [...document.querySelectorAll('th.series:not([hidden])')].map(it => it.colSpan)")
    assert (heading, spans) == (release, [1])


def test_only_what_changes(open_page: Open) -> None:
    page = open_page()

    page.tick("changes")

    assert page.claims() == ["features.flips"]


def _open_before(kind: str) -> Any:
    """Return the small table, in which what flips was left open on the first release."""
    content = table()
    flips = next(claim for claim in content["claims"] if claim["id"] == "features.flips")
    flips["kind"] = kind
    flips["outcomes"][0]["verdict"] = flips["outcomes"][0]["expected"] = "inconclusive"
    return content


@pytest.mark.parametrize(("kind", "shown"), [("figure", []), ("prose", ["features.flips"])])
def test_a_figure_that_a_run_left_open_is_no_change(open_page: Open, kind: str, shown: list[str]) -> None:
    page = open_page("#backends=tensorflow", of=_open_before(kind))

    page.tick("changes")

    assert page.claims() == shown


@pytest.mark.parametrize(("kind", "expected"), [("figure", 0), ("prose", 1)])
def test_nor_does_it_stand_among_what_changed(open_page: Open, kind: str, expected: int) -> None:
    page = open_page("#open=@tf2.15", of=_open_before(kind))

    assert len(page.driver.find_elements("css selector", "#panel .changes li")) == expected


def test_what_changes_depends_on_the_releases_shown(open_page: Open) -> None:
    page = open_page()

    page.tick("changes")
    page.tick("backends", "jax")

    assert page.claims() == []
    assert page.find("#empty").is_displayed()


def test_filters_are_cleared(open_page: Open) -> None:
    page = open_page("#text=nowhere&changes=1&backends=jax")

    page.find("#empty button").click()

    assert page.script("return new Promise(done => setTimeout(() => done(location.hash), 50))") == ""
    assert (page.claims(), len(page.releases())) == (ALL, 5)


def test_filters_do_not_fill_the_way_back(open_page: Open) -> None:
    page = open_page()
    first = page.driver.current_window_handle
    # A browser counts to 50 only, which the pages before this one may have come to.
    page.driver.switch_to.new_window("tab")
    page.open()
    before = page.script("return history.length")

    page.tick("changes")
    page.tick("changes")
    after = page.script("return [history.length, location.hash]")
    page.driver.close()
    page.driver.switch_to.window(first)

    assert before < 50
    assert after == [before, ""]


def test_the_number_shown_is_said(open_page: Open) -> None:
    page = open_page()

    page.tick("changes")
    page.tick("series", "tensorflow")

    status = page.find("#shown")
    assert (status.text, status.aria_role) == ("1 of 5 claims, 3 of 5 releases", "status")
