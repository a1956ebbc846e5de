"""How often the page's search has the right cell first, for errors that readers of the chapter get.

    python evaluation/reader_search.py                      docs/compatibility.json
    python evaluation/reader_search.py TABLE.json           another table

The errors are kept in `evaluation/data/reader-errors.json`: those of the chapter's blocks typed as printed, one after
the other, on 45 releases, as `python file.py` or a last line of it shows them. Each is put into the page as a reader
would, with the release. Needs what `evaluation/html_page.py` needs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Mapping, Sequence

from evaluation.html_page import browser
from pytest_kerasch2.report import compatibility_table, page

ERRORS = Path(__file__).parent / "data" / "reader-errors.json"
LEAST = 0.95
ASK = """
const ask = document.getElementById("ask");
ask.elements.release.value = arguments[0];
ask.elements.error.value = arguments[1];
ask.elements.error.dispatchEvent(new Event("input", {bubbles: true}));
const answers = [];
for (const one of document.getElementById("answers").children) {
  if (one.matches(".broken-here")) break;
  if (one.matches(".answer")) answers.push(one.querySelector("code").textContent);
}
return answers;
"""


def errors() -> list[dict[str, Any]]:
    """Return the kept errors: each with its text, its release, and the claims that explain it."""
    return list(json.loads(ERRORS.read_text(encoding="utf-8"))["errors"])


def answers(driver: Any, asked: Mapping[str, Any]) -> list[str]:
    """Return the claims that the open page answers with, best first."""
    return list(driver.execute_script(ASK, asked["release"], asked["text"]))


def missed(driver: Any, asked: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], list[str]]]:
    """Return the errors for which another claim comes first, with what came."""
    answered = [(one, answers(driver, one)) for one in asked]
    return [(one, given) for one, given in answered if not given or given[0] not in one["expected"]]


def main(arguments: list[str]) -> int:
    """Print what was missed, and how much was found; return 1 where that is too little."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("table", nargs="?", type=Path, default=Path("docs/compatibility.json"))
    table = compatibility_table.read(parser.parse_args(arguments).table)
    asked = errors()
    with tempfile.TemporaryDirectory() as folder, browser() as driver:
        file = Path(folder) / "table.html"
        file.write_text(page.render(table), encoding="utf-8")
        driver.get(file.as_uri())
        wrong = missed(driver, asked)
    for one, given in wrong:
        print(f"{one['release']}, {one['block']}: {one['text'].splitlines()[-1]}")
        print(f"    {', '.join(given[:3]) or 'nothing'}")
    total = len(asked) - len(wrong)
    print(f"{total} of {len(asked)} errors have the right claim first.")
    return 0 if total >= LEAST * len(asked) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
