from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from pytest_kerasch2.errors import Inconclusive
from pytest_kerasch2.framework.devices import Device
from pytest_kerasch2.timing import memory
from pytest_kerasch2.timing.memory import Gauge, Memory

LARGE = 64 * 2**20
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone forgets a peak")


@linux
def test_the_peak_is_that_since_it_was_forgotten() -> None:
    gauge = Gauge(Device("cpu", 0))
    np.ones(4 * LARGE, "uint8").sum()
    assert gauge.reset()
    before = gauge.now()
    np.ones(LARGE, "uint8").sum()

    peak = gauge.peak()

    assert before is not None
    assert peak is not None
    assert 0.9 * LARGE < peak - before < 2 * LARGE


@linux
def test_growth_is_per_step() -> None:
    gauge = Gauge(Device("cpu", 0))
    assert gauge.reset()
    before = gauge.now()
    kept = np.ones(LARGE, "uint8")

    result = memory.taken_since(gauge, before, steps=64)

    assert result is not None
    assert (kept.nbytes, result.growth) == (LARGE, pytest.approx(LARGE / 64, rel=0.1))


def test_a_machine_that_does_not_tell_is_not_guessed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_of_process", lambda name: None)

    assert memory.taken_since(Gauge(Device("cpu", 0)), None, 10) is None


class ResourceExhaustedError(Exception):
    """As TensorFlow has it."""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ResourceExhaustedError("OOM when allocating tensor"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 68719476736 bytes."),
    ],
)
def test_too_little_memory_is_no_fault_of_what_is_measured(error: Exception) -> None:
    with pytest.raises(Inconclusive, match="too little memory"), memory.exhaustion_reported(Device("gpu", 0)):
        raise error


def test_another_error_stays_what_it_is() -> None:
    with pytest.raises(ValueError, match="shape"), memory.exhaustion_reported(Device("gpu", 0)):
        raise ValueError("another shape")


def test_a_peak_that_cannot_be_forgotten_is_none_of_what_follows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(memory, "_CLEAR", tmp_path / "nowhere" / "clear_refs")

    assert Gauge(Device("cpu", 0)).reset() is False


def test_what_a_file_says_of_it_is_plain() -> None:
    assert Memory(2.0, 1.0).to_dict() == {"peak": 2.0, "growth": 1.0}
