"""From a release and an error to what a reader writes."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from tests.browser.conftest import Page
from tests.browser.tables import CAUSE, EVERYWHERE, INSTEAD, JAX, MIDDLE, NEW, OLD, claim, outcome, table

Open = Callable[..., Page]
KERAS = "NameError: name 'keras' is not defined"
ADAM = "AttributeError: module 'tensorflow.keras' has no attribute 'Adam'"
MAKES = {"write": "model3 = tf.keras.Model(inputs=inputs, outputs=predictions)\n", "worked": True, "evidence": ["ran"]}


def chapter() -> Any:
    """Return a table with blocks that raise errors, and with the session of all of them."""
    content = table()
    printed = "the block as printed: "
    session = [f"set-floatx: {KERAS}", f"second-model: {ADAM}", "save-model: NameError: name 'model' is not defined"]
    content["claims"] = [
        claim("adoption.other", "Features", [outcome("broken", EVERYWHERE, evidence=[f"seen: {KERAS} at all"])]),
        claim("features.steady", "Features", [outcome("held", EVERYWHERE)]),
        _broken("blocks.set-floatx", EVERYWHERE, [printed + KERAS]),
        _broken("blocks.second-model", [MIDDLE, NEW], [printed + ADAM], held=[OLD, JAX]),
        _broken("blocks.functional-model", EVERYWHERE, [printed + "no 'layers'"], workarounds=[MAKES]),
        _broken("session.as-printed", EVERYWHERE, session, workarounds=[]),
    ]
    return content


def _broken(name: str, releases: Any, evidence: list[str], held: Any = (), **more: Any) -> Any:
    fields = {"known_issue": CAUSE, "workarounds": [INSTEAD], **more}
    outcomes = [outcome("broken", releases, evidence=evidence, **fields)]
    return claim(name, "Saving and loading", [*outcomes, *([outcome("held", held)] if held else [])])


def _ask(page: Page, release: str = "", error: str = "") -> None:
    page.script(
        "const ask = document.getElementById('ask');"
        "ask.elements.release.value = arguments[0]; ask.elements.error.value = arguments[1];"
        "ask.dispatchEvent(new Event('input'))",
        release,
        error,
    )


def _answers(page: Page, within: str = "#answers >") -> list[str]:
    read = "return [...document.querySelectorAll(arguments[0] + ' .answer .place code')].map(e => e.textContent)"
    return list(page.script(read, within))


TRACEBACK = f"""Traceback (most recent call last):
  File "/home/ann/keras book/chapter.py", line 61, in <module>
    keras.backend.set_floatx(floatx)
{KERAS}
"""
NOTEBOOK = f"""NameError                                 Traceback (most recent call last)
Cell In[3], line 1
----> 1 keras.backend.set_floatx(floatx)

{KERAS}"""


@pytest.mark.parametrize(
    "error", [KERAS, TRACEBACK, NOTEBOOK, TRACEBACK.replace("\n", "\r\n"), KERAS.replace("'", "’"), f"  {KERAS}  "]
)
def test_an_error_leads_to_the_block_that_raises_it(open_page: Open, error: str) -> None:
    page = open_page(of=chapter())

    _ask(page, "tf2.15", error)

    assert _answers(page)[0] == "blocks.set-floatx"


@pytest.mark.parametrize(
    ("error", "first"),
    [
        ("AttributeError: module 'keras.api._v2.keras' has no attribute 'Adam'", "blocks.second-model"),
        ("NameError: name 'model3' is not defined", "blocks.functional-model"),
        ("NameError: name 'model' is not defined", "session.as-printed"),
        ("optimiser = tf.optimizers.Adam()", "blocks.second-model"),
    ],
)
def test_other_errors_and_lines_lead_to_their_claims(open_page: Open, error: str, first: str) -> None:
    page = open_page(of=chapter())

    _ask(page, "tf2.15", error)

    assert _answers(page)[0] == first


def test_what_breaks_on_other_releases_alone_is_told_as_that(open_page: Open) -> None:
    content = chapter()
    content["claims"].pop()
    page = open_page(of=content)

    _ask(page, "tf2.14", ADAM)

    headings = page.script("return [...document.querySelectorAll('#answers h2')].map(e => e.textContent)")
    assert "Not seen on TensorFlow 2.14, but on others" in headings
    assert "TensorFlow 2.15 to TensorFlow 2.16" in page.find("#answers").text


def test_what_was_not_measured_on_a_release_is_told_as_that(open_page: Open) -> None:
    content = chapter()
    # Without a verdict on the first release, whose environment is tf2.14.
    content["claims"] = [_broken("blocks.second-model", [MIDDLE, NEW], [ADAM])]
    page = open_page(of=content)

    _ask(page, "tf2.14", ADAM)

    assert page.find("#answers h2").text == "Not measured on TensorFlow 2.14; on others it is"


def test_of_blocks_with_one_error_the_pasted_line_decides(open_page: Open) -> None:
    content = chapter()
    error = "NameError: name 'model' is not defined"
    for name in ("save_weights", "load_weights"):
        lines = {"write": f"model = model1\nmodel.{name}('file')\n", "worked": True, "evidence": ["ran"]}
        block = _broken(f"blocks.{name.replace('_', '-')}", EVERYWHERE, [error], workarounds=[lines])
        content["claims"].append(block)
    page = open_page(of=content)

    firsts = []
    for name in ("save_weights", "load_weights"):
        frame = f'Traceback (most recent call last):\n  File "a.py", line 61, in <module>\n    model.{name}("./file")\n'
        _ask(page, "tf2.15", frame + error)
        firsts.append(_answers(page)[0])

    assert firsts == ["blocks.save-weights", "blocks.load-weights"]


def test_answers_that_are_as_likely_as_the_first_are_not_told_as_certain(open_page: Open) -> None:
    content = chapter()
    content["claims"] = [_broken(f"blocks.{name}", EVERYWHERE, [KERAS]) for name in ("one", "two")]
    page = open_page(of=content)

    _ask(page, "tf2.15", KERAS)

    assert page.find("#answers h2").text == "What it may be on TensorFlow 2.15"


def test_a_block_that_fails_by_another_is_answered_with_that_one_and_says_so(open_page: Open) -> None:
    content = chapter()
    error = "ValueError: You must call compile"
    content["claims"][-1]["outcomes"][0]["evidence"].insert(2, f"second-fit: {error}")
    page = open_page(of=content)

    _ask(page, "tf2.15", error)

    assert _answers(page)[0] == "blocks.second-model"
    assert "only follows" in page.find("#answers .answer").text
    assert page.find("#answers .seen").text == f"second-fit: {error}"


def test_the_whole_of_a_long_error_is_seen(open_page: Open) -> None:
    page = open_page(of=chapter())

    _ask(page, "tf2.15", f"{KERAS} " * 5)

    area = "const area = document.querySelector('[name=error]'); "
    assert page.script(
        area + "return area.scrollWidth <= area.clientWidth && area.scrollHeight <= area.clientHeight + 2"
    )


def test_what_nothing_speaks_of_has_no_answer(open_page: Open) -> None:
    page = open_page(of=chapter())

    _ask(page, "", "zebra")

    assert page.find("#answers h2").text == "No answer"


def test_a_release_shows_all_that_is_broken_there_and_mistakes_of_the_chapter_apart(open_page: Open) -> None:
    page = open_page(of=chapter())

    _ask(page, "tf2.15")

    changed, mistakes = (_answers(page, f"#answers > section:nth-of-type({number})") for number in (1, 2))
    assert changed == ["blocks.second-model"]
    assert mistakes == ["adoption.other", "blocks.set-floatx", "blocks.functional-model", "session.as-printed"]
    assert not page.find("#grid").is_displayed()


def test_the_workaround_keeps_its_lines(open_page: Open) -> None:
    page = open_page(of=chapter())

    _ask(page, "tf2.15", KERAS)

    code = page.find("#answers .copyable pre")
    assert code.value_of_css_property("white-space").startswith("pre")
    assert code.text == INSTEAD["write"].strip()


def test_an_answer_shows_the_line_that_is_most_like_the_error(open_page: Open) -> None:
    page = open_page(of=chapter())

    _ask(page, "tf2.15", "NameError: name 'model' is not defined")

    assert page.find("#answers .seen").text == "save-model: NameError: name 'model' is not defined"


def test_after_an_error_that_follows_from_another_comes_the_nearest_broken_block_before_it(open_page: Open) -> None:
    page = open_page(of=chapter())

    _ask(page, "tf2.15", "NameError: name 'model' is not defined")

    assert _answers(page)[:2] == ["session.as-printed", "blocks.second-model"]


def test_the_table_is_one_press_away_and_back(open_page: Open) -> None:
    page = open_page(of=chapter())
    _ask(page, "tf2.15")

    page.find("#switch").click()
    shown = page.find("#grid").is_displayed()
    page.find("#switch").click()

    assert (shown, page.find("#grid").is_displayed()) == (True, False)


def test_a_link_holds_what_was_asked_without_the_folders_of_the_machine(open_page: Open) -> None:
    page = open_page(of=chapter())
    _ask(page, "tf2.15", TRACEBACK)

    link = page.script("return location.hash")
    page.open(link)

    assert "ann" not in link
    assert _answers(page)[0] == "blocks.set-floatx"
    assert page.find("[name=release]").get_attribute("value") == "tf2.15"


def test_a_release_that_the_table_does_not_have_is_said(open_page: Open) -> None:
    page = open_page("#release=tf9.9")

    assert page.find("#grid").is_displayed()
    assert page.find("#said").get_attribute("textContent").startswith("The link names something")


def test_an_answer_opens_its_cell_and_the_focus_comes_back(open_page: Open) -> None:
    page = open_page(of=chapter())
    _ask(page, "tf2.15", KERAS)

    page.find("#answers .answer .open").click()
    opened = page.panel()
    page.press("\ue00c")

    assert "broken on TensorFlow 2.15" in opened
    assert (page.focus(), page.panel()) == ("blocks.set-floatx", "")


def test_texts_in_answers_are_shown_and_not_obeyed(open_page: Open) -> None:
    page = open_page()

    _ask(page, "tf2.14", "<img src=x onerror='window.hacked = true'> quotes braces")

    assert "features.hostile" in _answers(page, "#answers")
    assert page.script("return window.hacked") is None
    assert page.script("return document.querySelectorAll('#answers img, #answers script').length") == 0


def test_on_a_small_screen_the_questions_are_seen_and_the_panel_covers_the_page(open_page: Open) -> None:
    page = open_page()
    small = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", small)
    page.open("#open=features.flips@tf2.15")
    modal = page.script("return document.getElementById('panel').matches(':modal')")
    page.find("#panel .close").click()
    box = "return document.querySelector(arguments[0]).getBoundingClientRect().bottom"
    below = [page.script(box, one) for one in ("#ask textarea", "tbody tr:nth-child(2)")]
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    assert modal
    assert max(below) < 844
