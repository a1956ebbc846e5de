"""Measures the steps of a model: the first call, then warm-up, then blocks, each of which is checked."""

from __future__ import annotations

import contextlib
import functools
import math
import random
import statistics
import time
from dataclasses import dataclass
from typing import Any, Iterator, Sequence

import numpy as np

from pytest_kerasch2.errors import InvalidMeasurement
from pytest_kerasch2.timing import block, measured_environment, memory, reference_loop, training_check, work_check
from pytest_kerasch2.timing.block import Block, StepRunner
from pytest_kerasch2.timing.memory import Memory
from pytest_kerasch2.timing.modes import Mode
from pytest_kerasch2.timing.work_check import WorkCheck
from pytest_kerasch2.timing.workload import Workload


@dataclass(frozen=True)
class Measurement:
    """The measurement of one model in one mode.

    Attributes:
        first_call: its seconds: tracing, compiling and its steps.
        first_call_steps: the number of its steps.
        warmup: the blocks before the steps became steady; they do not count.
        steady: whether the steps became steady.
        blocks: the blocks that count.
        traces: how often the model was traced by the first call and during warm-up.
        load: the load of the machine over the last minute, before and after; None if it is unknown.
        loss: on the data, before and after; None if the mode does not train.
        memory: of the blocks that count; None if it is unknown.
        work_check: its result; None if it was switched off.
        interleaved_group: a name shared by the measurements whose blocks were interleaved with these; or empty.
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
        """Return the seconds of the first call beyond those of its steps: tracing, compiling and loading."""
        return max(0.0, self.first_call - self.first_call_steps * self.step_seconds)

    @property
    def step_seconds(self) -> float:
        """Return the seconds of one step, the median of the blocks."""
        return statistics.median(one.step_seconds for one in self.blocks)

    @property
    def spread(self) -> float:
        """Return half the interquartile range of the blocks, in seconds of a step."""
        low, high = np.percentile([one.step_seconds for one in self.blocks], [25, 75])
        return float(high - low) / 2

    @property
    def work_check_outcome(self) -> str:
        """Return `checked`, or `not checked` with the reason."""
        return "not checked: it is switched off (verify=False)" if self.work_check is None else self.work_check.outcome

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
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


MIN_BLOCKS = 5
# Two successive warm-up blocks that differ by less are steady.
STEADY_WITHIN = 0.1
MAX_WARMUP = 6


@dataclass(frozen=True)
class PreparedWorkload:
    """A workload after its first call, warm-up and work check, ready to be timed.

    Attributes:
        workload, mode: what is timed, and how.
        run: runs this many steps.
        step_multiple: a block has a multiple of this many steps.
        sync_overhead: seconds that waiting for an idle device takes.
        first_call, warmup, steady, work_check: see `Measurement`.
        traces: grows whenever the model is traced.
    """

    workload: Workload
    mode: Mode
    run: StepRunner
    step_multiple: int
    sync_overhead: float
    first_call: float
    warmup: tuple[Block, ...]
    steady: bool
    traces: list[str]
    work_check: WorkCheck | None = None

    @property
    def block_steps(self) -> int:
        """Return how many steps a block has."""
        return self.steps_for_overhead(block.MAX_OVERHEAD, self.warmup[-1].synchronised_step_seconds)

    def steps_for_overhead(self, max_overhead: float, step_seconds: float) -> int:
        """Return how many steps a block needs, so that clock and wait are at most a share of it.

        Args:
            max_overhead: the share.
            step_seconds: of a step.
        """
        return _round_up(
            block.steps_per_block(step_seconds, self.sync_overhead + block.clock_resolution(), max_overhead),
            self.step_multiple,
        )

    def time_block(self, steps: int) -> Block:
        """Time a block, and check it.

        Raises:
            InvalidMeasurement: other work was done than this many steps.
        """
        workload = self.workload
        with self.checked(steps):
            return block.time_block(self.run, steps, workload.finish, workload.wait, self.sync_overhead)

    @contextlib.contextmanager
    def checked(self, steps: int) -> Iterator[None]:
        """Refuse what is done within, if it is not exactly this many steps.

        Raises:
            InvalidMeasurement: it is not.
        """
        workload, trains = self.workload, self.mode.trains
        updates, weights, traced = workload.update_count(), workload.weight_hashes() if trains else {}, len(self.traces)
        yield
        if len(self.traces) != traced:
            problem = f"{len(self.traces) - traced} times in {steps} steps"
            raise InvalidMeasurement(
                "The model was traced while it was timed", problem, "give inputs of one shape and type"
            )
        training_check.check_updates(workload, updates, steps if trains else 0)
        unchanged = {name for name, one in workload.weight_hashes().items() if weights.get(name) == one}
        if unchanged:
            training_check.check_numbers(workload)
            # A weight may rightly stay as it was: it has no gradient, or the learning rate is zero.
            stuck = unchanged & reference_loop.moving_weights(workload, steps) if self.work_check else set()
            # Or it is at rest, and the same batches in the same order bring it back there.
            stuck = stuck and stuck & reference_loop.resting_weights(workload, self.run, self.step_multiple)
            if stuck:
                remedy = "train all of them, or freeze them with trainable=False"
                raise InvalidMeasurement("Training steps left weights unchanged", ", ".join(sorted(stuck)), remedy)


class Recording:
    """The blocks that count of one workload, and the memory of each."""

    def __init__(self, prepared: PreparedWorkload) -> None:
        """Begin without blocks."""
        self.ready, self.steps, self.warmup_traces = prepared, prepared.block_steps, len(prepared.traces)
        self.blocks: list[Block] = []
        self.memory: list[Memory | None] = []

    @property
    def total_seconds(self) -> float:
        """Return the seconds of its blocks, unsynchronised time included."""
        return sum(one.steps * one.synchronised_step_seconds for one in self.blocks)

    def add_block(self) -> None:
        """Time one more block.

        Raises:
            InvalidMeasurement: it did other work than its steps.
        """
        gauge = self.ready.workload.gauge()
        before = gauge.now() if gauge is not None and gauge.reset() else None
        self.blocks.append(self.ready.time_block(self.steps))
        self.memory.append(None if gauge is None else memory.taken_since(gauge, before, self.steps))


def measure(workload: Workload, mode: Mode, seconds: float, verify: bool = True) -> Measurement:
    """Measure the steps of a model.

    Args:
        workload: the model and its data; the model is trained if the mode trains.
        mode: how the steps are run.
        seconds: of blocks that count, about; at least five blocks are timed.
        verify: whether the work check runs.

    Raises:
        NotApplicable: this release or backend has no such mode.
        InvalidMeasurement: a block did other work than its steps, or its clock stopped too early; or a step does other
            work than a reference step.
    """
    (measurement,) = measure_interleaved([workload], mode, seconds, verify=verify)
    return measurement


def measure_interleaved(
    workloads: Sequence[Workload], mode: Mode, seconds: float, *, verify: bool = True, min_rounds: int = MIN_BLOCKS
) -> list[Measurement]:
    """Measure several workloads, whose blocks are interleaved: what disturbs the machine disturbs all of them alike.

    Args:
        workloads, mode, verify: as for `measure`.
        seconds: of blocks that count, about, of each.
        min_rounds: a round has one block of each, in random order.

    Raises:
        NotApplicable, InvalidMeasurement: as `measure` does.
    """
    load, rng = measured_environment.machine_load(), random.Random(0)
    with contextlib.ExitStack() as stack:
        for workload in workloads:
            stack.enter_context(_restored(workload))
        before = [_loss(workload, mode, verify) for workload in workloads]
        recordings = _recorded(workloads, mode, seconds, rng, verify=verify, min_rounds=min_rounds)
        after = [_loss(workload, mode, verify) for workload in workloads]
    # Only now are the models as they were at the beginning, where the reference has to start too.
    for recording, *losses in zip(recordings, before, after):
        _check_learned(recording, *losses)
    loads = (load, measured_environment.machine_load())
    return [_measurement_of(one, loads, *losses) for one, *losses in zip(recordings, before, after)]


def _recorded(
    workloads: Sequence[Workload], mode: Mode, seconds: float, rng: random.Random, *, verify: bool, min_rounds: int
) -> list[Recording]:
    with contextlib.ExitStack() as stack:
        recordings = [Recording(stack.enter_context(prepare(workload, mode, verify))) for workload in workloads]
        while any(len(recording.blocks) < min_rounds or recording.total_seconds < seconds for recording in recordings):
            for one in rng.sample(recordings, len(recordings)):
                one.add_block()
    for one in recordings:
        block.check_synchronised(one.blocks)
        training_check.check_numbers(one.ready.workload, trains=mode.trains)
    return recordings


@contextlib.contextmanager
def _restored(workload: Workload) -> Iterator[None]:
    """Restore a model at the end, as it was before its first step."""
    with workload.device.placed():
        workload.build()
        with workload.restored():
            yield


def _check_learned(recording: Recording, before: float | None, after: float | None) -> None:
    prepared = recording.ready
    workload = prepared.workload
    steps = prepared.step_multiple + sum(one.steps for one in (*prepared.warmup, *recording.blocks))

    def reference_losses() -> list[float]:
        with workload.device.placed():
            return training_check.reference_losses(workload, steps, 2 * recording.total_seconds)

    training_check.check_learned(before, after, reference_losses)


def _loss(workload: Workload, mode: Mode, verify: bool) -> float | None:
    with workload.device.placed():
        return training_check.sample_loss(workload) if mode.trains and verify else None


def _measurement_of(
    recording: Recording, load: tuple[float | None, float | None], before: float | None, after: float | None
) -> Measurement:
    prepared = recording.ready
    return Measurement(
        prepared.first_call,
        prepared.warmup,
        prepared.steady,
        tuple(recording.blocks),
        recording.warmup_traces,
        load,
        loss=None if before is None or after is None else (before, after),
        memory=memory.combined(recording.memory),
        work_check=prepared.work_check,
        first_call_steps=prepared.step_multiple,
    )


@contextlib.contextmanager
def prepare(
    workload: Workload, mode: Mode, verify: bool = True, max_warmup: int = MAX_WARMUP
) -> Iterator[PreparedWorkload]:
    """Run the first call, and warm up until two successive blocks take about as long; the model is restored at the end.

    Args:
        workload, mode, verify: as for `measure`.
        max_warmup: warm-up blocks at most.

    Raises:
        InvalidArgument: the model is on another device than the workload, or the data are not finite.
        NotApplicable: this release or backend has no such mode.
        InvalidMeasurement: a step does other work than a reference step.
    """
    with workload.device.placed(), _trace_log(workload) as traces:
        run = mode.make(workload)
        step_multiple = workload.batches if mode.whole_epochs else 1
        began = time.perf_counter()
        result = run(step_multiple)
        workload.finish()
        first_call = time.perf_counter() - began
        # A model may have been built by its first call.
        workload.check_device()
        training_check.check_numbers(workload, None if mode.trains else result, trains=mode.trains)
        sync_overhead = block.measure_sync_overhead(workload.wait)
        traced = len(traces)
        shown = work_check.check_work(workload, mode, run) if verify else None
        # Traces of the reference steps, which are not timed.
        del traces[traced:]
        warmup, steady = _warm_up(workload, run, step_multiple, sync_overhead, max_warmup)
        yield PreparedWorkload(
            workload, mode, run, step_multiple, sync_overhead, first_call, tuple(warmup), steady, traces, shown
        )


def _warm_up(
    workload: Workload, run: StepRunner, step_multiple: int, sync_overhead: float, max_blocks: int
) -> tuple[list[Block], bool]:
    blocks = [block.time_block(run, step_multiple, workload.finish, workload.wait, sync_overhead)]
    while len(blocks) < max_blocks:
        # Unsynchronised time included: otherwise work that nothing waits for would make blocks ever longer.
        steps = _round_up(block.steps_per_block(blocks[-1].synchronised_step_seconds, sync_overhead), step_multiple)
        blocks.append(block.time_block(run, steps, workload.finish, workload.wait, sync_overhead))
        if abs(math.log(blocks[-1].synchronised_step_seconds / blocks[-2].synchronised_step_seconds)) < STEADY_WITHIN:
            return blocks, True
    return blocks, False


def _round_up(steps: int, multiple: int) -> int:
    return math.ceil(steps / multiple) * multiple


@contextlib.contextmanager
def _trace_log(workload: Workload) -> Iterator[list[str]]:
    """Yield a list that grows whenever the model is traced.

    It watches the `call` of the last layer, which a graph that exists already does not call again.
    """
    traces: list[str] = []
    # A model may have no layers, and hold its weights itself.
    layer = next(reversed(getattr(workload.model, "layers", None) or [workload.model]))
    overridden, call = "call" in vars(layer), layer.call

    # Keras reads the names of the arguments of `call`.
    @functools.wraps(call)
    def traced_call(*args: Any, **kwargs: Any) -> Any:
        # If the layer raises, this frame stands between the user's own lines.
        __tracebackhide__ = True
        if workload.is_tracing():
            traces.append(layer.name)
        return call(*args, **kwargs)

    layer.call = traced_call
    try:
        yield traces
    finally:
        if overridden:
            layer.call = call
        else:
            # It is a method of its class again.
            del layer.call
