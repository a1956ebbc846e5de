"""What was measured of one model in one mode."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.memory import Memory
from pytest_kerasch2.timing.work_check import WorkCheck


@dataclass(frozen=True)
class Measurement:
    """What was measured of one model in one mode.

    Attributes:
        first: seconds of the first call: tracing, compiling and the steps of it.
        first_steps: how many these are.
        warming: blocks before the steps had become steady, which are not counted.
        steady: whether they had.
        blocks: those that count.
        traces: how often the model was traced by the first call and while it warmed up.
        load: of the machine over the last minute, before and after; None where it does not tell.
        loss: on the data, before and after; None where the mode does not train.
        memory: what the blocks that count took; None where the machine does not tell.
        proof: what was shown of the work of a step; None where nothing was asked for.
        turns: a name that it shares with those whose blocks took turns with its own, round by round; or an empty one.
    """

    first_call: float
    warmup: tuple[Block, ...]
    steady: bool
    blocks: tuple[Block, ...]
    traces: int
    load: tuple[float | None, float | None]
    loss: tuple[float, float] | None
    memory: Memory | None = None
    work_check: WorkCheck | None = None
    first_call_steps: int = 0
    interleaved_group: str = ""

    @property
    def setup_seconds(self) -> float:
        """Return the seconds of the first call beyond those of its steps: of tracing and compiling, and reading in."""
        return max(0.0, self.first_call - self.first_call_steps * self.step_seconds)

    @property
    def step_seconds(self) -> float:
        """Return the seconds of one step, the median of the blocks."""
        return statistics.median(one.step_seconds for one in self.blocks)

    @property
    def spread(self) -> float:
        """Return half of what lies between the quartiles of the blocks, in seconds of a step."""
        low, high = np.percentile([one.step_seconds for one in self.blocks], [25, 75])
        return float(high - low) / 2

    @property
    def work_check_outcome(self) -> str:
        """Return `checked`, or `not checked` with the reason."""
        return "not checked: it was not asked for (proof=False)" if self.work_check is None else self.work_check.outcome

    def to_dict(self) -> dict[str, Any]:
        """Return what a file says of it."""
        return {
            "first_call_seconds": self.first_call,
            "first_call_steps": self.first_call_steps,
            "interleaved_group": self.interleaved_group,
            "warmup": [one.to_dict() for one in self.warmup],
            "steady": self.steady,
            "blocks": [one.to_dict() for one in self.blocks],
            "traces": self.traces,
            "load": list(self.load),
            "loss": None if self.loss is None else list(self.loss),
            "memory": None if self.memory is None else self.memory.to_dict(),
            "work_check": None if self.work_check is None else self.work_check.to_dict(),
            "work_check_outcome": self.work_check_outcome,
        }
