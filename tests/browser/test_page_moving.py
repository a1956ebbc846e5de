"""Moving in the page: by keys, by scrolling and by links."""

from __future__ import annotations

from typing import Callable

import pytest

from tests.browser.conftest import Page
from tests.browser.tables import table

Open = Callable[..., Page]
ALL = ["features.steady", "features.flips", "features.hostile", "saving.unread", "appendix.last"]
UP, DOWN, LEFT, RIGHT, ENTER, ESCAPE, HOME, END = "\ue013\ue015\ue012\ue014\ue007\ue00c\ue011\ue010"
CONTROL = "\ue009"


def _focused(page: Page, *keys: str) -> str:
    page.script("document.querySelector('#grid [tabindex=\"0\"]').focus()")
    page.press(*keys)
    return page.focus()


@pytest.mark.parametrize(
    ("keys", "reached"),
    [
        ((DOWN, RIGHT), "broken"),
        ((DOWN, RIGHT, RIGHT, RIGHT), "not applicable"),
        ((UP,), "TensorFlow 2.14"),
        ((DOWN, LEFT), "What features.flips states.\nfeatures.flips"),
        ((END,), "no verdict"),
        ((DOWN, DOWN, DOWN, DOWN, DOWN, DOWN, HOME), "What appendix.last states.\nappendix.last"),
        ((CONTROL, END), "no verdict"),
    ],
)
def test_arrow_keys_move_in_the_grid(open_page: Open, keys: tuple[str, ...], reached: str) -> None:
    assert _focused(open_page(), *keys) == reached


@pytest.mark.parametrize(("keys", "reached"), [((DOWN,), "saving.unread"), ((DOWN, UP), "features.flips")])
def test_arrow_keys_pass_over_what_is_filtered_away(open_page: Open, keys: tuple[str, ...], reached: str) -> None:
    page = open_page("#verdicts=inconclusive&verdicts=not_applicable")

    _focused(page, *keys)

    row = "return document.activeElement.closest('tr').querySelector('code').textContent"
    assert page.script(row) == reached


def test_one_element_of_the_grid_is_in_the_order_of_the_tab_key(open_page: Open) -> None:
    page = open_page()

    _focused(page, DOWN, RIGHT)

    assert page.script("return document.querySelectorAll('#grid [tabindex=\"0\"]').length") == 1


def test_enter_opens_and_escape_closes_and_leads_back(open_page: Open) -> None:
    page = open_page()

    _focused(page, DOWN, RIGHT, ENTER)
    opened = (page.focus(), page.find("#panel").is_displayed())
    page.press(ESCAPE)

    assert opened == ("What features.flips states.", True)
    assert (page.focus(), page.find("#panel").is_displayed()) == ("broken", False)


def test_the_cell_with_the_focus_is_not_under_the_headings(open_page: Open) -> None:
    long = table()
    long["claims"] = [{**long["claims"][0], "id": f"features.no-{number}"} for number in range(60)]
    page = open_page(of=long)

    _focused(page, *[DOWN] * 50)
    _focused(page, *[UP] * 20)

    on_top = "const box = document.activeElement.getBoundingClientRect();"
    on_top += "return document.elementFromPoint(box.left + box.width / 2, box.top + 4) === document.activeElement"
    assert page.script(on_top)


def test_the_opened_cell_is_not_hidden_by_what_it_opens(open_page: Open) -> None:
    wide = table()
    wide["releases"] = [{**wide["releases"][0], "environment": f"e{number}"} for number in range(60)]
    page = open_page(of=wide)

    edge = "const edge = it => it.getBoundingClientRect().right;"
    last = "const it = [...document.querySelectorAll('td.held')].findLast(it => edge(it) < 1400);"
    before = page.script(f"{edge} {last} const was = edge(it); it.click(); return was")
    after, frame = page.script(f"{edge} return ['td.opened', '.scroll'].map(one => edge(document.querySelector(one)))")

    assert after <= frame < before


def test_headings_stay_when_the_table_is_scrolled(open_page: Open) -> None:
    big = table()
    big["claims"] = [{**big["claims"][0], "id": f"features.no-{number}"} for number in range(60)]
    big["releases"] = [{**big["releases"][0], "environment": f"e{number}"} for number in range(60)]
    page = open_page(of=big)

    places = "const box = s => document.querySelector(s).getBoundingClientRect();"
    places += "return [box('thead').top, box('[scope=row]').left, box('tbody td').left]"
    before = page.script(places)
    page.script("document.querySelector('.scroll').scrollTo(400, 60)")
    after = page.script(places)

    assert after == [before[0], before[1], before[2] - 400]


LINK = "#text=states&verdicts=broken&verdicts=held&series=tensorflow&changes=1&open=features.flips%40tf2.15"


def test_a_link_holds_the_whole_view(open_page: Open) -> None:
    page = open_page()

    page.find("[name=text]").send_keys("states")
    page.tick("verdicts", "broken")
    page.tick("verdicts", "held")
    page.tick("series", "tensorflow")
    page.tick("changes")
    page.cell("features.flips", "TensorFlow 2.15").click()

    assert set(page.script("return location.hash")[1:].split("&")) == set(LINK[1:].split("&"))


def test_a_link_restores_the_whole_view(open_page: Open) -> None:
    page = open_page(LINK)

    assert (page.claims(), len(page.releases())) == (["features.flips"], 3)
    assert "broken on TensorFlow 2.15" in page.panel()
    assert page.find("[name=text]").get_attribute("value") == "states"
    assert len(page.driver.find_elements("css selector", "#filters :checked")) == 5


def test_a_section_with_signs_of_markup_is_restored_too(open_page: Open) -> None:
    page = open_page("#section=Appendix+%3Cb%3E%26%22")

    assert page.claims() == ["appendix.last"]


def test_a_link_that_is_followed_on_the_page_is_obeyed(open_page: Open) -> None:
    page = open_page("#changes=1")

    page.script("location.hash = 'text=mirror'; return new Promise(done => setTimeout(done, 50))")

    assert page.claims() == ["saving.unread"]


def test_an_old_link_shows_what_there_still_is_and_says_so(open_page: Open) -> None:
    page = open_page("#section=Gone&series=gone&verdicts=gone&open=gone%40gone")

    assert (page.claims(), page.panel()) == (ALL, "")
    assert page.find("#said").get_attribute("textContent").startswith("The link names something")
