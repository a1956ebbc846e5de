from __future__ import annotations

from dataclasses import replace

from pytest_kerasch2.timing import scaling
from tests.builders.benchmark_rows import CPU, GPU


def _cells(text: str, size: int) -> str:
    return " ".join(next(line for line in text.splitlines() if line.split()[:1] == [str(size)]).split())


def test_each_size_has_both_devices_and_their_ratio_with_its_interval() -> None:
    text = scaling.scaling_text(scaling.step_curves([*CPU, *GPU]), 100, colour=False)

    assert _cells(text, 2048).startswith("2048 21.5 ms ± 1 % 2.20 ms ± 1 % 9.74 (9.")
    assert ("gpu:0: ratio" in text, "gpu:0 overtakes cpu:0 between batches of 32 and 256." in text) == (True, True)


def test_without_a_gpu_its_half_says_so() -> None:
    text = scaling.scaling_text(scaling.step_curves(CPU), 100, colour=False)

    assert (_cells(text, 32), "ratio" in text) == ("32 1.32 ms ± 1 % not measured", False)


def test_a_size_that_one_device_could_not_do_says_so() -> None:
    text = scaling.scaling_text(scaling.step_curves([*CPU, *GPU[:-1]]), 100, colour=False)

    assert _cells(text, 2048) == "2048 21.5 ms ± 1 % not measured"


def test_of_a_single_size_there_is_no_table() -> None:
    rows = [replace(CPU[0], network="bfloat16, 1 parameters")]

    assert scaling.scaling_text(scaling.step_curves(rows), 100, colour=False) == ""


def test_devices_of_several_files_stand_side_by_side() -> None:
    text = scaling.scaling_text([*scaling.step_curves(CPU, 1), *scaling.step_curves(GPU, 2)], 100, colour=False)

    assert ("cpu:0 [1]" in text, "gpu:0 [2]" in text, "ratio" in text) == (True, True, False)
