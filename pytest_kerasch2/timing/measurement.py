"""What was measured of one model in one mode."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.memory import Memory
from pytest_kerasch2.timing.work_check import Proof


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

    first: float
    warming: tuple[Block, ...]
    steady: bool
    blocks: tuple[Block, ...]
    traces: int
    load: tuple[float | None, float | None]
    loss: tuple[float, float] | None
    memory: Memory | None = None
    proof: Proof | None = None
    first_steps: int = 0
    turns: str = ""

    @property
    def before_steps(self) -> float:
        """Return the seconds of the first call beyond those of its steps: of tracing and compiling, and reading in."""
        return max(0.0, self.first - self.first_steps * self.each)

    @property
    def each(self) -> float:
        """Return the seconds of one step, the median of the blocks."""
        return statistics.median(one.each for one in self.blocks)

    @property
    def spread(self) -> float:
        """Return half of what lies between the quartiles of the blocks, in seconds of a step."""
        low, high = np.percentile([one.each for one in self.blocks], [25, 75])
        return float(high - low) / 2

    @property
    def work_check(self) -> str:
        """Return `checked`, or `not checked` with the reason."""
        return "not checked: it was not asked for (proof=False)" if self.proof is None else self.proof.outcome

    @property
    def plain(self) -> dict[str, Any]:
        """Return what a file says of it."""
        return {
            "first_call_seconds": self.first,
            "first_call_steps": self.first_steps,
            "turns": self.turns,
            "warming": [one.plain for one in self.warming],
            "steady": self.steady,
            "blocks": [one.plain for one in self.blocks],
            "traces": self.traces,
            "load": list(self.load),
            "loss": None if self.loss is None else list(self.loss),
            "memory": None if self.memory is None else self.memory.plain,
            "proof": None if self.proof is None else self.proof.plain,
            "work_check": self.work_check,
        }
