"""Run all campaigns of damaged and hostile input, signals, surroundings and orders, and write docs/robustness.md.

    python -m evaluation.robustness                    all; each continues where it was stopped
    python -m evaluation.robustness --tenth            a sample of each, within a minute; the results are not kept
    python -m evaluation.robustness --only kills       one of them; may be repeated

Ends with 1 where a campaign found what may not be.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterable, Sequence

from pytest_kerasch2.files import write_text

HERE = Path(__file__).parent
TEXT = HERE / "robustness_text.md"
PAGE = HERE.parent / "docs" / "robustness.md"
# What each campaign is given for the whole of it, and for a sample that ends within seconds.
CAMPAIGNS = {
    "damaged_models": ([], ["--each", "20"]),
    "hostile_models": ([], ["--no-control"]),
    "damaged_files": ([], ["--cases", "20"]),
    "hostile_texts": (["--every", "7"], ["--every", "1409"]),
    "bad_servers": ([], []),
    "kills": ([], ["--each", "2"]),
    "surroundings": ([], ["--only", "output full"]),
    "orders": ([], ["--orders", "1", "--times", "1"]),
}


def ran(name: str, more: Sequence[str]) -> tuple[int, str]:
    """Run a campaign, its progress on this terminal; return its status and what it printed of its counts."""
    words = [sys.executable, "-m", f"evaluation.{name}", *more]
    began = time.monotonic()
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    print(f"== {name}: {time.monotonic() - began:.0f} s\n{done.stdout}", flush=True)
    return done.returncode, done.stdout.strip()


def sampled(names: Iterable[str]) -> int:
    """Run a sample of some campaigns, as many at once as there are processors; return 1 where one failed."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        started = [pool.submit(ran, name, [*CAMPAIGNS[name][1], "--out", f"{folder}/{name}"]) for name in names]
        return int(any(one.result()[0] for one in started))


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
    names = given.only or list(CAMPAIGNS)
    if given.tenth:
        return sampled(names)
    by_name = {name: ran(name, CAMPAIGNS[name][0]) for name in names}
    if len(by_name) == len(CAMPAIGNS):
        sections = (section(name, CAMPAIGNS[name][0], printed) for name, (_, printed) in by_name.items())
        write_text(TEXT.read_text(encoding="utf-8") + "".join(sections), PAGE)
    return int(any(status for status, _ in by_name.values()))


if __name__ == "__main__":
    sys.exit(main())
