from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_kerasch2.timing import by_batch
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.measuring import Measurement
from pytest_kerasch2.timing.table import Row

SIZES = (32, 256, 2048, 16384)


def _row(batch: int, seconds: float, device: str = "cpu:0", mode: str = "fit") -> Row:
    found = Measurement(1.0, (), True, (Block(10, 10 * seconds, 0.0),) * 5, 1, (None, None), None)
    return Row("b.py::test", device, mode, batch, found)


@given(fixed=st.floats(min_value=1e-6, max_value=1e-1), each=st.floats(min_value=1e-8, max_value=1e-3))
def test_what_follows_the_law_is_told_by_it(fixed: float, each: float) -> None:
    found = by_batch.law({size: fixed + each * size for size in SIZES})

    assert (found.fixed, found.each) == (pytest.approx(fixed, rel=1e-3, abs=1e-3 * each), pytest.approx(each, rel=1e-3))
    assert found.off < 1e-3


def test_what_does_not_follow_it_is_said_to_be_off() -> None:
    assert by_batch.law({32: 1.0, 256: 1.0, 2048: 3.0}).off > 0.02


@pytest.mark.parametrize("steps", [{32: 2.0, 256: 1.0}, {32: 1.0, 256: 10.0}])
def test_no_part_of_a_step_is_negative(steps: dict[int, float]) -> None:
    found = by_batch.law(steps)

    assert min(found.fixed, found.each) == 0.0 < max(found.fixed, found.each)


CPU = {32: 1.0, 256: 2.0, 2048: 8.0}


@pytest.mark.parametrize(
    ("gpu", "between"),
    [
        ({32: 1.5, 256: 1.6, 2048: 1.7}, (32, 256)),
        ({32: 0.5, 256: 0.6, 2048: 0.7}, (0, 32)),
        ({32: 9.0, 256: 9.0, 2048: 9.0}, None),
        ({512: 9.0}, None),
    ],
)
def test_a_gpu_overtakes_between_two_batches(gpu: dict[int, float], between: tuple[int, int] | None) -> None:
    assert by_batch.overtakes(CPU, gpu) == between


def test_each_device_has_a_line_and_both_a_comparison() -> None:
    rows = [_row(size, 0.001 + 1e-5 * size, device) for size in SIZES[:3] for device in ("cpu:0", "gpu:0")]
    rows += [_row(16384, 0.001, "gpu:0"), _row(32, 9.0, mode="eager")]

    found = list(by_batch.lines(rows))

    assert found[0].startswith(
        "On cpu:0, a step of fit takes about 1.00 ms and 10.0 µs an image (batches of 32 to 2048"
    )
    assert found[-2:] == [
        "  batches of 2048: 1.00 times as quick on the GPU",
        "  the GPU overtakes the CPU at or below 32.",
    ]


def test_networks_are_told_apart() -> None:
    rows = [
        replace(_row(size, 0.001 + 1e-5 * size), network=name) for size in SIZES for name in ("float32", "bfloat16")
    ]

    assert len(list(by_batch.lines(rows))) == 2


def test_two_sizes_tell_no_law() -> None:
    assert list(by_batch.lines([_row(32, 1.0), _row(64, 2.0)])) == []
