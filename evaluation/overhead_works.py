"""The steps of `evaluation.overhead`: what does them, the loops written by hand, and what else tells their time."""

from __future__ import annotations

import contextlib
import io
import math
import time
from types import SimpleNamespace
from typing import Any, Callable, Iterator

import pytest

from pytest_kerasch2 import models
from pytest_kerasch2.errors import ChildDied
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.timing import benchmark_suite, measurement, modes
from pytest_kerasch2.timing.block import StepRunner
from pytest_kerasch2.timing.measurement import PreparedWorkload
from pytest_kerasch2.timing.modes import Mode
from pytest_kerasch2.timing.workload import Workload, make_workload

SPINS = {"spin 0.2 ms": 0.0002, "spin 2 ms": 0.002, "spin 20 ms": 0.02}
WORKS = (*SPINS, "graph", "fit")
BATCH = 32


class Spin:
    """Stands for a `Subject`; a step turns a fixed number of times, counts itself and changes its only weight.

    Args:
        turns: of an empty loop.
    """

    batches = 1
    source = None
    trained_weights = ()

    def __init__(self, turns: int) -> None:
        """Begin with no steps done."""
        self.turns, self.done = turns, 0
        self.model = SimpleNamespace(layers=[SimpleNamespace(call=lambda: None, name="spin")])
        self.device = SimpleNamespace(placed=contextlib.nullcontext)

    def step(self) -> None:
        """Do a step."""
        self.done += 1
        for _ in range(self.turns):
            pass

    def update_count(self) -> int:
        """Return how many steps were done."""
        return self.done

    def weight_hashes(self) -> dict[str, str]:
        """Return something that changes with each step."""
        return {"weight": str(self.done)}

    def finish(self) -> None:
        """Return at once: a step is done when it returns."""

    wait = finish


# As the modes of single steps are made.
SPINNING = Mode("spin", True, False, lambda spin_or_model: modes.BatchLoop([()], spin_or_model.step))  # type: ignore[attr-defined]


def turns(seconds: float) -> int:
    """Return how many turns of an empty loop take so long here."""
    count, took = 1000, 0.0
    while took < 0.02:
        count *= 2
        took = min(clocked(Spin(count).step) for _ in range(5))
    return max(1, round(count * seconds / took))


def clocked(work: Callable[[], Any]) -> float:
    """Return how long something takes, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def chapters() -> Workload:
    """Return the chapter's network with made-up images."""
    api.fresh_session(0)
    return make_workload(
        models.style("sequential-list").compiled(api.tensorflow()),
        benchmark_suite.synthetic_images(),
        BATCH,
        devices.one(),
    )


def spun(ready: PreparedWorkload) -> StepRunner:
    """Return the loop that somebody would write for a step that spins."""
    step = ready.workload.step  # type: ignore[attr-defined]

    def loop(count: int) -> None:
        for _ in range(count):
            step()

    return loop


def by_hand(ready: PreparedWorkload) -> StepRunner:
    """Return the loop that somebody would write for a compiled step of training, and end with its last loss."""
    spin_or_model, tf = ready.workload, api.tensorflow()
    given = [tuple(map(tf.constant, spin_or_model.batch(number))) for number in range(64)]
    loss = tf.keras.losses.get(spin_or_model.model.loss)

    def one(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(loss(y, spin_or_model.model(x, training=True)))
        gradients = tape.gradient(value, spin_or_model.model.trainable_variables)
        spin_or_model.model.optimizer.apply_gradients(zip(gradients, spin_or_model.model.trainable_variables))
        return value

    step = tf.function(one)

    def loop(count: int) -> None:
        value = None
        for number in range(count):
            value = step(*given[number % 64])
        float(value)  # type: ignore[arg-type]

    loop(1)
    return loop


def fitted(ready: PreparedWorkload, **more: Any) -> StepRunner:
    """Return the call of `fit` that somebody would write."""
    spin_or_model = ready.workload
    given = (spin_or_model.source.data,) if spin_or_model.source else (spin_or_model.x, spin_or_model.y)
    how = {"shuffle": False} if spin_or_model.source else {"batch_size": spin_or_model.batch_size}

    def loop(count: int) -> None:
        spin_or_model.model.fit(*given, epochs=count // spin_or_model.batches, verbose=0, **how, **more)

    return loop


def stopwatch() -> Any:
    """Return a callback of Keras that reads the clock before and after each batch."""

    class Stopwatch(api.keras().callbacks.Callback):  # type: ignore[misc]
        """It."""

        def on_train_begin(self, logs: Any = None) -> None:
            self.times: list[float] = []

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.began = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.times.append(time.perf_counter() - self.began)

    return Stopwatch()


def test_step(benchmark: Any, held: Any) -> None:
    """What pytest-benchmark tells of a step: this file is what its run, which `rival` starts, collects."""
    benchmark(held.step)
    held.mean_seconds = benchmark.stats.stats.mean


class Held:
    """A plugin that hands a step to that test, and takes what it was told."""

    def __init__(self, step: Callable[[], Any]) -> None:
        """Begin with nothing told."""
        self.step, self.mean_seconds = step, math.nan

    @pytest.fixture
    def held(self) -> Held:
        """This."""
        return self


def rival(step: Callable[[], Any]) -> float:
    """Return the seconds of a step as pytest-benchmark's `benchmark(step)` tells them: the mean of its rounds."""
    held = Held(step)
    words = [
        "-q",
        "-o",
        "addopts=",
        "-o",
        "filterwarnings=ignore",
        "--assert=plain",
        "-p",
        "no:kerasch2",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
    ]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = pytest.main([*words, f"{__file__}::{test_step.__name__}"], plugins=[held])
    if code:
        raise ChildDied("pytest-benchmark timed nothing", output.getvalue()[-500:], "look at what it says")
    return held.mean_seconds


@contextlib.contextmanager
def prepared_work(work: str) -> Iterator[tuple[PreparedWorkload, StepRunner]]:
    """Yield a work, ready for the harness, and the loop written by hand."""
    if work in SPINS:
        with measurement.prepare(Spin(turns(SPINS[work])), SPINNING) as ready:  # type: ignore[arg-type]
            yield ready, spun(ready)
        return
    with measurement.prepare(chapters(), modes.find_mode(work)) as ready:
        yield ready, fitted(ready) if work == "fit" else by_hand(ready)
