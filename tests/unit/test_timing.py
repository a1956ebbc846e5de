"""Blocks of steps, and what must be so for a time to be believed: on a stand-in, without a framework."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_kerasch2.errors import BadSetting, TimingVoid
from pytest_kerasch2.timing import block, by_hand, learning, measuring, modes
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.measuring import Measurement
from tests.unit.timing_made import EACH, EPOCH, EVALUATED, STEP, Made

SECONDS = 0.1


def _measured(mode: Any = STEP, **how: Any) -> Measurement:
    return measuring.measure(Made(**how), mode, SECONDS)  # type: ignore[arg-type]


def test_a_block_does_exactly_the_steps_that_it_counts() -> None:
    subject = Made()

    found = measuring.measure(subject, STEP, SECONDS)  # type: ignore[arg-type]

    counted = sum(one.steps for one in (*found.warming, *found.blocks))
    assert subject.done == 1 + counted


def test_a_step_takes_what_the_device_takes_for_it() -> None:
    found = _measured()

    # Sleeping takes longer than was asked for, and never less.
    assert min(one.each for one in found.blocks) >= EACH


def test_there_are_five_blocks_at_least_and_as_many_as_the_time_takes() -> None:
    found = _measured()

    assert len(found.blocks) >= 5
    assert sum(one.seconds for one in found.blocks) >= SECONDS


def test_whole_epochs_are_timed_where_a_mode_does_no_less() -> None:
    found = _measured(EPOCH)

    assert {one.steps % Made.batches for one in found.blocks} == {0}


@pytest.mark.parametrize(("near", "blocks", "steady"), [(float("inf"), 2, True), (0.0, 3, False)])
def test_warming_up_ends_when_two_blocks_in_turn_take_as_long_or_after_so_many(
    monkeypatch: pytest.MonkeyPatch, near: float, blocks: int, steady: bool
) -> None:
    monkeypatch.setattr(measuring, "STEADY", near)

    with measuring.prepared(Made(), STEP, most_warming=3) as found:  # type: ignore[arg-type]
        told = len(found.warming), found.steady

    assert told == (blocks, steady)


def test_the_first_call_is_told_apart_with_its_traces() -> None:
    found = _measured()

    assert (found.traces, found.first >= EACH) == (1, True)


def test_losses_before_and_after_are_told() -> None:
    found = _measured()

    assert found.loss is not None
    assert found.loss[1] < found.loss[0]


def test_work_that_nobody_waited_for_makes_the_time_void() -> None:
    with pytest.raises(TimingVoid, match="The clock stopped before the work was done"):
        # Nothing is counted or changed by the time that it is looked at, so this mode asks for neither.
        _measured(EVALUATED, forgets=True, counts=0)


def test_a_single_late_wait_makes_no_time_void() -> None:
    block.refuse_owing([Block(10, 1.0, 0.5), *[Block(10, 1.0, 0.0)] * 4])


@pytest.mark.parametrize("counts", [0, 2])
def test_updates_that_are_not_the_steps_make_the_time_void(counts: int) -> None:
    with pytest.raises(TimingVoid, match="Another number of steps was done than was counted"):
        _measured(counts=counts)


def test_a_mode_that_does_not_train_updates_nothing() -> None:
    with pytest.raises(TimingVoid, match="updates of the weights"):
        _measured(EVALUATED)


def test_weights_that_stay_make_the_time_void() -> None:
    with pytest.raises(TimingVoid, match=r"left weights as they were\. Found: 0: kernel"):
        _measured(learns=False)


@pytest.mark.parametrize(("said", "at_once"), [(32, 32), (992, 992)])
def test_the_loss_is_of_the_same_images_whatever_a_model_says_once_it_is_built(
    monkeypatch: pytest.MonkeyPatch, said: int, at_once: int
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(by_hand, "loss", lambda model, x, y, size: asked.append((len(x), size)) or 0.0)
    model = SimpleNamespace(loss="mse", outputs=[None])
    subject: Any = SimpleNamespace(model=model, x=[0.0] * 2000, y=[0.0] * 2000, batch_size=32)

    learning.loss_of(subject)
    model.inputs = [SimpleNamespace(shape=(said, 4))]
    learning.loss_of(subject)

    assert asked == [(992, 992), (992, at_once)]


def test_weights_that_are_no_numbers_are_said_to_have_diverged() -> None:
    with pytest.raises(TimingVoid, match=r"diverged\. Found: what is no number in 0: kernel"):
        _measured(learns=False, value=math.nan)


def test_a_trace_within_a_block_makes_the_time_void() -> None:
    with pytest.raises(TimingVoid, match="The model was traced while it was timed"):
        # Behind all that warms up, and before the end of five blocks of a twentieth of a second.
        _measured(traces=range(300, 100_000, 50))


def test_a_loss_that_grows_makes_the_time_void() -> None:
    with pytest.raises(TimingVoid, match="made the model worse"):
        _measured(worse=True)


def test_the_model_is_left_as_it_was() -> None:
    subject = Made()

    measuring.measure(subject, STEP, SECONDS)  # type: ignore[arg-type]

    assert vars(subject.layer) == {}


def test_a_call_of_its_own_is_given_back_to_a_layer() -> None:
    subject = Made()
    own = subject.layer.call = lambda: None  # type: ignore[method-assign]

    measuring.measure(subject, STEP, SECONDS)  # type: ignore[arg-type]

    assert subject.layer.call is own


@pytest.mark.parametrize(
    ("each", "cost", "steps"), [(0.01, 0.0, 5), (0.01, 0.0001, 10), (1.0, 0.0, 1), (0.001, 0.001, 1000)]
)
def test_a_block_is_a_thousand_times_what_its_clock_and_wait_cost(each: float, cost: float, steps: int) -> None:
    assert block.steps_for(each, cost) == steps


def test_the_clock_tells_less_than_a_millisecond() -> None:
    assert 0 < block.resolution() < 0.001


def test_the_resolution_of_the_clock_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # Else two blocks that are held against each other may have another number of steps.
    block.resolution.cache_clear()
    ticks = itertools.accumulate(itertools.count(1))
    with monkeypatch.context() as patched:
        patched.setattr(block, "time", SimpleNamespace(perf_counter=lambda: next(ticks)))
        found = block.resolution(), block.resolution()
    block.resolution.cache_clear()

    assert found[0] == found[1]


def test_a_mode_that_is_not_known_is_named_with_those_that_are() -> None:
    with pytest.raises(BadSetting, match=r"'fast'.*say one of eager, graph, xla, train_on_batch, fit"):
        modes.mode("fast")
