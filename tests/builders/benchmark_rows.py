"""Rows of a CPU and of a GPU, and the file that such a run leaves, made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_kerasch2.timing.benchmark_summary import BenchmarkRow
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.breakdown import Breakdown, BreakdownRound
from pytest_kerasch2.timing.measurement import Measurement
from pytest_kerasch2.timing.memory import Memory

SIZES = (32, 256, 2048)
NETWORK = "float32, 407050 parameters"
OFF = (-0.02, -0.01, 0.0, 0.01, 0.02)


def row(device: str, batch: int, seconds: float) -> BenchmarkRow:
    blocks = tuple(Block(10, 10 * seconds * (1 + off), 0.0) for off in OFF)
    measurement = Measurement(1.5, blocks[:2], True, blocks, 1, (0.5, 0.7), (2.0, 1.0), Memory(2.0**20, 8.0))
    return BenchmarkRow(f"b.py::test_batch[{batch}-{device}]", device, "fit", batch, measurement, seconds / 4, NETWORK)


CPU = tuple(row("cpu:0", size, 0.001 + 1e-5 * size) for size in SIZES)
GPU = tuple(row("gpu:0", size, 0.002 + 1e-7 * size) for size in SIZES)
NO_LAW = tuple(row("cpu:0", size, seconds) for size, seconds in zip(SIZES, (0.001, 0.001, 0.1)))
APART = replace(CPU[0], breakdown=Breakdown(10, (BreakdownRound(0.001, 0.0001, 0.0009, 0.0008, 0.0, 0.0001),) * 3))
GONE = replace(GPU[0], measurement=None, why_not="no memory")


def record(one: BenchmarkRow, **change: Any) -> dict[str, Any]:
    """Return the record that pytest-benchmark's file has of a row."""
    assert one.measurement is not None
    environment = {"plugin": "0.1.0", "tensorflow": "-", "keras": "3.15.1", "backend": "jax", "python": "3.11.7"}
    about = {"mode": one.mode, "batch_size": one.batch_size, "device": one.device, "environment": environment}
    hardware = "Some GPU" if one.device.startswith("gpu") else ""
    about.update(schema=2, roofline_seconds=one.roofline_seconds, network=one.network, hardware=hardware)
    about.update(breakdown=one.breakdown and one.breakdown.to_dict())
    return {**about, **one.measurement.to_dict(), **change}


def kept(rows: Any, node: str = "here", **change: Any) -> dict[str, Any]:
    """Return what pytest-benchmark writes of a run, as far as it is read."""
    benchmarks = [{"fullname": one.name, "extra_info": {"kerasch2": record(one, **change)}} for one in rows]
    machine = {"node": node, "cpu": {"brand_raw": "Some CPU", "count": 2}}
    other = {"fullname": "another.py::test", "extra_info": {}, "stats": {"ops": float("inf")}}
    return {"machine_info": machine, "datetime": "2026-11-26T06:58:28", "benchmarks": [*benchmarks, other]}
