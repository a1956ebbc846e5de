"""Where the time of a step of `fit` goes: input, dispatch, compute and wait, each from experiments of its own.

A step is done in five ways, which differ in who asks for it, in what feeds it and in what it does:

    whole    `fit` asks,        fed by its own data,             the model's step
    around   as *whole*, and what is within the calls of the step is not counted
    fed      a bare loop asks,  fed by what `fit` makes of them, the model's step
    ready    a bare loop asks,  one batch that is there already, the model's step
    empty    a bare loop asks,  one batch that is there already, a step that does nothing, compiled by Keras as its own

Input is what *fed* takes longer than *ready*: what the step waits for its batch, or loses to whoever makes it. Dispatch
is *around*, Keras's loop and what `fit` makes ready, and *empty*, the call of a compiled function. Compute is what
sending the steps of *ready* takes longer than *empty*, and wait is what they then have to be waited for. *Whole* is in
none of the four, and the calls of *around* are timed in a bare loop: the parts need not add up to the whole.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import statistics
import time
from dataclasses import asdict, dataclass
from typing import Any, Callable, Iterator

import numpy as np

from pytest_kerasch2.errors import InvalidMeasurement, NotApplicable
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import block, measurement, modes, nested_arrays, reference_loop, training_check
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.measurement import PreparedWorkload
from pytest_kerasch2.timing.workload import Workload, variables_restored

PART_NAMES = ("input", "dispatch", "compute", "wait")
MIN_ROUNDS = 5
# Rounds that are not counted: what is done for the first time traces and compiles.
WARMUP_ROUNDS = 2
NOT_HERE = "breakdown=True cannot be used here"

Function = Callable[..., Any]


@dataclass(frozen=True)
class BreakdownRound:
    """Seconds of a step in each of the five experiments; `waited` is the wait at the end of `ready`."""

    whole: float
    around: float
    fed: float
    ready: float
    waited: float
    empty: float

    @property
    def parts(self) -> tuple[float, float, float, float]:
        """Return input, dispatch, compute and wait, in seconds of a step."""
        return self.fed - self.ready, self.around + self.empty, self.ready - self.waited - self.empty, self.waited

    @property
    def share(self) -> float:
        """Return the sum of the parts as a share of the whole."""
        return sum(self.parts) / self.whole


@dataclass(frozen=True)
class Breakdown:
    """The parts of the time of a step of `fit`.

    Attributes:
        steps: of each way in a round.
        rounds: in the order in which they were done.
    """

    steps: int
    rounds: tuple[BreakdownRound, ...]

    @property
    def whole(self) -> float:
        """Return the seconds of a step of `fit`, the median of the rounds."""
        return statistics.median(one.whole for one in self.rounds)

    @property
    def seconds(self) -> dict[str, float]:
        """Return the seconds of each part, the median of the rounds; noise may make a small one negative."""
        by_part = zip(PART_NAMES, zip(*(one.parts for one in self.rounds)))
        return {name: statistics.median(seconds) for name, seconds in by_part}

    @property
    def share(self) -> float:
        """Return the sum of the parts as a share of the whole, the median of the rounds."""
        return statistics.median(one.share for one in self.rounds)

    @property
    def gap(self) -> float:
        """Return the seconds of a step that are in no part; negative where parts are done at the same time."""
        return (1 - self.share) * self.whole

    @property
    def spread(self) -> float:
        """Return half of what lies between the quartiles of this share."""
        low, high = np.percentile([one.share for one in self.rounds], [25, 75])
        return float(high - low) / 2

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        summary = {"whole": self.whole, **self.seconds, "share": self.share, "gap": self.gap, "spread": self.spread}
        return {"steps": self.steps, **summary, "rounds": [asdict(one) for one in self.rounds]}


def measure_breakdown(workload: Workload, seconds: float, verify: bool = True) -> Breakdown:
    """Break a step of `fit` down into its parts; model and optimizer are restored at the end.

    Args:
        workload: the model and its data.
        seconds: of `fit` itself, about; there are at least five rounds, and the other experiments come on top.
        verify: as for `measurement.measure`; steps that were measured just before need no second check.

    Raises:
        NotApplicable: Keras's loop of this release or backend cannot be given another step.
        InvalidMeasurement: a block did other work than its steps.
    """
    model = workload.model
    if not hasattr(model, "make_train_function"):
        raise NotApplicable(NOT_HERE, "before TensorFlow 2.2, Keras's loop knows no `train_function`")
    if not api.runs_on_tensorflow() and api.release().backend != "jax":
        raise NotApplicable(NOT_HERE, "on this backend, Keras's loop itself takes the batch")
    with _training_restored(workload), measurement.prepare(workload, modes.find_mode("fit"), verify) as prepared:
        ways = _Experiments(workload, prepared)
        for _ in range(WARMUP_ROUNDS):
            ways.round()
        traced = len(prepared.traces)
        rounds: list[BreakdownRound] = []
        while len(rounds) < MIN_ROUNDS or sum(one.whole for one in rounds) * prepared.block_steps < seconds:
            rounds.append(ways.round())
        if len(prepared.traces) != traced:
            problem = f"{len(prepared.traces) - traced} times"
            raise InvalidMeasurement(
                "The model was traced while it was timed", problem, "give inputs of one shape and type"
            )
    return Breakdown(prepared.block_steps, tuple(rounds))


class _Experiments:
    """The five experiments with a step."""

    def __init__(self, workload: Workload, prepared: PreparedWorkload) -> None:
        self.workload, self.model, self.ready = workload, workload.model, prepared
        self.model_step = self.model.train_function
        self.random = random.Random(0)
        self.ready_batch, names = self._capture_batch()
        self.empty_step = self._compile_empty_step(names)

    def round(self) -> BreakdownRound:
        """Do a block in each way, in random order."""
        ways: dict[str, Callable[[], tuple[Block, float]]] = {
            "whole": lambda: (self.ready.time_block(self.ready.block_steps), 0.0),
            "around": lambda: self._counted(True, lambda: (self._around(), 0.0)),
            "fed": lambda: self._counted(True, lambda: self._bare_loop(self.model_step, None)),
            "ready": lambda: self._counted(True, lambda: self._bare_loop(self.model_step, self.ready_batch)),
            "empty": lambda: self._counted(False, lambda: self._bare_loop(self.empty_step, self.ready_batch)),
        }
        order = list(ways)
        self.random.shuffle(order)
        results = {name: ways[name]() for name in order}
        waited = results["ready"][1] / self.ready.block_steps
        return BreakdownRound(
            waited=waited, **{name: one.synchronised_step_seconds for name, (one, _) in results.items()}
        )

    def _counted(self, trains: bool, way: Callable[[], tuple[Block, float]]) -> tuple[Block, float]:
        before = self.workload.update_count()
        result = way()
        training_check.check_updates(self.workload, before, self.ready.block_steps if trains else 0)
        return result

    def _around(self) -> Block:
        """Let `fit` do its steps, and give what it takes besides their calls."""
        workload, inside, done = self.workload, 0.0, 0

        def step(*arguments: Any) -> Any:
            nonlocal inside, done
            began = time.perf_counter()
            result = self.model_step(*arguments)
            done += 1
            if done % workload.batches == 0:
                # At the end of an epoch `fit` would have to wait for it, which is no work of its loop.
                self._wait(result)
            inside += time.perf_counter() - began
            return result

        with self._step_replaced(step):
            outer = block.time_block(
                self.ready.run, self.ready.block_steps, workload.finish, workload.wait, self.ready.sync_overhead
            )
        return Block(outer.steps, outer.seconds - inside, outer.unsynchronised)

    def _wait(self, result: Any) -> None:
        """Return when a step is done that gave this."""
        self.workload.device.wait(next(iter(_logs(result).values())))

    def _bare_loop(self, step: Function, source: Any) -> tuple[Block, float]:
        """Do steps in a bare loop, epoch by epoch; give them, and what was waited for at the end of the epochs.

        It is done within `fit`, which makes the data ready and, on JAX, gives the state of the model and takes it back.

        Args:
            source: what gives the batches; None for the iterator of `fit`.
        """
        workload, loop = self.workload, _stateful if api.runs_on_tensorflow() else _stateless
        epochs: list[tuple[Block, float]] = []

        def epoch(*arguments: Any) -> Any:
            state: list[Any] = [arguments]
            waited: list[float] = []

            def run(count: int) -> None:
                state[:] = loop(step, count, arguments[:-1], arguments[-1] if source is None else source)

            def wait() -> None:
                self._wait(state[-1])

            def finish() -> None:
                began = time.perf_counter()
                wait()
                waited.append(max(0.0, time.perf_counter() - began - self.ready.sync_overhead))

            epochs.append((block.time_block(run, workload.batches, finish, wait, self.ready.sync_overhead), waited[0]))
            self.model.stop_training = True
            return state[0]

        with self._step_replaced(epoch):
            for _ in range(self.ready.block_steps // workload.batches):
                self.ready.run(workload.batches)
        blocks, waits = zip(*epochs)
        sums = (sum(getattr(one, name) for one in blocks) for name in ("steps", "seconds", "unsynchronised"))
        return Block(*sums), sum(waits)

    def _capture_batch(self) -> tuple[Any, list[str]]:
        """Return what yields one batch of `fit` again and again, and the names of a step's logs."""
        captured: list[Any] = []

        def look(*arguments: Any) -> Any:
            batch = next(arguments[-1])
            result = self.model_step(*arguments)
            captured[:] = [_repeated(batch, arguments[-1]), list(_logs(result))]
            self.model.stop_training = True
            return result

        with self._step_replaced(look):
            self.ready.run(self.workload.batches)
        return captured[0], captured[1]

    def _compile_empty_step(self, names: list[str]) -> Function:
        """Return a step that does nothing, made and compiled by Keras as that of the model is."""
        model = self.model
        logs = {name: api.tensor(np.float32(0)) for name in names}
        # On JAX a step takes the state of the model, and returns it.
        overridden = {name: vars(model)[name] for name in ("train_step", "train_tf_function") if name in vars(model)}
        model.train_step = lambda *given: logs if len(given) == 1 else (logs, given[0])
        model.train_function = None
        try:
            model.make_train_function()
            empty_step: Function = model.train_function
            # Keras 2 asks for the model's step where it traces it: now.
            with self._step_replaced(lambda *given: empty_step(*given[:-1], self.ready_batch)):
                self.ready.run(self.workload.batches)
        finally:
            model.train_function = self.model_step
            del model.train_step
            for name, value in overridden.items():
                setattr(model, name, value)
        return empty_step

    @contextlib.contextmanager
    def _step_replaced(self, step: Function) -> Iterator[None]:
        """Yield `fit` another function to call for each step."""
        before = self.model.train_function
        self.model.train_function = step
        try:
            yield
        finally:
            self.model.train_function = before


def _logs(result: Any) -> Any:
    """Return the logs of a step; on JAX it returns the state of the model too."""
    return result if isinstance(result, dict) else result[0]


def _stateful(step: Function, count: int, state: Any, source: Any) -> tuple[Any, Any]:
    logs = None
    for _ in range(count):
        logs = step(source)
    return logs, logs


def _stateless(step: Function, count: int, states: Any, source: Any) -> tuple[Any, Any]:
    logs, (state,) = None, states
    for _ in range(count):
        logs, state = step(state, source)
    return (logs, state), logs


def _repeated(batch: Any, source: Any) -> Any:
    """Return a batch without end, as something of the kind that gave it, for which nothing is traced anew."""
    spec = getattr(source, "element_spec", None)
    if spec is None:
        return itertools.repeat(tuple(nested_arrays.mapped(api.tensor, part) for part in batch))
    data = api.tensorflow().data.Dataset
    exact = data.from_tensors(batch)
    # Together with a batch of another size, which never comes, one of any size.
    loose = exact.concatenate(data.from_tensors(nested_arrays.cut(batch, 0, 0)).take(0))
    return iter(next((one for one in (exact, loose) if one.element_spec == spec), exact).repeat())


@contextlib.contextmanager
def _training_restored(workload: Workload) -> Iterator[None]:
    """Put back what training changes: weights, optimizer, metrics, history."""
    model, optimizer = workload.model, getattr(workload.model, "optimizer", None)
    # Weights may be made by the first call, and the optimizer's averages by the first step: then there would be nothing
    # to put back.
    workload.build()
    custom_step = optimizer is None or reference_loop.is_overridden(model, "train_step")
    if not custom_step and not getattr(optimizer, "built", getattr(optimizer, "_built", False)):
        # Of another name before 2.11, and none before 2.4.
        for name in ("build", "_create_all_weights"):
            if hasattr(optimizer, name):
                getattr(optimizer, name)(model.trainable_variables)
                break
    attributes = {name: getattr(model, name, None) for name in ("history", "stop_training", "train_function")}
    try:
        with variables_restored(model):
            yield
    finally:
        for name, thing in attributes.items():
            setattr(model, name, thing)
