"""Equal evidence: what ran before, and in which process, is not seen in the results; nothing is left where it ran."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from evaluation import orders, small_places

pytest.importorskip("pytest_randomly", reason="orders are drawn by pytest-randomly")
pytest.importorskip("xdist", reason="workers are those of pytest-xdist")
pytestmark = [
    # `python -m evaluation.robustness --tenth` does the same.
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked at in /proc"),
]
# The seeds are those of the orders; the last number is of workers.
RUNS = [(1, 0), (2, 0), (2, 2)]


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    results = []
    for order, workers in RUNS:
        with small_places.place(f"{os.getpid()}-{order}-{workers}") as here:
            orders.prepared(here)
            results.append(orders.run(here, order, workers, real=False))
    return results


def test_the_results_are_equal(lines: list[dict[str, Any]]) -> None:
    ends: list[tuple[int, int]] = [(line["status"], len(line["claims"])) for line in lines]

    assert (orders.differing(lines), ends) == ([], [(0, 5)] * len(RUNS))


def test_nothing_is_left_in_the_current_folder(lines: list[dict[str, Any]]) -> None:
    assert [line["left"] for line in lines] == [[]] * len(RUNS)
