"""Where the time of a step of `fit` goes: input, dispatch, compute and wait, each from experiments of its own.

A step is done in five ways, which differ in who asks for it, in what feeds it and in what it does:

    whole    `fit` asks,        fed by its own data,             the model's step
    around   as *whole*, and what is within the calls of the step is not counted
    fed      a bare loop asks,  fed by what `fit` makes of them, the model's step
    there    a bare loop asks,  one batch that is there already, the model's step
    empty    a bare loop asks,  one batch that is there already, a step that does nothing, compiled by Keras as its own

Input is what *fed* takes longer than *there*: what the step waits for its batch, or loses to whoever makes it. Dispatch
is *around*, Keras's loop and what `fit` makes ready, and *empty*, the call of a compiled function. Compute is what
sending the steps of *there* takes longer than *empty*, and wait is what they then have to be waited for. *Whole* is in
none of the four, and the calls of *around* are timed in a bare loop: that they add up is found, and not made so.
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
from pytest_kerasch2.timing import (
    benchmark_data,
    block,
    modes,
    nested_arrays,
    reference_loop,
    step_measurement,
    update_count,
)
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.step_measurement import Prepared
from pytest_kerasch2.timing.workload import Subject, put_back

NAMES = ("input", "dispatch", "compute", "wait")
FEWEST_ROUNDS = 5
# Rounds that are not counted: what is done for the first time traces and compiles.
WARMING = 2
_ASKED = "A step of `fit` is to be taken apart"

Function = Callable[..., Any]


@dataclass(frozen=True)
class Round:
    """Seconds of a step in each of the five ways, once in turn; `waited` is of `there`, at its end."""

    whole: float
    around: float
    fed: float
    there: float
    waited: float
    empty: float

    @property
    def parts(self) -> tuple[float, float, float, float]:
        """Return input, dispatch, compute and wait, in seconds of a step."""
        return self.fed - self.there, self.around + self.empty, self.there - self.waited - self.empty, self.waited

    @property
    def share(self) -> float:
        """Return the sum of the parts as a share of the whole."""
        return sum(self.parts) / self.whole


@dataclass(frozen=True)
class Parts:
    """Where the time of a step of `fit` goes.

    Attributes:
        steps: of each way in a round.
        rounds: in the order in which they were done.
    """

    steps: int
    rounds: tuple[Round, ...]

    @property
    def whole(self) -> float:
        """Return the seconds of a step of `fit`, the median of the rounds."""
        return statistics.median(one.whole for one in self.rounds)

    @property
    def each(self) -> dict[str, float]:
        """Return the seconds of each part, the median of the rounds; noise may make a small one negative."""
        return {name: statistics.median(found) for name, found in zip(NAMES, zip(*(one.parts for one in self.rounds)))}

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

    @property
    def plain(self) -> dict[str, Any]:
        """Return what a file says of it."""
        told = {"whole": self.whole, **self.each, "share": self.share, "gap": self.gap, "spread": self.spread}
        return {"steps": self.steps, **told, "rounds": [asdict(one) for one in self.rounds]}


def measure(subject: Subject, seconds: float, proving: bool = True) -> Parts:
    """Take a step of `fit` apart, as the chapter calls it; model and optimizer are put back at the end.

    Args:
        subject: the model and its data.
        seconds: of `fit` itself, about; there are five rounds at least, and the other ways come on top.
        proving: as for `measuring.measure`; of steps that were measured just before, all has been shown.

    Raises:
        NotApplicable: Keras's loop of this release or backend cannot be given another step.
        InvalidMeasurement: a block did not do what it is said to have done.
    """
    model = subject.model
    if not hasattr(model, "make_train_function"):
        raise NotApplicable(_ASKED, "before TensorFlow 2.2, Keras's loop knows no `train_function`")
    if not api.runs_on_tensorflow() and api.release().backend != "jax":
        raise NotApplicable(_ASKED, "on this backend, Keras's loop itself takes the batch")
    with _put_back(subject), step_measurement.prepared(subject, modes.mode("fit"), proving) as ready:
        ways = _Ways(subject, ready)
        for _ in range(WARMING):
            ways.round()
        traced = len(ready.traces)
        rounds: list[Round] = []
        while len(rounds) < FEWEST_ROUNDS or sum(one.whole for one in rounds) * ready.steps < seconds:
            rounds.append(ways.round())
        if len(ready.traces) != traced:
            found = f"{len(ready.traces) - traced} times"
            raise InvalidMeasurement(
                "The model was traced while it was timed", found, "give inputs of one shape and type"
            )
    return Parts(ready.steps, tuple(rounds))


class _Ways:
    """The five ways to do a step."""

    def __init__(self, subject: Subject, ready: Prepared) -> None:
        self.subject, self.model, self.ready = subject, subject.model, ready
        self.own = self.model.train_function
        self.random = random.Random(0)
        self.there, names = self._looked_at()
        self.nothing = self._nothing(names)

    def round(self) -> Round:
        """Do a block in each way, in random order."""
        ways: dict[str, Callable[[], tuple[Block, float]]] = {
            "whole": lambda: (self.ready.timed(self.ready.steps), 0.0),
            "around": lambda: self._proved(True, lambda: (self._around(), 0.0)),
            "fed": lambda: self._proved(True, lambda: self._bare(self.own, None)),
            "there": lambda: self._proved(True, lambda: self._bare(self.own, self.there)),
            "empty": lambda: self._proved(False, lambda: self._bare(self.nothing, self.there)),
        }
        order = list(ways)
        self.random.shuffle(order)
        found = {name: ways[name]() for name in order}
        waited = found["there"][1] / self.ready.steps
        return Round(waited=waited, **{name: one.whole for name, (one, _) in found.items()})

    def _proved(self, trains: bool, way: Callable[[], tuple[Block, float]]) -> tuple[Block, float]:
        before = self.subject.updates()
        done = way()
        update_count.check(self.subject, before, self.ready.steps if trains else 0)
        return done

    def _around(self) -> Block:
        """Let `fit` do its steps, and give what it takes besides their calls."""
        subject, inside, done = self.subject, 0.0, 0

        def step(*given: Any) -> Any:
            nonlocal inside, done
            began = time.perf_counter()
            found = self.own(*given)
            done += 1
            if done % subject.batches == 0:
                # At the end of an epoch `fit` would have to wait for it, which is no work of its loop.
                self._wait(found)
            inside += time.perf_counter() - began
            return found

        with self._given(step):
            its = block.timed(self.ready.run, self.ready.steps, subject.finish, subject.wait, self.ready.idle)
        return Block(its.steps, its.seconds - inside, its.owed)

    def _wait(self, found: Any) -> None:
        """Return when a step is done that gave this."""
        self.subject.device.wait(next(iter(_logs(found).values())))

    def _bare(self, step: Function, source: Any) -> tuple[Block, float]:
        """Do steps in a bare loop, epoch by epoch; give them, and what was waited for at the end of the epochs.

        It is done within `fit`, which makes the data ready and, on JAX, gives the state of the model and takes it back.

        Args:
            source: what gives the batches; None for what `fit` has made.
        """
        subject, loop = self.subject, _stateful if api.runs_on_tensorflow() else _stateless
        found: list[tuple[Block, float]] = []

        def epoch(*given: Any) -> Any:
            kept: list[Any] = [given]
            waited: list[float] = []

            def run(count: int) -> None:
                kept[:] = loop(step, count, given[:-1], given[-1] if source is None else source)

            def wait() -> None:
                self._wait(kept[-1])

            def finish() -> None:
                began = time.perf_counter()
                wait()
                waited.append(max(0.0, time.perf_counter() - began - self.ready.idle))

            found.append((block.timed(run, subject.batches, finish, wait, self.ready.idle), waited[0]))
            self.model.stop_training = True
            return kept[0]

        with self._given(epoch):
            for _ in range(self.ready.steps // subject.batches):
                self.ready.run(subject.batches)
        blocks, waits = zip(*found)
        sums = (sum(getattr(one, name) for one in blocks) for name in ("steps", "seconds", "owed"))
        return Block(*sums), sum(waits)

    def _looked_at(self) -> tuple[Any, list[str]]:
        """Return what yields one batch of `fit` again and again, and the names of a step's logs."""
        found: list[Any] = []

        def look(*given: Any) -> Any:
            batch = next(given[-1])
            done = self.own(*given)
            found[:] = [_again(batch, given[-1]), list(_logs(done))]
            self.model.stop_training = True
            return done

        with self._given(look):
            self.ready.run(self.subject.batches)
        return found[0], found[1]

    def _nothing(self, names: list[str]) -> Function:
        """Return a step that does nothing, made and compiled by Keras as that of the model is."""
        model = self.model
        logs = {name: api.tensor(np.float32(0)) for name in names}
        # By its class, where it has none of its own; on JAX a step takes the state of the model, and gives it back.
        kept = {name: vars(model)[name] for name in ("train_step", "train_tf_function") if name in vars(model)}
        model.train_step = lambda *given: logs if len(given) == 1 else (logs, given[0])
        model.train_function = None
        try:
            model.make_train_function()
            nothing: Function = model.train_function
            # Keras 2 asks for the model's step where it traces it: now.
            with self._given(lambda *given: nothing(*given[:-1], self.there)):
                self.ready.run(self.subject.batches)
        finally:
            model.train_function = self.own
            del model.train_step
            for name, value in kept.items():
                setattr(model, name, value)
        return nothing

    @contextlib.contextmanager
    def _given(self, step: Function) -> Iterator[None]:
        """Yield `fit` another function to call for each step."""
        before = self.model.train_function
        self.model.train_function = step
        try:
            yield
        finally:
            self.model.train_function = before


def _logs(found: Any) -> Any:
    """Return what a step told; on JAX it gives the state of the model too."""
    return found if isinstance(found, dict) else found[0]


def _stateful(step: Function, count: int, given: Any, source: Any) -> tuple[Any, Any]:
    logs = None
    for _ in range(count):
        logs = step(source)
    return logs, logs


def _stateless(step: Function, count: int, given: Any, source: Any) -> tuple[Any, Any]:
    logs, (state,) = None, given
    for _ in range(count):
        logs, state = step(state, source)
    return (logs, state), logs


def _again(batch: Any, source: Any) -> Any:
    """Return a batch without end, as something of the kind that gave it, for which nothing is traced anew."""
    spec = getattr(source, "element_spec", None)
    if spec is None:
        return itertools.repeat(tuple(nested_arrays.mapped(api.tensor, part) for part in batch))
    data = api.tensorflow().data.Dataset
    exact = data.from_tensors(batch)
    # Together with a batch of another size, which never comes, one of any size.
    loose = exact.concatenate(data.from_tensors(benchmark_data.cut(batch, 0, 0)).take(0))
    return iter(next((one for one in (exact, loose) if one.element_spec == spec), exact).repeat())


@contextlib.contextmanager
def _put_back(subject: Subject) -> Iterator[None]:
    """Put back what training changes: weights, optimizer, metrics, history."""
    model, optimizer = subject.model, getattr(subject.model, "optimizer", None)
    # Weights may be made by the first call, and the optimizer's averages by the first step: then there would be nothing
    # to put back.
    subject.build()
    own = optimizer is None or reference_loop.is_own(model, "train_step")
    if not own and not getattr(optimizer, "built", getattr(optimizer, "_built", False)):
        # Of another name before 2.11, and none before 2.4.
        for name in ("build", "_create_all_weights"):
            if hasattr(optimizer, name):
                getattr(optimizer, name)(model.trainable_variables)
                break
    kept = {name: getattr(model, name, None) for name in ("history", "stop_training", "train_function")}
    try:
        with put_back(model):
            yield
    finally:
        for name, thing in kept.items():
            setattr(model, name, thing)
