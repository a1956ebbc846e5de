"""A model whose `fit` goes step by step as that of Keras, on a clock that goes on only where something is to last."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Iterator

BATCHES = 10
NAMES = {"loss": 0.0}


class Clock:
    """Stands for the module `time`; reading it takes a nanosecond, so that it can be told to go on."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        self.now += 1e-9
        return self.now

    def spend(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Costs:
    """Seconds of a step in each of its parts, and what may be wrong with it.

    Args:
        late: the device goes on for so long when the step has returned.
        together: spent within a step only where it is `fit` that asks for it, which no experiment does in parts.
        once: what is spent once a call of `fit`.
        counts: updates that a step counts.
        deaf: another step is compiled than the one that is given.
    """

    fetch: float = 0.0002
    loop: float = 0.0003
    work: float = 0.0005
    late: float = 0.0
    together: float = 0.0
    once: float = 0.0
    counts: int = 1
    deaf: bool = False


class Variable:
    def __init__(self) -> None:
        self.value = 0

    def assign(self, value: int) -> None:
        self.value = value


class Model:
    """Stands for a compiled Keras model."""

    def __init__(self, clock: Clock, costs: Costs) -> None:
        self.clock, self.costs = clock, costs
        self.kernel, self.average, self.counter = Variable(), Variable(), Variable()
        self.variables = [self.kernel]
        self.optimizer = SimpleNamespace(built=True, variables=[self.average, self.counter])
        self.layers = [SimpleNamespace(call=lambda: None, name="last")]
        self.train_function: Any = None
        self.history: Any = "before"
        self.stop_training = False
        self.owed = 0.0
        self.asked_by_fit = False

    def make_train_function(self) -> None:
        if self.train_function is None:
            step = type(self).train_step.__get__(self) if self.costs.deaf else self.train_step
            self.train_function = lambda iterator: step(next(iterator))

    def train_step(self, data: Any) -> Any:
        self.clock.spend(self.costs.work + self.costs.together * self.asked_by_fit)
        self.asked_by_fit = False
        self.owed += self.costs.late
        self.counter.value += self.costs.counts
        self.kernel.value += 1
        self.average.value += 1
        return dict(NAMES)

    def wait(self, value: Any = None) -> None:
        self.clock.spend(self.owed)
        self.owed = 0.0

    def fit(self, x: Any, y: Any, batch_size: int, epochs: int, verbose: int) -> None:
        self.make_train_function()
        self.history, self.stop_training = object(), False
        self.clock.spend(self.costs.once)
        for _ in range(epochs):
            fed = self._fed()
            for _ in range(BATCHES):
                self.clock.spend(self.costs.loop)
                self.asked_by_fit = True
                self.train_function(fed)
                if self.stop_training:
                    return

    def _fed(self) -> Iterator[Any]:
        for _ in itertools.count():
            self.clock.spend(self.costs.fetch)
            yield ("x", "y")

    def predict_on_batch(self, x: Any) -> None:
        pass


class SimulatedWorkload:
    """Stands for a `Workload`."""

    batches, batch_size = BATCHES, 1
    x = y = [0.0] * BATCHES
    source = class_weight = None

    def __init__(self, clock: Clock, costs: Costs) -> None:
        self.model = Model(clock, costs)
        self.trained_weights = [self.model.kernel]
        self.device = SimpleNamespace(placed=contextlib.nullcontext, kind="cpu", wait=self.model.wait)

    def batch(self, number: int) -> Any:
        return "x", "y"

    def fit_arguments(self) -> Any:
        return (self.x, self.y), {"batch_size": 1, "verbose": 0}

    def build(self) -> None:
        self.model.predict_on_batch("x")

    def update_count(self) -> int:
        return self.model.counter.value

    def weight_hashes(self) -> dict[str, str]:
        return {"0: kernel": str(self.model.kernel.value)}

    def check_device(self) -> None:
        """It is where it is."""

    def is_tracing(self) -> bool:
        return True

    def finish(self) -> None:
        self.model.wait()

    wait = finish
