"""A page in a real browser. Where there is none, these tests are skipped, with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from tests.browser.tables import table


class Page:
    """The page in the browser, in the words of those who use it."""

    def __init__(self, driver: Any, address: str) -> None:
        """Open nothing yet."""
        self.driver = driver
        self.address = address

    def open(self, link: str = "") -> Page:
        """Load the page anew, with this link."""
        self.driver.get("about:blank")
        self.logs("browser")
        self.logs("performance")
        self.driver.get(self.address + link)
        return self

    def script(self, text: str, *arguments: Any) -> Any:
        """Return what a script in the page returns."""
        return self.driver.execute_script(text, *arguments)

    def find(self, selector: str) -> Any:
        """Return the first element of a selector."""
        return self.driver.find_element("css selector", selector)

    def claims(self) -> list[str]:
        """Return the ids of the claims on the screen."""
        return self._texts("tbody th[scope=row] code")

    def releases(self) -> list[str]:
        """Return the headings of the releases on the screen."""
        return self._texts("th.release .label")

    def _texts(self, selector: str) -> list[str]:
        shown = "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility())"
        return list(self.script(f"{shown}.map(e => e.textContent)", selector))

    def cell(self, claim: str, release: str) -> Any:
        """Return the cell of a claim and a release; with an empty name, the heading of the other."""
        heads = ["", *self._every("th.release .label")]
        at = heads.index(next(head for head in heads if head.startswith(release)))
        if not claim:
            return self.driver.find_elements("css selector", "th.release button")[at - 1]
        row = self.driver.find_elements("css selector", "tbody tr:not(.section)")[
            self._every("tbody th[scope=row] code").index(claim)
        ]
        return (
            row.find_elements("css selector", "td")[at - 1] if release else row.find_element("css selector", "button")
        )

    def _every(self, selector: str) -> list[str]:
        return list(
            self.script("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)
        )

    def tick(self, name: str, value: str = "on") -> None:
        """Press a filter as a person would: on its label."""
        box = self.find(f"input[name={name}][value={value}]" if value != "on" else f"input[name={name}]")
        box.find_element("xpath", "..").click()

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def focus(self) -> str:
        """Return the words of what has the focus, or the name by which it is read out."""
        focused = "const it = document.activeElement; return it.ariaLabel || it.innerText"
        return str(self.script(focused)).strip()

    def panel(self) -> str:
        """Return the text of the open panel, empty where it is closed."""
        return str(self.find("#panel").text)

    def logs(self, kind: str) -> list[dict[str, Any]]:
        """Return what a log of the browser has got since it was last asked."""
        return list(self.driver.get_log(kind))

    def requests(self) -> list[str]:
        """Return the addresses that the page asked for since it was opened, but its own."""
        messages = [json.loads(entry["message"])["message"] for entry in self.logs("performance")]
        asked = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return [address for address in asked if not address.startswith((self.address, "about:"))]


@pytest.fixture(scope="session")
def driver() -> Iterator[Any]:
    """Yield the one browser of this run."""
    pytest.importorskip("selenium", reason="the page is tested with Selenium, which is not installed")
    pytest.importorskip("jinja2", reason="the page is made with Jinja2, of the extra `report`")
    from evaluation.html_page import browser

    try:
        opened = browser()
        driver = opened.__enter__()
    except FileNotFoundError as error:
        pytest.skip(f"the page is tested in Chromium: {error}")
    yield driver
    opened.__exit__(None, None, None)


@pytest.fixture
def open_page(driver: Any, tmp_path: Path) -> Callable[..., Page]:
    """Return a function that opens the page of a table, by default the small one, with a link."""
    from pytest_kerasch2.report import page

    def opened(link: str = "", of: Any = None) -> Page:
        file = tmp_path / "table.html"
        file.write_text(page.render(of or table()), encoding="utf-8")
        return Page(driver, file.as_uri()).open(link)

    return opened
