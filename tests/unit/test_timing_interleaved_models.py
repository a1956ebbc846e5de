"""Models whose blocks take turns, and what is told of them: on stand-ins, without a framework."""

from __future__ import annotations

import pytest

from pytest_kerasch2.stats import bootstrap
from pytest_kerasch2.timing import benchmark_summary, measurement, memory
from pytest_kerasch2.timing.benchmark_summary import BenchmarkRow
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.measurement import Measurement
from pytest_kerasch2.timing.memory import Memory
from tests.builders.sleeping_workload import STEP, SleepingWorkload

# What disturbs a round disturbs all that have a block in it.
ROUNDS = (1.0, 3.0, 1.1, 0.9, 2.0)


def _row(name: str, times: float, turns: str = "styles", device: str = "cpu:0") -> BenchmarkRow:
    blocks = tuple(Block(10, one * times, 0.0) for one in ROUNDS)
    measurements = Measurement(1.0, (), True, blocks, 1, (None, None), None, interleaved_group=turns)
    return BenchmarkRow(f"bench.py::test_{name}", device, "fit", 32, measurements)


def test_each_has_a_block_in_each_round() -> None:
    one, other = SleepingWorkload(), SleepingWorkload()

    measurements = measurement.measure_interleaved([one, other], STEP, 0.01, min_rounds=7)  # type: ignore[list-item]

    assert [len(entry.blocks) for entry in measurements] == [7, 7]


def test_each_does_the_steps_that_are_counted_for_it() -> None:
    subjects = [SleepingWorkload(), SleepingWorkload()]

    measurements = measurement.measure_interleaved(subjects, STEP, 0.01)  # type: ignore[arg-type]

    counted = [1 + sum(one.steps for one in (*entry.warmup, *entry.blocks)) for entry in measurements]
    assert [one.done for one in subjects] == counted


def test_what_disturbs_a_round_is_in_no_ratio() -> None:
    lines = list(benchmark_summary.interleaved_lines([_row("first", 1.0), _row("second", 1.5)]))

    assert lines[0].startswith("Interleaved on cpu:0, relative to first,")
    assert lines[1:] == ["  second: 1.500 (1.500 to 1.500)"]


@pytest.mark.parametrize(
    "rows",
    [
        [_row("first", 1.0, turns=""), _row("second", 1.5, turns="")],
        [_row("first", 1.0), _row("second", 1.5, device="gpu:0")],
        [_row("first", 1.0), BenchmarkRow("bench.py::test_second", why_not="it is not there")],
    ],
    ids=["no turns", "two devices", "not measured"],
)
def test_models_that_were_not_interleaved_are_not_compared(rows: list[BenchmarkRow]) -> None:
    assert list(benchmark_summary.interleaved_lines(rows)) == []


def test_a_median_lies_between_what_was_drawn() -> None:
    span = bootstrap.median_of([0.0, 0.1, 0.2, 0.3, 0.4], 0.05)

    assert 1.0 <= span.low < span.estimate < span.high <= 1.5
    assert span.estimate == pytest.approx(1.2214, abs=1e-4)


def test_of_several_blocks_the_peak_is_the_largest_and_growth_their_mean() -> None:
    assert memory.combined([Memory(10.0, 1.0), Memory(30.0, 2.0)]) == Memory(30.0, 1.5)
    assert memory.combined([Memory(10.0, 1.0), None]) is None
