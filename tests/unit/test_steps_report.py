"""What is told of runs of the chapter's benchmarks that were kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_kerasch2.timing import results_file
from pytest_kerasch2.timing.breakdown import Breakdown, BreakdownRound
from tests.builders.benchmark_rows import APART, CPU, GPU, kept

pytest.importorskip("matplotlib")
steps_report = pytest.importorskip("evaluation.steps_report")


@pytest.fixture
def page(tmp_path: Path) -> str:
    lost = Breakdown(10, (BreakdownRound(0.001, 0.0001, 0.0007, 0.0006, 0.0, 0.0001),))
    runs = {
        "steps-1-one": [*CPU, *GPU],
        "steps-2-two": CPU,
        "parts-1": [APART],
        "parts-2": [replace(APART, breakdown=lost)],
    }
    for name, rows in runs.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(kept(rows)), encoding="utf-8")
    return str(steps_report.section(tmp_path, tmp_path / "steps.png"))


def test_each_run_has_a_table(page: str) -> None:
    assert "| batch[256-gpu:0] | 2.03 ms ± 1 % | 7.91 µs | 4.0 | 1.50 s | 1.00 MiB | 8 B |" in page


def test_runs_without_interleaved_styles_do_not_mention_them(page: str) -> None:
    assert "interleaved" not in page


def test_of_runs_whose_styles_took_turns_it_is_said(tmp_path: Path) -> None:
    turned = [
        replace(row, measurement=row.measurement and replace(row.measurement, interleaved_group="styles"))
        for row in CPU
    ]
    (tmp_path / "steps-1-one.json").write_text(json.dumps(kept(turned)), encoding="utf-8")

    page = steps_report.section(tmp_path, tmp_path / "steps.png")

    assert "the blocks of the styles were interleaved" in page
    assert "Interleaved on cpu:0" in page


def test_devices_stand_side_by_side_by_batch(page: str) -> None:
    assert "gpu:0 [1] overtakes cpu:0 [1] between batches of 32 and 256." in page


def test_of_runs_of_all_batch_sizes_these_are_told_and_not_the_few(tmp_path: Path) -> None:
    for name, rows in {"steps-1-few": CPU, "batches-1-all": [*CPU, *GPU]}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(kept(rows)), encoding="utf-8")

    page = steps_report.section(tmp_path, tmp_path / "steps.png")

    by_batch = page.partition("### By batch size")[2]
    assert "batches-1-all.json" in by_batch
    assert "steps-1-few.json" not in by_batch


def test_parts_that_do_not_add_up_are_reported(page: str) -> None:
    lines = [line for line in page.split("\n") if line.endswith("reached |")]

    assert lines == [
        "| parts-1.json | 32 | 1.00 ms | 10% | 20% | 70% | 0% | 100 ± 0 % | reached |",
        "| parts-2.json | 32 | 1.00 ms | 10% | 20% | 50% | 0% | 80 ± 0 % | not reached |",
    ]


def test_what_is_kept_of_a_run_is_read_as_the_run_is(tmp_path: Path) -> None:
    path = tmp_path / "times.json"
    path.write_text(json.dumps({**kept([APART, *GPU]), "commit_info": {"id": "1"}}), encoding="utf-8")

    out = steps_report.keep(path, "steps-1-one", tmp_path)

    assert replace(results_file.read_run(out), name=path.name) == results_file.read_run(path)
    assert "commit_info" not in out.read_text(encoding="utf-8")
