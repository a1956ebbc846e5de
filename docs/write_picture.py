"""Draws docs/compatibility.png: the page of the compatibility table with one cell open, as a browser shows it.

`python -m docs.write_picture`, in the project's folder; needs the extra `browser`, Chromium and its driver.
"""

from __future__ import annotations

from pathlib import Path

from evaluation.html_page import browser

PAGE = Path(__file__).with_name("compatibility.html")
# A cell that says what is seen, why, and what to write instead.
OPEN = "#open=blocks.save-weights@tf2.21"
WIDTH, HEIGHT = 1440, 900


def main() -> None:
    """Write the picture."""
    with browser() as driver:
        driver.set_window_size(WIDTH, HEIGHT)
        driver.get(PAGE.as_uri() + OPEN)
        picture = driver.get_screenshot_as_png()
    PAGE.with_suffix(".png").write_bytes(picture)


if __name__ == "__main__":
    main()
