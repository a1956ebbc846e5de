"""How big and how quick the page of the compatibility table is, measured in a browser.

    python evaluation/html_page.py                          docs/compatibility.json, brought to 150 x 50 and to 257 x 53
    python evaluation/html_page.py TABLE.json 257x53        another table, other sizes: claims x releases

Prints a Markdown table. Needs the extra `report`, Selenium, and Chromium with its driver on the PATH. A table that is
too small grows by copies, each of which brings as much text of its own as its original did; one too big is cut.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import os
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
MOST_BYTES = 1_500_000
MOST_MILLISECONDS = 200
# What people filter by -> the script that does it to the whole table, and the one that leads back.
FILTERS = {
    "text": ('enter("text", "dense")', 'enter("text", "")'),
    "section": ('enter("section", form.elements.section.options[1].value)', 'enter("section", "")'),
    "verdict": ('tick("verdicts", 1)',) * 2,
    "only what changes": ('tick("changes", 0)',) * 2,
    "series": ('tick("series", 0)',) * 2,
    "backend": ('tick("backends", 0)',) * 2,
    "release": ('ask("release", releases.at(-1))', 'ask("release", "")'),
    "error": ('ask("error", "NameError: name \'keras\' is not defined")', 'ask("error", "")'),
}
# Until the frame in which the change is on the screen: the message comes after that frame's layout and painting.
ACTIONS = """
const done = arguments[arguments.length - 1];
const form = document.getElementById("filters");
const fire = (element) => element.dispatchEvent(new Event("input", {bubbles: true}));
const enter = (name, text) => { form.elements[name].value = text; fire(form.elements[name]); };
const asking = document.getElementById("ask");
const releases = [...asking.elements.release.options].map((one) => one.value);
const ask = (name, text) => { asking.elements[name].value = text; fire(asking.elements[name]); };
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
def browser() -> Iterator[Any]:
    """Yield Chromium, driven by Selenium, with an empty profile and a log of its console and its requests.

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
    profile = tempfile.mkdtemp(prefix="chromium-")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    try:
        opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        try:
            yield opened
        finally:
            opened.quit()
    finally:
        # A process of Chromium may still be writing there.
        shutil.rmtree(profile, ignore_errors=True)


def sized(table: Mapping[str, Any], claims: int, releases: int) -> dict[str, Any]:
    """Return a table of so many claims and releases: the first ones, then copies of them."""
    sized_table = copy.deepcopy(dict(table))
    rows, columns = sized_table["claims"], sized_table["releases"]
    for number in range(len(columns), releases):
        _copy_column(sized_table, columns[number % len(table["releases"])], number)
    kept = {one["name"] for one in columns[:releases]}
    for number in range(len(rows), claims):
        original = rows[number % len(table["claims"])]
        rows.append({**copy.deepcopy(original), "id": f"{original['id']}-{number}"})
    for row in rows:
        for outcome in row["outcomes"]:
            outcome["releases"] = [name for name in outcome["releases"] if name in kept]
        row["outcomes"] = [outcome for outcome in row["outcomes"] if outcome["releases"]]
    return {**sized_table, "releases": columns[:releases], "claims": rows[:claims]}


def _copy_column(table: dict[str, Any], original: Mapping[str, Any], number: int) -> None:
    name, before = original["name"], table["releases"][-1]["name"] or None
    copied = {"environment": f"{original['environment']}-{number}", "label": f"{original['label']} ({number})"}
    # Two series, so that there is something to filter by.
    fields = {**original, **copied, "name": name and f"{name}-{number}", "before": before, "series": "copies"}
    table["releases"].append({**fields, "backend": "jax" if number % 5 == 0 else "tensorflow"})
    for row in table["claims"]:
        for outcome in [one for one in row["outcomes"] if name and name in one["releases"]]:
            if len(outcome["releases"]) > 1:
                outcome["releases"].append(fields["name"])
                continue
            evidence = [f"{line} ({number})" for line in outcome["evidence"]]
            row["outcomes"].append({**outcome, "evidence": evidence, "releases": [fields["name"]]})


def measured(driver: Any, address: str, repeats: int) -> dict[str, float]:
    """Return for the page at this address the median of each figure, in milliseconds."""
    figures: dict[str, list[float]] = {}
    for _ in range(repeats):
        driver.get("about:blank")
        driver.get(address)
        for name, one in zip(("first paint", "usable"), driver.execute_async_script(LOADED)):
            figures.setdefault(name, []).append(one)
    for name, (there, back) in FILTERS.items():
        for _ in range(repeats):
            for called, action in ((f"filter: {name}", there), (f"filter: {name}, back", back)):
                figures.setdefault(called, []).append(driver.execute_async_script(ACTIONS + MEASURED % action))
    return {name: statistics.median(values) for name, values in figures.items()}


def main(arguments: list[str]) -> int:
    """Print the figures; give 1 if one is beyond its limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", nargs="?", type=Path, default=Path("docs/compatibility.json"))
    parser.add_argument("sizes", nargs="*", default=["150x50", "257x53"], help="claims x releases, such as 150x50")
    parser.add_argument("--repeats", type=int, default=9)
    asked = parser.parse_args(arguments)
    if not asked.table.is_file():
        parser.error(f"there is no {asked.table}; write one with kerasch2 table --json")
    table = json.loads(asked.table.read_text(encoding="utf-8"))
    print("| claims x releases | figure | found | limit |\n| --- | --- | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder, browser() as driver:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": LOADING})
        files = {size: Path(folder) / f"{size}.html" for size in asked.sizes}
        for size, file in files.items():
            claims, releases = map(int, size.split("x"))
            file.write_text(page.render(sized(table, claims, releases)), encoding="utf-8")
        kept = [_print_figures(driver, size, file, asked.repeats) for size, file in files.items()]
    load = f", under a load of {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"\nMedians of {asked.repeats}, on {os.cpu_count()} cores{load}.")
    return 0 if all(kept) else 1


def _print_figures(driver: Any, size: str, file: Path, repeats: int) -> bool:
    length = file.stat().st_size
    print(f"| {size} | size | {length / 1e6:.2f} MB | {MOST_BYTES / 1e6} MB |")
    kept = length <= MOST_BYTES
    for name, one in measured(driver, file.as_uri(), repeats).items():
        limited = name != "usable"
        print(f"| {size} | {name} | {one:.0f} ms | {f'{MOST_MILLISECONDS} ms' if limited else ''} |", flush=True)
        kept = kept and (not limited or one <= MOST_MILLISECONDS)
    return kept


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
