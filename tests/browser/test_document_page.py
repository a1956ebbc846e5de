"""The page of `kerasch2 check --html` in a real browser: without scripts, light and dark, small, and on paper."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from tests.browser.conftest import Page

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
HOSTILE = "</pre><script>window.hacked = 1</script><img src='https://example.org/x.png'>"
TEXT = f"""# Hostile

```py
import numpy as np
```

```py
from tensorflow import keras
keras.optimizers.SGD(lr=0.1)  # {HOSTILE} {"long " * 200}
```

```py
print(absent)
```
"""


@pytest.fixture
def findings_page(driver: Any, tmp_path: Path) -> Iterator[Page]:
    """Yield the page of a document that is only read, opened."""
    from pytest_kerasch2 import cli

    path, target = tmp_path / "page.md", tmp_path / "findings.html"
    path.write_text(TEXT, encoding="utf-8")
    cli.main(["check", str(path), "--read-only", "--release", "2.21", "--html", str(target)])
    yield Page(driver, target.as_uri()).open()
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_no_script_of_a_document_runs_and_nothing_is_asked_of_the_network(findings_page: Page) -> None:
    assert findings_page.script("return window.hacked") is None
    assert (findings_page.requests(), findings_page.logs("browser")) == ([], [])


def test_the_style_is_the_one_that_the_policy_names(findings_page: Page) -> None:
    assert findings_page.find("main").value_of_css_property("max-width") == "1020px"


def test_a_script_that_got_in_would_be_refused_and_seen(findings_page: Page, tmp_path: Path) -> None:
    file = tmp_path / "findings.html"
    smuggled = "<script>window.hacked = 1</script><main>"
    file.write_text(file.read_text(encoding="utf-8").replace("<main>", smuggled), encoding="utf-8")

    findings_page.open()

    assert findings_page.script("return window.hacked") is None
    assert any("default-src" in entry["message"] for entry in findings_page.logs("browser"))


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgba(255, 255, 255, 1)"), ("dark", "rgba(20, 23, 28, 1)")])
def test_it_is_as_light_as_the_system(findings_page: Page, scheme: str, paper: str) -> None:
    features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    findings_page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", features)

    assert findings_page.find("body").value_of_css_property("background-color") == paper


@pytest.mark.parametrize("width", [320, 390, 1400])
def test_only_code_scrolls_sideways(findings_page: Page, width: int) -> None:
    small = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    findings_page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", small)
    findings_page.open()

    assert findings_page.script("return document.documentElement.scrollWidth - innerWidth") <= 0


def test_what_is_folded_is_printed_and_long_lines_are_broken(findings_page: Page) -> None:
    shown: Callable[[], Any] = lambda: findings_page.script(  # noqa: E731
        "return document.querySelector('details .code').checkVisibility({contentVisibilityAuto: true})"
    )
    before = shown()

    findings_page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})

    wide = "return [...document.querySelectorAll('.code')].map(it => it.scrollWidth - it.clientWidth)"
    assert (before, shown()) == (False, True)
    assert set(findings_page.script(wide)) == {0}
