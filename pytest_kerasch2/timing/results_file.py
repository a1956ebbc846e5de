"""Reads runs that `pytest --benchmark --benchmark-json=FILE` has stored, of any machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from pytest_kerasch2.claims import schema
from pytest_kerasch2.errors import BadResults
from pytest_kerasch2.json_files import read_json
from pytest_kerasch2.timing.benchmark_summary import BenchmarkRow
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.breakdown import Breakdown, BreakdownRound
from pytest_kerasch2.timing.measurement import Measurement
from pytest_kerasch2.timing.memory import Memory
from pytest_kerasch2.timing.pytest_benchmark_adapter import NAME, SCHEMA

REMEDY = "write it anew with pytest --benchmark --benchmark-json=FILE"
BACKENDS = {"jax": "JAX", "torch": "PyTorch"}


@dataclass(frozen=True)
class StoredRun:
    """A stored run.

    Attributes:
        name: of the file.
        rows: what was measured; what was not is not in such a file.
        day: on which it was written, as year, month and day.
        environment: releases, as the records of the file have them.
        machine: what tells it from others: its name, its processor, and how many cores it has.
        hardware: what each GPU calls itself, by the name of the device.
    """

    name: str
    rows: tuple[BenchmarkRow, ...]
    day: str
    environment: Mapping[str, Any]
    machine: tuple[str, str, int]
    hardware: Mapping[str, str]

    @property
    def line(self) -> str:
        """Return where it comes from."""
        environment, backend = self.environment, self.environment["backend"]
        if backend == "tensorflow":
            releases = f"TensorFlow {environment['tensorflow']}, Keras {environment['keras']}"
        else:
            version = environment.get("backend_version") or ""
            releases = f"Keras {environment['keras']} on {BACKENDS.get(backend, backend)} {version}".strip()
        _, processor, cores = self.machine
        parts = [f"{releases}, CPython {environment['python']}", f"{processor} ({cores} cores)"]
        parts += [f"{device}: {name}" for device, name in self.hardware.items() if name]
        return f"{self.name}, of {self.day}: {'; '.join(parts)}"


def read_run(path: Path) -> StoredRun:
    """Return the run that a file keeps.

    Raises:
        BadResults: it is missing, cut short, of another schema, or holds no steps.
    """
    try:
        content = _upgraded(read_json(path, on_constant=_reject_constant))
        schema.require(content, Path(__file__).with_name("steps.schema.json"))
    except schema.Mismatch as error:
        raise BadResults(f"The benchmark file does not match schema {SCHEMA}", f"{path}, {error}", REMEDY) from error
    except (OSError, ValueError) as error:
        raise BadResults("The benchmark file cannot be read", f"{path}: {error}", REMEDY) from error
    named_records = [(one["fullname"], one.get("extra_info", {}).get(NAME)) for one in content["benchmarks"]]
    records = [(name, record) for name, record in named_records if record is not None]
    if not records:
        count = len(content["benchmarks"])
        raise BadResults(
            "The benchmark file holds no times of steps", f"{path}: {count} benchmarks of another kind", REMEDY
        )
    machine, cpu = content.get("machine_info", {}), content.get("machine_info", {}).get("cpu", {})
    return StoredRun(
        path.name,
        tuple(_row(name, record) for name, record in records),
        content.get("datetime", "")[:10] or "an unknown day",
        records[0][1]["environment"],
        (machine.get("node", ""), cpu.get("brand_raw", machine.get("machine", "an unknown CPU")), cpu.get("count", 0)),
        {record["device"]: record["hardware"] for _, record in records},
    )


# The names of schema 1 in a record and its blocks, and those of today.
OLD_NAMES = {
    "limit_seconds": "roofline_seconds",
    "warming": "warmup",
    "turns": "interleaved_group",
    "parts": "breakdown",
    "proof": "work_check",
    "work_check": "work_check_outcome",
    "owed": "unsynchronised",
    "there": "ready",
}


def _upgraded(content: Any) -> Any:
    """Return a file whose records of schema 1 are of schema 2: the names differ, and nothing else."""
    benchmarks = content.get("benchmarks") if isinstance(content, dict) else None
    for benchmark in benchmarks if isinstance(benchmarks, list) else []:
        info = benchmark.get("extra_info") if isinstance(benchmark, dict) else None
        record = info.get(NAME) if isinstance(info, dict) else None
        if isinstance(info, dict) and isinstance(record, dict) and record.get("schema") == 1:
            info[NAME] = {**_renamed(record), "schema": SCHEMA}
    return content


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            OLD_NAMES.get(name, name): one if name == "environment" else _renamed(one) for name, one in value.items()
        }
    return list(map(_renamed, value)) if isinstance(value, list) else value


def _reject_constant(constant: str) -> None:
    """Read NaN and the infinities, which are no times, as what the schema then refuses where a time is to be."""


def _row(name: str, record: Mapping[str, Any]) -> BenchmarkRow:
    memory = record["memory"] and Memory(record["memory"]["peak"], record["memory"]["growth"])
    warmup, blocks = (tuple(map(_block, record[which])) for which in ("warmup", "blocks"))
    before, after = record["load"]
    measurement = Measurement(
        first_call=record["first_call_seconds"],
        warmup=warmup,
        steady=record["steady"],
        blocks=blocks,
        traces=record["traces"],
        load=(before, after),
        loss=record["loss"] and tuple(record["loss"]),
        memory=memory,
        first_call_steps=record.get("first_call_steps", 0),
        interleaved_group=record.get("interleaved_group", ""),
    )
    return BenchmarkRow(
        name,
        record["device"],
        record["mode"],
        record["batch_size"],
        measurement=measurement,
        roofline_seconds=record["roofline_seconds"],
        network=record["network"],
        breakdown=_breakdown(record.get("breakdown")),
    )


def _breakdown(content: Mapping[str, Any] | None) -> Breakdown | None:
    if content is None:
        return None
    return Breakdown(content["steps"], tuple(BreakdownRound(**one) for one in content["rounds"]))


def _block(content: Mapping[str, Any]) -> Block:
    return Block(content["steps"], content["seconds"], content["unsynchronised"])
