from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_kerasch2.timing import scaling
from pytest_kerasch2.timing.benchmark_summary import BenchmarkRow
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.measurement import Measurement

SIZES = (32, 256, 2048, 16384)


def _row(batch: int, seconds: float, device: str = "cpu:0", mode: str = "fit", scatter: float = 0.0) -> BenchmarkRow:
    times = [seconds * math.exp(scatter * off) for off in (-1, -0.5, 0, 0.5, 1)]
    result = Measurement(1.0, (), True, tuple(Block(10, 10 * one, 0.0) for one in times), 1, (None, None), None)
    return BenchmarkRow("b.py::test", device, mode, batch, result)


@settings(deadline=None)
@given(fixed=st.floats(min_value=1e-6, max_value=1e-1), each=st.floats(min_value=1e-8, max_value=1e-3))
def test_a_linear_cost_is_recovered(fixed: float, each: float) -> None:
    result = scaling.fit_linear_cost({size: fixed + each * size for size in SIZES})

    assert (result.fixed, result.each) == (
        pytest.approx(fixed, rel=1e-3, abs=1e-3 * each),
        pytest.approx(each, rel=1e-3),
    )
    assert result.off < 1e-3


def test_what_does_not_follow_it_is_said_to_be_off() -> None:
    result = scaling.fit_linear_cost({32: 1.0, 256: 1.0, 2048: 30.0})

    assert (result.off > scaling.MAX_RESIDUAL, result.holds, result.furthest in SIZES) == (True, False, True)


@pytest.mark.parametrize("steps", [{32: 2.0, 256: 1.0}, {32: 1.0, 256: 10.0}])
def test_no_part_of_a_step_is_negative(steps: dict[int, float]) -> None:
    result = scaling.fit_linear_cost(steps)

    assert min(result.fixed, result.each) == 0.0 < max(result.fixed, result.each)


def _rows(device: str, steps: dict[int, float], scatter: float = 0.0) -> list[BenchmarkRow]:
    return [_row(size, seconds, device, scatter=scatter) for size, seconds in steps.items()]


def _against(gpu: dict[int, float], scatter: float = 0.0) -> scaling.GpuComparison:
    cpu = {32: 1.0, 256: 2.0, 2048: 8.0}
    (result,) = scaling.gpu_comparisons(
        scaling.step_curves([*_rows("cpu:0", cpu, scatter), *_rows("gpu:0", gpu, scatter)])
    )
    return result


@pytest.mark.parametrize(
    ("gpu", "between", "message"),
    [
        ({32: 1.5, 256: 1.6, 2048: 1.7}, (32, 256), "overtakes cpu:0 between batches of 32 and 256."),
        ({32: 1.5, 256: 2.0, 2048: 1.7}, (32, 2048), "overtakes cpu:0 between batches of 32 and 2048."),
        ({32: 0.5, 256: 0.6, 2048: 0.7}, (None, 32), "is quicker than cpu:0 at the smallest of these batches already"),
        ({32: 1.0, 256: 0.6}, (None, 256), "is quicker than cpu:0 at batches of 256; at smaller ones they"),
        ({32: 9.0, 256: 9.0, 2048: 9.0}, (2048, None), "is slower than cpu:0 at batches of 2048, and quicker at none"),
        ({32: 1.0, 256: 2.0}, (None, None), "and cpu:0 do not differ measurably at any of these batches."),
        ({32: 0.5, 256: 9.0, 2048: 0.7}, (256, 2048), "overtakes cpu:0 between batches of 256 and 2048."),
    ],
)  # fmt: skip
def test_a_gpu_overtakes_between_two_batches(
    gpu: dict[int, float], between: tuple[int | None, int | None], message: str
) -> None:
    result = _against(gpu)

    assert (result.last_slower, result.first_faster, message in result.line) == (*between, True)


def test_devices_that_scatter_more_than_they_differ_are_not_distinguished() -> None:
    result = _against({32: 1.1, 256: 1.0}, scatter=0.3)

    assert (result.last_slower, result.first_faster, result.ratios[32].low < 1 < result.ratios[32].high) == (
        None,
        256,
        True,
    )


def test_a_gpu_is_compared_with_the_cpu_of_its_own_file_and_network_alone() -> None:
    cpu, gpu = scaling.step_curves([_row(32, 1.0), _row(32, 1.0, "gpu:0")])

    other = [scaling.gpu_comparisons([cpu, replace(gpu, **change)]) for change in ({"source": 2}, {"network": "other"})]
    assert (len(scaling.gpu_comparisons([cpu, gpu])), other) == (1, [[], []])


def test_each_device_has_a_line_and_both_a_comparison() -> None:
    rows = [_row(size, 0.001 + 1e-5 * size, device) for size in SIZES[:3] for device in ("cpu:0", "gpu:0")]
    rows += [_row(16384, 0.001, "gpu:0"), _row(32, 9.0, mode="eager")]

    result = list(scaling.scaling_lines(scaling.step_curves(rows)))

    assert result[0].startswith(
        "On cpu:0, a step of fit takes about 1.00 ms and 10.0 µs an image (batches of 32 to 2048"
    )
    assert (len(result), result[-1]) == (3, "gpu:0 and cpu:0 do not differ measurably at any of these batches.")


def test_without_a_linear_cost_the_time_of_an_image_is_shown_by_batch_size() -> None:
    (result,) = scaling.scaling_lines(scaling.step_curves(_rows("cpu:0", {32: 0.0064, 256: 0.0064, 2048: 0.2048})))

    assert "is no sum of a fixed cost and a cost of each image" in result
    assert result.endswith("in batches: 200 µs of 32, 25.0 µs of 256, 100 µs of 2048.")


def test_networks_have_separate_curves() -> None:
    rows = [
        replace(_row(size, 0.001 + 1e-5 * size), network=name) for size in SIZES for name in ("float32", "bfloat16")
    ]

    assert [one.network for one in scaling.step_curves(rows)] == ["float32", "bfloat16"]


def test_of_several_rows_of_one_size_the_mean_counts() -> None:
    (result,) = scaling.step_curves([_row(32, 1.0), _row(32, 4.0)])

    assert result.steps == {32: pytest.approx(2.0)}


def test_two_sizes_tell_no_law() -> None:
    assert list(scaling.scaling_lines(scaling.step_curves([_row(32, 1.0), _row(64, 2.0)]))) == []
