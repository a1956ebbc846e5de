"""Runs a chapter in random orders, with and without workers: the results are the same but for seconds.

python -m evaluation.orders                      a small chapter, 20 orders, -n 0, 2 and 4, twice each
python -m evaluation.orders --orders 2           a tenth
python -m evaluation.orders --real --orders 1    the chapter itself, on the TensorFlow that is installed
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Sequence

from evaluation import journal, small_places
from evaluation.kills import digest
from evaluation.small_places import PYTHON, Place
from pytest_kerasch2.files import Journal

DATA = Path(__file__).parent / "data" / "orders.jsonl"
WORKERS = (0, 2, 4)
TWICE = 2
# A chapter takes minutes.
LIMIT = 3600.0
QUIET = ("-p", "no:cacheprovider", "-q")
# Times, which are evidence of two claims: what a step takes here.
MEASURED = re.compile(r"takes \d+ microseconds an image here, [\d., and]+ times")
# All that two checks can have in common, and that one can use up for the other.
SECTION = """
import random
import numpy
from hypothesis import given, strategies as st
from pytest_kerasch2.checks.properties import examples

@about('python')
def python_(record):
    record.saw(f'{random.random()}')

@about('numpy')
def numpy_(record):
    record.saw(f'{numpy.random.random()}')

@pytest.mark.parametrize("number", range(4))
@about('many')
def many(record, number):
    random.random()
    record.equal('number', expected=number, actual=number)

@about('generated')
def generated(record):
    seen = []
    @examples(5)
    @given(st.integers())
    def property(value):
        seen.append(value)
    property()
    record.saw(str(seen))

@in_subprocess(Job("job_of_chapter:slept"))
@about('child')
def child_(record, child):
    record.equal('answer of the child', expected=5, actual=child)
"""


def without_times(results: Any) -> Any:
    """Return what a results file says, without its times."""
    if isinstance(results, dict):
        return {name: without_times(value) for name, value in results.items() if name != "seconds"}
    if isinstance(results, list):
        return [without_times(value) for value in results]
    return MEASURED.sub("takes so long", results) if isinstance(results, str) else results


def prepared(here: Place) -> None:
    """Put the small chapter into a place."""
    small_places.with_chapter(here, checks=0)
    section = here.folder / "small_chapter" / "section.py"
    head = section.read_text(encoding="utf-8").partition("JOB = ")[0]
    section.write_text(head + SECTION, encoding="utf-8")
    (here.folder / "job_of_chapter.py").write_text(small_places.JOB.format(seconds=0.0), encoding="utf-8")
    (here.folder / "empty").mkdir()


def run(here: Place, order: int, workers: int, real: bool) -> dict[str, Any]:
    """Run the chapter in an order; return a digest of its results, and what it has left in its current folder."""
    results = here.folder / "results.json"
    results.unlink() if results.exists() else None
    which = () if real else ("-p", "small")
    randomly = ("-p", "randomly", f"--randomly-seed={order}")
    with_workers = ("-n", str(workers)) if workers else ()
    words = (*PYTHON, "-m", "pytest", *which, *QUIET, *randomly, *with_workers, "--chapter")
    child = here.start((*words, f"--chapter-results={results}"), cwd=str(here.folder / "empty"))
    status = small_places.wait(child, LIMIT)
    result = without_times(json.loads(results.read_text(encoding="utf-8"))) if results.exists() else {}
    left = sorted(path.name for path in (here.folder / "empty").iterdir())
    return {"status": status, "results": _digest(result), "left": left, "claims": _by_claim(result)}


def _by_claim(actual: Any) -> dict[str, str]:
    return {claim["id"]: _digest(claim) for claim in actual.get("claims", ())}


def _digest(actual: Any) -> str:
    return hashlib.sha256(json.dumps(actual, sort_keys=True).encode()).hexdigest()[:12]


def differing(lines: Sequence[dict[str, Any]]) -> list[str]:
    """Return the claims whose evidence is not the same in all runs."""
    names = {name for line in lines for name in line["claims"]}
    return sorted(name for name in names if len({line["claims"].get(name) for line in lines}) > 1)


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="the first of the orders (1)")
    parser.add_argument("--orders", type=int, default=20, help="how many (20)")
    parser.add_argument("--real", action="store_true", help="the chapter itself")
    parser.add_argument("--workers", type=int, nargs="+", default=WORKERS, help="processes (0 2 4)")
    parser.add_argument("--times", type=int, default=TWICE, help="runs of each (2)")
    parser.add_argument("--out", type=Path, default=DATA, help="file of results")
    given = parser.parse_args()
    lines = _all(given)
    counted = Counter((line["status"], line["results"]) for line in lines)
    print(f"{len(lines)} runs; exit status and results: {dict(counted)}")
    left = sorted({name for line in lines for name in line["left"]})
    different = differing(lines)
    print(f"left in the current folder: {', '.join(left) or 'nothing'}")
    print(f"claims whose evidence differs: {', '.join(different) or 'none'}")
    return int(bool(left or different or len(counted) > 1))


def _all(given: argparse.Namespace) -> list[dict[str, Any]]:
    given.out.parent.mkdir(exist_ok=True)
    revision = digest(Path(__file__))
    keys = ("order", "workers", "time", "real")
    done = {tuple(line[key] for key in keys): line for line in journal.keep(given.out, revision)}
    orders = range(given.seed, given.seed + given.orders)
    asked = [(*one, given.real) for one in itertools.product(orders, given.workers, range(given.times))]
    progress = journal.Progress(len([one for one in asked if one not in done]), sys.stderr)
    for one in asked:
        if one not in done:
            with small_places.place(f"orders-{one}") as here:
                prepared(here)
                line = {"revision": revision, **dict(zip(keys, one)), **run(here, one[0], one[1], given.real)}
            Journal(given.out).append(line)
            done[one] = line
            progress.step(f"order {one[0]}, -n {one[1]}: {line['results']}")
    return [done[one] for one in asked]


if __name__ == "__main__":
    sys.exit(main())
