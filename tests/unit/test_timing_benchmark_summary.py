from __future__ import annotations

import pytest

from pytest_kerasch2.timing import benchmark_summary
from pytest_kerasch2.timing.benchmark_summary import BenchmarkRow
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.measurement import Measurement
from pytest_kerasch2.timing.memory import Memory

BLOCKS = tuple(Block(100, seconds, 0.0) for seconds in (0.19, 0.2, 0.2, 0.2, 0.21))
MEMORY = Memory(3 * 2**30, 2048.0)


def _row(name: str = "benchmarks/bench_steps.py::test_way[cpu:0-fit]", **more: object) -> BenchmarkRow:
    result = Measurement(1.5, (), bool(more.pop("steady", True)), BLOCKS, 1, (None, None), None, MEMORY)
    return BenchmarkRow(name, "cpu:0", "fit", 32, result, **{"roofline_seconds": 0.0005, **more})  # type: ignore[arg-type]


def test_the_steps_of_the_first_call_are_no_part_of_what_came_before_them() -> None:
    result = Measurement(1.5, (), True, BLOCKS, 1, (None, None), None, first_call_steps=250)

    assert result.setup_seconds == pytest.approx(1.0)


def _line(text: str, word: str) -> str:
    return next(line for line in text.splitlines() if word in line)


def test_a_row_tells_the_step_the_image_the_limit_and_the_memory() -> None:
    line = _line(benchmark_summary.table_text([_row()], 120, colour=False), "way[cpu:0-fit]")

    assert line.split()[1:] == [
        "2.00",
        "ms",
        "±",
        "0",
        "%",
        "62.5",
        "µs",
        "4.0",
        "1.50",
        "s",
        "3.00",
        "GiB",
        "2.00",
        "KiB",
    ]


def test_where_there_is_no_room_the_memory_is_left_out() -> None:
    text = benchmark_summary.table_text([_row()], 80, colour=False)

    shown = text.split("step: median")[0].splitlines()
    assert ("1.50 s" in text, "GiB" in text, max(map(len, shown)) <= 80) == (True, False, True)


def test_a_step_that_did_not_become_steady_is_marked() -> None:
    assert "0 % *" in benchmark_summary.table_text([_row(steady=False)], 120, colour=False)


def test_a_network_of_other_layers_has_no_limit() -> None:
    line = _line(benchmark_summary.table_text([_row(roofline_seconds=None)], 120, colour=False), "way[cpu:0-fit]")

    assert " 4.0 " not in line


def test_what_was_not_measured_says_why() -> None:
    row = BenchmarkRow("b.py::test_way[gpu:0-xla]", why_not="there is no GPU")

    text = benchmark_summary.table_text([row], 80, colour=False)

    assert "– way[gpu:0-xla]: there is no GPU" in text


def test_without_colours_there_are_none() -> None:
    assert "\x1b" not in benchmark_summary.table_text([_row()], 120, colour=False)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (2.0, "2.00 s"),
        (0.0123, "12.3 ms"),
        (0.25, "250 ms"),
        (0.0000005, "0.500 µs"),
        (0.9996, "1.00 s"),
        (0.00009999, "100 µs"),
        (1234.5, "1234 s"),
    ],
)
def test_times_have_three_digits(seconds: float, expected: str) -> None:
    assert benchmark_summary.duration(seconds) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (2**20, "1.00 MiB"),
        (-2048.0, "-2.00 KiB"),
        (12.4, "12 B"),
        (1010 * 2**20, "1010 MiB"),
        (1023.9 * 2**20, "1.00 GiB"),
    ],
)
def test_numbers_of_bytes_have_three_digits(count: float, expected: str) -> None:
    assert benchmark_summary.byte_count(count) == expected
