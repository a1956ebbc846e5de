"""Lets a run of steps be timed in short turns, between which it waits in the middle of its work.

How fast a shared machine is changes from one moment to the next. Two processes that take turns of a fiftieth of a
second have the same share of the good and the bad moments; if each does a whole epoch before the other one, they have
not. So a run is stopped where Keras calls its compiled step: `fit` waits there without knowing, and nothing that an
epoch costs by itself is in a turn.
"""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from dataclasses import dataclass
from typing import Any, Callable, Generator, Iterator, Mapping

from pytest_kerasch2.errors import InvalidMeasurement
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.modes import OneByOne
from pytest_kerasch2.timing.step_measurement import Prepared
from pytest_kerasch2.timing.workload import Subject

# Where a run is stopped: before a step, before Keras calls its compiled function, or before it is asked for an epoch.
STEP, CALL, EPOCH = "step", "call", "epoch"
# The compiled functions of a Keras model. `fit` of 2.0 and 2.1 uses none of them.
FUNCTIONS = ("train_function", "test_function", "predict_function")
# Bytes of the data of one epoch at most; with more, or larger data, there are several epochs.
LARGEST = 64 * 2**20
# What surrounds a block is in all that are compared: it may be more of them than where a time is to be told.
OVERHEAD = 0.01
CALLS_OF_PACE = 40
# Of a turn, so much work may still be owed when its clock stops. A first wait takes some 30 microseconds longer than a
# second one where nothing is owed, which is up to a hundredth of so short a turn: that much alone tells nothing.
OWED = 0.03
# Is given what was asked for before, and returns when there is a turn.
HandOver = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Turns:
    """How a run is to be divided.

    Attributes:
        count: of turns.
        calls: that are timed in each: steps, calls of the compiled function, or epochs.
        lead: calls before those, which are not timed: they bring the data to the processor, and take what the input had
            made ready while the run waited.
        slower: a slowdown that is injected, as a share of the time of each turn.
    """

    count: int
    calls: int
    lead: int
    slower: float = 0.0

    @property
    def whole(self) -> int:
        """Return the calls of a turn in all."""
        return self.lead + self.calls


def stopped_by(ready: Prepared) -> str:
    """Return where the run of a benchmark can be stopped."""
    if isinstance(ready.run, OneByOne):
        return STEP
    return CALL if _functions(ready.subject.model) else EPOCH


def steps_of_call(ready: Prepared, by: str) -> int:
    """Return how many steps are done from one place where a run can be stopped to the next."""
    if by == EPOCH:
        return ready.unit
    return 1 if by == STEP else _at_once(ready.subject.model)


def pace(ready: Prepared, by: str) -> float:
    """Return the seconds from one place where a run can be stopped to the next, about.

    Raises:
        InvalidMeasurement: the compiled function was called less than twice in an epoch.
    """
    if by != CALL:
        steps = ready.steps_within(OVERHEAD, ready.warming[-1].whole)
        return ready.timed(steps).whole * steps_of_call(ready, by)
    several = _several(ready.subject, CALLS_OF_PACE * steps_of_call(ready, by))
    entered: list[float] = []
    last = _Last(several, by)

    def noted(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **how: Any) -> Any:
            last.finish()
            entered.append(time.perf_counter())
            last.result = call(*args, **how)
            return last.result

        return called

    with _replaced(several.model, noted):
        (ready.mode.again or ready.mode.make)(several)(several.batches)
    ready.subject.finish()
    if len(entered) < 2:
        found = f"{len(entered)} calls in an epoch of {several.batches} batches"
        raise InvalidMeasurement("Keras did not call its compiled step", found, "time it with pytest --benchmark")
    return statistics.median(later - earlier for earlier, later in zip(entered, entered[1:]))


def taken(ready: Prepared, by: str, turns: Turns, hand_over: HandOver) -> None:
    """Do a run in turns.

    Args:
        by: where it is stopped.
        hand_over: is called before each turn, and after the last, with what was done; it returns when there is another.

    Raises:
        InvalidMeasurement: something else was done than is said.
    """
    each = steps_of_call(ready, by)
    if by == CALL:
        _within_epochs(ready, each, turns, hand_over)
        return
    stop = _stops(ready, turns, each, _Last(ready.subject, by), hand_over)
    with ready.watched(turns.count * turns.whole * each):
        next(stop)
        for _ in range(turns.count * turns.whole):
            ready.run(each)
            next(stop)


def _within_epochs(ready: Prepared, each: int, turns: Turns, hand_over: HandOver) -> None:
    several, epochs = _epochs(ready.subject, each, turns)
    calls = math.ceil(several.batches / each)
    last, seen = _Last(several, CALL), 0
    stop = _stops(ready, turns, each, last, hand_over, epoch=calls)

    def stopped(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **how: Any) -> Any:
            nonlocal seen
            seen += 1
            next(stop)
            last.result = call(*args, **how)
            return last.result

        return called

    run = (ready.mode.again or ready.mode.make)(several)
    with ready.watched(epochs * several.batches), _replaced(several.model, stopped):
        run(epochs * several.batches)
    if seen != epochs * calls:
        found = f"{seen} calls in {epochs} epochs of {calls}"
        raise InvalidMeasurement(
            "Keras made another number of calls than was counted", found, "time it with pytest --benchmark"
        )


def _epochs(subject: Subject, each: int, turns: Turns) -> tuple[Subject, int]:
    """Return the data of an epoch, and how many of them the turns take; they end with the last of the turns, about.

    Raises:
        InvalidMeasurement: no turn goes into an epoch.
    """
    largest = _several(subject, (turns.count * turns.whole + 1) * each).batches
    # That the last turn of an epoch has ended is seen before one more call.
    of_epoch = (math.ceil(largest / each) - 1) // turns.whole
    if not of_epoch:
        found = f"{largest} batches, and {turns.whole * each} steps in a turn"
        raise InvalidMeasurement("An epoch is shorter than a turn", found, "give more data, or smaller batches")
    epochs = math.ceil(turns.count / of_epoch)
    return _several(subject, (math.ceil(turns.count / epochs) * turns.whole + 1) * each), epochs


class _Last:
    """The call that was made last."""

    def __init__(self, subject: Subject, by: str) -> None:
        """Begin before the first."""
        self.subject = subject
        self.result: Any = None
        # While `fit` is at work on JAX the weights of the model are not there: its step has taken them over.
        self.tells = by == CALL and api.release().backend == "jax"

    def finish(self) -> None:
        """Return when it is done."""
        self._done(self.subject.finish)

    def wait(self) -> None:
        """Return when the device has nothing left to do."""
        self._done(self.subject.wait)

    def _done(self, by_weights: Callable[[], None]) -> None:
        if self.tells:
            api.wait_for(self.result)
        else:
            by_weights()


def _stops(
    ready: Prepared, turns: Turns, each: int, last: _Last, hand_over: HandOver, *, epoch: int | None = None
) -> Generator[None, None, None]:
    """Go on whenever a call is about to be made.

    Args:
        each: steps of a call.
        last: the call before.
        epoch: calls of one. No turn goes over its end, where `fit` does more than steps.
    """
    place = 0
    hand_over({})
    for _ in range(turns.count):
        # That a turn has ended is seen before the next call of the same epoch.
        free = epoch - place % epoch if epoch else 0
        outside = free if free <= turns.whole else 0
        for _ in range(outside + turns.lead):
            yield
        place += outside + turns.whole
        last.finish()
        began = time.perf_counter()
        for _ in range(turns.calls):
            yield
        last.finish()
        seconds = time.perf_counter() - began
        owed = _owed(last)
        # After all else: to wait after each call would take what one call does while the next is sent, and more than
        # is injected; and whoever waits late waits longer, for threads that have gone to sleep.
        seconds += _spin(turns.slower * seconds)
        hand_over(Block(turns.calls * each, seconds, owed).plain)
    while True:
        yield


def _owed(last: _Last) -> float:
    """Return the seconds that the device went on working, by how much longer a first wait took than a second one.

    In so short a turn, what waiting costs by itself is to be seen in it, and not at a time when nothing else was done.
    """
    began = time.perf_counter()
    last.wait()
    waited = time.perf_counter()
    last.wait()
    return max(0.0, 2 * waited - began - time.perf_counter())


def _spin(seconds: float) -> float:
    """Let so much time go by, and give how much has."""
    if not seconds:
        return 0.0
    began = now = time.perf_counter()
    while now < began + seconds:
        now = time.perf_counter()
    return now - began


def _several(subject: Subject, batches: int) -> Subject:
    """Return the data once or several times, so that an epoch has so many batches if that is not too much."""
    return subject.several(batches, LARGEST)


def _functions(model: Any) -> dict[str, Callable[..., Any]]:
    found = {name: getattr(model, name, None) for name in FUNCTIONS}
    return {name: one for name, one in found.items() if callable(one)}


@contextlib.contextmanager
def _replaced(model: Any, of: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    own = _functions(model)
    for name, one in own.items():
        setattr(model, name, of(one))
    try:
        yield
    finally:
        for name, one in own.items():
            setattr(model, name, one)


def _at_once(model: Any) -> int:
    for name in ("steps_per_execution", "_steps_per_execution"):
        found = getattr(model, name, None)
        if found is not None:
            return int(api.array(found))
    return 1
