"""Runs of benchmarks that were kept: read back, shown by `kerasch2 scaling`, and refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2 import cli
from pytest_kerasch2.errors import BadResults
from pytest_kerasch2.timing import pytest_benchmark_adapter, results_file
from tests.builders.benchmark_rows import APART, CPU, GPU, kept, record

BLOCK = {"steps": 1, "seconds": 1.0, "unsynchronised": 0}


def _written(folder: Path, plain: Any, name: str = "times.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(plain), encoding="utf-8")
    return path


def test_what_was_measured_is_read_back(tmp_path: Path) -> None:
    result = results_file.read_run(_written(tmp_path, kept([APART, *CPU, *GPU])))

    assert result.rows == (APART, *CPU, *GPU)


def test_where_it_comes_from_is_said(tmp_path: Path) -> None:
    result = results_file.read_run(_written(tmp_path, kept([*CPU, *GPU])))

    assert result.line == (
        "times.json, of 2026-11-26: Keras 3.15.1 on JAX, CPython 3.11.7; Some CPU (2 cores); gpu:0: Some GPU"
    )


def test_the_schema_is_that_of_what_is_recorded() -> None:
    schema = json.loads(Path(results_file.__file__).with_name("steps.schema.json").read_text(encoding="utf-8"))

    assert schema["definitions"]["record"]["properties"]["schema"] == {"const": pytest_benchmark_adapter.SCHEMA}


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        (kept(CPU, schema=3), "{path}, at benchmarks/0/extra_info/kerasch2/schema"),
        (kept(CPU, blocks=[]), "at benchmarks/0/extra_info/kerasch2/blocks"),
        (kept(CPU, blocks=[{**BLOCK, "seconds": float("nan")}]), "blocks/0/seconds: must be number"),
        (kept(CPU, network=None), "kerasch2/network: must be string"),
        (kept(CPU, breakdown={"steps": 10, "rounds": [{"whole": 1}]}), "kerasch2/breakdown"),
        (kept([]), "{path}: 1 benchmarks of another kind"),
        ({"schema": 1, "claims": []}, "does not match schema 2"),
        ([], "does not match schema 2"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path, plain: Any, message: str) -> None:
    path = _written(tmp_path, plain)

    with pytest.raises(BadResults) as caught:
        results_file.read_run(path)

    assert message.format(path=path) in str(caught.value)


@pytest.mark.parametrize("spoil", [lambda text: text[:500], lambda text: "", None])
def test_a_file_that_was_cut_short_or_is_missing_is_refused(tmp_path: Path, spoil: Any) -> None:
    path = tmp_path / "times.json"
    if spoil is not None:
        path.write_text(spoil(json.dumps(kept(CPU))), encoding="utf-8")

    with pytest.raises(BadResults, match=r"The benchmark file cannot be read.*times.json: .*--benchmark-json"):
        results_file.read_run(path)


def test_scaling_command_shows_a_stored_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["scaling", str(_written(tmp_path, kept([*CPU, *GPU])))])

    output = capsys.readouterr().out
    assert (status, "of 2026-11-26" in output, "gpu:0 overtakes cpu:0 between" in output) == (0, True, True)


def test_scaling_command_shows_a_stored_breakdown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["scaling", str(_written(tmp_path, kept([APART, *CPU])))])

    assert "On cpu:0, a step of fit(batch_size=32) takes 1.00 ms: input 100 µs (10 %)" in capsys.readouterr().out


@pytest.mark.parametrize(("node", "unlike"), [("there", True), ("here", False)])
def test_runs_of_unlike_machines_are_called_so_and_have_no_ratio(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], node: str, unlike: bool
) -> None:
    files = [_written(tmp_path, kept(CPU), "cpu.json"), _written(tmp_path, kept(GPU, node), "gpu.json")]

    cli.main(["scaling", *map(str, files)])

    output = capsys.readouterr().out
    assert ("different machines" in output, "gpu:0 [2]" in output, "overtakes" in output) == (unlike, True, False)


def _single(folder: Path) -> list[str]:
    return [str(_written(folder, kept(CPU[:1])))]


def _twice(folder: Path) -> list[str]:
    return 2 * [str(_written(folder, kept(CPU)))]


def _nowhere(folder: Path) -> list[str]:
    return [str(folder / "missing.json"), "--plot", str(folder / "nowhere" / "a.png")]


def _other_mode(folder: Path) -> list[str]:
    return [str(_written(folder, kept([replace(one, mode="eager") for one in CPU])))]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (_single, "several batch sizes"),
        (_other_mode, "fit was timed with none"),
        (_twice, "FILE must name each run once"),
        (_nowhere, "A picture cannot be written"),
    ],
)
def test_words_that_cannot_be_used_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: Any, message: str
) -> None:
    status = cli.main(["scaling", *words(tmp_path)])

    assert (status, message in capsys.readouterr().err) == (2, True)


def test_a_gpu_of_no_name_is_one_all_the_same(tmp_path: Path) -> None:
    plain = kept(GPU)
    plain["benchmarks"][0]["extra_info"]["kerasch2"] = record(GPU[0], hardware="")

    assert len(results_file.read_run(_written(tmp_path, plain)).rows) == len(GPU)
