"""Run all campaigns of damaged and hostile input, signals, surroundings and orders, and write docs/robustness.md.

    python -m evaluation.robustness                    all; each continues where it was stopped
    python -m evaluation.robustness --tenth            about a tenth of each; the page stays as it is
    python -m evaluation.robustness --only kills       one of them; may be repeated

Ends with 1 where a campaign found what may not be.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Sequence

from pytest_kerasch2.files import write_text

HERE = Path(__file__).parent
TEXT = HERE / "robustness_text.md"
PAGE = HERE.parent / "docs" / "robustness.md"
# What each campaign is given for the whole of it, and for about a tenth.
CAMPAIGNS = {
    "damaged_models": ([], ["--each", "200"]),
    "hostile_models": ([], ["--no-control"]),
    "damaged_files": ([], ["--cases", "200"]),
    "hostile_texts": (["--every", "7"], ["--every", "71"]),
    "bad_servers": ([], []),
    "kills": ([], ["--each", "6"]),
    "surroundings": ([], ["--only", "output full"]),
    "orders": ([], ["--orders", "2", "--times", "1"]),
}


def ran(name: str, more: Sequence[str]) -> tuple[int, str]:
    """Run a campaign, its progress on this terminal; return its status and what it printed of its counts."""
    words = [sys.executable, "-m", f"evaluation.{name}", *more]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, flush=True)
    return done.returncode, done.stdout.strip()


def section(name: str, more: Sequence[str], printed: str) -> str:
    """Return what the page says of a campaign."""
    table = printed if printed.startswith("|") else f"```text\n{printed}\n```"
    return f"\n### {name}\n\n`python -m evaluation.{' '.join([name, *more])}`\n\n{table}\n"


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenth", action="store_true")
    parser.add_argument("--only", action="append", choices=CAMPAIGNS)
    given = parser.parse_args()
    asked = {name: CAMPAIGNS[name][given.tenth] for name in given.only or CAMPAIGNS}
    found = {name: ran(name, more) for name, more in asked.items()}
    if not given.tenth and len(found) == len(CAMPAIGNS):
        sections = (section(name, asked[name], printed) for name, (_, printed) in found.items())
        write_text(TEXT.read_text(encoding="utf-8") + "".join(sections), PAGE)
    return int(any(status for status, _ in found.values()))


if __name__ == "__main__":
    sys.exit(main())
