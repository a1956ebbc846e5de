"""How big and how quick the page of the truth table is, measured in a browser.

    python benchmarks/page.py                          docs/truth-table.json, brought to 150 x 50 and to 257 x 53
    python benchmarks/page.py TABLE.json 257x53        another table, other sizes: claims x releases

Prints a Markdown table. Needs the extra `report`, Selenium, and Chromium with its driver on the PATH. A table that is
too small grows by copies, each of which brings as much text of its own as its original did; one too big is cut.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, Iterator, Mapping

from pytest_kerasch2.report import page

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,900",
)
LIMITS = {"size": 1.5e6, "milliseconds": 200}
# What people do -> the link that does it. Each is measured from the whole table, and on the way back to it.
FILTERS = {
    "text": 'input("text", "dense")',
    "section": 'choose("section", document.forms.filters.section.options[1].value)',
    "verdict": 'tick("verdicts", 1)',
    "only what changes": 'tick("changes", 0)',
    "series": 'tick("series", 0)',
    "backend": 'tick("backends", 0)',
}
# Until the frame in which the change is on the screen: the message comes after that frame's layout and painting.
ACTIONS = """
const done = arguments[arguments.length - 1];
const form = document.getElementById("filters");
const fire = (element) => element.dispatchEvent(new Event("input", {bubbles: true}));
const input = (name, text) => { form.elements[name].value = text; fire(form.elements[name]); };
const choose = input;
const tick = (name, at) => {
  const box = form.querySelectorAll(`[name=${name}]`)[at];
  if (!box) throw new Error(`no filter ${name}`);
  box.checked = !box.checked;
  fire(box);
};
const painted = () => new Promise((resolve) => requestAnimationFrame(() => {
  const {port1, port2} = new MessageChannel();
  port1.onmessage = () => resolve(performance.now());
  port2.postMessage(0);
}));
"""
MEASURED = "(async () => { await painted(); const before = performance.now(); %s; done(await painted() - before); })();"
# Both count from the start of the navigation; usable is when the script has run and its result is on the screen.
LOADING = """
window.figures = Promise.all([
  new Promise((resolve) => new PerformanceObserver((seen) => resolve(seen.getEntries()[0].startTime))
    .observe({type: "paint", buffered: true})),
  new Promise((resolve) => addEventListener("load", () => requestAnimationFrame(() => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => resolve(performance.now());
    port2.postMessage(0);
  }))),
]);
"""
LOADED = "const done = arguments[arguments.length - 1]; window.figures.then(done)"


@contextlib.contextmanager
def browser(*more: str) -> Iterator[Any]:
    """Give Chromium, driven by Selenium, with an empty profile and a log of its console and its requests.

    Args:
        more: further flags for Chromium.

    Raises:
        FileNotFoundError: Chromium or its driver is not on the PATH.
        ModuleNotFoundError: Selenium is not installed.
    """
    from selenium import webdriver

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if not chromium or not driver:
        raise FileNotFoundError("chromium and chromedriver are needed on the PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}", *more):
            options.add_argument(flag)
        opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        try:
            yield opened
        finally:
            opened.quit()


def sized(table: Mapping[str, Any], claims: int, releases: int) -> dict[str, Any]:
    """Give a table of so many claims and releases: the first ones, then copies of them."""
    wanted = copy.deepcopy(dict(table))
    rows, columns = wanted["claims"], wanted["releases"]
    for number in range(len(columns), releases):
        _copy_column(wanted, columns[number % len(table["releases"])], number)
    kept = {one["name"] for one in columns[:releases]}
    for number in range(len(rows), claims):
        original = rows[number % len(table["claims"])]
        rows.append({**copy.deepcopy(original), "id": f"{original['id']}-{number}"})
    for row in rows:
        for outcome in row["outcomes"]:
            outcome["releases"] = [name for name in outcome["releases"] if name in kept]
        row["outcomes"] = [outcome for outcome in row["outcomes"] if outcome["releases"]]
    return {**wanted, "releases": columns[:releases], "claims": rows[:claims]}


def _copy_column(table: dict[str, Any], original: Mapping[str, Any], number: int) -> None:
    name, before = original["name"], table["releases"][-1]["name"] or None
    copied = {"environment": f"{original['environment']}-{number}", "label": f"{original['label']} ({number})"}
    # Two series, so that there is something to filter by.
    made = {**original, **copied, "name": name and f"{name}-{number}", "before": before, "series": "copies"}
    table["releases"].append({**made, "backend": "jax" if number % 5 == 0 else "tensorflow"})
    for row in table["claims"]:
        for outcome in [one for one in row["outcomes"] if name and name in one["releases"]]:
            if len(outcome["releases"]) > 1:
                outcome["releases"].append(made["name"])
                continue
            evidence = [f"{line} ({number})" for line in outcome["evidence"]]
            row["outcomes"].append({**outcome, "evidence": evidence, "releases": [made["name"]]})


def measured(driver: Any, address: str, repeats: int) -> dict[str, float]:
    """Give for the page at this address the median of each figure, in milliseconds."""
    figures: dict[str, list[float]] = {}
    for _ in range(repeats):
        driver.get("about:blank")
        driver.get(address)
        for name, found in zip(("first paint", "usable"), driver.execute_async_script(LOADED)):
            figures.setdefault(name, []).append(found)
    for name, action in FILTERS.items():
        back = action.replace('"dense"', '""').replace("document.forms.filters.section.options[1].value", '""')
        for _ in range(repeats):
            figures.setdefault(f"filter: {name}", []).append(driver.execute_async_script(ACTIONS + MEASURED % action))
            figures.setdefault(f"filter: {name}, back", []).append(
                driver.execute_async_script(ACTIONS + MEASURED % back)
            )
    return {name: statistics.median(values) for name, values in figures.items()}


def main(arguments: list[str]) -> int:
    """Print the figures; give 1 if one is beyond its limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", nargs="?", type=Path, default=Path("docs/truth-table.json"))
    parser.add_argument("sizes", nargs="*", default=["150x50", "257x53"], help="claims x releases, such as 150x50")
    parser.add_argument("--repeats", type=int, default=9)
    asked = parser.parse_args(arguments)
    table = json.loads(asked.table.read_text(encoding="utf-8"))
    print("| claims x releases | figure | found | limit |\n| --- | --- | ---: | ---: |")
    beyond = 0
    with tempfile.TemporaryDirectory() as folder, browser() as driver:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": LOADING})
        for size in asked.sizes:
            claims, releases = map(int, size.split("x"))
            file = Path(folder) / f"{size}.html"
            file.write_text(page.render(sized(table, claims, releases)), encoding="utf-8")
            length = file.stat().st_size
            beyond += length > LIMITS["size"]
            print(f"| {size} | size | {length / 1e6:.2f} MB | {LIMITS['size'] / 1e6} MB |")
            for name, found in measured(driver, file.as_uri(), asked.repeats).items():
                beyond += found > LIMITS["milliseconds"]
                print(f"| {size} | {name} | {found:.0f} ms | {LIMITS['milliseconds']} ms |", flush=True)
    return int(beyond > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
