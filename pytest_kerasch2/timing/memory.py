"""The memory of a process or device: its peak, and its growth per step."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Iterator, Sequence

from pytest_kerasch2.errors import Inconclusive
from pytest_kerasch2.framework import api
from pytest_kerasch2.framework.devices import Device

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
# What Linux takes for: forget the peak.
_FORGET = "5"
# Each framework has an error of its own for too little memory, and XLA one for all of its own.
_EXHAUSTED = ("ResourceExhausted", "RESOURCE_EXHAUSTED", "OutOfMemory")


@dataclass(frozen=True)
class Memory:
    """The memory that was taken during a measurement.

    Attributes:
        peak: bytes at most: of the process, where a CPU did the work, or else what the device had given out.
        growth: bytes more after each step than before, on average over the blocks that count.
    """

    peak: float
    growth: float

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


@dataclass(frozen=True)
class Gauge:
    """Reads the memory that work on a device takes."""

    device: Device

    def reset(self) -> bool:
        """Forget the peak so far; tell whether that could be done, without which there is no peak of what follows."""
        if self.device.kind == "cpu":
            try:
                _CLEAR.write_text(_FORGET, encoding="ascii")
            except OSError:
                return False
            return True
        if api.runs_on_tensorflow():
            room = api.tensorflow().config.experimental
            if not hasattr(room, "reset_memory_stats"):  # before 2.6
                return False
            room.reset_memory_stats(self._tensorflow_name)
            return True
        if api.release().backend == "torch":
            _torch().cuda.reset_peak_memory_stats(self.device.index)
            return True
        # JAX has no way to.
        return False

    def now(self) -> float | None:
        """Return the bytes that are taken, or None where this machine does not tell."""
        return self._read("VmRSS", "current", "bytes_in_use", "memory_allocated")

    def peak(self) -> float | None:
        """Return the bytes that were taken at most since the peak was forgotten, or None."""
        return self._read("VmHWM", "peak", "peak_bytes_in_use", "max_memory_allocated")

    @property
    def _tensorflow_name(self) -> str:
        return f"{self.device.kind.upper()}:{self.device.index}"

    def _read(self, of_process: str, of_tensorflow: str, of_jax: str, of_torch: str) -> float | None:
        if self.device.kind == "cpu":
            return _of_process(of_process)
        if api.runs_on_tensorflow():
            room = api.tensorflow().config.experimental
            if not hasattr(room, "get_memory_info"):  # before 2.5
                return None
            return float(room.get_memory_info(self._tensorflow_name)[of_tensorflow])
        if api.release().backend == "torch":
            return float(getattr(_torch().cuda, of_torch)(self.device.index))
        jax: Any = sys.modules["jax"]
        stats = jax.devices("gpu")[self.device.index].memory_stats() or {}
        return float(stats[of_jax]) if of_jax in stats else None


@contextlib.contextmanager
def exhaustion_reported(device: Device) -> Iterator[None]:
    """Report that a device has too little memory, whichever framework says so: the step itself may be right.

    Raises:
        Inconclusive: the memory is exhausted.
    """
    try:
        yield
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        if not isinstance(error, MemoryError) and not any(word in text for word in _EXHAUSTED):
            raise
        problem = f"{device}: {text.splitlines()[0][:120]}"
        remedy = "give smaller batches, or a larger device"
        raise Inconclusive("The device has too little memory", problem, remedy) from error


def taken_since(gauge: Gauge, before: float | None, steps: int) -> Memory | None:
    """Return the memory that was taken since a reading, or None if it is unknown.

    Args:
        before: the reading before the blocks that count.
        steps: of these blocks.
    """
    peak, after = gauge.peak(), gauge.now()
    if before is None or peak is None or after is None:
        return None
    return Memory(peak, (after - before) / steps)


def combined(readings: Sequence[Memory | None]) -> Memory | None:
    """Return the memory of several blocks of as many steps; None if one is unknown."""
    complete = [one for one in readings if one is not None]
    if not complete or len(complete) < len(readings):
        return None
    return Memory(max(one.peak for one in complete), sum(one.growth for one in complete) / len(complete))


def _of_process(name: str) -> float | None:
    # Other systems than Linux have a peak that cannot be forgotten, and so none of a single benchmark.
    try:
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    sizes = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return 1024.0 * int(sizes[0]) if sizes else None


def _torch() -> Any:
    return sys.modules["torch"]
