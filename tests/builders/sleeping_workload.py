"""A model that trains by sleeping, on a device that works on while Python goes on: no framework, and exact steps."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from types import SimpleNamespace
from typing import Any, Iterator

import numpy as np

from pytest_kerasch2.timing.block import StepRunner
from pytest_kerasch2.timing.modes import Mode

EACH = 0.0005


class AsynchronousDevice:
    """Does what it is sent, one after the other, in a thread of its own."""

    def __init__(self) -> None:
        self._sent: queue.Queue[Any] = queue.Queue()
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            self._sent.get()()
            self._sent.task_done()

    def send(self, work: Any) -> None:
        self._sent.put(work)

    def wait(self) -> None:
        self._sent.join()


class Layer:
    name = "last"

    def call(self) -> None:
        pass


class Weight(np.ndarray):
    """A weight that is there without a framework."""

    name = "kernel"


class SleepingWorkload:
    """Stands for a `Workload`; each step sleeps on the device, counts itself and changes its only weight.

    Args:
        forgets: the end of what is timed waits for nothing.
        counts: updates that a step counts.
        learns: whether a step changes the weight.
        traces: the steps in which the model is traced once more.
        worse: whether the loss grows.
        value: of its only weight, where it does not learn.
    """

    batches, batch_size, distinct_batches, class_weight = 4, 2, 4, None

    def __init__(
        self,
        *,
        forgets: bool = False,
        counts: int = 1,
        learns: bool = True,
        traces: Any = (),
        worse: bool = False,
        value: float = 0.0,
    ) -> None:
        self.forgets, self.counts, self.learns, self.traces, self.worse = forgets, counts, learns, traces, worse
        self.place = AsynchronousDevice()
        self.done = self.counted = self.weight = 0
        self.layer = Layer()
        # How it changes is counted; its value is asked for where a step left it as it was.
        kernel = np.full((), value, "float32").view(Weight)
        self.model = SimpleNamespace(layers=[self.layer], trainable_weights=[kernel])
        self.device = SimpleNamespace(placed=self._placed, kind="cpu")
        self.x = self.y = np.zeros(8)
        self.source = self.sample_weight = None
        self.trained_weights = [kernel]

    @contextlib.contextmanager
    def _placed(self) -> Iterator[None]:
        yield

    def check_device(self) -> None:
        """It is where it is."""

    def build(self) -> None:
        """It is built."""

    def gauge(self) -> None:
        """It takes no memory."""

    def restored(self) -> Any:
        """What it does is not put back."""
        return self._placed()

    def batch(self, number: int) -> Any:
        return self.x[:2], self.y[:2]

    def loss(self) -> float:
        return 2.0 + self.weight if self.worse else 1 / (1 + self.weight)

    def _step(self) -> None:
        time.sleep(EACH)
        self.counted += self.counts
        self.weight += self.learns

    def step(self) -> None:
        self.done += 1
        if self.done == 1 or self.done in self.traces:
            self.layer.call()
        self.place.send(self._step)

    def update_count(self) -> int:
        return self.counted

    def weight_hashes(self) -> dict[str, str]:
        return {"0: kernel": str(self.weight)}

    def is_tracing(self) -> bool:
        return True

    def finish(self) -> None:
        if not self.forgets:
            self.place.wait()

    def wait(self) -> None:
        self.place.wait()


def _make(workload: Any) -> StepRunner:
    def run(count: int) -> None:
        for _ in range(count):
            workload.step()

    return run


STEP = Mode("step", True, False, _make)
EPOCH = Mode("epoch", True, True, _make)
EVALUATED = Mode("evaluated", False, False, _make)
