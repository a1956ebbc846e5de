"""Runs that wait in the middle of their work: a small network, and a stand-in whose device works on by itself."""

from __future__ import annotations

import contextlib
import statistics
from types import SimpleNamespace
from typing import Any, Iterator, Mapping

import numpy as np
import pytest

from pytest_kerasch2.errors import InvalidMeasurement
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.timing import block, interleaving, measurement, modes
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.interleaving import CALL, EPOCH, STEP, BlockPlan
from pytest_kerasch2.timing.measurement import PreparedWorkload
from pytest_kerasch2.timing.workload import make_workload
from tests.builders import sleeping_workload
from tests.builders.sleeping_workload import SleepingWorkload

# TensorFlow's own, of old releases.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
BATCHES = 20


@contextlib.contextmanager
def _ready(name: str) -> Iterator[PreparedWorkload]:
    api.fresh_session(0)
    keras = api.tensorflow().keras
    model = keras.Sequential([keras.layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = np.random.RandomState(0).uniform(size=(16 * BATCHES, 4)).astype("float32")
    network = make_workload(model, (x, (x.sum(axis=1) > 2).astype("int64")), 16, devices.one("cpu"))
    with measurement.prepare(network, modes.find_mode(name), verify=False) as ready:
        yield ready


def _taken(ready: PreparedWorkload, by: str, how: BlockPlan) -> list[Mapping[str, Any]]:
    result: list[Mapping[str, Any]] = []
    interleaving.run_interleaved(ready, by, how, result.append)
    # The first is before any turn.
    return result[1:]


@pytest.mark.parametrize("name", ["fit", "evaluate", "predict", "train_on_batch"])
def test_a_run_is_timed_in_blocks(name: str) -> None:
    with _ready(name) as ready:
        by = interleaving.pause_point(ready)
        result = _taken(ready, by, BlockPlan(count=6, calls=3, untimed=1))

    steps = 3 * (BATCHES if by == EPOCH else 1)
    assert [(one["steps"], one["seconds"] > 0) for one in result] == [(steps, True)] * 6


def test_a_call_of_several_steps_counts_as_several() -> None:
    if not interleaving._functions(_model_that_was_fit()):
        pytest.skip("`fit` of this release has no compiled step that could be waited at")
    with _ready("fit-many") as ready:
        result = _taken(ready, CALL, BlockPlan(count=2, calls=2, untimed=1))

    assert [one["steps"] for one in result] == [2 * modes.STEPS_PER_EXECUTION] * 2


def _model_that_was_fit() -> Any:
    with _ready("fit") as ready:
        return ready.workload.model


def test_a_run_can_be_stopped_at_its_epochs() -> None:
    with _ready("fit") as ready:
        result = _taken(ready, EPOCH, BlockPlan(count=2, calls=1, untimed=0))

    assert [one["steps"] for one in result] == [BATCHES] * 2


@pytest.mark.parametrize("name", ["fit", "train_on_batch"])
def test_slowdown_is_injected_into_each_block(name: str) -> None:
    with _ready(name) as ready:
        by = interleaving.pause_point(ready)
        honest, slower = (
            _taken(ready, by, BlockPlan(20, calls=3 if by != EPOCH else 1, untimed=0, slowdown=s)) for s in (0, 9)
        )

    took = [statistics.median(one["seconds"] for one in network) for network in (honest, slower)]
    # Ten times as long; a machine that does something else meanwhile makes of it what it likes.
    assert took[1] > 3 * took[0]


class _Clock:
    """Stands for the module `time`; a microsecond goes by with each look at it."""

    now = 0.0

    def perf_counter(self) -> float:
        self.now += 1e-6
        return self.now

    def spend(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("slower", [0.0, 0.05, 0.5])
def test_block_is_slower_by_the_injected_share(monkeypatch: pytest.MonkeyPatch, slower: float) -> None:
    clock = _Clock()
    monkeypatch.setattr(interleaving, "time", clock)
    # A wait takes as long as a call, so that to wait more often makes a turn slower by more.
    workload = SimpleNamespace(finish=lambda: clock.spend(0.001), wait=lambda: None)
    ready: Any = SimpleNamespace(
        workload=workload, run=lambda steps: clock.spend(0.001), checked=lambda steps: contextlib.nullcontext()
    )

    result = _taken(ready, STEP, BlockPlan(count=3, calls=5, untimed=1, slowdown=slower))

    assert [one["seconds"] for one in result] == pytest.approx([0.006 * (1 + slower)] * 3, rel=0.002)


def test_injected_slowdown_is_not_unsynchronised_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, busy = _Clock(), [0.0]
    monkeypatch.setattr(interleaving, "time", clock)

    def work(seconds: float) -> None:
        clock.spend(seconds)
        busy[0] = clock.now

    # Threads that have had nothing to do go to sleep, and whoever waits for them then waits longer.
    workload = SimpleNamespace(
        finish=lambda: work(0.001), wait=lambda: work(0.001 if clock.now - busy[0] > 0.001 else 0.00001)
    )
    ready: Any = SimpleNamespace(
        workload=workload, run=lambda steps: work(0.001), checked=lambda steps: contextlib.nullcontext()
    )

    result = _taken(ready, STEP, BlockPlan(count=3, calls=5, untimed=1, slowdown=1.0))

    assert max(one["unsynchronised"] for one in result) < 0.0001


def _needs_calls(ready: PreparedWorkload) -> None:
    if interleaving.pause_point(ready) != CALL:
        pytest.skip("`fit` of this release has no compiled step that could be waited at")


def test_no_block_crosses_the_end_of_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interleaving, "MAX_EPOCH_BYTES", 0)
    with _ready("fit") as ready:
        _needs_calls(ready)
        before = ready.workload.update_count()
        result = _taken(ready, CALL, BlockPlan(count=5, calls=7, untimed=2))
        done = ready.workload.update_count() - before

    # Two turns of nine fit into an epoch of twenty, and five into three; each epoch ends a call after its turns.
    assert ([one["steps"] for one in result], done) == ([7] * 5, 3 * (2 * 9 + 1))


def test_epochs_have_equally_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interleaving, "MAX_EPOCH_BYTES", 0)
    with _ready("fit") as ready:
        _needs_calls(ready)
        before = ready.workload.update_count()
        _taken(ready, CALL, BlockPlan(count=4, calls=5, untimed=1))

        # Three would fit into an epoch of twenty: the second one would have two to do for nothing.
        assert ready.workload.update_count() - before == 2 * (2 * 6 + 1)


def test_an_epoch_shorter_than_a_block_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interleaving, "MAX_EPOCH_BYTES", 0)
    with _ready("fit") as ready:
        _needs_calls(ready)
        with pytest.raises(InvalidMeasurement, match="20 batches, and 30 steps in a block"):
            _taken(ready, CALL, BlockPlan(count=2, calls=30, untimed=0))


def test_other_calls_than_were_counted_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with _ready("fit") as ready:
        _needs_calls(ready)
        monkeypatch.setattr(interleaving, "_steps_per_execution", lambda model: 2)
        with pytest.raises(InvalidMeasurement, match="unexpected number of calls"):
            _taken(ready, CALL, BlockPlan(count=2, calls=3, untimed=0))


def test_a_compiled_step_that_is_never_called_has_no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    with _ready("fit") as ready:
        _needs_calls(ready)
        monkeypatch.setattr(interleaving, "_functions", lambda model: {})
        with pytest.raises(
            InvalidMeasurement, match=r"did not call its compiled step.*0 calls in an epoch of 40 batches"
        ):
            interleaving.pace(ready, CALL)


def test_the_functions_of_the_model_are_its_own_again() -> None:
    with _ready("fit") as ready:
        before = interleaving._functions(ready.workload.model)
        _taken(ready, interleaving.pause_point(ready), BlockPlan(count=1, calls=1, untimed=0))

        assert interleaving._functions(ready.workload.model) == before


@pytest.mark.parametrize("name", ["fit", "train_on_batch"])
def test_a_pace_is_of_one_call(name: str) -> None:
    with _ready(name) as ready:
        by = interleaving.pause_point(ready)
        result = interleaving.pace(ready, by)
        took = statistics.median(one["seconds"] for one in _taken(ready, by, BlockPlan(20, calls=1, untimed=1)))

    assert 0.1 < result / took < 10


def test_unfinished_work_is_unsynchronised_time() -> None:
    with measurement.prepare(SleepingWorkload(forgets=True), sleeping_workload.STEP, verify=False) as ready:  # type: ignore[arg-type]
        result = _taken(ready, STEP, BlockPlan(count=5, calls=20, untimed=0))

    with pytest.raises(InvalidMeasurement, match="The clock stopped"):
        block.check_synchronised([Block(**one) for one in result])


def test_a_block_that_waits_has_no_unsynchronised_time() -> None:
    with measurement.prepare(SleepingWorkload(), sleeping_workload.STEP, verify=False) as ready:  # type: ignore[arg-type]
        result = _taken(ready, STEP, BlockPlan(count=5, calls=20, untimed=0))

    block.check_synchronised([Block(**one) for one in result])
    assert all(one["seconds"] > 20 * 0.0005 for one in result)
