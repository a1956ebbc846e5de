from __future__ import annotations

from typing import Any

import pytest

from pytest_kerasch2.timing import benchmark_summary
from pytest_kerasch2.timing.benchmark_summary import BenchmarkRow
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.measurement import Measurement


def _row(
    mode: str,
    milliseconds: float,
    batch: int = 32,
    *,
    device: str = "cpu:0",
    scatter: float = 0.0,
    network: str = "float32",
) -> BenchmarkRow:
    times = [milliseconds * (1 + scatter * place) / 1000 for place in (-2, -1, 0, 1, 2)]
    result = Measurement(1.0, (), True, tuple(Block(100, 100 * one, 0.0) for one in times), 1, (None, None), None)
    return BenchmarkRow(f"b.py::test[{mode}-{batch}]", device, mode, batch, result, network=network)


def test_advice_names_the_speedup_and_what_changes() -> None:
    rows = [_row("fit", 2.0), _row("fit-many", 1.0), _row("fit", 4.0, batch=256)]

    assert list(benchmark_summary.advice_lines(rows)) == [
        "On cpu:0, fit(batch_size=32) takes 62.5 µs an image (float32).",
        "  4.0 times as quick: fit(batch_size=256) (another training: fewer steps an epoch)",
        "  2.0 times as quick: compile(steps_per_execution=25) and fit(batch_size=32) (the same training)",
    ]


def test_what_is_slower_or_hardly_quicker_is_no_advice() -> None:
    rows = [_row("fit", 2.0), _row("fit-many", 1.9), _row("fit", 90.0, batch=64)]

    assert list(benchmark_summary.advice_lines(rows)) == []


def test_steps_that_nothing_feeds_are_no_advice() -> None:
    rows = [_row("fit", 2.0), _row("graph", 0.1), _row("xla", 0.1), _row("train_on_batch", 1)]

    assert list(benchmark_summary.advice_lines(rows)) == []


def test_what_may_be_chance_is_no_advice() -> None:
    rows = [_row("fit", 2.0, scatter=0.3), _row("fit-many", 1.5, scatter=0.3)]

    assert list(benchmark_summary.advice_lines(rows)) == []


def test_rows_of_one_call_are_one() -> None:
    rows = [_row("fit", 1.0), _row("fit", 3.0), _row("fit-many", 1.0)]

    assert list(benchmark_summary.advice_lines(rows))[1].startswith("  2.0 times as quick")


@pytest.mark.parametrize("other", [{"device": "gpu:0"}, {"network": "bfloat16"}])
def test_another_device_or_network_is_advised_by_itself(other: Any) -> None:
    rows = [_row("fit", 2.0), _row("fit-many", 0.1, **other), _row("fit", 8.0, **other)]

    (head, result) = benchmark_summary.advice_lines(rows)

    assert (head.startswith(f"On {other.get('device', 'cpu:0')}"), result.startswith("  80.0 times")) == (True, True)


def test_without_a_call_of_fit_there_is_nothing_to_compare_with() -> None:
    assert list(benchmark_summary.advice_lines([_row("fit-many", 2.0), BenchmarkRow("b", why_not="absent")])) == []
