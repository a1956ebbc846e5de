"""How the page looks: colours, paper and small screens; and that it obeys and asks nothing."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from tests.browser.conftest import Page
from tests.browser.tables import HOSTILE

Open = Callable[..., Page]


def _paper(page: Page) -> str:
    return str(page.find("body").value_of_css_property("background-color"))


def _system(page: Page, scheme: str) -> None:
    features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", features)


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgba(255, 255, 255, 1)"), ("dark", "rgba(20, 23, 28, 1)")])
def test_the_page_is_as_light_as_the_system(open_page: Open, scheme: str, paper: str) -> None:
    page = open_page()

    _system(page, scheme)

    assert _paper(page) == paper


def _wait_for_theme(page: Page, kept: str | None) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    # The browser hands what a page keeps to the next one a moment later.
    WebDriverWait(page.driver, 10).until(
        lambda _: page.open().script("return localStorage.getItem('kerasch2-theme')") == kept
    )


@pytest.mark.parametrize(("scheme", "other"), [("light", "dark"), ("dark", "light")])
def test_the_switch_wins_over_the_system_and_is_kept(open_page: Open, scheme: str, other: str) -> None:
    page = open_page()
    _system(page, scheme)
    before = _paper(page)

    page.find("#theme").click()
    switched = _paper(page)
    _wait_for_theme(page, other)
    kept = _paper(page)
    page.script("localStorage.clear()")
    _wait_for_theme(page, None)

    assert before != switched == kept
    assert _paper(page) == before


CONTRAST = """
const channel = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const light = c => {
  const [r, g, b] = c.match(/\\d+/g).map(v => channel(v / 255));
  return 0.2126*r + 0.7152*g + 0.0722*b;
};
const style = getComputedStyle(arguments[0]);
const [low, high] = [light(style.color), light(style.backgroundColor)].sort((a, b) => a - b);
return (high + 0.05) / (low + 0.05);
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("claim", "release"),
    [
        ("features.steady", "TensorFlow 2.14"),
        ("features.flips", "TensorFlow 2.15"),
        ("features.flips", "Keras on JAX"),
        ("saving.unread", "TensorFlow 2.14"),
    ],
)
def test_signs_can_be_read(open_page: Open, scheme: str, claim: str, release: str) -> None:
    page = open_page()
    _system(page, scheme)

    contrast = page.script(CONTRAST, page.cell(claim, release))

    # What WCAG 2.2, level AA, asks of text.
    assert contrast >= 4.5


def test_evidence_is_shown_and_not_obeyed(open_page: Open) -> None:
    page = open_page()

    page.cell("features.hostile", "TensorFlow 2.14").click()

    lines = page.script("return [...document.querySelectorAll('.evidence li')].map(e => e.textContent)")
    visible = "left \\u202edlorw\\u202c right \\u2028 \\ud800 \\u0000"
    assert lines == [HOSTILE[0], HOSTILE[1], visible, HOSTILE[3]]
    assert page.script("return window.hacked") is None


def test_long_evidence_stays_in_the_panel(open_page: Open) -> None:
    page = open_page()

    page.cell("features.hostile", "TensorFlow 2.14").click()

    boxes = "return [...document.querySelectorAll('#panel, .evidence li')].map(it => it.scrollWidth - it.clientWidth)"
    assert set(page.script(boxes)) == {0}


def _walk(page: Page) -> None:
    page.tick("changes")
    page.cell("features.flips", "TensorFlow 2.15").click()
    page.cell("", "TensorFlow 2.15").click()
    page.cell("features.flips", "").click()
    page.cell("", "Keras on CNTK").click()
    page.find("#panel .close").click()


def test_the_console_stays_empty(open_page: Open) -> None:
    page = open_page()

    _walk(page)

    assert page.logs("browser") == []


def test_nothing_is_asked_of_the_network(open_page: Open) -> None:
    page = open_page()

    _walk(page)

    assert page.requests() == []


def test_a_script_or_a_picture_that_got_in_would_be_refused_and_seen(open_page: Open, tmp_path: Any) -> None:
    page = open_page()
    smuggled = "<script>window.hacked = true</script><img src='https://example.org/x.png'>"
    file = tmp_path / "table.html"
    file.write_text(file.read_text(encoding="utf-8").replace("<main>", smuggled + "<main>"), encoding="utf-8")

    page.open()

    refused = [entry["message"] for entry in page.logs("browser")]
    assert [sum(word in one for one in refused) for word in ("script-src", "default-src")] == [1, 1]
    assert page.script("return window.hacked") is None


def test_a_request_would_be_seen(driver: Any, tmp_path: Any) -> None:
    file = tmp_path / "asks.html"
    file.write_text("<img src='http://127.0.0.1:9/x.png'>", encoding="utf-8")

    page = Page(driver, file.as_uri()).open()

    assert page.requests() == ["http://127.0.0.1:9/x.png"]


def test_a_print_has_the_whole_table_and_no_controls(open_page: Open) -> None:
    page = open_page()
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})

    hidden = [not page.find(selector).is_displayed() for selector in (".filters", ".tools")]
    scrolled = page.find(".scroll").value_of_css_property("overflow")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

    assert (hidden, scrolled) == ([True, True], "visible")


def test_a_small_screen_shows_the_table_first(open_page: Open) -> None:
    page = open_page()
    small = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}

    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", small)
    page.open()
    folded = page.find("details.filters").get_attribute("open")
    overflow = page.script("return document.documentElement.scrollWidth - innerWidth")
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    assert (folded, overflow) == (None, 0)
