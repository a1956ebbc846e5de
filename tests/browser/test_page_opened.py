"""What opens from a cell, a claim or a release."""

from __future__ import annotations

from typing import Callable

import pytest

from tests.browser.conftest import Page

Open = Callable[..., Page]


@pytest.mark.parametrize(
    "expected",
    [
        "broken on TensorFlow 2.15",
        "What features.flips states.",
        "AttributeError: no Adam",
        "the name moved to `optimizers`",
        "From 2.15 to now.",
        "TensorFlow 2.15 to TensorFlow 2.16",
        "tox run -e tf2.15 -- -k features.flips",
    ],
)
def test_a_cell_opens_all_that_is_known_of_it(open_page: Open, expected: str) -> None:
    page = open_page()

    page.cell("features.flips", "TensorFlow 2.15").click()

    assert expected in page.panel()


def test_the_cause_has_its_link(open_page: Open) -> None:
    page = open_page()

    page.cell("features.flips", "TensorFlow 2.15").click()

    assert page.find("#panel a").get_attribute("href") == "https://example.org/why?a=1&b=2"


def test_what_could_not_be_told_comes_with_what_to_do(open_page: Open) -> None:
    page = open_page()

    page.cell("saving.unread", "Keras on JAX").click()

    assert "name a mirror" in page.panel()


def test_a_verdict_that_is_not_as_recorded_says_so(open_page: Open) -> None:
    page = open_page()

    page.cell("features.hostile", "Keras on JAX").click()

    assert 'Not as recorded: the known issues let expect "held".' in page.panel()


@pytest.mark.parametrize(
    ("release", "reason"),
    [("Keras on CNTK", "its wheel wants <libmpi.so.12>"), ("TensorFlow 2.16", "The run was interrupted")],
)
def test_a_cell_without_a_verdict_says_why(open_page: Open, release: str, reason: str) -> None:
    page = open_page()

    page.cell("saving.unread", release).click()

    assert "no verdict" in page.panel()
    assert reason in page.panel()


def test_the_reasons_stand_below_the_table_too(open_page: Open) -> None:
    notes = open_page().find(".notes").text

    assert "Keras on CNTK could not be had: its wheel wants <libmpi.so.12>" in notes
    assert "TensorFlow 2.16 is incomplete." in notes


def test_a_release_opens_its_facts_and_what_changed_on_it(open_page: Open) -> None:
    page = open_page()

    page.cell("", "TensorFlow 2.15").click()

    lines = page.panel().splitlines()
    assert {"Python", "3.11.7", "What changed since TensorFlow 2.14", "1 of 5 verdicts."} <= set(lines)
    assert lines[lines.index("1 of 5 verdicts.") + 1 :][:2] == ["✓ held → ✗ broken", "What features.flips states."]


def test_a_claim_that_an_interrupted_run_did_not_reach_has_not_changed(open_page: Open) -> None:
    page = open_page()

    page.cell("", "TensorFlow 2.16").click()

    assert "0 of 4 verdicts. 1 claims have a verdict on one of the two only." in page.panel()


def test_a_claim_opens_its_history_as_runs(open_page: Open) -> None:
    page = open_page()

    page.cell("features.flips", "").click()

    lines = [one.text.splitlines()[0] for one in page.driver.find_elements("css selector", ".runs li")]
    assert lines == [
        "✓ held TensorFlow 2.14",
        "✗ broken TensorFlow 2.15 to TensorFlow 2.16",
        "– not applicable Keras on JAX",
        "no verdict Keras on CNTK",
    ]


def test_from_what_changed_to_the_cell_to_the_history(open_page: Open) -> None:
    page = open_page("#open=@tf2.15")

    page.find("#panel .changes .open").click()
    opened = page.script("return location.hash")
    page.find("#panel .quiet .open").click()

    assert opened == "#open=features.flips%40tf2.15"
    assert page.script("return location.hash") == "#open=features.flips%40"


def test_what_to_write_instead_keeps_its_lines_and_says_that_it_was_run(open_page: Open) -> None:
    page = open_page()

    page.cell("features.flips", "TensorFlow 2.15").click()

    lines, note = page.script(
        "const parts = [...document.querySelectorAll('#panel section')];"
        "const it = parts.find(part => part.firstChild.textContent == 'Write instead');"
        "return [it.querySelector('code').textContent, it.querySelector('p').textContent]"
    )
    assert lines == "adam = tf.optimizers.Adam()\nnetwork.compile(adam)"
    assert note == "Run on TensorFlow 2.15, behind the blocks before it: it works."
